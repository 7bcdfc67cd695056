"""Entering a grant in the office's register: once, whatever does not answer and whoever dies in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.shapes import Anything
from services.case_record import CaseState, Hand
from services.case_records import ASK_SECONDS, SETTLE_SECONDS, record_grant
from services.errors import BackEndRefused
from services.mapping import Operation, Output
from services.model import JsonValue
from tests.case_samples import make_case_mapping, say
from tests.fake_applicants import Counter
from tests.fakes import KilledError

RECORD = Operation("record", True, (), None, frozenset(), Anything(), "case_no")
FIND = Operation("find_record", False, (), None, frozenset(), Anything())


class Register:
    """The office's own book: one entry a case number, however often it is told; it can die with us."""

    def __init__(self, counter: Counter) -> None:
        self.book: dict[str, dict[str, JsonValue]] = {}
        self.told: list[Mapping[str, JsonValue]] = []
        self.killed = 0
        counter.office.answers |= {"record": self.record, "find_record": self.find}

    def record(self, values: Mapping[str, JsonValue]) -> JsonValue:
        self.told.append(values)
        entry = {"reference": f"R{len(self.book) + 1}", "outputs": {"licence_no": "12345678"}}
        found = self.book.setdefault(str(values["case_no"]), entry)
        if self.killed:
            self.killed -= 1
            raise KilledError
        return found

    def find(self, values: Mapping[str, JsonValue]) -> JsonValue:
        if str(values["case_no"]) not in self.book:
            raise BackEndRefused("no_such_record")
        return self.book[str(values["case_no"])]


@pytest.fixture
def counter() -> Counter:
    return make_counter()


def make_counter(**changes: Any) -> Counter:
    """A service whose grants are entered in a register that gives a licence number."""
    mapping = make_case_mapping(steps=(), materials={}, **changes)
    end = replace(mapping.back_end, operations={"record": RECORD, "find_record": FIND})
    outputs = {"licence_no": Output("licence_no", "text", say("证号"), "licence_no")}
    return Counter(mapping=replace(mapping, back_end=end, outputs=outputs))


def grant(counter: Counter, delivery: str = "electronic") -> UUID:
    """A case that a clerk has granted; the house has not looked yet."""
    case_id = counter.open(promises=[], delivery=delivery)
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.move(case_id, "granted", on="2026-11-03", by="clerk", reasons=[], legal_ground="x")
    return case_id


def recording(counter: Counter, case_id: UUID) -> list[str]:
    """The events of the entry."""
    return [name for name in counter.names(case_id) if name.startswith("record") or name == "certificate_issued"]


def run_till_issued(counter: Counter, case_id: UUID) -> None:
    """Let time pass from one due moment to the next till the certificate is there."""
    for _ in range(100):
        counter.run_jobs()
        if counter.file(case_id).state is CaseState.ISSUED:
            return
        due = [at for (task, _, _), at in counter.house.tables.due.items() if task == "work_on_case"]
        assert due, "nobody looks at the case again"
        counter.clock.at = max(counter.clock.now(), min(due))
    raise AssertionError("work never ends")


def test_a_grant_is_entered_before_the_certificate_is_made(counter: Counter) -> None:
    """The intent first, then the entry with its reference and outputs, then the certificate under the number that the register was told."""
    register = Register(counter)
    case_id = grant(counter)
    counter.run_jobs()
    assert recording(counter, case_id) == ["recording_started", "recorded", "certificate_issued"]
    file = counter.file(case_id)
    recorded, issued = file.last("recorded"), file.last("certificate_issued")
    assert recorded is not None
    assert issued is not None
    assert recorded.data["outputs"] == {"licence_no": "12345678"}
    (told,) = register.told
    assert told["certificate_no"] == issued.data["number"] == f"SYXK{file.case.case_no}"
    assert told["decided_on"] == "2026-11-03"
    assert set(told) == {"applicant", "agent", "inputs", "case_no", "business_on", "decided_on", "certificate_no"}


def test_what_certainly_did_not_arrive_is_told_again_without_a_question(counter: Counter) -> None:
    """The register is away: nothing to ask for, nothing to fear."""
    register = Register(counter)
    counter.office.script.plan("record", "unreachable", "unreachable")
    case_id = grant(counter)
    run_till_issued(counter, case_id)
    assert counter.office.count("find_record") == 0
    assert len(register.told) == len(register.book) == 1
    assert recording(counter, case_id).count("recording_delayed") == 2


def test_an_answer_that_was_lost_is_asked_for(counter: Counter) -> None:
    """It was entered, though nobody heard: the register says so, and is not told again."""
    register = Register(counter)
    counter.office.script.plan("record", "timeout_after")
    case_id = grant(counter)
    run_till_issued(counter, case_id)
    assert len(register.told) == 1
    assert counter.office.count("find_record") == 1


