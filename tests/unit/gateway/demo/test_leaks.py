"""The search for canaries finds them in any dress, and names no value."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.leaks import find_leaks, holds, read_server_bytes

CANARIES = {"DA8812345678": "archive", "查验员123456": "office"}


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("dress", ["utf-8", "gb18030", "unicode_escape"])
def test_a_canary_is_found_in_each_dress(canary: str, dress: str) -> None:
    """At a server and at a client, each told by office and place, without the value."""
    seen = b'{"x": "' + canary.encode(dress) + b'"}'
    told = find_leaks(CANARIES, seen, b"")
    assert told == [f"a canary of {CANARIES[canary]} reached a platform's server"]
    assert find_leaks(CANARIES, b"", seen) == [f"a canary of {CANARIES[canary]} reached a platform's client"]
    assert canary not in "".join(told)


@pytest.mark.parametrize("canary", CANARIES)
def test_percent_signs_are_read(canary: str) -> None:
    """In a target and in a form."""
    quoted = "".join(f"%{byte:02x}" for byte in canary.encode())
    for request in (
        {"target": f"/gateway.do?x={quoted}", "body": ""},
        {"target": "/gateway.do", "body": base64.b64encode(f"x={quoted}".encode()).decode()},
    ):
        assert find_leaks(CANARIES, read_server_bytes([request]), b"")


def test_a_word_inside_a_signature_is_chance() -> None:
    """Letters and digits count as a word of their own; Chinese counts anywhere."""
    assert not holds(b"MEUCIQDA8812345678abc=", "DA8812345678")
    assert holds("张查验员123456号".encode(), "查验员123456")


@given(st.binary())
def test_nothing_is_found_in_nothing(seen: bytes) -> None:
    """Any other bytes are no leak."""
    assert not any(holds(seen, canary) for canary in CANARIES) or any(canary.encode() in seen for canary in CANARIES)
