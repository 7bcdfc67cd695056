"""The window after the case was opened: what is brought later, withdrawal, the receipt."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.case_errors import (
    CaseMoved,
    CorrectionLate,
    NotAllowedNow,
)
from services.case_file import CaseFile
from services.case_record import CaseState
from services.counter_notices import CorrectionItem
from services.errors import InputRefused
from services.staffing import Actor
from services.walk_ins import ApplicantShown
from services.window_desk import Brought, WalkIn
from services.window_mandates import Shown
from tests.counter_office import (
    AGENT_NUMBER,
    APPLICANT_NUMBER,
    FINE,
    HEAD_NUMBER,
    REASON,
    CounterOffice,
)

CARD = Shown("王秀英", APPLICANT_NUMBER)
AGENT = Shown("李秀英", AGENT_NUMBER)
HEAD = Shown("王小明", HEAD_NUMBER)
SELF = ApplicantShown(CARD, card_seen=True)
BROUGHT = Brought({"company_name": "秀英早点"}, ("promise",), ("proof_of_premises", "floor_plan"))


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def walk_in(**changes: Any) -> WalkIn:
    cells: dict[str, Any] = {
        "case_id": uuid4(), "service": "trial-licence", "shown": SELF, "brought": BROUGHT, "delivery": "window",
    }  # fmt: skip
    return WalkIn(**(cells | changes))


def opened(office: CounterOffice, who: Actor | None = None, **changes: Any) -> CaseFile:
    return office.window.open_walk_in(who or office.clerk, walk_in(**changes))


def ask(office: CounterOffice, *about: str) -> CaseFile:
    """A case to which corrections were asked."""
    file = office.receive()
    version = office.take(office.clerk, file.case.case_id)
    items = [CorrectionItem(name, words="需补正") for name in about]
    return office.counter.ask_corrections(office.clerk, file.case.case_id, version, items)


def bring(office: CounterOffice, file: CaseFile, **said: Any) -> CaseFile:
    return office.window.bring_corrections(office.second, file.case.case_id, file.version, Brought(**said))


def test_corrections_are_brought_to_any_clerk_at_the_window(office: CounterOffice) -> None:
    """All that the notice asks, by whoever is there: the case stays in its clerk's hands."""
    file = ask(office, "floor_plan", "premises")
    with pytest.raises(InputRefused) as raised:
        bring(office, file, inputs={"premises": "朝阳门内大街9号"})
    assert raised.value.detail == {"materials.floor_plan": "required"}
    after = bring(office, file, inputs={"premises": "朝阳门内大街9号"}, originals=("floor_plan",))
    assert (after.state, after.inputs["premises"]) == (CaseState.RECEIVED, "朝阳门内大街9号")
    assert after.claimed_by == office.clerk.member.staff_id
    with pytest.raises(CaseMoved):
        bring(office, file, originals=("floor_plan",))


def test_a_scan_taken_in_at_the_window_answers_the_notice(office: CounterOffice) -> None:
    """Uploaded to the case before, handed in now, once."""
    file = ask(office, "floor_plan")
    office.add_file(file, "floor_plan")
    after = bring(office, file)
    assert len(after.events[-1].data["materials"]["floor_plan"]["files"]) == 1


def test_what_nobody_asked_for_is_not_taken_in(office: CounterOffice) -> None:
    """A notice is answered, not widened."""
    file = ask(office, "floor_plan")
    for said in (
        {"inputs": {"company_name": "新名"}},
        {"promises": ("promise",)},
        {"originals": ("proof_of_premises",)},
    ):
        with pytest.raises(InputRefused):
            bring(office, file, **said)


def test_late_corrections_are_late_at_the_window_too(office: CounterOffice) -> None:
    """After the last day of the term."""
    file = ask(office, "floor_plan")
    office.pass_days(22)
    with pytest.raises(CorrectionLate):
        bring(office, file, originals=("floor_plan",))


def test_a_gap_is_closed_at_the_window(office: CounterOffice) -> None:
    """With what the promise named."""
    file = office.receive(brought=("floor_plan",))
    version = office.take(office.clerk, file.case.case_id)
    accepted = office.counter.accept_with_gap(
        office.clerk, file.case.case_id, version, ["proof_of_premises"], date(2026, 11, 10), "promise", FINE[1:]
    )
    case_id = file.case.case_id
    with pytest.raises(InputRefused):
        office.window.bring_gap(office.second, case_id, accepted.version, Brought())
    office.add_file(file, "proof_of_premises")
    after = office.window.bring_gap(office.second, case_id, accepted.version, Brought())
    assert after.gap is None
    with pytest.raises(NotAllowedNow) as raised:
        office.window.bring_gap(office.second, case_id, after.version, Brought())
    assert raised.value.detail == {"rule": "no_gap"}


def test_what_can_be_put_right_at_once_is(office: CounterOffice) -> None:
    """Before anybody asked in writing; with something."""
    file = office.receive()
    with pytest.raises(InputRefused):
        office.window.fix_on_the_spot(office.second, file.case.case_id, file.version, Brought())
    after = office.window.fix_on_the_spot(
        office.second, file.case.case_id, file.version, Brought({"company_name": "秀英餐饮"})
    )
    assert (after.state, after.inputs["company_name"]) == (CaseState.RECEIVED, "秀英餐饮")


def test_the_applicant_withdraws_at_the_window_and_a_stranger_does_not(office: CounterOffice) -> None:
    """By their card."""
    file = office.receive()
    with pytest.raises(NotAllowedNow) as raised:
        office.window.withdraw(office.clerk, file.case.case_id, file.version, ApplicantShown(AGENT, card_seen=True))
    assert raised.value.detail == {"rule": "not_the_recipient"}
    with pytest.raises(InputRefused):
        office.window.withdraw(office.clerk, file.case.case_id, file.version, ApplicantShown(CARD, card_seen=False))
    after = office.window.withdraw(office.clerk, file.case.case_id, file.version, SELF, "不再需要")
    assert (after.state, after.events[-1].data["by"]) == (CaseState.WITHDRAWN, "applicant")


def test_a_decided_case_is_not_withdrawn(office: CounterOffice) -> None:
    """It is decided."""
    file = office.grant()
    with pytest.raises(NotAllowedNow):
        office.window.withdraw(office.clerk, file.case.case_id, file.version, SELF)


def test_the_receipt_has_its_moments_and_a_code_and_is_noted(office: CounterOffice) -> None:
    """Printing it changes nothing that a colleague's page shows."""
    file = opened(office)
    receipt = office.window.print_receipt(office.clerk, file.case.case_id)
    assert (receipt.case_no, receipt.received_on, receipt.told_by_on) == (
        file.case.case_no, date(2026, 11, 2), date(2026, 11, 9),
    )  # fmt: skip
    assert receipt.slip in office.slips.signed
    assert office.load(file.case.case_id).events[-1].name == "receipt_printed"
    assert office.counter.claim(office.second, file.case.case_id, file.version).claimed_by is not None


def test_an_organ_reads_why_in_the_book_of_acts(office: CounterOffice) -> None:
    """Every act at the window has its line, and none of them a name or a number."""
    file = ask(office, "floor_plan")
    bring(office, file, originals=("floor_plan",))
    told = [act.act for act in office.acts]
    assert told == ["case.open", "case.claim", "case.ask_corrections", "case.bring_corrections"]
    assert "王秀英" not in str([act.detail for act in office.acts])
    assert office.acts[0].reason == REASON
