"""Chains and map as they are stored: ends of chains and nodes are read for a whole batch at once, links and nodes are written at once.

Nodes are kept under their hashes and read back against them. A node that a batch replaces is marked with the index of the batch's map leaf,
and deleted when no checkpoint that is shown to anybody needs it (``prune_map``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from adapters.stores.place_store import Placed
from services.chains import ChainHead, PlacedLink, hash_link
from services.leaves import read_leaf
from services.map_updates import MapNode
from services.membership import list_chains
from services.merkle import hash_leaf
from services.model import JsonValue
from services.sequencing import TreeBroken
from services.sparse_map import EMPTY_MAP

KEPT = timedelta(hours=1)
"""So long every map can be proven from; longer, only what the newest published checkpoint needs."""
_HEADS: LiteralString = """
SELECT c.name, l.number, l.previous, s.leaf_hash FROM unnest(%b::bytea[]) AS c(name)
CROSS JOIN LATERAL (SELECT number, previous, index FROM ledger_links WHERE chain = c.name ORDER BY number DESC LIMIT 1) l
LEFT JOIN ledger_sequence s USING (index)
"""
_NODES: LiteralString = (
    "SELECT hash, left_half, right_half, is_leaf FROM ledger_map_nodes WHERE hash = ANY(%b::bytea[])"
)
_SPOKEN_OF: LiteralString = """
SELECT agency_id, record_id, leaf, leaf_hash FROM exposure_records
WHERE agency_id = ANY(%b::uuid[]) AND record_id = ANY(%b::uuid[])
"""
"""By lists and not joined: the planner leaves out the months of no id, and never reads a whole one."""
_LINK: LiteralString = """
INSERT INTO ledger_links (chain, number, index, previous)
SELECT * FROM unnest(%b::bytea[], %b::bigint[], %b::bigint[], %b::bytea[])
"""
_KEEP: LiteralString = """
INSERT INTO ledger_map_nodes (hash, left_half, right_half, is_leaf)
SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::boolean[])
"""
_REPLACE: LiteralString = "UPDATE ledger_map_nodes SET replaced_at = %b WHERE hash = ANY(%b::bytea[])"
_DROP: LiteralString = "DELETE FROM ledger_map_nodes WHERE hash = ANY(%b::bytea[])"
_READ_LINKED: LiteralString = "SELECT size, root FROM ledger_linked"
_WRITE_LINKED: LiteralString = """
INSERT INTO ledger_linked (alone, size, root) VALUES (true, %s, %s)
ON CONFLICT (alone) DO UPDATE SET size = excluded.size, root = excluded.root
"""
_PRUNE: LiteralString = """
DELETE FROM ledger_map_nodes WHERE hash IN (SELECT hash FROM ledger_map_nodes WHERE replaced_at <= (
    SELECT max(size) - 1 FROM ledger_checkpoints
    WHERE at < %s AND size <= (SELECT coalesce(max(size), 9223372036854775807) FROM ledger_cosignatures)
) ORDER BY replaced_at LIMIT %s)
"""


@dataclass(frozen=True, slots=True)
class MapState:
    """How many leaves are linked, and the root of the map over them."""

    size: int = 0
    root: bytes = EMPTY_MAP


@dataclass(frozen=True, slots=True)
class StoredMap:
    """``map_updates.MapNodes`` in the transaction of a connection. A node that is not what its hash says is as good as missing."""

    connection: psycopg.Connection[Any]

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        """See the protocol: one statement for all of them."""
        if not hashes:
            return {}
        rows = self.connection.execute(_NODES, [list(hashes)], binary=True).fetchall()
        found = {one: MapNode(left, right, is_leaf) for one, left, right, is_leaf in rows}
        if not found.keys() >= set(hashes) or any(one != node.hash for one, node in found.items()):
            raise LookupError("a node of the map is missing or is another")
        return found


def find_chains(connection: psycopg.Connection[Any], records: Sequence[Placed]) -> list[list[bytes]]:
    """The chains of each record (``membership.list_chains``); those of outcomes need one read for all of them.

    A leaf that is not what its hash says, or cannot be read, is in no chain: ``exposure verify`` names it.
    """
    leaves = [_read(record.leaf, record.leaf_hash) for record in records]
    of = [_name_spoken_of(leaf) for leaf in leaves]
    asked = [(record.agency_id, one) for record, one in zip(records, of, strict=True) if one is not None]
    found: dict[tuple[UUID, UUID], Mapping[str, JsonValue]] = {}
    if asked:
        wanted = [list({agency for agency, _ in asked}), [one for _, one in asked]]
        rows = connection.execute(_SPOKEN_OF, wanted, binary=True)
        found = {(agency, one): _read(leaf, leaf_hash) for agency, one, leaf, leaf_hash in rows}
    return [
        list_chains(leaf, found.get((record.agency_id, one)) if one is not None else None)
        for record, leaf, one in zip(records, leaves, of, strict=True)
    ]


def read_heads(connection: psycopg.Connection[Any], names: Iterable[bytes]) -> dict[bytes, ChainHead]:
    """How these chains end: the hash of the last link of each, in one statement; no entry for one without links.

    Raises ``TreeBroken`` if the record of a last link has no place.
    """
    rows = connection.execute(_HEADS, [list(names)], binary=True).fetchall()
    for name, number, _, leaf_hash in rows:
        if leaf_hash is None:
            raise TreeBroken(f"link {number} of the chain {name.hex()} is of a record without a place")
    return {name: ChainHead(number, hash_link(name, number, before, leaf)) for name, number, before, leaf in rows}


def write_links(connection: psycopg.Connection[Any], first: int, links: Sequence[PlacedLink]) -> None:
    """Links of a batch whose first leaf has the index ``first``."""
    rows = [(chain, number, first + place, previous) for place, chain, number, previous in links]
    if rows:
        connection.execute(_LINK, [list(column) for column in zip(*rows, strict=True)])


def write_nodes(connection: psycopg.Connection[Any], nodes: Iterable[tuple[bytes, MapNode]]) -> None:
    """New nodes of the map. None is there already: every value of a chain, and so every node above it, is there once."""
    rows = [(one, *node) for one, node in nodes]
    if rows:
        connection.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)])


def mark_replaced(connection: psycopg.Connection[Any], hashes: Sequence[bytes], map_leaf: int | None) -> None:
    """From the map leaf at this index on the nodes are in no map; None: they were in no map leaf at all and go at once."""
    if hashes and map_leaf is not None:
        connection.execute(_REPLACE, [map_leaf, list(hashes)])
    elif hashes:
        connection.execute(_DROP, [list(hashes)])


def read_linked(connection: psycopg.Connection[Any]) -> MapState:
    """How far chains and map reach."""
    row = connection.execute(_READ_LINKED).fetchone()
    return MapState() if row is None else MapState(row[0], bytes(row[1]))


def write_linked(connection: psycopg.Connection[Any], state: MapState) -> None:
    """Chains and map reach so far now."""
    connection.execute(_WRITE_LINKED, [state.size, state.root])


def prune_map(connection: psycopg.Connection[Any], now: datetime, most: int) -> int:
    """Delete nodes that are in no map since a checkpoint older than ``KEPT`` and not newer than the newest that a witness cosigned.

    So whatever is published can be proven from. At most so many; returns how many it were.
    """
    return connection.execute(_PRUNE, [now - KEPT, most]).rowcount


def _read(leaf: bytes | None, leaf_hash: bytes) -> dict[str, JsonValue]:
    """A stored leaf as an object; an empty one if it is not what its hash says."""
    return read_leaf(leaf) if leaf is not None and hash_leaf(leaf) == leaf_hash else {}


def _name_spoken_of(leaf: Mapping[str, JsonValue]) -> UUID | None:
    """The record of which an outcome speaks, if it is written in its one form."""
    try:
        found = UUID(leaf["of"]) if leaf.get("kind") == "outcome" else None
    except (KeyError, ValueError, AttributeError, TypeError):
        return None
    return found if str(found) == leaf.get("of") else None
