"""The tree as it is stored: its tiles and its newest checkpoint, read by whoever may (nothing of it is personal)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from services.merkle import HASH_SIZE
from services.tiles import Tile

_READ: LiteralString = """
SELECT t.level, t.number, t.hashes FROM ledger_tiles t
JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted(level, number) USING (level, number)
"""


@dataclass(frozen=True, slots=True)
class StoredTiles:
    """``tiles.TileStore`` in the transaction of a connection."""

    connection: psycopg.Connection[Any]

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """See the protocol: one statement for all of them; a tile that has grown since is cut to the width that was asked."""
        if not tiles:
            return []
        wanted = ([tile.level for tile in tiles], [tile.number for tile in tiles])
        found = {(row[0], row[1]): bytes(row[2]) for row in self.connection.execute(_READ, wanted).fetchall()}
        cut = [found.get((tile.level, tile.number), b"")[: tile.width * HASH_SIZE] for tile in tiles]
        if any(len(data) != tile.width * HASH_SIZE for tile, data in zip(tiles, cut, strict=True)):
            raise LookupError("a tile is missing or too short")
        return cut
