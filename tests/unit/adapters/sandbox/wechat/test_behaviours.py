"""Arranged misbehaviour of the payment API, and what the simulated till checks."""

from __future__ import annotations

import time

import pytest

from tests.peers.wechat_merchant import PlainMerchant, StillClock, control


def arrange(merchant: PlainMerchant, operation: str, behaviour: str, **more: object) -> dict[str, object]:
    told = {"operation": operation, "behaviour": behaviour, **more}
    answer: dict[str, object] = control(merchant.url, "/_sandbox/control/behaviour", told)
    return answer


def test_a_timeout_has_no_effect_and_no_answer(merchant: PlainMerchant, number: str) -> None:
    """timeout: the connection ends in silence and there is no order."""
    arrange(merchant, "order", "timeout")
    assert merchant.order(number).status == 0
    assert merchant.query(number).status == 404


def test_a_timeout_after_commit_has_the_effect(merchant: PlainMerchant, number: str) -> None:
    """timeout_after_commit: the connection ends in silence and the order exists; the same request again finds it."""
    arrange(merchant, "order", "timeout_after_commit")
    assert merchant.order(number).status == 0
    assert merchant.query(number).json["trade_state"] == "NOTPAY"
    assert merchant.order(number).status == 200


def test_a_server_error_is_signed_and_has_no_effect(merchant: PlainMerchant, number: str) -> None:
    """server_error: SYSTEM_ERROR 500, signed, nothing stored; the times are counted."""
    arrange(merchant, "order", "server_error", times=2)
    first, second = merchant.order(number), merchant.order(number)
    assert [(one.status, one.json["code"]) for one in (first, second)] == [(500, "SYSTEM_ERROR")] * 2
    assert merchant.is_signed(first.headers, first.body)
    assert merchant.query(number).status == 404
    assert merchant.order(number).status == 200


@pytest.mark.parametrize("fault", ["unsigned", "forged_signature", "unknown_serial", "stale_signature", "probe"])
def test_spoiled_signatures_of_answers(merchant: PlainMerchant, number: str, clock: StillClock, fault: str) -> None:
    """The effect is there, the signature is not what it should be."""
    arrange(merchant, "order", fault)
    answer = merchant.order(number)
    assert answer.status == 200
    match fault:
        case "unsigned":
            assert "wechatpay-signature" not in answer.headers
        case "unknown_serial":
            assert answer.headers["wechatpay-serial"] != merchant.facts["public_key_id"]
        case "stale_signature":
            assert clock.now().timestamp() - int(answer.headers["wechatpay-timestamp"]) >= 300
        case _:
            assert not merchant.is_signed(answer.headers, answer.body)
    assert merchant.query(number).status == 200


def test_spoiled_bodies(merchant: PlainMerchant, number: str) -> None:
    """html, redirect, garbled, empty and huge answers; slow ones are sound and late."""
    arrange(merchant, "order", "html")
    assert merchant.order(number).headers["content-type"] == "text/html"
    arrange(merchant, "order", "redirect")
    assert merchant.order(number).status == 302
    arrange(merchant, "order", "garbled")
    assert merchant.order(number).body.endswith(b"\xff{")
    arrange(merchant, "order", "empty")
    assert merchant.order(number).body == b""
    arrange(merchant, "order", "huge")
    assert len(merchant.order(number).body) == 40 * 1024 * 1024
    arrange(merchant, "order", "slow", seconds=0.2)
    began = time.monotonic()
    answer = merchant.order(number)
    assert time.monotonic() - began >= 0.2
    assert merchant.is_signed(answer.headers, answer.body)


def test_magic_amounts_misbehave_once(merchant: PlainMerchant, number: str) -> None:
    """The first attempt meets the behaviour, the second the ordinary platform."""
    assert merchant.order(number, 99003).json["code"] == "SYSTEM_ERROR"
    assert merchant.order(number, 99003).status == 200
    assert merchant.pay_directly(number) == "requestPayment:ok"
    other = merchant.order(f"{number}F", 99004)
    assert not merchant.is_signed(other.headers, other.body)


