"""Opening a case, what a page may offer, searching, and who stands behind a matter of their own."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.case_errors import CaseMoved, OwnMatter, SlipRefused
from services.case_record import Mandate, MandateKind
from services.counter_desk import SearchKey
from services.errors import InputRefused, NotFound, NotPermitted, StoreUnavailable
from services.staffing import Actor, Role
from tests.counter_office import (
    AGENT_NUMBER,
    APPLICANT_NUMBER,
    BRANCH,
    CITY,
    CREDIT_CODE,
    FINE,
    HEAD_NUMBER,
    OFFICE,
    REASON,
    SIBLING,
    TAX,
    CounterOffice,
)

COMPANY = {"kind": "organisation", "name": "演示市顺达人力资源有限公司", "credit_code": CREDIT_CODE, "phone": ""}


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def test_opening_notes_the_version_before_anything_is_shown(office: CounterOffice) -> None:
    """Who opened which case at which version and why; nothing of what was in it."""
    file = office.receive()
    opened = office.counter.open_case(office.clerk, file.case.case_id, f"  {REASON}\n")
    (act,) = office.acts
    assert (act.act, act.agency_id, act.reason, act.detail["version"]) == ("case.open", OFFICE, REASON, file.version)
    assert opened.file == file
    assert APPLICANT_NUMBER not in str(act)


@pytest.mark.parametrize("reason", ["", "看看", "a" * 501, "\u200b" * 9])
def test_without_a_reason_nothing_is_opened_or_searched(office: CounterOffice, reason: str) -> None:
    """Four visible characters at least."""
    file = office.receive()
    with pytest.raises(InputRefused):
        office.counter.open_case(office.clerk, file.case.case_id, reason)
    with pytest.raises(InputRefused):
        office.counter.search(office.clerk, SearchKey.NAME, "王秀英", reason)
    assert office.acts == []


def test_what_cannot_be_noted_is_not_shown(office: CounterOffice) -> None:
    """Neither a case nor what a search found."""
    file = office.receive()
    office.house.acts_down = True
    with pytest.raises(StoreUnavailable):
        office.counter.open_case(office.clerk, file.case.case_id, REASON)
    with pytest.raises(StoreUnavailable):
        office.counter.search(office.clerk, SearchKey.CASE_NO, file.case.case_no, REASON)


def test_a_joint_agencys_reading_stands_in_both_books(office: CounterOffice) -> None:
    """Each agency's own auditor sees who read."""
    file = office.accept()
    office.counter.finish_step(office.clerk, file.case.case_id, file.version, 0, "齐全")
    opened = office.counter.open_case(office.tax, file.case.case_id, REASON)
    assert {act.agency_id for act in office.acts if act.staff_id == office.tax.member.staff_id} == {OFFICE, TAX}
    assert (opened.ready_steps, opened.offers) == ((2,), frozenset({"finish_step"}))


def test_a_page_offers_what_may_be_done_now(office: CounterOffice) -> None:
    """Claim what is free; judge what is in hand; decide what another accepted."""
    file = office.receive()
    case_id = file.case.case_id

    def offers(who: Actor) -> frozenset[str]:
        return office.counter.open_case(who, case_id, REASON).offers

    window = {"withdraw", "fix_on_the_spot", "print_receipt"}
    assert offers(office.clerk) == {"claim", *window}
    office.take(office.clerk, case_id)
    judging = {"check_materials", "ask_corrections", "accept", "accept_with_gap", "refuse_acceptance", "release"}
    assert offers(office.clerk) == {*judging, *window}
    assert offers(office.second) == window
    assert offers(office.head) == {"reassign"}
    office.counter.accept(office.clerk, case_id, office.load(case_id).version, FINE)
    examining = {"check_materials", "begin_special", "ask_extension", "finish_step", "terminate", "release"}
    assert offers(office.clerk) == {*examining, "withdraw", "print_receipt", "record_notice"}


def test_a_page_never_offers_a_decision_to_whoever_accepted() -> None:
    """Two hands; the colleague's page has it."""
    office = CounterOffice(steps=())
    file = office.accept()
    case_id = file.case.case_id
    assert "decide" not in office.counter.open_case(office.clerk, case_id, REASON).offers
    office.give_back(office.clerk, case_id)
    office.take(office.second, case_id)
    assert "decide" in office.counter.open_case(office.second, case_id, REASON).offers


def test_in_ones_own_matter_a_page_offers_nothing(office: CounterOffice) -> None:
    """It says why."""
    own = office.hire(OFFICE, Role.CLERK, Role.HEAD, number=APPLICANT_NUMBER)
    opened = office.counter.open_case(own, office.receive().case.case_id, REASON)
    assert (opened.own_matter, opened.offers) == (True, frozenset())


def claim(office: CounterOffice, who: Actor, **changes: Any) -> None:
    file = office.receive(**changes)
    office.counter.claim(who, file.case.case_id, file.version)


def test_an_agent_among_the_staff_does_not_handle_what_they_handed_in(office: CounterOffice) -> None:
    """Nor does their deputy."""
    own = office.hire(OFFICE, Role.CLERK, number=AGENT_NUMBER)
    deputy = office.hire(OFFICE, Role.CLERK, deputising_for=own.member.staff_id)
    agent = {"name": "李秀英", "identity_number": AGENT_NUMBER, "phone": "", "as": "agent"}
    for who in (own, deputy):
        with pytest.raises(OwnMatter):
            claim(office, who, agent=agent)
    claim(office, office.clerk, agent=agent)


