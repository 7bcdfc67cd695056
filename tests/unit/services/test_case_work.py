"""The house's work on a case: killed anywhere, run twice, run late; what must happen once happens once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_events import Move
from services.case_graph import START
from services.case_opening import UNNUMBERED, open_case
from services.case_ports import Letter
from services.case_record import CaseState, Hand
from services.case_stores import NO_CHAIN
from services.case_work import STEPS
from services.errors import BackEndRefused, ConfigurationFault, NotFound
from services.model import JsonValue
from tests.case_samples import make_case_mapping
from tests.fake_applicants import LI, NAMES, Counter
from tests.fake_cases import FakeCaseBackEnd, FakeFileStore
from tests.fake_faults import Faults, KilledError
from tests.unit.services.test_case_records import FIND, RECORD

DECIDED: dict[str, JsonValue] = {
    "decision": "granted", "rule_id": "r", "rule_version": "1", "reasons": ["x"], "facts": {"x": 1},
}  # fmt: skip


class Office(FakeCaseBackEnd):
    """Registers, rule and register of grants behind one address, on faults; its book outlives us."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.faults = faults
        self.book: dict[str, dict[str, JsonValue]] = {}
        self.told = 0
        self.answers = {
            "fetch_business_licence": {"found": True, "checks": [{"what": "x", "ok": True}]},
            "decide": dict(DECIDED), "record": self._record, "find_record": self._find,
        }  # fmt: skip

    def call(self, operation: str, values: Mapping[str, JsonValue], request_id: str, **named: Any) -> JsonValue:
        self.faults.before(operation)
        answer = super().call(operation, values, request_id, **named)
        self.faults.after(operation)
        return answer

    def _record(self, values: Mapping[str, JsonValue]) -> JsonValue:
        self.told += 1
        return self.book.setdefault(str(values["case_no"]), {"reference": f"R{self.told}"})

    def _find(self, values: Mapping[str, JsonValue]) -> JsonValue:
        if str(values["case_no"]) not in self.book:
            raise BackEndRefused("no_such_record")
        return self.book[str(values["case_no"])]


class Files(FakeFileStore):
    """A store of files on faults."""

    faults: Faults

    def put(self, agency_id: UUID, content: bytes) -> str:
        self.faults.before("put")
        digest = super().put(agency_id, content)
        self.faults.after("put")
        return digest


class Printer:
    """A printer on faults."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def print(self, letter: Letter, signed_at: datetime) -> bytes:
        self.faults.before("print")
        self.faults.after("print")
        return f"{letter.kind} {letter.number} {letter.slip}".encode()


def make_counter(faults: Faults) -> Counter:
    """A service accepted by checks, decided by a rule, entered in a register, with a certificate; every step of the house on faults."""
    mapping = make_case_mapping(accepted_by="checks", decided_by="back_end", steps=(), two_hands=False)
    end = replace(mapping.back_end, operations={"record": RECORD, "find_record": FIND})
    counter = Counter(mapping=replace(mapping, back_end=end))
    counter.office, files = Office(faults), Files()
    files.faults = faults
    counter.house.faults = faults
    desk = replace(counter.desk, files=files, back_end_of=lambda _: counter.office)
    counter.workshop = replace(counter.workshop, desk=desk, printer=Printer(faults))
    return counter


def run_jobs(counter: Counter) -> None:
    """The worker, which goes on with a job whose worker died."""
    for _ in range(20):
        try:
            counter.run_jobs()
        except KilledError:
            for case_id in counter.house.tables.counter.cases:
                counter.house.tables.queue.append(("work_on_case", counter.agency, case_id))
        else:
            return


def finish(counter: Counter, case_id: UUID) -> None:
    """Let time pass till the certificate is there."""
    for _ in range(50):
        run_jobs(counter)
        if counter.file(case_id).state is CaseState.ISSUED:
            return
        counter.clock.advance(60)
    raise AssertionError(counter.names(case_id))


def require_once(counter: Counter, case_id: UUID) -> None:
    """One acceptance, one decision, one entry, one certificate with the case's number; each letter once; each file kept."""
    file = counter.file(case_id)
    names = [event.name for event in file.events]
    for name in ("material_fetched", "accepted", "granted", "recorded", "certificate_issued"):
        assert names.count(name) == 1, names
    made = [(event.data["kind"], event.data["of"]) for event in file.all_of("document_made")]
    assert len(made) == len(set(made)) == 2
    issued = file.last("certificate_issued")
    assert issued is not None
    assert issued.data["number"] == f"SYXK{file.case.case_no}"
    office: Any = counter.office
    assert len(office.book) == 1
    stored = counter.house.tables.counter.files.values()
    assert sum(str(one.file_id) == issued.data["file_id"] for one in stored) == 1
    assert [event.version for event in file.events] == list(range(1, len(file.events) + 1))


