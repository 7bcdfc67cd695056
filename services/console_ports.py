"""What the console needs from the world beside ``services/ports.py``: staff, their acts, sessions, passwords, mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.alert_record import AlertStore
from services.application_record import ApplicationStore
from services.audit_record import AuditStore
from services.calendar_record import CalendarStore
from services.case_stores import (
    CaseStore,
    DraftStore,
    FileIndex,
    MandateStore,
    NoticeStore,
    RatingStore,
    SlipRegister,
)
from services.cash_till import TillStore
from services.census_record import CensusStore
from services.consent_record import ConsentStore
from services.mapping_record import MappingStore
from services.month_record import MonthStore
from services.ports import ClaimStore, JobQueue
from services.privacy_record import PrivacyStore
from services.reading_record import ReadingStore
from services.rights_record import RightsStore
from services.slowness_record import SlownessStore
from services.staffing import Act, AgencyTree, Role, RoleHeld, StaffMember
from services.window_record import WindowPayments


class PersonKey(StrEnum):
    """By what a person may be looked for."""

    IDENTITY_NUMBER = "identity_number"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class PaymentSummary:
    """One payment as a clerk's list shows it."""

    agency_id: UUID
    payment_id: UUID
    service: str
    order_no: str
    amount_fen: int
    created_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One console session: ids and moments only. ``method`` is ``local`` or ``provider``; it ends at ``ends_at``, or earlier if idle."""

    staff_id: UUID
    method: str
    created_at: datetime
    ends_at: datetime
    idle_until: datetime


class StaffStore(Protocol):
    """Staff and roles. Every change is an appended event beside the row; passwords and one-time secrets never leave it in clear."""

    def hold(self) -> None:
        """Hold the organisation till the end of the transaction: what is decided upon all roles (the last administrator) stays true."""

    def add(self, member: StaffMember, by: UUID | None) -> None:
        """Raises ``Conflict`` if the login or the subject is taken."""

    def load(self, staff_id: UUID) -> StaffMember | None: ...
    def find_by_login(self, login: str) -> StaffMember | None: ...
    def find_by_subject(self, subject: str) -> StaffMember | None: ...
    def list_members(self) -> list[StaffMember]: ...
    def move(self, staff_id: UUID, agency_id: UUID, by: UUID | None, at: datetime) -> None: ...
    def suspend(self, staff_id: UUID, by: UUID | None, at: datetime) -> None: ...
    def restore(self, staff_id: UUID, by: UUID | None, at: datetime) -> None: ...
    def bind_subject(self, staff_id: UUID, subject: str, by: UUID | None, at: datetime) -> None: ...
    def set_password(self, staff_id: UUID, password_hash: str, by: UUID | None, at: datetime) -> None: ...
    def set_one_time_secret(self, staff_id: UUID, secret: str, by: UUID | None, at: datetime) -> None: ...
    def read_credentials(self, staff_id: UUID) -> tuple[str | None, str | None]:
        """The argon2 hash of the password and the secret of the one-time codes, each None if not set."""
        ...

    def use_code(self, staff_id: UUID, step: int) -> bool:
        """Claim one time step of the one-time code: False if this or a later one was used before (RFC 6238 §5.2)."""
        ...

    def grant(self, held: RoleHeld, by: UUID | None) -> None: ...
    def revoke(self, grant_id: UUID, by: UUID | None, at: datetime) -> None: ...
    def list_roles(self, staff_id: UUID | None = None) -> list[RoleHeld]:
        """Roles in force or to come, of one or of all."""
        ...

    def holders(self, role: Role) -> list[RoleHeld]: ...
    def set_identity(self, staff_id: UUID, number: str, by: UUID | None, at: datetime) -> None:
        """Keep a keyed hash of the member's identity number, so that nobody handles a matter of their own. Raises ``NotFound``."""
        ...

    def has_identity(self, staff_id: UUID) -> bool:
        """Whether the member's identity number was set."""
        ...

    def identity_matches(self, staff_id: UUID, numbers: Sequence[str]) -> bool:
        """Whether one of these identity numbers is the member's own; False where none was set."""
        ...


class ActStore(Protocol):
    """What the staff did and read: appended only."""

    def append(self, act: Act) -> None: ...
    def list_acts(
        self, limit: int, before: UUID | None, *, staff_id: UUID | None = None, subject_id: str | None = None,
        act: str | None = None,
    ) -> list[Act]:  # fmt: skip
        """Newest first, within the agencies of the transaction."""
        ...


