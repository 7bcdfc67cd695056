"""Before acceptance: checks, one notice with all corrections, acceptance, acceptance with a gap, refusal of acceptance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.case_errors import CaseInOtherHands, CaseMoved, MaterialsMissing, NotAllowedNow
from services.case_file import CaseFile
from services.case_record import CaseState, Hand
from services.counter_notices import CorrectionItem
from services.counter_reception import MaterialCheck
from services.errors import InputRefused
from tests.counter_office import FINE, OFFICE, REASON, CounterOffice

UNCLEAR = CorrectionItem("proof_of_premises", "unclear")
OWN_WORDS = CorrectionItem("floor_plan", words="  缺少比例尺\n请补充 ")
TODAY = date(2026, 11, 2)


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def rule_of(raised: pytest.ExceptionInfo[Any]) -> str:
    return str((raised.value.detail or {}).get("rule"))


def taken(office: CounterOffice, **changes: Any) -> tuple[CaseFile, int]:
    file = office.receive(**changes)
    return file, office.take(office.clerk, file.case.case_id)


def correct(office: CounterOffice, file: CaseFile, *materials: str, **inputs: str) -> CaseFile:
    """The applicant's answer to a notice."""
    given = {name: {"files": [{"file_id": "new"}], "vouched": False} for name in materials}
    return office.write(file.case.case_id, "corrected", Hand.APPLICANT, {"materials": given, "inputs": inputs})


def test_acceptance_is_dated_and_names_who_accepted(office: CounterOffice) -> None:
    """The voucher's date is today's legal day, and the Act stands beside the event."""
    file = office.accept()
    accepted = file.events[-1]
    assert (file.state, accepted.data["on"], accepted.staff_id) == (
        CaseState.ACCEPTED, "2026-11-02", office.clerk.member.staff_id,
    )  # fmt: skip
    (act,) = [one for one in office.acts if one.act == "case.accept"]
    assert (act.agency_id, act.subject_id, act.detail["version"]) == (OFFICE, str(file.case.case_id), file.version)


def test_what_came_in_after_hours_is_not_accepted_before_it_was_received(office: CounterOffice) -> None:
    """A case that counts as received tomorrow is accepted as of tomorrow."""
    file = office.receive()
    case = office.house.tables.counter.cases[file.case.case_id]
    object.__setattr__(case, "received_on", date(2026, 11, 3))
    version = office.take(office.clerk, case.case_id)
    assert office.counter.accept(office.clerk, case.case_id, version, FINE).events[-1].data["on"] == "2026-11-03"


@pytest.mark.parametrize(
    ("checks", "brought", "standing"),
    [
        ((), ("proof_of_premises", "floor_plan"), {"proof_of_premises": "unchecked", "floor_plan": "unchecked"}),
        (FINE[1:], ("floor_plan",), {"proof_of_premises": "absent"}),
        ((*FINE[1:], MaterialCheck("proof_of_premises", ok=False, words="过期")), ("proof_of_premises", "floor_plan"), {"proof_of_premises": "wrong"}),
    ],
    ids=["unchecked", "absent", "wrong"],
)  # fmt: skip
def test_nothing_is_accepted_that_is_not_complete_and_in_due_form(
    office: CounterOffice, checks: tuple[MaterialCheck, ...], brought: tuple[str, ...], standing: dict[str, str]
) -> None:
    """What stands in the way is named, and no check of a refused request is kept."""
    file, version = taken(office, brought=brought)
    with pytest.raises(MaterialsMissing) as raised:
        office.counter.accept(office.clerk, file.case.case_id, version, checks)
    assert raised.value.detail == {"materials": standing}
    assert office.load(file.case.case_id).version == version


def test_a_material_that_came_in_anew_is_checked_anew(office: CounterOffice) -> None:
    """A check holds for what was there when it was made."""
    file, version = taken(office)
    version = office.counter.check_materials(office.clerk, file.case.case_id, version, FINE).version
    office.counter.ask_corrections(office.clerk, file.case.case_id, version, [UNCLEAR])
    after = correct(office, file, "proof_of_premises")
    office.counter.open_case(office.clerk, file.case.case_id, REASON)
    with pytest.raises(MaterialsMissing) as raised:
        office.counter.accept(office.clerk, file.case.case_id, after.version)
    assert raised.value.detail == {"materials": {"proof_of_premises": "unchecked"}}