def count_steps() -> int:
    """How many steps the house takes for one case without an accident."""
    faults = Faults()
    counter = make_counter(faults)
    case_id = counter.open()
    before = len(faults.steps)
    finish(counter, case_id)
    require_once(counter, case_id)
    return len(faults.steps) - before


STEPS_TAKEN = count_steps()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(STEPS_TAKEN))
def test_a_worker_killed_anywhere_leaves_exactly_one_certificate(step: int, moment: str) -> None:
    """Before or after any call, file, print or commit of the house's work: the next worker ends it, and everything exists once."""
    faults = Faults()
    counter = make_counter(faults)
    case_id = counter.open()
    faults.die_in(step, moment)
    run_jobs(counter)
    faults.spare()
    finish(counter, case_id)
    require_once(counter, case_id)


@pytest.mark.parametrize("call", range(7))
def test_two_workers_at_once_leave_exactly_one_certificate(call: int) -> None:
    """While one worker waits for an answer, a file or a print, another does the whole work on the same case."""
    faults = Faults()
    counter = make_counter(faults)
    case_id = counter.open()
    faults.interrupt_in(call, lambda: counter.work(case_id))
    finish(counter, case_id)
    require_once(counter, case_id)
    office: Any = counter.office
    assert office.told == 1


def test_the_steps_of_the_house_are_these() -> None:
    """Fetch, accept, decide, enter, print: in this order, for each needs what the one before it wrote."""
    names = [step.__name__ for step in STEPS]
    assert names == ["fetch_materials", "accept_by_checks", "decide_by_rule", "record_grant", "make_documents"]


def test_work_that_is_done_is_not_done_again() -> None:
    """Every event asks for the job: an idle run writes nothing and asks nobody."""
    faults = Faults()
    counter = make_counter(faults)
    case_id = counter.open()
    finish(counter, case_id)
    run_jobs(counter)
    before, calls = counter.file(case_id).version, len(counter.office.calls)
    for _ in range(3):
        counter.work(case_id)
    assert (counter.file(case_id).version, len(counter.office.calls)) == (before, calls)


def test_a_missing_key_leaves_the_case_as_it_is() -> None:
    """Nothing is issued without it, nothing is lost, and with it everything is made."""
    counter = make_counter(Faults())
    case_id = counter.open()

    class Keyless:
        def print(self, letter: Letter, signed_at: datetime) -> bytes:
            raise ConfigurationFault("the issuing key is missing")

    good = counter.workshop
    counter.workshop = replace(good, printer=Keyless())
    with pytest.raises(ConfigurationFault):
        counter.run_jobs()
    assert counter.file(case_id).last("certificate_issued", "document_made") is None
    counter.workshop = good
    counter.house.tables.queue.append(("work_on_case", counter.agency, case_id))
    finish(counter, case_id)
    require_once(counter, case_id)


def test_a_case_that_is_not_there_is_told() -> None:
    """The job ends."""
    with pytest.raises(NotFound):
        Counter().work(uuid4())


def test_the_worker_joins_a_walk_in_to_their_chain() -> None:
    """The console knows no chain: the worker puts those of the applicant and of whoever acts into the case, once."""
    counter = Counter()
    case = replace(
        counter.file(counter.open()).case, case_id=counter.desk.new_id(), case_no=UNNUMBERED, person_id=None, login_id=None,
        opened_by=uuid4(), chain_id=NO_CHAIN, principal_chain_id=NO_CHAIN,
        applicant={"kind": "person", "name": NAMES[LI], "identity_number": LI},
    )  # fmt: skip
    with counter.house.begin((counter.agency,)) as tx:
        open_case(counter.desk, tx, case, Move(START, Hand.CLERK, {"materials": {}}, case.opened_by))
    counter.work(case.case_id)
    named = counter.file(case.case_id).case
    li = counter.add_citizen(LI)
    with counter.house.begin(counter.directory.all_agencies()) as tx:
        assert named.principal_chain_id == named.chain_id
        assert named.principal_chain_id in tx.persons.list_chains(li.person_id)
    counter.work(case.case_id)
    assert counter.file(case.case_id).case == named
