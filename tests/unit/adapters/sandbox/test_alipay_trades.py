"""Orders, payments and refunds at the emulated Alipay: what it takes, what it refuses, what happens twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.sandbox.alipay.state import open_id_of, user_id_of
from tests.unit.adapters.sandbox.alipay_desk import AlipayDesk, open_desk


def test_the_same_order_again_is_the_same_trade(desk: AlipayDesk) -> None:
    """Same number, same content: same trade_no. Other content, or another buyer, is refused."""
    first = desk.create()
    assert desk.create()["trade_no"] == first["trade_no"]
    assert desk.create(total_amount="86.41")["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    assert desk.create(buyer_open_id=desk.introduce("li"))["sub_code"] == "ACQ.TRADE_BUYER_NOT_MATCH"


@pytest.mark.parametrize(
    "changes",
    [
        {"total_amount": "86.405"},
        {"total_amount": "0"},
        {"total_amount": "0.00"},
        {"total_amount": "-1.00"},
        {"total_amount": "1e2"},
        {"total_amount": " 1.00"},
        {"total_amount": "100000000.01"},
        {"total_amount": True},
        {"total_amount": None},
        {"subject": None},
        {"subject": "x" * 257},
        {"subject": 5},
        {"out_trade_no": "with space"},
        {"out_trade_no": "x" * 65},
        {"buyer_open_id": None},
        {"buyer_open_id": "0" + "f" * 46},
        {"buyer_id": "2088000000000001"},
        {"seller_id": "2088000000000001"},
        {"op_app_id": None},
        {"op_app_id": "2021000000000000"},
        {"timeout_express": "1.5h"},
        {"timeout_express": "16d"},
        {"timeout_express": None, "time_expire": "2026-11-24 15:59:00"},
    ],
)
def test_refuses_an_order_with_a_wrong_field(desk: AlipayDesk, changes: dict[str, object]) -> None:
    """Amount forms, texts, numbers, the buyer in the application's model, the seller and the expiry are all checked."""
    node = desk.create(**changes)
    assert (node["code"], node["sub_code"]) == ("40004", "ACQ.INVALID_PARAMETER")


def test_takes_the_forms_of_an_amount_that_sdks_send(desk: AlipayDesk) -> None:
    """86.4, "86.4" and "86.40" are one amount."""
    numbers = {desk.create(total_amount=amount)["trade_no"] for amount in (86.4, "86.4", "86.40")}
    assert len(numbers) == 1


def test_an_application_has_one_model_of_persons(desk: AlipayDesk) -> None:
    """A new application gets open_id and pays by buyer_open_id; an old one user_id and buyer_id."""
    code = desk.tell("/_sandbox/phone/login", {"app_id": desk.app_id, "user": "wang"})["code"]
    merchant = desk.merchants["alipay-main"]
    token = merchant.ask("alipay.system.oauth.token", None, grant_type="authorization_code", code=code)
    assert token["open_id"] == open_id_of(desk.app_id, "wang")
    assert "user_id" not in token
    desk.tell("/_sandbox/control/identity", {"app_id": desk.app_id, "identity": "user_id"})
    code = desk.tell("/_sandbox/phone/login", {"app_id": desk.app_id, "user": "wang"})["code"]
    token = merchant.ask("alipay.system.oauth.token", None, grant_type="authorization_code", code=code)
    assert (token["user_id"], "open_id" in token) == (user_id_of(desk.app_id, "wang"), False)
    old: dict[str, object] = {"buyer_open_id": None, "buyer_id": user_id_of(desk.app_id, "wang")}
    assert desk.create(**old)["code"] == "10000"
    assert desk.create("P000002", buyer_id=None)["sub_code"] == "ACQ.INVALID_PARAMETER"


