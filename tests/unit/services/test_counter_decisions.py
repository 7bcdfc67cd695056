"""The decision and what ends a case without one: by whom, after what, with which reasons; revocation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.case_errors import (
    CaseMoved,
    MaterialsMissing,
    NotAllowedNow,
    OwnMatter,
)
from services.case_file import CaseFile
from services.case_record import CaseState, Hand
from services.counter_notices import CorrectionItem
from services.counter_terms import Step
from services.errors import InputRefused, NotFound, NotPermitted
from services.staffing import Actor, Role
from tests.case_samples import say
from tests.counter_office import CONFIRMED, FINE, OFFICE, REASON, CounterOffice


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def rule_of(raised: pytest.ExceptionInfo[Any]) -> str:
    return str((raised.value.detail or {}).get("rule"))


def finish(office: CounterOffice, file: CaseFile, step: int, who: Actor | None = None) -> CaseFile:
    actor = who or office.clerk
    version = office.counter.open_case(actor, file.case.case_id, REASON).file.version
    return office.counter.finish_step(actor, file.case.case_id, version, step, "符合条件")


def decide(
    office: CounterOffice, file: CaseFile, outcome: str = "granted", who: Actor | None = None, **said: Any
) -> CaseFile:
    return office.counter.decide(who or office.head, file.case.case_id, file.version, outcome, **said)


def test_a_grant_is_made_by_the_head_and_finishes_the_last_step(office: CounterOffice) -> None:
    """One act of the head: the step of the decision and the decision."""
    after = decide(office, office.examine())
    step, granted = after.events[-2:]
    assert (step.name, step.data["step"], granted.name, granted.hand) == ("step_finished", 3, "granted", Hand.HEAD)
    assert (after.state, granted.data["by"], granted.data["on"]) == (CaseState.GRANTED, "clerk", "2026-11-02")
    assert ("work_on_case", after.case.case_id) in [(task, subject) for task, _, subject in office.house.tables.queue]


def test_a_refusal_states_reasons_ground_and_the_way_of_appeal(office: CounterOffice) -> None:
    """The way of appeal is the service's own; without reasons nothing is refused."""
    file = office.examine()
    with pytest.raises(InputRefused):
        decide(office, file, "refused", reasons=[" ", ""])
    told = decide(office, file, "refused", reasons=["场所不符合条件", ""]).events[-1].data
    assert (told["reasons"], told["legal_ground"]) == (["场所不符合条件"], "测试法第一条")
    assert "行政复议" in told["appeal"]["zh-CN"]


@pytest.mark.parametrize("outcome", ["approved", "withdrawn", "", "recorded"])
def test_a_decision_is_granted_or_refused(office: CounterOffice, outcome: str) -> None:
    """Nothing else decides."""
    with pytest.raises(InputRefused):
        decide(office, office.examine(), outcome, reasons=["理由"])


def test_nobody_decides_a_case_that_they_have_not_opened(office: CounterOffice) -> None:
    """To have it in hand is not enough."""
    file = office.examine()
    office.house.books.acts[:] = [act for act in office.acts if act.staff_id != office.head.member.staff_id]
    with pytest.raises(CaseMoved) as raised:
        decide(office, file)
    assert rule_of(raised) == "open_first"


def test_a_decision_rests_on_what_its_maker_has_seen(office: CounterOffice) -> None:
    """What somebody else adds after the opening makes it open again, although the form names the latest version."""
    file = office.examine()
    after = office.write(
        file.case.case_id, "material_fetched", Hand.HOUSE, {"name": "business_licence", "found": False}
    )
    with pytest.raises(CaseMoved) as raised:
        decide(office, after, "refused", reasons=["执照已注销"])
    assert rule_of(raised) == "open_first"


def test_a_register_that_repeats_itself_does_not_stand_in_the_way(office: CounterOffice) -> None:
    """What was fetched again and is as it was leaves the page as it was; another answer does not."""
    file = office.examine()
    office.write(file.case.case_id, "material_fetched", Hand.HOUSE, CONFIRMED)
    assert decide(office, file).state is CaseState.GRANTED
    other = office.examine()
    doubtful = {**CONFIRMED, "checks": [{**check, "ok": False} for check in CONFIRMED["checks"]]}
    office.write(other.case.case_id, "material_fetched", Hand.HOUSE, doubtful)
    with pytest.raises(CaseMoved):
        decide(office, other)


