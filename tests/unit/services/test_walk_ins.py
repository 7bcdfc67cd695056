"""The window opens a case for whoever stands there: card, registers, mandates, materials, faults by their place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_errors import (
    MandateEnded,
    MaterialsMissing,
    NotAllowedNow,
    OwnMatter,
)
from services.case_file import CaseFile
from services.case_ports import RegisteredOrganisation
from services.case_record import CaseState, Hand, Mandate, MandateKind, StoredFile
from services.case_stores import NO_CHAIN
from services.errors import BackEndUnreachable, InputRefused, NotPermitted, ServiceOff
from services.model import PlatformName
from services.staffing import Actor, Role
from services.walk_ins import ApplicantShown
from services.window_desk import Brought, WalkIn
from services.window_mandates import Shown
from tests.counter_office import (
    AGENT_NUMBER,
    APPLICANT_NUMBER,
    BRANCH,
    CITY,
    CREDIT_CODE,
    FINE,
    HEAD_NUMBER,
    OFFICE,
    SIBLING,
    TAX,
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


def add_mandate(office: CounterOffice, agent: str, **changes: Any) -> Mandate:
    """A mandate of Wang Xiuying for somebody, unless said otherwise."""
    now = office.clock.now()
    mandate = Mandate(
        uuid4(), CITY, MandateKind.AGENT, {"kind": "person", "name": "王秀英", "identity_number": APPLICANT_NUMBER}, uuid4(),
        None, None, {"name": "李秀英", "identity_number": agent}, None, (), now, now + timedelta(days=30), "staff:1", now, {},
    )  # fmt: skip
    kept = replace(mandate, **changes)
    with office.house.begin((CITY,)) as tx:
        tx.mandates.add(kept)
    return kept


def test_a_walk_in_needs_a_card_and_nothing_else(office: CounterOffice) -> None:
    """No account, no telephone; the same number, the same clock, the same queue."""
    file = opened(office)
    case = file.case
    assert (case.channel, case.person_id, case.opened_by) == (PlatformName.WINDOW, None, office.clerk.member.staff_id)
    assert (case.chain_id, case.principal_chain_id) == (NO_CHAIN, NO_CHAIN)
    assert case.applicant == {"kind": "person", "name": "王秀英", "identity_number": APPLICANT_NUMBER}
    assert (file.events[0].hand, file.state, len(case.case_no) > 8) == (Hand.CLERK, CaseState.RECEIVED, True)
    (line,) = office.counter.list_queue(office.second)
    assert (line.line.case_id, line.line.due_on) == (case.case_id, date(2026, 11, 9))
    (act,) = [one for one in office.acts if one.act == "case.open_walk_in"]
    assert (act.agency_id, act.subject_id) == (OFFICE, str(case.case_id))
    assert APPLICANT_NUMBER not in str(act)


def test_the_originals_that_were_seen_are_checked_like_any_other(office: CounterOffice) -> None:
    """Seen is not yet judged: the clerk who accepts looks, and needs no scan."""
    file = opened(office)
    office.write(
        file.case.case_id, "material_fetched", Hand.HOUSE, {"name": "business_licence", "found": True, "checks": []}
    )
    version = office.take(office.second, file.case.case_id)
    with pytest.raises(MaterialsMissing) as raised:
        office.counter.accept(office.second, file.case.case_id, version)
    assert raised.value.detail == {"materials": {"proof_of_premises": "unchecked", "floor_plan": "unchecked"}}
    assert office.counter.accept(office.second, file.case.case_id, version, FINE).state is CaseState.ACCEPTED


def test_the_page_sent_twice_opens_one_case(office: CounterOffice) -> None:
    """Under one number."""
    page = walk_in()
    first = office.window.open_walk_in(office.clerk, page)
    assert office.window.open_walk_in(office.clerk, page).case == first.case
    assert len(office.house.tables.counter.cases) == 1


def test_nobody_gets_a_colleagues_case_by_its_id(office: CounterOffice) -> None:
    """The page of another is refused."""
    page = walk_in()
    office.window.open_walk_in(office.clerk, page)
    with pytest.raises(NotAllowedNow):
        office.window.open_walk_in(office.second, page)


def test_after_hours_it_is_received_on_the_next_working_day(office: CounterOffice) -> None:
    """The same rule as on every channel: Friday evening is Monday."""
    office.pass_days(4)
    office.clock.advance(8 * 3600)
    assert opened(office).case.received_on == date(2026, 11, 9)


@pytest.mark.parametrize("agency", [BRANCH, SIBLING, TAX])
def test_only_the_agencys_clerks_open_its_cases(office: CounterOffice, agency: UUID) -> None:
    """And those above it; nobody is asked about anybody before."""
    with pytest.raises(NotPermitted):
        opened(office, office.hire(agency, Role.CLERK))
    with pytest.raises(NotPermitted):
        opened(office, office.head)
    assert office.book.asked == []
    assert opened(office, office.hire(CITY, Role.CLERK)).state is CaseState.RECEIVED


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"shown": ApplicantShown(CARD, card_seen=False)}, "card_seen"),
        ({"shown": ApplicantShown(Shown("王秀英", "123"), card_seen=True)}, "card.identity_number"),
        ({"shown": ApplicantShown(Shown("王秀", APPLICANT_NUMBER), card_seen=True)}, "card.identity_number"),
        ({"shown": ApplicantShown(CARD, card_seen=True, phone="x")}, "phone"),
        ({"shown": ApplicantShown(CARD, card_seen=True, credit_code="123")}, "credit_code"),
        ({"shown": ApplicantShown(CARD, card_seen=True, principal_number="123")}, "principal_number"),
        ({"shown": ApplicantShown(CARD, True, "", CREDIT_CODE, AGENT_NUMBER)}, "principal_number"),
        ({"delivery": ""}, "delivery"),
        ({"delivery": "drone"}, "delivery"),
        ({"delivery": "post"}, "address"),
        ({"brought": replace(BROUGHT, inputs={})}, "inputs.company_name"),
        ({"brought": replace(BROUGHT, inputs={"company_name": "A", "other": "B"})}, "inputs"),
        ({"brought": replace(BROUGHT, originals=("promise",))}, "originals.promise"),
        ({"brought": replace(BROUGHT, originals=("passport",))}, "originals"),
        ({"brought": replace(BROUGHT, promises=("floor_plan",))}, "promises"),
        ({"brought": replace(BROUGHT, later=("floor_plan",))}, "later"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_place_and_opens_nothing(
    office: CounterOffice, changes: dict[str, Any], place: str
) -> None:
    """Nothing is lost and nothing is half opened."""
    with pytest.raises(InputRefused) as raised:
        opened(office, **changes)
    assert list(raised.value.detail or {}) == [place]
    assert office.house.tables.counter.cases == {}


def test_materials_that_the_service_needs_are_needed_at_the_window_too(office: CounterOffice) -> None:
    """A secondary one may come later."""
    with pytest.raises(MaterialsMissing) as raised:
        opened(office, brought=replace(BROUGHT, originals=()))
    assert raised.value.detail == {"materials": ["proof_of_premises", "floor_plan"]}
    later = opened(office, brought=replace(BROUGHT, originals=("floor_plan",), later=("proof_of_premises",)))
    assert later.events[0].data["later"] == ["proof_of_premises"]


def test_scans_of_this_clerk_are_taken_in(office: CounterOffice) -> None:
    """What somebody else put under the same id is not."""
    case_id, now = uuid4(), office.clock.now()
    with office.house.begin((OFFICE,)) as tx:
        for by, material in (
            (f"staff:{office.clerk.member.staff_id}", "floor_plan"),
            ("applicant", "proof_of_premises"),
        ):
            tx.files.add(StoredFile(uuid4(), OFFICE, case_id, material, "0" * 64, "image/png", 9, "图.png", now, by))
    with pytest.raises(MaterialsMissing) as raised:
        opened(office, case_id=case_id, brought=replace(BROUGHT, originals=()))
    assert raised.value.detail == {"materials": ["proof_of_premises"]}
    file = opened(office, case_id=case_id, brought=replace(BROUGHT, originals=("proof_of_premises",)))
    assert len(file.materials["floor_plan"]["files"]) == 1


def test_a_register_that_does_not_answer_opens_nothing(office: CounterOffice) -> None:
    """And is asked outside of a transaction."""
    office.book.down = True
    with pytest.raises(BackEndUnreachable):
        opened(office)
    assert office.house.tables.counter.cases == {}


def test_a_service_that_is_switched_off_is_off_at_the_window(office: CounterOffice) -> None:
    """New business of it."""
    catalogue = replace(office.desk.catalogue, switched_off={"trial-licence": {}})
    office.window = type(office.window)(replace(office.desk, catalogue=catalogue), office.house)
    with pytest.raises(ServiceOff):
        opened(office)


def test_nobody_opens_a_case_of_their_own(office: CounterOffice) -> None:
    """As applicant, as agent, as the company's head whose agent has come."""
    own = office.hire(OFFICE, Role.CLERK, number=APPLICANT_NUMBER)
    with pytest.raises(OwnMatter):
        opened(office, own)
    add_mandate(office, AGENT_NUMBER)
    with pytest.raises(OwnMatter):
        opened(office, own, shown=ApplicantShown(AGENT, True, principal_number=APPLICANT_NUMBER))


