"""Drafts: saved as they are, told what they lack, one's own or a colleague's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_drafts import MOST_DRAFTS, discard_draft, list_drafts, read_draft, save_draft
from services.case_errors import CaseMoved, MandateEnded, NotAllowedNow
from services.errors import AssuranceTooLow, Conflict, InputRefused, NotFound, ServiceOff, ServiceUnknown
from services.model import JsonValue
from tests.fake_applicants import CONTENT, LI, ZHAO, Counter


@pytest.fixture
def counter() -> Counter:
    return Counter()


def save(counter: Counter, content: Any, **more: Any) -> Any:
    return save_draft(counter.door, more.pop("caller", counter.wang), counter.mapping.id, content, **more)


def test_a_draft_may_be_empty_and_says_what_it_lacks(counter: Counter) -> None:
    """What is missing is no fault; each is told by its place."""
    view = save(counter, {})
    assert view.draft.version == 1
    assert view.draft.content["applicant"] == {"kind": "person"}
    assert view.missing == {
        "inputs.company_name": "required", "materials.proof_of_premises": "required",
        "materials.floor_plan": "required", "materials.promise": "required",
    }  # fmt: skip


def test_what_was_saved_is_there_again(counter: Counter) -> None:
    """Files are counted where the draft's materials are, promises too; a secondary material may be left for later."""
    saved = save(counter, {**CONTENT, "later": ["proof_of_premises"]}).draft
    counter.add_file(saved.draft_id)
    view = read_draft(counter.door, counter.wang, saved.draft_id)
    assert view.draft == saved
    assert [file.material for file in view.files] == ["floor_plan"]
    assert view.missing == {}


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ({"inputs": {"nothing": "x"}}, {"inputs": "unknown_field"}),
        ({"inputs": ["x"]}, {"inputs": "type"}),
        ({"inputs": {"company_name": 5}}, {"inputs.company_name": "type"}),
        ({"inputs": {"company_name": "x" * 41}}, {"inputs.company_name": "too_long"}),
        ({"inputs": {"company_name": "a\u202eb"}}, {"inputs.company_name": "characters"}),
        ({"inputs": {"company_name": "x" * 41, "premises": False}},
         {"inputs.company_name": "too_long", "inputs.premises": "type"}),
        ({"applicant": {"kind": "robot"}}, {"applicant.kind": "choice"}),
        ({"applicant": "person"}, {"applicant": "type"}),
        ({"applicant": {"kind": "person", "organisation_id": str(uuid4())}}, {"applicant.organisation_id": "unknown_field"}),
        ({"applicant": {"kind": "organisation", "organisation_id": "x"}}, {"applicant.organisation_id": "form"}),
        ({"mandate_id": "x"}, {"mandate_id": "form"}),
        ({"delivery": "pigeon"}, {"delivery": "choice"}),
        ({"address": "x" * 201}, {"address": "too_long"}),
        ({"promises": ["floor_plan"]}, {"promises": "choice"}),
        ({"promises": "promise"}, {"promises": "type"}),
        ({"later": ["floor_plan"]}, {"later": "choice"}),
        ({"state": "granted", "inputs": {}}, {"state": "unknown_field"}),
    ],
)  # fmt: skip
def test_each_fault_is_told_by_its_place(counter: Counter, content: JsonValue, faults: JsonValue) -> None:
    """What has the wrong form, or what nobody asked for, is refused; nothing of it is kept."""
    with pytest.raises(InputRefused) as refused:
        save(counter, content)
    assert refused.value.detail == faults
    assert list_drafts(counter.door, counter.wang) == []


def test_saving_again_names_the_version_that_was_shown(counter: Counter) -> None:
    """Of two who save at the same time one is told that the draft has moved, and what the other saved stays."""
    first = save(counter, {}).draft
    second = save(counter, CONTENT, draft_id=first.draft_id, version=1).draft
    assert second.version == 2
    with pytest.raises(CaseMoved):
        save(counter, {}, draft_id=first.draft_id, version=1)
    assert read_draft(counter.door, counter.wang, first.draft_id).draft == second


