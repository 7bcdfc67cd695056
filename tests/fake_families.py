"""A small town of people who act for each other: registers that can be down or change their mind, accounts, a counter over books in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from adapters.boundary import refuse_inside_transaction
from adapters.ids import make_id
from services.acting import Acting, confirm_standing, resolve_applicant
from services.case_access import Standing, find_standing
from services.case_ports import RegisteredOrganisation, Registers
from services.case_record import Case, Draft, Mandate, MandateKind
from services.errors import BackEndUnreachable
from services.mandate_deeds import Grant
from services.mandates import MandateInView, give_mandate
from services.mapping import ServiceMapping
from services.model import Assurance, Caller, Language, PlatformApp, PlatformName, PlatformUser, RegisterEntry
from services.organisations import MandateDesk, OrganisationInView, record_organisation
from tests.case_samples import make_case, make_case_mapping
from tests.fake_cases import FakeCaseHouse, make_case_desk
from tests.fakes import FakeClock, FakeDirectory, FakeLimiter

WANG, LI, OUYANG = "110101199003070011", "110101198505120029", "11010119621125003X"
OLD_WANG, YOUNG_WANG = "110101195304180013", "110101201506010010"
OLD_OUYANG = "110101193804120018"
TEENAGER = "110101200903150020"
"""Li's child: of age on 15 March 2027."""
NAMES: Mapping[str, str] = {
    WANG: "王小明", LI: "李秀英", OUYANG: "欧阳建国", OLD_WANG: "王长山", YOUNG_WANG: "王小雨", TEENAGER: "张一诺",
    OLD_OUYANG: "欧阳德",
}  # fmt: skip
SHUNDA, QINGYUN = "91110101MA01ABCD19", "91110105MA03HXKJ5R"
MORNING = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
NEXT_YEAR = date(2027, 11, 1)
OTHER = "other-licence"


@dataclass
class FakeTownRegisters:
    """What the registers of the town hold; ``down`` answers nothing. Keeps which register was asked."""

    people: dict[str, RegisterEntry] = field(default_factory=dict)
    parents: set[tuple[str, str]] = field(default_factory=set)
    organisations: dict[str, RegisteredOrganisation] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def take(self, what: str) -> None:
        """One question to one register."""
        refuse_inside_transaction()
        self.asked.append(what)
        if self.down:
            raise BackEndUnreachable


@dataclass
class FakePeopleRegister:
    """Implements ``ports.IdentityRegister``."""

    town: FakeTownRegisters

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        self.town.take("people")
        return self.town.people.get(identity_number)


@dataclass
class FakeBusinessRegister:
    """Implements ``case_ports.OrganisationRegister``."""

    town: FakeTownRegisters

    def find(self, credit_code: str, request_id: str) -> RegisteredOrganisation | None:
        self.town.take("organisations")
        return self.town.organisations.get(credit_code)


@dataclass
class FakeFamilyRegister:
    """Implements ``case_ports.FamilyRegister``."""

    town: FakeTownRegisters

    def is_parent(self, parent_number: str, child_number: str, request_id: str) -> bool:
        self.town.take("families")
        return (parent_number, child_number) in self.town.parents


