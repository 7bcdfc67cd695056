"""Whatever arrives, the emulated platform answers in its own words: never a 500 of its own making, never a crash."""

from __future__ import annotations

import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sandbox.evidence import raw_target
from adapters.sandbox.wechat.answers import PayRefused
from adapters.sandbox.wechat.signing import parse_authorization
from tests.peers.wechat_merchant import PlainMerchant, ask, control

SOME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("\ud800")
_json = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


@given(st.text())
def test_any_authorization_header_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way than SIGN_ERROR."""
    for header in (text, f"WECHATPAY2-SHA256-RSA2048 {text}", f'WECHATPAY2-SHA256-RSA2048 mchid="{text}"'):
        with pytest.raises(PayRefused):
            parse_authorization(header)


@SOME
@given(
    st.sampled_from(["description", "attach", "out_trade_no", "payer", "amount", "notify_url", "extra\ud800"]), _json
)
def test_any_value_in_a_signed_order(direct: PlainMerchant, name: str, value: object) -> None:
    """A signed order with any value in any field is accepted or refused, and the answer is signed JSON."""
    body = direct.order_body("STRANGE1") | {name: value}
    answer = direct.call("POST", f"{direct.base}/jsapi", json.dumps(body).encode())
    assert answer.status in {200, 400}
    assert direct.is_signed(answer.headers, answer.body)
    assert json.loads(answer.body)


@SOME
@given(_json)
def test_any_body_at_the_other_places(partner: PlainMerchant, value: object) -> None:
    """Refund, close and the server API take any JSON without failing."""
    raw = json.dumps(value).encode()
    for target in ("/v3/refund/domestic/refunds", f"{partner.base}/out-trade-no/STRANGE2/close"):
        assert partner.call("POST", target, raw).status in {400, 404}
    for target in ("/cgi-bin/stable_token", "/wxa/business/getuserphonenumber?access_token=x"):
        answer = ask(partner.url, "POST", target, raw)
        assert (answer.status, answer.json["errcode"] > 40000) == (200, True)
    for target in (
        "phone/login",
        "phone/pay",
        "phone/phone-code",
        "control/behaviour",
        "control/pay",
        "control/refund",
        "control/notices",
    ):
        answer = ask(partner.url, "POST", f"/_sandbox/{target}", raw, {"Content-Type": "application/json"})
        assert answer.status in {400, 404}


PLACES = {
    "phone/login": ("app_id", "user"),
    "phone/phone-code": ("app_id", "user", "phone"),
    "phone/pay": ("app_id", "user", "parameters"),
    "phone/subscription": ("app_id", "user", "template_id", "accept"),
    "control/pay": ("order_no",),
    "control/refund": ("order_no", "amount_fen"),
    "control/notices": ("order_no", "action", "plain"),
    "control/behaviour": ("operation", "behaviour", "times"),
}


@settings(SOME, max_examples=60)
@given(st.sampled_from(sorted(PLACES)), st.data())
def test_any_value_from_a_phone_or_a_tester(direct: PlainMerchant, place: str, data: st.DataObject) -> None:
    """The right names with any values, some of them right, get an answer in words."""
    known = {"app_id": direct.facts["app_id"], "user": "wang", "order_no": "NONE", "action": "resend"}
    told = {name: data.draw(st.sampled_from([known.get(name, "x")]) | _json) for name in PLACES[place]}
    raw = json.dumps(told).encode()
    answer = ask(direct.url, "POST", f"/_sandbox/{place}", raw, {"Content-Type": "application/json"})
    assert answer.status in {200, 400, 404}


@pytest.mark.parametrize("number", ["1" * 5000, "1e400", "NaN", "-Infinity", "1E5"])
def test_numbers_that_are_no_fen(direct: PlainMerchant, number: str) -> None:
    """Endless, infinite and floating numbers are refused as PARAM_ERROR."""
    body = json.dumps(direct.order_body("STRANGE3")).replace("8640", number).encode()
    assert direct.call("POST", f"{direct.base}/jsapi", body).json["code"] == "PARAM_ERROR"


def test_a_target_is_kept_byte_for_byte(direct: PlainMerchant) -> None:
    """Bytes outside ASCII in a request line reach evidence and signature as they were."""
    seen = {"REQUEST_URI": "/é?\xff".encode("latin-1").decode("latin-1").encode().decode("latin-1")}
    assert raw_target(seen) == "/é?\xff"
    host, _, port = direct.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /strange\xe9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        connection.recv(64)
    assert control(direct.url, "/_sandbox/received")[-1]["target"] == "/strange\xe9"


def test_methods_and_places_that_do_not_exist(direct: PlainMerchant) -> None:
    """Unknown paths and methods are 404 and 405."""
    assert ask(direct.url, "GET", "/v3/pay/transactions/h5").status == 404
    assert ask(direct.url, "PUT", f"{direct.base}/jsapi").status == 405
