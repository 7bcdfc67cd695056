"""The counter and the window on PostgreSQL under the console's own role: a whole case, and who comes first when two act at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_reader import SqlExposureReader
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.calendar_record import Calendar
from services.case_desk import CaseDesk
from services.case_errors import CaseInOtherHands, CaseMoved, OwnMatter
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_ports import RegisteredOrganisation, Registers, Slip
from services.case_record import CaseState, Hand, MandateKind
from services.counter_delivery import Bearer
from services.counter_desk import CounterDesk, SearchKey
from services.counter_queue import QueueFilter
from services.errors import GuitaiError, NotFound, NotPermitted
from services.exposure import Direction, Disclosure, Exposure
from services.mandate_deeds import Grant
from services.model import Assurance, PlatformName, PlatformUser, RegisterEntry
from services.staffing import Actor, Role, RoleHeld, StaffMember
from services.walk_ins import ApplicantShown
from services.window_desk import Brought, WalkIn, WindowDesk
from services.window_mandates import MandateRoom, Shown
from services.window_people import WindowPeople
from tests.case_samples import make_case_mapping
from tests.contract.samples import ACCOUNTS
from tests.counter_office import AGENT_NUMBER, APPLICANT_NUMBER, CREDIT_CODE, FINE, HEAD_NUMBER, REASON, STEPS, TOWN
from tests.databases import Database
from tests.fake_cases import FakeSlipPress, make_case_desk
from tests.fake_families import FakeBusinessRegister, FakeFamilyRegister, FakePeopleRegister, FakeTownRegisters
from tests.fakes import FakeClock, FakeDirectory

JOINT = (STEPS[0], STEPS[1], replace(STEPS[2], agency="water"), STEPS[3])
BROUGHT = Brought({"company_name": "秀英早点"}, ("promise",), ("proof_of_premises", "floor_plan"))
SELF = ApplicantShown(Shown("王秀英", APPLICANT_NUMBER), card_seen=True)


@dataclass
class Office:
    """The counter of ``gas`` with a joint step of ``water``, both below ``city``."""

    store: SqlConsoleStore
    worker: SqlStore
    public: SqlStore
    ring: Keyring
    ids: dict[str, UUID]
    urls: dict[str, str]
    clock: FakeClock

    def __post_init__(self) -> None:
        self.slips, self.book = (
            FakeSlipPress(),
            FakeTownRegisters({n: RegisterEntry(name, None) for n, name in TOWN.items()}),
        )
        self.book.organisations[CREDIT_CODE] = RegisteredOrganisation(
            CREDIT_CODE, "顺达公司", "in_business", TOWN[HEAD_NUMBER], HEAD_NUMBER
        )
        mapping = make_case_mapping(agency="gas", steps=JOINT)
        self.desk = self._make_desk(mapping, self.store)
        self.counter, self.window = CounterDesk(self.desk, self.store), WindowDesk(self.desk, self.store)
        self.clerk, self.second = self.hire("gas", Role.CLERK), self.hire("gas", Role.CLERK)
        self.head, self.water = self.hire("gas", Role.HEAD), self.hire("water", Role.CLERK)

    def _make_desk(self, mapping: Any, house: Any) -> CaseDesk:
        directory = FakeDirectory({"demo-city": self.ids["city"], "gas": self.ids["gas"], "water": self.ids["water"]})
        desk = make_case_desk(mapping, house=house, clock=self.clock, directory=directory, slips=self.slips)
        registers = Registers(
            FakeBusinessRegister(self.book), FakeFamilyRegister(self.book), FakePeopleRegister(self.book)
        )
        return replace(desk, registers=registers)

    @property
    def all(self) -> tuple[UUID, ...]:
        return tuple(self.ids.values())

    def hire(self, agency: str, *roles: Role) -> Actor:
        member = StaffMember(uuid4(), self.ids[agency], f"m{uuid4().hex[:12]}", "职员", self.clock.now())
        held = tuple(RoleHeld(uuid4(), member.staff_id, self.ids[agency], role, self.clock.now()) for role in roles)
        with self.store.begin(self.all) as tx:
            tx.staff.add(member, None)
            for one in held:
                tx.staff.grant(one, None)
        return Actor(member, held, self.store.agency_tree(), "request-9")

    def set_identity(self, actor: Actor, number: str) -> None:
        with self.store.begin(self.all) as tx:
            tx.staff.set_identity(actor.member.staff_id, number, None, self.clock.now())

    def open_walk_in(self, **changes: Any) -> CaseFile:
        cells: dict[str, Any] = {
            "case_id": uuid4(), "service": "trial-licence", "shown": SELF, "brought": BROUGHT, "delivery": "window",
        }  # fmt: skip
        return self.window.open_walk_in(self.clerk, WalkIn(**(cells | changes)))

    def write(self, file: CaseFile, event: str, hand: Hand, **data: Any) -> CaseFile:
        """What the worker's process writes."""
        desk = replace(self.desk, house=self.worker)
        with self.worker.begin(self.all) as tx:
            return write_move(desk, tx, load_case(tx, file.case.case_id), Move(event, hand, data))

    def take(self, actor: Actor, file: CaseFile) -> int:
        seen = self.counter.open_case(actor, file.case.case_id, REASON).file.version
        return self.counter.claim(actor, file.case.case_id, seen).version

    def receive(self) -> CaseFile:
        file = self.open_walk_in()
        return self.write(file, "material_fetched", Hand.HOUSE, name="business_licence", found=True, checks=[])


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    """A fresh keyring over the module's database."""
    ring = tmp_path / "keyring.json"
    create_keyring(ring)
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
        owner.execute("TRUNCATE staff, cases, acts, mandates, organisations, persons, chain_links CASCADE")
    clock, keys = FakeClock(), Keyring.load(ring)
    store = SqlConsoleStore(database.urls["console"], keys, clock, 4)
    worker, public = SqlStore(database.urls["worker"], keys, clock), SqlStore(database.urls["public"], keys, clock)
    yield Office(store, worker, public, keys, ids, database.urls, clock)
    for one in (store, worker, public):
        one.close()


