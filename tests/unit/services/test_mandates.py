"""Rules of services/mandates.py and services/organisations.py: who records, gives and ends a right to act for another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.case_errors import MandateEnded
from services.case_record import MandateKind
from services.errors import (
    AssuranceTooLow,
    BackEndUnreachable,
    InputRefused,
    NotFound,
    NotPermitted,
    TooManyRequests,
)
from services.identity import ATTEMPTS_AN_HOUR
from services.mandate_rules import MandateState
from services.mandates import list_mandates, record_guardianship, revoke_mandate, tell_history
from services.organisations import QUESTIONS_AN_HOUR, list_organisations, record_organisation
from tests.fake_families import (
    LI,
    MORNING,
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


def refused(caught: pytest.ExceptionInfo[InputRefused]) -> dict[str, object]:
    return caught.value.detail or {}


def test_a_legal_representative_records_the_organisation(town: Town) -> None:
    """Whom the business register names has a right from it that reaches every service and has no last day."""
    found = town.prove_company(town.open_account(WANG))
    assert (found.organisation.credit_code, found.organisation.name) == (SHUNDA, "演示市顺达人力资源有限公司")
    assert (found.mandate.kind, found.mandate.services, found.mandate.valid_until) == (
        MandateKind.LEGAL_REPRESENTATIVE, (), None,
    )  # fmt: skip
    assert found.mandate.recorded_by == "register:business"
    assert found.mandate.proof["checks"] == [
        {"what": "legal_representative", "register": "business", "at": "2026-11-02T02:00:00Z"}
    ]


def test_recording_twice_is_recording_once(town: Town) -> None:
    """The second time gives the same organisation and the same mandate, with the name brought up to date."""
    wang = town.open_account(WANG)
    first = town.prove_company(wang)
    town.book.organisations[SHUNDA] = replace(town.book.organisations[SHUNDA], name="演示市顺达服务有限公司")
    again = town.prove_company(wang)
    assert again.mandate == first.mandate
    assert again.organisation == replace(first.organisation, name="演示市顺达服务有限公司")
    assert [one.organisation for one in list_organisations(town.room, wang)] == [again.organisation]


def test_somebody_else_does_not_record_it(town: Town) -> None:
    """Whoever the register does not name is not permitted, and nothing is kept."""
    with pytest.raises(NotPermitted):
        town.prove_company(town.open_account(LI))
    assert list_organisations(town.room, town.open_account(LI)) == []


@pytest.mark.parametrize("status", ["cancelled", "revoked"])
def test_only_an_organisation_in_business_is_recorded(town: Town, status: str) -> None:
    """A cancelled or revoked organisation is refused at its code."""
    town.replace_head(SHUNDA, WANG, status)
    with pytest.raises(InputRefused) as caught:
        town.prove_company(town.open_account(WANG))
    assert refused(caught) == {"credit_code": "not_in_business"}


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("91110101MA01ABCD18", "checksum"),
        ("91110101MA01ABCD1", "form"),
        ("91110101MA01ABCDI9", "form"),
        ("", "form"),
        ("9111010é1A01ABCD19", "form"),
        ("91110101MA02LCBH0U", "no_such_organisation"),
    ],
)
def test_a_credit_code_is_judged_before_anybody_is_asked(town: Town, code: str, rule: str) -> None:
    """A code of the wrong form or check character is refused without a question; an unknown one by the register."""
    with pytest.raises(InputRefused) as caught:
        record_organisation(town.room, town.open_account(WANG), code)
    assert refused(caught) == {"credit_code": rule}
    assert town.book.asked == (["organisations"] if rule == "no_such_organisation" else [])


def test_a_code_may_be_typed_in_full_width(town: Town) -> None:
    """Width, spaces around and small letters do not count."""
    found = record_organisation(town.room, town.open_account(WANG), " ９１110101ma01abcd19 ")
    assert found.organisation.credit_code == SHUNDA


def test_nobody_unproven_has_a_part_in_it(town: Town) -> None:
    """Who has proven a phone only neither records nor gives nor lists."""
    phone = town.open_account(None)
    for act in (
        lambda: town.prove_company(phone),
        lambda: town.authorise(phone, LI),
        lambda: record_guardianship(town.room, phone, NAMES[YOUNG_WANG], YOUNG_WANG),
        lambda: list_mandates(town.room, phone),
        lambda: revoke_mandate(town.room, phone, uuid4()),
    ):
        with pytest.raises(AssuranceTooLow):
            act()
    assert town.book.asked == []


def test_questions_to_the_business_register_are_counted(town: Town) -> None:
    """One person asks it so many times an hour and no more."""
    wang = town.open_account(WANG)
    for _ in range(QUESTIONS_AN_HOUR):
        town.prove_company(wang)
    with pytest.raises(TooManyRequests):
        town.prove_company(wang)


def test_a_register_that_is_down_records_nothing(town: Town) -> None:
    """Its failure is the caller's answer, and the next try succeeds."""
    wang = town.open_account(WANG)
    town.book.down = True
    with pytest.raises(BackEndUnreachable):
        town.prove_company(wang)
    assert list_organisations(town.room, wang) == []
    town.book.down = False
    assert town.prove_company(wang).state is MandateState.IN_FORCE


