"""What cases need from the world beside ``services/ports.py``: their stores, files, slips, documents, registers, text messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services import case_stores
from services.alert_record import AlertStore
from services.calendar_record import CalendarStore
from services.model import JsonValue
from services.month_record import MonthStore
from services.ports import ClaimStore, IdentityRegister, JobQueue
from services.slowness_record import SlownessStore
from services.staffing import Act

CaseStore = case_stores.CaseStore
DraftStore = case_stores.DraftStore
FileIndex = case_stores.FileIndex
MandateStore = case_stores.MandateStore
RatingStore = case_stores.RatingStore
NoticeStore = case_stores.NoticeStore
SlipRegister = case_stores.SlipRegister
"""The stores of cases: ``services/case_stores.py``."""


class FileStore(Protocol):
    """Bytes in the government's store, by digest, encrypted at rest. Raises ``StoreUnavailable``."""

    def put(self, agency_id: UUID, content: bytes) -> str:
        """Keep; gives the SHA-256 (hex) of the content. The same content twice is kept once per agency."""
        ...

    def get(self, agency_id: UUID, digest: str) -> bytes:
        """The content, checked against its digest. Raises ``NotFound``, ``StoreUnavailable``."""
        ...


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """What uploaded bytes are, by their content. ``content`` is what is kept: without what a telephone hangs behind a picture."""

    media_type: str
    pages: int
    content: bytes


class FileJudge(Protocol):
    """Looks into uploaded bytes, in a process of its own."""

    def judge(self, content: bytes) -> JudgedFile:
        """A JPEG, PNG or PDF that is whole, inert and of bearable size.

        Raises ``FileRefused`` with its rule (type, size, pages, active, encrypted, damaged, bomb), ``StoreUnavailable`` if nobody
        can look now.
        """
        ...


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
    alerts: AlertStore
    months: MonthStore
    slowness: SlownessStore


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
    """What a document says: title, addressee, paragraphs, lines (label, value), who signs, its date, its slip. Chinese first.

    ``kind``: one of ``services/case_letters.py``; ``slip`` is the text of its code.
    """

    kind: str
    title: str
    number: str
    addressee: str
    paragraphs: Sequence[str]
    lines: Sequence[tuple[str, str]]
    organ: str
    dated_on: date
    slip: str
    summary: str = ""
    """The same in a few English sentences."""


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
class Registers:
    """The registers that say who may act for whom: of organisations, of families, of people."""

    organisations: OrganisationRegister
    families: FamilyRegister
    people: IdentityRegister


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How case numbers look: ``{agency}``, ``{service}``, ``{date}`` (YYYYMMDD), ``{year}``, ``{number}`` (of six digits or more), ``{check}`` (MOD 11,10)."""

    pattern: str = "{agency}{date}{number}{check}"


MakeId = Callable[[], UUID]