def test_a_register_that_does_not_confirm_is_outweighed_by_an_original_only(office: CounterOffice) -> None:
    """Level A on paper counts when the clerk has seen the original."""
    file, version = taken(office)
    case_id = file.case.case_id
    version = office.write(
        case_id, "material_fetched", Hand.HOUSE, {"name": "business_licence", "found": False}
    ).version
    office.counter.open_case(office.clerk, case_id, REASON)
    for seen, reason in ((False, "original_unseen"), (True, "")):
        check = MaterialCheck("business_licence", words="原件核对一致", original_seen=seen)
        if reason:
            with pytest.raises(MaterialsMissing) as raised:
                office.counter.accept(office.clerk, case_id, version, (*FINE, check))
            assert raised.value.detail == {"materials": {"business_licence": reason}}
        else:
            assert office.counter.accept(office.clerk, case_id, version, (*FINE, check)).state is CaseState.ACCEPTED


def test_a_check_says_what_was_checked_against_which_register(office: CounterOffice) -> None:
    """The register is the mapping's where the clerk names none."""
    file, version = taken(office)
    checks = (
        MaterialCheck("business_licence", words="在业"),
        MaterialCheck("floor_plan", register="不动产登记系统", words="面积一致"),
    )
    after = office.counter.check_materials(office.clerk, file.case.case_id, version, checks)
    told = [event.data["register"] for event in after.all_of("material_checked")]
    assert told == ["市场主体登记系统", "不动产登记系统"]


@pytest.mark.parametrize(
    ("check", "place"),
    [(MaterialCheck("passport"), "checks[0].name"), (MaterialCheck("floor_plan", ok=False), "checks[0].words")],
    ids=["unknown", "no words"],
)
def test_a_check_names_a_known_material_and_what_is_wrong_with_it(
    office: CounterOffice, check: MaterialCheck, place: str
) -> None:
    """The place of the fault is named."""
    file, version = taken(office)
    with pytest.raises(InputRefused) as raised:
        office.counter.check_materials(office.clerk, file.case.case_id, version, [check])
    assert list(raised.value.detail or {}) == [place]


def test_all_corrections_are_told_at_once_in_ready_made_or_own_words(office: CounterOffice) -> None:
    """Words are the mapping's unless the clerk wrote others; the term is a day."""
    file, version = taken(office)
    edited = CorrectionItem("proof_of_premises", "expired", "租赁合同已于上月到期")
    after = office.counter.ask_corrections(
        office.clerk, file.case.case_id, version, [UNCLEAR, edited, OWN_WORDS, OWN_WORDS]
    )
    notice = after.events[-1].data
    assert [item["words"] for item in notice["items"]] == ["图像不清晰", "租赁合同已于上月到期", "缺少比例尺 请补充"]
    assert (after.state, notice["until_on"]) == (CaseState.CORRECTION_ASKED, "2026-11-23")


@pytest.mark.parametrize(
    ("items", "place"),
    [
        ([], "items"),
        ([CorrectionItem("floor_plan")] * 51, "items"),
        ([UNCLEAR, CorrectionItem("passport", words="缺少")], "items[1].about"),
        ([CorrectionItem("floor_plan")], "items[0].words"),
        ([CorrectionItem("floor_plan", "unclear")], "items[0].words"),
    ],
    ids=["none", "too many", "unknown", "no words", "not ready-made here"],
)
def test_a_notice_names_known_things_and_says_what_is_wrong(
    office: CounterOffice, items: list[CorrectionItem], place: str
) -> None:
    """The place of the fault is named, and nothing is told."""
    file, version = taken(office)
    with pytest.raises(InputRefused) as raised:
        office.counter.ask_corrections(office.clerk, file.case.case_id, version, items)
    assert list(raised.value.detail or {}) == [place]


def test_a_second_notice_may_not_tell_what_the_first_could_have(office: CounterOffice) -> None:
    """After the correction of one material another old one cannot be found wanting."""
    file, version = taken(office)
    office.counter.ask_corrections(office.clerk, file.case.case_id, version, [UNCLEAR])
    after = correct(office, file, "proof_of_premises")
    office.counter.open_case(office.clerk, file.case.case_id, REASON)
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.ask_corrections(office.clerk, file.case.case_id, after.version, [UNCLEAR, OWN_WORDS])
    assert raised.value.detail == {"rule": "told_once", "about": ["floor_plan"]}


def test_what_is_still_wrong_or_came_in_since_may_be_told_again(office: CounterOffice) -> None:
    """The corrected material, and one that came with the correction, are new to the clerk."""
    file, version = taken(office)
    office.counter.ask_corrections(office.clerk, file.case.case_id, version, [UNCLEAR])
    after = correct(office, file, "proof_of_premises", "floor_plan", premises="新地址")
    office.counter.open_case(office.clerk, file.case.case_id, REASON)
    items = [UNCLEAR, OWN_WORDS, CorrectionItem("premises", words="门牌号不全")]
    asked = office.counter.ask_corrections(office.clerk, file.case.case_id, after.version, items)
    assert asked.state is CaseState.CORRECTION_ASKED


