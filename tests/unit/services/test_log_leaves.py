"""Leaves that the log writes itself: the map leaf has one form."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from services.leaves import make_closing_leaf, read_leaf
from services.log_leaves import MapLeaf, make_map_leaf, read_map_leaf

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ROOT = bytes(range(32))


@given(
    size=st.integers(0, (1 << 53) - 1),
    root=st.binary(min_size=32, max_size=32),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_a_map_leaf_is_read_as_it_was_written(size: int, root: bytes, at: datetime) -> None:
    """Size and root come back from the bytes."""
    if at.year >= 1000:
        assert read_map_leaf(make_map_leaf(size, root, at)) == MapLeaf(size, root)


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"kind": "restore"}, {"size": -1}, {"size": True}, {"size": "5"}, {"root": ROOT.hex().upper()}, {"root": "00"}, {"at": "2026-11-24"}, {"at": None}, {"more": 1}],
    ids=str,
)  # fmt: skip
def test_a_map_leaf_has_one_form(change: dict[str, object]) -> None:
    """Another version, kind, number, root or moment, a member more and another spelling are refused."""
    body = read_leaf(make_map_leaf(5, ROOT, AT)) | change
    with pytest.raises(ValueError, match="map"):
        read_map_leaf(rfc8785.dumps(body))


@pytest.mark.parametrize("size", [1 << 53, 1 << 64, -(1 << 53)])
def test_a_size_without_a_canonical_form_is_refused(size: int) -> None:
    """It is neither written nor read, however large: a forged leaf stops nobody who reads it."""
    with pytest.raises(ValueError, match="map"):
        make_map_leaf(size, ROOT, AT)
    forged = make_map_leaf(5, ROOT, AT).replace(b'"size":5', f'"size":{size}'.encode())
    with pytest.raises(ValueError, match="map"):
        read_map_leaf(forged)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_map_leaf_or_refused(data: bytes) -> None:
    """What is no map leaf is refused, and never as another error."""
    with pytest.raises(ValueError, match="map"):
        read_map_leaf(data)


def test_a_record_of_an_agency_is_no_map_leaf() -> None:
    """No leaf of a record can pass for the map."""
    leaf = make_closing_leaf(UUID(int=1), UUID(int=2), AT, UUID(int=3), nonce=b"n" * 32)
    with pytest.raises(ValueError, match="map"):
        read_map_leaf(leaf.data)
