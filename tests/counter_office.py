"""A counter with its staff for tests: a city, its market office with a branch, a tax office, a sibling; cases in every state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.audit_record import StaffChange
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import UNNUMBERED, open_case
from services.case_ports import RegisteredOrganisation, Registers, Slip
from services.case_record import Hand, StoredFile
from services.counter_delivery import Bearer
from services.counter_desk import CounterDesk
from services.counter_reception import MaterialCheck
from services.counter_terms import Step
from services.errors import Conflict, PersonMismatch
from services.model import Assurance, JsonValue, RegisterEntry
from services.staffing import Act, Actor, AgencyTree, Role, RoleHeld, StaffMember
from services.window_desk import WindowDesk
from tests.case_samples import make_case, make_case_mapping, say
from tests.fake_case_books import make_calendar
from tests.fake_cases import FakeSlipPress, make_case_desk
from tests.fake_console import Books, FakeActs, FakePeople, FakeStaff
from tests.fake_families import FakeBusinessRegister, FakeFamilyRegister, FakePeopleRegister, FakeTownRegisters
from tests.fake_readings import FakeAudit
from tests.fake_store import FakeStore, FakeTransaction
from tests.fakes import FakeClock, FakeDirectory

CITY, OFFICE, BRANCH, SIBLING, TAX, TAX_BRANCH = (UUID(int=number) for number in range(1, 7))
TREE = AgencyTree(
    {CITY: None, OFFICE: CITY, BRANCH: OFFICE, SIBLING: CITY, TAX: CITY, TAX_BRANCH: TAX},
    {CITY: "demo-city", OFFICE: "demo-office", BRANCH: "demo-branch", SIBLING: "demo-sibling", TAX: "demo-tax",
     TAX_BRANCH: "demo-tax-branch"},
)  # fmt: skip
STEPS = (
    Step(say("审查"), "clerk", 5),
    Step(say("实地核查"), "clerk", 5, "head", together="a"),
    Step(say("税务核查"), "clerk", 5, agency="demo-tax", together="a"),
    Step(say("决定"), "head", 3),
)
HEAD_NUMBER, AGENT_NUMBER = "110101199003070011", "110101198505120029"
CREDIT_CODE = "91110101MA01ABCD19"
REASON = "核对本人提交的材料"
TOWN = {"110101196001010011": "王秀英", HEAD_NUMBER: "王小明", AGENT_NUMBER: "李秀英"}
"""Who is in the population register; ``HEAD_NUMBER`` heads the company."""
FINE = (MaterialCheck("proof_of_premises"), MaterialCheck("floor_plan"))
APPLICANT_NUMBER = "110101196001010011"
APPLICANT: Mapping[str, str] = {
    "kind": "person", "name": "王秀英", "identity_number": APPLICANT_NUMBER, "phone": "13800000001",
}  # fmt: skip
CONFIRMED: dict[str, Any] = {"name": "business_licence", "found": True, "checks": [{"what": "有效", "ok": True}]}


class FakeCounterTransaction(FakeTransaction):
    """Implements ``counter_bench.CounterTransaction``."""

    def __init__(self, house: FakeCounterHouse, agencies: frozenset[UUID]) -> None:
        super().__init__(house.tables, agencies)
        self.staff = FakeStaff(house.books, agencies, house.clock)
        self.acts = FakeActs(house.books, agencies, down=house.acts_down)
        self.people = FakePeople(house.books, agencies)
        self.accounts = FakeWindowAccounts(house)
        self.audit = FakeAudit(house.tables.counter, agencies, house.changes)


class FakeWindowAccounts:
    """Implements ``console_ports.WindowAccounts``."""

    def __init__(self, house: FakeCounterHouse) -> None:
        self.house = house

    def verify(self, person_id: UUID, real_name: str, identity_number: str, at: datetime) -> UUID:
        persons = self.house.tables.persons
        person = persons[person_id]
        if person.identity_number not in (None, identity_number):
            raise PersonMismatch
        if any(one.identity_number == identity_number and one.person_id != person_id for one in persons.values()):
            raise Conflict
        persons[person_id] = replace(
            person, assurance=Assurance.WINDOW, real_name=real_name, identity_number=identity_number
        )
        return person_id

    def list_chains(self, person_ids: Sequence[UUID], identity_number: str) -> list[UUID]:
        tables = self.house.tables
        own = [chain for (_, kind, key), chain in tables.chains.items() if (kind, key) == ("identity", identity_number)]
        return [*(tables.persons[one].chain_id for one in person_ids if one in tables.persons), *own]


class FakeCounterHouse(FakeStore):
    """Implements ``counter_bench.CounterHouse``; ``acts_down``: the book of acts refuses."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock, self.books, self.acts_down = clock, Books(), False
        self.changes: list[StaffChange] = []
        calendar = make_calendar()
        self.tables.counter.calendars[calendar.region, calendar.version] = calendar

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[FakeCounterTransaction]:
        with super().begin(agencies):
            before = list(self.books.acts)
            try:
                yield FakeCounterTransaction(self, frozenset(agencies))
            except BaseException:
                self.books.acts[:] = before
                raise


