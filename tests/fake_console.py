"""A hand-written console: staff, acts, sessions, applications in little books, limited to the agencies of the transaction."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from services.application_record import Application, ApplicationEvent, ApplicationLine, ApplicationRow, ApplicationState
from services.console_ports import ConsoleTransaction, PaymentSummary, PersonKey, StaffSession
from services.errors import CacheUnavailable, NotFound, NotSignedIn, StoreUnavailable
from services.mapping_record import MappingStore
from services.model import PlatformName
from services.staffing import Act, AgencyTree, Role, RoleHeld, StaffMember
from tests.fake_case_tables import CaseTables
from tests.fake_readings import FakeAudit, FakeReadings
from tests.fakes import FakeClock


@dataclass
class Books:
    """All that the fake store keeps."""

    members: dict[UUID, StaffMember] = field(default_factory=dict)
    roles: dict[UUID, RoleHeld] = field(default_factory=dict)
    passwords: dict[UUID, str] = field(default_factory=dict)
    secrets: dict[UUID, str] = field(default_factory=dict)
    steps: dict[UUID, int] = field(default_factory=dict)
    identities: dict[UUID, str] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    applications: dict[UUID, ApplicationRow] = field(default_factory=dict)
    persons: dict[tuple[PersonKey, str], list[UUID]] = field(default_factory=dict)
    payments: list[tuple[UUID, PaymentSummary]] = field(default_factory=list)
    told: CaseTables = field(default_factory=CaseTables)
    """What citizens are told: readings and delays."""

    def snapshot(self) -> dict[str, Any]:
        """The books as they are; rows are immutable, so copying what holds them is enough."""
        kept = {one.name: copy.copy(getattr(self, one.name)) for one in fields(self)}
        kept["told"] = self.told.snapshot()
        kept["applications"] = {key: (row, list(events)) for key, (row, events) in self.applications.items()}
        return kept


class FakeStaff:
    """Implements ``console_ports.StaffStore``."""

    def __init__(self, books: Books, scope: frozenset[UUID], clock: FakeClock) -> None:
        self.books, self.scope, self.clock = books, scope, clock

    def hold(self) -> None:
        """One thread: always held."""

    def _seen(self) -> list[StaffMember]:
        return [member for member in self.books.members.values() if member.agency_id in self.scope]

    def add(self, member: StaffMember, by: UUID | None) -> None:
        self.books.members[member.staff_id] = member

    def load(self, staff_id: UUID) -> StaffMember | None:
        return next((one for one in self._seen() if one.staff_id == staff_id), None)

    def find_by_login(self, login: str) -> StaffMember | None:
        return next((one for one in self._seen() if one.login == login), None)

    def find_by_subject(self, subject: str) -> StaffMember | None:
        return next((one for one in self._seen() if one.subject == subject), None)

    def list_members(self) -> list[StaffMember]:
        return self._seen()

    def _change(self, staff_id: UUID, **cells: object) -> None:
        self.books.members[staff_id] = replace(self.books.members[staff_id], **cells)  # type: ignore[arg-type] # any cell

    def move(self, staff_id: UUID, agency_id: UUID, by: UUID | None, at: datetime) -> None:
        self._change(staff_id, agency_id=agency_id)

    def suspend(self, staff_id: UUID, by: UUID | None, at: datetime) -> None:
        self._change(staff_id, suspended_at=at)

    def restore(self, staff_id: UUID, by: UUID | None, at: datetime) -> None:
        self._change(staff_id, suspended_at=None)

    def bind_subject(self, staff_id: UUID, subject: str, by: UUID | None, at: datetime) -> None:
        self._change(staff_id, subject=subject)

    def set_password(self, staff_id: UUID, password_hash: str, by: UUID | None, at: datetime) -> None:
        self.books.passwords[staff_id] = password_hash

    def set_one_time_secret(self, staff_id: UUID, secret: str, by: UUID | None, at: datetime) -> None:
        self.books.secrets[staff_id] = secret

    def read_credentials(self, staff_id: UUID) -> tuple[str | None, str | None]:
        if self.load(staff_id) is None:
            raise NotFound
        return self.books.passwords.get(staff_id), self.books.secrets.get(staff_id)

    def use_code(self, staff_id: UUID, step: int) -> bool:
        if step <= self.books.steps.get(staff_id, -1):
            return False
        self.books.steps[staff_id] = step
        return True

    def grant(self, held: RoleHeld, by: UUID | None) -> None:
        self.books.roles[held.grant_id] = held

    def revoke(self, grant_id: UUID, by: UUID | None, at: datetime) -> None:
        self.books.roles[grant_id] = replace(self.books.roles[grant_id], until=at)

    def list_roles(self, staff_id: UUID | None = None) -> list[RoleHeld]:
        now = self.clock.now()
        return [
            held
            for held in self.books.roles.values()
            if held.agency_id in self.scope and staff_id in (None, held.staff_id) and (held.until is None or now < held.until)
        ]  # fmt: skip

    def holders(self, role: Role) -> list[RoleHeld]:
        return [held for held in self.list_roles() if held.role is role]

    def set_identity(self, staff_id: UUID, number: str, by: UUID | None, at: datetime) -> None:
        if self.load(staff_id) is None:
            raise NotFound
        self.books.identities[staff_id] = number

    def has_identity(self, staff_id: UUID) -> bool:
        return staff_id in self.books.identities

    def identity_matches(self, staff_id: UUID, numbers: Sequence[str]) -> bool:
        return self.books.identities.get(staff_id) in numbers


class FakeActs:
    """Implements ``console_ports.ActStore``; ``down`` makes it refuse."""

    def __init__(self, books: Books, scope: frozenset[UUID], *, down: bool) -> None:
        self.books, self.scope, self.down = books, scope, down

    def append(self, act: Act) -> None:
        if self.down:
            raise StoreUnavailable
        assert act.agency_id in self.scope, "row-level security"
        self.books.acts.append(act)

    def list_acts(
        self, limit: int, before: UUID | None, *, staff_id: UUID | None = None, subject_id: str | None = None,
        act: str | None = None,
    ) -> list[Act]:  # fmt: skip
        found = [
            one
            for one in sorted(self.books.acts, key=lambda one: one.act_id, reverse=True)
            if one.agency_id in self.scope
            and staff_id in (None, one.staff_id)
            and subject_id in (None, one.subject_id)
            and act in (None, one.act)
            and (before is None or one.act_id < before)
        ]
        return found[:limit]


class FakeApplications:
    """Implements ``application_record.ApplicationStore``."""

    def __init__(self, books: Books, scope: frozenset[UUID]) -> None:
        self.books, self.scope = books, scope

    def open(self, application: Application, event: ApplicationEvent) -> None:
        self.books.applications[application.application_id] = (application, [event])

    def append(self, agency_id: UUID, event: ApplicationEvent) -> None:
        self.books.applications[event.application_id][1].append(event)

    def _seen(self) -> list[ApplicationRow]:
        rows = [row for row in self.books.applications.values() if row[0].agency_id in self.scope]
        return sorted(rows, key=lambda row: row[0].application_id, reverse=True)

    def load(self, application_id: UUID) -> ApplicationRow | None:
        return next((row for row in self._seen() if row[0].application_id == application_id), None)

    def find_by_number(self, agency_id: UUID, application_no: str) -> ApplicationRow | None:
        return next((row for row in self._seen() if row[0].application_no == application_no), None)

    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[ApplicationRow]:
        return [row for row in self._seen() if row[0].person_id in person_ids][:limit]

    def list_of_agencies(
        self, limit: int, before: UUID | None, service: str | None = None, states: Sequence[ApplicationState] = ()
    ) -> list[ApplicationLine]:
        return [
            ApplicationLine(
                row.application_id, row.agency_id, row.service, row.application_no, row.created_at, events[-1].state
            )
            for row, events in self._seen()
            if service in (None, row.service) and (not states or events[-1].state in states)
            and (before is None or row.application_id < before)
        ][:limit]  # fmt: skip

    def list_versions(
        self, service: str, states: Sequence[ApplicationState], since: datetime
    ) -> dict[int, datetime | None]:
        raise NotImplementedError  # late results are no room of the console


class FakePeople:
    """Implements ``console_ports.PeopleIndex``."""

    def __init__(self, books: Books, scope: frozenset[UUID]) -> None:
        self.books, self.scope = books, scope

    def find_persons(self, key: PersonKey, value: str) -> list[UUID]:
        return self.books.persons.get((key, value), [])

    def list_payments(self, person_ids: Sequence[UUID], limit: int) -> list[PaymentSummary]:
        return [one for who, one in self.books.payments if who in person_ids and one.agency_id in self.scope][:limit]


@dataclass
class FakeConsoleTransaction:
    """Implements ``console_ports.ConsoleTransaction``; mappings are another room's and stay empty here."""

    staff: FakeStaff
    acts: FakeActs
    applications: FakeApplications
    people: FakePeople
    readings: FakeReadings
    audit: FakeAudit