def test_a_login_code_is_for_one_use_and_a_day(desk: AlipayDesk) -> None:
    """Used, late or foreign codes are isv.code-invalid."""
    merchant = desk.merchants["alipay-main"]

    def exchange(code: str) -> str:
        node = merchant.ask("alipay.system.oauth.token", None, grant_type="authorization_code", code=code)
        return str(node.get("sub_code", "ok"))

    login = {"app_id": desk.app_id, "user": "wang"}
    code = desk.tell("/_sandbox/phone/login", login)["code"]
    assert [exchange(code), exchange(code)] == ["ok", "isv.code-invalid"]
    late = desk.tell("/_sandbox/phone/login", login)["code"]
    desk.clock.advance(86401)
    assert exchange(late) == "isv.code-invalid"
    desk.arrange("token", "expired_code")
    assert exchange(desk.tell("/_sandbox/phone/login", login)["code"]) == "isv.code-invalid"


def test_only_the_buyer_can_pay_and_only_once(desk: AlipayDesk) -> None:
    """Another person, a second payment, an unknown trade: 4000."""
    made = desk.create()
    assert desk.pay(made["trade_no"], "li") == "4000"
    assert desk.pay("2026112422000000") == "4000"
    assert [desk.pay(made["trade_no"]), desk.pay(made["trade_no"])] == ["9000", "4000"]


def test_a_trade_is_paid_once_at_the_same_moment(desk: AlipayDesk) -> None:
    """Eight phones at once: one is charged, one notice is queued."""
    trade_no = desk.create()["trade_no"]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: desk.pay(trade_no), range(8)))
    assert results.count("9000") == 1
    assert len(desk.notices.list_notices("alipay")) == 1


@pytest.mark.parametrize(
    ("behaviour", "result", "status"),
    [
        ("declined", "4000", "WAIT_BUYER_PAY"),
        ("cancel", "6001", "WAIT_BUYER_PAY"),
        ("network", "6002", "WAIT_BUYER_PAY"),
        ("processing", "8000", "TRADE_SUCCESS"),
        ("unknown", "6004", "TRADE_SUCCESS"),
    ],
)
def test_what_the_till_says_is_not_what_happened(desk: AlipayDesk, behaviour: str, result: str, status: str) -> None:
    """The mini-program's result code is never the truth: 8000 and 6004 were paid."""
    made = desk.create()
    desk.arrange("pay", behaviour)
    assert desk.pay(made["trade_no"]) == result
    assert desk.ask("alipay.trade.query", out_trade_no="P000001")["trade_status"] == status


