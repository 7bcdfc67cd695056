"""The worker's duty of months: it closes what is over, says so, and a failure stops nothing else."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.jobs.month_duty import close_on_duty
from services.statistics import list_closed
from tests.contract.month_office import NOVEMBER, make_fake_office


def test_what_is_over_is_closed_and_told() -> None:
    """One line for each month with its digest; the second look finds nothing to do."""
    office = make_fake_office()
    office.grant(3)
    with capture_logs() as told:
        asyncio.run(close_on_duty(office.desk))
        asyncio.run(close_on_duty(office.desk))
    assert [(one["event"], one["month"]) for one in told] == [("a month was closed", "2026-10")]


def test_a_failure_stops_nothing() -> None:
    """A store that does not answer is told, and the month is closed the next time."""
    office = make_fake_office()
    office.grant(3)
    house = office.houses.worker
    house.down = True  # type: ignore[attr-defined] # the fake's switch
    with capture_logs() as told:
        asyncio.run(close_on_duty(office.desk))
    assert [one["log_level"] for one in told] == ["warning"]
    house.down = False  # type: ignore[attr-defined] # the fake's switch
    asyncio.run(close_on_duty(office.desk))
    assert [one.month for one in list_closed(office.desk)] == ["2026-10"]


@pytest.mark.parametrize("minutes", [0, 59])
def test_within_the_hour_after_its_end_a_month_stays_open(minutes: int) -> None:
    """What began before midnight may still be written."""
    office = make_fake_office()
    office.grant(3)
    office.clock.at = NOVEMBER.begins_at + timedelta(minutes=minutes)
    asyncio.run(close_on_duty(office.desk))
    assert list_closed(office.desk) == []
