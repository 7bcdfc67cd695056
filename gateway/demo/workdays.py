"""Working days counted by hand: one day after another, by the State Council's notices, sharing nothing with the counter's own clock.

A deadline of a case is right if this count comes to the same day. Beyond the last notice Monday to Friday are presumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from chinese_calendar import is_workday

from adapters.clock import SHANGHAI

A_DAY = timedelta(days=1)
MORNING = time(10, 0)
"""When an office has opened and is not closed yet."""


def is_working(day: date) -> bool:
    """Whether offices work on this day."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:  # no notice for that year yet
        return day.isoweekday() <= 5


def next_working(day: date) -> date:
    """The first working day after this one."""
    day += A_DAY
    while not is_working(day):
        day += A_DAY
    return day


def count_on(start: date, days: int, left_out: Iterable[tuple[date, date]] = ()) -> date:
    """The last of so many working days after ``start``; of a pair (begins, ends) the days after its begin, till its end, do not count."""
    gaps, day, counted = list(left_out), start, 0
    while counted < days:
        day += A_DAY
        stands = any(begins < day <= ends for begins, ends in gaps)
        counted += is_working(day) and not stands
    return day


def list_between(begins: date, ends: date) -> list[date]:
    """The working days after ``begins``, till ``ends``: what a special procedure leaves out."""
    span = (begins + timedelta(days=one) for one in range(1, (ends - begins).days + 1))
    return [day for day in span if is_working(day)]


def move_on(day: date) -> date:
    """A day that was told in writing, or the next working day if it is none (Civil Code art. 203)."""
    return day if is_working(day) else next_working(day)


def at_office(day: date) -> datetime:
    """The moment of this day at which the demo's clerks and applicants act."""
    return datetime.combine(day, MORNING, SHANGHAI)
