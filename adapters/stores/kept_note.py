"""Whether a checkpoint that somebody kept is one of this store's tree: what finds a ledger that was set back or made anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg

from adapters.ed25519 import verify_ed25519
from adapters.stores.restores import PlacedRestore, list_restores
from adapters.stores.tile_store import StoredTiles
from services.checkpoint import OpenedCheckpoint
from services.merkle import check_inclusion, hash_leaf, prove_inclusion, read_frontier
from services.restores import open_restore
from services.signed_note import NoteKey, NoteRefused
from services.tiles import TileNodes

_HEAD: LiteralString = "SELECT size, root FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"


def find_note_fault(connection: psycopg.Connection[Any], kept: OpenedCheckpoint) -> str | None:
    """What contradicts the kept checkpoint, whose signatures are verified; None if the stored tree begins with its tree."""
    row = connection.execute(_HEAD).fetchone()
    size, root = (row[0], bytes(row[1])) if row else (0, b"")
    said = kept.checkpoint
    if said.size > size:
        return f"the kept checkpoint has {said.size} leaves, and the stored tree ends at {size}"
    try:
        nodes = TileNodes(StoredTiles(connection), size)
        if read_frontier(size, nodes).root != root:
            return f"the tiles do not give the root of the checkpoint at {size}"
        if read_frontier(said.size, nodes).root != said.root:
            return f"the stored tree had another root at {said.size} leaves than the kept checkpoint"
    except LookupError:
        return f"tiles of the tree of {size} leaves are missing"
    return None


def find_explanation(
    connection: psycopg.Connection[Any], kept: OpenedCheckpoint, witnesses: Sequence[NoteKey]
) -> PlacedRestore | None:
    """The declared restore that gave the kept tree up: cosigned by one of these witnesses, which cosigned the kept note too, and in the tree."""
    row = connection.execute(_HEAD).fetchone()
    for one in list_restores(connection):
        try:
            opened = open_restore(one.statement, witnesses, verify_ed25519)
        except NoteRefused:
            continue
        times = [kept.witnessed[key] for key in opened.witnessed if key in kept.witnessed]
        same = opened.restore.origin == kept.checkpoint.origin
        given_up = same and any(opened.restore.explains_size(kept.checkpoint.size, at) for at in times)
        if row is not None and given_up and _stands(connection, one, row[0], bytes(row[1])):
            return one
    return None


def _stands(connection: psycopg.Connection[Any], one: PlacedRestore, size: int, root: bytes) -> bool:
    if one.index >= size:
        return False
    try:
        proof = prove_inclusion(one.index, size, TileNodes(StoredTiles(connection), size))
    except LookupError:
        return False
    return check_inclusion(one.index, size, hash_leaf(one.leaf), proof, root)
