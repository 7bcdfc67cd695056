"""The plugs in the wall: what the services need from the world, as protocols. Adapters implement them.

A store is used in transactions (``with store.begin(agencies) as tx``): commits at the end of the block, rolls back on any
exception. No call to a platform or back end happens inside one; the door and the connectors assert it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services import platform_port
from services.alert_record import AlertStore
from services.application_record import ApplicationStore
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
from services.census_record import CensusStore
from services.consent_record import ConsentStore
from services.exposure import Exposure, Outcome, Trail
from services.mail_record import MailStore
from services.model import (
    BackEndAddress,
    Household,
    JsonValue,
    Login,
    MerchantAccount,
    Payment,
    PaymentEvent,
    Person,
    PlatformApp,
    PlatformName,
    PlatformUser,
    RegisterEntry,
    Session,
)
from services.month_record import MonthStore
from services.reading_record import ReadingStore
from services.rights_record import RightsStore
from services.slowness_record import SlownessStore

Platform = platform_port.Platform
"""One shop in which the counter stands."""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...


class ExposureLog(Protocol):
    """The ledger. ``append`` returns only after its own commit, on its own connection."""

    def append(self, exposures: Sequence[Exposure]) -> list[UUID]:
        """Record what may be seen, before it can be. Raises ``ExposureUnavailable``; then nothing may leave."""

    def append_outcome(
        self, record_id: UUID, agency_id: UUID, outcome: Outcome, status: int | None, received: Exposure | None
    ) -> None:
        """Record what became of a call and, in the same commit, what the platform answered. Raises ``ExposureUnavailable``."""

    def attribute(self, trail: Trail, chain: UUID) -> None:
        """Record whom the records of a trail concern, now that it is known, and empty it. Raises ``ExposureUnavailable``."""

    def publish(self, agency_id: UUID, release: str, manifest: Mapping[str, str]) -> None:
        """Record the digests of all published bodies of a release as one leaf, once per distinct manifest."""


class BackEnd(Protocol):
    """A government back end or utility behind a mapping's connector."""

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        """Run one mapped operation and give its mapped result; request id, purpose and case number go along as headers.

        Raises ``BackEndRefused`` (with the mapping's error name), ``BackEndUnreachable``, ``BackEndOutcomeUnknown``,
        ``BackEndGarbled``.
        """
        ...


class IdentityRegister(Protocol):
    """The population register."""

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        """The entry of an identity number, or None. Raises the errors of a back end."""
        ...


class FaceCheck(Protocol):
    """Proof of possession by a face check at a certified provider."""

    def verify(self, real_name: str, identity_number: str, evidence: str, request_id: str) -> bool:
        """Whether the person in front of the camera is this one."""
        ...


class SessionStore(Protocol):
    """Sessions, by a hash of their token. Losing it logs people out and nothing else. Raises ``CacheUnavailable``."""

    def save(self, token: str, session: Session) -> None: ...
    def load(self, token: str) -> Session | None: ...
    def delete(self, session_id: UUID) -> None: ...
    def delete_login(self, login_id: UUID) -> None:
        """End every session of one login."""
        ...


class Revocations(Protocol):
    """What was ended before its time. Raises ``CacheUnavailable``: then nothing of this kind may be believed."""

    def add(self, kind: str, name: str, expires_at: datetime) -> None: ...
    def holds(self, kind: str, name: str) -> bool: ...


class RateLimiter(Protocol):
    """Counts acts per subject in a sliding window. Raises ``TooManyRequests``, ``CacheUnavailable``."""

    def spend(self, rule: str, subject: str, limit: int, window_seconds: int) -> None: ...


class TokenCache(Protocol):
    """One shared platform token for all processes. Raises ``CacheUnavailable``."""

    def load(self, key: str) -> str | None: ...
    def save(self, key: str, value: str, seconds: int) -> None: ...
    def drop(self, key: str, value: str) -> None:
        """Forget the value if it is still this one."""
        ...


class Secrets(Protocol):
    """Secrets by name."""

    def read(self, name: str) -> bytes:
        """The value; raises ``ConfigurationFault`` that names the secret."""
        ...