def test_an_unpaid_trade_expires_by_the_clock(desk: AlipayDesk) -> None:
    """After its fifteen minutes a trade is closed: no payment, no new order under its number."""
    made = desk.create()
    desk.clock.advance(901)
    assert desk.pay(made["trade_no"]) == "4000"
    assert desk.ask("alipay.trade.query", out_trade_no="P000001")["trade_status"] == "TRADE_CLOSED"
    assert desk.create()["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_only_an_unpaid_trade_can_be_closed(desk: AlipayDesk) -> None:
    """Closing what is absent, paid or closed is refused with the platform's code."""
    assert desk.ask("alipay.trade.close", out_trade_no="NONE")["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    desk.create("P000002")
    assert desk.ask("alipay.trade.close", out_trade_no="P000002")["code"] == "10000"
    assert desk.ask("alipay.trade.close", out_trade_no="P000002")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    desk.paid()
    assert desk.ask("alipay.trade.close", out_trade_no="P000001")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert desk.create()["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"


def test_a_refund_number_is_one_refund(desk: AlipayDesk) -> None:
    """The same request moves money once; with another amount it is refused; the sum never passes what was paid."""
    desk.paid()

    def refund(amount: str, request_no: str | None = "R1") -> dict[str, str]:
        content = {"out_trade_no": "P000001", "refund_amount": amount}
        return desk.ask("alipay.trade.refund", **content | ({"out_request_no": request_no} if request_no else {}))

    assert refund("6.40", None)["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert [refund("6.40")["fund_change"], refund("6.40")["fund_change"]] == ["Y", "N"]
    assert refund("6.41")["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert refund("80.01", "R2")["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert refund("80.00", "R2")["refund_fee"] == "86.40"
    assert refund("0.01", "R3")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert refund("80.00", "R2")["fund_change"] == "N"
    assert desk.ask("alipay.trade.query", out_trade_no="P000001")["trade_status"] == "TRADE_CLOSED"


def test_an_unpaid_trade_cannot_be_refunded(desk: AlipayDesk) -> None:
    """No money in, no money out."""
    desk.create()
    node = desk.ask("alipay.trade.refund", out_trade_no="P000001", refund_amount="86.40", out_request_no="R1")
    assert node["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


def test_a_pending_refund_is_told_by_the_query_alone(desk: AlipayDesk) -> None:
    """fund_change N with the money on its way: only fastpay.refund.query says REFUND_SUCCESS."""
    desk.paid()
    desk.arrange("refund", "refund_pending")
    asked = {"out_trade_no": "P000001", "out_request_no": "R1"}
    assert desk.ask("alipay.trade.refund", refund_amount="86.40", **asked)["fund_change"] == "N"
    assert desk.ask("alipay.trade.fastpay.refund.query", **asked)["refund_status"] == "REFUND_SUCCESS"
    unknown = desk.ask("alipay.trade.fastpay.refund.query", out_trade_no="P000001", out_request_no="R9")
    assert unknown == {"code": "10000", "msg": "Success"}


@pytest.mark.parametrize(("behaviour", "effect"), [("timeout", False), ("timeout_after_commit", True)])
def test_silence_before_and_after_the_effect(desk: AlipayDesk, behaviour: str, effect: bool) -> None:
    """Without an answer nobody knows; a query does."""
    desk.arrange("order", behaviour)
    with pytest.raises(ConnectionResetError):
        desk.create()
    found = desk.ask("alipay.trade.query", out_trade_no="P000001")
    assert (found["code"] == "10000") is effect


def test_magic_amounts_misbehave_once_without_control(desk: AlipayDesk) -> None:
    """990.01 yuan is declined in the till once; 990.32 does not exist for the first query."""
    made = desk.create("P000003", total_amount="990.01")
    assert [desk.pay(made["trade_no"]), desk.pay(made["trade_no"])] == ["4000", "9000"]
    desk.create("P000004", total_amount="990.32")
    answers = [desk.ask("alipay.trade.query", out_trade_no="P000004")["code"] for _ in range(2)]
    assert answers == ["40004", "10000"]


def test_messages_need_a_known_person_and_template(desk: AlipayDesk) -> None:
    """A message arrives on the phone with its words; unknown person, template or data are refused."""
    template = desk.merchants["alipay-main"].entry["templates"]["new_login"]
    message = {
        "to_open_id": desk.introduce(), "user_template_id": template, "page": "pages/account",
        "data": json.dumps({"keyword1": {"value": "新的登录"}}, ensure_ascii=False),
    }  # fmt: skip
    method = "alipay.open.app.mini.templatemessage.send"
    assert desk.ask(method, **message)["code"] == "10000"
    changes: tuple[dict[str, object], ...] = (
        {"to_open_id": "x"},
        {"user_template_id": "x"},
        {"data": "x"},
        {"data": {}},
        {"page": ""},
    )
    for change in changes:
        assert desk.ask(method, **message | change)["code"] == "40004"
    received = desk.client.get(f"/_sandbox/phone/messages?app_id={desk.app_id}&user=wang").get_json()
    assert isinstance(received, list)
    assert [one["words"] for one in received] == [{"keyword1": "新的登录"}]


def test_a_restart_forgets_nothing(desk: AlipayDesk, tmp_path: Path, alipay_portal: Path) -> None:
    """Trades, refunds, persons and waiting notices lie under the sandbox's home."""
    made = desk.paid()
    asked = {"out_trade_no": "P000001", "out_request_no": "R1"}
    desk.ask("alipay.trade.refund", refund_amount="6.40", **asked)
    again = open_desk(tmp_path, alipay_portal)
    assert again.ask("alipay.trade.query", out_trade_no="P000001")["trade_no"] == made["trade_no"]
    assert again.ask("alipay.trade.fastpay.refund.query", **asked)["refund_amount"] == "6.40"
    assert len(again.notices.list_notices("alipay")) == 2
    again.close()
