"""The published files of the log, read under the web door's role: the checkpoint with its cosignature and tiles no further than it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, text

from adapters.stores.connection import scoped
from adapters.stores.published_checkpoint import read_published
from adapters.stores.tile_store import StoredTiles
from services.errors import NotFound
from services.log_files import PublishedLog, is_published
from services.tiles import Tile

_MADE_AT = text("SELECT at FROM ledger_checkpoints WHERE size = :size")


class SqlLogFiles:
    """``log_files.LogFiles``. ``witness``: the name of the witness's key; without one the newest checkpoint is published."""

    def __init__(self, engine: Engine, witness: str | None) -> None:
        self._engine, self._witness = engine, witness

    def read_checkpoint(self) -> PublishedLog | None:
        with scoped(self._engine, ()) as connection:
            found = read_published(_driver(connection), self._witness)
            if found is None:
                return None
            at = connection.execute(_MADE_AT, {"size": found.size}).scalar_one()
        return PublishedLog(found.note, found.size, found.root, at)

    def read_tile(self, tile: Tile) -> bytes:
        with scoped(self._engine, ()) as connection:
            published = read_published(_driver(connection), self._witness)
            if published is None or not is_published(tile, published.size):
                raise NotFound
            try:
                (found,) = StoredTiles(_driver(connection)).read_tiles([tile])
            except LookupError:
                raise NotFound from None
        return found


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
