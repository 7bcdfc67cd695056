"""Rules of services/acting.py: for whom somebody acts at the hand-in and at every later act."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.case_errors import MandateEnded
from services.case_record import MandateKind
from services.errors import (
    AssuranceTooLow,
    BackEndUnreachable,
    ConfigurationFault,
    InputRefused,
    NotPermitted,
)
from services.mandate_rules import MandateState, find_state
from services.mandates import record_guardianship, revoke_mandate
from tests.fake_families import (
    LI,
    NAMES,
    OLD_WANG,
    OTHER,
    OUYANG,
    QINGYUN,
    SHUNDA,
    TEENAGER,
    WANG,
    YOUNG_WANG,
    Town,
)


@pytest.fixture
def town() -> Town:
    return Town()


def test_ones_own_matter(town: Town) -> None:
    """The applicant is the caller, by their proven name and number; nobody acts for them, and no register is asked."""
    wang = town.open_account(WANG)
    draft = town.write_draft(wang)
    acting = town.resolve(wang, draft)
    assert {name: acting.applicant[name] for name in ("kind", "name", "identity_number")} == {
        "kind": "person", "name": "王小明", "identity_number": WANG,
    }  # fmt: skip
    assert (acting.agent, acting.mandate, acting.organisation) == (None, None, None)
    assert acting.principal_chain_id == wang.chain_id
    town.confirm(wang, draft)
    assert town.book.asked == []


def test_a_legal_representative_acts_for_the_organisation(town: Town) -> None:
    """The applicant is the organisation by its code; the agent is who acts, as what."""
    wang = town.open_account(WANG)
    company = town.prove_company(wang)
    draft = town.write_draft(wang, company.organisation.organisation_id)
    town.confirm(wang, draft)
    acting = town.resolve(wang, draft)
    assert (acting.applicant["kind"], acting.applicant["credit_code"]) == ("organisation", SHUNDA)
    assert acting.agent is not None
    assert (acting.agent["as"], acting.agent["identity_number"]) == ("legal_representative", WANG)
    assert (acting.organisation, acting.mandate) == (company.organisation, company.mandate)
    assert acting.principal_chain_id == company.organisation.chain_id


def test_an_agent_acts_for_the_organisation(town: Town) -> None:
    """Named by the mandate or found by it: the same right."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    given_one = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    for draft in (
        town.write_draft(li, company.organisation_id),
        town.write_draft(li, company.organisation_id, given_one),
    ):
        town.confirm(li, draft)
        acting = town.resolve(li, draft)
        assert acting.agent is not None
        assert acting.agent["as"] == "agent"
        assert acting.mandate is not None
        assert acting.mandate.mandate_id == given_one.mandate_id


def test_a_stranger_acts_for_nobody(town: Town) -> None:
    """Without a mandate, with somebody else's, and for an organisation that nobody recorded, the answer is the same."""
    wang, li, ouyang = town.open_account(WANG), town.open_account(LI), town.open_account(OUYANG)
    company = town.prove_company(wang).organisation
    theirs = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    town.resolve(li, town.write_draft(li, company.organisation_id))
    personal = town.authorise(wang, LI).mandate
    for draft in (
        town.write_draft(ouyang, company.organisation_id),
        town.write_draft(ouyang, company.organisation_id, theirs),
        town.write_draft(ouyang, None, personal),
        town.write_draft(ouyang, wang.person_id),
    ):
        with pytest.raises(NotPermitted):
            town.resolve(ouyang, draft)


