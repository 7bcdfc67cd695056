"""Rows of the sequence, of tiles and of checkpoints: what the sequencer reads of them and what it writes, statement by statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from adapters.stores.connection import StoreFault
from services.checkpoint import Checkpoint
from services.sequencing import Step, TreeBroken

_HEAD: LiteralString = "SELECT size, root, note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"
_NEXT: LiteralString = """
SELECT last + 1 + (SELECT count(*) FROM ledger_own_leaves WHERE index > last)
FROM (SELECT coalesce(max(index), -1) AS last FROM ledger_sequence) AS records
"""
_LAST_OWN: LiteralString = "SELECT index, kind, leaf, leaf_hash FROM ledger_own_leaves ORDER BY index DESC LIMIT 1"
_WAITING: LiteralString = """
SELECT r.agency_id, r.record_id, r.leaf_hash, r.leaf
FROM exposure_pending p JOIN exposure_records r USING (agency_id, record_id)
WHERE NOT EXISTS (SELECT 1 FROM ledger_sequence s WHERE s.agency_id = r.agency_id AND s.record_id = r.record_id)
ORDER BY r.record_id, r.agency_id LIMIT %s
"""
_UNLINKED: LiteralString = """
SELECT s.agency_id, s.record_id, s.leaf_hash, r.leaf, s.index
FROM ledger_sequence s LEFT JOIN exposure_records r USING (agency_id, record_id)
WHERE s.index >= %s ORDER BY s.index LIMIT %s
"""
_PLACE: LiteralString = """
INSERT INTO ledger_sequence (index, agency_id, record_id, leaf_hash, sequenced_at)
SELECT %s + place - 1, agency_id, record_id, leaf_hash, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) WITH ORDINALITY AS t(agency_id, record_id, leaf_hash, place)
"""
_PLACE_OWN: LiteralString = """
INSERT INTO ledger_own_leaves (index, kind, leaf, leaf_hash)
SELECT %s + place - 1, kind, leaf, sha256('\\x00'::bytea || leaf)
FROM unnest(%s::text[], %s::bytea[]) WITH ORDINALITY AS t(kind, leaf, place)
"""
_TILES: LiteralString = """
INSERT INTO ledger_tiles (level, number, width, hashes)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::bytea[])
ON CONFLICT (level, number) DO UPDATE SET width = excluded.width, hashes = excluded.hashes
"""
_CHECKPOINT: LiteralString = "INSERT INTO ledger_checkpoints (size, root, note, at) VALUES (%s, %s, %s, %s)"
_DONE: LiteralString = """
DELETE FROM exposure_pending p USING unnest(%s::uuid[], %s::uuid[]) AS t(agency_id, record_id)
WHERE p.agency_id = t.agency_id AND p.record_id = t.record_id
"""
_BEAT: LiteralString = """
INSERT INTO ledger_beats (alone, ran_at, size) VALUES (true, %s, %s)
ON CONFLICT (alone) DO UPDATE SET ran_at = excluded.ran_at, size = excluded.size
"""


class Placed(NamedTuple):
    """A record that has its place or gets it now: its leaf hash, and its leaf as it is stored (None: it is gone)."""

    agency_id: UUID
    record_id: UUID
    leaf_hash: bytes
    leaf: bytes | None


class OwnLeaf(NamedTuple):
    """A leaf of the log itself: its kind (``map`` or ``restore``) and its canonical bytes."""

    kind: str
    data: bytes


class StoredHead(NamedTuple):
    """The newest checkpoint as it is stored."""

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class LastOwn:
    """The last leaf of the log itself, and where it stands."""

    index: int
    kind: str
    leaf: bytes
    leaf_hash: bytes


def read_one(connection: psycopg.Connection[Any], statement: LiteralString, *values: Any) -> tuple[Any, ...]:
    """The row of a statement that always has one."""
    row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
    if row is None:
        raise StoreFault("a statement that always has a row had none")
    return row


def read_head(connection: psycopg.Connection[Any]) -> StoredHead | None:
    """The newest checkpoint; raises ``TreeBroken`` if the sequence does not end where it does."""
    row = connection.execute(_HEAD).fetchone()
    (size,) = read_one(connection, _NEXT)
    if size != (row[0] if row else 0):
        raise TreeBroken(f"the sequence ends at {size} and the newest checkpoint does not")
    return None if row is None else StoredHead(row[0], bytes(row[1]), bytes(row[2]))


def read_last_own(connection: psycopg.Connection[Any]) -> LastOwn | None:
    """The last leaf of the log itself."""
    row = connection.execute(_LAST_OWN).fetchone()
    return None if row is None else LastOwn(row[0], row[1], bytes(row[2]), bytes(row[3]))


def read_waiting(connection: psycopg.Connection[Any], most: int) -> list[Placed]:
    """Records that wait for a place, in the order of their ids."""
    rows = connection.execute(_WAITING, (most,)).fetchall()
    return [Placed(agency, record, bytes(leaf_hash), bytes(leaf)) for agency, record, leaf_hash, leaf in rows]


def read_placed(connection: psycopg.Connection[Any], first: int, end: int) -> list[Placed]:
    """Records with the places from ``first`` up to ``end``; raises ``TreeBroken`` if one place is nobody's."""
    rows = connection.execute(_UNLINKED, (first, end - first)).fetchall()
    if [row[4] for row in rows] != list(range(first, end)):
        raise TreeBroken(f"the sequence has a gap between {first} and {end}")
    return [Placed(row[0], row[1], bytes(row[2]), None if row[3] is None else bytes(row[3])) for row in rows]


def place_records(connection: psycopg.Connection[Any], first: int, at: datetime, records: Sequence[Placed]) -> None:
    """Give these records the places from ``first`` on."""
    columns = [record.agency_id for record in records], [record.record_id for record in records]
    connection.execute(_PLACE, (first, at, *columns, [record.leaf_hash for record in records]))


def place_own(connection: psycopg.Connection[Any], first: int, own: Sequence[OwnLeaf]) -> None:
    """Give these leaves of the log itself the places from ``first`` on."""
    connection.execute(_PLACE_OWN, (first, [leaf.kind for leaf in own], [leaf.data for leaf in own]))


def write_tiles(connection: psycopg.Connection[Any], step: Step) -> None:
    """The changed tiles."""
    tiles = [(tile.level, tile.number, tile.width, data) for tile, data in step.tiles.items()]
    connection.execute(_TILES, [list(column) for column in zip(*tiles, strict=True)])


def write_checkpoint(connection: psycopg.Connection[Any], checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
    """A checkpoint."""
    connection.execute(_CHECKPOINT, (checkpoint.size, checkpoint.root, note, at))


def end_waiting(connection: psycopg.Connection[Any], records: Sequence[Placed]) -> None:
    """These records wait no more."""
    connection.execute(_DONE, ([record.agency_id for record in records], [record.record_id for record in records]))


def write_beat(connection: psycopg.Connection[Any], now: datetime, size: int) -> None:
    """The sequencer looked, and so large is the tree."""
    connection.execute(_BEAT, (now, size))
