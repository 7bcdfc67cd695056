"""The tree as files that never change: C2SP tlog-tiles, subtrees of height 8 of which only the lowest row is kept.

A full tile is 256 hashes, 8,192 bytes. Tile ``number`` of a level has the complete nodes of tree level 8·level from number·256 on;
a partial tile is the last of its level and has as many as there are (1 to 255). What lies between is computed from the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from services.merkle import HASH_SIZE, MAX_SIZE, Node, Rows, hash_node

HEIGHT = 8
WIDTH = 1 << HEIGHT
LEVELS = 64 // HEIGHT
"""Levels of tiles that a tree of at most ``MAX_SIZE`` leaves needs. The format itself allows paths up to level 63."""
CHECKPOINT_PATH = "checkpoint"
_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_THREE_DIGITS = re.compile(r"[0-9]{3}")


class Tile(NamedTuple):
    """Which tile: ``width`` hashes, 256 if it is full."""

    level: int
    number: int
    width: int = WIDTH


class Bundle(NamedTuple):
    """Which entry bundle: the leaves whose hashes are the tile of level 0 with this number and width."""

    number: int
    width: int = WIDTH


class TileStore(Protocol):
    """Where tiles are kept."""

    def read_tiles(self, tiles: Sequence[Tile]) -> Sequence[bytes]:
        """The bytes of each tile, at least as wide as asked; raises ``LookupError`` for one that is not there."""
        ...


def count_nodes(size: int, level: int) -> int:
    """How many hashes a tree of this size has in all tiles of a level."""
    return size >> (HEIGHT * level)


def list_tiles(size: int) -> list[Tile]:
    """All tiles of a tree of this size, level by level: size/255 of them, more or less."""
    return [tile for level in range(LEVELS) for tile in _list_level(level, 0, count_nodes(size, level))]


def list_changed(old_size: int, new_size: int) -> list[Tile]:
    """The tiles that a tree of the new size has and one of the old size has not, or has narrower."""
    found = []
    for level in range(LEVELS):
        before, now = count_nodes(old_size, level), count_nodes(new_size, level)
        if now > before:
            found += _list_level(level, before // WIDTH, now)
    return found


def fill_tiles(old_size: int, rows: Rows, partial: Mapping[int, bytes]) -> dict[Tile, bytes]:
    """The changed tiles after ``merkle.grow`` made ``rows`` out of a tree of ``old_size`` leaves, in time of the batch.

    ``partial``: by level, the bytes of the tile that was partial before (no entry, or more bytes than belong to it, may be there: a
    tile only ever gets longer). Raises ``ValueError`` if one of them is too short.
    """
    filled: dict[Tile, bytes] = {}
    for level in range(LEVELS):
        row = rows.get(HEIGHT * level, ())
        if not row:
            break
        first, kept = divmod(count_nodes(old_size, level), WIDTH)
        begun = partial.get(level, b"")[: kept * HASH_SIZE]
        if len(begun) != kept * HASH_SIZE:
            raise ValueError(f"the partial tile of level {level} does not have the hashes of its size")
        data = begun + b"".join(row)
        step = WIDTH * HASH_SIZE
        for number, at in enumerate(range(0, len(data), step)):
            part = data[at : at + step]
            filled[Tile(level, first + number, len(part) // HASH_SIZE)] = part
    return filled


def list_partial(size: int) -> list[Tile]:
    """The partial tiles of a tree of this size: what ``fill_tiles`` needs to go on."""
    return [Tile(n, *divmod(count, WIDTH)) for n in range(LEVELS) if (count := count_nodes(size, n)) % WIDTH]


def place_node(node: Node, size: int) -> tuple[Tile, int, int]:
    """Under which tile of a tree of this size a complete node stands: the tile, and from which to which of its hashes.

    Raises ``ValueError`` if the tree has no such node.
    """
    level, index = node
    if level < 0 or index < 0 or (index + 1) << level > size:
        raise ValueError("no such node in a tree of this size")
    tile_level, height = divmod(level, HEIGHT)
    number, start = divmod(index << height, WIDTH)
    width = min(WIDTH, count_nodes(size, tile_level) - number * WIDTH)
    return Tile(tile_level, number, width), start, start + (1 << height)


@dataclass(frozen=True, slots=True)
class TileNodes:
    """Reads nodes of a tree of ``size`` leaves out of tiles (``merkle.NodeReader``): each tile once, all of them in one call."""

    store: TileStore
    size: int

    def read_nodes(self, nodes: Sequence[Node]) -> list[bytes]:
        """The hashes of these complete nodes; raises ``LookupError``, ``ValueError`` as ``place_node``."""
        places = [place_node(node, self.size) for node in nodes]
        wanted = list(dict.fromkeys(tile for tile, _, _ in places))
        found = dict(zip(wanted, self.store.read_tiles(wanted), strict=True))
        for tile, data in found.items():
            if len(data) < tile.width * HASH_SIZE or len(data) % HASH_SIZE or len(data) > WIDTH * HASH_SIZE:
                raise LookupError(f"the tile {name_tile(tile)} does not have its bytes")
        return [hash_row(found[tile], start, end) for tile, start, end in places]


def hash_row(data: bytes, start: int, end: int) -> bytes:
    """The node over the hashes ``start`` up to ``end`` of a tile, whose number is a power of two."""
    row = [data[at : at + HASH_SIZE] for at in range(start * HASH_SIZE, end * HASH_SIZE, HASH_SIZE)]
    while len(row) > 1:
        pairs = iter(row)
        row = [hash_node(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return row[0]


def name_tile(tile: Tile) -> str:
    """The path of a tile below the log's address: ``tile/0/x001/x234/067.p/112``."""
    return f"tile/{tile.level}/{_name_number(tile.number)}{_name_width(tile.width)}"


def name_bundle(bundle: Bundle) -> str:
    """The path of an entry bundle: ``tile/entries/x001/x234/067.p/112``."""
    return f"tile/entries/{_name_number(bundle.number)}{_name_width(bundle.width)}"


def read_path(path: str) -> Tile | Bundle | None:
    """What a path means, or None if it is no path of this format in its one form."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    number = int("".join(_THREE_DIGITS.findall(found["number"])))
    width = int(found["width"] or WIDTH)
    if _name_number(number) != found["number"] or width > WIDTH - bool(found["width"]) or number > MAX_SIZE // WIDTH:
        return None
    return Bundle(number, width) if found["level"] == "entries" else Tile(int(found["level"]), number, width)


def _list_level(level: int, first: int, count: int) -> list[Tile]:
    full, rest = divmod(count, WIDTH)
    found = [Tile(level, number) for number in range(first, full)]
    return [*found, Tile(level, full, rest)] if rest else found


def _name_number(number: int) -> str:
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return "/".join(reversed(parts))


def _name_width(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