def test_a_mandate_for_a_person_is_none_for_an_organisation(town: Town) -> None:
    """Nor the other way round: the mandate must be for whose matter it is."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    personal = town.authorise(wang, LI).mandate
    for_company = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    for draft in (town.write_draft(li, company.organisation_id, personal), town.write_draft(li, None, for_company)):
        with pytest.raises(NotPermitted):
            town.resolve(li, draft)


def test_a_mandate_of_another_organisation_is_none(town: Town) -> None:
    """Whoever acts for one company does not act for another, whatever mandate the draft names."""
    wang, li, ouyang = town.open_account(WANG), town.open_account(LI), town.open_account(OUYANG)
    shunda, qingyun = town.prove_company(wang).organisation, town.prove_company(li, QINGYUN).organisation
    theirs = town.authorise(li, OUYANG, organisation_id=qingyun.organisation_id).mandate
    for draft in (
        town.write_draft(ouyang, shunda.organisation_id),
        town.write_draft(ouyang, shunda.organisation_id, theirs),
    ):
        with pytest.raises(NotPermitted):
            town.resolve(ouyang, draft)


def test_a_revoked_mandate_has_ended(town: Town) -> None:
    """From the moment of its end nothing is handed in under it, and nothing of its principal is seen."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    mandate = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    draft = town.write_draft(li, company.organisation_id)
    case = town.hand_in(li, draft)
    assert town.stand(li).may_see(case)
    revoke_mandate(town.room, wang, mandate.mandate_id)
    with pytest.raises(MandateEnded) as caught:
        town.resolve(li, draft)
    assert caught.value.detail == {"mandate": "revoked"}
    assert not town.stand(li).may_see(case)
    assert town.stand(wang).may_see(case)


def test_an_expired_mandate_has_ended(town: Town) -> None:
    """Its last day is over at midnight in Shanghai."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    town.authorise(wang, LI, organisation_id=company.organisation_id, until=date(2026, 11, 2))
    draft = town.write_draft(li, company.organisation_id)
    town.clock.at = datetime(2026, 11, 2, 15, 59, 59, tzinfo=UTC)
    case = town.hand_in(li, draft)
    town.clock.advance(1)
    with pytest.raises(MandateEnded) as caught:
        town.resolve(li, draft)
    assert caught.value.detail == {"mandate": "expired"}
    assert not town.stand(li).may_see(case)


def test_a_mandate_for_another_service_does_not_reach(town: Town) -> None:
    """It is limited to the services that it names, for handing in and for seeing."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    town.authorise(wang, LI, organisation_id=company.organisation_id, services=[OTHER])
    with pytest.raises(MandateEnded) as caught:
        town.resolve(li, town.write_draft(li, company.organisation_id))
    assert caught.value.detail == {"mandate": "other_service"}
    assert town.resolve(li, town.write_draft(li, company.organisation_id, service=OTHER)).mandate is not None
    case = town.hand_in(wang, town.write_draft(wang, company.organisation_id))
    assert not town.stand(li).may_see(case)
    assert town.stand(li).may_see(replace(case, service=OTHER))


def test_a_service_that_takes_no_agent() -> None:
    """Where a mapping knows no agents an agent is refused, and the legal representative acts all the same."""
    strict = Town(mandates=())
    wang, li = strict.open_account(WANG), strict.open_account(LI)
    company = strict.prove_company(wang).organisation
    strict.authorise(wang, LI, organisation_id=company.organisation_id)
    with pytest.raises(InputRefused) as caught:
        strict.resolve(li, strict.write_draft(li, company.organisation_id))
    assert caught.value.detail == {"mandate_id": "not_for_this_service"}
    assert strict.resolve(wang, strict.write_draft(wang, company.organisation_id)).mandate is not None


@pytest.mark.parametrize(("kinds", "organised"), [(("person",), True), (("organisation",), False)])
def test_a_service_for_others(kinds: tuple[str, ...], organised: bool) -> None:
    """A service for persons takes no organisation, and the other way round; an organisation must be named."""
    strict = Town(applicants=kinds)
    wang = strict.open_account(WANG)
    company = strict.prove_company(wang).organisation
    with pytest.raises(InputRefused) as caught:
        strict.resolve(wang, strict.write_draft(wang, company.organisation_id if organised else None))
    assert caught.value.detail == {"applicant.kind": "not_for_this_service"}
    unnamed = strict.write_draft(wang, company.organisation_id)
    unnamed = replace(unnamed, content={**unnamed.content, "applicant": {"kind": "organisation"}})
    with pytest.raises(InputRefused) as missing:
        strict.resolve(wang, unnamed)
    expected = "applicant.organisation_id" if not organised else "applicant.kind"
    assert list(missing.value.detail or {}) == [expected]


