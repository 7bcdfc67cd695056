"""Accepting by checks, deciding by a rule: what a back end clearly says is carried, nothing else becomes a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alert_record import Rung
from services.case_decisions import accept_by_checks, decide_by_rule
from services.case_file import CaseFile
from services.case_record import CaseState, Hand
from services.case_supply import FETCHED, PROMISED, SEEN, UPLOADED
from services.counter_terms import Material
from services.model import JsonValue
from tests.case_samples import STEPS, say
from tests.fake_applicants import Counter

GRANT: dict[str, JsonValue] = {
    "decision": "granted", "rule_id": "age-60", "rule_version": "2024-1", "reasons": ["年满六十周岁"], "facts": {"age": 66},
}  # fmt: skip
REFUSE = GRANT | {"decision": "refused", "reasons": ["未满六十周岁"], "facts": {"age": 35}}


def make_counter(**changes: Any) -> Counter:
    """A service that is accepted by checks and decided by its back end."""
    terms = {"accepted_by": "checks", "decided_by": "back_end", "steps": (), "two_hands": False}
    return Counter(**{**terms, **changes})


@pytest.fixture
def counter() -> Counter:
    made = make_counter()
    made.office.answers["decide"] = dict(GRANT)
    return made


def accepted(counter: Counter, **changes: Any) -> UUID:
    """A case that the house has accepted and asks about."""
    return counter.open(**changes)


def decide(counter: Counter, case_id: UUID) -> CaseFile:
    """The house asks for the decision now."""
    return decide_by_rule(counter.workshop, counter.file(case_id), "job-9")


def test_a_clear_word_is_kept_as_it_came(counter: Counter) -> None:
    """Rule and version, facts, reasons, law, and the way of appeal stand in the event that decides, made by the back end's hand."""
    case_id = counter.open()
    counter.run_jobs()
    file = counter.file(case_id)
    decision = file.decision
    assert decision is not None
    assert (decision.name, decision.hand, decision.staff_id) == ("granted", Hand.BACK_END, None)
    told = {key: value for key, value in decision.data.items() if key != "request_id"}
    assert told == {
        "on": "2026-11-02", "by": "rule", "reasons": ["年满六十周岁"], "legal_ground": "测试法第一条",
        "appeal": {"zh-CN": counter.terms.appeal["zh-CN"], "en": counter.terms.appeal["en"]},
        "rule": {"id": "age-60", "version": "2024-1"}, "facts": {"age": 66},
    }  # fmt: skip
    (asked,) = [values for name, values, _, _ in counter.office.calls if name == "decide"]
    assert set(asked) == {"applicant", "agent", "inputs", "case_no", "business_on"}
    assert file.state is CaseState.ISSUED


def test_a_fee_that_no_list_names_is_written_down_and_told_to_the_supervision_office(counter: Counter) -> None:
    """The decision stands as the office made it, with its fees; that the catalogue has none of this name is planned at once."""
    fees = [{"name": "加急费", "amount_fen": 5000}]
    counter.office.answers["decide"] = GRANT | {"fees": fees}
    case_id = counter.open()
    counter.run_jobs()
    decision = counter.file(case_id).decision
    assert decision is not None
    assert decision.data["fees"] == fees
    planned = [one for one in counter.house.tables.counter.planned.values() if one.rung is Rung.FACT]
    assert [(one.clock, one.due_at) for one in planned] == [(f"fee_outside_catalogue:{decision.version}", decision.at)]


def test_a_refusal_is_carried_too(counter: Counter) -> None:
    """With its reasons and the way to appeal; nothing is issued."""
    counter.office.answers["decide"] = dict(REFUSE)
    case_id = counter.open()
    counter.run_jobs()
    file = counter.file(case_id)
    assert (file.state, file.decision and file.decision.data["facts"]) == (CaseState.REFUSED, {"age": 35})
    assert "certificate_issued" not in counter.names(case_id)