class Town:
    """Wang heads Shunda, Li heads Qingyun; Wang has an old father and a young child, Li a teenager.

    ``house`` and ``directory``: other ones than those in memory. ``changes`` are those of ``case_samples.make_terms``.
    """

    def __init__(
        self, *more: ServiceMapping, house: Any = None, directory: FakeDirectory | None = None, **changes: Any
    ) -> None:
        self.clock, self.house = FakeClock(MORNING), house or FakeCaseHouse()
        self.mapping = make_case_mapping(**changes)
        self.book = FakeTownRegisters(
            {number: RegisterEntry(name, None) for number, name in NAMES.items()},
            {(OLD_WANG, WANG), (WANG, YOUNG_WANG), (LI, TEENAGER)},
        )
        for code, name, head in ((SHUNDA, "演示市顺达人力资源有限公司", WANG), (QINGYUN, "演示市青云商贸有限公司", LI)):
            self.book.organisations[code] = RegisteredOrganisation(code, name, "in_business", NAMES[head], head)
        registers = Registers(
            FakeBusinessRegister(self.book), FakeFamilyRegister(self.book), FakePeopleRegister(self.book)
        )
        services = (self.mapping, make_case_mapping(OTHER, **changes), *more)
        desk = make_case_desk(*services, house=self.house, clock=self.clock, directory=directory)
        self.desk = replace(desk, registers=registers)
        self.limiter = FakeLimiter(self.clock)
        self.room = MandateDesk(self.desk, self.house, self.limiter)
        self.root = self.desk.directory.root_agency()

    def open_account(self, number: str | None, platform: PlatformName = PlatformName.WECHAT) -> Caller:
        """Somebody's session; whose number is proven already is the same person, without a number nothing is proven."""
        now, everywhere = self.clock.now(), self.desk.directory.all_agencies()
        app = PlatformApp(self.root, f"{platform}-main", platform, "app", "http://x")
        with self.house.begin(everywhere) as tx:
            person = tx.persons.find_by_identity(number) if number else None
            if person is None:
                person = tx.persons.open_person(self.root, now)
                tx.persons.record_phone(person.person_id, f"138{uuid4().int % 10**8:08d}", now)
                if number:
                    tx.persons.record_identity(person.person_id, NAMES[number], number, now)
            person = tx.persons.load(person.person_id)
            login, _ = tx.persons.add_login(person, platform, app.app, PlatformUser(uuid4().hex), now)
        return Caller(
            session_id=uuid4(), person_id=person.person_id, chain_id=person.chain_id, login_id=login.login_id, app=app,
            assurance=Assurance.REAL_NAME if number else Assurance.PHONE, agencies=everywhere,
            language=Language.ZH_CN, request_id=str(uuid4()),
        )  # fmt: skip

    def replace_head(self, code: str, number: str, status: str = "in_business") -> None:
        """The business register has another legal representative, or another standing."""
        entry = self.book.organisations[code]
        self.book.organisations[code] = replace(
            entry, representative_number=number, representative_name=NAMES[number], status=status
        )

    def prove_company(self, caller: Caller, code: str = SHUNDA) -> OrganisationInView:
        """The legal representative proves it."""
        return record_organisation(self.room, caller, code)

    def authorise(self, caller: Caller, number: str, **changes: Any) -> MandateInView:
        """The caller authorises somebody, till next year's November."""
        terms: dict[str, Any] = {
            "kind": MandateKind.AGENT, "agent_name": NAMES[number], "agent_number": number, "until": NEXT_YEAR,
        }  # fmt: skip
        return give_mandate(self.room, caller, Grant(**(terms | changes)))

    def write_draft(
        self, caller: Caller, organisation_id: UUID | None = None, mandate: Mandate | None = None, service: str = ""
    ) -> Draft:
        """A draft of the caller's for an organisation, or for a person."""
        applicant: dict[str, Any] = {"kind": "person"}
        if organisation_id is not None:
            applicant = {"kind": "organisation", "organisation_id": str(organisation_id)}
        content = {"inputs": {}, "applicant": applicant, "mandate_id": str(mandate.mandate_id) if mandate else None}
        now, mapping = self.clock.now(), service or self.mapping.id
        return Draft(
            make_id(now), self.desk.directory.agency_id(self.mapping.agency), caller.person_id, caller.login_id, mapping, 1,
            PlatformName.WECHAT, content, 1, now, now,
        )  # fmt: skip

    def resolve(self, caller: Caller, draft: Draft) -> Acting:
        """As at the hand-in, without asking the registers."""
        with self.house.begin(caller.agencies) as tx:
            return resolve_applicant(self.desk, tx, caller, draft)

    def confirm(self, caller: Caller, draft: Draft) -> None:
        """What comes before the hand-in."""
        confirm_standing(self.desk, self.house, caller, draft)

    def stand(self, caller: Caller) -> Standing:
        """As whom the caller may look now."""
        with self.house.begin(caller.agencies) as tx:
            return find_standing(self.desk, tx, caller)

    def hand_in(self, caller: Caller, draft: Draft, service: str = "") -> Case:
        """The case that would be opened of it."""
        acting = self.resolve(caller, draft)
        return make_case(
            draft.agency_id, self.clock.now(), service=service or draft.service, person_id=caller.person_id,
            applicant=dict(acting.applicant), agent=dict(acting.agent) if acting.agent else None,
            organisation_id=acting.organisation.organisation_id if acting.organisation else None,
            mandate_id=acting.mandate.mandate_id if acting.mandate else None,
        )  # fmt: skip

    def list_chains(self, caller: Caller) -> list[UUID]:
        """Every chain of somebody in the ledger."""
        with self.house.begin(caller.agencies) as tx:
            return list(tx.persons.list_chains(caller.person_id))

    def load(self, mandate_id: UUID) -> Mandate:
        """A mandate as it is kept."""
        with self.house.begin((self.root,)) as tx:
            found = tx.mandates.load(mandate_id)
        assert found is not None
        return found
