"""Entries of the verifiable map are set in batches, and its nodes are kept under their hashes and never changed.

So every root that ever was can be proven from as long as its nodes are kept. A batch first reads the paths of its keys, all keys
together and once for each level (``read_paths``), and then only hashes, from the bottom up (``set_entries``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Protocol

from services.merkle import HASH_SIZE
from services.sparse_map import EMPTY_MAP, LEAF_PREFIX, NODE_PREFIX, MapProof, spell_key


class MapNode(NamedTuple):
    """Left and right half of a node; of a leaf its key and its value."""

    left: bytes
    right: bytes
    is_leaf: bool = False

    @property
    def hash(self) -> bytes:
        """Under what it is kept."""
        return sha256((LEAF_PREFIX if self.is_leaf else NODE_PREFIX) + self.left + self.right).digest()


class MapNodes(Protocol):
    """Where nodes are kept."""

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        """The nodes with these hashes; raises ``LookupError`` if one is not there."""
        ...


class _End(NamedTuple):
    """Where paths end and a new subtree begins: place in the row above, which of the sorted keys, and the leaf that is there, if any."""

    place: int
    first: int
    behind: int
    leaf: tuple[bytes, MapNode] | None


@dataclass(slots=True)
class _Level:
    """One depth of the paths: both halves of each node one after the other, empty if it will be another, and the nodes' places in the row above.

    ``simple``: ends at which one key's leaf takes the place of its own, or of nothing, as place and which key; ``ends``: all others.
    """

    row: list[bytes] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    simple: list[tuple[int, int]] = field(default_factory=list)
    ends: list[_End] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MapPaths:
    """What lies on the ways from a root to some keys. It is used up by one ``set_entries``."""

    keys: Sequence[bytes]
    bits: Sequence[str]
    levels: Sequence[_Level]


@dataclass(frozen=True, slots=True)
class MapChange:
    """A map after a batch: its root, and the nodes that are to be kept for it (some may be there already)."""

    root: bytes
    leaves: Sequence[bytes] = ()
    entries: Sequence[tuple[bytes, bytes]] = ()
    rows: Sequence[tuple[Sequence[bytes], Sequence[bytes]]] = ()

    def list_nodes(self) -> Iterator[tuple[bytes, MapNode]]:
        """Each node with its hash."""
        for leaf, (key, value) in zip(self.leaves, self.entries, strict=True):
            yield leaf, MapNode(key, value, True)
        for hashes, row in self.rows:
            yield from zip(hashes, map(MapNode, row[::2], row[1::2]), strict=True)


def update_map(root: bytes, entries: Mapping[bytes, bytes], nodes: MapNodes) -> MapChange:
    """The map with these entries set, by key and value (``sparse_map.hash_value``), 32 bytes each. Order does not matter.

    Reads once for each level of the paths, and hashes one node for each step of each path, shared steps once. Raises ``LookupError`` if a
    node is missing, ``ValueError`` for another length.
    """
    return set_entries(read_paths(root, entries, nodes), entries) if entries else MapChange(root)


def read_paths(root: bytes, keys: Iterable[bytes], nodes: MapNodes) -> MapPaths:
    """All that lies on the ways from a root to these keys: one read for each level."""
    ordered = sorted(set(keys))
    if any(len(key) != HASH_SIZE for key in ordered):
        raise ValueError("a key has 32 bytes")
    bits = [spell_key(key) for key in ordered]
    levels: list[_Level] = []
    here = [(root, 0, 0, len(ordered))] if ordered else []
    while here:
        found = nodes.read_map_nodes([at for at, *_ in here if at != EMPTY_MAP])
        level, here = _step_down(len(levels), here, ordered, bits, found)
        levels.append(level)
    return MapPaths(ordered, bits, levels)


def set_entries(paths: MapPaths, entries: Mapping[bytes, bytes]) -> MapChange:
    """The map with entries set for exactly the keys of these paths: nothing but hashing."""
    if entries.keys() != set(paths.keys) or not {HASH_SIZE}.issuperset(map(len, entries.values())):
        raise ValueError("each key of the paths gets a value of 32 bytes")
    ordered = [(key, entries[key]) for key in paths.keys]
    leaves = [sha256(LEAF_PREFIX + key + value).digest() for key, value in ordered]
    rows: list[tuple[Sequence[bytes], Sequence[bytes]]] = []
    above = [b""]
    for depth in range(len(paths.levels) - 1, -1, -1):
        level = paths.levels[depth]
        above = paths.levels[depth - 1].row if depth else [b""]
        left = iter(level.row)
        hashes = [sha256(NODE_PREFIX + one + other).digest() for one, other in zip(left, left, strict=True)]
        rows.append((hashes, level.row))
        for place, one in zip(level.places, hashes, strict=True):
            above[place] = one
        for place, number in level.simple:
            above[place] = leaves[number]
        for end in level.ends:
            above[end.place] = _plant(end, depth, paths.bits, leaves, rows)
    return MapChange(above[0], leaves, ordered, rows)


def prove_entry(root: bytes, key: bytes, nodes: MapNodes) -> tuple[bytes | None, MapProof]:
    """The value of a key below a root, None if it is not there, and the proof of either. Raises ``LookupError`` for a missing node."""
    bits, at, siblings = spell_key(key), root, list[bytes]()
    while at != EMPTY_MAP:
        node = nodes.read_map_nodes([at])[at]
        if node.is_leaf:
            there = node.left == key
            return (node.right if there else None), MapProof(
                tuple(siblings), None if there else (node.left, node.right)
            )
        at, beside = (node.right, node.left) if bits[len(siblings)] == "1" else (node.left, node.right)
        siblings.append(beside)
    return None, MapProof(tuple(siblings))


def _step_down(
    depth: int,
    here: Sequence[tuple[bytes, int, int, int]],
    keys: Sequence[bytes],
    bits: Sequence[str],
    found: Mapping[bytes, MapNode],
) -> tuple[_Level, list[tuple[bytes, int, int, int]]]:
    """One level of the paths, and the subtrees at which the next one begins, each with its place and its keys."""
    level, below, row = _Level(), list[tuple[bytes, int, int, int]](), 0
    for at, place, first, behind in here:
        node = found[at] if at != EMPTY_MAP else None
        if node is None or node[2]:
            if behind - first == 1 and (node is None or node[0] == keys[first]):
                level.simple.append((place, first))
            else:
                level.ends.append(_End(place, first, behind, (at, node) if node else None))
            continue
        middle = _find_middle(bits, first, behind, depth)
        level.row += (b"" if first < middle else node[0], b"" if middle < behind else node[1])
        level.places.append(place)
        if first < middle:
            below.append((node[0], row, first, middle))
        if middle < behind:
            below.append((node[1], row + 1, middle, behind))
        row += 2
    return level, below


def _find_middle(bits: Sequence[str], first: int, behind: int, depth: int) -> int:
    """Where, among sorted keys with a common beginning, those begin that go right at this depth."""
    if behind - first == 1:
        return first if bits[first][depth] == "1" else behind
    return bisect_left(bits, bits[first][:depth] + "1", first, behind)


def _plant(
    end: _End, depth: int, bits: Sequence[str], leaves: Sequence[bytes],
    rows: list[tuple[Sequence[bytes], Sequence[bytes]]],
) -> bytes:  # fmt: skip
    """The subtree of new entries where there was none, or one leaf only."""
    entries = {bits[one]: leaves[one] for one in range(end.first, end.behind)}
    if end.leaf is not None:
        entries.setdefault(spell_key(end.leaf[1].left), end.leaf[0])
    return _build(depth, sorted(entries), entries, rows)


def _build(
    depth: int, keys: Sequence[str], leaves: Mapping[str, bytes],
    rows: list[tuple[Sequence[bytes], Sequence[bytes]]],
) -> bytes:  # fmt: skip
    """A new subtree of these sorted keys."""
    if len(keys) == 1:
        return leaves[keys[0]]
    middle = bisect_left(keys, keys[0][:depth] + "1")
    left = _build(depth + 1, keys[:middle], leaves, rows) if middle else EMPTY_MAP
    right = _build(depth + 1, keys[middle:], leaves, rows) if middle < len(keys) else EMPTY_MAP
    found = sha256(NODE_PREFIX + left + right).digest()
    rows.append(((found,), (left, right)))
    return found