@pytest.mark.parametrize(
    "answer",
    [
        None, [], "granted", {}, {"decision": "granted"},
        GRANT | {"decision": "GRANTED"}, GRANT | {"decision": True}, GRANT | {"decision": "maybe"},
        GRANT | {"decision": None}, GRANT | {"reasons": []}, GRANT | {"reasons": "because"}, GRANT | {"facts": {}},
        GRANT | {"facts": None}, GRANT | {"fees": "10"}, GRANT | {"fees": [{"name": "工本费"}]},
        GRANT | {"fees": [{"name": "工本费", "amount_fen": True}]}, GRANT | {"fees": [{"name": "", "amount_fen": 1}]},
        GRANT | {"fees": [{"name": "工本费", "amount_fen": -1}]}, GRANT | {"rule_id": ""}, GRANT | {"rule_version": None},
        {key: value for key, value in GRANT.items() if key != "rule_id"}, {"decision": ["granted"], **{k: v for k, v in GRANT.items() if k != "decision"}},
    ],
)  # fmt: skip
def test_nothing_unclear_is_a_decision(counter: Counter, answer: JsonValue) -> None:
    """An answer without a clear word, its rule, its facts or its reasons leaves the case where it is."""
    counter.office.answers["decide"] = answer
    case_id = counter.open()
    counter.run_jobs()
    file = counter.file(case_id)
    assert (file.state, file.decision) == (CaseState.ACCEPTED, None)
    assert file.last("decision_awaited") is not None


@pytest.mark.parametrize("trouble", ["unreachable", "timeout", "no_such_record", "not_eligible", "system"])
def test_silence_and_refusals_to_answer_are_asked_again(counter: Counter, trouble: str) -> None:
    """Ever more seldom, never given up, never read as a no; when the answer comes it counts."""
    counter.office.script.plan("decide", *[trouble] * 12)
    case_id = counter.open()
    counter.run_jobs()
    waited: list[float] = []
    while counter.office.count("decide") < 12:
        before = counter.office.count("decide")
        due = min(at for (task, _, _), at in counter.house.tables.due.items() if task == "work_on_case")
        waited.append((due - counter.clock.now()).total_seconds())
        counter.wait(waited[-1] - 1)
        assert counter.office.count("decide") == before
        counter.wait(1)
        assert counter.file(case_id).decision is None
    assert waited == sorted(waited)
    assert waited[0] == 30
    assert waited[-1] <= 3600
    counter.wait(3600)
    assert counter.file(case_id).state is CaseState.ISSUED


def test_no_other_job_makes_a_silent_back_end_be_asked_sooner(counter: Counter) -> None:
    """Every event wakes the house; the back end is asked when its time has come."""
    counter.office.script.plan("decide", "unreachable")
    case_id = counter.open()
    counter.run_jobs()
    for _ in range(5):
        counter.work(case_id)
    assert counter.office.count("decide") == 1


def test_an_answer_counts_for_the_case_as_it_was_asked_about(counter: Counter) -> None:
    """What came in while the back end was thinking makes the house ask again."""
    counter.office.answers["decide"] = dict(REFUSE)
    case_id = counter.open()
    file = counter.file(case_id)
    accept_by_checks(counter.workshop, file, "job")
    counter.move(case_id, "material_fetched", Hand.HOUSE, name="business_licence", found=True, checks=[])
    asked = accept_by_checks(counter.workshop, counter.file(case_id), "job")

    def answer(values: object) -> JsonValue:
        counter.office.answers["decide"] = dict(GRANT)
        counter.move(case_id, "claimed")
        return dict(REFUSE)

    counter.office.answers["decide"] = answer
    assert decide_by_rule(counter.workshop, asked, "job").decision is None
    counter.run_jobs()
    assert (decided := counter.file(case_id).decision) is not None
    assert decided.name == "granted"


