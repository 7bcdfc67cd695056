"""Rules of Alipay trades: what leaves, what is believed of the raw text that comes back, what an error means."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from adapters.platforms.alipay import AlipayPlatform
from adapters.platforms.alipay_pay import DECLARED
from adapters.platforms.alipay_signing import certificate_serial
from services.errors import (
    ExposureError,
    ExposureUndeclared,
    PlatformError,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)
from services.model import PlatformName, RefundState, TradeState
from tests.unit.adapters.platforms.desk import (
    ALIPAY_URL,
    EVERYTHING,
    NOTICES,
    ORDER_NO,
    PHRASE,
    REFUND_NO,
    Desk,
    alipay_app,
    alipay_body,
    alipay_merchant,
    certificate,
    explain,
    order,
)

TOLD = explain(PlatformName.ALIPAY)
KEY, CERTIFIED = alipay_merchant(), alipay_merchant("certificate")
URL = f"{ALIPAY_URL}/gateway.do"
QUERY, CREATE, CLOSE = "alipay.trade.query", "alipay.trade.create", "alipay.trade.close"
REFUND, REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
BUYER = "2088102169481075"
TRADE_NO = "2026112422001481070000000001"


def node(**changes: Any) -> str:
    made = {"code": "10000", "msg": "Success", "out_trade_no": ORDER_NO, "trade_no": TRADE_NO}
    return json.dumps({name: value for name, value in {**made, **changes}.items() if value is not None})


def paid(**changes: Any) -> str:
    return node(
        **{"trade_status": "TRADE_SUCCESS", "total_amount": "86.40", "send_pay_date": "2026-11-24 17:31:00", **changes}
    )


def failure(sub_code: str, code: str = "40004") -> str:
    return json.dumps({"code": code, "msg": "x", "sub_code": sub_code, "sub_msg": "x"})


def answer(mocked: responses.RequestsMock, method: str, text: str, **signed: Any) -> None:
    """A signed answer of Alipay's gateway."""
    mocked.post(URL, body=alipay_body(method, text, **signed))


def sent(mocked: responses.RequestsMock) -> tuple[dict[str, str], Any]:
    """(system parameters, content) of the last request."""
    call = mocked.calls[-1].request
    assert isinstance(call.body, bytes)
    return dict(parse_qsl(urlsplit(str(call.url)).query)), json.loads(
        dict(parse_qsl(call.body.decode()))["biz_content"]
    )


def place(platform: AlipayPlatform, **changes: Any) -> Any:
    return platform.place_order(alipay_app(), KEY, order("water-alipay", **{"user_id": BUYER, **changes}), TOLD)


