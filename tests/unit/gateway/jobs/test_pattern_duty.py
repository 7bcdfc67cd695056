"""The worker's duty of patterns: a closed month is computed once, said in a line without a name, and a failure stops nothing else."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from structlog.testing import capture_logs

from gateway.jobs.month_duty import close_on_duty
from gateway.jobs.pattern_duty import show_on_duty
from tests.contract.month_office import make_fake_office


def test_a_closed_month_is_computed_once() -> None:
    """Nothing before it is closed; one line with month and count afterwards."""
    office = make_fake_office()
    office.grant(3)
    with capture_logs() as told:
        asyncio.run(show_on_duty(office.desk, uuid4))
        asyncio.run(close_on_duty(office.desk))
        asyncio.run(show_on_duty(office.desk, uuid4))
        asyncio.run(show_on_duty(office.desk, uuid4))
    assert [(one["event"], one["month"]) for one in told[1:]] == [("the patterns of a month were shown", "2026-10")]
    assert told[1]["count"] == 0


def test_a_failure_stops_nothing() -> None:
    """A store that does not answer is told, and the month is computed the next time."""
    office = make_fake_office()
    office.grant(3)
    asyncio.run(close_on_duty(office.desk))
    house = office.houses.worker
    house.down = True  # type: ignore[attr-defined] # the fake's switch
    with capture_logs() as told:
        asyncio.run(show_on_duty(office.desk, uuid4))
    assert [one["log_level"] for one in told] == ["warning"]
    house.down = False  # type: ignore[attr-defined] # the fake's switch
    with capture_logs() as told:
        asyncio.run(show_on_duty(office.desk, uuid4))
    assert [one["month"] for one in told] == ["2026-10"]