def race(*acts: Callable[[], object]) -> list[object]:
    """What becomes of acts that begin at the same moment."""
    start, told = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        start.wait(10)
        try:
            told.append(act())
        except GuitaiError as refused:
            told.append(type(refused))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def test_a_whole_case_under_the_consoles_role(office: Office) -> None:
    """Walk-in, claim, acceptance, special procedure, extension, joint step, decision, hand-over: each is granted, and in the book."""
    file = office.receive()
    case_id, counter = file.case.case_id, office.counter
    accepted = counter.accept(office.clerk, case_id, office.take(office.clerk, file), FINE)
    began = counter.begin_special(office.clerk, case_id, accepted.version, "inspection", REASON, 2)
    ended = counter.end_special(office.clerk, case_id, began.version, "合格")
    asked = counter.ask_extension(office.clerk, case_id, ended.version, 5, "案情复杂")
    counter.open_case(office.head, case_id, REASON)
    granted = counter.answer_extension(office.head, case_id, asked.version, granted=True)
    counter.open_case(office.clerk, case_id, REASON)
    first = counter.finish_step(office.clerk, case_id, granted.version, 0, "齐全")
    counter.finish_step(office.clerk, case_id, first.version, 1, "合格")
    (line,) = counter.list_queue(office.water)
    assert (line.line.case_id, line.line.step) == (case_id, 2)
    seen = counter.open_case(office.water, case_id, REASON)
    counter.finish_step(office.water, case_id, seen.file.version, 2, "无欠税")
    decided = counter.decide(office.head, case_id, office.take(office.head, file), "granted")
    office.write(decided, "recorded", Hand.HOUSE, reference="R", outputs={})
    issued = office.write(decided, "certificate_issued", Hand.HOUSE, number="N", slip_id="0" * 24, on="2026-11-02")
    now = office.clock.now()
    text = office.slips.sign(
        Slip(uuid4().hex[:24], "collection_code", {"number": "C", "case_no": file.case.case_no}, now)
    )
    after = counter.hand_over(office.clerk, case_id, issued.version, Bearer(text, APPLICANT_NUMBER))
    assert after.state is CaseState.DELIVERED
    assert [one.line.case_id for one in counter.list_queue(office.second, QueueFilter(closed=True))] == [case_id]


def test_of_two_clerks_at_the_same_moment_one_claims(office: Office) -> None:
    """On PostgreSQL the loser's event finds its version taken, looks again, and is told."""
    file = office.receive()
    clerks = [office.hire("gas", Role.CLERK) for _ in range(4)]
    acts = [lambda who=who: office.counter.claim(who, file.case.case_id, file.version) for who in clerks]
    told = race(*acts)
    assert told.count(CaseInOtherHands) == 3
    with office.store.begin(office.all) as tx:
        assert len(load_case(tx, file.case.case_id).all_of("claimed")) == 1