def test_two_workers_decide_once(counter: Counter) -> None:
    """Of two answers to one question one is written."""
    case_id = counter.open()
    counter.move(case_id, "accepted", on="2026-11-02")
    stale = counter.file(case_id)
    first = decide_by_rule(counter.workshop, stale, "a")
    counter.office.answers["decide"] = dict(REFUSE)
    second = decide_by_rule(counter.workshop, stale, "b")
    assert (first.decision, second.decision) == (first.decision, first.decision)
    assert counter.names(case_id).count("granted") + counter.names(case_id).count("refused") == 1


def test_a_service_that_clerks_decide_is_never_decided_by_a_rule() -> None:
    """The back end is not even asked, in whatever state."""
    counter = Counter(steps=())
    counter.office.answers["decide"] = dict(GRANT)
    case_id = counter.open()
    counter.run_jobs()
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.run_jobs()
    assert counter.office.count("decide") == 0
    assert counter.file(case_id).state is CaseState.ACCEPTED


def test_a_rule_waits_for_the_steps_and_for_what_was_left_out() -> None:
    """It is asked when everything before the decision is done, once."""
    counter = make_counter(accepted_by="clerk", steps=STEPS[:1])
    counter.office.answers["decide"] = dict(GRANT)
    case_id = counter.open()
    counter.move(
        case_id, "accepted_with_gap", on="2026-11-02", missing=["proof_of_premises"], until_on="2026-11-16", promise="x"
    )
    counter.run_jobs()
    counter.move(case_id, "step_finished", step=0, opinion="x", on="2026-11-02")
    counter.run_jobs()
    assert counter.office.count("decide") == 0
    counter.move(case_id, "gap_supplied", materials={"proof_of_premises": {"files": [], "vouched": False}})
    counter.run_jobs()
    assert (counter.office.count("decide"), counter.file(case_id).state) == (1, CaseState.ISSUED)


def is_whole(answer: JsonValue) -> bool:
    """Whether an answer says all that a decision needs."""

    def is_text(one: object) -> bool:
        return isinstance(one, str) and one != ""

    return (
        isinstance(answer, dict)
        and answer.get("decision") in ("granted", "refused")
        and is_text(answer.get("rule_id"))
        and is_text(answer.get("rule_version"))
        and isinstance(answer.get("reasons"), list)
        and bool(answer["reasons"])
        and all(is_text(reason) for reason in answer["reasons"])
        and isinstance(answer.get("facts"), dict)
        and bool(answer["facts"])
    )


WORDS = st.sampled_from(["granted", "refused", "GRANTED", "", "no"])
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "decision": WORDS | st.lists(WORDS, max_size=1) | st.none(),
        "rule_id": st.text(max_size=3) | st.integers(),
        "rule_version": st.text(max_size=3) | st.none(),
        "reasons": st.lists(st.text(max_size=3) | st.none(), max_size=2) | st.text(max_size=3),
        "facts": st.dictionaries(st.text(max_size=3), st.integers(), max_size=1) | st.none(),
    },
)
"""Answers that have nearly everything."""


@settings(max_examples=150, deadline=None)
@given(NEARLY | st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["decision", "rule_id", "rule_version", "reasons", "facts", "x"]), inner, max_size=6),
                    max_leaves=12))  # fmt: skip
def test_no_answer_whatever_decides_by_accident(answer: JsonValue) -> None:
    """Of all that JSON can say only a whole and clear answer decides."""
    counter = make_counter()
    counter.office.answers["decide"] = answer
    case_id = counter.open()
    counter.run_jobs()
    assert (counter.file(case_id).decision is not None) is is_whole(answer)


# acceptance by checks


def test_a_case_whose_checks_all_hold_is_accepted_without_a_person(counter: Counter) -> None:
    """By the back end's hand, on the legal day."""
    case_id = counter.open()
    counter.run_jobs()
    event = counter.file(case_id).accepted
    assert event is not None
    assert (event.name, event.hand, event.data["on"], event.data["by"]) == (
        "accepted",
        Hand.BACK_END,
        "2026-11-02",
        "checks",
    )