def test_an_order_says_nothing_of_the_bill(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """Our numbers, a generic phrase, an amount in yuan and an expiry in Beijing time; the client gets the trade number."""
    answer(wechat, CREATE, node())
    placed = place(alipay)
    parameters, content = sent(wechat)
    assert content == {
        "out_trade_no": ORDER_NO,
        "total_amount": "86.40",
        "subject": PHRASE,
        "product_code": "JSAPI_PAY",
        "op_app_id": "2021000000000001",
        "seller_id": "2088000000000001",
        "buyer_id": BUYER,
        "time_expire": "2026-11-24 17:45:00",
    }
    assert parameters["notify_url"] == f"{NOTICES}/water-alipay"
    assert "app_cert_sn" not in parameters
    assert placed.client_parameters == {"tradeNO": TRADE_NO}


def test_a_new_apps_buyer_has_an_open_id(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """A user id of the newer form stands under ``buyer_open_id``."""
    answer(wechat, CREATE, node())
    place(alipay, user_id="074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5")
    _, content = sent(wechat)
    assert "buyer_id" not in content
    assert content["buyer_open_id"].startswith("074a1")


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "王小明"}, {"description": f"{PHRASE}2026年11月"}, {"order_no": "110101199003070011"},
        {"notify_url": "https://elsewhere.example/"}, {"user_id": "王小明王小明王小明王小明王小明"}, {"amount_fen": 10**15},
        {"description": '{"name":"x"}'},
    ],
)  # fmt: skip
def test_an_order_that_says_more_does_not_leave(
    desk: Desk, alipay: AlipayPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """A name, a month, an identity number or a foreign address stops the order at the door."""
    with pytest.raises(ExposureUndeclared):
        place(alipay, **changes)
    assert desk.log.records == []


TEXTS = {
    "a brace in a string": paid(subject="a}b"),
    "quotes and braces": paid(subject='{"sign":"x"}'),
    "escaped slashes": paid(buyer_logon_id="https://x/y").replace("/", "\\/"),
    "escaped letters": paid(subject=PHRASE),
    "letters as they are": json.dumps(json.loads(paid(subject=PHRASE)), ensure_ascii=False),
    "spaces": json.dumps(json.loads(paid()), indent=2),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("before", [True, False], ids=["sign first", "sign last"])
def test_the_signature_covers_the_exact_text(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, text: str, before: bool
) -> None:
    """Whatever stands in the text and wherever the signature is, the answer verifies."""
    answer(wechat, QUERY, text, before=before)
    found = alipay.query_order(KEY, ORDER_NO, TOLD)
    assert (found.state, found.amount_fen, found.transaction_id) == (TradeState.PAID, 8640, TRADE_NO)


def test_slashes_that_were_signed_unescaped_verify_too(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """Alipay's own PHP SDK tries the text with plain slashes; so do we, where that cannot change a value."""
    text = paid(buyer_logon_id="a/b")
    wechat.post(URL, body=alipay_body(QUERY, text).replace(b"a/b", b"a\\/b"))
    assert alipay.query_order(KEY, ORDER_NO, TOLD).state is TradeState.PAID


def bodies() -> dict[str, bytes]:
    good = alipay_body(QUERY, paid())
    name = b'"alipay_trade_query_response":'
    text = paid().encode()
    return {
        "empty sign": b"{" + name + text + b',"sign":""}',
        "no sign": b"{" + name + text + b"}",
        "null sign": b"{" + name + text + b',"sign":null}',
        "sign of another key": alipay_body(QUERY, paid(), signer="merchant"),
        "sign of another text": good.replace(b"86.40", b"86.41"),
        "a space more": good.replace(b'": "', b'":  "', 1),
        "two responses": good.replace(name, name + b"{}," + name),
        "an error beside it": good.replace(b"{", b'{"error_response":{},', 1),
        "another method's node": alipay_body("alipay.trade.pay", paid()),
        "no object": b"[]",
        "html": b"<html>",
        "not utf-8": good.replace(b"Success", b"\xb3\xc9\xb9\xa6"),
        "half": good[:-5],
        "something behind": good + b"{}",
        "encrypted": alipay_body(QUERY, '"c2VjcmV0"'),
        "a list": alipay_body(QUERY, "[]"),
        "unsigned no such trade": b"{" + name + failure("ACQ.TRADE_NOT_EXIST").encode() + b',"sign":""}',
        "unsigned success as an error": b'{"error_response":' + text + b"}",
    }


@pytest.mark.parametrize("name", bodies())
def test_an_answer_that_does_not_verify_is_garbled(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, name: str
) -> None:
    """No shape without a holding signature passes for a state, least of all an empty one."""
    wechat.post(URL, body=bodies()[name])
    with pytest.raises(PlatformGarbled):
        alipay.query_order(KEY, ORDER_NO, TOLD)


def test_in_certificate_mode_the_certificate_must_be_ours_to_believe(
    alipay: AlipayPlatform, wechat: responses.RequestsMock
) -> None:
    """The request names both serials; the answer's serial must be that of the configured certificate."""
    serial = certificate_serial(certificate("alipay-certified", 4242))
    answer(wechat, QUERY, paid(), signer="alipay-certified", more=f',"alipay_cert_sn":"{serial}"')
    assert alipay.query_order(CERTIFIED, ORDER_NO, TOLD).state is TradeState.PAID
    parameters, _ = sent(wechat)
    assert parameters["app_cert_sn"] == certificate_serial(certificate("merchant", 4343))
    assert parameters["alipay_root_cert_sn"] == certificate_serial(certificate("root", 4444))
    answer(wechat, QUERY, paid(), signer="alipay-certified", more=f',"alipay_cert_sn":"{"0" * 32}"')
    answer(wechat, QUERY, paid(), signer="alipay")
    for _ in range(2):
        with pytest.raises(PlatformGarbled):
            alipay.query_order(CERTIFIED, ORDER_NO, TOLD)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"trade_status": "WAIT_BUYER_PAY", "send_pay_date": None}, TradeState.UNPAID),
        ({"trade_status": "TRADE_FINISHED"}, TradeState.PAID),
        ({"trade_status": "TRADE_CLOSED", "send_pay_date": None}, TradeState.CLOSED),
        ({"trade_status": "TRADE_CLOSED"}, TradeState.REFUNDED),
    ],
)
def test_a_closed_trade_that_was_paid_is_a_refunded_one(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, changes: dict[str, Any], state: TradeState
) -> None:
    """``TRADE_CLOSED`` means never paid or paid back; the payment time tells which."""
    answer(wechat, QUERY, paid(**changes))
    assert alipay.query_order(KEY, ORDER_NO, TOLD).state is state


