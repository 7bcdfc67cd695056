"""Rules of WeChat Pay orders and refunds: what leaves, what is believed, what an error means."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from adapters.platforms.wechat import WeChatPlatform
from adapters.platforms.wechat_pay import DECLARED
from services.errors import (
    ConfigurationFault,
    ExposureError,
    ExposureUndeclared,
    PlatformGarbled,
    PlatformUnreachable,
)
from services.model import MerchantAccount, MerchantMode, PlatformName, RefundState, TradeState
from tests.unit.adapters.platforms.desk import (
    NOTICES,
    NOW,
    ORDER_NO,
    PHRASE,
    PUBLIC_KEY_ID,
    REFUND_NO,
    SERIAL_OF_OURS,
    WECHAT_URL,
    Desk,
    explain,
    key,
    order,
    sign,
    wechat_app,
    wechat_merchant,
)
from tests.unit.adapters.platforms.wechat_answers import QUERY_URL, answer, refund, trade

TOLD = explain(PlatformName.WECHAT)
PARTNER = wechat_merchant(MerchantMode.PARTNER)
DIRECT = wechat_merchant()


@pytest.mark.parametrize("merchant", [DIRECT, PARTNER], ids=["direct", "partner"])
def test_an_order_says_nothing_of_the_bill(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock, merchant: MerchantAccount
) -> None:
    """The body holds our numbers, a generic phrase, an amount and an expiry, in the names of the merchant's mode."""
    partner = merchant is PARTNER
    path = "/v3/pay/partner/transactions/jsapi" if partner else "/v3/pay/transactions/jsapi"
    answer(wechat, "POST", WECHAT_URL + path, {"prepay_id": "wx26112410095058"})
    placed = platform.place_order(wechat_app(), merchant, order("gas-wechat"), TOLD)
    sent = wechat.calls[0].request
    numbers = (
        {"sp_appid": "wx8888888888888888", "sp_mchid": "1600000001", "sub_mchid": "1900000109"}
        if partner
        else {"appid": "wx8888888888888888", "mchid": "1600000001"}
    )
    assert json.loads(sent.body or b"") == {
        **numbers,
        "description": PHRASE,
        "out_trade_no": ORDER_NO,
        "time_expire": "2026-11-24T17:45:00+08:00",
        "notify_url": f"{NOTICES}/gas-wechat",
        "amount": {"total": 8640, "currency": "CNY"},
        "payer": {"sp_openid" if partner else "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    }
    assert sent.headers["Wechatpay-Serial"] == PUBLIC_KEY_ID
    assert placed.platform_order == "wx26112410095058"


def test_the_request_is_signed_over_the_bytes_that_left(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """The authorization names merchant and serial, and verifies over method, target and the very body bytes."""
    answer(wechat, "POST", f"{WECHAT_URL}/v3/pay/transactions/jsapi", {"prepay_id": "p"})
    platform.place_order(wechat_app(), DIRECT, order("gas-wechat"), TOLD)
    sent = wechat.calls[0].request
    parts = dict(re.findall(r'(\w+)="([^"]*)"', str(sent.headers["Authorization"])))
    assert (parts["mchid"], parts["serial_no"]) == ("1600000001", SERIAL_OF_OURS)
    head = f"POST\n/v3/pay/transactions/jsapi\n{int(NOW.timestamp())}\n{parts['nonce_str']}\n"
    assert isinstance(sent.body, bytes)
    message = head.encode() + sent.body + b"\n"
    key("merchant").public_key().verify(base64.b64decode(parts["signature"]), message, PKCS1v15(), hashes.SHA256())


def test_the_client_gets_exactly_what_request_payment_takes(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """Five texts, and a signature that covers the app id which is not among them."""
    answer(wechat, "POST", f"{WECHAT_URL}/v3/pay/transactions/jsapi", {"prepay_id": "p1"})
    made = platform.place_order(wechat_app(), DIRECT, order("gas-wechat"), TOLD).client_parameters
    assert list(made) == ["timeStamp", "nonceStr", "package", "signType", "paySign"]
    assert (made["package"], made["signType"]) == ("prepay_id=p1", "RSA")
    text = f"wx8888888888888888\n{made['timeStamp']}\n{made['nonceStr']}\nprepay_id=p1\n"
    assert made["paySign"] == sign("merchant", text.encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "王小明"}, {"description": f"{PHRASE} 20086001"}, {"order_no": "20261124王小明"},
        {"order_no": "110101199003070011"}, {"order_no": ORDER_NO.upper()}, {"user_id": "王小明王小明王小明王小明王小明王小明王小明"},
        {"notify_url": "https://elsewhere.example/n"}, {"notify_url": f"{NOTICES}/water-wechat"},
        {"notify_url": f"{NOTICES}/gas-wechat?name=1"}, {"amount_fen": 0}, {"amount_fen": -1},
    ],
)  # fmt: skip
def test_an_order_that_says_more_does_not_leave(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """A name, a household number, an identity number or a foreign address in an order stops it at the door."""
    with pytest.raises(ExposureUndeclared):
        platform.place_order(wechat_app(), DIRECT, order("gas-wechat", **changes), TOLD)
    assert desk.log.records == []


def test_another_apps_merchant_is_a_fault_of_ours(platform: WeChatPlatform) -> None:
    """An order never combines an app with a merchant that is bound to another."""
    other = MerchantAccount(**{**{name: getattr(DIRECT, name) for name in DIRECT.__slots__}, "app_id": "wx1"})
    with pytest.raises(ConfigurationFault):
        platform.place_order(wechat_app(), other, order("gas-wechat"), TOLD)


def test_an_order_that_wechat_does_not_have_is_absent(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """A verified 404 is an answer for order, close and refund alike."""
    answer(wechat, "GET", QUERY_URL, {"code": "ORDER_NOT_EXIST"}, 404)
    answer(wechat, "POST", f"{QUERY_URL}/close", {"code": "ORDER_NOT_EXIST"}, 404)
    answer(wechat, "GET", f"{WECHAT_URL}/v3/refund/domestic/refunds/{REFUND_NO}", {"code": "RESOURCE_NOT_EXISTS"}, 404)
    assert platform.query_order(DIRECT, ORDER_NO, TOLD).state is TradeState.ABSENT
    assert platform.close_order(DIRECT, ORDER_NO, TOLD).state is TradeState.ABSENT
    assert platform.query_refund(DIRECT, ORDER_NO, REFUND_NO, TOLD).state is RefundState.ABSENT


@pytest.mark.parametrize(("code", "state"), [("ORDERPAID", "SUCCESS"), ("ORDER_CLOSED", "CLOSED")])
def test_a_close_that_comes_too_late_asks(
    platform: WeChatPlatform, wechat: responses.RequestsMock, code: str, state: str
) -> None:
    """Paid or closed already: what counts is the verified answer to a query, not the error's code."""
    answer(wechat, "POST", f"{QUERY_URL}/close", {"code": code}, 400)
    answer(wechat, "GET", QUERY_URL, trade(trade_state=state))
    expected = TradeState.PAID if state == "SUCCESS" else TradeState.CLOSED
    assert platform.close_order(DIRECT, ORDER_NO, TOLD).state is expected


def test_204_closes_and_must_be_signed_too(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """The empty body is verified like any other."""
    answer(wechat, "POST", f"{QUERY_URL}/close", b"", 204)
    assert platform.close_order(DIRECT, ORDER_NO, TOLD).state is TradeState.CLOSED
    assert json.loads(wechat.calls[0].request.body or b"") == {"mchid": "1600000001"}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", RefundState.REFUNDED),
        ("PROCESSING", RefundState.PROCESSING),
        ("CLOSED", RefundState.CLOSED),
        ("ABNORMAL", RefundState.ABNORMAL),
    ],
)
def test_a_refund_is_asked_for_under_our_number(
    platform: WeChatPlatform, wechat: responses.RequestsMock, status: str, state: RefundState
) -> None:
    """In partner mode the sub-merchant is named; the answer's state is translated."""
    answer(wechat, "POST", f"{WECHAT_URL}/v3/refund/domestic/refunds", refund(status=status))
    found = platform.request_refund(PARTNER, ORDER_NO, REFUND_NO, 8640, TOLD)
    assert (found.state, found.amount_fen) == (state, 8640)
    sent = json.loads(wechat.calls[0].request.body or b"")
    assert (sent["sub_mchid"], sent["out_refund_no"], sent["amount"]["refund"]) == ("1900000109", REFUND_NO, 8640)


@pytest.mark.parametrize(
    "changes",
    [{"out_refund_no": "0c" * 16}, {"out_trade_no": "0c" * 16}, {"status": "NEW"}, {"amount": {"refund": "86.40"}}],
)
def test_an_answer_about_another_refund_is_garbled(
    platform: WeChatPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """Another number, state or unit in a signed answer is not our refund."""
    answer(
        wechat, "GET", f"{WECHAT_URL}/v3/refund/domestic/refunds/{REFUND_NO}?sub_mchid=1900000109", refund(**changes)
    )
    with pytest.raises(PlatformGarbled):
        platform.query_refund(PARTNER, ORDER_NO, REFUND_NO, TOLD)


def test_nothing_leaves_without_a_ledger(desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """With the ledger down, every operation stops before the first byte."""
    desk.log.down = True
    acts: list[Callable[[], object]] = [
        lambda: platform.place_order(wechat_app(), DIRECT, order("gas-wechat"), TOLD),
        lambda: platform.query_order(DIRECT, ORDER_NO, TOLD),
        lambda: platform.close_order(DIRECT, ORDER_NO, TOLD),
        lambda: platform.request_refund(DIRECT, ORDER_NO, REFUND_NO, 1, TOLD),
        lambda: platform.query_refund(DIRECT, ORDER_NO, REFUND_NO, TOLD),
        lambda: platform.identify(wechat_app(), "code", TOLD),
        lambda: platform.read_phone(wechat_app(), "code", TOLD),
    ]
    for act in acts:
        with pytest.raises(ExposureError):
            act()
    assert len(wechat.calls) == 0


@pytest.mark.parametrize("field", sorted(DECLARED["order"]))
def test_every_declared_field_must_be_in_the_budget(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock, field: str
) -> None:
    """Taking any one field out of the service's budget stops the order."""
    with pytest.raises(ExposureError):
        platform.place_order(
            wechat_app(), DIRECT, order("gas-wechat"), explain(PlatformName.WECHAT, DECLARED["order"] - {field})
        )
    assert desk.log.records == []


def test_a_connection_that_fails_is_safe_to_repeat(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """Nothing left: the caller may place the same order again."""
    wechat.post(f"{WECHAT_URL}/v3/pay/transactions/jsapi", body=requests.ConnectionError())
    with pytest.raises(PlatformUnreachable):
        platform.place_order(wechat_app(), DIRECT, order("gas-wechat"), TOLD)
