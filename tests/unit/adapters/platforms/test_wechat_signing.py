"""Rules of WeChat Pay's signatures and encrypted resources."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from hypothesis import given
from hypothesis import strategies as st
from wechatpayv3 import utils as peer

from adapters.platforms.keys import read_private_key, read_public_key, verify_text
from adapters.platforms.wechat_signing import (
    NotSigned,
    authorize,
    open_resource,
    read_api_v3_key,
    read_signature,
    sign_payment,
)
from services.errors import PlatformGarbled
from tests.unit.adapters.platforms.desk import (
    API_V3_KEY,
    NOW,
    key,
    private_pem,
    public_pem,
    seal,
    sign,
    wechat_headers,
)


def test_an_authorization_is_what_the_vendor_describes() -> None:
    """METHOD, target, timestamp, nonce and body, each followed by a line feed, are what the signature covers."""
    header = authorize(key("merchant"), "1900007291", "AB12", "GET", "/v3/certificates", "1554208460", "593BEC", b"")
    scheme, _, rest = header.partition(" ")
    parts = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert set(parts) == {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}
    message = b"GET\n/v3/certificates\n1554208460\n593BEC\n\n"
    assert verify_text(key("merchant").public_key(), message, parts["signature"])


def test_wechatpayv3_makes_the_same_authorization() -> None:
    """An independent SDK signs the same bytes to the same signature."""
    body = '{"mchid":"1"}'
    theirs = peer.build_authorization(
        path="/v3/x?y=z", method="POST", mchid="1", serial_no="AB", private_key=key("merchant"), data=body,
        nonce_str="N",
    )  # fmt: skip
    parts = dict(re.findall(r'(\w+)="([^"]*)"', theirs))
    ours = authorize(key("merchant"), "1", "AB", "POST", "/v3/x?y=z", parts["timestamp"], "N", body.encode())
    assert dict(re.findall(r'(\w+)="([^"]*)"', ours)) == parts


def test_the_payment_signature_covers_the_app_id() -> None:
    """``paySign`` covers app id, time, nonce and package, each with a line feed."""
    made = sign_payment(key("merchant"), "wx8888888888888888", "1414561699", "5K8264ILT", "prepay_id=wx201")
    assert made == sign("merchant", b"wx8888888888888888\n1414561699\n5K8264ILT\nprepay_id=wx201\n")


def test_a_signature_is_read_before_the_body() -> None:
    """What is verified is timestamp, nonce and the raw body bytes, whatever they are."""
    message, signature, serial = read_signature(wechat_headers(b"\xff{"), b"\xff{", NOW)
    assert message.endswith(b"nonce\n\xff{\n")
    assert verify_text(key("wechat").public_key(), message, signature)
    assert serial.startswith("PUB_KEY_ID_")


@pytest.mark.parametrize("seconds", [-300, 300, 301, 100_000])
def test_300_seconds_are_stale(seconds: int) -> None:
    """An age of 300 s or more, in either direction, is refused; 299 s pass."""
    with pytest.raises(NotSigned, match="stale"):
        read_signature(wechat_headers(b"", at=NOW + timedelta(seconds=seconds)), b"", NOW)
    read_signature(wechat_headers(b"", at=NOW + timedelta(seconds=299)), b"", NOW)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Wechatpay-Serial", "5157F09G", "serial_malformed"),
        ("Wechatpay-Serial", "0x12", "serial_malformed"),
        ("Wechatpay-Serial", "PUB_KEY_ID_王", "serial_malformed"),
        ("Wechatpay-Serial", "", "signature_missing"),
        ("Wechatpay-Signature", "", "signature_missing"),
        ("Wechatpay-Signature", "YQ==, YQ==", "header_twice"),
        ("Wechatpay-Nonce", "a, b", "header_twice"),
        ("Wechatpay-Nonce", "a\nb", "serial_malformed"),
        ("Wechatpay-Timestamp", "1e9", "stale"),
        ("Wechatpay-Timestamp", "１７", "stale"),
        ("Wechatpay-Timestamp", "9" * 400, "stale"),
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/abc", "probe"),
    ],
)
def test_malformed_headers_are_refused_with_a_reason(name: str, value: str, reason: str) -> None:
    """Missing, doubled, non-hex or probing headers are told apart, and none of them raises anything else."""
    with pytest.raises(NotSigned) as caught:
        read_signature({**wechat_headers(b""), name: value}, b"", NOW)
    assert caught.value.reason == reason


def test_two_spellings_of_one_header_are_refused_or_one() -> None:
    """Header names are compared without case; a missing one is missing in any case."""
    lowered = {name.lower(): value for name, value in wechat_headers(b"").items()}
    read_signature(lowered, b"", NOW)
    del lowered["wechatpay-nonce"]
    with pytest.raises(NotSigned):
        read_signature(lowered, b"", NOW)


@given(st.dictionaries(st.sampled_from(sorted(wechat_headers(b""))), st.text(max_size=30)))
def test_headers_of_any_content_only_raise_not_signed(changes: dict[str, str]) -> None:
    """Whatever stands in the headers, reading them raises nothing but ``NotSigned``, and never lets a comma through."""
    try:
        _, signature, serial = read_signature({**wechat_headers(b"x"), **changes}, b"x", NOW)
    except NotSigned:
        return
    assert "," not in signature + serial


@given(st.binary(max_size=60), st.text(max_size=40))
def test_only_the_exact_signature_verifies(body: bytes, signature: str) -> None:
    """Empty, foreign or non-base64 signatures are false, never an error."""
    assert not verify_text(key("wechat").public_key(), body, signature)
    assert verify_text(key("wechat").public_key(), body, sign("wechat", body))
    assert not verify_text(key("wechat").public_key(), body + b" ", sign("wechat", body))


@pytest.mark.parametrize("associated", ["transaction", "", None])
def test_a_resource_opens_with_or_without_associated_data(associated: str | None) -> None:
    """Associated data may be a text, empty or absent."""
    assert open_resource("test", API_V3_KEY, seal(b"plain", associated)) == b"plain"


def test_the_vendors_own_sample_opens() -> None:
    """The resource in the tests of wechatpay-go (utils/aes_test.go), whose key is shorter than a merchant's."""
    sample = {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": "wCq51qZv4Yfg",
        "associated_data": "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8",
        "ciphertext": "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC",
    }
    assert open_resource("test", b"testAPIv3Key0000", sample) == b"Hello World"
    with pytest.raises(PlatformGarbled):
        open_resource("test", b"testAPIv3Key1111", sample)


