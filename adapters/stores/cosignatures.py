"""The log's checkpoints for the witness: the newest one with its proof out of the tiles, and where its cosignature is kept."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from adapters.stores.lone_connection import LoneConnection
from adapters.stores.tile_store import StoredTiles
from services.cosigning import Shown
from services.merkle import prove_consistency
from services.ports import Clock
from services.sequencing import TreeBroken
from services.tiles import TileNodes

_HEAD: LiteralString = """
SELECT size, note, EXISTS (SELECT 1 FROM ledger_cosignatures s WHERE s.size = c.size AND s.witness = %s)
FROM ledger_checkpoints c ORDER BY size DESC LIMIT 1
"""
_COSIGNED: LiteralString = "SELECT coalesce(max(size), 0) FROM ledger_cosignatures WHERE witness = %s"
_KEEP: LiteralString = """
INSERT INTO ledger_cosignatures (size, witness, line, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class SqlHeads:
    """``cosigning.Heads`` under the role ``sequencer``, for one witness. Used by one thread."""

    def __init__(self, url: str, clock: Clock, witness: str) -> None:
        self._clock, self._witness = clock, witness
        self._store = LoneConnection(url, "guitai-cosigning", "the ledger refused a cosignature")

    def show_newest(self, old_size: int | None) -> Shown | None:
        """See the port; in one snapshot that is closed when this returns. Raises ``StoreUnavailable``, ``TreeBroken``, ``StoreFault``."""

        def read(connection: psycopg.Connection[Any]) -> Shown | None:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            head = connection.execute(_HEAD, (self._witness,)).fetchone()
            if head is None or head[2]:
                return None
            (known,) = connection.execute(_COSIGNED, (self._witness,)).fetchone() or (0,)
            old = known if old_size is None else old_size
            return Shown(head[0], bytes(head[1]), old, _prove(connection, old, head[0]))

        return self._store.run(read)

    def keep_line(self, size: int, line: str) -> None:
        """See the port. Raises ``StoreUnavailable``, ``StoreFault``."""
        self._store.run(lambda connection: connection.execute(_KEEP, (size, self._witness, line, self._clock.now())))

    def close(self) -> None:
        """Close the connection."""
        self._store.close()


def _prove(connection: psycopg.Connection[Any], old: int, size: int) -> tuple[bytes, ...] | None:
    if old > size:
        return None
    try:
        return tuple(prove_consistency(old, size, TileNodes(StoredTiles(connection), size))) if 0 < old < size else ()
    except LookupError:
        raise TreeBroken(f"tiles of the tree of {size} leaves are missing") from None