class PeopleIndex(Protocol):
    """Whose an identity number or a phone number is: ids only, and payments without a person in them."""

    def find_persons(self, key: PersonKey, value: str) -> list[UUID]:
        """Every account of whoever has this number, joined ones included; none if nobody has.

        Accounts belong to the agency whose app was used: the transaction must have been begun with all agencies.
        """
        ...

    def list_payments(self, person_ids: Sequence[UUID], limit: int) -> list[PaymentSummary]:
        """Payments of these accounts within the agencies of the transaction, newest first."""
        ...


class WindowAccounts(Protocol):
    """Accounts as the window may touch them: written, never read. The transaction must have been begun with all agencies."""

    def verify(self, person_id: UUID, real_name: str, identity_number: str, at: datetime) -> UUID:
        """Raise an account to verified-at-window and give it this name and number, if it has none; gives the account that it is by now.

        Raises ``NotFound``, ``PersonMismatch`` if it has proven another number, ``Conflict`` if another account has this one.
        """
        ...

    def list_chains(self, person_ids: Sequence[UUID], identity_number: str) -> list[UUID]:
        """The chain ids of these accounts and of this number: those whose link exists, no others."""
        ...


class ConsoleTransaction(Protocol):
    """One transaction of the console's role, limited to the agencies with which it was begun; also a ``CaseTransaction``."""

    staff: StaffStore
    acts: ActStore
    mappings: MappingStore
    applications: ApplicationStore
    people: PeopleIndex
    accounts: WindowAccounts
    cases: CaseStore
    drafts: DraftStore
    files: FileIndex
    mandates: MandateStore
    ratings: RatingStore
    notices: NoticeStore
    slips: SlipRegister
    calendars: CalendarStore
    payments: WindowPayments
    tills: TillStore
    claims: ClaimStore
    jobs: JobQueue
    months: MonthStore
    alerts: AlertStore
    readings: ReadingStore
    audit: AuditStore
    census: CensusStore
    slowness: SlownessStore
    privacy: PrivacyStore
    consents: ConsentStore
    rights: RightsStore


class ConsoleStore(Protocol):
    """The government store as the console may use it. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[ConsoleTransaction]: ...
    def agency_tree(self) -> AgencyTree: ...


class StaffSessions(Protocol):
    """Console sessions in Redis, by a hash of their token: ids only. Raises ``CacheUnavailable``."""

    def save(self, token: str, session: StaffSession) -> None:
        """Keep it, or keep it for longer."""
        ...

    def load(self, token: str) -> StaffSession | None:
        """The session; None if it has ended by the clock, was idle for too long, or never was."""
        ...

    def delete(self, token: str) -> None: ...
    def delete_all(self, staff_id: UUID) -> None:
        """End every session of one person: suspended, moved, password or roles changed."""
        ...


class IdentityProvider(Protocol):
    """The government's OpenID provider: authorization code with PKCE, nonce and state, all derived from one random ``seed``."""

    def start(self, seed: str) -> str:
        """The address to which the browser goes. Raises ``BackEndError`` if the provider cannot be asked."""
        ...

    def finish(self, seed: str, answer: Mapping[str, str]) -> str:
        """The verified ``sub`` behind the provider's answer. Raises ``NotSignedIn`` for any that does not hold, ``BackEndError``."""
        ...


class PasswordHasher(Protocol):
    """argon2id (RFC 9106)."""

    def hash(self, password: str) -> str: ...
    def verify(self, hashed: str | None, password: str) -> bool:
        """False for a wrong password; takes as long for a hash that does not exist."""
        ...


class OneTimeCodes(Protocol):
    """Time-based one-time codes (RFC 6238, SHA-1, 6 digits, 30 s)."""

    def make_secret(self) -> str: ...
    def describe(self, secret: str, login: str) -> str:
        """The ``otpauth://`` address that an authenticator app reads from a QR code."""
        ...

    def code_at(self, secret: str, at: datetime) -> str:
        """The code of this moment: for demo and test, where nobody holds a phone."""
        ...

    def matching_step(self, secret: str, code: str, at: datetime) -> int | None:
        """The time step that this code belongs to, one step of leeway either way; None if none does."""
        ...
