"""Marks by which two platforms could join what they know are found in any dress; words and what is published are none."""

from __future__ import annotations

from uuid import uuid4

from gateway.demo.apart import find_ids, find_shared

ID = "01a21436-89d6-726d-8684-1aa2e6451de8"


def test_an_id_is_found_in_any_dress() -> None:
    """With dashes and without, capital and small, percent-encoded, in JSON and in a header."""
    plain = ID.replace("-", "").encode()
    for one in (b'{"a": "%s"}' % ID.encode(), b"X-Id: " + ID.upper().encode(), b"?q=" + plain, b"%22" + ID.encode()):
        assert find_shared(one, b"x " + plain + b" y") == {plain}


def test_what_is_published_or_typed_is_none() -> None:
    """Words, short numbers, and what stands in texts that everybody gets."""
    same = b"the-same-long-word-of-our-own status 200 13800138000 a1b2c3d4e5f6a7b8c9d0"
    assert find_shared(same, same, [b"13800138000", b"a1b2c3d4e5f6a7b8c9d0"]) == set()
    assert find_shared(same, same) == {b"13800138000", b"a1b2c3d4e5f6a7b8c9d0"}


def test_a_chain_is_found_by_its_id() -> None:
    """Whether it stands in a body or in a header."""
    assert find_ids(b"Guitai: " + ID.upper().encode(), [ID, str(uuid4())]) == {ID}
