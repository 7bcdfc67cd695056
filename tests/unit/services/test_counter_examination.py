"""After acceptance: special procedures, extension of the limit, steps; the decision stands in ``test_counter_decisions.py``."""

from __future__ import annotations

from typing import Any

import pytest

from services.case_errors import (
    CaseInOtherHands,
    ExtensionSpent,
    NotAllowedNow,
    OwnMatter,
)
from services.case_file import CaseFile
from services.case_record import CaseState
from services.errors import InputRefused, NotFound, NotPermitted
from services.staffing import Actor, Role
from tests.counter_office import CITY, OFFICE, REASON, TAX, CounterOffice

WHY = "需要现场检验设备"


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def rule_of(raised: pytest.ExceptionInfo[Any]) -> str:
    return str((raised.value.detail or {}).get("rule"))


def begin(office: CounterOffice, file: CaseFile, version: int | None = None, **asked: Any) -> CaseFile:
    return office.counter.begin_special(
        office.clerk, file.case.case_id, version or file.version, asked.pop("code", "inspection"), WHY, **asked
    )


def test_a_special_procedure_has_its_ground_and_its_told_end(office: CounterOffice) -> None:
    """The limit stands from today till the day that is told in writing."""
    after = begin(office, office.accept(), days=5)
    told = after.events[-1].data
    assert after.state is CaseState.SPECIAL_PROCEDURE
    assert (told["code"], told["days"], told["on"], told["until_on"]) == ("inspection", 5, "2026-11-02", "2026-11-09")
    assert "四十五" in told["legal_ground"]
    ended = office.counter.end_special(office.clerk, after.case.case_id, after.version, "设备合格")
    assert ended.state is CaseState.ACCEPTED


def test_unless_said_it_takes_as_long_as_the_service_tells(office: CounterOffice) -> None:
    """Ten working days of the mapping."""
    assert begin(office, office.accept()).events[-1].data["until_on"] == "2026-11-16"


@pytest.mark.parametrize("days", [0, 11, -3])
def test_it_never_takes_longer_than_the_service_tells(office: CounterOffice, days: int) -> None:
    """Nor no time at all."""
    with pytest.raises(InputRefused):
        begin(office, office.accept(), days=days)


def test_only_grounds_that_the_service_names_stop_the_limit(office: CounterOffice) -> None:
    """A hearing that the mapping does not know is none."""
    with pytest.raises(NotAllowedNow) as raised:
        begin(office, office.accept(), code="hearing")
    assert rule_of(raised) == "unknown_ground"


def test_a_special_procedure_never_begins_within_another(office: CounterOffice) -> None:
    """The state knows one at a time."""
    after = begin(office, office.accept())
    with pytest.raises(NotAllowedNow):
        begin(office, after)


def test_an_ended_special_procedure_shares_no_day_with_the_next(office: CounterOffice) -> None:
    """One that was ended may be followed at once, for its days after the end count again."""
    after = begin(office, office.accept(), days=5)
    office.pass_days(1)
    ended = office.counter.end_special(office.clerk, after.case.case_id, after.version, "合格")
    assert begin(office, ended, days=2).events[-1].data["on"] == "2026-11-03"


def test_a_limit_that_has_passed_cannot_be_stopped_any_more(office: CounterOffice) -> None:
    """Nobody saves a late case by an inspection."""
    file = office.accept()
    office.pass_days(40)
    with pytest.raises(NotAllowedNow) as raised:
        begin(office, file)
    assert rule_of(raised) == "limit_passed"


def ask(office: CounterOffice, file: CaseFile, days: int = 10, who: Actor | None = None) -> CaseFile:
    return office.counter.ask_extension(who or office.clerk, file.case.case_id, file.version, days, "案情复杂需延长")


def answer(office: CounterOffice, file: CaseFile, who: Actor | None = None, *, granted: bool = True) -> CaseFile:
    head = who or office.head
    version = office.counter.open_case(head, file.case.case_id, REASON).file.version
    return office.counter.answer_extension(head, file.case.case_id, version, granted=granted, reason="同意延长")


def test_the_head_extends_the_limit_once_with_the_reason_told(office: CounterOffice) -> None:
    """The event keeps the reason that the applicant is told, and who asked."""
    after = answer(office, ask(office, office.accept()))
    told = after.events[-1].data
    assert (told["days"], told["reason"], told["asked_by"]) == (10, "案情复杂需延长", str(office.clerk.member.staff_id))
    office.counter.open_case(office.clerk, after.case.case_id, REASON)
    with pytest.raises(ExtensionSpent) as raised:
        ask(office, after, 1)
    assert rule_of(raised) == "extended_already"


def test_a_denied_extension_leaves_the_limit_and_says_why(office: CounterOffice) -> None:
    """The case may be asked about again: nothing was extended."""
    after = answer(office, ask(office, office.accept()), granted=False)
    assert (after.events[-1].name, after.events[-1].data["reason"]) == ("extension_denied", "同意延长")
    office.counter.open_case(office.clerk, after.case.case_id, REASON)
    assert ask(office, after).pending_extension is not None


def test_one_request_waits_at_a_time(office: CounterOffice) -> None:
    """The head answers before anybody asks again."""
    with pytest.raises(NotAllowedNow) as raised:
        ask(office, ask(office, office.accept()))
    assert rule_of(raised) == "extension_asked_already"


@pytest.mark.parametrize("days", [0, 11])
def test_an_extension_is_never_longer_than_the_law_gives(office: CounterOffice, days: int) -> None:
    """Ten days in the mapping, ten days at most."""
    with pytest.raises(ExtensionSpent):
        ask(office, office.accept(), days)


