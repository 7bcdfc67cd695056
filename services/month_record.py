"""Months that were closed, their figures, and the store that keeps them. ``docs/statistics.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.case_record import CaseRow, Complaint, ComplaintEvent, Rating

Account = tuple[UUID, str, UUID | None]
"""Agency, service, case manager; None: nobody of the staff."""
Figures = Mapping[Account, Mapping[str, int]]
"""The figures of a month by account and name (``month_figures.FIGURES``), whole numbers; what is not there is 0."""

UNREADABLE = "unreadable"
"""Events whose cells do not open have this in their data; so many cases could not be counted. No closed month has any."""


FIGURES_ALONE, WITH_EVENTS = 1, 2
"""What a closed month's digest covers: its figures, as all that were closed before 2026-11-25; or its events too (``month_seals``)."""


class Happening(StrEnum):
    """What a seal is over: events of cases, ratings, events of complaints."""

    EVENTS = "events"
    RATINGS = "ratings"
    COMPLAINTS = "complaints"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where and when something happened: agency, service, day (Asia/Shanghai), and what."""

    agency_id: UUID
    service: str
    on: date
    kind: Happening


@dataclass(frozen=True, slots=True)
class Seal:
    """Over what happened in one place: ``count`` leaves (cases on that day, ratings, events of complaints), ``mark`` their digest under a
    key of the house.
    """

    count: int
    mark: bytes


Seals = Mapping[Place, Seal]


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A month whose figures stand. ``agency_id`` is the root of the tree: the figures are of every agency.

    ``digest`` is the SHA-256 (hex) of the canonical document, ``record_id`` the ledger's leaf of kind ``statistics`` that says it.
    ``calendars``: the version by region; ``mappings``: the versions of each service whose terms were used.
    """

    agency_id: UUID
    month: str
    digest: str
    record_id: UUID
    calendars: Mapping[str, int]
    mappings: Mapping[str, tuple[int, ...]]
    closed_at: datetime
    form: int = FIGURES_ALONE
    """``FIGURES_ALONE`` or ``WITH_EVENTS``."""


@dataclass(frozen=True, slots=True)
class StatisticsLeaf:
    """What the ledger says of a month: one leaf for each digest that was ever appended."""

    record_id: UUID
    digest: str
    at: datetime


class MonthStore(Protocol):
    """What happened in a span of time, read piece by piece, and the months that were closed.

    Everything is limited to the agencies of the transaction. Nothing personal comes out: no applicant, no inputs, no words, nobody who
    rated or complained.
    """

    def walk_cases(self, since: datetime, until: datetime) -> Iterator[CaseRow]:
        """Each case with an event from ``since`` till before ``until``, once, with all its events; in no order.

        An event that was not written with our keys, or that no event can be like, comes with ``UNREADABLE`` in its data.
        """
        ...

    def walk_ratings(self, since: datetime, until: datetime) -> Iterator[Rating]:
        """Ratings that were given in this span, those of one agency in their order (moment, id)."""
        ...

    def walk_struck(self, since: datetime, until: datetime) -> Iterator[Rating]:
        """Ratings that an appeal found mistaken or malicious in this span."""
        ...

    def walk_complaints(self, since: datetime, until: datetime) -> Iterator[Complaint]:
        """Complaints (no follow-ups of ratings) that were filed in this span."""
        ...

    def walk_dismissed(self, since: datetime, until: datetime) -> Iterator[Complaint]:
        """Complaints that an appeal found mistaken or malicious in this span."""
        ...

    def walk_complaint_events(self, since: datetime, until: datetime) -> Iterator[tuple[Complaint, ComplaintEvent]]:
        """What happened to complaints and to follow-ups of ratings in this span, without the data of it."""
        ...

    def seal(self, digest: bytes, like: bytes = b"") -> bytes:
        """A digest under a look-up key of the house: nobody without it can tell by trying what was digested.

        ``like``: another mark; under the key with which that was made, if the house still has it, else under the current one.
        """
        ...

    def find_first(self) -> datetime | None:
        """A moment in or before the month of the oldest case; None without any case."""
        ...

    def close(self, closed: ClosedMonth, figures: Figures, seals: Seals | None = None) -> bool:
        """Keep a month with its figures and seals. False, and nothing is changed, if it was closed before."""
        ...

    def load(self, month: str) -> ClosedMonth | None: ...
    def list_closed(self, limit: int, before: str | None = None) -> list[ClosedMonth]:
        """The latest month first; ``before``: only earlier ones."""
        ...

    def load_figures(self, agencies: Sequence[UUID], months: Sequence[str]) -> Mapping[str, Figures]:
        """The figures of these agencies in closed months: month → account → figure; months without any are left out."""
        ...

    def load_sums(self, agencies: Sequence[UUID], months: Sequence[str]) -> Mapping[str, Figures]:
        """The same without anybody's name: the sums of each service at each agency, its account without a manager."""
        ...

    def load_seals(self, month: str) -> Seals:
        """The seals of a closed month; none of one that was closed without."""
        ...

    def list_leaves(self, month: str) -> list[StatisticsLeaf]:
        """What the ledger says of a month, oldest first: one digest if nothing was ever changed."""
        ...


class StatisticsLedger(Protocol):
    """The exposure ledger, for digests of months."""

    def append_statistics(self, agency_id: UUID, month: str, digest: str) -> UUID:
        """Append a leaf of kind ``statistics``, durable on return; the one that is there if this digest of this month was appended before.

        Raises ``ExposureUnavailable``.
        """
        ...
