"""Receipts and codes for people, and what the verification page says of a slip."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.case_errors import NotAllowedNow
from services.case_ports import Slip
from services.case_record import CaseState, Hand
from services.errors import ConfigurationFault
from services.receipts import Receipt
from services.slip_desk import show_case_receipt, show_collection_code, sign_payment_receipt, verify_slip
from services.slips import COLLECTION_MINUTES
from tests.paper_samples import NO_KEY, ORGANISATION, PaperHouse


@pytest.fixture
def house() -> PaperHouse:
    return PaperHouse()


def test_a_receipt_before_acceptance(house: PaperHouse) -> None:
    """Who hands something in learns the number, the moment, and by when the office must speak."""
    file = house.receive()
    receipt = show_case_receipt(house.desk, file)
    assert receipt.case_no == file.case.case_no
    assert (receipt.received_at, receipt.told_by_on) == (file.case.received_at, date(2026, 11, 9))
    assert (receipt.accepted_at, receipt.promised_on, receipt.statutory_on) == (None, None, None)
    assert (receipt.title, receipt.organ) == ("经营许可", "演示市市场监督管理局")
    assert verify_slip(house.desk, receipt.slip).valid


def test_a_receipt_after_acceptance(house: PaperHouse) -> None:
    """Both deadlines and the moment of acceptance stand on it, also after the decision."""
    file = house.accept()
    for known in (
        file,
        house.print(house.move(file, "granted", on=house.today, by="clerk", reasons=[], legal_ground="x")),
    ):
        receipt = show_case_receipt(house.desk, known)
        assert (receipt.promised_on, receipt.statutory_on) == (date(2026, 11, 23), date(2026, 11, 30))
        assert receipt.accepted_at == file.events[-1].at
        assert receipt.told_by_on is None


def test_no_receipt_without_its_key(house: PaperHouse) -> None:
    """A missing key is a clear fault of this one request."""

    def refuse(_: Slip) -> str:
        raise NO_KEY

    file = house.receive()
    house.slips.sign = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(ConfigurationFault):
        show_case_receipt(house.desk, file)
    assert house.load(file).state is CaseState.RECEIVED


def test_a_collection_code_exists_while_a_certificate_lies_ready(house: PaperHouse) -> None:
    """Not before it is issued, not after it was handed over, not once it is revoked; each code is a new one and ends soon."""
    granted = house.grant()
    with pytest.raises(NotAllowedNow):
        show_collection_code(house.desk, granted)
    issued = house.print(granted)
    first, second = show_collection_code(house.desk, issued), show_collection_code(house.desk, issued)
    assert first.slip != second.slip
    assert first.expires_at == house.clock.now() + timedelta(minutes=COLLECTION_MINUTES)
    revoked = house.move(issued, "certificate_revoked", Hand.HEAD, reason="x", legal_ground="y")
    with pytest.raises(NotAllowedNow):
        show_collection_code(house.desk, revoked)
    other = house.print(house.grant())
    delivered = house.move(other, "handed_over", to="applicant", identity_seen=True)
    with pytest.raises(NotAllowedNow):
        show_collection_code(house.desk, delivered)


def test_a_certificate_verifies_with_its_holder_masked(house: PaperHouse) -> None:
    """Whoever scans a certificate sees what it is, that it holds, how the case stands, and whom it is about as far as strangers may."""
    issued = house.print(house.grant())
    answer = verify_slip(house.desk, str(issued.events[-1].data["slip"]))
    assert (answer.valid, answer.reason, answer.state, answer.title) == (True, "", CaseState.ISSUED, "经营许可")
    assert answer.holder_masked == "**英"
    company = house.print(house.grant(applicant=ORGANISATION))
    assert verify_slip(house.desk, str(company.events[-1].data["slip"])).holder_masked == ORGANISATION["name"]


def test_a_revoked_certificate_is_said_to_be_revoked(house: PaperHouse) -> None:
    """The slip of a revoked certificate says so, with what it was."""
    issued = house.print(house.grant())
    with house.house.begin((house.agency_id,)) as tx:
        tx.slips.revoke(
            house.agency_id, str(issued.events[-1].data["slip_id"]), "certificate_revoked", house.clock.now()
        )
    answer = verify_slip(house.desk, str(issued.events[-1].data["slip"]))
    assert (answer.valid, answer.reason) == (False, "revoked")
    assert answer.slip is not None


def test_what_cannot_be_believed_says_nothing(house: PaperHouse) -> None:
    """A text that is no slip, and an expired one, tell their reason and nothing else."""
    answer = verify_slip(house.desk, "https://counter.example.gov.cn/v/AAAA")
    assert (answer.valid, answer.reason, answer.slip, answer.holder_masked) == (False, "signature", None, "")
    issued = house.print(house.grant())
    code = show_collection_code(house.desk, issued)
    house.clock.at += timedelta(minutes=COLLECTION_MINUTES)
    assert verify_slip(house.desk, code.slip).reason == "expired"


def test_a_slip_of_a_case_that_is_not_here_is_not_issued(house: PaperHouse) -> None:
    """A slip with a good signature whose case the store does not have does not hold."""
    text = show_case_receipt(house.desk, house.receive()).slip
    slip = house.slips.signed[text]
    foreign = house.slips.sign(replace(slip, slip_id="cd" * 12, claims={**slip.claims, "number": "999"}))
    assert verify_slip(house.desk, foreign).reason == "not_issued"


def make_receipt(house: PaperHouse) -> Receipt:
    """The receipt of a payment, as far as its slip looks at it."""
    payment: Any = type("Paid", (), {"service": "trial-bill", "payment_id": uuid4()})()
    now = house.clock.now()
    return Receipt(
        payment, "20261102000001", "**英", "****1234", "2026-10", (), 12345, "演示燃气", "WO1", now, now, now
    )


def test_a_payment_receipt_has_a_slip(house: PaperHouse) -> None:
    """It says that this amount was paid under this number and when, and not for whom; it verifies without a case."""
    text = sign_payment_receipt(house.slips, make_receipt(house), house.desk.random, house.clock.now())
    slip = house.slips.signed[text]
    moment = int(house.clock.now().timestamp())
    assert slip.claims == {
        "number": "20261102000001", "service": "trial-bill", "amount_fen": 12345, "paid_at": moment, "written_off_at": moment,
    }  # fmt: skip
    answer = verify_slip(house.desk, text)
    assert (answer.valid, answer.state, answer.slip) == (True, None, slip)
