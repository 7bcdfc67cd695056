"""Months in China: where they begin and end, how they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.months import Month, list_months, month_of, read_month

MOMENTS = some.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 - bounds


def test_a_month_begins_at_midnight_in_beijing() -> None:
    """October 2026 begins on 30 September at 16:00 UTC and ends on 31 October at 16:00 UTC."""
    month = Month(2026, 10)
    assert month.begins_at == datetime(2026, 9, 30, 16, tzinfo=UTC)
    assert month.ends_at == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert (month.first_on, month.last_on) == (date(2026, 10, 1), date(2026, 10, 31))


@given(MOMENTS)
def test_every_moment_is_in_one_month(at: datetime) -> None:
    """The month of a moment holds it, and its neighbours do not."""
    month = month_of(at)
    assert month.holds(at)
    assert not month.preceding.holds(at)
    assert not month.following.holds(at)
    assert month.preceding.following == month == month.following.preceding
    assert read_month(str(month)) == month


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-01", "2026-10 ", "1999-12", "２０２６-10", "2026-10\n", ""]
)
def test_another_form_is_refused(text: str) -> None:
    """A month is YYYY-MM and nothing else."""
    with pytest.raises(ValueError, match="YYYY-MM"):
        read_month(text)


def test_months_are_listed_over_the_years_end() -> None:
    """From November to February there are four; from February to November of the year before none."""
    first, last = Month(2025, 11), Month(2026, 2)
    assert [str(one) for one in list_months(first, last)] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert list_months(last, first) == []
    assert Month(2026, 1).begins_at - timedelta(microseconds=1) < Month(2025, 12).ends_at