def test_the_same_form_twice_at_the_same_moment_acts_once(office: Office) -> None:
    """One acceptance, one Act; the other request is told that the case moved."""
    file = office.receive()
    version = office.take(office.clerk, file)
    told = race(*[lambda: office.counter.accept(office.clerk, file.case.case_id, version, FINE)] * 3)
    assert told.count(CaseMoved) == 2
    with office.store.begin(office.all) as tx:
        assert len(load_case(tx, file.case.case_id).all_of("accepted")) == 1
        assert len(tx.acts.list_acts(9, None, subject_id=str(file.case.case_id), act="case.accept")) == 1


def test_the_same_walk_in_twice_at_the_same_moment_is_one_case(office: Office) -> None:
    """Under one number."""
    case_id = uuid4()
    told = race(*[lambda: office.open_walk_in(case_id=case_id)] * 3)
    assert [isinstance(one, CaseFile) for one in told] == [True] * 3
    assert len({one.case.case_no for one in told if isinstance(one, CaseFile)}) == 1


def test_a_member_of_the_staff_is_known_by_their_number(office: Office) -> None:
    """Also after they were moved to another agency."""
    file = office.receive()
    office.set_identity(office.second, APPLICANT_NUMBER)
    with pytest.raises(OwnMatter):
        office.counter.claim(office.second, file.case.case_id, file.version)
    with office.store.begin(office.all) as tx:
        tx.staff.move(office.second.member.staff_id, office.ids["city"], None, office.clock.now())
    with pytest.raises(OwnMatter):
        office.counter.claim(office.second, file.case.case_id, file.version)
    office.set_identity(office.second, AGENT_NUMBER)
    assert office.counter.claim(office.second, file.case.case_id, file.version).claimed_by is not None


def test_a_company_at_the_window(office: Office) -> None:
    """Its organisation and its head's right are recorded under the console's role; another comes under a mandate."""
    shown = ApplicantShown(Shown(TOWN[HEAD_NUMBER], HEAD_NUMBER), True, credit_code=CREDIT_CODE)
    first, second = (office.open_walk_in(shown=shown).case for _ in range(2))
    assert (first.organisation_id, first.mandate_id) == (second.organisation_id, second.mandate_id)
    assert first.organisation_id is not None
    with pytest.raises(NotPermitted):
        office.open_walk_in(
            shown=ApplicantShown(Shown(TOWN[AGENT_NUMBER], AGENT_NUMBER), True, credit_code=CREDIT_CODE)
        )


@pytest.mark.parametrize("by", list(SearchKey))
def test_a_search_on_postgresql(office: Office, by: SearchKey) -> None:
    """By name, number, case number and code: what the role reaches, nothing else."""
    file = office.receive()
    now = office.clock.now()
    slip = office.slips.sign(Slip(uuid4().hex[:24], "case_receipt", {"number": file.case.case_no}, now))
    sought = {
        SearchKey.NAME: "王秀英", SearchKey.NUMBER: APPLICANT_NUMBER, SearchKey.CASE_NO: file.case.case_no, SearchKey.SLIP: slip,
    }[by]  # fmt: skip
    assert [line.case_id for line in office.counter.search(office.clerk, by, sought, REASON)] == [file.case.case_id]
    assert office.counter.search(office.water, by, sought, REASON) == []


def make_account(office: Office, phone: str) -> UUID:
    """An account whose telephone the platform has verified."""
    with office.public.begin(office.all) as tx:
        person = tx.persons.open_person(office.ids["city"], office.clock.now())
        tx.persons.add_login(
            person, PlatformName.WECHAT, "wechat-main", PlatformUser(f"o-{uuid4()}"), office.clock.now()
        )
        tx.persons.record_phone(person.person_id, phone, office.clock.now())
    return person.person_id


@pytest.fixture
def people(office: Office) -> Iterator[WindowPeople]:
    """What the window does for a person, with a reader of the console's role."""
    reader = SqlExposureReader(office.urls["console"], lambda: office.all, 1, console=True)
    yield WindowPeople(office.desk, office.store, reader, office.desk.catalogue)
    reader.close()


