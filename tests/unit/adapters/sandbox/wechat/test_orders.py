"""Orders: what WeChat Pay v3 accepts, refuses, and says about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.wechat.answers import PayRefused
from adapters.sandbox.wechat.shapes import DIRECT_ORDER, ORDER_NUMBER, Text, check_shape
from tests.peers.wechat_merchant import Answer, PlainMerchant, StillClock


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_an_order_is_placed_queried_paid_and_queried(merchant: PlainMerchant, number: str) -> None:
    """NOTPAY without a transaction number, then SUCCESS with one, by either number."""
    prepay = merchant.order(number, attach="a").json["prepay_id"]
    before = merchant.query(number).json
    assert (before["trade_state"], "transaction_id" in before) == ("NOTPAY", False)
    assert merchant.pay_by_phone(merchant.parameters(prepay)) == "requestPayment:ok"
    after = merchant.query(number).json
    assert (after["trade_state"], after["attach"], after["trade_type"]) == ("SUCCESS", "a", "JSAPI")
    assert after["amount"] == {"total": 8640, "payer_total": 8640, "currency": "CNY", "payer_currency": "CNY"}
    assert after["success_time"].endswith("+08:00")
    told = "&".join(f"{name}={value}" for name, value in merchant.parties.items())
    by_id = merchant.call("GET", f"{merchant.base}/id/{after['transaction_id']}?{told}")
    assert by_id.json == after


def test_partner_and_direct_show_their_own_parties(direct: PlainMerchant, partner: PlainMerchant, number: str) -> None:
    """Direct answers have mchid and payer.openid; partner answers have sp_mchid, sub_mchid and payer.sp_openid, no mchid."""
    for merchant in (direct, partner):
        prepay = merchant.order(number).json["prepay_id"]
        merchant.pay_by_phone(merchant.parameters(prepay))
    mine, theirs = direct.query(number).json, partner.query(number).json
    assert set(mine) & {"mchid", "sp_mchid", "sub_mchid"} == {"mchid"}
    assert set(theirs) & {"mchid", "sp_mchid", "sub_mchid"} == {"sp_mchid", "sub_mchid"}
    assert (set(mine["payer"]), set(theirs["payer"])) == ({"openid"}, {"sp_openid"})


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("/description", {"description": "气" * 43}),
    ("/description", {"description": ""}),
    ("/out_trade_no", {"out_trade_no": "12345"}),
    ("/out_trade_no", {"out_trade_no": "a" * 33}),
    ("/out_trade_no", {"out_trade_no": "order number"}),
    ("/out_trade_no", {"out_trade_no": "订单订单订单"}),
    ("/amount/total", {"amount": {"total": 0}}),
    ("/amount/total", {"amount": {"total": -1}}),
    ("/amount/total", {"amount": {"total": 1.0}}),
    ("/amount/total", {"amount": {"total": "1"}}),
    ("/amount/total", {"amount": {"total": True}}),
    ("/amount/total", {"amount": {}}),
    ("/amount/currency", {"amount": {"total": 1, "currency": "USD"}}),
    ("/amount/more", {"amount": {"total": 1, "more": 1}}),
    ("/unknown", {"unknown": "field"}),
    ("/household_no", {"household_no": "10086001"}),
    ("/attach", {"attach": "x" * 129}),
    ("/time_expire", {"time_expire": "2026-11-24 20:00:00"}),
    ("/time_expire", {"time_expire": "2026-11-24T08:00:00"}),
    ("/time_expire", {"time_expire": "2026-13-24T08:00:00+08:00"}),
    ("/time_expire", {"time_expire": "2020-01-01T08:00:00+08:00"}),
    ("/notify_url", {"notify_url": "https://example.com/n?a=1"}),
    ("/notify_url", {"notify_url": "https://example.com/n?"}),
    ("/notify_url", {"notify_url": "https://example.com/n#a"}),
    ("/notify_url", {"notify_url": "example.com/n"}),
    ("/notify_url", {"notify_url": "ftp://example.com/n"}),
    ("/payer", {"payer": None}),
    ("/scene_info/payer_client_ip", {"scene_info": {"device_id": "1"}}),
    ("/detail/goods_detail/0/quantity", {"detail": {"goods_detail": [{"merchant_goods_id": "1", "unit_price": 1}]}}),
    ("/support_fapiao", {"support_fapiao": "true"}),
]


@pytest.mark.parametrize(("field", "wrong"), FAULTS, ids=[f"{f}-{i}" for i, (f, _) in enumerate(FAULTS)])
def test_a_wrong_field_is_param_error_with_its_place(
    merchant: PlainMerchant, number: str, field: str, wrong: dict[str, Any]
) -> None:
    """PARAM_ERROR names the field; nothing is stored."""
    body = merchant.order_body(number) | wrong
    answer = merchant.call("POST", f"{merchant.base}/jsapi", body)
    assert (code_of(answer), answer.json["detail"]["field"]) == ((400, "PARAM_ERROR"), field)
    assert merchant.query(number).status == 404


@pytest.mark.parametrize("field", ["description", "out_trade_no", "notify_url", "amount", "payer"])
def test_required_fields(merchant: PlainMerchant, number: str, field: str) -> None:
    """Each required field is missed."""
    body = merchant.order_body(number)
    del body[field]
    answer = merchant.call("POST", f"{merchant.base}/jsapi", body)
    assert (answer.status, answer.json["detail"]["field"]) == (400, f"/{field}")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b'{"appid":"a","appid":"b"}', b"[" * 100_000])
def test_a_body_that_is_no_object(direct: PlainMerchant, raw: bytes) -> None:
    """What is not one JSON object is PARAM_ERROR, however deep or broken."""
    answer = direct.call("POST", f"{direct.base}/jsapi", raw)
    assert answer.status == 400
    assert answer.json["code"] == "PARAM_ERROR"


def test_127_bytes_of_description_pass(merchant: PlainMerchant, number: str) -> None:
    """The limit counts bytes of UTF-8: 42 Chinese characters and one letter are 127."""
    assert merchant.order(number, description="气" * 42 + "a").status == 200


def test_app_and_merchant_must_belong_together(merchant: PlainMerchant, number: str) -> None:
    """Another app id is APPID_MCHID_NOT_MATCH."""
    body = merchant.order_body(number) | {"sp_appid" if merchant.partner else "appid": "wx0000000000000000"}
    assert code_of(merchant.call("POST", f"{merchant.base}/jsapi", body)) == (400, "APPID_MCHID_NOT_MATCH")


def test_the_body_names_the_caller(merchant: PlainMerchant, number: str) -> None:
    """The merchant in the body must be the one in the Authorization header."""
    body = merchant.order_body(number) | {"sp_mchid" if merchant.partner else "mchid": "1900000109"}
    assert code_of(merchant.call("POST", f"{merchant.base}/jsapi", body)) == (400, "INVALID_REQUEST")


def test_a_strange_sub_merchant_is_refused(partner: PlainMerchant, number: str) -> None:
    """A service provider acts for its own sub-merchants only: NO_AUTH, in orders and queries."""
    body = partner.order_body(number) | {"sub_mchid": "1900000109"}
    assert code_of(partner.call("POST", f"{partner.base}/jsapi", body)) == (403, "NO_AUTH")
    told = f"sp_mchid={partner.facts['merchant_id']}&sub_mchid=1900000109"
    assert code_of(partner.call("GET", f"{partner.base}/out-trade-no/{number}?{told}")) == (403, "NO_AUTH")


def test_modes_do_not_mix(direct: PlainMerchant, partner: PlainMerchant, number: str) -> None:
    """A service provider's number has no direct orders, a direct merchant no partner orders."""
    body = direct.order_body(number) | {"mchid": partner.facts["merchant_id"]}
    assert code_of(partner.call("POST", "/v3/pay/transactions/jsapi", body)) == (403, "NO_AUTH")
    body = partner.order_body(number) | {"sp_mchid": direct.facts["merchant_id"]}
    assert code_of(direct.call("POST", "/v3/pay/partner/transactions/jsapi", body)) == (403, "NO_AUTH")


