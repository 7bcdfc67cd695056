"""Declared restores in the store: kept when the witness has cosigned one, placed by the sequencer as a leaf, shown from the leaf."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg

from services.log_leaves import make_restore_leaf, read_restore_leaf
from services.merkle import hash_leaf
from services.restores import Restore, read_restore
from services.signed_note import read_note

_PLACED: LiteralString = "SELECT index, leaf FROM ledger_own_leaves WHERE kind = 'restore' ORDER BY index"
_UNPLACED: LiteralString = """
SELECT leaf FROM ledger_restores r
WHERE NOT EXISTS (SELECT 1 FROM ledger_own_leaves o WHERE o.kind = 'restore' AND o.leaf_hash = r.leaf_hash) ORDER BY at, leaf_hash
"""
_KEEP: LiteralString = "INSERT INTO ledger_restores (leaf_hash, leaf, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class PlacedRestore:
    """A restore as a leaf of the tree at ``index``. ``statement``: the signed note in it, with the witness's cosignature.

    What was recorded between ``lost_from`` and ``lost_until`` may be missing since; ``reason`` is one line of the people who declared it.
    """

    index: int
    restore: Restore
    lost_from: datetime
    lost_until: datetime
    declared_at: datetime
    reason: str
    declared_by: tuple[str, ...]
    statement: bytes
    leaf: bytes


def list_restores(connection: psycopg.Connection[Any]) -> list[PlacedRestore]:
    """Every restore of this log that has its leaf, the oldest first: plain facts for a citizen whose chains existed at that time.

    Any role that may read ledger_own_leaves. ``declared_by`` are the names on all signature lines, the witness's too.
    """
    return [_describe(row[0], bytes(row[1])) for row in connection.execute(_PLACED).fetchall()]


def list_unplaced(connection: psycopg.Connection[Any]) -> list[bytes]:
    """The leaves of kind ``restore`` that wait for their place in the tree; the sequencer puts them before the map leaf of a batch."""
    return [bytes(row[0]) for row in connection.execute(_UNPLACED).fetchall()]


def keep_restore(connection: psycopg.Connection[Any], statement: bytes, at: datetime) -> None:
    """Have a cosigned statement placed; once, however often it is kept. Raises ``ValueError`` if it is none."""
    leaf = make_restore_leaf(statement)
    connection.execute(_KEEP, (hash_leaf(leaf), leaf, at))


def _describe(index: int, leaf: bytes) -> PlacedRestore:
    statement = read_restore_leaf(leaf)
    note = read_note(statement)
    said = read_restore(note.text)
    since, until, declared = (
        datetime.fromtimestamp(seconds, UTC) for seconds in (said.since, said.until, said.declared_at)
    )
    by = tuple(dict.fromkeys(one.name for one in note.signatures))
    return PlacedRestore(index, said, since, until, declared, said.reason, by, statement, leaf)
