"""What the privacy officer's room reads: sums of what went out, sheets of who is affected by a breach; and the port to both.

Sums hold names of fields and numbers of records, nobody and no value. A sheet holds numbers; whom it lists is read apart, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Span(StrEnum):
    """How long one sum is."""

    DAY = "day"
    MONTH = "month"


class By(StrEnum):
    """By what sums are put together."""

    SERVICE = "service"
    FIELD = "field"
    PURPOSE = "purpose"
    DIRECTION = "direction"
    ACCOUNT = "account"
    AGENCY = "agency_id"


@dataclass(frozen=True, slots=True)
class SumFilter:
    """Which sums: legal days from ``since`` till and with ``until``; an empty text is any.

    Without a field records are counted, each once; with one those that hold it.
    """

    since: date
    until: date
    platform: str = ""
    service: str = ""
    purpose: str = ""
    direction: str = ""
    account: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How far the ledger is counted: so many leaves of the tree, and when all that had its place was counted; None before the first time."""

    leaves: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FieldSum:
    """How many records of one version of a service (or room) showed one field to one platform in one direction; ``field`` empty: records."""

    service: str
    version: int
    platform: str
    direction: str
    field: str
    count: int


@dataclass(frozen=True, slots=True)
class BreachAsked:
    """Which account of a platform was in other hands, from when till when, and for which agencies that is looked into."""

    sheet_id: UUID
    agency_id: UUID
    agencies: tuple[UUID, ...]
    platform: str
    account: str
    since: datetime
    until: datetime
    asked_by: UUID
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class BreachFound:
    """What was found: numbers only. ``numbers`` are persons of whom no more than a typed number is known, ``erased`` chains whose link is gone,
    ``unattributed`` records that name nobody; ``fields``: by field in how many records.
    """

    at: datetime
    records: int
    unattributed: int
    people: int
    households: int
    numbers: int
    erased: int
    fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breach:
    """A sheet; ``found`` is None until the worker has looked."""

    asked: BreachAsked
    found: BreachFound | None = None


class HolderKind(StrEnum):
    """Who an entry of a sheet's list is."""

    PERSON = "person"
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who is to be notified, as the store knows them now; a cell is empty where nothing is known any more.

    ``number`` is the place in the list. ``key_no`` is the account number of a household at its ``service``.
    """

    number: int
    kind: HolderKind
    holder_id: UUID
    agency_id: UUID
    fields: tuple[str, ...]
    name: str = ""
    phone: str = ""
    address: str = ""
    service: str = ""
    key_no: str = ""


@dataclass(frozen=True, slots=True)
class OrderOwner:
    """Whose an order number is."""

    agency_id: UUID
    payment_id: UUID
    person_id: UUID | None


class PrivacyStore(Protocol):
    """Sums and sheets, within one transaction and its agencies. Sums are added up by the worker alone."""

    def read_counted(self) -> Counted: ...
    def read_course(self, wanted: SumFilter, span: Span) -> list[tuple[date, str, int]]:
        """Beginning of each sum, platform, records."""
        ...

    def read_groups(self, wanted: SumFilter, span: Span, by: By) -> list[tuple[str, str, int]]:
        """Key, platform, records; the most first."""
        ...

    def read_fields(self, wanted: SumFilter, span: Span) -> list[FieldSum]:
        """Every field of every version, beside it the records with an empty field."""
        ...

    def list_accounts(self) -> list[tuple[str, str]]:
        """Platform and account of everything that was ever counted."""
        ...

    def list_joined(self, person_id: UUID) -> list[UUID]:
        """This account and every other of the same human; the transaction must have been begun with all agencies."""
        ...

    def find_order(self, order_no: str) -> OrderOwner | None: ...
    def ask_breach(self, asked: BreachAsked) -> None: ...
    def list_breaches(self, limit: int) -> list[Breach]:
        """Newest first."""
        ...

    def load_breach(self, sheet_id: UUID) -> Breach | None: ...
    def list_holders(self, sheet_id: UUID, after: int, limit: int) -> Sequence[Holder]:
        """Those behind place ``after``, in order. Whoever reads them tells each of it."""
        ...
