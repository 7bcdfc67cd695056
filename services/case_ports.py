"""What cases need from the world beside ``services/ports.py``: their stores, files, slips, documents, registers, text messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.calendar_record import CalendarStore
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
from services.model import JsonValue
from services.ports import ClaimStore, JobQueue
from services.staffing import Act


class CaseStore(Protocol):
    """Cases as appended events, with the line of each on every desk that works on it."""

    def next_number(self, agency_id: UUID, period: str) -> int:
        """The next number of this agency in this period, counted in this transaction: rolled back with it, so there is no gap."""
        ...

    def open(self, case: Case, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        """Raises ``VersionTaken`` if the case or its number exists."""
        ...

    def append(self, agency_id: UUID, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        """Append, and put these lines in the place of the case's lines. Raises ``VersionTaken`` if (case, version) exists."""
        ...

    def load(self, case_id: UUID) -> CaseRow | None: ...
    def find_by_number(self, case_no: str) -> CaseRow | None: ...
    def list_of_persons(
        self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID], limit: int, before: UUID | None
    ) -> list[CaseRow]:
        """Cases that these persons handed in or whose matter they are, and those of these organisations; newest first."""
        ...

    def list_of_principals(self, chains_hash: Sequence[bytes], limit: int) -> list[CaseRow]:
        """Cases whose applicant's number has one of these keyed hashes."""
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
        """Lines of these desks by urgency: the nearest ``due_on`` first, then the oldest receipt."""
        ...

    def load_lines(self, case_id: UUID) -> list[DeskLine]: ...
    def find_by_name(self, agencies: Sequence[UUID], name: str, limit: int) -> list[DeskLine]:
        """Lines of cases whose applicant has exactly this name (by keyed hash)."""
        ...

    def find_by_number_of(self, agencies: Sequence[UUID], number: str, limit: int) -> list[DeskLine]:
        """Lines of cases whose applicant has this identity number or credit code (by keyed hash)."""
        ...

    def list_open(self, after: UUID | None, limit: int) -> list[CaseRow]:
        """Open cases, for recomputing their clocks; oldest first."""
        ...


class DraftStore(Protocol):
    """What applicants have filled in so far; personal content is encrypted."""

    def save(self, draft: Draft) -> None:
        """Insert, or replace version - 1. Raises ``VersionTaken``."""
        ...

    def load(self, draft_id: UUID) -> Draft | None: ...
    def list_of_persons(self, person_ids: Sequence[UUID], limit: int) -> list[Draft]:
        """Those not handed in, newest first."""
        ...

    def discard(self, draft_id: UUID) -> None: ...


class FileIndex(Protocol):
    """Which files there are; their bytes lie in the ``FileStore``, encrypted."""

    def add(self, file: StoredFile) -> None: ...
    def load(self, file_id: UUID) -> StoredFile | None: ...
    def list_of(self, owner: UUID) -> list[StoredFile]: ...
    def remove(self, file_id: UUID) -> None:
        """From a draft, before it is handed in."""
        ...


class FileStore(Protocol):
    """Bytes in the government's store, by digest, encrypted at rest. Raises ``StoreUnavailable``."""

    def put(self, agency_id: UUID, content: bytes) -> str:
        """Keep; gives the SHA-256 (hex) of the content. The same content twice is kept once per agency."""
        ...

    def get(self, agency_id: UUID, digest: str) -> bytes:
        """The content, checked against its digest. Raises ``NotFound``, ``StoreUnavailable``."""
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
    def revoke(self, mandate_id: UUID, by: str, at: datetime) -> bool: ...
    def bind_agent(self, mandate_id: UUID, person_id: UUID) -> None:
        """The agent has proven who they are."""
        ...

    def list_of_agent(self, person_ids: Sequence[UUID]) -> list[Mandate]: ...
    def list_of_number(self, identity_number: str) -> list[Mandate]:
        """Mandates whose agent has this number and no account yet (by keyed hash)."""
        ...

    def list_of_principal(self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID]) -> list[Mandate]: ...


