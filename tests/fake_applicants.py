"""A counter in memory with people who bring cases to it: citizens, a company with its representative and agents, a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.boundary import refuse_inside_transaction
from services.case_access import ApplicantDesk
from services.case_desk import CaseWorkshop
from services.case_drafts import save_draft
from services.case_events import Move, change_case, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import list_desks
from services.case_ports import Letter, RegisteredOrganisation, Registers
from services.case_record import CaseState, Hand, Mandate, MandateKind, Organisation, StoredFile
from services.case_submission import submit_case
from services.case_telling import tell_case
from services.case_watch import watch_case
from services.case_work import work_on_case
from services.mapping import ServiceMapping
from services.model import (
    Assurance,
    Caller,
    JsonValue,
    Language,
    PlatformApp,
    PlatformName,
    PlatformUser,
    RegisterEntry,
)
from services.till import Till
from tests.case_samples import make_case_mapping
from tests.fake_cases import FakeCaseBackEnd, FakeCaseHouse, make_case_desk
from tests.fake_faults import Faults
from tests.fakes import FakeClock, FakeDirectory

WANG, LI, ZHAO = "110101199003070011", "11010119850101002X", "110101197002020030"
COMPANY = "91110101MA01ABCD19"
NAMES = {WANG: "王小明", LI: "李丽", ZHAO: "赵刚"}
TASKS: Mapping[str, Callable[[CaseWorkshop, UUID, UUID, str], Any]] = {
    "work_on_case": work_on_case,
    "watch_case": watch_case,
    "tell_case": tell_case,
}
CONTENT: Mapping[str, JsonValue] = {
    "inputs": {"company_name": "小明早点", "premises": "一路1号"},
    "applicant": {"kind": "person"},
    "delivery": "window",
    "promises": ["promise"],
}
"""All that the trial service asks of a draft beside files."""


@dataclass
class FakeOrganisations:
    """Implements ``case_ports.OrganisationRegister``."""

    entries: dict[str, RegisteredOrganisation] = field(default_factory=dict)

    def find(self, credit_code: str, request_id: str) -> RegisteredOrganisation | None:
        return self.entries.get(credit_code)


class FakeFamilies:
    """Implements ``case_ports.FamilyRegister``: nobody is anybody's parent."""

    def is_parent(self, parent_number: str, child_number: str, request_id: str) -> bool:
        return False


class FakePeople:
    """Implements ``ports.IdentityRegister``: it knows nobody."""

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        return None


@dataclass
class FakePrinter:
    """Implements ``case_ports.Printer``; keeps the letters."""

    letters: list[Letter] = field(default_factory=list)

    def print(self, letter: Letter, signed_at: datetime) -> bytes:
        self.letters.append(letter)
        return f"%PDF-{letter.kind}-{letter.number}".encode()


@dataclass
class FakeTexts:
    """Implements ``case_ports.TextMessages``: one message per id. ``refuses``: an error for the next calls; ``word``: what is told of all."""

    sent: dict[str, tuple[str, str, Mapping[str, str]]] = field(default_factory=dict)
    calls: int = 0
    refuses: list[Exception] = field(default_factory=list)
    word: str = "delivered"
    faults: Faults = field(default_factory=Faults)

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> str:
        refuse_inside_transaction()
        self.calls += 1
        self.faults.before("send")
        if self.refuses:
            raise self.refuses.pop(0)
        self.sent.setdefault(message_id, (phone, template, dict(words)))
        self.faults.after("send")
        return f"R-{message_id}"

    def ask(self, message_id: str) -> str:
        refuse_inside_transaction()
        return self.word if message_id in self.sent else "failed"


