"""Leaves that the log writes itself, beside the records of agencies: what each checkpoint commits to.

A map leaf at index n is the map (``services/sparse_map.py``) over the chains of all n leaves before it. Every batch ends with one, so the
last leaf under each checkpoint but that of the empty tree is the map leaf with the size before it. A restore leaf holds the whole cosigned
statement of a restore from a backup (``services/restores.py``). Canonical JSON (RFC 8785), hashed as all leaves are; no record of an agency has a
kind of these (``services/leaves.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import rfc8785

from services.leaves import canonical_moment, read_leaf
from services.model import JsonValue
from services.restores import read_restore
from services.signed_note import NoteRefused, format_note, read_note

MAX_INTEGER = (1 << 53) - 1
"""Beyond it a number has no canonical form (RFC 8785, section 3.2.2.3)."""
MAP_KIND = "map"
RESTORE_KIND = "restore"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class MapLeaf:
    """The map after ``size`` leaves, and its root (32 bytes)."""

    size: int
    root: bytes


def make_map_leaf(size: int, root: bytes, at: datetime) -> bytes:
    """The canonical bytes of the leaf at index ``size``."""
    if not 0 <= size <= MAX_INTEGER or len(root) != 32:
        raise ValueError("a map is over a number of leaves and has a root of 32 bytes")
    body: dict[str, JsonValue] = {
        "v": _FORMAT,
        "kind": MAP_KIND,
        "size": size,
        "root": root.hex(),
        "at": canonical_moment(at),
    }
    return rfc8785.dumps(body)


def read_map_leaf(data: bytes) -> MapLeaf:
    """What a map leaf says; raises ``ValueError`` for any bytes that ``make_map_leaf`` would not write."""
    body = read_leaf(data)
    try:
        size, root, at = int(body["size"]), bytes.fromhex(body["root"]), datetime.fromisoformat(body["at"])
        written = make_map_leaf(size, root, at)
    except (KeyError, TypeError, ValueError, OverflowError):
        written = b""
    if not data or written != data:
        raise ValueError("this is no map leaf in its one form")
    return MapLeaf(size, root)


def make_restore_leaf(statement: bytes) -> bytes:
    """The canonical bytes of a leaf that holds this signed note; raises ``ValueError`` if it states no restore."""
    note = read_note(statement)
    read_restore(note.text)
    text = format_note(note).decode()
    return rfc8785.dumps({"v": _FORMAT, "kind": RESTORE_KIND, "statement": text})


def read_restore_leaf(data: bytes) -> bytes:
    """The signed note in a restore leaf; raises ``ValueError`` for any bytes that ``make_restore_leaf`` would not write."""
    body = read_leaf(data)
    try:
        statement = str(body["statement"]).encode()
        written = make_restore_leaf(statement)
    except (KeyError, NoteRefused, UnicodeEncodeError):
        written = b""
    if not data or written != data:
        raise ValueError("this is no restore leaf in its one form")
    return statement