def test_an_account_is_verified_because_its_holder_was_seen(office: Office, people: WindowPeople) -> None:
    """By the telephone that is shown, then by the number; nobody else's, and not one's own."""
    person_id = make_account(office, "13800000001")
    shown = replace(SELF, phone="138 0000 0001")
    gas = office.ids["gas"]
    assert people.verify_holder(office.clerk, gas, shown, REASON) == 1
    with office.public.begin(office.all) as tx:
        person = tx.persons.load(person_id)
    assert (person.assurance, person.real_name, person.identity_number) == (
        Assurance.WINDOW,
        "王秀英",
        APPLICANT_NUMBER,
    )
    assert people.verify_holder(office.clerk, gas, SELF, REASON) == 1
    other = ApplicantShown(Shown(TOWN[AGENT_NUMBER], AGENT_NUMBER), True, "13800000001")
    with pytest.raises(GuitaiError):
        people.verify_holder(office.clerk, gas, other, REASON)
    with pytest.raises(NotFound):
        people.verify_holder(office.clerk, gas, replace(other, phone="13900000000"), REASON)
    office.set_identity(office.clerk, APPLICANT_NUMBER)
    with pytest.raises(OwnMatter):
        people.verify_holder(office.clerk, gas, SELF, REASON)


def make_exposure(agency: UUID, chain: UUID, platform: PlatformName) -> Exposure:
    """Something that a platform is about to see of somebody."""
    told = Disclosure(
        agency_id=agency, platform=platform, account="wechat-main", service="trial-licence", mapping_version=1,
        purpose="see_bills", legal_basis="law", budget={}, request_id=str(uuid4()), actor=chain, concerned=(chain,),
        fields=frozenset({"amount"}),
    )  # fmt: skip
    return Exposure(Direction.SENT_TO_SERVER, told, b"{}")


def test_the_window_prints_what_both_platforms_may_have_seen(office: Office, people: WindowPeople) -> None:
    """Of the account and of the number, to whoever shows the card; noted first; the console's role reads no link by itself."""
    person_id, log = make_account(office, "13800000001"), SqlExposureLog(office.urls["public"], office.clock)
    gas, city = office.ids["gas"], office.ids["city"]
    with office.public.begin(office.all) as tx:
        account = tx.persons.load(person_id).chain_id
        number = tx.persons.find_chain(city, APPLICANT_NUMBER, office.clock.now())
        tx.persons.record_identity(person_id, "王秀英", APPLICANT_NUMBER, office.clock.now())
        stranger = tx.persons.find_chain(city, AGENT_NUMBER, office.clock.now())
    try:
        for chain, platform in (
            (account, PlatformName.WECHAT),
            (number, PlatformName.ALIPAY),
            (stranger, PlatformName.ALIPAY),
        ):
            log.append([make_exposure(gas, chain, platform)])
    finally:
        log.close()
    seen = people.list_exposures(office.clerk, gas, SELF, REASON).seen
    assert {platform.value: len(records) for platform, records in seen.items()} == {"wechat": 1, "alipay": 1}
    with office.store.begin(office.all) as tx:
        (act,) = tx.acts.list_acts(9, None, act="person.exposures")
    assert (act.subject_id, act.detail) == (str(person_id), {"chains": 2})
    for statement in (
        "SELECT * FROM chain_links",
        "SELECT * FROM exposure_persons",
        "SELECT real_name_cipher FROM persons",
    ):
        with psycopg.connect(office.urls["console"]) as console, pytest.raises(psycopg.errors.InsufficientPrivilege):
            console.execute(statement)


def test_the_calendar_is_read_by_the_consoles_role(office: Office) -> None:
    """Days are counted by what the store has."""
    with office.worker.begin(office.all) as tx:
        known = tx.calendars.current("CN")
    assert known is None or isinstance(known, Calendar)
    assert office.counter.list_queue(office.clerk) == []


def test_a_mandate_is_recorded_at_the_window_under_the_consoles_role(office: Office) -> None:
    """A person authorises another."""
    room = MandateRoom(office.desk, office.store)
    grant = Grant(MandateKind.AGENT, TOWN[AGENT_NUMBER], AGENT_NUMBER, date(2027, 6, 1))
    mandate = room.record(office.clerk, office.ids["gas"], Shown("王秀英", APPLICANT_NUMBER), grant, cards_seen=True)
    shown = ApplicantShown(Shown(TOWN[AGENT_NUMBER], AGENT_NUMBER), True, principal_number=APPLICANT_NUMBER)
    assert office.open_walk_in(shown=shown).case.mandate_id == mandate.mandate_id