def test_the_payer_must_know_the_app(merchant: PlainMerchant, number: str) -> None:
    """An openid that this app never saw is refused."""
    name = "sp_openid" if merchant.partner else "openid"
    answer = merchant.order(number, payer={name: "o" + "x" * 27})
    assert (answer.status, answer.json["message"]) == (400, "参数错误：/payer/openid 无效的openid")


def test_the_same_order_twice_is_one_order(merchant: PlainMerchant, number: str, clock: StillClock) -> None:
    """Same number and parameters give the same prepay_id, and a new one after its two hours."""
    first = merchant.order(number).json["prepay_id"]
    assert merchant.order(number).json["prepay_id"] == first
    clock.advance(7200)
    second = merchant.order(number).json["prepay_id"]
    assert second != first
    assert merchant.pay_by_phone(merchant.parameters(first)).startswith("requestPayment:fail")
    assert merchant.pay_by_phone(merchant.parameters(second)) == "requestPayment:ok"


@pytest.mark.parametrize(
    "change", [{"description": "other"}, {"amount": {"total": 8641, "currency": "CNY"}}, {"attach": "x"}]
)
def test_the_same_number_with_other_parameters_is_refused(
    merchant: PlainMerchant, number: str, change: dict[str, Any]
) -> None:
    """Re-entry with other parameters: INVALID_REQUEST, the published message and number."""
    merchant.order(number)
    answer = merchant.call("POST", f"{merchant.base}/jsapi", merchant.order_body(number) | change)
    assert code_of(answer) == (400, "INVALID_REQUEST")
    assert answer.json["message"] == "请求重入时，参数与首次请求时不一致"
    assert answer.headers["request-id"].endswith("-268498688")


