"""The checkpoint that is published: the newest one with the cosignature of the witness, or the newest one where no witness is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from services.checkpoint import add_signatures
from services.signed_note import NoteSignature, read_note

_COSIGNED: LiteralString = """
SELECT c.size, c.root, c.note, s.line FROM ledger_cosignatures s JOIN ledger_checkpoints c USING (size)
WHERE s.witness = %s ORDER BY size DESC LIMIT 1
"""
_NEWEST: LiteralString = "SELECT size, root, note, NULL FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """The signed note (with the witness's line below the log's, if there is a witness), and what it says."""

    size: int
    root: bytes
    note: bytes


def read_published(connection: psycopg.Connection[Any], witness_name: str | None) -> PublishedCheckpoint | None:
    """``witness_name``: the name of the configured witness's key; None: no witness is set (development). None if nothing is published yet.

    Any role that may read ledger_checkpoints and ledger_cosignatures; a row is read by position. Of a SQLAlchemy connection it is
    ``connection.connection.driver_connection``.
    """
    if witness_name is None:
        row = connection.execute(_NEWEST).fetchone()
    else:
        row = connection.execute(_COSIGNED, (witness_name,)).fetchone()
    if row is None:
        return None
    note = bytes(row[2])
    return PublishedCheckpoint(row[0], bytes(row[1]), note if row[3] is None else add_line(note, row[3]))


def add_line(note: bytes, line: str) -> bytes:
    """The note with one further signature line, given without its end; raises ``NoteRefused`` if it is none."""
    return add_signatures(note, read_lines(note, line + "\n"))


def read_lines(note: bytes, lines: str) -> tuple[NoteSignature, ...]:
    """Signature lines as they would stand below this note; raises ``NoteRefused`` for anything else. None of them is verified."""
    text = read_note(note).text
    return read_note(f"{text}\n{lines}".encode(errors="surrogatepass")).signatures
