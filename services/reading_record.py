"""Who in the administration looked at whose material (查阅记录), and what holds the telling of it back: records and their store.

A reading is written in the transaction of the act that reads, and never changed. What it is about is either one of our ids (a case, an
application, an account) or a key that the store keeps as a keyed hash alone (an identity number, an account number at a payee): so also
somebody without an account finds it once they have proven who they are. ``docs/audit.md`` explains both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import JsonValue


class About(StrEnum):
    """What was read."""

    CASE = "case"
    APPLICATION = "application"
    PERSON = "person"
    """An account and what it has: a search for a person."""
    NUMBER = "number"
    """An identity number that was looked up; by its hash."""
    HOUSEHOLD = "household"
    """An account number at a payee that was looked up at the window; by its hash."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What one look was about: ``subject_id`` or, where there is no id of ours, ``key``."""

    about: About
    subject_id: UUID | None = None
    key: str = ""


def case_read(case_id: UUID) -> Subject:
    """A case."""
    return Subject(About.CASE, case_id)


def application_read(application_id: UUID) -> Subject:
    """An application."""
    return Subject(About.APPLICATION, application_id)


def person_read(person_id: UUID) -> Subject:
    """An account."""
    return Subject(About.PERSON, person_id)


def number_read(number: str) -> Subject:
    """Whoever has this identity number, whether they have an account or not."""
    return Subject(About.NUMBER, None, name_number(number))


def household_read(service: str, household_no: str) -> Subject:
    """Whoever has bound this account number at a payee."""
    return Subject(About.HOUSEHOLD, None, name_household(service, household_no))


def name_number(number: str) -> str:
    """The key of an identity number."""
    return f"number:{number.strip().upper()}"


def name_household(service: str, household_no: str) -> str:
    """The key of an account number at a payee."""
    return f"household:{service}:{household_no.strip()}"


@dataclass(frozen=True, slots=True)
class Reading:
    """One look of one of the staff at one thing. ``agency_id`` is whose matter it is, ``reader_agency_id`` where the reader belongs.

    ``act`` is its code in the book of acts. ``reader`` ({"name", "login", "office", "office_en"}: as they were called that day) and
    ``reason`` are encrypted at rest. ``delay_id`` names the delay that was in force when it was read, if one was. ``subject.key`` is
    written and never read back.
    """

    reading_id: UUID
    agency_id: UUID
    at: datetime
    staff_id: UUID
    reader_agency_id: UUID
    act: str
    subject: Subject
    reader: Mapping[str, str]
    reason: str = ""
    delay_id: UUID | None = None


class DelayState(StrEnum):
    """How far a delay is, as its events say; that it has run out follows from its end."""

    ASKED = "asked"
    GRANTED = "granted"
    DENIED = "denied"
    LIFTED = "lifted"
    """Ended before its day."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A request that the looks of one reader at one case be told later. ``ground`` is a code of ``delay_rules.GROUNDS``.

    ``authority`` is the organ that wants it, ``document_no`` its written order (both may be confidential: encrypted at rest).
    ``until`` is the moment at which everything is told by itself.
    """

    delay_id: UUID
    agency_id: UUID
    case_id: UUID
    case_no: str
    reader_id: UUID
    ground: str
    authority: str
    document_no: str
    until: datetime
    asked_by: UUID
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class DelayEvent:
    """One appended event of a delay: (delay_id, version) is unique."""

    delay_id: UUID
    version: int
    state: DelayState
    at: datetime
    staff_id: UUID
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DelayFile:
    """A delay with its events, oldest first."""

    delay: Delay
    events: tuple[DelayEvent, ...]

    @property
    def state(self) -> DelayState:
        return self.events[-1].state

    @property
    def version(self) -> int:
        return self.events[-1].version

    @property
    def ends_at(self) -> datetime:
        """When what it holds back is told: its end, or when it was lifted."""
        return self.events[-1].at if self.state is DelayState.LIFTED else self.delay.until

    def holds_back(self, at: datetime) -> bool:
        """Whether it keeps anything from being told at this moment: granted, and not over."""
        return self.state is DelayState.GRANTED and at < self.delay.until


class ReadingStore(Protocol):
    """Readings and delays, within one transaction and its agencies. Nothing of it is ever changed."""

    def add(self, readings: Sequence[Reading]) -> None: ...
    def list_of(
        self, subjects: Sequence[UUID], keys: Sequence[str], limit: int, before: UUID | None = None
    ) -> list[Reading]:
        """Looks at these, newest first; ``keys`` as ``name_number`` and ``name_household`` make them."""
        ...

    def ask_delay(self, delay: Delay, event: DelayEvent) -> None: ...
    def append_delay(self, agency_id: UUID, event: DelayEvent) -> None:
        """Raises ``VersionTaken``."""
        ...

    def load_delays(self, delay_ids: Sequence[UUID]) -> list[DelayFile]: ...
    def delays_of_case(self, case_id: UUID) -> list[DelayFile]: ...
    def list_delays(self, agencies: Sequence[UUID], limit: int, before: UUID | None = None) -> list[DelayFile]:
        """Newest first."""
        ...

    def delays_between(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[DelayFile]:
        """Delays that were asked before ``until`` and end after ``since``: for counting."""
        ...
