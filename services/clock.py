"""The working-day clocks: budget and ledger of suspensions in, deadline and its explanation out. Pure; ``docs/clocks.md`` defines each word.

A clock is never kept as a target day. What is kept is its start, its budget of working days, the suspensions that were told in writing
and an extension, if one was granted; the deadline is computed from them and from a calendar, and again whenever one of them changes.

- Days are legal days in Asia/Shanghai and working days (Administrative Licensing Law, AL, art. 82). Day 1 is the first working day
  *after* the start (Civil Code art. 201: the day of the beginning is not counted), the last day lasts till midnight.
- A suspension (AL art. 45) is a period like any other: the day on which it begins still counts, the days after it till and with its
  end do not.
- Beyond what the notices of the State Council cover, Monday to Friday is presumed and the deadline is ``provisional``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.calendar_record import Calendar
from services.counter_terms import Receiving

DAY = timedelta(days=1)
SHANGHAI_OFFSET = timedelta(hours=8)
"""China has one time zone, UTC+8, without summer time since 1992."""


class ClockKind(StrEnum):
    """Which limit a clock keeps."""

    COMPLETENESS = "completeness"
    """Five days to tell what is missing, else it counts as accepted (AL art. 32(1)(4))."""
    CORRECTION = "correction"
    """The term of the correction notice: the applicant's."""
    STATUTORY = "statutory"
    """法定办结时限 (AL art. 42)."""
    PROMISED = "promised"
    """承诺办结时限: the office's own commitment, never more than the statutory limit."""
    STEP = "step"
    """The limit of one step of the examination."""
    GAP = "gap"
    """What an acceptance with a gap promised to bring: the applicant's."""
    SPECIAL = "special"
    """How long the special procedure takes, as told in writing (AL art. 45)."""
    DELIVERY = "delivery"
    """Ten days from the decision to the delivery (AL art. 44)."""
    COMPLAINT = "complaint"
    """The answer to a complaint or to a bad rating."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """Time that is excluded from a limit: the days after ``from_on``, till and with ``until_on``.

    ``kind``: the legal ground's code (hearing, inspection, …). ``until_on`` is its end: what was told in writing, or an earlier real
    end. None: no end was told; the clock then stands and the deadline is not known.
    """

    kind: str
    from_on: date
    until_on: date | None

    def covers(self, on: date) -> bool:
        """Whether this day is excluded."""
        return self.from_on < on and (self.until_on is None or on <= self.until_on)


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit: ``budget_days`` working days after ``start_on``, less what ``suspensions`` exclude.

    ``extension_days`` were granted on ``extended_on`` (None: in time): an extension after expiry has no effect. ``until_on`` is set
    where a day was told in writing instead of a number of days: it holds, and moves to the next working day if it is none (Civil Code
    art. 203). ``step`` is the index of the step that a step's clock belongs to.
    """

    kind: ClockKind
    start_on: date
    budget_days: int
    suspensions: tuple[Suspension, ...] = ()
    extension_days: int = 0
    extended_on: date | None = None
    until_on: date | None = None
    step: int = -1


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a clock. ``provisional``: the notices do not reach that far, so the day may move; ``calendar_version`` says what was known.

    ``standing``: a suspension without a told end stops the clock; ``due_on`` is then the latest day that is known to be too early.
    ``counted`` are the days that count, oldest first.
    """

    kind: ClockKind
    due_on: date
    provisional: bool
    calendar_version: int
    step: int = -1
    standing: bool = False
    counted: tuple[date, ...] = ()
    calendar: Calendar | None = field(default=None, repr=False, compare=False)

    def days_left(self, today: date) -> int:
        """Working days that remain after ``today``: 0 on the last day; below 0, how many working days it is late."""
        if today <= self.due_on:
            return sum(1 for on in self.counted if on > today)
        late = (self.due_on + DAY * number for number in range(1, (today - self.due_on).days + 1))
        if self.calendar is None:
            return -sum(1 for on in late if on.weekday() < 5)
        return -max(1, sum(1 for on in late if self.calendar.is_working(on)))

    def is_over(self, today: date) -> bool:
        """Whether the last day has passed."""
        return today > self.due_on


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day of an explained deadline. ``number``: which counted day it is, None if it does not count.

    ``reason``: start, working_day, make_up_day, presumed_working_day, weekend, presumed_weekend, holiday, suspended. ``name`` is the
    holiday's name or the suspension's kind, ``source`` the notice or the law; ``services/clock_words.py`` says both in words.
    """

    on: date
    counted: bool
    number: int | None
    reason: str
    name: str
    source: str
    provisional: bool
    when: str
    """past, today or ahead."""


