"""What everybody may have of the log: its published checkpoint and the tiles of hashes below it (C2SP tlog-tiles), and nothing else.

Hashes alone: the leaves (entry bundles) go to witness and auditor, and to a citizen her own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.errors import NotFound
from services.tiles import LEVELS, WIDTH, Tile, count_nodes, read_path


@dataclass(frozen=True, slots=True)
class PublishedLog:
    """The signed note of the published checkpoint with its cosignature, what it says, and when the log made it."""

    note: bytes
    size: int
    root: bytes
    at: datetime


class LogFiles(Protocol):
    """Where the published files are."""

    def read_checkpoint(self) -> PublishedLog | None:
        """The checkpoint that is published, or None before there is one. Raises ``StoreUnavailable``."""
        ...

    def read_tile(self, tile: Tile) -> bytes:
        """The hashes of a tile below the published checkpoint. Raises ``NotFound``, ``StoreUnavailable``."""
        ...


class NothingPublished:
    """``LogFiles`` of a door that publishes no log."""

    def read_checkpoint(self) -> PublishedLog | None:
        return None

    def read_tile(self, tile: Tile) -> bytes:
        del tile
        raise NotFound


def find_tile(path: str) -> Tile:
    """The tile that a path below the log's address means; raises ``NotFound`` for any other path, an entry bundle too."""
    found = read_path(path)
    if not isinstance(found, Tile) or found.level >= LEVELS:
        raise NotFound
    return found


def is_published(tile: Tile, size: int) -> bool:
    """Whether all hashes of a tile are of a tree of this size."""
    return tile.number * WIDTH + tile.width <= count_nodes(size, tile.level)