def test_after_expiry_nothing_is_extended(office: CounterOffice) -> None:
    """Neither asked for nor, if it was asked for in time, granted."""
    late = office.accept()
    asked = ask(office, office.accept())
    office.pass_days(28)
    assert (
        office.counter.open_case(office.clerk, late.case.case_id, REASON).deadlines[0].due_on.isoformat()
        == "2026-11-30"
    )
    office.pass_days(1)
    with pytest.raises(ExtensionSpent) as raised:
        ask(office, late)
    assert rule_of(raised) == "limit_passed"
    with pytest.raises(ExtensionSpent):
        answer(office, asked)
    assert answer(office, asked, granted=False).pending_extension is None


def test_nobody_approves_their_own_extension(office: CounterOffice) -> None:
    """Not as head of the office, not as the head's deputy, and not if their own deputy asked for them."""
    both = office.hire(OFFICE, Role.CLERK, Role.HEAD)
    file = office.accept()
    office.give_back(office.clerk, file.case.case_id)
    office.take(both, file.case.case_id)
    asked = ask(office, office.load(file.case.case_id), who=both)
    with pytest.raises(OwnMatter) as raised:
        answer(office, asked, both)
    assert rule_of(raised) == "own_extension"
    deputy = office.hire(OFFICE, Role.HEAD, deputising_for=both.member.staff_id)
    with pytest.raises(OwnMatter):
        answer(office, asked, deputy)
    assert answer(office, asked).events[-1].name == "extension_granted"


def test_a_deputy_asks_in_the_name_of_whom_they_stand_in_for(office: CounterOffice) -> None:
    """So the principal cannot grant what their deputy asked for."""
    head = office.hire(OFFICE, Role.CLERK, Role.HEAD)
    deputy = office.hire(OFFICE, Role.CLERK, deputising_for=head.member.staff_id)
    file = office.accept()
    office.give_back(office.clerk, file.case.case_id)
    office.take(deputy, file.case.case_id)
    asked = ask(office, office.load(file.case.case_id), who=deputy)
    assert asked.events[-1].data["deputising_for"] == [str(head.member.staff_id)]
    with pytest.raises(OwnMatter):
        answer(office, asked, head)


def test_nothing_is_answered_that_nobody_asked(office: CounterOffice) -> None:
    """The head gives no extension of their own accord."""
    with pytest.raises(NotAllowedNow) as raised:
        answer(office, office.accept())
    assert rule_of(raised) == "no_extension_asked"


def finish(office: CounterOffice, file: CaseFile, step: int, who: Actor | None = None) -> CaseFile:
    actor = who or office.clerk
    version = office.counter.open_case(actor, file.case.case_id, REASON).file.version
    return office.counter.finish_step(actor, file.case.case_id, version, step, "符合条件")


def test_steps_come_in_their_order_and_joint_ones_side_by_side(office: CounterOffice) -> None:
    """The second step waits for the first; the tax office's runs beside the office's own, in any order."""
    file = office.accept()
    for step, who in ((1, office.clerk), (2, office.tax), (3, office.head)):
        with pytest.raises((NotAllowedNow, CaseInOtherHands, NotFound)):
            finish(office, file, step, who)
    after = finish(office, finish(office, file, 0), 2, office.tax)
    assert after.steps_done == {0, 2}
    assert finish(office, after, 1).steps_done == {0, 1, 2}


@pytest.mark.parametrize(
    ("step", "rule"), [(-1, "no_such_step"), (4, "no_such_step"), (0, "step_finished"), (3, "not_its_turn")]
)
def test_a_step_is_finished_once_and_in_its_turn(office: CounterOffice, step: int, rule: str) -> None:
    """The rule is named."""
    file = finish(office, office.accept(), 0)
    who = office.clerk
    if step == 3:
        office.give_back(office.clerk, file.case.case_id)
        office.take(office.head, file.case.case_id)
        who = office.head
    with pytest.raises(NotAllowedNow) as raised:
        finish(office, file, step, who)
    assert rule_of(raised) == rule


def test_a_joint_agencys_clerk_does_their_own_step_and_nothing_else(office: CounterOffice) -> None:
    """They read the case, and are not permitted anything of the lead agency's; nor may it do theirs."""
    file = finish(office, office.accept(), 0)
    with pytest.raises(NotPermitted):
        finish(office, file, 1, office.tax)
    with pytest.raises(NotPermitted):
        finish(office, file, 2, office.clerk)
    with pytest.raises(NotPermitted):
        office.counter.claim(office.tax, file.case.case_id, file.version)
    assert finish(office, file, 2, office.tax).events[-1].staff_id == office.tax.member.staff_id
    acts = [act for act in office.acts if act.act == "case.finish_step" and act.staff_id == office.tax.member.staff_id]
    assert {act.agency_id for act in acts} == {OFFICE, TAX}


def test_what_hands_over_to_the_head_is_released(office: CounterOffice) -> None:
    """The head finds it in the queue; the clerk has it no more."""
    after = finish(office, finish(office, office.accept(), 0), 1)
    assert (after.events[-1].name, after.claimed_by) == ("released", None)


def test_whoever_finishes_the_last_joint_step_gives_the_case_on(office: CounterOffice) -> None:
    """A clerk of both agencies who claimed the case for the other agency's step does not keep it from the head."""
    both = office.hire(CITY, Role.CLERK)
    file = finish(office, finish(office, office.accept(), 0), 1)
    office.take(both, file.case.case_id)
    after = finish(office, file, 2, both)
    assert (after.events[-1].name, after.claimed_by) == ("released", None)


def test_a_step_needs_an_opinion(office: CounterOffice) -> None:
    """No step is finished in silence."""
    file = office.accept()
    with pytest.raises(InputRefused):
        office.counter.finish_step(office.clerk, file.case.case_id, file.version, 0, " \n")