def test_nobody_unproven_acts(town: Town) -> None:
    """A phone alone hands in nothing, not even one's own matter."""
    phone = town.open_account(None)
    with pytest.raises(AssuranceTooLow):
        town.resolve(phone, town.write_draft(phone))


def test_the_business_register_is_asked_anew_at_each_hand_in(town: Town) -> None:
    """Whoever is no legal representative any more learns it there; the right is ended for good, the agent's is not."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    town.authorise(wang, LI, organisation_id=company.organisation_id)
    own, theirs = town.write_draft(wang, company.organisation_id), town.write_draft(li, company.organisation_id)
    case = town.hand_in(wang, own)
    town.replace_head(SHUNDA, OUYANG)
    with pytest.raises(MandateEnded) as caught:
        town.confirm(wang, own)
    assert caught.value.detail == {"mandate": "register"}
    with pytest.raises(MandateEnded):
        town.resolve(wang, own)
    assert not town.stand(wang).may_see(case)
    town.confirm(li, theirs)
    assert town.stand(li).may_see(case)


@pytest.mark.parametrize("status", ["cancelled", "revoked"])
def test_no_one_applies_for_an_organisation_that_is_not_in_business(town: Town, status: str) -> None:
    """Neither its agent nor its legal representative; what it has open stays in sight unless it has ceased to exist."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    town.authorise(wang, LI, organisation_id=company.organisation_id)
    case = town.hand_in(wang, town.write_draft(wang, company.organisation_id))
    town.replace_head(SHUNDA, WANG, status)
    for caller in (wang, li):
        with pytest.raises((InputRefused, MandateEnded)):
            town.confirm(caller, town.write_draft(caller, company.organisation_id))
        assert town.stand(caller).may_see(case) is (status == "revoked")


def test_an_organisation_that_the_register_has_lost_is_refused_and_loses_nothing(town: Town) -> None:
    """No entry is no proof that it has ended: the hand-in is refused, the mandates stay."""
    wang = town.open_account(WANG)
    company = town.prove_company(wang)
    entry = town.book.organisations.pop(SHUNDA)
    draft = town.write_draft(wang, company.organisation.organisation_id)
    with pytest.raises(InputRefused):
        town.confirm(wang, draft)
    town.book.organisations[SHUNDA] = entry
    town.confirm(wang, draft)


def test_a_register_that_is_down_ends_no_right(town: Town) -> None:
    """Its failure stops this hand-in; the next one succeeds."""
    wang = town.open_account(WANG)
    draft = town.write_draft(wang, town.prove_company(wang).organisation.organisation_id)
    town.book.down = True
    with pytest.raises(BackEndUnreachable):
        town.confirm(wang, draft)
    town.book.down = False
    town.confirm(wang, draft)


def test_without_registers_nobody_acts_for_another(town: Town) -> None:
    """A process to which none are bound says so; one's own matter needs none."""
    wang = town.open_account(WANG)
    draft = town.write_draft(wang, town.prove_company(wang).organisation.organisation_id)
    town.desk = replace(town.desk, registers=None)
    with pytest.raises(ConfigurationFault):
        town.confirm(wang, draft)
    town.confirm(wang, town.write_draft(wang))


