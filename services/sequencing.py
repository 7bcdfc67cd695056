"""Giving records their places in the tree: the pure step between one checkpoint and the next.

What is stored before is held against itself first: whoever changed a tile or a checkpoint does not get it built upon and signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.checkpoint import Checkpoint, sign_checkpoint
from services.merkle import grow, read_frontier
from services.signed_note import NoteSigner
from services.tiles import Tile, TileNodes, TileStore, fill_tiles, list_partial


class TreeBroken(Exception):
    """What is stored of the tree does not agree with itself; nothing is built upon it. Names the place, holds no value."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch adds: the changed tiles, and the checkpoint with its signed note."""

    tiles: Mapping[Tile, bytes]
    checkpoint: Checkpoint
    note: bytes


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
