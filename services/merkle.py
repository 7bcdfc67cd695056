"""The tree over the ledger's leaves: RFC 9162 section 2.1 (the same hashing as RFC 6962), with SHA-256.

A tree that only grows is held as a *frontier*: the roots of its complete subtrees from left to right, at most one for each bit of its
size. Adding leaves costs one hash for each and reads nothing; the root is folded from the frontier. Proofs are made from whoever can
read complete nodes (``NodeReader``; from tiles: ``services/tiles.py``) and judged without anything but the proof. No judgement raises:
any integer and any length is an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

HASH_SIZE = 32
_HASH_SIZES = frozenset({HASH_SIZE})
MAX_SIZE = (1 << 64) - 1
"""The most leaves of a tree: RFC 9162 section 4.10 counts them in 64 bits."""
MAX_PROOF = 65
"""No proof in a tree of at most ``MAX_SIZE`` leaves has more hashes: one for each level, and one where a consistency proof begins."""
EMPTY_ROOT = sha256(b"").digest()
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"

Node = tuple[int, int]
"""A complete node: its level (0: leaves) and its index in it. It stands over leaves index·2^level up to (index + 1)·2^level."""
Rows = dict[int, list[bytes]]
"""By level, hashes of nodes that became complete, from left to right."""


class NodeReader(Protocol):
    """Whoever knows the hashes of complete nodes."""

    def read_nodes(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        """The hashes of these nodes, in this order; raises ``LookupError`` for one that is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree by its size and the roots of its complete subtrees, from left to right (the highest first): one for each bit of size."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for each bit of its size")

    @property
    def root(self) -> bytes:
        """The Merkle Tree Hash (RFC 9162 section 2.1.1)."""
        return fold_hashes(self.hashes)


def hash_leaf(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(LEAF_PREFIX + data).digest()


def hash_leaves(leaves: Iterable[bytes]) -> list[bytes]:
    """The hashes of many leaves, none of which is copied for it."""
    hashes = []
    for data in leaves:
        begun = sha256(LEAF_PREFIX)
        begun.update(data)
        hashes.append(begun.digest())
    return hashes


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two."""
    return sha256(NODE_PREFIX + left + right).digest()


def fold_hashes(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees from left to right, each smaller than the one before; of none, the empty tree's."""
    if not hashes:
        return EMPTY_ROOT
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = hash_node(left, found)
    return found


def grow(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> tuple[Frontier, Rows]:
    """The tree with these leaves after those it has, and all nodes that became complete, the leaves themselves in row 0.

    Costs less than one hash for each leaf and one for each level. Row n begins at the index size >> n of the tree before. Raises
    ``ValueError`` for a hash that is not 32 bytes, and beyond ``MAX_SIZE``.
    """
    if not _HASH_SIZES.issuperset(map(len, leaf_hashes)):
        raise ValueError("a leaf hash has 32 bytes")
    size, rows, row, level = frontier.size, Rows(), list(leaf_hashes), 0
    waiting = list(frontier.hashes)  # the lowest stands last
    kept: list[bytes] = []
    while row or waiting:
        if row:
            rows[level] = row
        if size >> level & 1:
            row = [waiting.pop(), *row]
        if len(row) & 1:
            kept.append(row[-1])
        left = iter(row)
        row = [sha256(NODE_PREFIX + one + other).digest() for one, other in zip(left, left, strict=False)]
        level += 1
    return Frontier(size + len(leaf_hashes), tuple(reversed(kept))), rows


def compute_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of a whole tree at once."""
    return grow(Frontier(), leaf_hashes)[0].root


def list_frontier(size: int) -> list[Node]:
    """The complete nodes whose hashes are the frontier of a tree of this size."""
    return cut_range(0, size)


def read_frontier(size: int, reader: NodeReader) -> Frontier:
    """The frontier of a tree of this size, as far back as one likes: complete nodes never change."""
    return Frontier(size, tuple(reader.read_nodes(list_frontier(size))))


def cut_range(start: int, end: int) -> list[Node]:
    """The complete nodes over leaves ``start`` up to ``end``, from left to right. ``start`` is where a subtree of that length may begin."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def prove_inclusion(leaf_index: int, tree_size: int, reader: NodeReader) -> list[bytes]:
    """The inclusion proof of a leaf (RFC 9162 section 2.1.3.1), the leaf's neighbour first.

    Raises ``ValueError`` if there is no such leaf, ``LookupError`` if a node is missing. One call of the reader.
    """
    if not 0 <= leaf_index < tree_size <= MAX_SIZE:
        raise ValueError("no such leaf in a tree of this size")
    start, end, ranges = 0, tree_size, []
    while end - start > 1:
        middle = start + _find_split(end - start)
        if leaf_index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _read_ranges(ranges[::-1], reader)


def prove_consistency(old_size: int, new_size: int, reader: NodeReader) -> list[bytes]:
    """The consistency proof between two sizes of one tree (RFC 9162 section 2.1.4.1); empty for the same size twice.

    Raises ``ValueError`` unless 1 <= old <= new, ``LookupError`` if a node is missing. One call of the reader.
    """
    if not 1 <= old_size <= new_size <= MAX_SIZE:
        raise ValueError("a consistency proof leads from a tree with a leaf to one that is not smaller")
    start, end, whole, ranges = 0, new_size, True, []
    while end != old_size:
        middle = start + _find_split(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return _read_ranges(ranges[::-1], reader)


def check_inclusion(leaf_index: int, tree_size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that this leaf stands at this place of the tree with this root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= leaf_index < tree_size <= MAX_SIZE or not _are_hashes([leaf_hash, root], proof):
        return False
    place, last, found = leaf_index, tree_size - 1, leaf_hash
    for one in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = hash_node(one, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hash_node(found, one)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with the whole old one (RFC 9162 section 2.1.4.2).

    From size 0 nothing can be shown: False. The same size twice is consistent with the same root and an empty proof only.
    """
    if not 1 <= old_size <= new_size <= MAX_SIZE or not _are_hashes([old_root, new_root], proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    steps = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if len(steps) < 1 + (not old_size & (old_size - 1)):
        return False
    return fold_consistency(old_size, new_size, steps) == (old_root, new_root)


def fold_consistency(old_size: int, new_size: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The roots of an old and a larger new tree that a consistency proof leads to; None if it has not the length for these sizes.

    ``steps``: the proof, before it the old root if the old size is a power of two; at least one hash.
    """
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for one in steps[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = hash_node(one, old), hash_node(one, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = hash_node(new, one)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def _are_hashes(roots: Sequence[bytes], proof: Sequence[bytes]) -> bool:
    return len(proof) <= MAX_PROOF and all(len(one) == HASH_SIZE for one in (*roots, *proof))


def _find_split(count: int) -> int:
    """The largest power of two below ``count`` (more than 1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _read_ranges(ranges: Sequence[tuple[int, int]], reader: NodeReader) -> list[bytes]:
    """The root over each range, all nodes read at once."""
    cuts = [cut_range(start, end) for start, end in ranges]
    hashes = iter(reader.read_nodes([node for cut in cuts for node in cut]))
    return [fold_hashes([next(hashes) for _ in cut]) for cut in cuts]
