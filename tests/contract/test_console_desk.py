"""The console's use cases on PostgreSQL, under the console's own role: what they need is granted, and races end as the rules say."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.ids import make_id
from adapters.passwords import TimedCodes
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from services.act_book import ActBook, ActFilter
from services.application_files import ApplicationFiles
from services.console_ports import PersonKey
from services.errors import Conflict, GuitaiError, NotFound, NotPermitted, NotSignedIn
from services.staff_desk import StaffDesk
from services.staff_sign_in import SignInDesk
from services.staffing import Actor, Role, StaffMember
from tests.contract.samples import ACCOUNTS
from tests.databases import Database
from tests.fake_console import FakeHasher, FakeStaffSessions
from tests.fakes import FakeClock, FakeKeyedHash, FakeLimiter

CODES = TimedCodes()
NUMBER = "110101199003070011"


@dataclass
class House:
    """The use cases over the console's role, and the ids of the agencies."""

    store: SqlConsoleStore
    clock: FakeClock
    ids: dict[str, UUID]

    def __post_init__(self) -> None:
        self.hasher, self.sessions, self.made = FakeHasher(), FakeStaffSessions(self.clock), iter(range(1_000_000))
        self.staff = StaffDesk(
            self.store, self.sessions, self.hasher, self.clock, self.new_id, lambda: f"one-time-{next(self.made)}"
        )
        self.sign_in = SignInDesk(
            self.store, self.sessions, self.hasher, CODES, FakeLimiter(self.clock), FakeKeyedHash(), self.clock, self.new_id,
            lambda: uuid4().hex, os.urandom,
        )  # fmt: skip
        self.files = ApplicationFiles(self.store, self.clock, self.new_id)
        self.book = ActBook(self.store, self.clock, self.new_id)

    def new_id(self) -> UUID:
        return make_id(self.clock.now())

    def hire(self, agency: str, *roles: Role) -> StaffMember:
        """Somebody with these roles, and an authenticator, made by the operator."""
        member, _ = self.staff.add(None, self.ids[agency], f"m{uuid4().hex[:12]}", "人员")
        for role in roles:
            self.staff.grant(None, member.staff_id, self.ids[agency], role)
        with self.store.begin(tuple(self.ids.values())) as tx:
            tx.staff.set_password(member.staff_id, self.hasher.hash("pw"), None, self.clock.now())
            tx.staff.set_one_time_secret(member.staff_id, CODES.make_secret(), None, self.clock.now())
        return member

    def code_of(self, member: StaffMember) -> str:
        with self.store.begin(tuple(self.ids.values())) as tx:
            secret = tx.staff.read_credentials(member.staff_id)[1]
        assert secret
        return CODES.code_at(secret, self.clock.now())

    def actor(self, member: StaffMember) -> Actor:
        token = self.sign_in.sign_in(member.login, "pw", self.code_of(member), "192.0.2.1").token
        self.clock.advance(120)
        return self.sign_in.admit(token, "r").actor


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    """A fresh keyring over the module's database."""
    ring = tmp_path / "keyring.json"
    create_keyring(ring)
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
        owner.execute("TRUNCATE staff, staff_roles, staff_events, acts CASCADE")
    clock = FakeClock()
    store = SqlConsoleStore(database.urls["console"], Keyring.load(ring), clock)
    yield House(store, clock, ids)
    store.close()


def test_a_first_day_from_the_operator_to_one_s_own_room(house: House) -> None:
    """Added with a one-time password, own password, authenticator, in again with a code: each step leaves its act."""
    member, once = house.staff.add(None, house.ids["gas"], "new.member", "新人")
    token = house.sign_in.sign_in("new.member", once, "", "192.0.2.1").token
    admission = house.sign_in.admit(token, "r")
    assert admission.must_set_password
    token = house.sign_in.change_password(admission, once, "a password of my own")
    admission = house.sign_in.admit(token, "r")
    secret, _, sealed = house.sign_in.start_enrolment(admission, token)
    code = CODES.code_at(secret, house.clock.now())
    house.sign_in.finish_enrolment(admission, token, secret, sealed, code)
    with pytest.raises(NotSignedIn):
        house.sign_in.sign_in("new.member", "a password of my own", code, "192.0.2.1")
    house.clock.advance(30)
    code = CODES.code_at(secret, house.clock.now())
    token = house.sign_in.sign_in("new.member", "a password of my own", code, "192.0.2.1").token
    assert not house.sign_in.admit(token, "r").has_duty
    auditor = house.actor(house.hire("gas", Role.AUDITOR))
    acts = [act.act for act in house.book.list_page(auditor, ActFilter(subject_id=str(member.staff_id)))]
    assert acts == ["staff.sign_in", "staff.enrol", "staff.set_own_password", "staff.sign_in", "staff.add"]


