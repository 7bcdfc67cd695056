"""Rules of adapters/backends/rest.py: JSON without floats, double keys or doubt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.rest.json_text import read_json, write_json
from adapters.backends.wire import ReplyUnreadable, RequestUnwritable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_round_trip(value: Any) -> None:
    """What is written is read back the same."""
    assert read_json(write_json(value)) == value


def test_no_floats() -> None:
    """A fraction is a Decimal with the digits that were sent."""
    value = read_json(b'{"a": 86.40, "b": 1e2}')
    assert value == {"a": Decimal("86.40"), "b": Decimal("1e2")}
    assert not any(isinstance(item, float) for item in value.values())


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"a": 1, "a": 1}', b'{"b": {"a": 1, "a": 2}}', b"NaN", b"[Infinity]", b'{"a": 1', b"\xef\xbb\xbf{}",
     "{}".encode("utf-16"), b'"\xb9\xf1"', b"{}{}", b"[" * 200_000, b"9" * 5000],
)  # fmt: skip
def test_refused(body: bytes) -> None:
    """Not JSON, a key twice, NaN, another charset, a byte order mark, endless depth or digits."""
    with pytest.raises(ReplyUnreadable):
        read_json(body)


@given(st.binary(max_size=80))
def test_any_bytes(body: bytes) -> None:
    """Any bytes are read or refused, never a crash."""
    try:
        read_json(body)
    except ReplyUnreadable:
        return


def test_lone_surrogates_are_not_written() -> None:
    """A text that UTF-8 cannot hold is not sent."""
    with pytest.raises(RequestUnwritable):
        write_json({"a": "\ud800"})
