"""The checklist says of each material what is there, what was checked, against which register, when, by whom."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.case_drafts import read_draft
from services.case_record import Hand
from services.checklists import (
    LEVEL_WORDS,
    STANDING_WORDS,
    ChecklistLine,
    list_checklist,
    list_checklist_of_draft,
)
from services.counter_materials import Standing
from services.counter_reception import MaterialCheck
from services.model import Language
from services.uploads import list_waiting
from tests.case_samples import MORNING
from tests.counter_office import OFFICE, CounterOffice
from tests.fake_applicants import Counter

ZH, EN = Language.ZH_CN, Language.EN


def look(counter: Counter, case_id: UUID, *, staff: bool = False, language: Language = ZH) -> dict[str, ChecklistLine]:
    """The checklist of a case, by material."""
    file = counter.file(case_id)
    with counter.house.begin(counter.wang.agencies) as tx:
        waiting = list_waiting(tx, file)
    lines = list_checklist(file, counter.mapping, language, waiting, staff=staff)
    assert [line.name for line in lines] == list(counter.terms.materials)
    return {line.name: line for line in lines}


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    made.office.answers["fetch_business_licence"] = {
        "found": True, "number": "L-1", "issued_by": "市场监管局", "issued_on": "2020-01-01", "expires_on": "2030-01-01",
        "checks": [{"what": "名称一致", "ok": True}], "values": {"address": "一路1号"},
    }  # fmt: skip
    return made


def test_a_fetched_document_shows_its_checks(counter: Counter) -> None:
    """Number, days and each check with register and moment are for everybody, the register's values for the staff alone."""
    case_id = counter.open()
    before = look(counter, case_id)["business_licence"]
    assert (before.standing, before.words, before.may_upload) == (Standing.ABSENT, "正在向登记机关调取", False)
    counter.run_jobs()
    line = look(counter, case_id)["business_licence"]
    assert (line.level, line.standing, line.words, line.register) == (
        "A",
        Standing.FINE,
        "符合要求",
        "市场主体登记系统",
    )
    assert line.level_words == "由登记机关系统调取，无需提交"
    check = line.checks[0]
    assert (check.what, check.ok, check.register, check.by) == ("名称一致", True, "市场主体登记系统", "系统自动核验")
    assert check.at is not None
    assert check.at > MORNING
    assert line.issued is not None
    assert (line.issued.number, line.issued.expires_on, line.issued.values) == ("L-1", "2030-01-01", {})
    staff = look(counter, case_id, staff=True)["business_licence"].issued
    assert staff is not None
    assert staff.values == {"address": "一路1号"}


def test_what_the_register_does_not_have_may_be_uploaded(counter: Counter) -> None:
    """Not found is said in words, and a copy is taken in its place."""
    counter.office.answers["fetch_business_licence"] = {"found": False, "checks": []}
    case_id = counter.open()
    counter.run_jobs()
    line = look(counter, case_id, language=EN)["business_licence"]
    assert (line.standing, line.may_upload, line.issued, line.checks) == (Standing.ABSENT, True, None, ())
    assert "does not have it" in line.words


def test_files_stand_with_those_that_wait(counter: Counter) -> None:
    """What is handed in and what is only uploaded are told apart."""
    case_id = counter.open()
    waiting = counter.add_file(case_id, "floor_plan", "better.png")
    line = look(counter, case_id)["floor_plan"]
    assert [(one.title, one.waiting) for one in line.files] == [("图.png", False), ("better.png", True)]
    assert line.files[1].file_id == waiting
    assert (line.standing, line.may_upload, line.maximum_files) == (Standing.UNCHECKED, True, 5)


def test_a_promise_is_vouched_for(counter: Counter) -> None:
    """Level D is a word given, not a file."""
    line = look(counter, counter.open())["promise"]
    assert (line.level, line.vouched, line.standing, line.may_upload, line.files) == (
        "D",
        True,
        Standing.FINE,
        False,
        (),
    )


def test_a_draft_says_what_is_fetched_and_what_is_to_come(counter: Counter) -> None:
    """Before anything is handed in the list says what need not be brought."""
    draft_id = counter.draft()
    view = read_draft(counter.door, counter.wang, draft_id)
    lines = {line.name: line for line in list_checklist_of_draft(view.draft, counter.mapping, ZH, view.files)}
    assert list(lines) == list(counter.terms.materials)
    assert {name: line.may_upload for name, line in lines.items()} == {
        "business_licence": False, "proof_of_premises": True, "floor_plan": True, "promise": False,
    }  # fmt: skip
    assert lines["business_licence"].words == "由登记机关系统调取，无需提交"
    assert lines["promise"].vouched
    assert len(lines["floor_plan"].files) == 1
    assert {line.standing for line in lines.values()} == {None}


def test_a_check_by_a_clerk_is_shown_without_the_clerk() -> None:
    """A citizen reads that the office checked, when and against what; who it was stands on the staff's page."""
    office = CounterOffice()
    case_id = office.receive().case.case_id
    seen = office.take(office.clerk, case_id)
    checks = [
        MaterialCheck("floor_plan", ok=False, words="图像不清晰"),
        MaterialCheck("proof_of_premises", register="不动产登记系统"),
    ]
    office.counter.check_materials(office.clerk, case_id, seen, checks)
    for staff in (False, True):
        file = office.load(case_id)
        lines = {line.name: line for line in list_checklist(file, office.mapping, ZH, staff=staff)}
        (plan,) = lines["floor_plan"].checks
        assert (plan.what, plan.ok, plan.register, plan.by) == ("图像不清晰", False, "", "受理人员核对")
        assert lines["floor_plan"].standing is Standing.WRONG
        (proof,) = lines["proof_of_premises"].checks
        assert (proof.ok, proof.register, proof.at) == (True, "不动产登记系统", office.clock.now())
        assert plan.staff_id == (office.clerk.member.staff_id if staff else None)


def test_an_accepted_case_takes_nothing_more() -> None:
    """Nothing may be uploaded where nothing is waited for."""
    office = CounterOffice()
    case_id = office.accept().case.case_id
    assert not any(line.may_upload for line in list_checklist(office.load(case_id), office.mapping, ZH))
    office.write(case_id, "withdrawn", Hand.APPLICANT, {"reason": ""})
    assert not any(line.may_upload for line in list_checklist(office.load(case_id), office.mapping, ZH))
    assert office.load(case_id).case.agency_id == OFFICE


def test_every_word_is_there_in_both_languages() -> None:
    """Each level and each standing has its sentence in Chinese and English."""
    assert set(LEVEL_WORDS) == {"A", "B", "C", "D"}
    assert set(STANDING_WORDS) == set(Standing)
    for texts in (*LEVEL_WORDS.values(), *STANDING_WORDS.values()):
        assert set(texts) == {ZH, EN}
        assert all(texts.values())
