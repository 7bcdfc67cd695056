"""What a census of the services found, indicators that people enter, people whom a platform turned away; and the store of all three.

``docs/census.md`` explains the words. Nothing here is personal: who was turned away is not known, only how many on which day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import PlatformName


class Question(StrEnum):
    """The three questions of a census of services."""

    REACHABLE = "reachable"
    """可达: a citizen finds the service in the platform's app, and what stands behind it answers."""
    CURRENT = "current"
    """时新: its texts were reviewed in time, the version in force is shown, published notices are dated."""
    FAULTLESS = "faultless"
    """无误: no dead link, no missing translation, no form that cannot be sent."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong. ``code`` has its words in the console; ``place`` names a back end, an input, a link: never a value."""

    question: Question
    code: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class CensusLine:
    """What one run found of one service on one platform; without findings everything held."""

    agency_id: UUID
    run_id: UUID
    service: str
    platform: PlatformName
    version: int
    at: datetime
    findings: tuple[Finding, ...] = ()

    def holds(self, question: Question) -> bool:
        """Whether nothing was found against it."""
        return all(one.question is not question for one in self.findings)


@dataclass(frozen=True, slots=True)
class CensusAnswers:
    """The same line as everybody may read it: yes or no to each question, and not what was found."""

    agency_id: UUID
    run_id: UUID
    service: str
    platform: PlatformName
    version: int
    at: datetime
    holds: Mapping[Question, bool]


class IndicatorKind(StrEnum):
    """The organisational indicators that a benchmark of electronic government asks for."""

    PEOPLE = "people"
    """专职人员: how many work on it, persons."""
    FUNDS = "funds"
    """经费: what is spent on it in the year, fen."""
    OFFICE = "office"
    """专门机构: whether an office for it exists, 1 or 0."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One entry: a figure, the day on which it was true, and where it stands. ``corrects``: the entry whose place it takes."""

    entry_id: UUID
    agency_id: UUID
    kind: IndicatorKind
    value: int
    as_of: date
    source: str
    entered_by: UUID | None
    entered_at: datetime
    corrects: UUID | None = None
    reason: str = ""


class Occasion(StrEnum):
    """At which moment a platform turned somebody away."""

    SIGN_IN = "sign_in"
    PAYMENT = "payment"


class Ground(StrEnum):
    """Why, as far as the platform says."""

    ACCOUNT = "account"
    """The person's account with the platform is blocked or restricted."""
    REFUSED = "refused"
    """It refused for a reason of its own, which it need not tell."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """How often a platform turned people away on one day in China. Who they were is kept nowhere."""

    agency_id: UUID
    day: date
    platform: PlatformName
    occasion: Occasion
    ground: Ground
    count: int


class CensusStore(Protocol):
    """Within one transaction, for its agencies. Runs are appended; indicators are corrected by a further entry; counts only grow."""

    def record_run(self, lines: Sequence[CensusLine]) -> None:
        """Raises ``VersionTaken`` if a line (agency, run, service, platform) is there."""

    def list_runs(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[tuple[UUID, datetime]]:
        """Id and beginning of each run with a line of these agencies, newest first."""
        ...

    def list_lines(self, agencies: Sequence[UUID], run_id: UUID) -> list[CensusLine]:
        """In the order of services and platforms. Only for roles that may read what was found."""
        ...

    def list_answers(self, agencies: Sequence[UUID], runs: Sequence[UUID]) -> list[CensusAnswers]:
        """Oldest run first, then by service and platform."""
        ...

    def enter_indicator(self, entry: Indicator) -> None:
        """Raises ``VersionTaken`` if the entry that it corrects was corrected already."""

    def list_indicators(self, agencies: Sequence[UUID]) -> list[Indicator]:
        """Every entry, corrected ones too, oldest first; ``entered_by`` None for roles that may not read it."""
        ...

    def count_turned_away(
        self, agency_id: UUID, day: date, platform: PlatformName, occasion: Occasion, ground: Ground
    ) -> None:
        """One more."""

    def list_turned_away(self, agencies: Sequence[UUID], first: date, last: date) -> list[TurnedAway]:
        """Of the days from ``first`` to ``last``, oldest first."""
        ...
