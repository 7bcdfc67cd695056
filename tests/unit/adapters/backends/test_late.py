"""Rules of adapters/backends/late.py: nothing in a pushed result is believed before its signature."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.late import FRESH_SECONDS, open_result
from services.errors import NoticeRefused
from services.expressions import compile_expression
from services.mapping import Late
from services.model import JsonValue
from services.reply_shape import plant_reply

KEY = b"result-key"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
LATE = Late(
    "pushed", secret="result_key", header="X-Signature", timestamp_header="X-Timestamp",
    reply=plant_reply(["no", "verdict", "yuan?"]),
    response=compile_expression("{application_no: body.no, state: body.verdict, outputs: {due: fen(body.yuan)}}", "yuan"),
)  # fmt: skip
BODY = b'{"no":"A1","verdict":"granted","yuan":"86.40"}'


def sign(body: bytes = BODY, stamp: str = STAMP, key: bytes = KEY) -> dict[str, str]:
    return {
        "x-signature": hmac.new(key, stamp.encode() + b"\n" + body, hashlib.sha256).hexdigest(), "x-timestamp": stamp,
    }  # fmt: skip


def read(headers: dict[str, str], body: bytes = BODY) -> JsonValue:
    return open_result(LATE, KEY, headers, body, NOW)


def test_a_signed_result() -> None:
    """It is what the mapping makes of it."""
    assert read(sign()) == {"application_no": "A1", "state": "granted", "outputs": {"due": 8640}}


def test_a_digest_of_rfc_4231() -> None:
    """Test case 2 of RFC 4231 over text that happens to hold a line feed is what our own digest gives too."""
    assert hmac.digest(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


@pytest.mark.parametrize("seconds", [-FRESH_SECONDS, 0, FRESH_SECONDS])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    """Clocks differ."""
    assert read(sign(stamp=str(int(NOW.timestamp()) + seconds)))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "unsigned"),
        ({"x-timestamp": STAMP}, "unsigned"),
        ({"x-signature": sign()["x-signature"]}, "unsigned"),
        (sign() | {"x-signature": sign()["x-signature"].upper()}, "unsigned"),
        (sign() | {"x-timestamp": "0" + STAMP}, "unsigned"),
        (sign() | {"x-timestamp": STAMP + "\n"}, "unsigned"),
        (sign(stamp=STAMP + ".0"), "unsigned"),
        (sign(key=b"other"), "signature"),
        (sign(b"{}"), "signature"),
        (sign() | {"x-timestamp": str(int(STAMP) + 1)}, "signature"),
        (sign(stamp=str(int(STAMP) - FRESH_SECONDS - 1)), "stale"),
        (sign(stamp=str(int(STAMP) + FRESH_SECONDS + 1)), "stale"),
    ],
)
def test_what_is_not_signed_lately_by_who_knows_the_secret(headers: dict[str, str], reason: str) -> None:
    """Absent, of another form, under another key, over other bytes, with another time, too old or from the future."""
    with pytest.raises(NoticeRefused) as caught:
        read(headers)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "unreadable"),
        (b'{"no":"A1","no":"A2","verdict":"granted"}', "unreadable"),
        (BODY.decode().encode("utf-16"), "unreadable"),
        (b'{"no":"A1","verdict":"granted","extra":"CANARY"}', "not_as_agreed"),
        (b'{"no":"A1"}', "not_as_agreed"),
        (b'{"no":"A1","verdict":"granted","yuan":"8,640"}', "not_as_agreed"),
        (b"[]", "not_as_agreed"),
        (b"null", "not_as_agreed"),
    ],
)
def test_a_signed_result_that_is_not_as_agreed(body: bytes, reason: str) -> None:
    """Not JSON, a key twice, another charset, a field too many or too few, money of another form; nothing of it is repeated."""
    with pytest.raises(NoticeRefused) as caught:
        read(sign(body), body)
    assert caught.value.reason == reason
    assert "CANARY" not in str(caught.value)


@given(st.binary(max_size=200), st.text(max_size=80), st.text(max_size=20))
def test_any_bytes_and_any_headers(body: bytes, signature: str, stamp: str) -> None:
    """Whatever comes unsigned is refused, and nothing else happens."""
    with pytest.raises(NoticeRefused):
        read({"x-signature": signature, "x-timestamp": stamp}, body)
