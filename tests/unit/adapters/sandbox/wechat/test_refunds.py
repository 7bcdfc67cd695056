"""Refunds: idempotent by number, never more than was paid, with the states that WeChat Pay publishes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.peers.wechat_merchant import Answer, NoticeDesk, PlainMerchant, StillClock, control


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


@pytest.fixture
def paid(merchant: PlainMerchant, number: str) -> str:
    merchant.order(number)
    assert merchant.pay_directly(number) == "requestPayment:ok"
    return number


def test_a_refund_is_processing_then_successful(
    merchant: PlainMerchant, paid: str, clock: StillClock, desk: NoticeDesk
) -> None:
    """PROCESSING, then SUCCESS with its time; the order is REFUND; the notice says refund_status."""
    answer = merchant.refund(paid, f"R{paid}", 8640, notify_url=desk.url).json
    assert (answer["status"], "success_time" in answer) == ("PROCESSING", False)
    clock.advance(2)
    assert merchant.query_refund(f"R{paid}").json["status"] == "SUCCESS"
    assert merchant.query(paid).json["trade_state"] == "REFUND"
    plain = merchant.decrypt(desk.wait_for(1)[0].body)
    assert (plain["refund_status"], "status" in plain) == ("SUCCESS", False)
    assert plain["amount"] == {"total": 8640, "refund": 8640, "payer_total": 8640, "payer_refund": 8640}
    assert set(plain) & {"mchid", "sp_mchid", "sub_mchid"} == set(merchant.parties)


def test_one_refund_number_refunds_once(merchant: PlainMerchant, paid: str) -> None:
    """The same number again is the same refund; with another amount it is refused."""
    first, again = merchant.refund(paid, f"R{paid}", 100).json, merchant.refund(paid, f"R{paid}", 100).json
    assert first["refund_id"] == again["refund_id"]
    assert code_of(merchant.refund(paid, f"R{paid}", 101)) == (400, "INVALID_REQUEST")


def test_equal_refunds_at_once_are_one(merchant: PlainMerchant, paid: str) -> None:
    """Concurrent requests with one refund number make one refund."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: merchant.refund(paid, f"R{paid}", 8640), range(8)))
    assert len({answer.json["refund_id"] for answer in answers}) == 1


def test_never_more_than_was_paid(merchant: PlainMerchant, paid: str, clock: StillClock) -> None:
    """Partial refunds add up to the order at most, a minute apart at least."""
    assert merchant.refund(paid, f"A{paid}", 8000).status == 200
    assert code_of(merchant.refund(paid, f"B{paid}", 640)) == (429, "FREQUENCY_LIMITED")
    clock.advance(60)
    assert code_of(merchant.refund(paid, f"B{paid}", 641)) == (400, "INVALID_REQUEST")
    assert merchant.refund(paid, f"B{paid}", 640).status == 200


def test_what_cannot_be_refunded(merchant: PlainMerchant, paid: str, another: Callable[[], str]) -> None:
    """Unknown, unpaid and wrongly totalled orders are refused."""
    unpaid = another()
    merchant.order(unpaid)
    assert code_of(merchant.refund("NOSUCHORDER", "R1", 1)) == (404, "ORDER_NOT_EXIST")
    assert code_of(merchant.refund(unpaid, "R1", 1)) == (400, "INVALID_REQUEST")
    assert code_of(merchant.refund(paid, "R1", 1, total=8641)) == (400, "INVALID_REQUEST")
    assert code_of(merchant.refund(paid, "R1", 8641)) == (400, "INVALID_REQUEST")
    assert code_of(merchant.query_refund("NOSUCHREFUND")) == (404, "RESOURCE_NOT_EXISTS")


def test_a_year_is_the_limit(merchant: PlainMerchant, paid: str, clock: StillClock) -> None:
    """After 365 days an order cannot be refunded."""
    clock.advance(365 * 86400 + 1)
    assert code_of(merchant.refund(paid, f"R{paid}", 1)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "more", [{"unknown": 1}, {"funds_account": "OTHER"}, {"reason": "x" * 81}, {"transaction_id": "1"}]
)
def test_the_shape_of_a_refund(merchant: PlainMerchant, paid: str, more: dict[str, Any]) -> None:
    """Unknown fields, unknown accounts, long reasons and both order numbers at once are refused."""
    assert code_of(merchant.refund(paid, f"R{paid}", 1, **more)) == (400, "PARAM_ERROR")


def test_the_sub_merchant_belongs_to_partner_mode(direct: PlainMerchant, partner: PlainMerchant, number: str) -> None:
    """A direct merchant must not name a sub-merchant, a service provider must name its own."""
    direct.order(number)
    direct.pay_directly(number)
    assert code_of(direct.refund(number, "R1", 1, sub_mchid="1900000109")) == (403, "NO_AUTH")
    body = {"out_trade_no": number, "out_refund_no": "R1", "amount": {"refund": 1, "total": 1, "currency": "CNY"}}
    assert code_of(partner.call("POST", "/v3/refund/domestic/refunds", body)) == (400, "PARAM_ERROR")


def test_an_abnormal_refund_can_be_sent_elsewhere(merchant: PlainMerchant, paid: str, clock: StillClock) -> None:
    """ABNORMAL stays so until apply-abnormal-refund, then it succeeds; a sound refund refuses it."""
    control(merchant.url, "/_sandbox/control/behaviour", {"operation": "refund", "behaviour": "refund_abnormal"})
    refund = merchant.refund(paid, f"R{paid}", 8640).json
    clock.advance(2)
    assert merchant.query_refund(f"R{paid}").json["status"] == "ABNORMAL"
    sub = {"sub_mchid": merchant.facts["sub_merchant_id"]} if merchant.partner else {}
    target = f"/v3/refund/domestic/refunds/{refund['refund_id']}/apply-abnormal-refund"
    body = {"out_refund_no": f"R{paid}", "type": "MERCHANT_BANK_CARD", **sub}
    assert merchant.call("POST", target, body).json["status"] == "PROCESSING"
    clock.advance(2)
    assert merchant.query_refund(f"R{paid}").json["status"] == "SUCCESS"
    assert code_of(merchant.call("POST", target, body)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(("total", "status"), [(99021, "ABNORMAL"), (99022, "CLOSED")])
def test_magic_amounts_choose_a_refunds_end(
    merchant: PlainMerchant, number: str, clock: StillClock, total: int, status: str
) -> None:
    """Whoever has no control access chooses by the amount of the order."""
    merchant.order(number, total)
    merchant.pay_directly(number)
    assert merchant.refund(number, f"R{number}", total, total).json["status"] == "PROCESSING"
    clock.advance(2)
    assert merchant.query_refund(f"R{number}").json["status"] == status


def test_not_enough_money_once(merchant: PlainMerchant, number: str) -> None:
    """NOT_ENOUGH makes no refund; the same number succeeds later."""
    merchant.order(number, 99024)
    merchant.pay_directly(number)
    assert code_of(merchant.refund(number, f"R{number}", 1, 99024)) == (403, "NOT_ENOUGH")
    assert merchant.refund(number, f"R{number}", 1, 99024).status == 200
