"""The stores of cases, each within one transaction: what ``services/ports.py`` and ``services/console_ports.py`` put into theirs.

Lists and searches give what belongs to the agencies of the transaction; a row of another agency is as if it were not there. A joint
case is worked on in a transaction that was begun with its lead agency and every agency that has, or gets, a line of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.case_record import (
    Case,
    CaseEvent,
    CaseRow,
    Complaint,
    ComplaintEvent,
    DeskLine,
    Draft,
    Mandate,
    NoticeAttempt,
    Organisation,
    Rating,
    StoredFile,
)
from services.rating_record import RatingSums

NO_CHAIN = UUID(int=0)
"""Stands for a link to a ledger's chain that this role may not read, that was erased, or that is not known yet."""


class CaseStore(Protocol):
    """Cases as appended events, with the line of each on every desk that works on it."""

    def next_number(self, agency_id: UUID, period: str) -> int:
        """The next number of this agency in this period, counted in this transaction: rolled back with it, so there is no gap."""
        ...

    def open(self, case: Case, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        """Raises ``VersionTaken`` if the case or its number exists."""
        ...

    def append(self, agency_id: UUID, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        """Append, and put these lines in the place of the case's lines. Raises ``VersionTaken`` if (case, version) exists.

        ``agency_id`` is the lead agency; an event that leaves out a version is a fault of ours (``ValueError``).
        """
        ...

    def load(self, case_id: UUID) -> CaseRow | None: ...
    def find_by_number(self, case_no: str) -> CaseRow | None: ...
    def list_of_persons(
        self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID], limit: int, before: UUID | None
    ) -> list[CaseRow]:
        """Cases that these persons handed in or whose matter they are, and those of these organisations; newest first."""
        ...

    def list_of_numbers(self, numbers: Sequence[str], limit: int) -> list[CaseRow]:
        """Cases whose applicant has one of these identity numbers or credit codes (by keyed hash); newest first.

        So whoever proves who they are finds what was opened for them at the window, or by a child for a parent.
        """
        ...

    def list_desk(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[str] = (),
        waits_for: Sequence[str] = (),
        service: str | None = None,
        claimed_by: UUID | None = None,
        unclaimed: bool = False,
        closed: bool = False,
        limit: int = 50,
        after: tuple[date, UUID] | None = None,
    ) -> list[DeskLine]:
        """Lines of these desks by urgency: the nearest ``due_on`` first (none: last), then the oldest receipt, then the id.

        ``closed``: those that are closed instead of those that are not (``case_graph.CLOSED``). ``after``: the ``due_on``
        (``date.max`` for none) and case of the last line of the page before. A case is never split: where several desks have a line of
        the last one, the page is longer than ``limit``.
        """
        ...

    def load_lines(self, case_id: UUID) -> list[DeskLine]: ...
    def find_by_name(self, agencies: Sequence[UUID], name: str, limit: int) -> list[DeskLine]:
        """Lines of cases whose applicant has exactly this name (by keyed hash)."""
        ...

    def find_by_number_of(self, agencies: Sequence[UUID], number: str, limit: int) -> list[DeskLine]:
        """Lines of cases whose applicant has this identity number or credit code (by keyed hash)."""
        ...

    def list_open(self, after: UUID | None, limit: int) -> list[CaseRow]:
        """Cases that are not closed, for recomputing their clocks; oldest id first, ``after`` the last one of the page before."""
        ...

    def assign_chains(self, agency_id: UUID, case_id: UUID, chain_id: UUID, principal_chain_id: UUID) -> None:
        """Put the links to the ledger's chains into a case that was opened at the window: only the worker's role may.

        The console's role cannot read such links; what it reads or does not know is ``NO_CHAIN``.
        """
        ...


class DraftStore(Protocol):
    """What applicants have filled in so far; personal content is encrypted."""

    def save(self, draft: Draft) -> None:
        """Insert version 1, or replace version - 1. Raises ``VersionTaken``. One that was handed in stays as it is."""
        ...

    def load(self, draft_id: UUID) -> Draft | None: ...
    def list_of_persons(self, person_ids: Sequence[UUID], limit: int) -> list[Draft]:
        """Those not handed in, newest first."""
        ...

    def discard(self, draft_id: UUID) -> None:
        """Delete it and the index of its files, unless it was handed in."""
        ...


class FileIndex(Protocol):
    """Which files there are; their bytes lie in the ``FileStore``, encrypted."""

    def add(self, file: StoredFile) -> None: ...
    def load(self, file_id: UUID) -> StoredFile | None: ...
    def list_of(self, owner: UUID) -> list[StoredFile]: ...
    def remove(self, file_id: UUID) -> None:
        """What was uploaded and is not handed in: from an open draft, or from a case since the last event that took something in.

        Any other file stays, a document of ours above all. At the window: what the staff scanned, also before its case is opened.
        """
        ...


class MandateStore(Protocol):
    """Organisations and who may act for whom."""

    def record_organisation(self, organisation: Organisation) -> Organisation:
        """The one in force for its credit code: this one, or an earlier one with its name brought up to date."""
        ...

    def load_organisation(self, organisation_id: UUID) -> Organisation | None: ...
    def find_organisation(self, credit_code: str) -> Organisation | None: ...
    def add(self, mandate: Mandate) -> None: ...
    def load(self, mandate_id: UUID) -> Mandate | None: ...
    def revoke(self, mandate_id: UUID, by: str, at: datetime) -> bool:
        """Whether it was in force till now."""
        ...

    def bind_agent(self, mandate_id: UUID, person_id: UUID) -> None:
        """The agent has proven who they are."""
        ...

    def list_of_agent(self, person_ids: Sequence[UUID]) -> list[Mandate]: ...
    def list_of_number(self, identity_number: str) -> list[Mandate]:
        """Mandates whose agent has this number and no account yet (by keyed hash)."""
        ...

    def list_of_principal(self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID]) -> list[Mandate]: ...
    def list_of_principal_number(self, identity_number: str) -> list[Mandate]:
        """Mandates to act for whoever has this number (by keyed hash), also those recorded before there was an account."""
        ...

    def find_chain(self, agency_id: UUID, identity_number: str, at: datetime) -> UUID:
        """The chain id of whoever has this number, as ``PersonStore.find_chain``. The console's role may not ask: the worker does."""
        ...


