"""Patterns that can look like deliberate slowness: what is kept of them, what people wrote beside them, and the store. ``docs/slowness.md``.

A pattern is a comparison with its evidence, never a verdict. Nothing of a citizen is in it: no name, no number, no key of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import JsonValue


class Kind(StrEnum):
    """What is looked for. ``services/slowness_rules.py`` says when a case counts."""

    STOPPED = "stopped"
    """A special procedure began just before the limit."""
    IDLE = "idle"
    """Nothing for most of the promised limit, then everything at once."""
    PIECES = "pieces"
    """Corrections were asked for more than once by the same hand."""
    FAVOURED = "favoured"
    """The cases of one applicant are decided at once, those of others are not."""


class PatternState(StrEnum):
    """How far a pattern is."""

    SHOWN = "shown"
    ANSWERED = "answered"
    """The case manager has written beside it."""
    CLOSED = "closed"
    """The supervision office has written down what came of it."""


@dataclass(frozen=True, slots=True)
class Course:
    """The line of one case in time, by days in China. ``limit_on``: the last day of the promised limit as it was at the end.

    ``marks``: the day and the name of what was done; ``pauses``: days that the law excluded, first and last; ``idle``: the first and
    the last day of the stretch without anything.
    """

    received_on: date
    accepted_on: date | None
    ended_on: date
    limit_on: date | None
    marks: tuple[tuple[date, str], ...]
    pauses: tuple[tuple[date, date], ...] = ()
    idle: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One case of a pattern. ``numbers`` says what of it counted: whole numbers by name."""

    case_id: UUID
    case_no: str
    course: Course
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``of`` cases."""

    hits: int = 0
    of: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.of + other.of)

    def __sub__(self, part: Share) -> Share:
        return Share(self.hits - part.hits, self.of - part.of)


@dataclass(frozen=True, slots=True)
class Finding:
    """One pattern as the rules give it: whose, where, of what, how much, beside what. Months as ``YYYY-MM``.

    ``number`` tells applicants apart within one month (0 where the kind is not about one): it is no key of anybody. ``others``: the
    colleagues' cases of the same service; for ``favoured`` the manager's own cases of all other applicants. ``beside``: the same
    applicant's cases with colleagues. ``low`` and ``high``: the exact 95 % interval of the own share, ``others_low`` and
    ``others_high`` that of the others, in thousandths. ``chance``: how often so many come about among people who work alike.
    """

    agency_id: UUID
    service: str
    manager_id: UUID
    kind: Kind
    number: int
    first_month: str
    month: str
    own: Share
    others: Share
    colleagues: int
    beside: Share
    low: int
    high: int
    others_low: int
    others_high: int
    chance: str
    evidence: tuple[Evidence, ...]

    @property
    def expected(self) -> float:
        """How many of the own cases would be expected if they went as the others did."""
        return self.own.of * self.others.hits / self.others.of if self.others.of else 0.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A finding that was shown. ``rule`` is the version of the rules, ``terms`` their thresholds as they were, ``tests`` how many
    comparisons were made in that month. ``finding.evidence`` is empty where only a list is wanted.
    """

    pattern_id: UUID
    finding: Finding
    rule: int
    terms: Mapping[str, int]
    tests: int
    shown_at: datetime
    state: PatternState = PatternState.SHOWN
    version: int = 1


@dataclass(frozen=True, slots=True)
class PatternEvent:
    """One appended event: shown, looked, answered, noted, closed, reopened. (pattern_id, version) is unique.

    ``data`` (what somebody wrote) may be personal: encrypted at rest. ``staff_id`` None: the rules.
    """

    pattern_id: UUID
    version: int
    name: str
    state: PatternState
    at: datetime
    staff_id: UUID | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PatternRun:
    """That the patterns of a month were computed, once: by which version, of how many comparisons, how many were shown."""

    agency_id: UUID
    month: str
    rule: int
    tests: int
    shown: int
    at: datetime


class SlownessStore(Protocol):
    """Patterns, their evidence and their events, within one transaction and its agencies. Nothing of it is ever changed."""

    def walk_regulars(self, since: datetime, until: datetime, least: int) -> Iterator[tuple[UUID, ...]]:
        """For each applicant of at least so many cases of one agency and service that ended in the span: these cases, and nothing of the applicant."""
        ...

    def keep(self, run: PatternRun, patterns: Sequence[Pattern]) -> bool:
        """Keep a month's patterns, each with its evidence and its event ``shown``. False, and nothing is kept, if the month was computed before."""
        ...

    def load_run(self, month: str) -> PatternRun | None: ...
    def list_runs(self, limit: int) -> list[PatternRun]:
        """The latest month first."""
        ...

    def load(self, pattern_id: UUID) -> tuple[Pattern, list[PatternEvent]] | None:
        """With all its evidence."""
        ...

    def list_of(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[PatternState],
        manager_id: UUID | None = None,
        limit: int = 50,
        before: UUID | None = None,
    ) -> list[Pattern]:
        """Patterns of these agencies in these states, newest first, without their evidence."""
        ...

    def append(self, agency_id: UUID, event: PatternEvent) -> None:
        """Raises ``VersionTaken``."""
        ...


def write_course(course: Course) -> dict[str, JsonValue]:
    """As JSON keeps it."""
    return {
        "received_on": course.received_on.isoformat(), "accepted_on": _write_day(course.accepted_on),
        "ended_on": course.ended_on.isoformat(), "limit_on": _write_day(course.limit_on),
        "marks": [[on.isoformat(), name] for on, name in course.marks],
        "pauses": [[first.isoformat(), last.isoformat()] for first, last in course.pauses],
        "idle": [one.isoformat() for one in course.idle] if course.idle else None,
    }  # fmt: skip


def read_course(kept: Mapping[str, JsonValue]) -> Course:
    """The course that ``write_course`` wrote. Raises ``KeyError`` or ``ValueError`` for anything else."""
    idle = kept["idle"]
    return Course(
        date.fromisoformat(str(kept["received_on"])), _read_day(kept["accepted_on"]),
        date.fromisoformat(str(kept["ended_on"])), _read_day(kept["limit_on"]),
        tuple((date.fromisoformat(on), str(name)) for on, name in kept["marks"]),
        tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in kept["pauses"]),
        (date.fromisoformat(idle[0]), date.fromisoformat(idle[1])) if idle else None,
    )  # fmt: skip


def _write_day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _read_day(text: JsonValue) -> date | None:
    return date.fromisoformat(str(text)) if text else None
