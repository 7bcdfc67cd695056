"""The verifiable map against its definition: one root for one set of entries, and a proof for each key, there or not."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chains import ChainHead
from services.map_updates import MapNode, prove_entry, read_paths, set_entries, update_map
from services.sparse_map import (
    EMPTY_MAP,
    MapProof,
    check_absent,
    check_present,
    hash_entry,
    hash_value,
    read_proof,
    write_proof,
)
from tests import naive_trees


class KeptNodes:
    """Nodes under their hashes, as a store keeps them; notes how often it is asked, and for what in vain."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, MapNode] = {}
        self.reads = 0

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        self.reads += 1
        return {one: self.nodes[one] for one in hashes}

    def set(self, root: bytes, entries: Mapping[bytes, bytes]) -> bytes:
        """The root after a batch; each node that is kept fits its hash."""
        change = update_map(root, entries, self)
        for one, node in change.list_nodes():
            assert node.hash == one
            self.nodes[one] = node
        return change.root


def spread(prefix: int) -> bytes:
    """Keys that go apart late: few bits differ, at the beginning, the middle or the very end."""
    rest = prefix >> 4
    return bytes([prefix & 3, *([0] * 14), prefix >> 2 & 3, *([0] * 15), rest & 255])


keys = st.one_of(st.binary(min_size=32, max_size=32), st.integers(0, 4095).map(spread))
values = st.binary(min_size=32, max_size=32)
maps = st.dictionaries(keys, values, max_size=40)


@settings(deadline=None, max_examples=150)
@given(maps, maps, st.randoms(use_true_random=False), st.integers(1, 9))
def test_the_root_depends_on_the_entries_alone(
    first: dict[bytes, bytes], second: dict[bytes, bytes], chance: random.Random, batch: int
) -> None:
    """Set at once, one by one, in any order, in batches of any size, and set again to other values: the root of the definition."""
    whole = {**first, **second}
    assert KeptNodes().set(EMPTY_MAP, whole) == naive_trees.map_root(whole)
    store, root = KeptNodes(), EMPTY_MAP
    for entries in (first, second):
        order = list(entries)
        chance.shuffle(order)
        for at in range(0, len(order), batch):
            root = store.set(root, {key: entries[key] for key in order[at : at + batch]})
    assert root == naive_trees.map_root(whole)


@settings(deadline=None, max_examples=80)
@given(maps, st.lists(keys, max_size=10))
def test_every_key_has_a_proof_there_or_not(entries: dict[bytes, bytes], others: list[bytes]) -> None:
    """What is there verifies with its value and no other, and not as absent; what is not there verifies as absent and as nothing else."""
    store = KeptNodes()
    root = store.set(EMPTY_MAP, entries)
    for key in {*entries, *others}:
        value, proof = prove_entry(root, key, store)
        assert value == entries.get(key)
        assert read_proof(write_proof(proof)) == proof
        there = key in entries
        assert check_absent(root, key, proof) != there
        assert check_present(root, key, value or bytes(32), proof) == there
        assert not check_present(root, key, hash_entry(key, key), proof)
        assert not check_absent(hash_entry(key, key), key, proof)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(keys, values, min_size=2, max_size=30), keys, st.data())
def test_every_bit_of_a_proof_counts(entries: dict[bytes, bytes], absent: bytes, data: st.DataObject) -> None:
    """Each hash of a proof with a bit changed, each step left out or added, another leaf at its end: false."""
    store = KeptNodes()
    root = store.set(EMPTY_MAP, entries)
    for key in (data.draw(st.sampled_from(sorted(entries))), absent):
        value, proof = prove_entry(root, key, store)
        for wrong in list_wrong(proof):
            assert not check_absent(root, key, wrong)
            assert not check_present(root, key, value or bytes(32), wrong)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(keys, values, min_size=1, max_size=30), st.data())
def test_one_proof_serves_one_key(entries: dict[bytes, bytes], data: st.DataObject) -> None:
    """The proof of one entry proves nothing about another, and a proof of an older root nothing about a newer."""
    store = KeptNodes()
    root = store.set(EMPTY_MAP, entries)
    one, other = data.draw(st.sampled_from(sorted(entries))), data.draw(st.sampled_from(sorted(entries)))
    value, proof = prove_entry(root, one, store)
    assert value is not None
    if one != other:
        assert not check_present(root, other, entries[other], proof) or proof == prove_entry(root, other, store)[1]
        assert not check_absent(root, other, proof)
        assert not check_absent(root, other, replace(proof, other=(one, value)))
    newer = store.set(root, {one: hash_entry(value, value)})
    assert not check_present(newer, one, value, prove_entry(newer, one, store)[1])
    assert check_present(root, one, value, prove_entry(root, one, store)[1])


def test_what_a_leaf_hides_is_not_absent() -> None:
    """Somebody who has the nodes cannot stop half-way and call what is below empty, or another's leaf."""
    store, key = KeptNodes(), bytes(32)
    near = bytes([0] * 31 + [1])
    root = store.set(EMPTY_MAP, {key: b"v" * 32, near: b"w" * 32})
    value, proof = prove_entry(root, key, store)
    assert value == b"v" * 32
    assert len(proof.siblings) == 256
    for steps in range(256):
        for other in (None, (near, b"w" * 32), (key, b"v" * 32)):
            assert not check_absent(root, key, MapProof(proof.siblings[:steps], other))