def test_a_declined_payment_leaves_the_order_open(merchant: PlainMerchant, number: str) -> None:
    """Declined once by magic amount; the second try succeeds."""
    parameters = merchant.parameters(merchant.order(number, 99001).json["prepay_id"])
    assert merchant.pay_by_phone(parameters) == "requestPayment:fail 银行卡余额不足"
    assert merchant.query(number).json["trade_state"] == "NOTPAY"
    assert merchant.pay_by_phone(parameters) == "requestPayment:ok"


@pytest.mark.parametrize(
    "told",
    [
        {"operation": "unknown", "behaviour": "timeout"},
        {"operation": "order", "behaviour": "unknown"},
        {"operation": "order", "behaviour": "timeout", "times": 0},
        {"operation": "order", "behaviour": "timeout", "times": "1"},
        {"operation": "order"},
        {"operation": "order", "behaviour": "timeout", "more": 1},
    ],
)
def test_what_cannot_be_arranged_is_refused(merchant: PlainMerchant, told: dict[str, object]) -> None:
    """Misspelt arrangements are told at once, and change nothing."""
    assert "error" in control(merchant.url, "/_sandbox/control/behaviour", told)


def test_none_clears_an_operation(merchant: PlainMerchant, number: str) -> None:
    """``none`` takes back what was arranged."""
    assert arrange(merchant, "order", "timeout", times=3)["waiting"] == {"order": ["timeout"] * 3}
    assert arrange(merchant, "order", "none")["waiting"] == {}
    assert merchant.order(number).status == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"paySign": "AAAA"}, "支付验证签名失败"),
        ({"timeStamp": "1"}, "支付验证签名失败"),
        ({"nonceStr": "other"}, "支付验证签名失败"),
        ({"signType": "MD5"}, "参数错误"),
        ({"package": "wx123"}, "参数错误"),
        ({"package": "prepay_id=unknown"}, "prepay_id无效"),
        ({"appId": "wx1"}, "参数错误"),
        ({"timeStamp": None}, "参数错误"),
    ],
)
def test_the_till_checks_its_parameters(
    merchant: PlainMerchant, number: str, change: dict[str, str], words: str
) -> None:
    """Exactly five strings, RSA, and a paySign of the merchant over app, time, nonce and package."""
    parameters = merchant.parameters(merchant.order(number).json["prepay_id"]) | change
    assert merchant.pay_by_phone(parameters) == f"requestPayment:fail {words}"
    assert merchant.query(number).json["trade_state"] == "NOTPAY"


def test_a_missing_parameter_is_named(merchant: PlainMerchant, number: str) -> None:
    """The till says which parameter is missing."""
    parameters = merchant.parameters(merchant.order(number).json["prepay_id"])
    del parameters["paySign"]
    assert merchant.pay_by_phone(parameters) == "requestPayment:fail 调用支付JSAPI缺少参数：paySign"


def test_another_phone_cannot_pay(merchant: PlainMerchant, number: str) -> None:
    """The order names its payer."""
    parameters = merchant.parameters(merchant.order(number).json["prepay_id"])
    assert merchant.pay_by_phone(parameters, "li") == "requestPayment:fail 下单账号与支付账号不一致"


def test_one_merchants_signature_opens_no_other_merchants_order(
    direct: PlainMerchant, partner: PlainMerchant, number: str
) -> None:
    """PaySign is checked against the certificate of the order's own merchant."""
    parameters = partner.parameters(direct.order(number).json["prepay_id"])
    assert partner.pay_by_phone(parameters) == "requestPayment:fail 支付验证签名失败"


def test_cancel_leaves_everything_as_it_was(merchant: PlainMerchant, number: str) -> None:
    """A citizen who turns back in the till has paid nothing."""
    parameters = merchant.parameters(merchant.order(number).json["prepay_id"])
    told = {"app_id": merchant.facts["app_id"], "user": "wang", "parameters": parameters, "cancel": True}
    assert control(merchant.url, "/_sandbox/phone/pay", told)["result"] == "requestPayment:fail cancel"
    assert merchant.query(number).json["trade_state"] == "NOTPAY"
