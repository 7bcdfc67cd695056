"""The tree against its own definition, computed independently: roots, proofs, and every way in which a proof can be wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.merkle import (
    EMPTY_ROOT,
    MAX_PROOF,
    MAX_SIZE,
    Frontier,
    Node,
    check_consistency,
    check_inclusion,
    compute_root,
    cut_range,
    grow,
    hash_leaf,
    hash_leaves,
    list_frontier,
    prove_consistency,
    prove_inclusion,
    read_frontier,
)
from tests import naive_trees

SIZES = 300
ENTRIES = [f"leaf {number}".encode() for number in range(SIZES)]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]
ROOTS = [naive_trees.tree_head(ENTRIES[:size]) for size in range(SIZES + 1)]


class Nodes:
    """Complete nodes, computed anew for each question."""

    def __init__(self) -> None:
        self.reads = 0
        self.known: dict[Node, bytes] = {}

    def read_nodes(self, nodes: Sequence[Node]) -> list[bytes]:
        self.reads += 1
        for level, index in nodes:
            if (level, index) not in self.known:
                self.known[level, index] = naive_trees.tree_head(ENTRIES[index << level : (index + 1) << level])
        return [self.known[node] for node in nodes]


NODES = Nodes()
sizes = st.integers(1, SIZES)


def test_every_size_has_the_root_of_the_definition() -> None:
    """Leaf by leaf, at once, and from the nodes of a larger tree."""
    assert hash_leaves(ENTRIES) == LEAVES
    frontier = Frontier()
    assert frontier.root == EMPTY_ROOT == ROOTS[0]
    for size in range(1, SIZES + 1):
        frontier, rows = grow(frontier, [LEAVES[size - 1]])
        assert rows[0] == [LEAVES[size - 1]]
        assert frontier.root == ROOTS[size] == compute_root(LEAVES[:size])
        assert frontier == read_frontier(size, NODES)
        assert len(frontier.hashes) == size.bit_count()


@given(st.lists(st.integers(0, 90), max_size=6))
def test_batches_make_the_same_tree_as_single_leaves(batches: list[int]) -> None:
    """However leaves are cut into batches; and each row holds exactly the nodes that became complete."""
    frontier = Frontier()
    for batch in batches:
        size = frontier.size
        end = min(size + batch, SIZES)
        frontier, rows = grow(frontier, LEAVES[size:end])
        assert frontier.root == ROOTS[end]
        for level, row in rows.items():
            assert row == NODES.read_nodes([(level, index) for index in range(size >> level, end >> level)])
        assert all(level in rows for level in range(10) if end >> level > size >> level)


def test_every_inclusion_proof_is_that_of_the_definition_and_holds() -> None:
    """All leaves of all sizes up to 70, and of some larger trees; one read each."""
    for size in (*range(1, 71), 127, 128, 129, 255, 256, 257, SIZES):
        for index in range(size) if size <= 70 else (0, 1, size // 2, size - 2, size - 1):
            NODES.reads = 0
            proof = prove_inclusion(index, size, NODES)
            assert NODES.reads == 1
            assert proof == naive_trees.inclusion_path(index, ENTRIES[:size])
            assert check_inclusion(index, size, LEAVES[index], proof, ROOTS[size])


def test_every_consistency_proof_is_that_of_the_definition_and_holds() -> None:
    """All pairs of sizes up to 70, and some larger ones; one read each."""
    for new in (*range(1, 71), 127, 128, 129, 255, 256, 257, SIZES):
        for old in range(1, new + 1) if new <= 70 else (1, 2, 64, 65, 100, new - 1, new):
            NODES.reads = 0
            proof = prove_consistency(old, new, NODES)
            assert NODES.reads == 1
            assert proof == naive_trees.consistency_path(old, ENTRIES[:new])
            assert check_consistency(old, new, ROOTS[old], ROOTS[new], proof)


@settings(max_examples=60)
@given(sizes, st.data())
def test_every_bit_of_an_inclusion_proof_counts(size: int, data: st.DataObject) -> None:
    """Each single bit of proof, leaf and root; each proof with a hash less or more at any place; each other place or size."""
    index = data.draw(st.integers(0, size - 1))
    proof, leaf, root = prove_inclusion(index, size, NODES), LEAVES[index], ROOTS[size]
    for changed in flip_all([leaf, root, *proof]):
        assert not check_inclusion(index, size, changed[0], changed[2:], changed[1])
    for other in stretch(proof, [leaf, root, bytes(32)]):
        assert not check_inclusion(index, size, leaf, other, root)
    for elsewhere in (*range(size + 2), -1, index + (1 << 64), MAX_SIZE):
        assert check_inclusion(elsewhere, size, leaf, proof, root) == (elsewhere == index)
    for other_size in (0, -size, size - 1, size + 1, 2 * size, size // 2, 10**400):
        found = naive_trees.root_of_inclusion(index, other_size, leaf, proof) if index < other_size < 10**9 else None
        assert check_inclusion(index, other_size, leaf, proof, root) == (found == root)


@settings(max_examples=60)
@given(sizes, st.data())
@example(1, None)
def test_every_bit_of_a_consistency_proof_counts(old: int, data: st.DataObject | None) -> None:
    """Each single bit of proof and both roots; each proof with a hash less or more at any place; exchanged roots; other sizes."""
    new = data.draw(st.integers(old, SIZES)) if data else 2
    proof, old_root, new_root = prove_consistency(old, new, NODES), ROOTS[old], ROOTS[new]
    for changed in flip_all([old_root, new_root, *proof]):
        assert not check_consistency(old, new, changed[0], changed[1], changed[2:])
    for other in stretch(proof, [old_root, new_root, bytes(32)]):
        assert not check_consistency(old, new, old_root, new_root, other)
    assert check_consistency(old, new, new_root, old_root, proof) == (old == new)
    for m, n in (
        (0, new),
        (old - 1, new),
        (old + 1, new),
        (old, new + 1),
        (old, new * 2),
        (new, old),
        (-old, new),
        (old, 10**400),
        (-1, -1),
    ):
        naive = naive_trees.roots_of_consistency(m, n, proof, old_root) if 1 <= m <= n < 10**9 else None
        assert check_consistency(m, n, old_root, new_root, proof) == (naive == (old_root, new_root))


@given(
    st.integers(),
    st.integers(),
    st.lists(st.binary(min_size=31, max_size=33), max_size=70),
    st.binary(max_size=33),
    st.binary(max_size=33),
)
@example(0, 1, [], b"x" * 32, b"x" * 32)
def test_no_integers_and_no_lengths_upset_a_judgement(
    one: int, other: int, proof: list[bytes], left: bytes, right: bytes
) -> None:
    """Whatever comes is judged; what is true of nonsense is only that a tree of one leaf has it as its root, and is itself."""
    same = left == right and len(left) == 32 and not proof
    assert check_inclusion(one, other, left, proof, right) == (same and (one, other) == (0, 1))
    assert check_consistency(one, other, left, right, proof) == (same and 1 <= one == other <= MAX_SIZE)


def test_a_tree_of_the_largest_size_can_be_judged() -> None:
    """64 steps up to 2^64 - 1 leaves hold; a size more is out of range although the hashes would fit."""
    proof = [hash_leaf(bytes([n])) for n in range(64)]
    for size in (MAX_SIZE, 1 << 63):
        needed = proof[: (size - 1).bit_length()]
        root = naive_trees.root_of_inclusion(0, size, LEAVES[0], needed)
        assert root is not None
        assert check_inclusion(0, size, LEAVES[0], needed, root)
    root = naive_trees.root_of_inclusion(0, 1 << 65, LEAVES[0], [*proof, LEAVES[1]])
    assert root is not None
    assert not check_inclusion(0, 1 << 65, LEAVES[0], [*proof, LEAVES[1]], root)
    assert MAX_PROOF >= 65
    assert not check_inclusion(0, MAX_SIZE, LEAVES[0], [LEAVES[0]] * 1_000_000, LEAVES[0])


def test_from_an_empty_tree_nothing_is_proven() -> None:
    """Not even that it is consistent with itself; and no proof is made of it."""
    assert not check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not check_consistency(0, 5, EMPTY_ROOT, ROOTS[5], [])
    for old, new in ((0, 5), (6, 5), (-1, 5), (1, MAX_SIZE + 1)):
        with pytest.raises(ValueError, match="consistency"):
            prove_consistency(old, new, NODES)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, MAX_SIZE + 1), (6, 5)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    """Nothing is read for it."""
    with pytest.raises(ValueError, match="no such leaf"):
        prove_inclusion(index, size, NODES)


def test_a_frontier_has_the_hashes_of_its_size() -> None:
    """One that has others is refused, and so is a leaf hash of another length, or a leaf too many."""
    for size, count in ((1, 0), (3, 1), (0, 1), (-1, 1), (MAX_SIZE + 1, 1)):
        with pytest.raises(ValueError, match="frontier"):
            Frontier(size, (bytes(32),) * count)
    with pytest.raises(ValueError, match="32 bytes"):
        grow(Frontier(), [bytes(31)])
    with pytest.raises(ValueError, match="frontier"):
        grow(Frontier(MAX_SIZE, (bytes(32),) * 64), [bytes(32)])


@given(st.integers(0, 1 << 64))
def test_the_nodes_of_a_frontier_lie_side_by_side(size: int) -> None:
    """They cover every leaf once, the largest first, and are one for each bit."""
    at = 0
    for level, index in list_frontier(min(size, MAX_SIZE)):
        assert index << level == at
        at += 1 << level
    assert at == min(size, MAX_SIZE)
    assert cut_range(8, 8) == []


def flip_all(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Each with another single bit changed: first, last and a middle bit of every hash."""
    found = []
    for place in range(len(hashes)):
        for bit in (0, 7, 100, 255):
            number = int.from_bytes(hashes[place], "big") ^ (1 << bit)
            found.append([*hashes[:place], number.to_bytes(32, "big"), *hashes[place + 1 :]])
    return found


def stretch(proof: Sequence[bytes], further: Sequence[bytes]) -> list[list[bytes]]:
    """The proof with one hash less, one more, two exchanged, or of another length, at every place."""
    places = range(len(proof) + 1)
    less = [[*proof[:place], *proof[place + 1 :]] for place in places if place < len(proof)]
    more = [[*proof[:place], one, *proof[place:]] for place in places for one in (*further, *proof[:1])]
    turned = [
        [*proof[:n], proof[n + 1], proof[n], *proof[n + 2 :]] for n in range(len(proof) - 1) if proof[n] != proof[n + 1]
    ]
    odd = [[*proof[:place], proof[place][:-1], *proof[place + 1 :]] for place in range(len(proof))]
    return [*less, *more, *turned, *odd, [*proof, b""], [b"", *proof]]