def test_a_legal_representative_among_the_staff_does_not_handle_the_companys_matter(office: CounterOffice) -> None:
    """Although an agent handed it in: the business register's word is recorded as a mandate."""
    organisation_id, now = uuid4(), office.clock.now()
    mandate = Mandate(
        uuid4(), CITY, MandateKind.LEGAL_REPRESENTATIVE, {"kind": "organisation", "name": COMPANY["name"],
        "credit_code": CREDIT_CODE}, uuid4(), organisation_id, None, {"name": "王小明", "identity_number": HEAD_NUMBER}, None, (),
        now, None, "register:business", now, {},
    )  # fmt: skip
    with office.house.begin((CITY,)) as tx:
        tx.mandates.add(mandate)
    agent = {"name": "李秀英", "identity_number": AGENT_NUMBER, "phone": "", "as": "agent"}
    head = office.hire(OFFICE, Role.CLERK, number=HEAD_NUMBER)
    with pytest.raises(OwnMatter):
        claim(office, head, applicant=COMPANY, agent=agent, organisation_id=organisation_id)


def test_whose_number_is_not_known_is_held_for_a_stranger(office: CounterOffice) -> None:
    """An administrator sets it; until then nothing is compared."""
    with office.house.begin((OFFICE,)) as tx:
        assert not tx.staff.has_identity(office.clerk.member.staff_id)
    claim(office, office.clerk)


@pytest.mark.parametrize(
    ("by", "value"),
    [(SearchKey.NAME, " 王秀英 "), (SearchKey.NUMBER, "1101 0119 6001 0100 11"), (SearchKey.CASE_NO, "{no}"), (SearchKey.SLIP, "{slip}")],
    ids=["name", "number", "case number", "slip"],
)  # fmt: skip
def test_a_case_is_found_by_name_number_or_code(office: CounterOffice, by: SearchKey, value: str) -> None:
    """The line only, and an Act that says how it was looked for, not with what."""
    file = office.receive()
    office.receive(applicant={"kind": "person", "name": "李秀英", "identity_number": AGENT_NUMBER, "phone": ""})
    sought = value.replace("{no}", file.case.case_no).replace("{slip}", office.make_code(file))
    (line,) = office.counter.search(office.clerk, by, sought, REASON)
    assert line.case_id == file.case.case_id
    (act,) = [one for one in office.acts if one.act == "case.search"]
    assert act.detail == {"by": by.value, "found": 1}
    assert (act.subject_id, act.reason) == ("", REASON)


@pytest.mark.parametrize("kind", ["case_receipt", "certificate", "voucher", "collection_code"])
def test_every_slip_of_a_case_finds_it(office: CounterOffice, kind: str) -> None:
    """A receipt by its number, the others by the case's."""
    file = office.receive()
    claims = {"number": file.case.case_no} if kind == "case_receipt" else {}
    (line,) = office.counter.search(office.clerk, SearchKey.SLIP, office.make_code(file, kind=kind, **claims), REASON)
    assert line.case_id == file.case.case_id


def test_a_slip_that_does_not_hold_or_is_of_no_case_finds_nothing(office: CounterOffice) -> None:
    """Signed by somebody else, or of a payment."""
    file = office.receive()
    with pytest.raises(SlipRefused):
        office.counter.search(office.clerk, SearchKey.SLIP, "https://elsewhere.example/s/1", REASON)
    with pytest.raises(SlipRefused):
        office.counter.search(office.clerk, SearchKey.SLIP, office.make_code(file, kind="payment_receipt"), REASON)


@pytest.mark.parametrize(
    ("by", "value"),
    [(SearchKey.NAME, " "), (SearchKey.NUMBER, "12345"), (SearchKey.CASE_NO, "a b"), (SearchKey.CASE_NO, "")],
)
def test_what_can_be_no_such_number_is_refused(office: CounterOffice, by: SearchKey, value: str) -> None:
    """Before anything is asked or noted."""
    with pytest.raises(InputRefused):
        office.counter.search(office.clerk, by, value, REASON)
    assert office.acts == []


@pytest.mark.parametrize("by", list(SearchKey))
def test_a_search_finds_what_the_role_reaches(office: CounterOffice, by: SearchKey) -> None:
    """Above and own; a sibling and a branch find nothing, and their search is noted too."""
    file = office.receive()
    values = {
        SearchKey.NAME: "王秀英", SearchKey.NUMBER: APPLICANT_NUMBER, SearchKey.CASE_NO: file.case.case_no,
        SearchKey.SLIP: office.make_code(file),
    }  # fmt: skip
    found = {
        agency: len(office.counter.search(office.hire(agency, Role.HEAD), by, values[by], REASON))
        for agency in (CITY, OFFICE, BRANCH, SIBLING)
    }
    assert found == {CITY: 1, OFFICE: 1, BRANCH: 0, SIBLING: 0}
    assert [act.agency_id for act in office.acts] == [CITY, OFFICE, BRANCH, SIBLING]


def test_only_who_handles_cases_searches_them(office: CounterOffice) -> None:
    """Not finance, not the auditor."""
    for role in (Role.FINANCE, Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotPermitted):
            office.counter.search(office.hire(OFFICE, role), SearchKey.NAME, "王秀英", REASON)


def test_a_page_from_another_time_does_nothing(office: CounterOffice) -> None:
    """A version that never was, or is not yet, is no version that was seen."""
    file = office.receive()
    for seen in (0, -1, file.version + 1, 99):
        with pytest.raises(CaseMoved):
            office.counter.claim(office.clerk, file.case.case_id, seen)
    with pytest.raises(NotFound):
        office.counter.claim(office.clerk, uuid4(), 1)