def test_entries_are_set_with_few_reads_and_few_hashes() -> None:
    """A batch reads once a level, about log n of them, and makes about k·log(n/k) + 2k nodes."""
    chance, store = random.Random(6), KeptNodes()  # noqa: S311
    all_keys = [chance.randbytes(32) for _ in range(4096)]
    root = store.set(EMPTY_MAP, dict.fromkeys(all_keys, bytes(32)))
    changes = dict.fromkeys(all_keys[:64], b"x" * 32)
    store.reads = 0
    change = set_entries(read_paths(root, changes, store), changes)
    assert store.reads < 30
    assert len(list(change.list_nodes())) < 64 * 11
    store.reads = 0
    prove_entry(root, all_keys[7], store)
    assert store.reads < 30


def test_nothing_set_changes_nothing() -> None:
    """An empty batch reads nothing; the same values again make the same root."""
    store = KeptNodes()
    assert update_map(EMPTY_MAP, {}, store).root == EMPTY_MAP
    assert list(update_map(EMPTY_MAP, {}, store).list_nodes()) == []
    assert store.reads == 0
    root = store.set(EMPTY_MAP, {b"k" * 32: b"v" * 32})
    assert store.set(root, {b"k" * 32: b"v" * 32}) == root == hash_entry(b"k" * 32, b"v" * 32)


def test_what_has_another_length_is_refused_or_false() -> None:
    """Setting raises, judging is false; a missing node is a LookupError, never another root."""
    store = KeptNodes()
    for entries in ({b"k": b"v" * 32}, {b"k" * 32: b"v"}):
        with pytest.raises(ValueError, match="32 bytes"):
            store.set(EMPTY_MAP, entries)
    with pytest.raises(ValueError, match="each key"):
        set_entries(read_paths(EMPTY_MAP, [b"k" * 32], store), {})
    with pytest.raises(LookupError):
        store.set(b"r" * 32, {b"k" * 32: b"v" * 32})
    with pytest.raises(LookupError):
        prove_entry(b"r" * 32, b"k" * 32, store)
    root = hash_entry(b"k" * 32, b"v" * 32)
    assert check_present(root, b"k" * 32, b"v" * 32, MapProof(()))
    for key, value, proof in (
        (b"k" * 31, b"v" * 33, MapProof(())), (b"k" * 32, b"v" * 31, MapProof(())), (b"k" * 33, b"v" * 31, MapProof(())),
        (b"k" * 32, b"v" * 32, MapProof((EMPTY_MAP,))), (b"k" * 32, b"v" * 32, MapProof((b"",) * 300)), (b"k" * 32, b"v" * 32, MapProof((), (b"", b""))),
    ):  # fmt: skip
        assert not check_present(root, key, value, proof)
        assert not check_absent(root, key, proof)
    assert not check_absent(root, b"j" * 32, MapProof((), (b"k" * 31, b"v" * 33)))
    assert check_absent(root, b"j" * 32, MapProof((), (b"k" * 32, b"v" * 32)))


def test_the_value_of_a_chain_is_bound_to_count_and_head() -> None:
    """Another count or head is another value; what is out of range is refused."""
    head = ChainHead(3, b"h" * 32)
    assert (
        len(
            {
                hash_value(head),
                hash_value(ChainHead(4, b"h" * 32)),
                hash_value(ChainHead(3, b"i" * 32)),
                hash_value(ChainHead()),
            }
        )
        == 4
    )
    for wrong in (ChainHead(-1), ChainHead(1 << 64), ChainHead(1, b"h")):
        with pytest.raises(ValueError, match="a chain ends"):
            hash_value(wrong)


@given(st.lists(st.one_of(st.just(EMPTY_MAP), values), max_size=256), st.none() | st.tuples(values, values))
def test_a_proof_is_written_in_one_form(siblings: list[bytes], other: tuple[bytes, bytes] | None) -> None:
    """Read again as it was; with a byte more or less, or loose bits, it is none. An empty half costs a bit."""
    proof = MapProof(tuple(siblings), other)
    data = write_proof(proof)
    assert read_proof(data) == proof
    shown = sum(one != EMPTY_MAP for one in siblings)
    assert len(data) == 2 + -(-len(siblings) // 8) + 32 * (shown + 2 * (other is not None))
    for wrong in (data[:-1], data + b"\x00", data + bytes(32), b""):
        with pytest.raises(ValueError, match="a proof"):
            read_proof(wrong)
    if len(siblings) % 8:
        at = 1 + -(-len(siblings) // 8)
        with pytest.raises(ValueError, match="a proof"):
            read_proof(data[:at] + bytes([data[at] | 1]) + data[at + 1 :])


@given(st.binary(max_size=200))
def test_no_bytes_upset_the_reader_of_proofs(data: bytes) -> None:
    """A ValueError, or a proof that is written as it was read."""
    try:
        proof = read_proof(data)
    except ValueError:
        return
    assert write_proof(proof) == data


def list_wrong(proof: MapProof) -> list[MapProof]:
    """The proof with one thing changed, in every place."""
    steps = proof.siblings
    found = [replace(proof, siblings=(*steps[:n], flip(steps[n]), *steps[n + 1 :])) for n in range(len(steps))]
    found += [replace(proof, siblings=(*steps[:n], *steps[n + 1 :])) for n in range(len(steps))]
    found += [replace(proof, siblings=(*steps[:n], b"z" * 32, *steps[n:])) for n in range(len(steps) + 1)]
    found += [replace(proof, siblings=(*steps, EMPTY_MAP)), replace(proof, other=(b"o" * 32, b"p" * 32))]
    if proof.other is not None:
        key, value = proof.other
        found += [replace(proof, other=other) for other in (None, (flip(key), value), (key, flip(value)))]
    return found


def flip(one: bytes) -> bytes:
    """The last bit changed."""
    return one[:-1] + bytes([one[-1] ^ 1])