class RatingStore(Protocol):
    """Ratings, complaints and their events."""

    def rate(self, rating: Rating) -> None:
        """Raises ``VersionTaken`` if the subject was rated through this visit."""
        ...

    def find_rating(self, about: str, subject: UUID) -> Rating | None: ...
    def list_ratings(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[Rating]: ...
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
    """Which slips were revoked: by their id."""

    def revoke(self, agency_id: UUID, slip_id: str, reason: str, at: datetime) -> None: ...
    def is_revoked(self, slip_id: str) -> bool: ...
    def list_revoked(self) -> list[tuple[str, datetime]]: ...


class CaseTransaction(Protocol):
    """The part of a transaction that works on cases: that of the public and worker role, and that of the console."""

    cases: CaseStore
    drafts: DraftStore
    files: FileIndex
    mandates: MandateStore
    ratings: RatingStore
    notices: NoticeStore
    slips: SlipRegister
    calendars: CalendarStore
    claims: ClaimStore
    jobs: JobQueue


class CaseHouse(Protocol):
    """A store that begins such transactions. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[CaseTransaction]: ...


class ActAppender(Protocol):
    """The book of acts of a console's transaction."""

    def append(self, act: Act) -> None: ...


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything shown on paper or screen as one code: ``services/slips.py`` has the kinds and their claims.

    ``slip_id`` names it for revocation; ``kind``: case_receipt, payment_receipt, certificate, collection_code, voucher. ``claims``
    hold no name and no number of a person.
    """

    slip_id: str
    kind: str
    claims: Mapping[str, JsonValue]
    issued_at: datetime
    expires_at: datetime | None = None


class SlipPress(Protocol):
    """Signs and reads slips (CWT, RFC 8392; COSE, RFC 9052). Raises ``ConfigurationFault`` if the issuing key is missing."""

    def sign(self, slip: Slip) -> str:
        """The text of the QR code: an address of the verification page with the slip in it."""
        ...

    def read(self, text: str, now: datetime) -> Slip:
        """Verify and read. Raises ``SlipRefused`` (form, key, signature, expired, not_yet); revocation is the caller's question."""
        ...

    def public_keys(self) -> JsonValue:
        """The published keys, with ids and validity, as JSON."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What a document says: title, addressee, paragraphs, lines (label, value), who signs, its date, its slip. Chinese first."""

    kind: str
    title: str
    number: str
    addressee: str
    paragraphs: Sequence[str]
    lines: Sequence[tuple[str, str]]
    organ: str
    dated_on: date
    slip: str


class Printer(Protocol):
    """Sets a letter or certificate in Chinese type and signs it (PAdES). Only the worker has one."""

    def print(self, letter: Letter, signed_at: datetime) -> bytes:
        """A PDF. Raises ``ConfigurationFault`` if the issuing key is missing."""
        ...


class TextMessages(Protocol):
    """Text messages (短信) by the government's provider: least content, in its own words by template name."""

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> str:
        """Send; gives the provider's receipt. Idempotent by ``message_id``. Raises the errors of a back end."""
        ...

    def ask(self, message_id: str) -> str:
        """``delivered``, ``failed`` or ``sent`` (no word yet). Raises the errors of a back end."""
        ...


@dataclass(frozen=True, slots=True)
class RegisteredOrganisation:
    """What the business register says of a credit code. ``representative_number`` is the legal representative's identity number."""

    credit_code: str
    name: str
    status: str
    """in_business, revoked, cancelled."""
    representative_name: str
    representative_number: str


class OrganisationRegister(Protocol):
    """The business register."""

    def find(self, credit_code: str, request_id: str) -> RegisteredOrganisation | None:
        """The entry of a credit code. Raises the errors of a back end."""
        ...


class FamilyRegister(Protocol):
    """The population register's word on kinship."""

    def is_parent(self, parent_number: str, child_number: str, request_id: str) -> bool:
        """Whether one is registered as a parent of the other. Raises the errors of a back end."""
        ...


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How case numbers look: ``{agency}``, ``{service}``, ``{date}`` (YYYYMMDD), ``{year}``, ``{number}`` (of six digits or more), ``{check}`` (MOD 11,10)."""

    pattern: str = "{agency}{date}{number}{check}"


MakeId = Callable[[], UUID]
