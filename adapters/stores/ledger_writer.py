"""One connection to the ledger: writes a batch of entries with one statement, which is its own transaction.

A connection that broke is replaced and the statement repeated once: rows carry their own ids, so what the first attempt had
committed is not written twice. With each record goes the row that says that it waits for its place in the tree: only with one that was
really written, or a repeated statement would have a record wait that the sequencer has placed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, LiteralString
from uuid import UUID

import psycopg

from adapters.stores.connection import PatientConnection
from adapters.stores.group_commit import EntryRefused
from services.errors import ExposureUnavailable
from services.leaves import Leaf

_OPTIONS = "-c statement_timeout=2s -c lock_timeout=2s -c timezone=UTC"
_WRITE: LiteralString = """
WITH records AS (
    INSERT INTO exposure_records
        (agency_id, record_id, at, kind, platform, direction, service, of_id, leaf, leaf_hash)
    SELECT * FROM unnest(%t::uuid[], %t::uuid[], %t::timestamptz[], %t::text[], %t::text[], %t::text[], %t::text[],
        %t::uuid[], %t::bytea[], %t::bytea[])
    ON CONFLICT DO NOTHING
    RETURNING agency_id, record_id
), waiting AS (
    INSERT INTO exposure_pending (agency_id, record_id) SELECT agency_id, record_id FROM records
), persons AS (
    INSERT INTO exposure_persons (agency_id, chain_id, record_id, platform, attributed_by)
    SELECT * FROM unnest(%t::uuid[], %t::uuid[], %t::uuid[], %t::text[], %t::uuid[])
    ON CONFLICT DO NOTHING
)
INSERT INTO exposure_salts (agency_id, record_id, salt)
SELECT * FROM unnest(%t::uuid[], %t::uuid[], %t::bytea[])
ON CONFLICT DO NOTHING
"""
_CLAIM_PUBLICATION: LiteralString = """
INSERT INTO exposure_publications (agency_id, release, manifest_digest, record_id) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_FIND_PUBLICATION: LiteralString = """
SELECT record_id FROM exposure_publications WHERE agency_id = %s AND release = %s AND manifest_digest = %s
"""
_WriteArray = Callable[[list[Any]], Any]
_ALLOW: LiteralString = "SELECT set_config('guitai.agencies', %s, false)"


class PatientWriter(PatientConnection):
    """A little longer than the server's own two seconds: whoever asks waits for this record."""

    patience_seconds: ClassVar[float] = 3.0


@dataclass(frozen=True)
class Publication:
    """What makes a published manifest unique; for the statistics of a month, their name and digest."""

    agency_id: UUID
    release: str
    digest: bytes
    record_id: UUID


@dataclass
class Entry:
    """What one request appends, all or nothing: leaves with the salt (exposures) or the record they speak of (outcomes)."""

    rows: list[tuple[Leaf, UUID | None, bytes | None]] = field(default_factory=list)
    publication: Publication | None = None
    standing_id: UUID | None = None
    """Under which record a publication stands: its own, or the one of whoever came first."""

    def add(self, leaf: Leaf, *, of: UUID | None = None, salt: bytes | None = None) -> None:
        """Add a leaf."""
        self.rows.append((leaf, of, salt))