def test_every_change_of_an_administrator(house: House) -> None:
    """Add, move, grant, name a deputy, revoke, suspend, restore, reset, bind: granted to the console's role, and in the book."""
    desk, ids = house.staff, house.ids
    root = house.actor(house.hire("city", Role.ADMINISTRATOR))
    member, _ = desk.add(root, ids["gas"], "the.worker", "工作")
    other, _ = desk.add(root, ids["gas"], "the.other", "代理")
    desk.move(root, member.staff_id, ids["water"])
    held = desk.grant(root, member.staff_id, ids["water"], Role.CLERK)
    made = desk.name_deputy(root, held.grant_id, other.staff_id, house.clock.now() + timedelta(days=3))
    assert [one.grant_id for one in desk.list_staff(root).roles_of(other.staff_id)] == [made.grant_id]
    desk.revoke(root, held.grant_id)
    assert desk.list_staff(root).roles_of(other.staff_id) == ()
    desk.suspend(root, member.staff_id, "离岗")
    desk.restore(root, member.staff_id)
    desk.reset_password(root, member.staff_id, codes_too=True)
    desk.bind_subject(root, member.staff_id, "subject-of-worker")
    with pytest.raises(Conflict):
        desk.bind_subject(root, other.staff_id, "subject-of-worker")
    auditor = house.actor(house.hire("city", Role.AUDITOR))
    wanted = ActFilter(staff_id=root.member.staff_id)
    acts = [act.act.removeprefix("staff.") for act in reversed(house.book.list_page(auditor, wanted))]
    assert acts == [
        "sign_in", "add", "add", "move", "grant", "deputy", "revoke", "revoke", "suspend", "restore", "reset_password",
        "bind_subject",
    ]  # fmt: skip
    assert house.book.export(auditor, wanted).count(b"\n") == len(acts)


def test_files_and_people_are_read_by_the_console_s_role(house: House) -> None:
    """A file that is not there, a person whom nobody knows: answered and noted; the auditor of another agency sees nothing of it."""
    clerk = house.actor(house.hire("gas", Role.CLERK))
    assert house.files.list_lines(clerk) == []
    with pytest.raises(NotFound):
        house.files.open_file(clerk, uuid4(), "核对申请材料")
    for key, value in ((PersonKey.IDENTITY_NUMBER, NUMBER), (PersonKey.PHONE, "13800138001")):
        found = house.files.search_person(clerk, key, value, "核对申请材料")
        assert (found.applications, found.payments) == ((), ())
    wanted = ActFilter(act="person.search")
    gas, water = (house.actor(house.hire(slug, Role.AUDITOR)) for slug in ("gas", "water"))
    assert [act.reason for act in house.book.list_page(gas, wanted)] == ["核对申请材料"] * 2
    assert house.book.list_page(water, wanted) == []


def race(*calls: Callable[[], object]) -> list[object]:
    """All at once; what each gave, or the refusal that it met."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait(5)
        try:
            return call()
        except GuitaiError as refused:
            return type(refused)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_administrators_cannot_suspend_each_other(house: House) -> None:
    """Each alone may; both at once would leave the root without one."""
    first, second = (house.hire("city", Role.ADMINISTRATOR) for _ in range(2))
    one, two = house.actor(first), house.actor(second)
    outcomes = race(lambda: house.staff.suspend(one, second.staff_id), lambda: house.staff.suspend(two, first.staff_id))
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, Conflict]))


def test_a_role_that_excludes_another_is_not_granted_beside_it(house: House) -> None:
    """Clerk and administrator at the same moment to the same person: one of them is refused."""
    house.hire("city", Role.ADMINISTRATOR)
    member = house.hire("gas")
    outcomes = race(
        lambda: house.staff.grant(None, member.staff_id, house.ids["gas"], Role.CLERK),
        lambda: house.staff.grant(None, member.staff_id, house.ids["gas"], Role.ADMINISTRATOR),
    )
    assert outcomes.count(Conflict) == 1


def test_one_code_opens_one_session(house: House) -> None:
    """Typed in two browsers at the same moment it lets one of them in."""
    member = house.hire("gas", Role.CLERK)
    code = house.code_of(member)
    outcomes = race(*[lambda: house.sign_in.sign_in(member.login, "pw", code, "192.0.2.1")] * 4)
    assert outcomes.count(NotSignedIn) == 3
    assert len(house.sessions.saved) == 1


def test_an_administrator_of_one_agency_is_nobody_in_another(house: House) -> None:
    """Also on the real store: refused, nothing changed, nothing noted."""
    house.hire("city", Role.ADMINISTRATOR)
    gas, worker = house.actor(house.hire("gas", Role.ADMINISTRATOR)), house.hire("water", Role.CLERK)
    auditor = house.actor(house.hire("city", Role.AUDITOR))
    before = house.book.list_page(auditor, ActFilter())
    desk = house.staff
    for change in (
        lambda: desk.suspend(gas, worker.staff_id),
        lambda: desk.reset_password(gas, worker.staff_id),
        lambda: desk.grant(gas, worker.staff_id, house.ids["gas"], Role.IT),
        lambda: desk.move(gas, worker.staff_id, house.ids["gas"]),
        lambda: desk.add(gas, house.ids["water"], "an.intruder", "外人"),
    ):
        with pytest.raises(NotPermitted):
            change()
    assert house.book.list_page(auditor, ActFilter()) == before
    assert worker.staff_id not in {member.staff_id for member in desk.list_staff(gas).members}
