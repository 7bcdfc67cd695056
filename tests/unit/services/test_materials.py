"""What an organ issued is fetched: once, again when it has to be, never asked of the applicant, never twice for one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.case_decisions import accept_by_checks
from services.case_record import CaseEvent, CaseState
from services.cases import Brought, correct_case
from services.errors import BackEndError
from services.materials import FRESH, fetch_materials, list_due
from services.model import JsonValue
from tests.case_samples import MATERIALS, say
from tests.fake_applicants import Counter

LICENCE = "business_licence"
GOOD: Mapping[str, JsonValue] = {
    "found": True, "number": "L-1", "issued_by": "市场监管局", "issued_on": "2020-01-01", "expires_on": "2030-01-01",
    "checks": [{"what": "名称一致", "ok": True}, {"what": "在业", "ok": True}], "values": {"address": "一路1号"},
}  # fmt: skip


def fetches(counter: Counter, case_id: UUID) -> list[CaseEvent]:
    """Every fetch that was written down."""
    return list(counter.file(case_id).all_of("material_fetched"))


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    made.office.answers[f"fetch_{LICENCE}"] = dict(GOOD)
    return made


def test_what_an_organ_issued_is_fetched(counter: Counter) -> None:
    """The event keeps number, days, values and each check with its register and its moment; the register is told whose case it is."""
    case_id = counter.open()
    counter.run_jobs()
    (event,) = fetches(counter, case_id)
    told = event.data
    assert (told["name"], told["found"], told["number"], told["issued_by"]) == (LICENCE, True, "L-1", "市场监管局")
    assert (told["issued_on"], told["expires_on"], told["values"]) == (
        "2020-01-01",
        "2030-01-01",
        {"address": "一路1号"},
    )
    assert [(one["what"], one["ok"], one["register"]) for one in told["checks"]] == [
        ("名称一致", True, "市场主体登记系统"),
        ("在业", True, "市场主体登记系统"),
        ("在有效期内", True, "市场主体登记系统"),
    ]
    assert all(one["at"] == "2026-11-02T02:00:02Z" for one in told["checks"])
    (call,) = [call for call in counter.office.calls if call[0] == f"fetch_{LICENCE}"]
    case = counter.file(case_id).case
    assert call[1]["applicant"] == dict(case.applicant)
    assert call[1]["inputs"] == dict(case.inputs)
    assert call[2:] == ("submit_case", case.case_no)


def test_it_is_fetched_once(counter: Counter) -> None:
    """Other events of the case ask no register again."""
    case_id = counter.open()
    counter.run_jobs()
    counter.move(case_id, "claimed")
    counter.run_jobs()
    counter.work(case_id)
    assert len(fetches(counter, case_id)) == 1


def test_a_document_that_has_run_out_does_not_hold(counter: Counter) -> None:
    """The last day counts; the day after it the register's own checks help nothing."""
    for day, ok in (("2026-11-02", True), ("2026-11-01", False)):
        counter.office.answers[f"fetch_{LICENCE}"] = {**GOOD, "expires_on": day}
        case_id = counter.open()
        counter.run_jobs()
        assert fetches(counter, case_id)[-1].data["checks"][-1]["ok"] is ok


@pytest.mark.parametrize("answer", [{"found": False, "checks": []}, "no_such_record"], ids=["says", "refuses"])
def test_what_the_register_does_not_have_is_kept_for_the_clerk(counter: Counter, answer: JsonValue) -> None:
    """Not found is an answer, written once, however the register says it."""
    if isinstance(answer, str):
        counter.office.script.plan(f"fetch_{LICENCE}", answer)
    else:
        counter.office.answers[f"fetch_{LICENCE}"] = answer
    case_id = counter.open()
    counter.run_jobs()
    (event,) = fetches(counter, case_id)
    assert event.data["found"] is False
    assert counter.file(case_id).state is CaseState.RECEIVED
    counter.work(case_id)
    assert len(fetches(counter, case_id)) == 1