@pytest.mark.parametrize(
    "changes",
    [
        {"out_trade_no": "0c" * 16}, {"trade_status": "NEW"}, {"trade_status": None}, {"total_amount": 86.4},
        {"total_amount": "8640"[:0]}, {"total_amount": "86.400"}, {"total_amount": None}, {"trade_no": None}, {"send_pay_date": "x"},
    ],
)  # fmt: skip
def test_a_signed_answer_about_something_else_is_garbled(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """Another order, an unknown state or an amount that is no yuan text is never taken for ours."""
    answer(wechat, QUERY, paid(**changes))
    with pytest.raises(PlatformGarbled):
        alipay.query_order(KEY, ORDER_NO, TOLD)


ERRORS: list[tuple[str, type[PlatformError]]] = [
    (failure("ACQ.SELLER_BALANCE_NOT_ENOUGH"), PlatformRefused),
    (failure("ACQ.SOMETHING_NEW"), PlatformRefused),
    (failure("ACQ.SYSTEM_ERROR"), PlatformOutcomeUnknown),
    (failure("isp.unknow-error", "20000"), PlatformOutcomeUnknown),
    (failure("", "20000"), PlatformOutcomeUnknown),
    (failure("", "77777"), PlatformOutcomeUnknown),
    (failure("isv.app-call-limited", "40005"), PlatformUnreachable),
    (failure("isv.invalid-app-id", "40002"), PlatformRefused),
    (failure("x\ny"), PlatformGarbled),
]


@pytest.mark.parametrize(("text", "error"), ERRORS)
def test_what_an_error_means(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, text: str, error: type[PlatformError]
) -> None:
    """Known codes by the tables; an unknown gateway code may have happened."""
    answer(wechat, CREATE, text)
    with pytest.raises(error) as caught:
        place(alipay)
    assert type(caught.value) is error


def test_an_unsigned_refusal_of_the_request_is_a_refusal(
    alipay: AlipayPlatform, wechat: responses.RequestsMock
) -> None:
    """Alipay cannot sign for an app that it does not know: believed as a refusal, never more."""
    for body in (b'{"error_response":%b}', b'{"error_response":%b,"sign":""}'):
        wechat.post(URL, body=body % failure("isv.invalid-signature", "40002").encode())
        with pytest.raises(PlatformRefused) as caught:
            alipay.query_order(KEY, ORDER_NO, TOLD)
        assert caught.value.reason == "isv.invalid-signature"


def test_a_server_error_is_unknown(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """Any status but 200 says nothing about the trade."""
    wechat.post(URL, body=alipay_body(QUERY, paid()), status=502)
    with pytest.raises(PlatformOutcomeUnknown):
        alipay.query_order(KEY, ORDER_NO, TOLD)


def test_an_order_that_alipay_does_not_have_is_absent(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """A verified TRADE_NOT_EXIST is an answer, for query, close and refund query."""
    for method in (QUERY, CLOSE, REFUND_QUERY):
        answer(wechat, method, failure("ACQ.TRADE_NOT_EXIST"))
    assert alipay.query_order(KEY, ORDER_NO, TOLD).state is TradeState.ABSENT
    assert alipay.close_order(KEY, ORDER_NO, TOLD).state is TradeState.ABSENT
    assert alipay.query_refund(KEY, ORDER_NO, REFUND_NO, TOLD).state is RefundState.ABSENT


def test_a_close_that_comes_too_late_asks(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """TRADE_STATUS_ERROR may mean paid or closed: the verified answer to a query decides."""
    answer(wechat, CLOSE, node())
    assert alipay.close_order(KEY, ORDER_NO, TOLD).state is TradeState.CLOSED
    for text, state in (
        (paid(), TradeState.PAID),
        (paid(trade_status="TRADE_CLOSED", send_pay_date=None), TradeState.CLOSED),
    ):
        answer(wechat, CLOSE, failure("ACQ.TRADE_STATUS_ERROR"))
        answer(wechat, QUERY, text)
        assert alipay.close_order(KEY, ORDER_NO, TOLD).state is state


def test_money_has_moved_only_if_the_funds_changed(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """``fund_change=Y`` is a refund; otherwise it is asked about, and until then it is processing."""
    answer(wechat, REFUND, node(fund_change="Y", refund_fee="86.40"))
    found = alipay.request_refund(KEY, ORDER_NO, REFUND_NO, 8640, TOLD)
    assert (found.state, found.amount_fen) == (RefundState.REFUNDED, 8640)
    assert sent(wechat)[1] == {"out_trade_no": ORDER_NO, "out_request_no": REFUND_NO, "refund_amount": "86.40"}
    done = node(out_request_no=REFUND_NO, refund_status="REFUND_SUCCESS", refund_amount="86.40")
    for text, state in ((done, RefundState.REFUNDED), (node(), RefundState.PROCESSING)):
        answer(wechat, REFUND, node(fund_change="N", refund_fee="86.40"))
        answer(wechat, REFUND_QUERY, text)
        assert alipay.request_refund(KEY, ORDER_NO, REFUND_NO, 8640, TOLD).state is state


@pytest.mark.parametrize(
    "text",
    [
        node(fund_change="Y", refund_fee="86.39"), node(fund_change="Y", refund_fee=86.40), node(fund_change="Y"),
        node(fund_change="Y", refund_fee="86.40", out_trade_no="0c" * 16),
    ],
)  # fmt: skip
def test_a_refund_of_something_else_is_garbled(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, text: str
) -> None:
    """Less money, another unit or another order is not our refund."""
    answer(wechat, REFUND, text)
    with pytest.raises(PlatformGarbled):
        alipay.request_refund(KEY, ORDER_NO, REFUND_NO, 8640, TOLD)


def test_nothing_leaves_without_a_ledger(desk: Desk, alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """With the ledger down, every operation stops before the first byte."""
    desk.log.down = True
    acts: list[Callable[[], object]] = [
        lambda: place(alipay),
        lambda: alipay.query_order(KEY, ORDER_NO, TOLD),
        lambda: alipay.close_order(KEY, ORDER_NO, TOLD),
        lambda: alipay.request_refund(KEY, ORDER_NO, REFUND_NO, 1, TOLD),
        lambda: alipay.query_refund(KEY, ORDER_NO, REFUND_NO, TOLD),
        lambda: alipay.identify(alipay_app(), "code", TOLD),
    ]
    for act in acts:
        with pytest.raises(ExposureError):
            act()
    assert len(wechat.calls) == 0


@pytest.mark.parametrize("field", sorted(DECLARED[CREATE]))
def test_every_declared_field_must_be_in_the_budget(desk: Desk, alipay: AlipayPlatform, field: str) -> None:
    """Taking any one field out of the service's budget stops the order."""
    told = explain(PlatformName.ALIPAY, EVERYTHING - {field})
    with responses.RequestsMock(), pytest.raises(ExposureError):
        alipay.place_order(alipay_app(), KEY, order("water-alipay", user_id=BUYER), told)
    assert desk.log.records == []
