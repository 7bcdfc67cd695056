"""Requests of a citizen about their own data, as events; legal holds. Pure. PIPL articles 44 to 50.

What a request is follows from its events alone. Of each kind a person has one under way at most; a second one is the first again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import JsonValue


class RequestKind(StrEnum):
    """What is asked for."""

    COPY = "copy"
    CORRECTION = "correction"
    DELETION = "deletion"
    CLOSING = "closing"


class RightsName(StrEnum):
    """What may happen to a request."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    REFUSED = "refused"
    CUT_OFF = "cut_off"
    WAITS = "waits"
    ERASED = "erased"
    DONE = "done"


ENDS = frozenset({RightsName.WITHDRAWN, RightsName.ANSWERED, RightsName.REFUSED, RightsName.DONE})
JUDGED = frozenset({RequestKind.CORRECTION, RequestKind.DELETION})
"""What a person has to judge; a copy is given at once, and closing is the worker's."""


@dataclass(frozen=True, slots=True)
class RightsEvent:
    """One thing that happened. ``data`` holds words of the citizen or the officer, and ids of ours; it is encrypted."""

    version: int
    name: RightsName
    at: datetime
    staff_id: UUID | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """What was asked, by whom, through which door, by when it is answered."""

    request_id: UUID
    agency_id: UUID
    person_id: UUID
    kind: RequestKind
    channel: str
    asked_at: datetime
    due_on: date
    detail: Mapping[str, JsonValue]
    events: tuple[RightsEvent, ...] = ()

    @property
    def state(self) -> RightsName:
        """What happened last."""
        return self.events[-1].name if self.events else RightsName.ASKED

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state not in ENDS

    @property
    def version(self) -> int:
        """Of its last event."""
        return self.events[-1].version if self.events else 0


class HoldKind(StrEnum):
    """What must not be taken away: all of a person, a case with its person, everything of a service."""

    PERSON = "person"
    CASE = "case"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class LegalHold:
    """An order to keep: ``words`` has reason, authority and, of a case, its number."""

    hold_id: UUID
    agency_id: UUID
    kind: HoldKind
    service: str | None
    person_ids: tuple[UUID, ...]
    words: Mapping[str, str]
    until_at: datetime
    placed_by: UUID
    placed_at: datetime
    lifted_by: UUID | None = None
    lifted_at: datetime | None = None
    lifted_reason: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.lifted_at is None and now < self.until_at


class RightsStore(Protocol):
    """Requests and holds within one transaction, which must have been begun with all agencies."""

    def open(self, request: RightsRequest) -> RightsRequest:
        """Keep it with its event ``asked``, or give the one of this kind that is under way. Raises ``NotFound`` for no account."""
        ...

    def append(self, request: RightsRequest, event: RightsEvent) -> None:
        """Raises ``VersionTaken`` if something else happened meanwhile. What ends gives its claim back."""
        ...

    def load(self, request_id: UUID) -> RightsRequest | None: ...
    def list_of(self, person_id: UUID, limit: int) -> list[RightsRequest]:
        """Newest first, of all accounts that were joined into this one."""
        ...

    def list_open(self, limit: int) -> list[RightsRequest]:
        """What is under way, the most urgent first."""
        ...

    def place_hold(self, hold: LegalHold) -> None: ...
    def lift_hold(self, hold_id: UUID, by: UUID, at: datetime, reason: str) -> bool:
        """False if it was lifted already, or is nobody else's to lift."""
        ...

    def load_hold(self, hold_id: UUID) -> LegalHold | None: ...
    def list_holds(self, limit: int) -> list[LegalHold]:
        """Those in force first."""
        ...


class Closings(Protocol):
    """What the worker does to close accounts: each call is a transaction of its own, and doing it again changes nothing more."""

    def list_due(self, limit: int, after: UUID | None = None) -> Sequence[RightsRequest]:
        """Requests to close an account that are under way, in the order of their ids, beyond ``after``."""
        ...

    def cut_off(self, request: RightsRequest) -> Sequence[UUID]:
        """Revoke every log-in of the account; their ids."""
        ...

    def find_obstacle(self, request: RightsRequest) -> str:
        """Why it has to wait (``hold``, ``payment``, ``application``), or nothing."""
        ...

    def note(self, request: RightsRequest, name: RightsName, data: Mapping[str, JsonValue]) -> RightsRequest:
        """Append an event; the request as it is by now."""
        ...

    def erase_salts(self, request: RightsRequest, limit: int) -> int:
        """Destroy salts of the account's records; how many."""
        ...

    def erase(self, request: RightsRequest) -> RightsRequest:
        """Take away everything of the account that no law keeps, say in the ledger that its chains are closed: all of it, or nothing."""
        ...