@pytest.mark.parametrize("trouble", ["unreachable", "timeout", "system", "batch_window", "not_permitted"])
def test_a_register_that_does_not_answer_is_asked_again(counter: Counter, trouble: str) -> None:
    """No answer is no event and no question to the applicant: it is asked again, ever more seldom, till it answers."""
    for _ in range(6):
        counter.office.script.plan(f"fetch_{LICENCE}", trouble)
    case_id = counter.open()
    counter.run_jobs()
    waits = []
    while not fetches(counter, case_id):
        (due_at,) = [at for entry, at in counter.house.tables.due.items() if entry[0] == "work_on_case"]
        waits.append((due_at - counter.clock.now()).total_seconds())
        counter.wait(waits[-1])
        assert len(waits) < 20
    assert waits[0] == 30
    assert waits == sorted(waits)
    assert len(waits) == 6
    assert fetches(counter, case_id)[0].data["found"] is True


@pytest.mark.parametrize(
    "answer",
    [
        None, [], {}, {"found": "yes", "checks": []}, {"found": True}, {"found": True, "checks": [{"what": "x"}]},
        {"found": True, "checks": [{"ok": True}]}, {"found": True, "checks": [], "expires_on": "soon"},
    ],
)  # fmt: skip
def test_an_unclear_answer_is_no_answer(counter: Counter, answer: JsonValue) -> None:
    """What is no clear word is asked again, and nothing of it is believed."""
    counter.office.answers[f"fetch_{LICENCE}"] = answer
    case_id = counter.open()
    counter.run_jobs()
    assert fetches(counter, case_id) == []
    assert any(entry[0] == "work_on_case" for entry in counter.house.tables.due)


def test_one_silent_register_keeps_no_other_waiting() -> None:
    """Of three registers two answer: their answers are written, and only the silent one is asked again, at the next event and later."""
    names = ("first", "second", "third")
    materials = {name: replace(MATERIALS[LICENCE], name=name) for name in names}
    counter = Counter(materials=materials)
    for name in names:
        counter.office.answers[f"fetch_{name}"] = dict(GOOD)
    counter.office.script.plan("fetch_second", "unreachable", "unreachable")
    case_id = counter.open(promises=[])
    counter.run_jobs()
    assert [event.data["name"] for event in fetches(counter, case_id)] == ["first", "third"]
    counter.wait(30)
    assert [event.data["name"] for event in fetches(counter, case_id)] == ["first", "third", "second"]
    assert [counter.office.count(f"fetch_{name}") for name in names] == [1, 3, 1]


def test_after_a_correction_it_is_fetched_anew(counter: Counter) -> None:
    """Checks hold what was stated: whatever is put right is held against the register again."""
    counter.office.answers[f"fetch_{LICENCE}"] = lambda values: {
        "found": True, "checks": [{"what": "字号一致", "ok": values["inputs"]["company_name"] == "小红早点"}],
    }  # fmt: skip
    case_id = counter.open()
    counter.run_jobs()
    items = [{"about": "company_name", "code": "wrong", "words": "x"}]
    counter.move(case_id, "correction_asked", items=items, until_on="2026-12-31")
    counter.run_jobs()
    correct_case(
        counter.door, counter.wang, case_id, counter.file(case_id).version, Brought({"company_name": "小红早点"})
    )
    counter.run_jobs()
    assert [event.data["checks"][0]["ok"] for event in fetches(counter, case_id)] == [False, True]


def test_a_rule_goes_by_nothing_stale() -> None:
    """What is older than a day is fetched anew before a rule decides; for a clerk only when the case passes into other hands."""
    by_rule, by_clerk = Counter(decided_by="back_end"), Counter()
    for counter in (by_rule, by_clerk):
        counter.office.answers[f"fetch_{LICENCE}"] = dict(GOOD)
        counter.office.script.plan("decide", *["unreachable"] * 50)
        case_id = counter.open()
        counter.run_jobs()
        counter.move(case_id, "accepted", on="2026-11-02")
        counter.run_jobs()
        counter.clock.advance(FRESH.total_seconds() + 1)
        counter.work(case_id)
        counter.work(case_id)
        assert len(fetches(counter, case_id)) == (2 if counter is by_rule else 1)
        counter.move(case_id, "step_finished", step=0, opinion="x")
        counter.work(case_id)
        assert len(fetches(counter, case_id)) == 2