class FakeConsoleStore:
    """Implements ``console_ports.ConsoleStore``: rolls back on any exception, sees only the agencies it was begun with."""

    def __init__(self, tree: AgencyTree, clock: FakeClock) -> None:
        self.tree, self.clock, self.books = tree, clock, Books()
        self.down = self.acts_down = self.commit_fails = False

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[ConsoleTransaction]:
        """One transaction."""
        if self.down:
            raise StoreUnavailable
        scope, before = frozenset(agencies), self.books.snapshot()
        try:
            made = FakeConsoleTransaction(
                FakeStaff(self.books, scope, self.clock),
                FakeActs(self.books, scope, down=self.acts_down),
                FakeApplications(self.books, scope),
                FakePeople(self.books, scope),
                FakeReadings(self.books.told, scope),
                FakeAudit(self.books.told, scope),
            )
            yield cast("ConsoleTransaction", made)
            self._commit()
        except BaseException:
            self.books.__dict__.update(before)
            raise

    def _commit(self) -> None:
        if self.commit_fails:
            raise StoreUnavailable

    def agency_tree(self) -> AgencyTree:
        """The tree."""
        if self.down:
            raise StoreUnavailable
        return self.tree


class FakeStaffSessions:
    """Implements ``console_ports.StaffSessions``; ``down`` is a Redis that does not answer."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.down = clock, False
        self.saved: dict[str, StaffSession] = {}

    def _require_up(self) -> None:
        if self.down:
            raise CacheUnavailable

    def save(self, token: str, session: StaffSession) -> None:
        self._require_up()
        self.saved[token] = session

    def load(self, token: str) -> StaffSession | None:
        self._require_up()
        found = self.saved.get(token)
        return found if found and self.clock.now() < min(found.ends_at, found.idle_until) else None

    def delete(self, token: str) -> None:
        self._require_up()
        self.saved.pop(token, None)

    def delete_all(self, staff_id: UUID) -> None:
        self._require_up()
        self.saved = {token: one for token, one in self.saved.items() if one.staff_id != staff_id}


class FakeHasher:
    """Implements ``console_ports.PasswordHasher`` without its cost, and counts its work."""

    def __init__(self) -> None:
        self.verified = 0

    def hash(self, password: str) -> str:
        return f"hash of {password}"

    def verify(self, hashed: str | None, password: str) -> bool:
        self.verified += 1
        return hashed == f"hash of {password}"


class FakeProvider:
    """Implements ``console_ports.IdentityProvider``: the answer's code is the subject."""

    def start(self, seed: str) -> str:
        return "https://identity.example.gov.cn/authorize"

    def finish(self, seed: str, answer: Mapping[str, str]) -> str:
        if not seed or "code" not in answer:
            raise NotSignedIn
        return answer["code"]


NO_MAPPINGS = cast("MappingStore", None)
FakeConsoleTransaction.mappings = NO_MAPPINGS  # type: ignore[attr-defined] # another room's
