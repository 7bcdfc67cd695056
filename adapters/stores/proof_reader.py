"""Reads the rows of a citizen's file: everything as of one snapshot, under the checkpoint that is published at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from sqlalchemy import Engine

from adapters.ids import first_id_of, moment_of
from adapters.stores.connection import StoreFault, open_engine, scoped, without_values
from adapters.stores.published_checkpoint import read_published
from adapters.stores.tile_store import StoredTiles
from services.exposure_file import MAX_LEAVES, ExposureFile
from services.exposure_file_maker import LinkRow, ProofUnavailable, Published, RecordName, make_file
from services.log_leaves import read_restore_leaf
from services.map_updates import MapNode
from services.restores import Restore, read_restore
from services.signed_note import read_note
from services.tiles import TileNodes

_LINKS: LiteralString = """
SELECT chain, number, index, previous FROM ledger_links WHERE chain = ANY(%s) AND index < %s ORDER BY chain, number LIMIT %s
"""
_ASKED_LINKS: LiteralString = "SELECT chain, number, index, previous FROM guitai_links_of(%s, %s, %s)"
_LEAVES: LiteralString = """
SELECT s.index, r.leaf FROM ledger_sequence s JOIN exposure_records r USING (agency_id, record_id) WHERE s.index = ANY(%s)
UNION ALL SELECT index, leaf FROM ledger_own_leaves WHERE index = ANY(%s)
"""
_RECORDS: LiteralString = """
SELECT s.index FROM unnest(%s::uuid[], %s::uuid[]) AS t(agency_id, record_id)
JOIN ledger_sequence s ON s.agency_id = t.agency_id AND s.record_id = t.record_id WHERE s.index < %s
"""
_OUTCOMES: LiteralString = """
SELECT s.index FROM unnest(%s::uuid[], %s::uuid[]) AS t(agency_id, of_id)
JOIN exposure_records r ON r.agency_id = t.agency_id AND r.of_id = t.of_id
JOIN ledger_sequence s ON s.agency_id = r.agency_id AND s.record_id = r.record_id WHERE r.record_id > %s AND s.index < %s
"""
_RESTORES: LiteralString = "SELECT index FROM ledger_own_leaves WHERE kind = 'restore' AND index < %s ORDER BY index"
_RESTORE_LEAVES: LiteralString = "SELECT leaf FROM ledger_own_leaves WHERE kind = 'restore' ORDER BY index"
_NODES: LiteralString = "SELECT hash, left_half, right_half, is_leaf FROM ledger_map_nodes WHERE hash = ANY(%s)"


class SqlProofReader:
    """Makes files under the role ``public``, or ``console``, which may not list links and asks a function with the chains that it knows.

    ``witness``: the name of the witness whose cosignature a published checkpoint has; None where none is set.
    """

    def __init__(
        self, where: str | Engine, agencies: Callable[[], Sequence[UUID]], witness: str | None, *, console: bool = False
    ) -> None:
        self._engine = open_engine(where).execution_options(isolation_level="REPEATABLE READ")
        self._agencies = agencies
        self._witness = witness
        self._links = _ASKED_LINKS if console else _LINKS

    def make_file(self, chains: Sequence[UUID], made_at: datetime) -> ExposureFile:
        """See ``exposure_file_maker.ProofReader``."""
        with scoped(self._engine, self._agencies()) as connection:
            driver: Any = connection.connection.driver_connection
            try:
                found = read_published(driver, self._witness)
                if found is None:
                    raise ProofUnavailable("nothing is published yet under which a file can be proven")
                rows, published = StoredRows(driver, self._links), Published(found.note)
                nodes = TileNodes(StoredTiles(driver), found.size)
                return make_file(published, chains, rows, nodes, rows, made_at)
            except psycopg.OperationalError:
                raise
            except psycopg.Error as error:
                raise StoreFault("the ledger refused to be read") from without_values(error)

    def list_restores(self) -> list[Restore]:
        """See ``exposure_file_maker.ProofReader``."""
        with scoped(self._engine, ()) as connection:
            driver: Any = connection.connection.driver_connection
            rows = driver.execute(_RESTORE_LEAVES).fetchall()
        return [read_restore(read_note(read_restore_leaf(bytes(row[0]))).text) for row in rows]

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()


@dataclass(frozen=True, slots=True)
class StoredRows:
    """``exposure_file_maker.LedgerRows`` and ``map_updates.MapNodes`` in the transaction of a connection."""

    connection: psycopg.Connection[Any]
    links: LiteralString

    def read_links(self, names: Sequence[bytes], size: int) -> Mapping[bytes, Sequence[LinkRow]]:
        """See the protocol. Raises ``ProofUnavailable`` for more links than a file holds."""
        rows = self.connection.execute(self.links, (list(names), size, MAX_LEAVES + 1)).fetchall()
        if len(rows) > MAX_LEAVES:
            raise ProofUnavailable(f"a file holds {MAX_LEAVES} records at most")
        found: dict[bytes, list[LinkRow]] = {}
        for chain, number, index, previous in rows:
            found.setdefault(bytes(chain), []).append((number, index, bytes(previous)))
        return found

    def read_leaves(self, indices: Sequence[int]) -> Mapping[int, bytes]:
        """See the protocol."""
        wanted = list(indices)
        return {row[0]: bytes(row[1]) for row in self.connection.execute(_LEAVES, (wanted, wanted)).fetchall()}

    def find_records(self, records: Sequence[RecordName], size: int) -> Sequence[int]:
        """See the protocol."""
        return self._find(_RECORDS, records, size)

    def find_outcomes(self, records: Sequence[RecordName], size: int) -> Sequence[int]:
        """See the protocol. An outcome is never older than its record, so months before the oldest record need no look."""
        since = first_id_of(moment_of(min(one for _, one in records))) if records else None
        return self._find(_OUTCOMES, records, since, size)

    def _find(self, statement: LiteralString, records: Sequence[RecordName], *more: object) -> Sequence[int]:
        if not records:
            return []
        agencies, ids = [agency for agency, _ in records], [one for _, one in records]
        return [row[0] for row in self.connection.execute(statement, (agencies, ids, *more)).fetchall()]

    def find_restores(self, size: int) -> Sequence[int]:
        """See the protocol."""
        return [row[0] for row in self.connection.execute(_RESTORES, (size,)).fetchall()]

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        """See the protocol."""
        rows = self.connection.execute(_NODES, (list(hashes),)).fetchall()
        found = {bytes(row[0]): MapNode(bytes(row[1]), bytes(row[2]), row[3]) for row in rows}
        if len(found) < len(set(hashes)):
            raise LookupError("a node of the map is missing")
        return found
