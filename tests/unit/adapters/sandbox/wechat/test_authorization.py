"""Who may call WeChat Pay v3: the Authorization header, as the platform checks it."""

from __future__ import annotations

import re

import pytest

from adapters.sandbox.wechat.answers import PayRefused
from adapters.sandbox.wechat.signing import parse_authorization
from tests.peers.wechat_merchant import PlainMerchant, StillClock, ask

WHOLE = 'WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="n",timestamp="1",serial_no="s",signature="x"'


def test_parts_come_in_any_order() -> None:
    """The header is a set of k="v": SDKs write them in different orders, with or without spaces."""
    told = parse_authorization(
        'WECHATPAY2-SHA256-RSA2048 signature="x", serial_no="s",timestamp="1",nonce_str="n" ,mchid="1"'
    )
    assert (told.mchid, told.signature, told.serial_no, told.timestamp, told.nonce_str) == ("1", "x", "s", "1", "n")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer abc",
        WHOLE.replace("WECHATPAY2-SHA256-RSA2048", "WECHATPAY2-SM2-WITH-SM3"),
        WHOLE.replace(',signature="x"', ""),
        WHOLE + ',mchid="2"',
        WHOLE + ',extra="2"',
        WHOLE.replace('"', ""),
        WHOLE + ",",
    ],
)
def test_a_malformed_header_is_a_sign_error(header: str | None) -> None:
    """Anything but exactly the five parts under the one scheme is refused."""
    with pytest.raises(PayRefused) as caught:
        parse_authorization(header)
    assert (caught.value.status, caught.value.code) == (401, "SIGN_ERROR")


def test_a_request_299_seconds_old_passes_and_300_does_not(
    merchant: PlainMerchant, clock: StillClock, number: str
) -> None:
    """The window is open below 300 seconds on both sides."""
    now = int(clock.now().timestamp())
    target = f"{merchant.base}/out-trade-no/{number}?" + "&".join(f"{k}={v}" for k, v in merchant.parties.items())
    for seconds in (-299, 299):
        assert merchant.call("GET", target, timestamp=str(now + seconds)).status == 404
    for seconds in (-300, 300):
        answer = merchant.call("GET", target, timestamp=str(now + seconds))
        assert (answer.status, answer.json["code"]) == (401, "SIGN_ERROR")
        assert "5分钟" in answer.json["message"]


def test_a_wrong_serial_is_named(merchant: PlainMerchant, number: str) -> None:
    """The platform says that the serial is wrong, not only that the signature is."""
    body = merchant.order_body(number)
    answer = merchant.call("POST", f"{merchant.base}/jsapi", body, serial_no="4F" * 20)
    assert (answer.status, answer.json["code"]) == (401, "SIGN_ERROR")
    assert "序列号" in answer.json["message"]


def test_an_unknown_merchant_is_refused(merchant: PlainMerchant, number: str) -> None:
    """A merchant number that does not exist is MCH_NOT_EXISTS, unsigned, since nobody could verify it."""
    answer = merchant.call("POST", f"{merchant.base}/jsapi", merchant.order_body(number), mchid="1900000000")
    assert (answer.status, answer.json["code"]) == (400, "MCH_NOT_EXISTS")
    assert "wechatpay-signature" not in answer.headers


def test_a_wrong_signature_gets_the_platforms_hint(direct: PlainMerchant, number: str) -> None:
    """SIGN_ERROR carries what the platform signed: method, url, a truncated message and its length."""
    target = f"{direct.base}/jsapi"
    raw = b'{"appid": "other bytes"}'
    header = direct.authorize("POST", target, b'{"appid":"other bytes"}')
    answer = ask(
        direct.url, "POST", target, raw,
        {"Authorization": header, "Accept": "*/*", "User-Agent": "x", "Content-Type": "application/json"},
    )  # fmt: skip
    hint = answer.json["detail"]["sign_information"]
    stamp = re.search(r'timestamp="(\d+)"', header)
    assert stamp is not None
    signed = f"POST\n{target}\n{stamp[1]}\n5K8264ILTKCH16CQ2502SI8ZNMTM67VS\n"
    assert answer.json["code"] == "SIGN_ERROR"
    assert (hint["method"], hint["url"]) == ("POST", target)
    assert hint["truncated_sign_message"].startswith(signed)
    assert len(hint["truncated_sign_message"]) < len(signed) + len(raw)
    assert hint["sign_message_length"] == len(signed) + len(raw) + 1


def test_the_target_is_signed_as_it_stands(direct: PlainMerchant, number: str) -> None:
    """Percent-encoding in the request line is part of the signature; the decoded form does not fit."""
    direct.order(number.replace("ORDER", "OR|ER*"))
    encoded = f"{direct.base}/out-trade-no/{number.replace('ORDER', 'OR%7CER%2A')}?mchid={direct.facts['merchant_id']}"
    plain = encoded.replace("%7C", "|").replace("%2A", "*")
    assert direct.call("GET", encoded).status == 200
    header = direct.authorize("GET", plain, b"")
    answer = ask(direct.url, "GET", encoded, b"", {"Authorization": header, "Accept": "*/*", "User-Agent": "x"})
    assert answer.json["code"] == "SIGN_ERROR"


@pytest.mark.parametrize("missing", ["Accept", "User-Agent", "Content-Type"])
def test_required_headers(direct: PlainMerchant, number: str, missing: str) -> None:
    """Accept, User-Agent and, with a body, a JSON Content-Type are required."""
    raw = b"{}"
    headers = {"Accept": "application/json", "User-Agent": "x", "Content-Type": "application/json"}
    headers["Authorization"] = direct.authorize("POST", f"{direct.base}/jsapi", raw)
    del headers[missing]
    answer = ask(direct.url, "POST", f"{direct.base}/jsapi", raw, headers)
    assert (answer.status, answer.json["detail"]["field"]) == (400, missing)


def test_every_answer_to_a_known_merchant_is_signed(merchant: PlainMerchant, number: str) -> None:
    """Success, 204 and errors carry Wechatpay-* headers that verify, and a Request-ID that ends in a number."""
    placed, repeated = merchant.order(number), merchant.order(number, description="other")
    closed, unknown = merchant.close(number), merchant.query("NOSUCH1")
    for answer in (placed, repeated, closed, unknown):
        assert merchant.is_signed(answer.headers, answer.body)
        assert re.fullmatch(r"[0-9A-F]+-\d+", answer.headers["request-id"])
    assert (closed.status, closed.body) == (204, b"")
    assert placed.headers["request-id"].endswith("-0")
    assert repeated.headers["request-id"].endswith("-268498688")