def test_wechatpayv3_opens_the_same_resource() -> None:
    """An independent SDK decrypts what our tests seal."""
    made = seal(b"plain")
    found = peer.aes_decrypt(made["nonce"], made["ciphertext"], made["associated_data"], API_V3_KEY.decode())
    assert found == "plain"


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "AES_CBC"}, {"nonce": "x"}, {"nonce": 1}, {"nonce": "0123456789ac"}, {"ciphertext": "!!"},
        {"ciphertext": "YQ=="}, {"ciphertext": None}, {"associated_data": "other"}, {"associated_data": {"a": 1}},
    ],
)  # fmt: skip
def test_a_changed_resource_does_not_open(changes: dict[str, Any]) -> None:
    """Any change of a part is garbled, never another error."""
    with pytest.raises(PlatformGarbled):
        open_resource("test", API_V3_KEY, {**seal(b"plain"), **changes})
    with pytest.raises(PlatformGarbled):
        open_resource("test", API_V3_KEY, [json.dumps(changes)])


def test_keys_of_the_wrong_kind_are_refused() -> None:
    """An APIv3 key has 32 ASCII bytes; an RSA key has 2048 bits; bare base64 is read as well as PEM."""
    assert read_api_v3_key(API_V3_KEY) == API_V3_KEY
    for wrong in (API_V3_KEY[1:], b"\xff" * 32):
        with pytest.raises(ValueError, match="32"):
            read_api_v3_key(wrong)
    bare = re.sub(rb"-----[A-Z ]+-----", b"", private_pem("merchant"))
    assert read_private_key(bare).private_numbers() == key("merchant").private_numbers()
    bare = re.sub(rb"-----[A-Z ]+-----", b"", public_pem("merchant"))
    assert read_public_key(bare) == key("merchant").public_key()
    for wrong in (b"", b"nothing", public_pem("merchant")):
        with pytest.raises(ValueError):
            read_private_key(wrong)


def test_signatures_are_pkcs1_v15() -> None:
    """RFC 8017 §8.2 as ``cryptography`` verifies it on its own."""
    made = base64.b64decode(sign_payment(key("merchant"), "a", "1", "n", "p"))
    key("merchant").public_key().verify(made, b"a\n1\nn\np\n", PKCS1v15(), hashes.SHA256())