def test_an_agent_without_an_account_finds_the_mandate_when_they_prove_the_number(town: Town) -> None:
    """It is nobody's account's till then; afterwards it is bound to theirs."""
    wang = town.open_account(WANG)
    company = town.prove_company(wang).organisation
    given = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    assert (given.agent_person_id, given.agent) == (None, {"name": "李秀英", "identity_number": LI})
    li = town.open_account(LI)
    (held,) = list_mandates(town.room, li)
    assert (held.mandate.mandate_id, held.given) == (given.mandate_id, False)
    assert town.load(given.mandate_id).agent_person_id == li.person_id
    assert [one.organisation for one in list_organisations(town.room, li)] == [company]


def test_a_mandate_says_what_was_checked(town: Town) -> None:
    """The proof names each check, its register and its moment; the term ends with the last day in Shanghai."""
    wang = town.open_account(WANG)
    company = town.prove_company(wang).organisation
    mandate = town.authorise(wang, LI, organisation_id=company.organisation_id, services=[OTHER]).mandate
    assert [(one["what"], one["register"]) for one in mandate.proof["checks"]] == [
        ("legal_representative", "business"),
        ("agent", "population"),
    ]
    assert mandate.valid_until is not None
    assert (mandate.valid_until.isoformat(), mandate.services) == ("2027-11-01T16:00:00+00:00", (OTHER,))
    assert mandate.recorded_by == f"person:{wang.person_id}"


@pytest.mark.parametrize(
    ("changes", "place", "rule"),
    [
        ({"until": None}, "until", "required"),
        ({"until": date(2026, 11, 1)}, "until", "past"),
        ({"until": date(2029, 11, 3)}, "until", "too_far"),
        ({"services": ["nothing"]}, "services", "unknown_service"),
        ({"services": [OTHER] * 51}, "services", "too_many"),
        ({"kind": MandateKind.GUARDIAN}, "kind", "not_given"),
        ({"kind": MandateKind.LEGAL_REPRESENTATIVE}, "kind", "not_given"),
        ({"kind": MandateKind.FAMILY}, "kind", "not_old"),
        ({"agent_number": WANG}, "agent.identity_number", "own"),
        ({"agent_number": TEENAGER, "agent_name": NAMES[TEENAGER]}, "agent.identity_number", "under_age"),
        ({"agent_number": "110101198505120028"}, "agent.identity_number", "checksum"),
        ({"agent_number": "1"}, "agent.identity_number", "form"),
        ({"agent_name": "李秀"}, "agent.identity_number", "not_confirmed"),
        ({"agent_number": "110101196001010011"}, "agent.identity_number", "not_confirmed"),
    ],
)  # fmt: skip
def test_what_a_grant_may_not_say(town: Town, changes: dict[str, Any], place: str, rule: str) -> None:
    """Each fault is named by its place, and nothing is kept."""
    wang = town.open_account(WANG)
    with pytest.raises(InputRefused) as caught:
        town.authorise(wang, LI, **changes)
    assert refused(caught) == {place: rule}
    assert list_mandates(town.room, wang) == []


def test_a_service_that_lets_no_agent_act(town: Town) -> None:
    """A mandate for a service whose mapping knows no agents is refused when it is given."""
    strict = Town(mandates=())
    with pytest.raises(InputRefused) as caught:
        strict.authorise(strict.open_account(WANG), LI, services=[OTHER])
    assert refused(caught) == {"services": "no_mandate"}