def test_a_parent_acts_for_a_child_until_it_comes_of_age(town: Town) -> None:
    """On the eighteenth birthday the right is over at midnight in Shanghai, and the parent sees nothing more of the child."""
    li = town.open_account(LI)
    mandate = record_guardianship(town.room, li, NAMES[TEENAGER], TEENAGER).mandate
    draft = town.write_draft(li, None, mandate)
    town.confirm(li, draft)
    case = town.hand_in(li, draft)
    assert (case.applicant["identity_number"], (case.agent or {})["as"]) == (TEENAGER, "guardian")
    town.clock.at = datetime(2027, 3, 14, 15, 59, 59, tzinfo=UTC)
    assert town.stand(li).may_see(case)
    town.clock.advance(1)
    with pytest.raises(MandateEnded) as caught:
        town.resolve(li, draft)
    assert caught.value.detail == {"mandate": "expired"}
    assert not town.stand(li).may_see(case)
    assert town.stand(town.open_account(TEENAGER)).may_see(case)


def test_a_guardian_whom_the_register_no_longer_names_has_no_right(town: Town) -> None:
    """Kinship is asked anew at each hand-in: what an adoption has ended is ended here too."""
    wang = town.open_account(WANG)
    mandate = record_guardianship(town.room, wang, NAMES[YOUNG_WANG], YOUNG_WANG).mandate
    draft = town.write_draft(wang, None, mandate)
    town.book.parents.discard((WANG, YOUNG_WANG))
    with pytest.raises(MandateEnded):
        town.confirm(wang, draft)
    assert (town.load(mandate.mandate_id).revoked_by, find_state(town.load(mandate.mandate_id), town.clock.now())) == (
        "register:population", MandateState.REVOKED,
    )  # fmt: skip


def test_a_child_of_age_looks_after_an_old_parents_matters(town: Town) -> None:
    """Also after those that the parent began at the window without any account; the chain is that of the parent's own number."""
    father, wang = town.open_account(OLD_WANG), town.open_account(WANG)
    mandate = town.authorise(father, WANG, kind=MandateKind.FAMILY).mandate
    at_the_window = town.hand_in(father, town.write_draft(father))
    assert town.stand(wang).may_see(replace(at_the_window, person_id=None))
    acting = town.resolve(wang, town.write_draft(wang, None, mandate))
    assert (acting.applicant["identity_number"], acting.principal_chain_id) == (OLD_WANG, father.chain_id)
    assert not town.stand(wang).may_see(replace(at_the_window, applicant={"identity_number": OUYANG}, person_id=None))


def test_an_agent_of_a_person_sees_what_was_handed_in_under_the_mandate_alone(town: Town) -> None:
    """Whatever else that person has at the counter is none of the agent's business."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    mandate = town.authorise(wang, LI).mandate
    under_it = town.hand_in(li, town.write_draft(li, None, mandate))
    own = town.hand_in(wang, town.write_draft(wang))
    assert (town.stand(li).may_see(under_it), town.stand(li).may_see(own)) == (True, False)
    assert (town.stand(wang).may_see(under_it), town.stand(wang).may_see(own)) == (True, True)


def test_colleagues_see_the_same_case(town: Town) -> None:
    """Who handed it in does not matter: whoever has a mandate in force for the organisation and the service sees it."""
    wang, li, ouyang = town.open_account(WANG), town.open_account(LI), town.open_account(OUYANG)
    company = town.prove_company(wang).organisation
    for number in (LI, OUYANG):
        town.authorise(wang, number, organisation_id=company.organisation_id)
    case = town.hand_in(li, town.write_draft(li, company.organisation_id))
    assert [town.stand(one).may_see(case) for one in (wang, li, ouyang)] == [True, True, True]
    assert not town.stand(town.open_account(OLD_WANG)).may_see(case)


def test_a_former_colleague_has_no_draft_of_the_company(town: Town) -> None:
    """Not even one that they wrote without naming a mandate: others may have worked on it since."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    mandate = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    draft = town.write_draft(li, company.organisation_id)
    assert (town.stand(li).may_edit(draft), town.stand(wang).may_edit(draft)) == (True, True)
    revoke_mandate(town.room, wang, mandate.mandate_id)
    assert (town.stand(li).may_edit(draft), town.stand(wang).may_edit(draft)) == (False, True)
    assert town.stand(li).may_edit(town.write_draft(li))