def test_what_tells_nothing_new_does_not_stand_in_the_way(office: CounterOffice) -> None:
    """A notice that was told meanwhile leaves the page as it was."""
    file = office.examine()
    office.write(file.case.case_id, "notice_told", Hand.HOUSE, {"notice": "1:x"})
    assert decide(office, file).state is CaseState.GRANTED


def test_no_decision_before_every_step(office: CounterOffice) -> None:
    """The tax office's step is open, and so is the case."""
    file = finish(office, finish(office, office.accept(), 0), 1)
    office.take(office.head, file.case.case_id)
    with pytest.raises(NotAllowedNow) as raised:
        decide(office, office.load(file.case.case_id))
    assert raised.value.detail == {"rule": "steps_open", "steps": [2, 3]}


def test_a_clerk_does_not_decide_what_the_head_decides(office: CounterOffice) -> None:
    """The mapping's last step is the head's."""
    file = office.examine()
    office.give_back(office.head, file.case.case_id)
    office.take(office.second, file.case.case_id)
    with pytest.raises(NotPermitted):
        decide(office, office.load(file.case.case_id), who=office.second)


def test_what_a_back_end_decides_no_clerk_decides() -> None:
    """The mapping says whose decision it is."""
    office = CounterOffice(decided_by="back_end", steps=())
    file = office.accept()
    office.give_back(office.clerk, file.case.case_id)
    office.take(office.second, file.case.case_id)
    with pytest.raises(NotAllowedNow) as raised:
        decide(office, office.load(file.case.case_id), who=office.second)
    assert rule_of(raised) == "decided_by_rule"


def test_whoever_accepted_does_not_decide() -> None:
    """Not the same person, not their deputy, not whom they deputised for when they accepted."""
    office = CounterOffice(steps=())
    principal = office.hire(OFFICE, Role.CLERK)
    office.clerk = office.hire(OFFICE, Role.CLERK, deputising_for=principal.member.staff_id)
    file = office.accept()
    case_id = file.case.case_id
    standing_in = office.hire(OFFICE, Role.CLERK, deputising_for=office.clerk.member.staff_id)
    for who in (office.clerk, principal, standing_in):
        office.take(who, case_id)
        with pytest.raises(OwnMatter) as raised:
            decide(office, office.load(case_id), who=who)
        assert rule_of(raised) == "two_hands"
        office.give_back(who, case_id)
    office.take(office.second, case_id)
    assert decide(office, office.load(case_id), who=office.second).state is CaseState.GRANTED


def test_one_person_may_do_both_where_the_service_says_so() -> None:
    """two_hands is the mapping's."""
    office = CounterOffice(steps=(), two_hands=False)
    assert decide(office, office.accept(), who=office.clerk).state is CaseState.GRANTED


def test_what_the_law_accepted_anybody_may_decide() -> None:
    """Accepted by lapse of time: no hand accepted it."""
    office = CounterOffice(steps=())
    file = office.receive()
    office.take(office.clerk, file.case.case_id)
    office.pass_days(8)
    office.write(file.case.case_id, "deemed_accepted", Hand.CLOCK, {"on": "2026-11-02"})
    version = office.counter.open_case(office.clerk, file.case.case_id, REASON).file.version
    after = office.counter.check_materials(office.clerk, file.case.case_id, version, FINE)
    assert decide(office, after, who=office.clerk).state is CaseState.GRANTED