def test_names_and_numbers_are_not_found_by_trying(town: Town) -> None:
    """Attempts are counted for the person, and apart for the number that is tried."""
    wang = town.open_account(WANG)
    for _ in range(ATTEMPTS_AN_HOUR):
        with pytest.raises(InputRefused):
            town.authorise(wang, LI, agent_name="某某")
    with pytest.raises(TooManyRequests):
        town.authorise(wang, OUYANG)
    with pytest.raises(TooManyRequests):
        town.authorise(town.open_account(OUYANG), LI)


def test_only_the_legal_representative_of_this_moment_authorises(town: Town) -> None:
    """An agent may not, a stranger may not, and a former one's right has ended when the register says so."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    town.authorise(wang, LI, organisation_id=company.organisation_id)
    for stranger in (li, town.open_account(OUYANG)):
        with pytest.raises(NotPermitted):
            town.authorise(stranger, OLD_WANG, organisation_id=company.organisation_id)
    town.replace_head(SHUNDA, OUYANG)
    with pytest.raises(MandateEnded):
        town.authorise(wang, OLD_WANG, organisation_id=company.organisation_id)
    with pytest.raises(NotPermitted):
        town.authorise(wang, OLD_WANG, organisation_id=company.organisation_id)


def test_a_new_legal_representative_ends_the_formers_right_alone(town: Town) -> None:
    """Whom the organisation authorised stays authorised; the new one sees it and may end it."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    given = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    town.replace_head(SHUNDA, OUYANG)
    ouyang = town.open_account(OUYANG)
    town.prove_company(ouyang)
    assert list_organisations(town.room, wang) == []
    assert [one.organisation for one in list_organisations(town.room, li)] == [company]
    seen = {one.mandate.mandate_id: one.given for one in list_mandates(town.room, ouyang)}
    assert seen[given.mandate_id] is True
    assert revoke_mandate(town.room, ouyang, given.mandate_id).state is MandateState.REVOKED
    assert list_organisations(town.room, li) == []
    with pytest.raises(NotFound):
        revoke_mandate(town.room, wang, given.mandate_id)


