"""What a check of the ledger knows so far, in an SQLite file: memory does not grow, and a check that was killed goes on where it was.

A page's results are one transaction: position, tree, ends of chains, nodes of the map, faults. Nothing personal stands in it: chains stand under
their names, which are hashes of random ids. A check that ended leaves only what it was about: the next one begins anew, and finds a store
that was put back, or forked, below what was seen.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.stores.ledger_checks import LedgerFault
from services.chains import ChainHead
from services.errors import ConfigurationFault
from services.map_updates import MapNode
from services.merkle import Frontier
from services.sparse_map import EMPTY_MAP

_APPLICATION = 0x67745653
_VERSION = 1
_ASKED = 500
"""Values that one question to SQLite names."""
_TABLES = """
CREATE TABLE IF NOT EXISTS positions (
    alone INTEGER PRIMARY KEY CHECK (alone = 1), size INTEGER, frontier BLOB, map_root BLOB, map_leaf INTEGER, checked INTEGER,
    root BLOB, origin TEXT, first BLOB, tree_holds INTEGER, map_holds INTEGER, records INTEGER, unjudged INTEGER, ended INTEGER
);
CREATE TABLE IF NOT EXISTS partial (level INTEGER PRIMARY KEY, hashes BLOB);
CREATE TABLE IF NOT EXISTS heads (
    name BLOB PRIMARY KEY, length INTEGER, head BLOB, first INTEGER, last INTEGER, person INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (hash BLOB PRIMARY KEY, left_half BLOB, right_half BLOB, is_leaf INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS joins (chain BLOB, onward BLOB, place INTEGER, PRIMARY KEY (chain, onward)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS joins_onward ON joins (onward);
CREATE TABLE IF NOT EXISTS closings (chain BLOB PRIMARY KEY, place INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (number INTEGER PRIMARY KEY, place TEXT, agency TEXT, record TEXT, what TEXT);
"""
_EMPTIED = ("partial", "heads", "nodes", "joins", "closings", "faults", "positions")


@dataclass
class Position:
    """How far a check is. ``map_leaf``: the index of the first map leaf; ``checked``: the size of the last checkpoint, ``root`` its root.

    ``tree_holds`` and ``map_holds`` are False after their first break; ``unjudged``: cosignatures of witnesses whose key is not given.
    """

    size: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    map_root: bytes = EMPTY_MAP
    map_leaf: int | None = None
    checked: int = -1
    root: bytes = b""
    origin: str = ""
    first: bytes = b""
    tree_holds: bool = True
    map_holds: bool = True
    records: int = 0
    unjudged: int = 0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """How a chain ends, the index of its first and its last leaf, and whether it is known to be a person's."""

    head: ChainHead
    first: int
    last: int
    person: bool


class ReplayState:
    """The file. One check at a time works with it."""

    def __init__(self, file: Path | None) -> None:
        """``file``: kept with mode 0600; None: a temporary one. Raises ``ConfigurationFault`` if it is none of ours, or in use."""
        self.is_kept = file is not None
        if file is not None:
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            if file.stat().st_mode & 0o077:
                raise ConfigurationFault("the state of a check can be read by others: its mode must be 0600")
        # SQLite's own temporary file ("") is deleted with the connection, however that ends
        self.base = sqlite3.connect("" if file is None else file, timeout=1, isolation_level=None)
        try:
            self._open(file)
        except sqlite3.DatabaseError:
            self.base.close()
            raise ConfigurationFault("the state of a check is in use, or is none") from None
        except ConfigurationFault:
            self.base.close()
            raise
        self.position = self._read_position()

    def _open(self, file: Path | None) -> None:
        self.base.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.base.execute(f"PRAGMA synchronous = {'OFF' if file is None else 'NORMAL'}")
        self.base.execute("PRAGMA temp_store = FILE")
        (application,), (version,) = (
            self.base.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        is_empty = not self.base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not is_empty and (application, version) != (_APPLICATION, _VERSION):
            raise ConfigurationFault("this file is not the state of a check, or of another release: name a new one")
        self.base.execute("BEGIN EXCLUSIVE")
        for statement in _TABLES.split(";"):
            self.base.execute(statement)
        self.base.execute(f"PRAGMA application_id = {_APPLICATION}")
        self.base.execute(f"PRAGMA user_version = {_VERSION}")
        self.base.execute("COMMIT")
        self.base.execute("BEGIN")

    def _read_position(self) -> Position:
        row = self.base.execute("SELECT * FROM positions").fetchone()
        if row is None:
            return Position()
        _, size, hashes, map_root, map_leaf, checked, root, origin, first, tree, chains, records, unjudged, ended = row
        frontier = (
            Frontier(size, tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32))) if tree else Frontier()
        )
        return Position(
            size, frontier, map_root, map_leaf, checked, root, origin, first, bool(tree), bool(chains), records, unjudged, bool(ended)
        )  # fmt: skip

    def save(self) -> None:
        """Make all that was written since the last time durable, with the position."""
        at = self.position
        self.base.execute(
            f"INSERT OR REPLACE INTO positions VALUES (1{', ?' * 13})",  # noqa: S608 - a fixed number of marks
            (
                at.size, b"".join(at.frontier.hashes), at.map_root, at.map_leaf, at.checked, at.root, at.origin, at.first,
                at.tree_holds, at.map_holds, at.records, at.unjudged, at.ended,
            ),
        )  # fmt: skip
        self.base.execute("COMMIT")
        self.base.execute("BEGIN")

    def begin_anew(self) -> None:
        """Forget everything."""
        for table in _EMPTIED:
            self.base.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        self.position = Position()

    def end(self) -> None:
        """The check ended: keep what it was about, and nothing to go on from."""
        about = self.position
        self.begin_anew()
        self.position = Position(
            checked=about.checked, root=about.root, origin=about.origin, first=about.first, ended=True
        )
        self.save()

    def close(self) -> None:
        """Leave the file; what was not saved is not in it."""
        self.base.close()

    def read_partial(self) -> dict[int, bytes]:
        """The partial tiles, by level."""
        return dict(self.base.execute("SELECT level, hashes FROM partial"))

    def write_partial(self, tiles: Mapping[int, bytes]) -> None:
        """The partial tiles of these levels are these now."""
        self.base.executemany("INSERT OR REPLACE INTO partial VALUES (?, ?)", tiles.items())

    def read_heads(self, names: Iterable[bytes]) -> dict[bytes, ChainHead]:
        """How these chains end; no entry for one without links."""
        rows = self._ask("SELECT name, length, head FROM heads WHERE name IN", list(names))
        return {name: ChainHead(length, head) for name, length, head in rows}

    def write_heads(self, ends: Mapping[bytes, ChainEnd]) -> None:
        """These chains end so now; where a chain began, and that it is a person's, stays."""
        self.base.executemany(
            "INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET length = excluded.length,"
            " head = excluded.head, last = excluded.last, person = max(person, excluded.person)",
            [(name, *end.head, end.first, end.last, end.person) for name, end in ends.items()],
        )

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        """``map_updates.MapNodes``."""
        rows = self._ask("SELECT hash, left_half, right_half, is_leaf FROM nodes WHERE hash IN", hashes)
        found = {one: MapNode(left, right, bool(is_leaf)) for one, left, right, is_leaf in rows}
        if found.keys() < set(hashes):
            raise LookupError("a node of the map is missing")
        return found

    def change_nodes(self, added: Iterable[tuple[bytes, MapNode]], replaced: Sequence[bytes]) -> None:
        """Keep the nodes of the newest map only."""
        self.base.executemany("DELETE FROM nodes WHERE hash = ?", [(one,) for one in replaced])
        self.base.executemany("INSERT OR REPLACE INTO nodes VALUES (?, ?, ?, ?)", [(one, *node) for one, node in added])

    def list_nodes(self) -> Iterator[bytes]:
        """The hashes of the newest map's nodes, sorted."""
        for (one,) in self.base.execute("SELECT hash FROM nodes ORDER BY hash"):
            yield one

    def add_join(self, chain: bytes, onward: bytes, index: int) -> None:
        """A join leaf says that two chains are of one human."""
        self.base.execute("INSERT OR IGNORE INTO joins VALUES (?, ?, ?)", (chain, onward, index))

    def add_closing(self, chain: bytes, index: int) -> None:
        """A closing leaf says that nobody knows any more whose a chain is."""
        self.base.execute("INSERT OR IGNORE INTO closings VALUES (?, ?)", (chain, index))

    def add_faults(self, faults: Iterable[LedgerFault]) -> None:
        """Faults of what was read, for the report at the end."""
        rows = ((one.place, _spell(one.agency_id), _spell(one.record_id), one.what) for one in faults)
        self.base.executemany("INSERT INTO faults (place, agency, record, what) VALUES (?, ?, ?, ?)", rows)

    def list_faults(self) -> Iterator[LedgerFault]:
        """All faults so far, in the order in which they were found."""
        for place, agency, record, what in self.base.execute(
            "SELECT place, agency, record, what FROM faults ORDER BY number"
        ):
            yield LedgerFault(place, _read(agency), _read(record), what)

    def _ask(self, question: str, values: Sequence[bytes]) -> Iterator[Any]:
        for at in range(0, len(values), _ASKED):
            some = values[at : at + _ASKED]
            yield from self.base.execute(f"{question} ({', '.join('?' * len(some))})", some)


def _spell(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _read(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
