"""What went out, held against what might: the exposure budget of the version that each record names. And days, weeks, months of a course. Pure.

What we send and show is refused outside the budget before it leaves, so that a record of it would be a fault of the door. What a person types and
what a platform answers is recorded whatever it is, and refused after: that can lie outside, and is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.clock import DAY
from services.errors import InputRefused
from services.exposure import Budget, Direction
from services.mapping_record import PUTS_IN_FORCE, MappingEvent
from services.privacy_record import FieldSum, Span, SumFilter

OURS = frozenset({Direction.SENT_TO_SERVER, Direction.SHOWN_IN_CLIENT})
"""Directions in which nothing outside the budget leaves."""
RIPE_DAYS, RIPE_RECORDS = 30, 50
"""A field that was never used in so many days and records may go from the budget: before, it is too early to say."""
MOST_DAYS: Mapping[str, int] = {"day": 92, "week": 371, "month": 1900}
"""How many days a course by days, weeks, months may have."""


class Use(StrEnum):
    """What became of a field of a budget, or beside it."""

    USED = "used"
    UNUSED = "unused"
    BROUGHT = "brought"
    """Outside the budget, typed by a person or added by the platform: recorded and refused."""
    BEYOND = "beyond"
    """Outside the budget, sent or shown by us: must be impossible."""
    UNKNOWN = "unknown"
    """The version that the record names is not kept: there is nothing to hold it against."""


@dataclass(frozen=True, slots=True)
class FieldUse:
    """One field in one direction; ``count``: records that hold it."""

    direction: str
    field: str
    count: int
    use: Use


@dataclass(frozen=True, slots=True)
class VersionUse:
    """What one version of a service (or room) showed one platform, against its budget. ``days``: on how many it was in force in the time asked."""

    service: str
    version: int
    platform: str
    records: int
    fields: tuple[FieldUse, ...]
    days: int = 0
    in_force: bool = False

    @property
    def is_ripe(self) -> bool:
        """Whether enough was seen to say that a field is not needed."""
        return self.days >= RIPE_DAYS and self.records >= RIPE_RECORDS

    def of(self, use: Use) -> tuple[FieldUse, ...]:
        """The fields of which this is so."""
        return tuple(one for one in self.fields if one.use is use)


def judge_version(sums: Sequence[FieldSum], budget: Budget | None, days: int, *, in_force: bool) -> VersionUse:
    """All sums of one version on one platform against its budget; None: no such version is kept."""
    first = sums[0]
    fields = [_judge(one, budget) for one in sums if one.field]
    seen = {(one.direction, one.field) for one in sums}
    for direction, names in (budget or {}).items():
        fields += [
            FieldUse(str(direction), name, 0, Use.UNUSED) for name in names if (str(direction), name) not in seen
        ]
    order = [str(one) for one in Direction]
    fields.sort(key=lambda one: (order.index(one.direction) if one.direction in order else 9, -one.count, one.field))
    records = sum(one.count for one in sums if not one.field)
    return VersionUse(first.service, first.version, first.platform, records, tuple(fields), days, in_force)


def _judge(one: FieldSum, budget: Budget | None) -> FieldUse:
    if budget is None:
        return FieldUse(one.direction, one.field, one.count, Use.UNKNOWN)
    known = {str(direction): names for direction, names in budget.items()}
    if one.field in known.get(one.direction, frozenset()):
        return FieldUse(one.direction, one.field, one.count, Use.USED)
    ours = one.direction in {str(direction) for direction in OURS}
    return FieldUse(one.direction, one.field, one.count, Use.BEYOND if ours else Use.BROUGHT)


def count_days(events: Iterable[MappingEvent], version: int, since: datetime, until: datetime) -> int:
    """On how many whole days of a time a version of a service was in force, by its events, oldest first."""
    total, begun = timedelta(), None
    for event in events:
        if event.act not in PUTS_IN_FORCE:
            continue
        if begun is not None and event.version != version:
            total += max(min(event.at, until) - max(begun, since), timedelta())
            begun = None
        elif begun is None and event.version == version:
            begun = event.at
    if begun is not None:
        total += max(until - max(begun, since), timedelta())
    return total.days


def choose_span(wanted: SumFilter, step: str) -> tuple[SumFilter, Span]:
    """Which sums a course by ``step`` adds up; months are whole ones. Raises ``InputRefused`` for a course that is too long, or runs backwards."""
    if step not in MOST_DAYS:
        raise InputRefused(detail={"step": "not_a_choice"})
    if wanted.until < wanted.since:
        raise InputRefused(detail={"until": "before_since"})
    if (wanted.until - wanted.since).days >= MOST_DAYS[step]:
        raise InputRefused(detail={"until": "too_long"})
    if step == "month":
        last = (wanted.until.replace(day=1) + 31 * DAY).replace(day=1) - DAY
        return replace(wanted, since=wanted.since.replace(day=1), until=last), Span.MONTH
    return wanted, Span.DAY


def begin_step(on: date, step: str) -> date:
    """The day with which the day, week (Monday) or month of a day begins."""
    if step == "month":
        return on.replace(day=1)
    return on - DAY * on.weekday() if step == "week" else on


def list_steps(wanted: SumFilter, step: str) -> list[date]:
    """The beginnings of all steps, in order."""
    return list(_walk_steps(begin_step(wanted.since, step), wanted.until, step))


def _walk_steps(first: date, last: date, step: str) -> Iterator[date]:
    while first <= last:
        yield first
        first = begin_step(first + {"day": DAY, "week": 7 * DAY, "month": 31 * DAY}[step], step)


def sum_course(rows: Iterable[tuple[date, str, int]], steps: Sequence[date], step: str) -> dict[str, tuple[int, ...]]:
    """By platform how many records each step has, also those without any."""
    found: dict[str, dict[date, int]] = {}
    for on, platform, count in rows:
        begun = begin_step(on, step)
        known = found.setdefault(platform, {})
        known[begun] = known.get(begun, 0) + count
    return {platform: tuple(known.get(one, 0) for one in steps) for platform, known in sorted(found.items())}