def test_a_cancelled_organisation_ends_every_mandate(town: Town) -> None:
    """What has ceased to exist has no agents (Civil Code art. 173(5))."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    company = town.prove_company(wang).organisation
    town.authorise(wang, LI, organisation_id=company.organisation_id)
    town.replace_head(SHUNDA, WANG, "cancelled")
    with pytest.raises(InputRefused):
        town.prove_company(wang)
    assert {one.state for one in list_mandates(town.room, wang)} == {MandateState.REVOKED}
    assert list_organisations(town.room, li) == []


def test_a_parent_is_recorded_for_a_child_under_age(town: Town) -> None:
    """Till the eighteenth birthday begins in Shanghai; a second time gives the same."""
    wang = town.open_account(WANG)
    found = record_guardianship(town.room, wang, NAMES[YOUNG_WANG], YOUNG_WANG)
    assert found.mandate.valid_until is not None
    assert found.mandate.valid_until.isoformat() == "2033-05-31T16:00:00+00:00"
    assert found.mandate.recorded_by == "register:population"
    assert record_guardianship(town.room, wang, NAMES[YOUNG_WANG], YOUNG_WANG).mandate == found.mandate


@pytest.mark.parametrize(
    ("name", "number", "rule"),
    [
        (NAMES[TEENAGER], TEENAGER, "not_confirmed"),
        ("王大雨", YOUNG_WANG, "not_confirmed"),
        (NAMES[LI], LI, "of_age"),
        (NAMES[WANG], WANG, "own"),
        (NAMES[YOUNG_WANG], "110101201506010011", "checksum"),
    ],
)
def test_what_makes_no_guardian(town: Town, name: str, number: str, rule: str) -> None:
    """Another's child, a wrong name, a grown-up, oneself: refused at the child's number, alike for name and kinship."""
    with pytest.raises(InputRefused) as caught:
        record_guardianship(town.room, town.open_account(WANG), name, number)
    assert refused(caught) == {"child.identity_number": rule}


def test_a_child_does_not_end_a_guardians_right(town: Town) -> None:
    """The law appoints the guardian: the child sees it and may not revoke it, the parent may have it struck."""
    wang = town.open_account(WANG)
    mandate = record_guardianship(town.room, wang, NAMES[YOUNG_WANG], YOUNG_WANG).mandate
    child = town.open_account(YOUNG_WANG)
    assert [one.mandate.mandate_id for one in list_mandates(town.room, child)] == [mandate.mandate_id]
    with pytest.raises(NotPermitted):
        revoke_mandate(town.room, child, mandate.mandate_id)
    assert revoke_mandate(town.room, wang, mandate.mandate_id).state is MandateState.REVOKED


def test_an_old_parent_authorises_a_child_of_age(town: Town) -> None:
    """Family: the parent is sixty or more, the other is registered as their child."""
    father = town.open_account(OLD_WANG)
    mandate = town.authorise(father, WANG, kind=MandateKind.FAMILY).mandate
    assert [one["what"] for one in mandate.proof["checks"]] == ["agent", "parent"]
    with pytest.raises(InputRefused) as caught:
        town.authorise(father, LI, kind=MandateKind.FAMILY)
    assert refused(caught) == {"agent.identity_number": "not_confirmed"}
    with pytest.raises(InputRefused) as organised:
        town.authorise(father, WANG, kind=MandateKind.FAMILY, organisation_id=uuid4())
    assert refused(organised) == {"kind": "not_given"}


def test_a_principal_ends_what_they_gave_and_an_agent_what_they_hold(town: Town) -> None:
    """Nobody else can; ending twice changes nothing, and the history says which part did it."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    first, second = town.authorise(wang, LI).mandate, town.authorise(wang, LI).mandate
    for stranger in (town.open_account(OUYANG), town.open_account(OLD_WANG)):
        with pytest.raises(NotFound):
            revoke_mandate(town.room, stranger, first.mandate_id)
    town.clock.advance(60)
    by_principal = revoke_mandate(town.room, wang, first.mandate_id)
    by_agent = revoke_mandate(town.room, li, second.mandate_id)
    told = [[(one.name, one.by) for one in tell_history(end.mandate, end.state)] for end in (by_principal, by_agent)]
    assert told == [
        [("recorded", "principal"), ("revoked", "principal")],
        [("recorded", "principal"), ("revoked", "agent")],
    ]
    town.clock.advance(60)
    again, first_time = revoke_mandate(town.room, li, first.mandate_id).mandate, by_principal.mandate
    assert (again.revoked_at, again.revoked_by) == (first_time.revoked_at, first_time.revoked_by)
    with pytest.raises(NotFound):
        revoke_mandate(town.room, wang, uuid4())


def test_history_tells_of_an_expired_one(town: Town) -> None:
    """The clock ends it on its last day; the list keeps it."""
    wang = town.open_account(WANG)
    town.authorise(wang, LI, until=date(2026, 11, 2))
    town.clock.at = MORNING + timedelta(hours=13, minutes=59)
    assert list_mandates(town.room, wang)[0].state is MandateState.IN_FORCE
    town.clock.at = MORNING + timedelta(hours=14)
    (over,) = list_mandates(town.room, wang)
    assert over.state is MandateState.EXPIRED
    assert [(one.name, one.at) for one in tell_history(over.mandate, over.state)][1] == (
        "expired", "2026-11-02T16:00:00Z",
    )  # fmt: skip


def test_the_same_person_on_another_platform_holds_the_same(town: Town) -> None:
    """Mandates belong to the person, by whatever door they come."""
    wang = town.open_account(WANG)
    mandate = town.authorise(wang, LI).mandate
    li = town.open_account(LI)
    elsewhere = replace(town.open_account(LI), request_id="another")
    assert li.person_id == elsewhere.person_id
    assert [one.mandate.mandate_id for one in list_mandates(town.room, elsewhere)] == [mandate.mandate_id]


def test_two_organisations_are_two(town: Town) -> None:
    """An agent of one company is nothing in another, and sees neither its mandates nor its people."""
    wang, li = town.open_account(WANG), town.open_account(LI)
    shunda, qingyun = town.prove_company(wang).organisation, town.prove_company(li, QINGYUN).organisation
    town.authorise(li, WANG, organisation_id=qingyun.organisation_id)
    theirs = town.authorise(li, OUYANG, organisation_id=qingyun.organisation_id).mandate
    assert {one.organisation.credit_code for one in list_organisations(town.room, wang)} == {SHUNDA, QINGYUN}
    with pytest.raises(NotFound):
        revoke_mandate(town.room, wang, theirs.mandate_id)
    assert shunda.chain_id != qingyun.chain_id