def test_a_third_notice_is_held_against_the_second(office: CounterOffice) -> None:
    """What was put right after the first notice and passed over in the second is right for good."""
    file, version = taken(office)
    case_id = file.case.case_id
    office.counter.ask_corrections(office.clerk, case_id, version, [UNCLEAR, OWN_WORDS])
    after = correct(office, file, "proof_of_premises", "floor_plan")
    office.counter.open_case(office.clerk, case_id, REASON)
    office.counter.ask_corrections(office.clerk, case_id, after.version, [UNCLEAR])
    after = correct(office, file, "proof_of_premises")
    office.counter.open_case(office.clerk, case_id, REASON)
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.ask_corrections(office.clerk, case_id, after.version, [OWN_WORDS])
    assert rule_of(raised) == "told_once"


def accept(office: CounterOffice, file: CaseFile, version: int) -> CaseFile:
    return office.counter.accept(office.clerk, file.case.case_id, version, FINE)


def ask(office: CounterOffice, file: CaseFile, version: int) -> CaseFile:
    return office.counter.ask_corrections(office.clerk, file.case.case_id, version, [UNCLEAR])


def refuse(office: CounterOffice, file: CaseFile, version: int) -> CaseFile:
    return office.counter.refuse_acceptance(office.clerk, file.case.case_id, version, "not_required", "依法不需许可")


ACTS = pytest.mark.parametrize("act", [accept, ask, refuse])


@ACTS
def test_after_five_days_it_counts_as_accepted(
    office: CounterOffice, act: Callable[[CounterOffice, CaseFile, int], CaseFile]
) -> None:
    """The clerk can neither ask, accept nor refuse acceptance any more: the law has accepted."""
    file, version = taken(office)
    office.pass_days(8)
    with pytest.raises(NotAllowedNow) as raised:
        act(office, file, version)
    assert rule_of(raised) == "counts_as_accepted"


@ACTS
def test_on_the_fifth_day_it_is_in_time(
    office: CounterOffice, act: Callable[[CounterOffice, CaseFile, int], CaseFile]
) -> None:
    """The last day lasts till midnight."""
    file, version = taken(office)
    office.pass_days(7)
    assert act(office, file, version).version > version


@ACTS
def test_the_same_form_sent_twice_acts_once(
    office: CounterOffice, act: Callable[[CounterOffice, CaseFile, int], CaseFile]
) -> None:
    """The second of two identical requests is told that the case moved."""
    file, version = taken(office)
    after = act(office, file, version)
    with pytest.raises(CaseMoved):
        act(office, file, version)
    assert office.load(file.case.case_id).version == after.version


@ACTS
def test_nobody_acts_on_a_case_that_they_have_not_opened(
    office: CounterOffice, act: Callable[[CounterOffice, CaseFile, int], CaseFile]
) -> None:
    """To claim it from the queue is not enough."""
    file = office.receive()
    version = office.counter.claim(office.clerk, file.case.case_id, file.version).version
    with pytest.raises(CaseMoved) as raised:
        act(office, file, version)
    assert rule_of(raised) == "open_first"


@ACTS
def test_nobody_acts_on_a_case_in_other_hands(
    office: CounterOffice, act: Callable[[CounterOffice, CaseFile, int], CaseFile]
) -> None:
    """Neither unclaimed nor claimed by a colleague."""
    file = office.receive()
    office.counter.open_case(office.clerk, file.case.case_id, REASON)
    with pytest.raises(CaseInOtherHands) as raised:
        act(office, file, file.version)
    assert rule_of(raised) == "not_claimed"
    version = office.take(office.second, file.case.case_id)
    office.counter.open_case(office.clerk, file.case.case_id, REASON)
    with pytest.raises(CaseInOtherHands) as raised:
        act(office, file, version)
    assert rule_of(raised) == "claimed_by_another"


def gap(
    office: CounterOffice, file: CaseFile, version: int, *, missing: tuple[str, ...] = ("proof_of_premises",),
    until_on: date = date(2026, 11, 16), promise: str = "promise",
) -> CaseFile:  # fmt: skip
    return office.counter.accept_with_gap(
        office.clerk, file.case.case_id, version, missing, until_on, promise, FINE[1:]
    )


def test_a_secondary_material_may_be_promised(office: CounterOffice) -> None:
    """The event names what is missing, until when, on which promise, and what follows from lateness."""
    file, version = taken(office, brought=("floor_plan",))
    after = gap(office, file, version)
    told = after.events[-1].data
    assert (after.state, told["missing"], told["until_on"]) == (CaseState.ACCEPTED, ["proof_of_premises"], "2026-11-16")
    assert "不予许可" in told["effect"]["zh-CN"]
    assert after.gap is not None