class KeyedHash(Protocol):
    """Keyed hashes, so that what is looked up or limited by a personal value never stands anywhere in clear."""

    def lookup_hash(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA256 of ``value`` under the key of this purpose; the same for the same value."""
        ...


class PersonStore(Protocol):
    """Persons, their logins, and what has been proven of them. Personal fields are encrypted, looked up by keyed hash."""

    def find_login(self, platform: PlatformName, app: str, user_id: str) -> Login | None: ...
    def open_person(self, agency_id: UUID, at: datetime) -> Person: ...
    def add_login(
        self, person: Person, platform: PlatformName, app: str, user: PlatformUser, at: datetime
    ) -> tuple[Login, bool]:
        """Join a platform identity to a person: (login, True), or (the login that another request made first, False)."""
        ...

    def load(self, person_id: UUID) -> Person: ...
    def load_login(self, login_id: UUID) -> Login: ...
    def list_logins(self, person_id: UUID) -> list[Login]: ...
    def record_phone(self, person_id: UUID, phone: str, at: datetime) -> None: ...
    def find_by_identity(self, identity_number: str) -> Person | None: ...
    def find_chain(self, agency_id: UUID, identity_number: str, at: datetime, *, account: bool = True) -> UUID:
        """The chain id of whoever has this number, the account's if it has one; else, or if not asked for, the number's own."""

    def record_identity(self, person_id: UUID, real_name: str, identity_number: str, at: datetime) -> None:
        """Raise the person to real-name; the number's own chain becomes theirs too. A loser of a race gets ``Conflict``."""
        ...

    def join(self, person_id: UUID, into: UUID, at: datetime) -> None:
        """All logins and bindings of one account pass to another of the same human; an event names both."""
        ...

    def hold(self, person_id: UUID) -> None:
        """Hold the account till the end of the transaction, so that what is decided upon its log-ins stays true. Raises ``NotFound``."""
        ...

    def revoke_login(self, login_id: UUID, at: datetime) -> None: ...
    def restore_login(self, login_id: UUID, at: datetime) -> None: ...
    def list_events(self, person_id: UUID, limit: int) -> list[tuple[datetime, str, Mapping[str, JsonValue]]]:
        """What happened to the account: new logins, joins, revocations; newest first."""
        ...

    def joined_ids(self, person_id: UUID) -> list[UUID]:
        """This person and every account that was joined into it."""
        ...

    def list_chains(self, person_id: UUID) -> list[UUID]:
        """Every chain id of this human: the account's, those of joined accounts, the proven number's. An erased one is left out."""


class HouseholdStore(Protocol):
    """Households and who has bound them."""

    def bind(
        self, agency_id: UUID, service: str, household_no: str, holder_name: str, address: str, person_id: UUID,
        at: datetime,
    ) -> Household:  # fmt: skip
        """Bind a household to a person; one household has one row and one chain id for its holder, however many bind it."""
        ...

    def unbind(self, household_id: UUID, person_id: UUID, at: datetime) -> bool: ...
    def list_bound(self, person_id: UUID) -> list[Household]: ...
    def find_chain(self, agency_id: UUID, service: str, household_no: str, at: datetime) -> UUID:
        """The chain id that stands for the holder of this household, made if it is new: a search exposes the holder too."""
        ...


class PaymentStore(Protocol):
    """Payments as appended events."""

    def open(self, payment: Payment, event: PaymentEvent) -> None:
        """Raises ``VersionTaken`` if the payment exists."""
        ...

    def append(self, agency_id: UUID, event: PaymentEvent) -> None:
        """Raises ``VersionTaken`` if (payment, version) exists."""
        ...

    def load(self, payment_id: UUID) -> tuple[Payment, list[PaymentEvent]] | None: ...
    def find_by_order(self, order_no: str) -> tuple[Payment, list[PaymentEvent]] | None: ...
    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[tuple[Payment, list[PaymentEvent]]]:
        """Whole files of a page, newest first; those made on one platform, if it is named. Two queries, however many."""
        ...


class ClaimStore(Protocol):
    """What must be unique, in small unpartitioned tables: claim before effect."""

    def take(self, agency_id: UUID, kind: str, key: str, owner: UUID, at: datetime) -> UUID:
        """Claim (kind, key) for ``owner``, or learn who has it: returns the owner in force."""
        ...

    def release(self, agency_id: UUID, kind: str, key: str, owner: UUID) -> None: ...
    def find(self, agency_id: UUID, kind: str, key: str) -> UUID | None:
        """Who has (kind, key), if anybody; claims nothing."""
        ...


class IdempotencyStore(Protocol):
    """Idempotency keys of one person with the reply that they gave. Replies are encrypted."""

    def is_answered(self, agency_id: UUID, person_id: UUID, key: str, body_digest: str) -> bool:
        """Whether this key has given its reply to this very request; claims nothing."""

    def take(
        self, agency_id: UUID, person_id: UUID, key: str, body_digest: str, payment_id: UUID, at: datetime
    ) -> tuple[UUID, str, bytes | None]:
        """Claim a key: returns (payment id in force, digest in force, recorded reply or None)."""
        ...

    def record_reply(self, agency_id: UUID, person_id: UUID, key: str, reply: bytes) -> bytes:
        """Keep the reply unless there is one; returns the one in force."""
        ...


class JobQueue(Protocol):
    """Durable work, enqueued in the same transaction as the fact that causes it."""

    def enqueue(self, task: str, agency_id: UUID, subject: UUID) -> None:
        """Run ``task`` for this subject now; a second request for the same waiting job changes nothing."""
        ...

    def schedule(self, task: str, agency_id: UUID, subject: UUID, due_at: datetime) -> None:
        """Run ``task`` at or after ``due_at`` by the clock port; an earlier schedule of the same is replaced."""
        ...


class DueWork(Protocol):
    """What the worker does beside its jobs; only the worker's role may."""

    def move_due(self, at: datetime, limit: int) -> int:
        """Turn up to ``limit`` pieces of work that are due at ``at`` into jobs; returns how many."""

    def extend_months(self) -> int:
        """Make month partitions ahead; returns how many are new."""

    def forget_finished(self, until: datetime, limit: int) -> int:
        """Delete at most ``limit`` rows of each kind that may go and were finished at ``until``; returns how many."""

    def forget_drafts(self, until: datetime, limit: int) -> int:
        """Delete at most ``limit`` drafts that nobody has touched since ``until``, with their files, and as many files of nothing; how many."""

    def tally_exposures(self) -> bool:
        """Count a further part of what platforms saw, for the console's first page and the privacy officer; whether more is left."""

    def look_into_breaches(self) -> bool:
        """Find who is affected for one sheet that waits; whether there was one."""


class Transaction(Protocol):
    """One database transaction, limited to the agencies with which it was begun."""

    persons: PersonStore
    households: HouseholdStore
    payments: PaymentStore
    applications: ApplicationStore
    claims: ClaimStore
    idempotency: IdempotencyStore
    jobs: JobQueue
    cases: CaseStore
    drafts: DraftStore
    files: FileIndex
    mandates: MandateStore
    ratings: RatingStore
    notices: NoticeStore
    slips: SlipRegister
    calendars: CalendarStore
    alerts: AlertStore
    mails: MailStore
    readings: ReadingStore
    months: MonthStore
    census: CensusStore
    slowness: SlownessStore
    consents: ConsentStore
    rights: RightsStore


class Store(Protocol):
    """The government store. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[Transaction]: ...


class Directory(Protocol):
    """Agencies, apps, merchants and back ends of this environment, read at start and reloaded when they change."""

    def root_agency(self) -> UUID: ...
    def agency_id(self, slug: str) -> UUID: ...
    def all_agencies(self) -> tuple[UUID, ...]: ...
    def agency_names(self) -> Mapping[UUID, tuple[str, str]]:
        """What each agency is called, in Chinese and in English."""
        ...

    def parent_of(self, agency_id: UUID) -> UUID | None:
        """The agency above; None for the root."""
        ...

    def find_app(self, platform: PlatformName, app_id: str) -> PlatformApp | None: ...
    def app_named(self, app: str) -> PlatformApp: ...
    def merchant_for(self, agency_id: UUID, app: PlatformApp, payee: str) -> MerchantAccount | None:
        """Where this payee's money arrives from this mini-program: a payer's id, and so an order, belongs to one app."""
        ...

    def merchant_named(self, account: str) -> MerchantAccount | None: ...
    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress: ...


class ExposureReader(Protocol):
    """What a citizen may read of the ledger."""

    def list_of_chains(
        self, chains: Sequence[UUID], platform: PlatformName, limit: int, before: UUID | None
    ) -> list[Mapping[str, JsonValue]]:
        """Leaves (parsed) that concern these persons on this platform, newest first, each with its outcome if known."""
        ...


class OverviewReader(Protocol):
    """Counts for the console: no person, no value, only how many."""

    def count_payments(self, since: datetime) -> list[tuple[str, str, int, int]]:
        """Service, state, number of payments in it now, their fen: those opened since then, and older ones that need a look."""

    def count_exposures(self, since: datetime) -> list[tuple[str, str, str, int]]:
        """Platform, direction, field name, number of ledger records since then, or since the beginning of that hour."""
        ...


class Ping(Protocol):
    """One dependency that ``/ready`` asks about."""

    name: str

    def ping(self) -> None:
        """Raises whatever is wrong."""
        ...