class RatingStore(RatingSums, Protocol):
    """Ratings, complaints and their events."""

    def rate(self, rating: Rating) -> None:
        """Raises ``VersionTaken`` if this subject (a case, a payment, a visit) was rated."""
        ...

    def find_rating(self, about: str, subject: UUID) -> Rating | None: ...
    def list_ratings(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[Rating]: ...
    def list_levels(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[Rating]:
        """All ratings from ``since`` till before ``until``, oldest first, without words and without who rated: for counting."""
        ...

    def file_complaint(self, complaint: Complaint, event: ComplaintEvent) -> None: ...
    def append(self, agency_id: UUID, event: ComplaintEvent) -> None:
        """Raises ``VersionTaken``."""
        ...

    def load(self, complaint_id: UUID) -> tuple[Complaint, list[ComplaintEvent]] | None: ...
    def list_complaints(
        self, agencies: Sequence[UUID], states: Sequence[str], limit: int
    ) -> list[tuple[Complaint, ComplaintEvent]]:
        """With the latest event; the nearest ``due_on`` first."""
        ...

    def list_of_subject(self, subject: UUID) -> list[tuple[Complaint, list[ComplaintEvent]]]: ...
    def list_against(self, staff_id: UUID, limit: int) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        """The newest that are against this member of the staff, at the agencies of the transaction; oldest first."""
        ...


class NoticeStore(Protocol):
    """Attempts to tell people something."""

    def add(self, attempt: NoticeAttempt) -> bool:
        """False if this very attempt (case, notice, rung, attempt, outcome) is there already."""
        ...

    def list_of(self, case_id: UUID) -> list[NoticeAttempt]: ...
    def list_tasks(self, agencies: Sequence[UUID], limit: int) -> list[NoticeAttempt]:
        """Letters to print and telephone calls to make: attempts whose latest outcome is ``open``; oldest first."""
        ...


class SlipRegister(Protocol):
    """Which slips were revoked: by their id, known to every agency (a certificate is shown anywhere)."""

    def revoke(self, agency_id: UUID, slip_id: str, reason: str, at: datetime) -> None:
        """The first reason and moment stay."""
        ...

    def is_revoked(self, slip_id: str) -> bool: ...
    def list_revoked(self) -> list[tuple[str, datetime]]: ...
