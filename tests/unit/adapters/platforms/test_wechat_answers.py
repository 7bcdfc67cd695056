"""Rules of WeChat Pay answers: what is believed, and what an error means."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from adapters.platforms.wechat import WeChatPlatform
from services.errors import (
    PlatformError,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)
from services.model import MerchantMode, PlatformName, TradeState
from tests.unit.adapters.platforms.desk import (
    NOW,
    ORDER_NO,
    PUBLIC_KEY_ID,
    WECHAT_URL,
    explain,
    order,
    wechat_app,
    wechat_headers,
    wechat_merchant,
)
from tests.unit.adapters.platforms.wechat_answers import QUERY_URL, answer, trade

TOLD = explain(PlatformName.WECHAT)
PARTNER = wechat_merchant(MerchantMode.PARTNER)
DIRECT = wechat_merchant()


def test_a_paid_order_is_evidence(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """State, amount, transaction and time come from the verified answer."""
    answer(wechat, "GET", f"{QUERY_URL}?mchid=1600000001", trade())
    found = platform.query_order(DIRECT, ORDER_NO, TOLD)
    assert (found.state, found.amount_fen, found.transaction_id) == (
        TradeState.PAID,
        8640,
        "4200001234202611241234567890",
    )
    assert found.paid_at is not None
    assert found.paid_at.isoformat() == "2026-11-24T17:31:00+08:00"


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "wx9"}, {"appid": None}, {"mchid": "1600000002"}, {"mchid": None}, {"out_trade_no": "0c" * 16},
        {"trade_state": "NEW"}, {"trade_state": None}, {"amount": None}, {"amount": {"total": "8640"}},
        {"amount": {"total": 86.4}}, {"amount": {"total": True}}, {"amount": {"total": -1}},
        {"amount": {"total": 8640, "currency": "USD"}}, {"transaction_id": None}, {"success_time": "2026-11-24T17:31:00"},
        {"success_time": "yesterday"},
    ],
)  # fmt: skip
def test_a_signed_answer_about_something_else_is_garbled(
    platform: WeChatPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """Another app, merchant, order, unit or currency is never taken for ours, though the signature holds."""
    answer(wechat, "GET", f"{QUERY_URL}?mchid=1600000001", trade(**changes))
    with pytest.raises(PlatformGarbled):
        platform.query_order(DIRECT, ORDER_NO, TOLD)


@pytest.mark.parametrize(
    "changes", [{"sub_mchid": "1900000110"}, {"sub_mchid": None}, {"sp_mchid": "1"}, {"sp_appid": "wx9"}]
)
def test_another_sub_merchants_order_is_garbled(
    platform: WeChatPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """In partner mode provider, app and sub-merchant must all be this account's."""
    numbers = {
        "appid": None,
        "mchid": None,
        "sp_appid": "wx8888888888888888",
        "sp_mchid": "1600000001",
        "sub_mchid": "1900000109",
    }
    url = f"{WECHAT_URL}/v3/pay/partner/transactions/out-trade-no/{ORDER_NO}?sp_mchid=1600000001&sub_mchid=1900000109"
    answer(wechat, "GET", url, trade(**numbers))
    assert platform.query_order(PARTNER, ORDER_NO, TOLD).state is TradeState.PAID
    answer(wechat, "GET", url, trade(**{**numbers, **changes}))
    with pytest.raises(PlatformGarbled):
        platform.query_order(PARTNER, ORDER_NO, TOLD)


FORGED: dict[str, dict[str, Any]] = {
    "another key": {"signer": "merchant"},
    "stale": {"at": NOW.replace(hour=1)},
    "another serial": {"serial": PUBLIC_KEY_ID + "0"},
    "a certificate's serial": {"serial": "5157F09EFDC096DE15EBE81A47057A72"},
    "a serial that is no hex": {"serial": "not-hex"},
}


@pytest.mark.parametrize("signed", FORGED.values(), ids=FORGED.keys())
def test_an_answer_that_does_not_verify_is_garbled(
    platform: WeChatPlatform, wechat: responses.RequestsMock, signed: dict[str, Any]
) -> None:
    """Nothing in an answer under another key, serial or time is believed, and in public-key mode nothing is fetched."""
    answer(wechat, "GET", f"{QUERY_URL}?mchid=1600000001", trade(), **signed)
    with pytest.raises(PlatformGarbled):
        platform.query_order(DIRECT, ORDER_NO, TOLD)
    assert len(wechat.calls) == 1


def test_an_unsigned_answer_is_garbled(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """Without signature headers neither a success nor 'no such order' is believed."""
    for status, content in ((200, trade()), (404, {"code": "ORDER_NOT_EXIST"}), (204, None), (302, None)):
        wechat.get(QUERY_URL, json=content, status=status)
        with pytest.raises(PlatformGarbled):
            platform.query_order(DIRECT, ORDER_NO, TOLD)


def test_a_body_changed_on_the_way_is_garbled(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """One space more and the raw bytes no longer fit the signature."""
    body = json.dumps(trade()).encode()
    wechat.get(QUERY_URL, body=body.replace(b'": ', b'":  ', 1), headers=wechat_headers(body))
    with pytest.raises(PlatformGarbled):
        platform.query_order(DIRECT, ORDER_NO, TOLD)


def test_an_unsigned_401_is_a_refusal(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """WeChat could not check our signature and did not sign: the request failed, and its code is kept for the log."""
    wechat.get(QUERY_URL, json={"code": "SIGN_ERROR", "message": "x"}, status=401)
    with pytest.raises(PlatformRefused) as caught:
        platform.query_order(DIRECT, ORDER_NO, TOLD)
    assert caught.value.reason == "SIGN_ERROR"


ERRORS: list[tuple[int, str, str, type[PlatformError]]] = [
    (400, "PARAM_ERROR", "", PlatformRefused),
    (403, "NO_AUTH", "", PlatformRefused),
    (429, "FREQUENCY_LIMITED", "", PlatformUnreachable),
    (429, "SOMETHING_NEW", "", PlatformUnreachable),
    (500, "SYSTEM_ERROR", "", PlatformOutcomeUnknown),
    (502, "SOMETHING_NEW", "", PlatformOutcomeUnknown),
    (400, "SYSTEM_ERROR", "", PlatformOutcomeUnknown),
    (400, "SOMETHING_NEW", "", PlatformRefused),
    (400, "ORDERPAID", "", PlatformRefused),
    (400, "INVALID_REQUEST", "0823-268498689", PlatformRefused),
    (302, "MOVED", "", PlatformGarbled),
]


@pytest.mark.parametrize(("status", "code", "request_id", "error"), ERRORS)
def test_what_an_error_means(
    platform: WeChatPlatform,
    wechat: responses.RequestsMock,
    status: int,
    code: str,
    request_id: str,
    error: type[PlatformError],
) -> None:
    """Known codes by the table, unknown ones by their status: 4xx refused, 5xx unknown."""
    body = json.dumps({"code": code, "message": "x"}).encode()
    headers = {**wechat_headers(body), "Request-ID": request_id}
    wechat.post(f"{WECHAT_URL}/v3/pay/transactions/jsapi", body=body, status=status, headers=headers)
    with pytest.raises(error) as caught:
        platform.place_order(wechat_app(), DIRECT, order("gas-wechat"), TOLD)
    assert type(caught.value) is error