class Counter:
    """Everything wired together; ``changes`` are those of ``case_samples.make_terms``, ``house`` another store than the fake one."""

    def __init__(
        self, *more: ServiceMapping, mapping: ServiceMapping | None = None, house: Any = None,
        directory: FakeDirectory | None = None, citizen: bool = True, **changes: Any,
    ) -> None:  # fmt: skip
        self.clock, self.office = FakeClock(), FakeCaseBackEnd()
        self.house: Any = house or FakeCaseHouse()
        self.office.answers["fetch_business_licence"] = {"found": True, "checks": [{"what": "在业", "ok": True}]}
        self.register = FakeOrganisations()
        self.mapping = mapping or make_case_mapping(**changes)
        desk = make_case_desk(
            self.mapping, *more, house=self.house, clock=self.clock, back_end=self.office, directory=directory
        )
        people = Registers(self.register, FakeFamilies(), FakePeople())
        self.desk = replace(desk, registers=people, request_id=None)
        self.directory = self.desk.directory
        self.agency = self.directory.agency_id(self.mapping.agency)
        self.till = Till(
            store=self.house, platforms={}, back_end_of=self.desk.back_end_of, catalogue=self.desk.catalogue,
            directory=self.directory, clock=self.clock, new_id=self.desk.new_id, random=self.desk.random,
            keyed_hash=self.desk.keyed_hash, public_url="https://counter.example",
        )  # fmt: skip
        self.door = ApplicantDesk(self.desk, self.till)
        self.printer = FakePrinter()
        self.texts = FakeTexts()
        self.workshop = CaseWorkshop(self.desk, self.printer, {}, self.texts, self.house)
        if citizen:
            self.wang = self.add_citizen(WANG)

    def add_citizen(self, number: str | None, platform: PlatformName = PlatformName.WECHAT) -> Caller:
        """Somebody with a proven name; without a number somebody with a phone only."""
        now, everywhere = self.clock.now(), self.directory.all_agencies()
        app = PlatformApp(self.directory.root_agency(), f"{platform}-main", platform, "app", "http://x")
        with self.house.begin(everywhere) as tx:
            known = tx.persons.find_by_identity(number) if number else None
            person = known or tx.persons.open_person(everywhere[0], now)
            if known is None:
                tx.persons.record_phone(person.person_id, "13800138001", now)
            if number and known is None:
                tx.persons.record_identity(person.person_id, NAMES[number], number, now)
            login, _ = tx.persons.add_login(person, platform, app.app, PlatformUser(uuid4().hex), now)
        level = Assurance.REAL_NAME if number else Assurance.PHONE
        return Caller(
            session_id=uuid4(), person_id=person.person_id, chain_id=person.chain_id, login_id=login.login_id, app=app,
            assurance=level, agencies=everywhere, language=Language.ZH_CN, request_id=str(uuid4()),
        )  # fmt: skip

    def add_company(self, representative: str = ZHAO) -> Organisation:
        """A company in business, in the register and in the store."""
        self.register.entries[COMPANY] = RegisteredOrganisation(
            COMPANY, "演示市小明餐饮有限公司", "in_business", NAMES[representative], representative
        )
        root = self.directory.root_agency()
        company = Organisation(uuid4(), root, COMPANY, "演示市小明餐饮有限公司", uuid4(), self.clock.now())
        with self.house.begin((root,)) as tx:
            recorded: Organisation = tx.mandates.record_organisation(company)
        return recorded

    def authorise(
        self, company: Organisation, caller: Caller, number: str, kind: MandateKind = MandateKind.AGENT, **changes: Any
    ) -> Mandate:  # fmt: skip
        """A mandate of the company for somebody, in force for a year."""
        now = self.clock.now()
        cells: dict[str, Any] = {
            "mandate_id": uuid4(), "agency_id": self.directory.root_agency(), "kind": kind,
            "principal": {"kind": "organisation", "name": company.name, "credit_code": company.credit_code},
            "principal_chain_id": company.chain_id, "organisation_id": company.organisation_id,
            "principal_person_id": None, "agent": {"name": NAMES[number], "identity_number": number},
            "agent_person_id": caller.person_id, "services": (), "valid_from": now,
            "valid_until": now + timedelta(days=365), "recorded_by": "staff:1", "recorded_at": now, "proof": {},
        }  # fmt: skip
        mandate = Mandate(**(cells | changes))
        with self.house.begin((mandate.agency_id,)) as tx:
            tx.mandates.add(mandate)
        return mandate

    def revoke(self, mandate: Mandate) -> None:
        """The principal takes it back."""
        with self.house.begin((mandate.agency_id,)) as tx:
            assert tx.mandates.revoke(mandate.mandate_id, "person:1", self.clock.now())

    def add_file(self, owner: UUID, material: str = "floor_plan", title: str = "图.png") -> UUID:
        """A file in the index, as the upload leaves it."""
        self.clock.advance(1)
        file = StoredFile(
            self.desk.new_id(), self.agency, owner, material, uuid4().hex * 2, "image/png", 10, title,
            self.clock.now(), "applicant",
        )  # fmt: skip
        with self.house.begin((self.agency,)) as tx:
            tx.files.add(file)
        return file.file_id

    def draft(self, caller: Caller | None = None, **changes: JsonValue) -> UUID:
        """A draft with everything in it, files too."""
        content = {**CONTENT, **changes}
        draft_id = save_draft(self.door, caller or self.wang, self.mapping.id, content).draft.draft_id
        for name, material in self.terms.materials.items():
            if material.level == "C":
                self.add_file(draft_id, name)
        return draft_id

    def submit(self, draft_id: UUID, caller: Caller | None = None, version: int = 1, key: str = "key-1") -> JsonValue:
        """Hand it in; the reply."""
        return json.loads(submit_case(self.door, caller or self.wang, draft_id, version, key))

    def open(self, caller: Caller | None = None, **changes: JsonValue) -> UUID:
        """A case that was handed in."""
        draft_id = self.draft(caller, **changes)
        self.submit(draft_id, caller, key=uuid4().hex)
        return draft_id

    @property
    def terms(self) -> Any:
        return self.mapping.counter

    def file(self, case_id: UUID) -> CaseFile:
        """The case as it is."""
        with self.house.begin(self.directory.all_agencies()) as tx:
            return load_case(tx, case_id)

    def move(self, case_id: UUID, event: str, hand: Hand = Hand.CLERK, **data: JsonValue) -> CaseFile:
        """Somebody else does something: a clerk, if nothing else is said."""

        def change(tx: Any) -> CaseFile:
            return write_move(self.desk, tx, load_case(tx, case_id), Move(event, hand, data, uuid4()))

        return change_case(self.desk, list_desks(self.desk, self.mapping), change)

    def names(self, case_id: UUID) -> list[str]:
        """Its events."""
        return [event.name for event in self.file(case_id).events]

    def work(self, case_id: UUID) -> CaseState:
        """The house works on it once."""
        return work_on_case(self.workshop, self.agency, case_id, "job-1")

    def watch(self, case_id: UUID) -> CaseState:
        """The clock looks at it once."""
        return watch_case(self.workshop, self.agency, case_id, "job-2")

    def run_jobs(self) -> int:
        """What is queued and what is due, till nothing is queued; how many jobs ran."""
        due, ran = self.house.tables.due, 0
        for entry in [entry for entry, at in due.items() if at <= self.clock.now()]:
            del due[entry]
            self.house.tables.queue.append(entry)
        while self.house.tables.queue:
            task, agency, subject = self.house.tables.queue.pop(0)
            TASKS[task](self.workshop, agency, subject, str(uuid4()))
            ran += 1
            assert ran < 500, "work never ends"
        return ran

    def wait(self, seconds: float) -> None:
        """Let time pass and the worker work."""
        self.clock.advance(seconds)
        self.run_jobs()