def test_nothing_is_fetched_where_nothing_is_open(counter: Counter) -> None:
    """A case that waits for the applicant, stands in a special procedure or is decided asks no register."""
    case_id = counter.open()
    counter.run_jobs()
    file, late = counter.file(case_id), counter.clock.now() + timedelta(days=400)
    for state in CaseState:
        if state not in (CaseState.RECEIVED, CaseState.ACCEPTED):
            events = (*file.events[:-1], replace(file.events[-1], state=state))
            assert list_due(replace(file, events=events), counter.terms, late) == ()


def test_two_workers_write_one_answer(counter: Counter) -> None:
    """Of two fetches of the same the first answer is written, the second is let go."""
    case_id = counter.open()
    before = counter.file(case_id)
    fetch_materials(counter.workshop, before, "job-1")
    after = fetch_materials(counter.workshop, before, "job-2")
    assert len(fetches(counter, case_id)) == 1
    assert after.version == counter.file(case_id).version


def test_an_answer_to_an_old_question_is_let_go(counter: Counter) -> None:
    """A correction that came in while the register was asked is held against the register, not the answer from before it."""
    case_id = counter.open()

    def answer(_values: Mapping[str, JsonValue]) -> JsonValue:
        if counter.office.count(f"fetch_{LICENCE}") == 1:
            counter.clock.advance(1)
            counter.move(case_id, "fixed_on_the_spot", inputs={"company_name": "new"})
        return dict(GOOD)

    counter.office.answers[f"fetch_{LICENCE}"] = answer
    counter.work(case_id)
    assert fetches(counter, case_id) == []
    counter.run_jobs()
    assert len(fetches(counter, case_id)) == 1


def test_checks_that_do_not_hold_stop_acceptance_by_checks() -> None:
    """A service that is accepted by checks alone leaves what is not found or not in order to a clerk."""
    only = {LICENCE: MATERIALS[LICENCE]}
    answers = [{"found": False, "checks": []}, {**GOOD, "checks": [{"what": "在业", "ok": False}]}, dict(GOOD)]
    states = []
    for answer in answers:
        counter = Counter(materials=only, accepted_by="checks", decided_by="back_end", steps=())
        counter.office.answers[f"fetch_{LICENCE}"] = answer
        counter.office.script.plan("decide", *["unreachable"] * 9)
        case_id = counter.open(promises=[])
        counter.run_jobs()
        states.append(counter.file(case_id).state)
        accept_by_checks(counter.workshop, counter.file(case_id), "job-1")
    assert states == [CaseState.RECEIVED, CaseState.RECEIVED, CaseState.ACCEPTED]


def test_the_register_is_named_in_the_office_s_own_words() -> None:
    """A mapping that names no register leaves the name empty rather than made up."""
    counter = Counter(materials={LICENCE: replace(MATERIALS[LICENCE], register={}, title=say("执照"))})
    counter.office.answers[f"fetch_{LICENCE}"] = dict(GOOD)
    case_id = counter.open(promises=[])
    counter.run_jobs()
    assert {one["register"] for one in fetches(counter, case_id)[0].data["checks"]} == {""}


def test_errors_of_a_back_end_never_leave_the_fetch(counter: Counter) -> None:
    """Whatever a register does, the rest of the work on the case goes on."""
    case_id = counter.open()

    def fail(_values: Mapping[str, JsonValue]) -> JsonValue:
        raise BackEndError

    counter.office.answers[f"fetch_{LICENCE}"] = fail
    assert counter.work(case_id) is CaseState.RECEIVED