def test_what_may_be_on_its_way_is_not_told_again_before_it_has_settled(counter: Counter) -> None:
    """The register does not have it yet: it is told again only when no attempt of ours can still arrive."""
    Register(counter)
    counter.office.script.plan("record", "timeout")
    case_id = grant(counter)
    counter.run_jobs()
    started = counter.file(case_id).all_of("recording_started")[-1].at
    while counter.office.count("record") == 1:
        assert (counter.clock.now() - started).total_seconds() <= SETTLE_SECONDS
        counter.wait(20)
    assert (counter.clock.now() - started).total_seconds() >= SETTLE_SECONDS
    assert counter.office.count("find_record") >= 1
    run_till_issued(counter, case_id)


@pytest.mark.parametrize("refusal", ["already_submitted", "system", "not_permitted"])
def test_a_refusal_is_no_end(counter: Counter, refusal: str) -> None:
    """It may be the answer to a repeat, or to our badge: the register is asked, and told again."""
    Register(counter)
    counter.office.script.plan("record", refusal)
    case_id = grant(counter)
    run_till_issued(counter, case_id)
    assert counter.office.count("find_record") >= 1


@pytest.mark.parametrize("answer", [None, {}, {"reference": ""}, {"reference": "R1", "outputs": {"other": 1}}, ["R1"]])
def test_an_answer_that_is_garbled_enters_nothing_in_ours(counter: Counter, answer: JsonValue) -> None:
    """No reference, or outputs of another shape, is no word: asked again."""
    counter.office.answers |= {"record": answer, "find_record": answer}
    case_id = grant(counter)
    counter.run_jobs()
    counter.wait(60)
    assert counter.file(case_id).last("recorded") is None
    assert counter.file(case_id).state is CaseState.GRANTED


def test_a_worker_that_dies_after_the_call_leaves_one_entry(counter: Counter) -> None:
    """The next one asks before it tells; the entry and the certificate exist once."""
    register = Register(counter)
    register.killed = 1
    case_id = grant(counter)
    with pytest.raises(KilledError):
        counter.work(case_id)
    assert recording(counter, case_id) == ["recording_started"]
    counter.wait(ASK_SECONDS)
    assert recording(counter, case_id) == ["recording_started", "recorded", "certificate_issued"]
    assert len(register.told) == 1


def test_of_two_workers_one_tells_the_register(counter: Counter) -> None:
    """Both saw the same page: the intent is the claim, and the other comes back later."""
    register = Register(counter)
    case_id = grant(counter)
    stale = counter.file(case_id)

    def tell(values: Mapping[str, JsonValue]) -> JsonValue:
        counter.office.answers["record"] = register.record
        record_grant(counter.workshop, stale, "other")
        record_grant(counter.workshop, counter.file(case_id), "third")
        return register.record(values)

    counter.office.answers["record"] = tell
    record_grant(counter.workshop, stale, "first")
    assert len(register.told) == 1
    assert recording(counter, case_id) == ["recording_started", "recorded"]


def test_a_service_without_a_register_issues_at_once() -> None:
    """Nothing to enter, nothing to wait for."""
    counter = Counter(steps=(), materials={})
    case_id = grant(counter)
    counter.run_jobs()
    assert recording(counter, case_id) == ["certificate_issued"]


def test_without_a_certificate_the_register_is_told_the_number_of_the_decision() -> None:
    """The decision is the document then."""
    counter = make_counter(certificate=None)
    register = Register(counter)
    case_id = grant(counter)
    run_till_issued(counter, case_id)
    issued = counter.file(case_id).last("certificate_issued")
    assert issued is not None
    assert register.told[0]["certificate_no"] == issued.data["number"]


def test_nothing_is_entered_that_was_not_granted(counter: Counter) -> None:
    """Neither an accepted nor a refused case is told to the register."""
    register = Register(counter)
    case_id = counter.open(promises=[])
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.run_jobs()
    counter.move(case_id, "refused", Hand.HEAD, on="2026-11-03", reasons=["x"], legal_ground="x")
    counter.run_jobs()
    assert register.told == []


TROUBLE = st.sampled_from(["", "unreachable", "timeout", "timeout_after", "system", "killed"])


@settings(max_examples=50, deadline=None)
@given(st.lists(TROUBLE, max_size=6), st.lists(st.sampled_from(["", "unreachable", "timeout"]), max_size=6))
def test_whatever_goes_wrong_there_is_one_entry_and_one_certificate(told: list[str], asked: list[str]) -> None:
    """In any order of losses, refusals and deaths: told again only when it was not there, and issued exactly once."""
    counter = make_counter()
    register = Register(counter)
    case_id = grant(counter)
    counter.office.script.plan("find_record", *asked)
    for _ in range(60):
        if counter.file(case_id).state is CaseState.ISSUED:
            break
        if told:
            trouble = told.pop(0)
            register.killed = int(trouble == "killed")
            counter.office.script.plan("record", "" if trouble == "killed" else trouble)
        try:
            counter.wait(400)
        except KilledError:
            counter.house.tables.queue.append(("work_on_case", counter.agency, case_id))
    assert counter.file(case_id).state is CaseState.ISSUED
    assert len(register.book) == 1
    names = counter.names(case_id)
    assert (names.count("recorded"), names.count("certificate_issued")) == (1, 1)
    assert len(register.told) == 1