def test_a_company_comes_by_its_legal_representative(office: CounterOffice) -> None:
    """The register says who that is; the organisation and their right are recorded once."""
    shown = ApplicantShown(HEAD, True, "13800000001", CREDIT_CODE)
    file = opened(office, shown=shown)
    case = file.case
    assert case.applicant == {
        "kind": "organisation", "name": "演示市顺达人力资源有限公司", "credit_code": CREDIT_CODE, "phone": "13800000001",
    }  # fmt: skip
    assert case.agent == {
        "name": "王小明",
        "identity_number": HEAD_NUMBER,
        "phone": "13800000001",
        "as": "legal_representative",
    }
    again = opened(office, shown=shown).case
    assert (again.organisation_id, again.mandate_id) == (case.organisation_id, case.mandate_id)
    assert len(office.house.tables.counter.mandates) == 1


def test_a_company_that_is_not_in_business_does_not_come(office: CounterOffice) -> None:
    """Revoked, or unknown."""
    for entry in (RegisteredOrganisation(CREDIT_CODE, "顺达", "revoked", "王小明", HEAD_NUMBER), None):
        office.book.organisations = {CREDIT_CODE: entry} if entry else {}
        with pytest.raises(InputRefused) as raised:
            opened(office, shown=ApplicantShown(HEAD, True, credit_code=CREDIT_CODE))
        assert list(raised.value.detail or {}) == ["credit_code"]