def test_an_expiry_cannot_be_moved(merchant: PlainMerchant, number: str, clock: StillClock) -> None:
    """time_expire is one of the parameters that a re-order may not change."""
    at = clock.now() + timedelta(minutes=15)
    merchant.order(number, time_expire=at.isoformat())
    later = merchant.order(number, time_expire=(at + timedelta(minutes=1)).isoformat())
    assert later.json["message"] == "请求重入时，参数与首次请求时不一致"


def test_a_paid_order_is_paid(merchant: PlainMerchant, number: str) -> None:
    """Neither re-order nor close nor a second payment touches a paid order."""
    prepay = merchant.order(number).json["prepay_id"]
    merchant.pay_by_phone(merchant.parameters(prepay))
    again = merchant.order(number)
    assert again.headers["request-id"].endswith("-268449538")
    assert code_of(merchant.close(number)) == (400, "INVALID_REQUEST")
    assert merchant.pay_by_phone(merchant.parameters(prepay)) == "requestPayment:fail 该订单已支付"


def test_a_closed_order_stays_closed(merchant: PlainMerchant, number: str) -> None:
    """After close: CLOSED, cannot be paid, ordered again or closed again."""
    prepay = merchant.order(number).json["prepay_id"]
    assert merchant.close(number).status == 204
    assert merchant.query(number).json["trade_state"] == "CLOSED"
    assert merchant.pay_by_phone(merchant.parameters(prepay)) == "requestPayment:fail 该订单已关闭"
    assert code_of(merchant.order(number)) == (400, "ORDER_CLOSED")
    assert code_of(merchant.close(number)) == (400, "ORDER_CLOSED")


def test_an_order_ends_at_its_expiry(merchant: PlainMerchant, number: str, clock: StillClock) -> None:
    """After time_expire nobody can pay; closing it is still accepted."""
    at = clock.now() + timedelta(minutes=15)
    prepay = merchant.order(number, time_expire=at.isoformat()).json["prepay_id"]
    clock.advance(15 * 60)
    assert merchant.query(number).json["trade_state"] == "CLOSED"
    assert merchant.pay_by_phone(merchant.parameters(prepay)) == "requestPayment:fail 该订单已关闭"
    assert merchant.close(number).status == 204


def test_orders_of_others_do_not_exist(direct: PlainMerchant, partner: PlainMerchant, number: str) -> None:
    """Two merchants may use the same number; neither sees the other's order."""
    direct.order(number, 100)
    assert code_of(partner.query(number)) == (404, "ORDER_NOT_EXIST")
    partner.order(number, 200)
    assert direct.query(number).json["amount"]["total"] == 100
    assert partner.query(number).json["amount"]["total"] == 200


@pytest.mark.parametrize("query", ["", "?mchid=1", "?mchid={m}&more=1", "?sp_mchid={m}&sub_mchid={m}"])
def test_a_query_names_exactly_its_parties(direct: PlainMerchant, number: str, query: str) -> None:
    """Missing, strange or additional parameters of a query are refused."""
    target = f"{direct.base}/out-trade-no/{number}{query.format(m=direct.facts['merchant_id'])}"
    assert direct.call("GET", target).status == 400


def test_many_equal_orders_at_once_are_one(merchant: PlainMerchant, number: str) -> None:
    """Concurrent orders with one number give one prepay_id."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: merchant.order(number), range(16)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["prepay_id"] for answer in answers}) == 1


def test_paying_twice_at_once_takes_money_once(merchant: PlainMerchant, number: str) -> None:
    """Of several phones that pay one order at the same moment one succeeds."""
    parameters = merchant.parameters(merchant.order(number).json["prepay_id"])
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: merchant.pay_by_phone(parameters), range(8)))
    assert results.count("requestPayment:ok") == 1


def test_many_orders_at_once_are_all_kept(merchant: PlainMerchant, another: Callable[[], str]) -> None:
    """Different orders at the same moment do not disturb each other."""
    numbers = [another() for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(merchant.order, numbers)} == {200}
    assert {merchant.query(number).json["trade_state"] for number in numbers} == {"NOTPAY"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(_json)
def test_any_json_is_refused_in_words(value: object) -> None:
    """No JSON value makes the shapes fail in another way than PARAM_ERROR."""
    with pytest.raises(PayRefused) as caught:
        check_shape(DIRECT_ORDER, value)
    assert caught.value.code == "PARAM_ERROR"
    json.dumps(caught.value.detail)


@given(st.text(alphabet="0123456789abcXYZ_-|*", min_size=6, max_size=32))
def test_order_numbers_of_the_published_form_pass(text: str) -> None:
    """6 to 32 characters of digits, letters and _-|* are an order number."""
    check_shape(Text(32, pattern=ORDER_NUMBER), text)