def test_what_comes_at_night_is_accepted_on_the_day_of_its_receipt(counter: Counter) -> None:
    """Never before it was received: 20:00 on a Friday is received and accepted on Monday."""
    counter.clock.at = datetime(2026, 11, 6, 12, 0, tzinfo=UTC)
    case_id = counter.open()
    counter.run_jobs()
    file = counter.file(case_id)
    assert file.case.received_on.isoformat() == "2026-11-09"
    assert file.accepted_on == file.case.received_on


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        ({"found": True, "checks": [{"what": "在业", "ok": True}]}, True),
        ({"found": True, "checks": [{"what": "在业", "ok": True}, {"what": "名称", "ok": False}]}, False),
        ({"found": False, "checks": []}, False),
        ({"found": True, "checks": [], "expires_on": "2020-01-01"}, False),
    ],
)
def test_a_check_that_fails_leaves_the_case_to_a_clerk(counter: Counter, answer: JsonValue, held: bool) -> None:
    """It refuses nothing and accepts nothing."""
    counter.office.answers["fetch_business_licence"] = answer
    case_id = counter.open()
    counter.run_jobs()
    file = counter.file(case_id)
    assert (file.accepted is not None) is held
    assert held or file.state is CaseState.RECEIVED


def test_a_register_that_is_silent_accepts_nothing(counter: Counter) -> None:
    """Not fetched is not held; when it answers the case goes on by itself."""
    counter.office.script.plan("fetch_business_licence", "unreachable")
    case_id = counter.open()
    counter.run_jobs()
    assert counter.file(case_id).state is CaseState.RECEIVED
    counter.wait(3600)
    assert counter.file(case_id).state is CaseState.ISSUED


def test_each_level_holds_in_its_own_way() -> None:
    """A by its register, B by a clerk's eyes, C by a file, D by a promise; optional ones may be absent, but what a clerk faulted never holds."""
    levels = {"a": FETCHED, "b": SEEN, "c": UPLOADED, "d": PROMISED}
    materials = {name: Material(name, say(name), level) for name, level in levels.items()}
    counter = make_counter(materials=materials)
    counter.office.answers |= {"fetch_a": {"found": True, "checks": []}, "decide": dict(GRANT)}
    case_id = counter.open(promises=["d"])
    counter.run_jobs()
    assert counter.file(case_id).state is CaseState.RECEIVED
    counter.move(case_id, "material_checked", name="c", ok=False, words="x", original_seen=False)
    counter.move(case_id, "material_checked", name="b", ok=True, words="", original_seen=True)
    counter.run_jobs()
    assert counter.file(case_id).state is CaseState.RECEIVED
    counter.move(case_id, "material_checked", name="c", ok=True, words="", original_seen=False)
    counter.run_jobs()
    assert counter.file(case_id).state is CaseState.ISSUED


def test_without_the_word_in_the_mapping_nothing_is_accepted_by_checks() -> None:
    """A clerk accepts, though every check holds."""
    counter = make_counter(accepted_by="clerk")
    case_id = counter.open()
    counter.run_jobs()
    counter.wait(timedelta(hours=3).total_seconds())
    assert counter.file(case_id).state is CaseState.RECEIVED


def test_checks_accept_once(counter: Counter) -> None:
    """A second worker with an old page changes nothing."""
    case_id = counter.open()
    counter.move(case_id, "material_fetched", Hand.HOUSE, name="business_licence", found=True, checks=[])
    stale = counter.file(case_id)
    accept_by_checks(counter.workshop, stale, "a")
    accept_by_checks(counter.workshop, replace(stale), str(uuid4()))
    assert counter.names(case_id).count("accepted") == 1
