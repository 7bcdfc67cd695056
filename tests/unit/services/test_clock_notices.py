"""Deadlines agree with a naive count over the notices' dates as a second source has them, for every day of twenty years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from adapters.calendar_seed import load_shipped_calendar
from services.clock import Clock, ClockKind, compute
from tests.unit.services.naive_calendar import FIRST, LAST, NOTICES, count_naively, is_worked

CALENDAR = load_shipped_calendar()
MOST_DAYS = 60


def test_every_day_of_twenty_years_is_judged_alike() -> None:
    """The shipped calendar and the second source say the same of all 7,305 days of 2007 to 2026."""
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    assert len(days) == 7305
    assert [on for on in days if CALENDAR.is_working(on) is not is_worked(on.toordinal())] == []


def test_the_second_source_is_whole() -> None:
    """358 weekdays off and 130 weekends worked, none of them superfluous."""
    assert sorted(NOTICES.values()).count("off") == 358
    assert sorted(NOTICES.values()).count("work") == 130
    assert all((kind == "work") == ((ordinal - 1) % 7 in (5, 6)) for ordinal, kind in NOTICES.items())


@pytest.mark.parametrize("year", range(FIRST.year, LAST.year + 1))
def test_budgets_of_one_to_sixty_days_from_every_day_of_a_year(year: int) -> None:
    """Each deadline is the naive one, and provisional exactly if it lies beyond the last day of the notices."""
    on, wrong = date(year, 1, 1), []
    while on.year == year:
        expected = count_naively(on, MOST_DAYS)
        for budget in range(1, MOST_DAYS + 1):
            deadline = compute(Clock(ClockKind.STATUTORY, on, budget), CALENDAR)
            if (deadline.due_on, deadline.provisional) != (expected[budget - 1], expected[budget - 1] > LAST):
                wrong.append((on, budget, deadline.due_on, expected[budget - 1]))
        on += timedelta(days=1)
    assert wrong == []


def test_everything_beyond_the_calendar_is_provisional() -> None:
    """From every day of the year after the last one, whatever the budget; and from before the first one."""
    for number in range(1, 366):
        deadline = compute(Clock(ClockKind.STATUTORY, LAST + timedelta(days=number), 1 + number % MOST_DAYS), CALENDAR)
        assert deadline.provisional
        assert deadline.calendar_version == CALENDAR.version
    assert compute(Clock(ClockKind.STATUTORY, date(2003, 12, 1), 5), CALENDAR).provisional
