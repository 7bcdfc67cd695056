"""Leaves: attributions, the commitment to a salt, and that no bytes whatever upset the check."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from services.exposure import Direction, Exposure, Outcome, commit
from services.leaves import (
    Leaf,
    check_leaf,
    digest_manifest,
    dump_plain,
    hash_salt,
    make_attribution_leaf,
    make_closing_leaf,
    make_join_leaf,
    make_leaf,
    make_outcome_leaf,
    make_publication_leaf,
    read_leaf,
)
from tests.unit.services.test_exposure import disclosure

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RECORD, AGENCY, CHAIN = (UUID(int=n) for n in (3, 4, 5))
SALT = b"s" * 32


def make_exposure_leaf() -> Leaf:
    """What a platform saw."""
    exposure = Exposure(Direction.SENT_TO_SERVER, disclosure({"amount"}, {"amount"}), b"")
    return make_leaf(RECORD, AT, date(2026, 11, 24), exposure, nonce=b"n" * 32, salt=SALT)


LEAVES = (
    make_exposure_leaf(),
    make_outcome_leaf(RECORD, CHAIN, AGENCY, AT, Outcome.SENT, 200, nonce=b"n" * 32),
    make_publication_leaf(RECORD, AGENCY, AT, "0.1.0", {"/b": "2", "/a": "1"}, nonce=b"n" * 32),
    make_attribution_leaf(RECORD, AGENCY, AT, "wechat", "r", CHAIN, [UUID(int=6), UUID(int=7), UUID(int=6)], nonce=b"n" * 32),
    make_join_leaf(RECORD, AGENCY, AT, CHAIN, UUID(int=8), nonce=b"n" * 32),
    make_closing_leaf(RECORD, AGENCY, AT, CHAIN, nonce=b"n" * 32),
)  # fmt: skip


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.kind)
def test_what_is_made_is_sound(leaf: Leaf) -> None:
    """Every kind is canonical and has the members of its kind; a member more, one less, another format are faults."""
    assert check_leaf(leaf, leaf.leaf_hash) == []
    body = read_leaf(leaf.data)
    for changed in (body | {"more": 1}, {name: body[name] for name in body if name != "nonce"}, body | {"v": 3}):
        other = replace(leaf, data=rfc8785.dumps(changed))
        assert check_leaf(other, other.leaf_hash)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.dictionaries(
    st.text(st.characters(max_codepoint=127)),
    TEXTS | st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.lists(TEXTS),
)


@given(PLAIN)
def test_what_is_plain_has_the_bytes_of_the_rfc(body: dict[str, Any]) -> None:
    """Names in ASCII, any text, whole numbers, null and lists of texts: written as the library writes them."""
    assert dump_plain(body) == rfc8785.dumps(body)


def test_an_attribution_names_each_record_once() -> None:
    """Chain and records in the leaf, and as pairs for the index; no person of its own."""
    leaf = LEAVES[3]
    assert leaf.attributes == ((CHAIN, UUID(int=6)), (CHAIN, UUID(int=7)))
    assert leaf.chains == ()
    assert json.loads(leaf.data)["records"] == [str(UUID(int=6)), str(UUID(int=7))]


def test_a_leaf_commits_to_its_salt_and_does_not_tell_it() -> None:
    """The commitment is no digest of anything: of an empty content neither."""
    leaf = make_exposure_leaf()
    body = json.loads(leaf.data)
    assert body["salt_hash"] == hash_salt(SALT)
    assert body["digest"] == commit(SALT, b"")
    assert body["salt_hash"] not in (body["digest"], SALT.hex())
    assert hash_salt(b"t" * 32) != hash_salt(SALT)


def test_a_manifest_is_the_same_in_any_order() -> None:
    """Its digest is over the canonical form."""
    assert digest_manifest({"/b": "2", "/a": "1"}) == digest_manifest({"/a": "1", "/b": "2"})
    assert digest_manifest({"/a": "2"}) != digest_manifest({"/a": "1"})


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = sorted({name for leaf in LEAVES for name in json.loads(leaf.data)})


@given(
    st.sampled_from(LEAVES),
    st.one_of(
        st.binary(max_size=40),
        VALUES.map(lambda value: json.dumps(value).encode()),
        st.tuples(st.sampled_from(MEMBERS), VALUES),
    ),
)
def test_any_bytes_are_checked_without_failing(leaf: Leaf, given_bytes: Any) -> None:
    """Whoever can change a leaf can write anything: the check names faults, it does not fall."""
    if isinstance(given_bytes, tuple):
        name, value = given_bytes
        given_bytes = json.dumps(read_leaf(leaf.data) | {name: value}).encode()
    other = replace(leaf, data=given_bytes)
    assert isinstance(check_leaf(other, other.leaf_hash), list)
