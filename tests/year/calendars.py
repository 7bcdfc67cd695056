"""The two calendars of the simulated year: that of 2025, and the one with the notice for 2026, which comes on 2025-11-04."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from adapters.calendar_seed import load_shipped_calendar
from services.calendar_record import Calendar

FIRST_DAY = date(2025, 1, 1)
LAST_RECEIPT = date(2025, 12, 31)
NOTICE_DAY = date(2025, 11, 4)
"""The day on which the State Council published the days off of 2026."""
LAST_DAY = date(2026, 12, 31)
"""The last day of ``calendar.csv``: no clock of the year, run to its limit, leads beyond it."""
BEIJING = timedelta(hours=8)
DAY = timedelta(days=1)


@cache
def load_calendars() -> tuple[Calendar, Calendar]:
    """The calendar till the notice (nothing after 2025 is known; Monday to Friday is presumed), and the one from then on."""
    shipped = load_shipped_calendar()
    known = {on: named for on, named in shipped.named.items() if on.year <= FIRST_DAY.year}
    before = replace(shipped, version=1, named=known, published_until=LAST_RECEIPT)
    whole = {on: named for on, named in shipped.named.items() if on <= LAST_DAY}
    return before, replace(shipped, version=2, named=whole, published_until=LAST_DAY)


class WorkingDays:
    """The working days of a calendar as a list, for stories that step from one to another."""

    def __init__(self, calendar: Calendar) -> None:
        days = (FIRST_DAY + DAY * number for number in range((LAST_DAY - FIRST_DAY).days + 1))
        self.days = [on for on in days if calendar.is_working(on)]
        self._places = {on: place for place, on in enumerate(self.days)}

    def after(self, on: date, count: int) -> date:
        """The ``count``-th working day after ``on``; with 0 the day itself if it is one, else the next."""
        place = bisect_right(self.days, on) - 1
        if count == 0 and on not in self._places:
            count = 1
        return self.days[place + count]

    def between(self, after: date, until: date) -> list[date]:
        """The working days after one day, till and with another."""
        return self.days[bisect_right(self.days, after) : bisect_right(self.days, until)]


def say_moment(at: datetime) -> str:
    """UTC, whole seconds, ending in Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(at: datetime) -> date:
    """The day in China."""
    return (at + BEIJING).date()


def moment_on(on: date, seconds: int) -> datetime:
    """So many seconds after 00:00 Beijing time of a day."""
    return datetime.combine(on, time(), UTC) - BEIJING + timedelta(seconds=seconds)