def test_a_gap_is_closed_before_anything_is_granted() -> None:
    """Refused it may be; granted only after supply and check."""
    office = CounterOffice(steps=(), two_hands=False)
    file = office.receive(brought=("floor_plan",))
    version, case_id = office.take(office.clerk, file.case.case_id), file.case.case_id
    accepted = office.counter.accept_with_gap(
        office.clerk, case_id, version, ["proof_of_premises"], date(2026, 11, 10), "promise", FINE[1:]
    )
    with pytest.raises(MaterialsMissing):
        decide(office, accepted, who=office.clerk)
    given = {"materials": {"proof_of_premises": {"files": [{"file_id": "x"}], "vouched": False}}}
    office.write(case_id, "gap_supplied", Hand.APPLICANT, given)
    version = office.counter.open_case(office.clerk, case_id, REASON).file.version
    checked = office.counter.check_materials(office.clerk, case_id, version, FINE[:1])
    assert decide(office, checked, who=office.clerk).state is CaseState.GRANTED


def test_the_decision_sent_twice_decides_once(office: CounterOffice) -> None:
    """The second is told that the case moved."""
    file = office.examine()
    decide(office, file)
    with pytest.raises(CaseMoved):
        decide(office, file)
    assert len(office.load(file.case.case_id).all_of("granted", "refused")) == 1


def test_a_case_ends_without_decision_when_its_matter_has_gone(office: CounterOffice) -> None:
    """With a reason."""
    file = office.accept()
    with pytest.raises(InputRefused):
        office.counter.terminate(office.clerk, file.case.case_id, file.version, "")
    after = office.counter.terminate(office.clerk, file.case.case_id, file.version, "申请人已注销")
    assert after.state is CaseState.TERMINATED


def test_while_the_applicant_may_correct_nothing_is_terminated(office: CounterOffice) -> None:
    """The term of the notice lasts till its last day."""
    file = office.receive()
    version = office.take(office.clerk, file.case.case_id)
    asked = office.counter.ask_corrections(
        office.clerk, file.case.case_id, version, [CorrectionItem("floor_plan", words="缺少比例尺")]
    )
    office.pass_days(21)
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.terminate(office.clerk, file.case.case_id, asked.version, "逾期未补正")
    assert raised.value.detail == {"rule": "term_runs", "until_on": "2026-11-23"}
    office.pass_days(1)
    after = office.counter.terminate(office.clerk, file.case.case_id, asked.version, "逾期未补正")
    assert after.state is CaseState.TERMINATED


def test_the_head_takes_a_certificate_back_and_its_slip_no_longer_holds(office: CounterOffice) -> None:
    """Once, with reason and ground; a clerk does not."""
    file = office.issue()
    case_id = file.case.case_id
    for who in (office.clerk, office.head):
        office.counter.open_case(who, case_id, REASON)
    with pytest.raises(NotPermitted):
        office.counter.revoke_certificate(office.clerk, case_id, file.version, REASON, "《行政许可法》第六十九条")
    after = office.counter.revoke_certificate(
        office.head, case_id, file.version, "以欺骗手段取得", "《行政许可法》第六十九条"
    )
    assert "0" * 24 in office.house.tables.counter.revoked_slips
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.revoke_certificate(office.head, case_id, after.version, REASON, "《行政许可法》第六十九条")
    assert rule_of(raised) == "revoked_already"


def test_a_head_without_the_clerks_role_does_no_clerks_work(office: CounterOffice) -> None:
    """Acceptance is a clerk's."""
    file = office.receive()
    version = office.take(office.head, file.case.case_id)
    with pytest.raises(NotPermitted):
        office.counter.accept(office.head, file.case.case_id, version, FINE)


def test_who_decides_is_the_role_of_the_last_own_step_or_whom_it_hands_over_to() -> None:
    """A last step that hands over to a clerk lets a clerk decide."""
    office = CounterOffice(steps=(Step(say("审查"), "head", 5, "clerk"),))
    file = office.accept()
    office.give_back(office.clerk, file.case.case_id)
    office.take(office.head, file.case.case_id)
    after = finish(office, office.load(file.case.case_id), 0, office.head)
    assert after.claimed_by is None
    office.take(office.second, after.case.case_id)
    assert decide(office, office.load(after.case.case_id), who=office.second).state is CaseState.GRANTED


def test_an_unknown_case_is_not_found_whatever_is_asked(office: CounterOffice) -> None:
    """Also by who has every role."""
    everybody = replace(office.head, roles=office.head.roles + office.clerk.roles)
    with pytest.raises(NotFound):
        office.counter.decide(everybody, uuid4(), 1, "granted")
