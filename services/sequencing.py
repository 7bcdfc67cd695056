"""Giving records their places: the pure step between one checkpoint and the next, in tree, chains and map.

What is stored before is held against itself first: whoever changed a tile, a checkpoint, a link or a node of the map does not get it built
upon and signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.chains import EMPTY, ChainHead, PlacedLink, link_leaves
from services.checkpoint import Checkpoint, sign_checkpoint
from services.map_updates import MapChange, MapNode, MapNodes, read_paths, set_entries
from services.merkle import check_inclusion, grow, prove_inclusion, read_frontier
from services.signed_note import NoteSigner
from services.sparse_map import hash_value, hash_values
from services.tiles import Tile, TileNodes, TileStore, fill_tiles, list_partial


class TreeBroken(Exception):
    """What is stored of the tree does not agree with itself; nothing is built upon it. Names the place, holds no value."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch adds: the changed tiles, and the checkpoint with its signed note."""

    tiles: Mapping[Tile, bytes]
    checkpoint: Checkpoint
    note: bytes


@dataclass(frozen=True, slots=True)
class Linked:
    """What one batch adds to chains and map, and which nodes of the map before are in the new one no more."""

    links: Sequence[PlacedLink]
    change: MapChange
    replaced: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class _Recorder:
    """Passes reads of the map on and keeps what was read."""

    nodes: MapNodes
    found: dict[bytes, MapNode] = field(default_factory=dict)

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        """See ``MapNodes``."""
        read = self.nodes.read_map_nodes(hashes)
        self.found.update(read)
        return read


def take_step(before: Checkpoint, leaf_hashes: Sequence[bytes], store: TileStore, signer: NoteSigner) -> Step:
    """The step from a checkpoint over these leaf hashes (32 bytes each). Memory depends on the batch and the height of the tree.

    Raises ``TreeBroken`` if the tiles do not give the root of the checkpoint or are not there.
    """
    try:
        frontier = read_frontier(before.size, TileNodes(store, before.size))
        partial = list_partial(before.size)
        begun = dict(zip((tile.level for tile in partial), store.read_tiles(partial), strict=True))
    except LookupError:
        raise TreeBroken(f"tiles of the tree of {before.size} leaves are missing") from None
    if frontier.root != before.root:
        raise TreeBroken(f"the tiles do not give the root of the checkpoint at {before.size}")
    after, rows = grow(frontier, leaf_hashes)
    checkpoint = Checkpoint(before.origin, after.size, after.root)
    return Step(fill_tiles(before.size, rows, begun), checkpoint, sign_checkpoint(checkpoint, signer))


def require_leaf(before: Checkpoint, index: int, leaf_hash: bytes, store: TileStore) -> None:
    """Raises ``TreeBroken`` unless the tree under this checkpoint has this leaf at this index."""
    try:
        proof = prove_inclusion(index, before.size, TileNodes(store, before.size))
    except LookupError:
        raise TreeBroken(f"tiles of the tree of {before.size} leaves are missing") from None
    if not check_inclusion(index, before.size, leaf_hash, proof, before.root):
        raise TreeBroken(f"the leaf at index {index} is not that of the tree")


def link_batch(
    leaf_hashes: Sequence[bytes], chains: Sequence[Sequence[bytes]], heads: Mapping[bytes, ChainHead], root: bytes,
    nodes: MapNodes,
) -> Linked:  # fmt: skip
    """The links of these leaves, and the map over them. ``chains``: of each leaf, each name once; ``heads``: how these end before.

    Raises ``TreeBroken`` if a node of the map with this root is missing, or a chain does not end as the map says.
    """
    touched = {name for names in chains for name in names}
    if not touched:
        return Linked((), MapChange(root), ())
    recorder = _Recorder(nodes)
    try:
        paths = read_paths(root, touched, recorder)
    except LookupError:
        raise TreeBroken(f"nodes of the map {root.hex()} are missing") from None
    _require_ends(touched, heads, recorder.found.values())
    links, ends = link_leaves(leaf_hashes, chains, heads)
    replaced = [one for one, node in recorder.found.items() if not node.is_leaf or node.left in touched]
    return Linked(links, set_entries(paths, hash_values(ends)), replaced)


def _require_ends(touched: set[bytes], heads: Mapping[bytes, ChainHead], nodes: Iterable[MapNode]) -> None:
    """Each chain's last link is the one to which the map commits; one that is not in the map has none."""
    stored = {node.left: node.right for node in nodes if node.is_leaf}
    for name in touched:
        head = heads.get(name, EMPTY)
        if stored.get(name) != (hash_value(head) if head.length else None):
            raise TreeBroken(f"the links of the chain {name.hex()} do not end as the map says")