def test_whoever_is_not_its_head_needs_a_mandate_of_the_company(office: CounterOffice) -> None:
    """In force for this service."""
    shown = ApplicantShown(AGENT, True, credit_code=CREDIT_CODE)
    with pytest.raises(NotPermitted):
        opened(office, shown=shown)
    organisation_id = opened(office, shown=ApplicantShown(HEAD, True, credit_code=CREDIT_CODE)).case.organisation_id
    principal = {"kind": "organisation", "name": "顺达", "credit_code": CREDIT_CODE}
    mandate = add_mandate(office, AGENT_NUMBER, principal=principal, organisation_id=organisation_id)
    case = opened(office, shown=shown).case
    assert (case.mandate_id, case.agent and case.agent["as"]) == (mandate.mandate_id, "agent")
    with office.house.begin((CITY,)) as tx:
        tx.mandates.revoke(mandate.mandate_id, "staff:1", office.clock.now())
    with pytest.raises(MandateEnded):
        opened(office, shown=shown)


def test_for_another_person_a_mandate_is_needed_that_the_service_allows(office: CounterOffice) -> None:
    """In force, for this service, of this principal."""
    shown = ApplicantShown(AGENT, True, principal_number=APPLICANT_NUMBER)
    with pytest.raises(NotPermitted):
        opened(office, shown=shown)
    other = add_mandate(office, AGENT_NUMBER, services=("another",))
    with pytest.raises(MandateEnded):
        opened(office, shown=shown)
    mandate = add_mandate(office, AGENT_NUMBER)
    case = opened(office, shown=shown).case
    assert (case.applicant["identity_number"], case.mandate_id) == (APPLICANT_NUMBER, mandate.mandate_id)
    assert case.mandate_id != other.mandate_id


def test_a_service_for_persons_takes_no_company() -> None:
    """And lets nobody act whom it does not name."""
    office = CounterOffice(applicants=("person",), mandates=())
    with pytest.raises(InputRefused):
        opened(office, shown=ApplicantShown(HEAD, True, credit_code=CREDIT_CODE))
    add_mandate(office, AGENT_NUMBER)
    with pytest.raises(NotPermitted):
        opened(office, shown=ApplicantShown(AGENT, True, principal_number=APPLICANT_NUMBER))