class LedgerConnection:
    """A ``group_commit.Writer`` of entries."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        self._agencies: set[UUID] = set()

    def write(self, entries: Sequence[Entry]) -> None:
        """See ``Writer``; a batch without rows is a ping."""
        try:
            try:
                self._write(entries)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if self._connection is not None and not self._connection.broken:
                    raise
                self.close()
                self._write(entries)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise ExposureUnavailable("the ledger does not answer") from _without_values(error)
        except psycopg.Error as error:
            if self._connection is None or self._connection.broken:
                self.close()
                raise ExposureUnavailable("the ledger does not answer") from _without_values(error)
            raise EntryRefused from _without_values(error)

    def close(self) -> None:
        """Close the connection; the next write makes a new one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._agencies = set()

    def _write(self, entries: Sequence[Entry]) -> None:
        connection = self._connection or self._connect()
        plain = [row for entry in entries if entry.publication is None for row in entry.rows]
        self._allow(connection, {leaf.agency_id for entry in entries for leaf, _, _ in entry.rows})
        if plain:
            connection.execute(_WRITE, _columns(plain), prepare=True)
        for entry in entries:
            if entry.publication is not None:
                self._publish(connection, entry, entry.publication)
        if not plain:
            connection.execute("SELECT 1")

    def _publish(self, connection: psycopg.Connection[Any], entry: Entry, what: Publication) -> None:
        with connection.transaction():
            row = (what.agency_id, what.release, what.digest, what.record_id)
            if connection.execute(_CLAIM_PUBLICATION, row).rowcount:
                connection.execute(_WRITE, _columns(entry.rows))
                entry.standing_id = what.record_id
            else:
                found = connection.execute(_FIND_PUBLICATION, row[:3]).fetchone()
                entry.standing_id = found[0] if found else None

    def _connect(self) -> psycopg.Connection[Any]:
        self._connection = PatientWriter.connect(
            self._url, autocommit=True, connect_timeout=2, options=_OPTIONS, application_name="guitai-ledger",
            tcp_user_timeout=2000,
        )  # fmt: skip
        return self._connection

    def _allow(self, connection: psycopg.Connection[Any], agencies: set[UUID]) -> None:
        """The scope of row-level security follows the records: each names the agency that answers for it."""
        if agencies <= self._agencies:
            return
        wider = self._agencies | agencies
        connection.execute(_ALLOW, (",".join(str(agency) for agency in wider),))
        self._agencies = wider


def _columns(rows: Sequence[tuple[Leaf, UUID | None, bytes | None]]) -> list[Any]:
    leaves = [leaf for leaf, _, _ in rows]
    persons = [row for leaf in leaves for row in _index(leaf)]
    salts = [(leaf.agency_id, leaf.record_id, salt) for leaf, _, salt in rows if salt is not None]
    records = [
        (leaf.agency_id, leaf.record_id, leaf.at, leaf.kind, leaf.platform, leaf.direction, leaf.service, of, leaf.data,
         leaf.leaf_hash)
        for leaf, of, _ in rows
    ]  # fmt: skip
    return [
        write([row[place] for row in group])
        for group, writers in ((records, _RECORD), (persons, _PERSON), (salts, _SALT))
        for place, write in enumerate(writers)
    ]  # fmt: skip


def _write_ids(ids: Sequence[UUID | None]) -> str:
    """An array of UUIDs as PostgreSQL reads it: written here, because the driver finds out the type of each item of each array anew."""
    return "{" + ",".join("NULL" if one is None else str(one) for one in ids) + "}"


def _write_bytes(values: Sequence[bytes]) -> str:
    """An array of byte strings."""
    return "{" + ",".join(f'"\\\\x{one.hex()}"' for one in values) + "}"


def _write_moments(moments: Sequence[datetime]) -> str:
    """An array of moments with their offsets."""
    return "{" + ",".join(f'"{one.isoformat()}"' for one in moments) + "}"


_RECORD: tuple[_WriteArray, ...] = (
    _write_ids, _write_ids, _write_moments, list, list, list, list, _write_ids, _write_bytes, _write_bytes,
)  # fmt: skip
_PERSON: tuple[_WriteArray, ...] = (_write_ids, _write_ids, _write_ids, list, _write_ids)
_SALT: tuple[_WriteArray, ...] = (_write_ids, _write_ids, _write_bytes)


def _index(leaf: Leaf) -> list[tuple[UUID, UUID, UUID, str, UUID | None]]:
    """Rows by which people find a record: those that it names, or those that it attributes to earlier records."""
    own = [(leaf.agency_id, chain, leaf.record_id, leaf.platform, None) for chain in leaf.chains]
    later = [(leaf.agency_id, chain, named, leaf.platform, leaf.record_id) for chain, named in leaf.attributes]
    return [*own, *later]


def _without_values(error: psycopg.Error) -> Exception:
    return RuntimeError(f"{type(error).__name__} ({error.sqlstate or 'no SQLSTATE'})")
