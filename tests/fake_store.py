"""A government store in memory with real transactions: one at a time, all or nothing, only the agencies that were named."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from uuid import UUID, uuid4

from adapters.boundary import transaction_scope
from services.alert_record import AlertStore
from services.application_record import Application, ApplicationEvent, ApplicationStore
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
from services.errors import Conflict, NotFound, StoreUnavailable, VersionTaken
from services.mail_record import MailStore
from services.model import (
    Assurance,
    Household,
    JsonValue,
    Login,
    Payment,
    PaymentEvent,
    Person,
    PlatformName,
    PlatformUser,
)
from services.month_record import MonthStore
from services.ports import ClaimStore, HouseholdStore, IdempotencyStore, JobQueue, PaymentStore, PersonStore
from services.reading_record import ReadingStore
from services.rights_record import RightsStore
from services.slowness_record import SlownessStore
from tests.fake_alerts import FakeAlerts
from tests.fake_applications import FakeApplications
from tests.fake_case_books import FakeCalendars, FakeMandates, FakeNotices, FakeRatings, FakeSlips
from tests.fake_case_tables import CaseTables, FakeCases, FakeDrafts, FakeFileIndex
from tests.fake_census import FakeCensus
from tests.fake_consents import ConsentBooks, FakeConsents
from tests.fake_faults import Faults
from tests.fake_mails import FakeMails, MailTables
from tests.fake_months import FakeMonths
from tests.fake_readings import FakeReadings
from tests.fake_rights import FakeRights, RightsBooks
from tests.fake_slowness import FakeSlowness


@dataclass
class Tables:
    """Everything that a commit keeps."""

    persons: dict[UUID, Person] = field(default_factory=dict)
    logins: dict[UUID, Login] = field(default_factory=dict)
    joined: dict[UUID, UUID] = field(default_factory=dict)
    person_events: list[tuple[UUID, datetime, str, Mapping[str, JsonValue]]] = field(default_factory=list)
    households: dict[UUID, Household] = field(default_factory=dict)
    chains: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)
    bindings: set[tuple[UUID, UUID]] = field(default_factory=set)
    payments: dict[UUID, Payment] = field(default_factory=dict)
    events: dict[UUID, list[PaymentEvent]] = field(default_factory=dict)
    applications: dict[UUID, Application] = field(default_factory=dict)
    application_events: dict[UUID, list[ApplicationEvent]] = field(default_factory=dict)
    claims: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)
    keys: dict[tuple[UUID, UUID, str], tuple[UUID, str, bytes | None]] = field(default_factory=dict)
    queue: list[tuple[str, UUID, UUID]] = field(default_factory=list)
    due: dict[tuple[str, UUID, UUID], datetime] = field(default_factory=dict)
    counter: CaseTables = field(default_factory=CaseTables)
    mail: MailTables = field(default_factory=MailTables)
    consents: ConsentBooks = field(default_factory=ConsentBooks)
    rights: RightsBooks = field(default_factory=RightsBooks)

    def snapshot(self) -> Tables:
        """The tables as they are; rows are immutable, so copying the containers is enough."""
        kept = {one.name: copy.copy(getattr(self, one.name)) for one in fields(self)}
        for name in ("events", "application_events"):
            kept[name] = {key: list(events) for key, events in kept[name].items()}
        kept["counter"] = self.counter.snapshot()
        kept["mail"] = self.mail.snapshot()
        kept["consents"] = self.consents.snapshot()
        kept["rights"] = self.rights.snapshot()
        return Tables(**kept)


class FakeStore:
    """Implements ``ports.Store``. ``down`` makes every transaction fail; ``faults`` may kill the caller around a commit."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.tables = Tables()
        self.down = False
        self.faults = faults or Faults()
        self._lock = threading.RLock()

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[FakeTransaction]:
        if self.down:
            raise StoreUnavailable
        with self._lock, transaction_scope():
            before = self.tables.snapshot()
            try:
                yield FakeTransaction(self.tables, frozenset(agencies))
                self.faults.before("commit")
            except BaseException:
                self.tables = before
                raise
        self.faults.after("commit")


