"""What a replay of the ledger reads of the store: pages in the order of indices, with the links and checkpoints that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from services.leaves import read_leaf
from services.merkle import hash_leaf
from services.model import JsonValue
from services.tiles import Tile

STEP = 1000
"""Leaves of a page; after so many the progress is told."""
_PLACES: LiteralString = (
    "SELECT index, agency_id, record_id, leaf_hash FROM ledger_sequence WHERE index >= %s ORDER BY index LIMIT %s"
)
_RECORDS: LiteralString = "SELECT * FROM exposure_records WHERE agency_id = %s AND record_id = ANY(%s)"
_OWN: LiteralString = (
    "SELECT index, kind, leaf, leaf_hash FROM ledger_own_leaves WHERE index >= %s ORDER BY index LIMIT %s"
)
_LINKS: LiteralString = "SELECT index, chain, number, previous FROM ledger_links WHERE index BETWEEN %s AND %s"
_CHECKPOINTS: LiteralString = """
SELECT size, root, note, ARRAY(SELECT witness FROM ledger_cosignatures s WHERE s.size = c.size ORDER BY witness) AS witnesses,
ARRAY(SELECT line FROM ledger_cosignatures s WHERE s.size = c.size ORDER BY witness) AS lines
FROM ledger_checkpoints c WHERE size > %s AND size <= %s ORDER BY size
"""
_BEYOND: LiteralString = "SELECT chain, number, index FROM ledger_links WHERE index >= %s ORDER BY index LIMIT %s"
_TILES: LiteralString = """
SELECT level, number, width FROM ledger_tiles WHERE number * 256 + width > (%s::bigint >> (8 * level))
ORDER BY level, number LIMIT %s
"""
_END: LiteralString = """
SELECT greatest((SELECT max(index) FROM ledger_sequence), (SELECT max(index) FROM ledger_own_leaves), -1) + 1 AS size
"""


@dataclass(slots=True)
class PlacedLeaf:
    """A leaf at its index. ``kind``: of the log's own leaves; of a record it is None. ``row``: the record, if it is there.

    ``is_whole``: whether the stored bytes are those that have this place; ``body``: what they say then.
    """

    index: int
    leaf_hash: bytes
    kind: str | None
    leaf: bytes | None
    agency_id: Any = None
    record_id: Any = None
    row: Any = None
    is_whole: bool = field(init=False)
    body: Mapping[str, JsonValue] = field(init=False)

    def __post_init__(self) -> None:
        own_hash = self.leaf_hash if self.row is None else bytes(self.row.leaf_hash)
        self.is_whole = self.leaf is not None and hash_leaf(self.leaf) == self.leaf_hash == own_hash
        self.body = read_leaf(self.leaf) if self.leaf is not None and self.is_whole else {}

    @property
    def table(self) -> str:
        """Where its place is stored."""
        return "ledger_sequence" if self.kind is None else "ledger_own_leaves"


class TreePages:
    """Reads in the snapshot of a connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def count_leaves(self) -> int:
        """One more than the last index."""
        row = self._connection.execute(_END).fetchone()
        return int(row.size) if row is not None else 0

    def read_leaves(self, first: int) -> list[PlacedLeaf]:
        """Some leaves from this index on, in order; all that stand at the last index of them."""
        own = [
            PlacedLeaf(row.index, bytes(row.leaf_hash), row.kind, bytes(row.leaf))
            for row in self._connection.execute(_OWN, (first, STEP)).fetchall()
        ]
        places = self._connection.execute(_PLACES, (first, STEP)).fetchall()
        records = self._read_records(places)
        found = own + [
            PlacedLeaf(
                place.index, bytes(place.leaf_hash), None, None if row is None else bytes(row.leaf), place.agency_id,
                place.record_id, row,
            )
            for place in places for row in [records.get((place.agency_id, place.record_id))]
        ]  # fmt: skip
        found.sort(key=lambda leaf: leaf.index)
        last = found[:STEP][-1].index if found else 0
        return [leaf for leaf in found if leaf.index <= last]

    def _read_records(self, places: Sequence[Any]) -> dict[tuple[UUID, UUID], Any]:
        """The records that have these places. By their ids, and not joined: a plan must never read the whole table for a page."""
        ids: dict[UUID, list[UUID]] = {}
        for place in places:
            ids.setdefault(place.agency_id, []).append(place.record_id)
        return {
            (agency, row.record_id): row
            for agency, some in ids.items()
            for row in self._connection.execute(_RECORDS, (agency, some)).fetchall()
        }

    def read_links(self, first: int, last: int) -> dict[tuple[int, bytes], tuple[int, bytes]]:
        """Number and link before of each stored link, by index and chain."""
        rows = self._connection.execute(_LINKS, (first, last)).fetchall()
        return {(row.index, bytes(row.chain)): (row.number, bytes(row.previous)) for row in rows}

    def read_checkpoints(self, above: int, size: int) -> Sequence[Any]:
        """The checkpoints above one size and up to another, with their cosignatures."""
        return self._connection.execute(_CHECKPOINTS, (above, size)).fetchall()

    def read_links_beyond(self, size: int) -> Sequence[Any]:
        """Some links that are said to be of leaves beyond the tree."""
        return self._connection.execute(_BEYOND, (size, STEP)).fetchall()

    def read_tiles_beyond(self, size: int) -> list[Tile]:
        """Some tiles that a tree of this size does not have."""
        return [Tile(*row) for row in self._connection.execute(_TILES, (size, STEP)).fetchall()]