def test_somebody_elses_draft_does_not_exist(counter: Counter) -> None:
    """It is neither read nor saved nor thrown away nor listed."""
    draft_id = save(counter, CONTENT).draft.draft_id
    li = counter.add_citizen(LI)
    for act in (
        lambda: read_draft(counter.door, li, draft_id),
        lambda: discard_draft(counter.door, li, draft_id),
        lambda: save(counter, {}, caller=li, draft_id=draft_id, version=1),
        lambda: read_draft(counter.door, counter.wang, uuid4()),
    ):
        with pytest.raises(NotFound):
            act()
    assert list_drafts(counter.door, li) == []


def organisation_draft(counter: Counter) -> tuple[Any, Any, Any, UUID]:
    """Zhao represents the company, Li is its agent and has begun a draft for it."""
    zhao, li = counter.add_citizen(ZHAO), counter.add_citizen(LI)
    company = counter.add_company()
    counter.authorise(company, zhao, ZHAO)
    mandate = counter.authorise(company, li, LI)
    content = {
        **CONTENT, "mandate_id": str(mandate.mandate_id),
        "applicant": {"kind": "organisation", "organisation_id": str(company.organisation_id)},
    }  # fmt: skip
    return zhao, li, mandate, save(counter, content, caller=li).draft.draft_id


def test_colleagues_work_on_one_draft(counter: Counter) -> None:
    """Whoever holds a mandate of the organisation in force sees its drafts and saves them; others do not."""
    zhao, li, _, draft_id = organisation_draft(counter)
    assert [one.draft_id for one in list_drafts(counter.door, zhao)] == [draft_id]
    changed = save(counter, CONTENT, caller=zhao, draft_id=draft_id, version=1).draft
    assert changed.person_id == li.person_id
    assert list_drafts(counter.door, counter.wang) == []


def test_a_revoked_agent_is_told_of_their_own_draft_and_sees_nothing(counter: Counter) -> None:
    """Who wrote it learns that the mandate has ended; its content stays with the organisation."""
    zhao, li, mandate, draft_id = organisation_draft(counter)
    counter.revoke(mandate)
    for act in (read_draft, discard_draft):
        with pytest.raises(MandateEnded):
            act(counter.door, li, draft_id)
    assert list_drafts(counter.door, li) == []
    assert read_draft(counter.door, zhao, draft_id).draft.draft_id == draft_id


def test_a_draft_is_thrown_away_with_its_files(counter: Counter) -> None:
    """Then it is not there any more."""
    draft_id = counter.draft()
    discard_draft(counter.door, counter.wang, draft_id)
    with pytest.raises(NotFound):
        read_draft(counter.door, counter.wang, draft_id)
    assert not counter.house.tables.counter.files


def test_what_was_handed_in_is_no_draft_any_more(counter: Counter) -> None:
    """It is not changed, not thrown away, not listed: the case is where it goes on."""
    draft_id = counter.open()
    for act in (
        lambda: read_draft(counter.door, counter.wang, draft_id),
        lambda: discard_draft(counter.door, counter.wang, draft_id),
        lambda: save(counter, {}, draft_id=draft_id, version=2),
    ):
        with pytest.raises(NotAllowedNow):
            act()
    assert list_drafts(counter.door, counter.wang) == []


def test_nobody_fills_the_store_with_drafts(counter: Counter) -> None:
    """There is an end to how many one person keeps."""
    for _ in range(MOST_DRAFTS):
        counter.clock.advance(1)
        save(counter, {})
    with pytest.raises(Conflict) as refused:
        save(counter, {})
    assert refused.value.detail == {"drafts": MOST_DRAFTS}


def test_who_is_not_known_well_enough_saves_nothing(counter: Counter) -> None:
    """Nor at a service that is switched off, on a door where it is not offered, or that does not exist."""
    with pytest.raises(AssuranceTooLow):
        save(counter, {}, caller=counter.add_citizen(None))
    with pytest.raises(ServiceUnknown):
        save_draft(counter.door, counter.wang, "nothing", {})
    off: Any = counter.desk.catalogue.switched_off
    off[counter.mapping.id] = {"zh-CN": "暂停"}
    with pytest.raises(ServiceOff):
        save(counter, {})