class FakeTransaction:
    """One transaction on the tables."""

    def __init__(self, tables: Tables, agencies: frozenset[UUID]) -> None:
        self.persons: PersonStore = FakePersons(tables, agencies)
        self.households: HouseholdStore = FakeHouseholds(tables, agencies)
        self.payments: PaymentStore = FakePayments(tables, agencies)
        self.applications: ApplicationStore = FakeApplications(tables, agencies)
        self.claims: ClaimStore = FakeClaims(tables, agencies)
        self.idempotency: IdempotencyStore = FakeIdempotency(tables, agencies)
        self.jobs: JobQueue = FakeJobs(tables, agencies)
        self.cases: CaseStore = FakeCases(tables.counter, agencies)
        self.drafts: DraftStore = FakeDrafts(tables.counter, agencies)
        self.files: FileIndex = FakeFileIndex(tables.counter, agencies)
        self.mandates: MandateStore = FakeMandates(tables.counter, agencies, self.persons)
        self.ratings: RatingStore = FakeRatings(tables.counter, agencies)
        self.notices: NoticeStore = FakeNotices(tables.counter, agencies)
        self.slips: SlipRegister = FakeSlips(tables.counter, agencies)
        self.calendars: CalendarStore = FakeCalendars(tables.counter, agencies)
        self.mails: MailStore = FakeMails(tables.mail, agencies)
        self.alerts: AlertStore = FakeAlerts(tables.counter, agencies)
        self.months: MonthStore = FakeMonths(tables.counter, agencies)
        self.readings: ReadingStore = FakeReadings(tables.counter, agencies)
        self.census: CensusStore = FakeCensus(tables.counter, agencies)
        self.slowness: SlownessStore = FakeSlowness(tables.counter, agencies)
        self.consents: ConsentStore = FakeConsents(tables.consents, lambda: tables.persons, lambda: tables.joined)
        self.rights: RightsStore = FakeRights(tables.rights)


class _Rows:
    """Rows of the agencies of this transaction; a row of another agency cannot be written."""

    def __init__(self, tables: Tables, agencies: frozenset[UUID]) -> None:
        self.tables, self.agencies = tables, agencies

    def _require(self, agency_id: UUID) -> None:
        if agency_id not in self.agencies:
            raise AssertionError("row-level security: this transaction does not act for that agency")


