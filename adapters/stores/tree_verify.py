"""Recomputing the tree from its rows: sequence, tiles, checkpoints, and that every record has its one place or waits for it.

Reads in the snapshot of ``exposure_verify``; memory does not grow with the tree. After the first break of the sequence nothing
further is computed on it: whatever follows would be wrong too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, LiteralString

import psycopg

from adapters.ed25519 import verify_ed25519
from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.tile_store import StoredTiles
from services.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from services.merkle import Frontier, grow
from services.signed_note import NoteKey, NoteRefused, read_note
from services.tiles import WIDTH, Tile, fill_tiles, name_tile

MERGE_DELAY = timedelta(seconds=60)
"""So long a record may wait for its place."""
STEP = 1000
_SEQUENCE: LiteralString = """
SELECT s.index, s.agency_id, s.record_id, s.leaf_hash, r.leaf_hash AS own_hash
FROM ledger_sequence s LEFT JOIN exposure_records r USING (agency_id, record_id)
UNION ALL SELECT index, NULL, NULL, leaf_hash, sha256('\\x00'::bytea || leaf) FROM ledger_own_leaves ORDER BY index
"""
_CHECKPOINTS: LiteralString = "SELECT size, root, note FROM ledger_checkpoints ORDER BY size"
_BEYOND: LiteralString = """
SELECT level, number, width FROM ledger_tiles WHERE number * 256 + width > (%s::bigint >> (8 * level)) ORDER BY level, number
"""
_UNPLACED: LiteralString = """
SELECT agency_id, record_id FROM exposure_records r
WHERE NOT EXISTS (SELECT 1 FROM ledger_sequence s WHERE s.agency_id = r.agency_id AND s.record_id = r.record_id)
AND NOT EXISTS (SELECT 1 FROM exposure_pending p WHERE p.agency_id = r.agency_id AND p.record_id = r.record_id)
"""
_TWICE: LiteralString = (
    "SELECT agency_id, record_id FROM ledger_sequence GROUP BY agency_id, record_id HAVING count(*) > 1"
)
_WAITING_WRONGLY: LiteralString = """
SELECT agency_id, record_id FROM exposure_pending p
WHERE NOT EXISTS (SELECT 1 FROM exposure_records r WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id)
"""
_WAITING_PLACED: LiteralString = (
    "SELECT agency_id, record_id FROM exposure_pending JOIN ledger_sequence USING (agency_id, record_id)"
)
_WAITING_LONG: LiteralString = """
SELECT agency_id, record_id FROM exposure_pending JOIN exposure_records USING (agency_id, record_id)
WHERE at < (SELECT ran_at FROM ledger_beats) - %s
"""


def check_tree(connection: psycopg.Connection[Any], log: NoteKey | None) -> Iterator[LedgerFault]:
    """Every fault of the tree, in the order of its indices; then records without their place.

    ``log``: the key of the log; without it the checkpoints are held against the rows, and their signatures are not judged.
    """
    yield from _Tree(connection, log).check()
    for place, what, query, values in (
        ("exposure_records", "the record neither has a place in the sequence nor waits for one", _UNPLACED, ()),
        ("ledger_sequence", "the record has more than one place", _TWICE, ()),
        ("exposure_pending", "the record that waits for a place is missing", _WAITING_WRONGLY, ()),
        ("exposure_pending", "the record waits and has its place", _WAITING_PLACED, ()),
        ("exposure_pending", "the record has waited longer than the merge delay", _WAITING_LONG, (MERGE_DELAY,)),
    ):
        with connection.cursor("places") as cursor:
            cursor.itersize = STEP
            for row in cursor.execute(query, values):
                yield LedgerFault(place, row.agency_id, row.record_id, what)


class _Tree:
    """One walk along the sequence: the tree so far, its partial tiles, and the checkpoint that comes next."""

    def __init__(self, connection: psycopg.Connection[Any], log: NoteKey | None) -> None:
        self._connection, self._log = connection, log
        self._frontier, self._partial, self._hashes = Frontier(), dict[int, bytes](), list[bytes]()
        self._holds = True

    def check(self) -> Iterator[LedgerFault]:
        with self._connection.cursor("sequence") as rows, self._connection.cursor("checkpoints") as heads:
            rows.itersize = heads.itersize = STEP
            rows.execute(_SEQUENCE)
            heads.execute(_CHECKPOINTS)
            head: Any = heads.fetchone()
            last = -1
            for row in rows:
                while head is not None and self._holds and head.size <= self._size:
                    yield from self._check_head(head)
                    last, head = head.size, heads.fetchone()
                yield from self._add(row)
                if len(self._hashes) >= STEP:
                    yield from self._grow()
            while head is not None and self._holds:
                yield from self._check_head(head)
                last, head = head.size, heads.fetchone()
        if self._holds:
            yield from self._finish(last)

    @property
    def _size(self) -> int:
        return self._frontier.size + len(self._hashes)

    def _add(self, row: Any) -> Iterator[LedgerFault]:
        place = "ledger_own_leaves" if row.record_id is None else "ledger_sequence"
        if self._holds and row.index != self._size:
            self._holds = False
            what = f"index {self._size} is missing" if row.index > self._size else f"index {row.index} stands twice"
            yield _fault("ledger_sequence", what)
        if row.own_hash is None:
            yield LedgerFault(place, row.agency_id, row.record_id, f"index {row.index}: the record is missing")
        elif bytes(row.own_hash) != bytes(row.leaf_hash):
            what = f"index {row.index}: the {'leaf' if row.record_id is None else 'record'} has another hash"
            yield LedgerFault(place, row.agency_id, row.record_id, what)
        if self._holds:
            self._hashes.append(bytes(row.leaf_hash))

    def _grow(self) -> Iterator[LedgerFault]:
        """Take the hashes so far into the tree and hold the tiles that became full against the stored ones."""
        size = self._frontier.size
        self._frontier, grown = grow(self._frontier, self._hashes)
        self._hashes = []
        changed = fill_tiles(size, grown, self._partial)
        self._partial |= {tile.level: data for tile, data in changed.items() if tile.width < WIDTH}
        for level in {tile.level for tile in changed} - {tile.level for tile in changed if tile.width < WIDTH}:
            self._partial[level] = b""
        yield from self._compare({tile: data for tile, data in changed.items() if tile.width == WIDTH})

    def _compare(self, tiles: dict[Tile, bytes]) -> Iterator[LedgerFault]:
        store = StoredTiles(self._connection)
        for tile, data in sorted(tiles.items()):
            try:
                holds = store.read_tiles([tile]) == [data]
            except LookupError:
                holds = False
            if not holds:
                yield _fault("ledger_tiles", f"{name_tile(tile)} is missing or is not what the sequence gives")

    def _check_head(self, row: Any) -> Iterator[LedgerFault]:
        yield from self._grow()
        where = f"checkpoint {row.size}"
        if row.size != self._frontier.size:
            self._holds = False
            yield _fault("ledger_checkpoints", f"{where}: the sequence ends at {self._frontier.size}")
        elif bytes(row.root) != self._frontier.root:
            self._holds = False
            yield _fault("ledger_checkpoints", f"{where}: the root is not that of the sequence")
        try:
            said = self._read_note(bytes(row.note))
            if (said.size, said.root) != (row.size, bytes(row.root)):
                yield _fault("ledger_checkpoints", f"{where}: the note says another size or root")
        except NoteRefused:
            yield _fault("ledger_checkpoints", f"{where}: the note is none, or not signed by the log")

    def _read_note(self, note: bytes) -> Checkpoint:
        if self._log is None:
            return read_checkpoint(read_note(note).text)
        return open_checkpoint(note, self._log, verify_ed25519).checkpoint

    def _finish(self, last: int) -> Iterator[LedgerFault]:
        yield from self._grow()
        size = self._frontier.size
        if size > max(last, 0):
            yield _fault("ledger_checkpoints", f"checkpoint {size} is missing: the sequence ends there")
        yield from self._compare(
            {Tile(level, *divmod(size >> (8 * level), WIDTH)): data for level, data in self._partial.items() if data}
        )
        for row in self._connection.execute(_BEYOND, (size,)).fetchall():
            yield _fault("ledger_tiles", f"{name_tile(Tile(*row))} is beyond the sequence")


def _fault(place: str, what: str) -> LedgerFault:
    return LedgerFault(place, None, None, what)
