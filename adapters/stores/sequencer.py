"""The sequencer's hand on the store: waiting records get their places, in one transaction with tiles, checkpoint and sign of life.

Two sequencers at once: the second does not get the lock and does nothing; were there no lock, the primary key of the sequence would
refuse one of them whole. SIGKILL anywhere leaves what the last commit left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from adapters.stores.connection import SERVER_OPTIONS, PatientConnection, StoreFault, without_values
from adapters.stores.tile_store import StoredTiles
from services.checkpoint import Checkpoint, sign_checkpoint
from services.errors import StoreUnavailable
from services.merkle import EMPTY_ROOT
from services.ports import Clock
from services.sequencing import Step, TreeBroken, take_step
from services.signed_note import NoteSigner

BATCH = 1000
"""Records that get their places in one transaction."""
LOCK = 0x677473
_ALONE: LiteralString = "SELECT pg_try_advisory_xact_lock(%s)"
_SCOPE: LiteralString = (
    "SELECT set_config('guitai.agencies', coalesce((SELECT string_agg(agency_id::text, ',') FROM agencies), ''), true)"
)
_HEAD: LiteralString = "SELECT size, root FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"
_NEXT: LiteralString = "SELECT coalesce(max(index) + 1, 0) FROM ledger_sequence"
_WAITING: LiteralString = """
SELECT r.agency_id, r.record_id, r.leaf_hash FROM exposure_pending p JOIN exposure_records r USING (agency_id, record_id)
WHERE NOT EXISTS (SELECT 1 FROM ledger_sequence s WHERE s.agency_id = r.agency_id AND s.record_id = r.record_id)
ORDER BY r.record_id, r.agency_id LIMIT %s
"""
_PLACE: LiteralString = """
INSERT INTO ledger_sequence (index, agency_id, record_id, leaf_hash, sequenced_at)
SELECT %s + place - 1, agency_id, record_id, leaf_hash, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) WITH ORDINALITY AS t(agency_id, record_id, leaf_hash, place)
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
Waiting = tuple[UUID, UUID, bytes]


def _go_on(_where: str) -> None:
    """Between two writes nothing happens; a test stands still here."""


class SqlSequencer:
    """Gives places under the role ``sequencer``. One connection, made anew after a failure; used by one thread."""

    def __init__(
        self, url: str, clock: Clock, signer: NoteSigner, batch: int = BATCH, between: Callable[[str], None] = _go_on
    ) -> None:
        """``between`` is told after each write which one it was: sequence, tiles, checkpoint, pending, beat."""
        self._url, self._clock, self._signer, self._batch, self._between = url, clock, signer, batch, between
        self._connection: psycopg.Connection[Any] | None = None

    def run(self) -> int | None:
        """Place all that waits, batch by batch; how many, or None if another sequencer is at it.

        Raises ``StoreUnavailable``, ``TreeBroken`` if what is stored does not agree with itself, ``StoreFault`` for a missing right.
        """
        placed = 0
        while True:
            count = self._try_batch()
            if count is None:
                return None
            placed += count
            if count < self._batch:
                return placed

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _try_batch(self) -> int | None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = PatientConnection.connect(
                    self._url, autocommit=True, connect_timeout=2, options=SERVER_OPTIONS,
                    application_name="guitai-sequencer",
                )  # fmt: skip
            with self._connection.transaction():
                return self._place_batch(self._connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise StoreUnavailable("the ledger does not answer") from without_values(error)
        except psycopg.errors.UniqueViolation:
            return None
        except psycopg.Error as error:
            raise StoreFault("the ledger refused a place") from without_values(error)

    def _place_batch(self, connection: psycopg.Connection[Any]) -> int | None:
        if not _read_one(connection, _ALONE, LOCK)[0]:
            return None
        connection.execute(_SCOPE)
        before = self._read_head(connection)
        waiting = connection.execute(_WAITING, (self._batch,)).fetchall()
        if waiting:
            step = take_step(before, [bytes(row[2]) for row in waiting], StoredTiles(connection), self._signer)
            self._write(connection, before.size, waiting, step)
        connection.execute(_BEAT, (self._clock.now(), before.size + len(waiting)))
        self._between("beat")
        return len(waiting)

    def _read_head(self, connection: psycopg.Connection[Any]) -> Checkpoint:
        """The newest checkpoint; the empty tree gets its own first."""
        origin, at = self._signer.key.name, self._clock.now()
        row = connection.execute(_HEAD).fetchone()
        (size,) = _read_one(connection, _NEXT)
        if size != (row[0] if row else 0):
            raise TreeBroken(f"the sequence ends at {size} and the newest checkpoint does not")
        if row is not None:
            return Checkpoint(origin, row[0], bytes(row[1]))
        empty = Checkpoint(origin, 0, EMPTY_ROOT)
        connection.execute(_CHECKPOINT, (0, EMPTY_ROOT, sign_checkpoint(empty, self._signer), at))
        return empty

    def _write(self, connection: psycopg.Connection[Any], first: int, waiting: Sequence[Waiting], step: Step) -> None:
        at = self._clock.now()
        agencies, records, hashes = (list(column) for column in zip(*waiting, strict=True))
        connection.execute(_PLACE, (first, at, agencies, records, hashes))
        self._between("sequence")
        tiles = [(tile.level, tile.number, tile.width, data) for tile, data in step.tiles.items()]
        connection.execute(_TILES, [list(column) for column in zip(*tiles, strict=True)])
        self._between("tiles")
        connection.execute(_CHECKPOINT, (step.checkpoint.size, step.checkpoint.root, step.note, at))
        self._between("checkpoint")
        connection.execute(_DONE, (agencies, records))
        self._between("pending")


def _read_one(connection: psycopg.Connection[Any], statement: LiteralString, *values: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
    if row is None:
        raise StoreFault("a statement that always has a row had none")
    return row