def compute(clock: Clock, calendar: Calendar) -> Deadline:
    """The deadline of a clock by a calendar."""
    if clock.until_on is not None:
        counted, standing = _count_until(clock, calendar), False
        due_on = next_working_day(clock.until_on, calendar)
    else:
        counted, standing = _count_days(clock, calendar, clock.budget_days)
        due_on = counted[-1] if counted else clock.start_on
        if clock.extension_days and (clock.extended_on is None or clock.extended_on <= due_on):
            counted, standing = _count_days(clock, calendar, clock.budget_days + clock.extension_days)
            due_on = counted[-1] if counted else clock.start_on
    provisional = due_on > calendar.published_until or clock.start_on < calendar.published_from
    return Deadline(
        clock.kind, due_on, provisional, calendar.version, clock.step, standing, tuple(counted), calendar
    )  # fmt: skip


def _count_days(clock: Clock, calendar: Calendar, budget: int) -> tuple[list[date], bool]:
    """The first ``budget`` days that count, and whether the clock stands before it has them all."""
    named, excluded = calendar.named, clock.suspensions
    counted: list[date] = []
    on = clock.start_on
    while len(counted) < budget:
        on += DAY
        day = named.get(on)
        if not (day.working if day is not None else on.weekday() < 5):
            continue
        if excluded:
            covering = next((one for one in excluded if one.covers(on)), None)
            if covering is not None and covering.until_on is None:
                return counted, True
            if covering is not None:
                continue
        counted.append(on)
    return counted, False


def _count_until(clock: Clock, calendar: Calendar) -> list[date]:
    last = next_working_day(clock.until_on or clock.start_on, calendar)
    return [on for on in list_days(clock.start_on + DAY, last) if calendar.is_working(on)]


def list_days(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` till and with ``last``."""
    on = first
    while on <= last:
        yield on
        on += DAY


def next_working_day(on: date, calendar: Calendar) -> date:
    """This day if it is a working day, else the first one after it."""
    while not calendar.is_working(on):
        on += DAY
    return on


def count_on(start_on: date, days: int, calendar: Calendar) -> date:
    """The last of ``days`` working days after ``start_on``; with 0, ``start_on`` itself."""
    return compute(Clock(ClockKind.SPECIAL, start_on, days), calendar).due_on


def received_day(at: datetime, receiving: Receiving, calendar: Calendar) -> date:
    """The legal day on which something that arrives at ``at`` is received, by the office's hours (Beijing time).

    Within the hours of a working day (opening included, closing not): that day. Before they open on a working day: that day, when they
    open. After closing and on days off, by ``receiving.outside``: ``next_working_day``, or ``same_day`` (the day itself, whatever it is).
    """
    local = at + SHANGHAI_OFFSET
    if receiving.outside == "same_day":
        return local.date()
    if calendar.is_working(local.date()) and local.time() < time.fromisoformat(receiving.closes):
        return local.date()
    return next_working_day(local.date() + DAY, calendar)


def end_of_day(on: date) -> datetime:
    """The moment (UTC) after the last one of a day in China."""
    return datetime.combine(on + DAY, time(), UTC) - SHANGHAI_OFFSET


def explain(clock: Clock, calendar: Calendar, today: date) -> tuple[DayLine, ...]:
    """Every day from the start to the deadline: whether it counts, and why or why not."""
    deadline = compute(clock, calendar)
    numbers = {on: number for number, on in enumerate(deadline.counted, 1)}
    days = list_days(clock.start_on, max(deadline.due_on, clock.start_on))
    return tuple(_explain_day(on, clock, calendar, numbers.get(on), today) for on in days)


def _explain_day(on: date, clock: Clock, calendar: Calendar, number: int | None, today: date) -> DayLine:
    reason, name, source = _find_reason(on, clock, calendar)
    provisional = not calendar.published_from <= on <= calendar.published_until
    when = "today" if on == today else "past" if on < today else "ahead"
    return DayLine(on, number is not None, number, reason, name, source, provisional, when)


def _find_reason(on: date, clock: Clock, calendar: Calendar) -> tuple[str, str, str]:
    """Why a day counts or does not: its reason, its name, its source."""
    if on == clock.start_on:
        return "start", "", "civil_code_201"
    named = calendar.named.get(on)
    known = calendar.published_from <= on <= calendar.published_until
    if not calendar.is_working(on):
        if named is not None:
            return "holiday", named.name, named.source
        return ("weekend" if known else "presumed_weekend"), "", "working_hours_7"
    covering = next((one for one in clock.suspensions if one.covers(on)), None)
    if covering is not None:
        return "suspended", covering.kind, "licensing_45"
    if named is not None:
        return "make_up_day", named.name, named.source
    return ("working_day" if known else "presumed_working_day"), "", "licensing_82"


def find_overlap(suspensions: tuple[Suspension, ...], new: Suspension) -> Suspension | None:
    """The suspension that shares a day with a new one, if any: two grounds never exclude the same day."""
    last = new.until_on or date.max
    return next((one for one in suspensions if new.from_on < (one.until_on or date.max) and one.from_on < last), None)
