"""After the decision: against the collection code or the identity card, by post, with proof."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_errors import CaseMoved, MandateEnded, NotAllowedNow, OwnMatter, SlipRefused
from services.case_file import CaseFile
from services.case_record import CaseState, Mandate, MandateKind
from services.counter_delivery import Bearer
from services.errors import InputRefused
from services.staffing import Role
from tests.counter_office import APPLICANT_NUMBER, HANDS_OVER, OFFICE, REASON, CounterOffice

AGENT_NUMBER, STRANGER = "110101199003070011", "110101199003070759"


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def rule_of(raised: pytest.ExceptionInfo[Any]) -> str:
    return str((raised.value.detail or {}).get("rule"))


def hand_over(office: CounterOffice, file: CaseFile, bearer: Bearer) -> CaseFile:
    return office.counter.hand_over(office.clerk, file.case.case_id, file.version, bearer)


def add_mandate(
    office: CounterOffice, *, organisation_id: UUID | None = None, principal: str = APPLICANT_NUMBER
) -> UUID:
    """A mandate in force for a month by which the agent acts."""
    now = office.clock.now()
    mandate = Mandate(
        uuid4(), OFFICE, MandateKind.AGENT, {"kind": "person", "name": "王秀英", "identity_number": principal}, uuid4(),
        organisation_id, None, {"name": "李娜", "identity_number": AGENT_NUMBER}, None, (), now, now + timedelta(days=30),
        "staff:1", now, {},
    )  # fmt: skip
    with office.house.begin((OFFICE,)) as tx:
        tx.mandates.add(mandate)
    return mandate.mandate_id


def issue_for_agent(office: CounterOffice) -> CaseFile:
    """A case that an agent handed in under a mandate."""
    agent = {"name": "李娜", "identity_number": AGENT_NUMBER, "phone": "13800000009", "as": "agent"}
    return office.issue(mandate_id=add_mandate(office), agent=agent)


def test_it_is_handed_over_against_the_collection_code_once(office: CounterOffice) -> None:
    """The code is used up, so that the same picture collects nothing twice."""
    file = office.issue()
    text = office.make_code(file)
    after = hand_over(office, file, Bearer(slip=f" {text}\n"))
    told = after.events[-1].data
    assert (after.state, told["identity_seen"], told["to"]) == (CaseState.DELIVERED, False, "applicant")
    other = office.issue()
    office.slips.signed[text] = office.slips.signed[text]
    with pytest.raises(SlipRefused) as raised:
        hand_over(office, other, Bearer(slip=text))
    assert raised.value.reason == "kind"
    with pytest.raises(CaseMoved):
        hand_over(office, file, Bearer(slip=text))


def test_a_used_code_collects_nothing_more(office: CounterOffice) -> None:
    """Also after what was collected came back to the window."""
    file = office.issue()
    text = office.make_code(file)
    with office.house.begin((OFFICE,)) as tx:
        tx.slips.revoke(OFFICE, office.slips.signed[text].slip_id, "collected", office.clock.now())
    with pytest.raises(SlipRefused) as raised:
        hand_over(office, file, Bearer(slip=text))
    assert raised.value.reason == "revoked"


@pytest.mark.parametrize("kind", ["case_receipt", "certificate", "voucher", "payment_receipt"])
def test_no_other_slip_collects(office: CounterOffice, kind: str) -> None:
    """A receipt lies about in kitchens; only the collection code is made for this."""
    file = office.issue()
    with pytest.raises(SlipRefused) as raised:
        hand_over(office, file, Bearer(slip=office.make_code(file, kind=kind)))
    assert raised.value.reason == "kind"


def test_an_expired_or_foreign_code_is_refused(office: CounterOffice) -> None:
    """Fifteen minutes, and signed by us."""
    file = office.issue()
    text = office.make_code(file)
    office.clock.advance(901)
    for shown in (text, "https://elsewhere.example/s/1"):
        with pytest.raises(SlipRefused):
            hand_over(office, file, Bearer(slip=shown))


def test_it_is_handed_over_against_the_applicants_card(office: CounterOffice) -> None:
    """Seen by the clerk."""
    told = hand_over(office, office.issue(), HANDS_OVER).events[-1].data
    assert (told["identity_seen"], told["to"]) == (True, "applicant")


@pytest.mark.parametrize("number", [STRANGER, AGENT_NUMBER])
def test_a_stranger_gets_nothing(office: CounterOffice, number: str) -> None:
    """A card that is in order is not yet the recipient's."""
    file = office.issue()
    with pytest.raises(NotAllowedNow) as raised:
        hand_over(office, file, Bearer(identity_number=number))
    assert rule_of(raised) == "not_the_recipient"


@pytest.mark.parametrize(
    "bearer", [Bearer(), Bearer(identity_number="123"), Bearer(identity_number=APPLICANT_NUMBER[:-1] + "0")]
)
def test_something_must_be_shown_and_be_a_number(office: CounterOffice, bearer: Bearer) -> None:
    """No hand-over on a word."""
    with pytest.raises(InputRefused):
        hand_over(office, office.issue(), bearer)


@pytest.mark.parametrize("with_card", [True, False])
def test_an_agent_collects_while_the_mandate_is_in_force(office: CounterOffice, with_card: bool) -> None:
    """By card or by the code that their own sign-in shows."""
    file = issue_for_agent(office)
    bearer = Bearer(identity_number=AGENT_NUMBER) if with_card else Bearer(slip=office.make_code(file))
    assert hand_over(office, file, bearer).events[-1].data["to"] == "agent"