def test_a_promise_may_be_a_signed_paper_taken_in_at_the_window(office: CounterOffice) -> None:
    """A file of this very case, not of another."""
    file, version = taken(office, brought=("floor_plan",))
    other = office.receive()
    with pytest.raises(NotAllowedNow) as raised:
        gap(office, file, version, promise=str(office.add_file(other)))
    assert rule_of(raised) == "promise_unsigned"
    assert gap(office, file, version, promise=str(office.add_file(file))).state is CaseState.ACCEPTED


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"missing": ("floor_plan",)}, "not_secondary"),
        ({"missing": ("passport",)}, "not_secondary"),
        ({"missing": ()}, "nothing_missing"),
        ({"until_on": date(2026, 11, 17)}, "until_too_late"),
        ({"until_on": TODAY}, "until_too_late"),
        ({"promise": "floor_plan"}, "promise_unsigned"),
        ({"promise": "I promise"}, "promise_unsigned"),
    ],
)
def test_a_gap_has_its_limits(office: CounterOffice, asked: dict[str, Any], rule: str) -> None:
    """Only secondary materials that are missing, until a day within the limits, on a signed promise."""
    file, version = taken(office, brought=("floor_plan",))
    with pytest.raises(NotAllowedNow) as raised:
        gap(office, file, version, **asked)
    assert rule_of(raised) == rule


def test_a_gap_never_lasts_longer_than_the_promised_limit() -> None:
    """The mapping's ten days are cut to the promised three."""
    office = CounterOffice(promised_days=3)
    file, version = taken(office, brought=("floor_plan",))
    with pytest.raises(NotAllowedNow) as raised:
        gap(office, file, version, until_on=date(2026, 11, 6))
    assert raised.value.detail == {"rule": "until_too_late", "latest": "2026-11-05"}
    assert gap(office, file, version, until_on=date(2026, 11, 5)).state is CaseState.ACCEPTED


def test_a_service_that_allows_no_gap_has_none() -> None:
    """Without gap_days there is no acceptance with a gap."""
    office = CounterOffice(gap_days=None)
    file, version = taken(office, brought=("floor_plan",))
    with pytest.raises(NotAllowedNow) as raised:
        gap(office, file, version)
    assert rule_of(raised) == "no_gap_here"


def test_beside_the_gap_everything_else_must_be_fine(office: CounterOffice) -> None:
    """A primary material that is missing too stands in the way."""
    file, version = taken(office, brought=())
    with pytest.raises(MaterialsMissing) as raised:
        office.counter.accept_with_gap(
            office.clerk, file.case.case_id, version, ["proof_of_premises"], date(2026, 11, 16), "promise"
        )
    assert raised.value.detail == {"materials": {"floor_plan": "absent"}}


def test_what_is_there_and_checked_cannot_be_called_missing(office: CounterOffice) -> None:
    """A gap is a gap."""
    file, version = taken(office)
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.accept_with_gap(
            office.clerk, file.case.case_id, version, ["proof_of_premises"], date(2026, 11, 16), "promise", FINE
        )
    assert rule_of(raised) == "nothing_missing"


def test_a_wrong_organ_names_the_right_one(office: CounterOffice) -> None:
    """The refusal of acceptance has its ground in the law; without the right organ it is no refusal."""
    file, version = taken(office)
    with pytest.raises(InputRefused):
        office.counter.refuse_acceptance(
            office.clerk, file.case.case_id, version, "wrong_organ", "不属于本机关职权范围"
        )
    after = office.counter.refuse_acceptance(
        office.clerk, file.case.case_id, version, "wrong_organ", "不属于本机关职权范围", "演示市卫生健康委员会"
    )
    told = after.events[-1].data
    assert (after.state, told["right_organ"]) == (CaseState.NOT_ACCEPTED, "演示市卫生健康委员会")
    assert "第（二）项" in told["legal_ground"]


@pytest.mark.parametrize(("ground", "reason"), [("incomplete", REASON), ("not_required", " "), ("not_required", "否")])
def test_acceptance_is_refused_on_the_laws_grounds_with_a_reason(
    office: CounterOffice, ground: str, reason: str
) -> None:
    """Incomplete materials are no ground: they are corrected."""
    file, version = taken(office)
    with pytest.raises(InputRefused):
        office.counter.refuse_acceptance(office.clerk, file.case.case_id, version, ground, reason)
    assert office.load(file.case.case_id).state is CaseState.RECEIVED