class FakePersons(_Rows):
    """Implements ``ports.PersonStore``."""

    def find_login(self, platform: PlatformName, app: str, user_id: str) -> Login | None:
        same = [
            row
            for row in self.tables.logins.values()
            if (row.platform, row.app, row.user_id) == (platform, app, user_id)
        ]
        return next((row for row in same if row.agency_id in self.agencies), None)

    def open_person(self, agency_id: UUID, at: datetime) -> Person:
        self._require(agency_id)
        person = Person(uuid4(), agency_id, uuid4(), Assurance.ANONYMOUS, at)
        self.tables.persons[person.person_id] = person
        return person

    def add_login(
        self, person: Person, platform: PlatformName, app: str, user: PlatformUser, at: datetime
    ) -> tuple[Login, bool]:
        known = self.find_login(platform, app, user.user_id)
        if known is not None:
            return known, False
        login = Login(uuid4(), person.agency_id, person.person_id, platform, app, user.user_id, at)
        self.tables.logins[login.login_id] = login
        self._note(person.person_id, at, "login_added", {"login_id": str(login.login_id)})
        return login, True

    def load(self, person_id: UUID) -> Person:
        person = self.tables.persons.get(person_id)
        if person is None or person.agency_id not in self.agencies:
            raise NotFound
        return person

    def load_login(self, login_id: UUID) -> Login:
        login = self.tables.logins.get(login_id)
        if login is None or login.agency_id not in self.agencies:
            raise NotFound
        return login

    def list_logins(self, person_id: UUID) -> list[Login]:
        return [row for row in self.tables.logins.values() if row.person_id == person_id]

    def record_phone(self, person_id: UUID, phone: str, at: datetime) -> None:
        person = self.load(person_id)
        level = max(person.assurance, Assurance.PHONE)
        self.tables.persons[person.person_id] = replace(person, phone=phone, assurance=level)
        self._note(person_id, at, "phone_proven", {})

    def find_by_identity(self, identity_number: str) -> Person | None:
        return next((row for row in self.tables.persons.values() if row.identity_number == identity_number), None)

    def find_chain(self, agency_id: UUID, identity_number: str, at: datetime, *, account: bool = True) -> UUID:
        self._require(agency_id)
        holder = self.find_by_identity(identity_number) if account else None
        return holder.chain_id if holder else self._chain_of(agency_id, identity_number)

    def _chain_of(self, agency_id: UUID, identity_number: str) -> UUID:
        return self.tables.chains.setdefault((agency_id, "identity", identity_number), uuid4())

    def record_identity(self, person_id: UUID, real_name: str, identity_number: str, at: datetime) -> None:
        known = self.find_by_identity(identity_number)
        if known is not None and known.person_id != person_id:
            raise Conflict
        person = self.load(person_id)
        level = max(person.assurance, Assurance.REAL_NAME)
        changed = replace(person, real_name=real_name, identity_number=identity_number, assurance=level)
        self.tables.persons[person.person_id] = changed
        self._note(person_id, at, "identity_proven", {})
        if person.identity_number is None:
            self._chain_of(person.agency_id, identity_number)
            self._note(person_id, at, "chain_adopted", {})

    def join(self, person_id: UUID, into: UUID, at: datetime) -> None:
        for login in self.list_logins(person_id):
            self.tables.logins[login.login_id] = replace(login, person_id=into)
        self.tables.bindings = {(house, into if who == person_id else who) for house, who in self.tables.bindings}
        flat = {who: into if end == person_id else end for who, end in self.tables.joined.items()}
        self.tables.joined = flat | {person_id: into}
        self._note(into, at, "account_joined", {"from": str(person_id), "into": str(into)})

    def hold(self, person_id: UUID) -> None:
        self.load(person_id)

    def revoke_login(self, login_id: UUID, at: datetime) -> None:
        login = self.load_login(login_id)
        self.tables.logins[login_id] = replace(login, revoked_at=at)
        self._note(login.person_id, at, "login_revoked", {"login_id": str(login_id)})

    def restore_login(self, login_id: UUID, at: datetime) -> None:
        login = self.load_login(login_id)
        self.tables.logins[login_id] = replace(login, revoked_at=None)
        self._note(login.person_id, at, "login_restored", {"login_id": str(login_id)})

    def list_events(self, person_id: UUID, limit: int) -> list[tuple[datetime, str, Mapping[str, JsonValue]]]:
        own = [(at, name, data) for who, at, name, data in self.tables.person_events if who == person_id]
        return own[::-1][:limit]

    def joined_ids(self, person_id: UUID) -> list[UUID]:
        return [person_id, *(who for who, into in self.tables.joined.items() if into == person_id)]

    def list_chains(self, person_id: UUID) -> list[UUID]:
        found: list[UUID] = []
        for person in (self.load(one) for one in self.joined_ids(person_id)):
            found.append(person.chain_id)
            key = (person.agency_id, "identity", person.identity_number or "")
            found += [self.tables.chains[key]] if key in self.tables.chains else []
        return list(dict.fromkeys(found))

    def _note(self, person_id: UUID, at: datetime, name: str, data: Mapping[str, JsonValue]) -> None:
        self.tables.person_events.append((person_id, at, name, data))


class FakeHouseholds(_Rows):
    """Implements ``ports.HouseholdStore``."""

    def bind(
        self,
        agency_id: UUID,
        service: str,
        household_no: str,
        holder_name: str,
        address: str,
        person_id: UUID,
        at: datetime,
    ) -> Household:
        chain = self.find_chain(agency_id, service, household_no, at)
        rows = self.tables.households.values()
        same = (
            row for row in rows if (row.agency_id, row.service, row.household_no) == (agency_id, service, household_no)
        )
        known = next(same, None)
        house_id = known.household_id if known else uuid4()
        household = Household(house_id, agency_id, service, household_no, holder_name, address, chain)
        self.tables.households[house_id] = household
        self.tables.bindings.add((house_id, person_id))
        return household

    def unbind(self, household_id: UUID, person_id: UUID, at: datetime) -> bool:
        bound = (household_id, person_id) in self.tables.bindings
        self.tables.bindings.discard((household_id, person_id))
        return bound

    def list_bound(self, person_id: UUID) -> list[Household]:
        return [self.tables.households[house] for house, who in self.tables.bindings if who == person_id]

    def find_chain(self, agency_id: UUID, service: str, household_no: str, at: datetime) -> UUID:
        self._require(agency_id)
        return self.tables.chains.setdefault((agency_id, service, household_no), uuid4())


