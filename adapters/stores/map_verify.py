"""The newest map as it is stored, held against the one that a replay made: every node is there, under its hash, and not given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg

from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.replay_state import ReplayState
from adapters.stores.tree_pages import STEP
from services.map_updates import MapNode
from services.merkle import HASH_SIZE
from services.sparse_map import EMPTY_MAP

_NODES: LiteralString = "SELECT hash, left_half, right_half, is_leaf, replaced_at FROM ledger_map_nodes ORDER BY hash"
_NO_MAP: LiteralString = """
SELECT hash, replaced_at FROM ledger_map_nodes n WHERE replaced_at IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM ledger_own_leaves o WHERE o.index = n.replaced_at AND o.kind = 'map')
"""
_LINKED: LiteralString = "SELECT size, root FROM ledger_linked"
_BEHIND = b"\xff" * (HASH_SIZE + 1)


def read_linked(connection: psycopg.Connection[Any]) -> tuple[int, bytes]:
    """How far chains and map are said to reach, and the root of the map."""
    row = connection.execute(_LINKED).fetchone()
    return (0, EMPTY_MAP) if row is None else (row.size, bytes(row.root))


def check_map(connection: psycopg.Connection[Any], state: ReplayState) -> Iterator[LedgerFault]:
    """The faults of nodes and of what is said of them, by hash; nothing if tree or map are broken already."""
    at, (size, root) = state.position, read_linked(connection)
    if not at.tree_holds or not at.map_holds:
        return
    if size > at.size or (size < at.size and at.map_leaf is not None):
        yield LedgerFault("ledger_linked", None, None, f"chains are said to reach to {size}, and the tree to {at.size}")
        return
    if root != at.map_root:
        yield LedgerFault("ledger_linked", None, None, "the root is not that of the map over the chains")
    yield from _compare(connection, state)
    with connection.cursor("no_map") as rows:
        rows.itersize = STEP
        for row in rows.execute(_NO_MAP):
            yield _fault(bytes(row.hash), f"it is said to be replaced at index {row.replaced_at}, where no map is")


def _compare(connection: psycopg.Connection[Any], state: ReplayState) -> Iterator[LedgerFault]:
    """Both sides in the order of their hashes, side by side."""
    wanted = iter(state.list_nodes())
    needed = next(wanted, _BEHIND)
    with connection.cursor("nodes") as rows:
        rows.itersize = STEP
        for row in rows.execute(_NODES):
            one = bytes(row.hash)
            while needed < one:
                yield _fault(needed, "the node is missing")
                needed = next(wanted, _BEHIND)
            if MapNode(bytes(row.left_half), bytes(row.right_half), row.is_leaf).hash != one:
                yield _fault(one, "the node is not what its hash says")
            if needed == one:
                needed = next(wanted, _BEHIND)
                if row.replaced_at is not None:
                    yield _fault(one, f"the node of the newest map is said to be replaced at index {row.replaced_at}")
            elif row.replaced_at is None:
                yield _fault(one, "the node is in no map, and not said to be replaced")
    while needed != _BEHIND:
        yield _fault(needed, "the node is missing")
        needed = next(wanted, _BEHIND)


def _fault(node: bytes, what: str) -> LedgerFault:
    return LedgerFault("ledger_map_nodes", None, None, f"node {node.hex()}: {what}")