@pytest.mark.parametrize("with_card", [True, False])
def test_an_agent_whose_mandate_was_revoked_collects_nothing(office: CounterOffice, with_card: bool) -> None:
    """Neither by card nor by a code of theirs."""
    file = issue_for_agent(office)
    with office.house.begin((OFFICE,)) as tx:
        assert file.case.mandate_id is not None
        tx.mandates.revoke(file.case.mandate_id, "person:1", office.clock.now())
    bearer = Bearer(identity_number=AGENT_NUMBER) if with_card else Bearer(slip=office.make_code(file))
    with pytest.raises(MandateEnded):
        hand_over(office, file, bearer)
    assert hand_over(office, file, HANDS_OVER).events[-1].data["to"] == "applicant"


def test_a_colleague_with_the_mandate_collects_for_the_company(office: CounterOffice) -> None:
    """Whoever handed it in, whoever acts for the organisation now may collect."""
    organisation_id = uuid4()
    applicant = {"kind": "organisation", "name": "顺达公司", "credit_code": "91110101MA01ABCD19", "phone": ""}
    representative = {"name": "王秀英", "identity_number": APPLICANT_NUMBER, "phone": "", "as": "legal_representative"}
    file = office.issue(applicant=applicant, agent=representative, organisation_id=organisation_id)
    add_mandate(office, organisation_id=organisation_id)
    assert hand_over(office, file, Bearer(identity_number=AGENT_NUMBER)).events[-1].data["to"] == "agent"


def test_nobody_hands_over_to_themselves(office: CounterOffice) -> None:
    """A clerk's own certificate is handed over by a colleague."""
    file = office.issue()
    office.house.books.identities[office.clerk.member.staff_id] = APPLICANT_NUMBER
    with pytest.raises(OwnMatter):
        hand_over(office, file, HANDS_OVER)


def test_a_revoked_certificate_is_not_handed_over(office: CounterOffice) -> None:
    """Nor posted."""
    file = office.issue(delivery="post")
    office.counter.open_case(office.head, file.case.case_id, REASON)
    after = office.counter.revoke_certificate(
        office.head, file.case.case_id, file.version, REASON, "《行政许可法》第六十九条"
    )
    with pytest.raises(NotAllowedNow) as raised:
        hand_over(office, after, HANDS_OVER)
    assert rule_of(raised) == "certificate_revoked"
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.post(office.clerk, after.case.case_id, after.version, "中国邮政", "EMS12345")
    assert rule_of(raised) == "certificate_revoked"


def test_before_the_certificate_exists_nothing_is_delivered(office: CounterOffice) -> None:
    """Granted is not yet issued."""
    file = office.grant()
    with pytest.raises(NotAllowedNow):
        hand_over(office, file, HANDS_OVER)


def test_the_post_has_a_carrier_and_a_number_and_ends_with_its_proof(office: CounterOffice) -> None:
    """The delivery clock ends at the proof."""
    sent = office.send()
    assert (sent.state, sent.events[-1].data["carrier"], sent.events[-1].data["number"]) == (
        CaseState.POSTED, "中国邮政", "EMS123456789",
    )  # fmt: skip
    office.pass_days(2)
    for on in (date(2026, 11, 1), date(2026, 11, 5)):
        with pytest.raises(InputRefused):
            office.counter.prove_delivery(office.clerk, sent.case.case_id, sent.version, on, "签收底单")
    after = office.counter.prove_delivery(office.clerk, sent.case.case_id, sent.version, date(2026, 11, 3), "本人签收")
    assert (after.state, after.events[-1].data["on"]) == (CaseState.DELIVERED, "2026-11-03")


def test_what_came_back_lies_at_the_window_again(office: CounterOffice) -> None:
    """And may be sent once more, or handed over."""
    sent = office.send()
    back = office.counter.fail_delivery(office.clerk, sent.case.case_id, sent.version, "收件人不在")
    assert back.state is CaseState.ISSUED
    again = office.counter.post(office.clerk, back.case.case_id, back.version, "中国邮政", "EMS99999")
    assert again.state is CaseState.POSTED


def test_what_was_to_be_collected_is_not_posted(office: CounterOffice) -> None:
    """The applicant's choice holds."""
    file = office.issue()
    with pytest.raises(NotAllowedNow) as raised:
        office.counter.post(office.clerk, file.case.case_id, file.version, "中国邮政", "EMS12345")
    assert rule_of(raised) == "not_by_post"


@pytest.mark.parametrize(
    ("carrier", "number"), [("", "EMS12345"), ("邮政", "1234"), ("邮政", "EMS 12345"), ("邮政", "9" * 41)]
)
def test_a_consignment_is_named(office: CounterOffice, carrier: str, number: str) -> None:
    """Carrier and number have their form."""
    file = office.issue(delivery="post")
    with pytest.raises(InputRefused):
        office.counter.post(office.clerk, file.case.case_id, file.version, carrier, number)


def test_delivery_needs_no_claim(office: CounterOffice) -> None:
    """The window hands over what a colleague in the back office decided."""
    file = office.issue()
    window = office.hire(OFFICE, Role.CLERK)
    assert office.counter.hand_over(window, file.case.case_id, file.version, HANDS_OVER).state is CaseState.DELIVERED