class CounterOffice:
    """The staff's counter over books in memory. ``changes`` are those of ``case_samples.make_terms``."""

    def __init__(self, **changes: Any) -> None:
        self.clock = FakeClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
        self.house, self.slips = FakeCounterHouse(self.clock), FakeSlipPress()
        self.mapping = make_case_mapping(**({"steps": STEPS} | changes))
        directory = FakeDirectory({slug: agency for agency, slug in TREE.slugs.items()})
        self.desk = make_case_desk(
            self.mapping, house=self.house, clock=self.clock, directory=directory, slips=self.slips  # type: ignore[arg-type] # a store of the same tables
        )  # fmt: skip
        self.book = FakeTownRegisters({number: RegisterEntry(name, None) for number, name in TOWN.items()})
        self.book.organisations[CREDIT_CODE] = RegisteredOrganisation(
            CREDIT_CODE, "演示市顺达人力资源有限公司", "in_business", TOWN[HEAD_NUMBER], HEAD_NUMBER
        )
        business, family, people = (
            FakeBusinessRegister(self.book),
            FakeFamilyRegister(self.book),
            FakePeopleRegister(self.book),
        )
        self.desk = replace(self.desk, registers=Registers(business, family, people))
        self.counter, self.window = CounterDesk(self.desk, self.house), WindowDesk(self.desk, self.house)
        self.clerk, self.second = self.hire(OFFICE, Role.CLERK), self.hire(OFFICE, Role.CLERK)
        self.head, self.tax = self.hire(OFFICE, Role.HEAD), self.hire(TAX, Role.CLERK)

    def hire(self, agency: UUID, *roles: Role, number: str = "", deputising_for: UUID | None = None) -> Actor:
        """A member of the staff with roles held in their agency."""
        member = StaffMember(uuid4(), agency, f"login-{uuid4().hex[:8]}", "职员", self.clock.now())
        self.house.books.members[member.staff_id] = member
        held = tuple(
            RoleHeld(uuid4(), member.staff_id, agency, role, self.clock.now(), None, deputising_for) for role in roles
        )
        self.house.books.roles.update({one.grant_id: one for one in held})
        if number:
            self.house.books.identities[member.staff_id] = number
        return Actor(member, held, TREE, "request-9")

    @property
    def acts(self) -> list[Act]:
        """The book of acts."""
        return self.house.books.acts

    def load(self, case_id: UUID) -> CaseFile:
        """The file as it is now."""
        with self.house.begin((OFFICE, TAX)) as tx:
            return load_case(tx, case_id)

    def receive(self, *, brought: Sequence[str] = ("proof_of_premises", "floor_plan"), **changes: Any) -> CaseFile:
        """A case that an applicant handed in, its licence confirmed by the register."""
        now = self.clock.now()
        case = make_case(
            OFFICE,
            now,
            case_no=UNNUMBERED,
            received_on=(now + timedelta(hours=8)).date(),
            **({"applicant": APPLICANT} | changes),
        )
        materials: dict[str, JsonValue] = {
            name: {"files": [{"file_id": str(uuid4())}], "vouched": False} for name in brought
        }
        with self.house.begin((OFFICE, TAX)) as tx:
            data: dict[str, JsonValue] = {"materials": materials, "promises": ["promise"]}
            file = open_case(self.desk, tx, case, Move("case_received", Hand.APPLICANT, data))
        return self.write(file.case.case_id, "material_fetched", Hand.HOUSE, CONFIRMED)

    def write(self, case_id: UUID, event: str, hand: Hand, data: Mapping[str, JsonValue] | None = None) -> CaseFile:
        """An event that somebody else than the staff makes."""
        with self.house.begin((OFFICE, TAX)) as tx:
            return write_move(self.desk, tx, load_case(tx, case_id), Move(event, hand, data or {}))

    def take(self, actor: Actor, case_id: UUID) -> int:
        """Open a case and claim it; gives the version."""
        version = self.counter.open_case(actor, case_id, REASON).file.version
        return self.counter.claim(actor, case_id, version).version

    def give_back(self, actor: Actor, case_id: UUID) -> None:
        """Release it."""
        self.counter.release(actor, case_id, self.load(case_id).version)

    def accept(self, **changes: Any) -> CaseFile:
        """A case that the clerk accepted and has in hand."""
        file = self.receive(**changes)
        version = self.take(self.clerk, file.case.case_id)
        return self.counter.accept(self.clerk, file.case.case_id, version, FINE)

    def examine(self, **changes: Any) -> CaseFile:
        """A case with every step finished but the decision, in the head's hands and opened by them."""
        file = self.accept(**changes)
        case_id = file.case.case_id
        for step in (0, 1):
            file = self.counter.finish_step(self.clerk, case_id, file.version, step, "符合条件")
        seen = self.counter.open_case(self.tax, case_id, REASON).file.version
        self.counter.finish_step(self.tax, case_id, seen, 2, "无欠税")
        self.take(self.head, case_id)
        return self.load(case_id)

    def grant(self, **changes: Any) -> CaseFile:
        """A granted case."""
        file = self.examine(**changes)
        return self.counter.decide(self.head, file.case.case_id, file.version, "granted")

    def issue(self, **changes: Any) -> CaseFile:
        """A case whose certificate exists."""
        file = self.grant(**changes)
        self.write(file.case.case_id, "recorded", Hand.HOUSE, {"reference": "R1", "outputs": {}})
        data = {"number": "SYXK1", "file_id": str(uuid4()), "digest": "0", "slip_id": "0" * 24, "on": "2026-11-02"}
        return self.write(file.case.case_id, "certificate_issued", Hand.HOUSE, data)

    def send(self) -> CaseFile:
        """A certificate on its way by post."""
        file = self.issue(delivery="post")
        return self.counter.post(self.clerk, file.case.case_id, file.version, "中国邮政", "EMS123456789")

    def make_code(self, file: CaseFile, *, kind: str = "collection_code", **claims: JsonValue) -> str:
        """The text of a collection code of this case."""
        now = self.clock.now()
        told = {"number": "C1", "case_no": file.case.case_no, **claims}
        return self.slips.sign(Slip(uuid4().hex[:24], kind, told, now, now + timedelta(minutes=15)))

    def add_file(self, file: CaseFile, material: str = "promise") -> UUID:
        """A file that the window took in for a case."""
        stored = StoredFile(
            uuid4(), OFFICE, file.case.case_id, material, "0" * 64, "image/png", 10, "承诺书.png", self.clock.now(), "staff:1"
        )  # fmt: skip
        with self.house.begin((OFFICE,)) as tx:
            tx.files.add(stored)
        return stored.file_id

    def pass_days(self, days: int) -> None:
        """Let days pass, weekends included."""
        self.clock.advance(days * 86400)


HANDS_OVER = Bearer(identity_number=APPLICANT_NUMBER)