class FakePayments(_Rows):
    """Implements ``ports.PaymentStore``."""

    def open(self, payment: Payment, event: PaymentEvent) -> None:
        self._require(payment.agency_id)
        if payment.payment_id in self.tables.payments:
            raise VersionTaken
        self.tables.payments[payment.payment_id] = payment
        self.append(payment.agency_id, event)

    def append(self, agency_id: UUID, event: PaymentEvent) -> None:
        self._require(agency_id)
        events = self.tables.events.setdefault(event.payment_id, [])
        if any(row.version == event.version for row in events):
            raise VersionTaken
        events.append(event)

    def load(self, payment_id: UUID) -> tuple[Payment, list[PaymentEvent]] | None:
        payment = self.tables.payments.get(payment_id)
        if payment is None or payment.agency_id not in self.agencies:
            return None
        return payment, list(self.tables.events[payment_id])

    def find_by_order(self, order_no: str) -> tuple[Payment, list[PaymentEvent]] | None:
        return next(
            (self.load(row.payment_id) for row in self.tables.payments.values() if row.order_no == order_no), None
        )

    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[tuple[Payment, list[PaymentEvent]]]:
        own = [row for row in self.tables.payments.values() if row.person_id in person_ids]
        own = [row for row in own if platform is None or row.platform is platform]
        own = [row for row in own if row.agency_id in self.agencies and (before is None or row.payment_id < before)]
        own.sort(key=lambda row: row.payment_id, reverse=True)
        return [(row, list(self.tables.events[row.payment_id])) for row in own[:limit]]


class FakeClaims(_Rows):
    """Implements ``ports.ClaimStore``."""

    def take(self, agency_id: UUID, kind: str, key: str, owner: UUID, at: datetime) -> UUID:
        self._require(agency_id)
        return self.tables.claims.setdefault((agency_id, kind, key), owner)

    def release(self, agency_id: UUID, kind: str, key: str, owner: UUID) -> None:
        if self.tables.claims.get((agency_id, kind, key)) == owner:
            del self.tables.claims[agency_id, kind, key]

    def find(self, agency_id: UUID, kind: str, key: str) -> UUID | None:
        return self.tables.claims.get((agency_id, kind, key))


class FakeIdempotency(_Rows):
    """Implements ``ports.IdempotencyStore``."""

    def take(
        self, agency_id: UUID, person_id: UUID, key: str, body_digest: str, payment_id: UUID, at: datetime
    ) -> tuple[UUID, str, bytes | None]:
        self._require(agency_id)
        return self.tables.keys.setdefault((agency_id, person_id, key), (payment_id, body_digest, None))

    def is_answered(self, agency_id: UUID, person_id: UUID, key: str, body_digest: str) -> bool:
        _, digest, reply = self.tables.keys.get((agency_id, person_id, key), (None, "", None))
        return reply is not None and digest == body_digest

    def record_reply(self, agency_id: UUID, person_id: UUID, key: str, reply: bytes) -> bytes:
        payment_id, digest, known = self.tables.keys[agency_id, person_id, key]
        self.tables.keys[agency_id, person_id, key] = (payment_id, digest, known or reply)
        return known or reply


class FakeJobs(_Rows):
    """Implements ``ports.JobQueue``; ``FakeWorker`` runs what stands in the queue."""

    def enqueue(self, task: str, agency_id: UUID, subject: UUID) -> None:
        self._require(agency_id)
        if (task, agency_id, subject) not in self.tables.queue:
            self.tables.queue.append((task, agency_id, subject))

    def schedule(self, task: str, agency_id: UUID, subject: UUID, due_at: datetime) -> None:
        self._require(agency_id)
        self.tables.due[task, agency_id, subject] = due_at
