"""Recomputing every record of the ledger: canonical form, hash, columns, persons, and what belongs beside a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from services.errors import StoreUnavailable
from services.exposure import Leaf, check_leaf

_STEP = 1000
_SCOPE: LiteralString = (
    "SELECT set_config('guitai.agencies', coalesce((SELECT string_agg(agency_id::text, ',') FROM agencies), ''), false)"
)
_RECORDS: LiteralString = """
SELECT r.*, ARRAY(
    SELECT p.chain_id FROM exposure_persons p WHERE p.agency_id = r.agency_id AND p.record_id = r.record_id
) AS chains, ARRAY(
    SELECT DISTINCT p.platform FROM exposure_persons p WHERE p.agency_id = r.agency_id AND p.record_id = r.record_id
) AS platforms
FROM exposure_records r ORDER BY r.record_id
"""
_ORPHANS: LiteralString = """
SELECT 'exposure_persons' AS place, p.agency_id, p.record_id, 'the record is missing' AS what FROM exposure_persons p
WHERE NOT EXISTS (SELECT 1 FROM exposure_records r WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id)
UNION ALL
SELECT 'exposure_records', o.agency_id, o.record_id, 'the record that this outcome speaks of is missing'
FROM exposure_records o WHERE o.kind = 'outcome' AND NOT EXISTS
    (SELECT 1 FROM exposure_records r WHERE r.agency_id = o.agency_id AND r.record_id = o.of_id)
UNION ALL
SELECT 'exposure_publications', p.agency_id, p.record_id, 'the record is missing' FROM exposure_publications p
WHERE NOT EXISTS (SELECT 1 FROM exposure_records r WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id)
"""


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """One thing that does not hold, and where."""

    place: str
    agency_id: UUID
    record_id: UUID
    what: str

    def __str__(self) -> str:
        return f"{self.place} {self.agency_id} {self.record_id}: {self.what}"


@dataclass
class VerifyReport:
    """How many records were read and what does not hold. No faults: every record is what it was when it was written."""

    records: int = 0
    faults: list[LedgerFault] = field(default_factory=list)


def verify(url: str, progress: Callable[[int], None]) -> VerifyReport:
    """Read the whole ledger as its owner, the worker or the sequencer; ``progress`` gets the count every thousand records.

    Raises ``StoreUnavailable``.
    """
    report = VerifyReport()
    try:
        with psycopg.connect(url, connect_timeout=5, row_factory=namedtuple_row) as connection:
            connection.execute(_SCOPE)
            connection.execute("SET TRANSACTION READ ONLY")
            with connection.cursor("ledger") as cursor:
                cursor.itersize = _STEP
                for row in cursor.execute(_RECORDS):
                    _check(row, report)
                    if report.records % _STEP == 0:
                        progress(report.records)
            report.faults += [LedgerFault(*row) for row in connection.execute(_ORPHANS)]
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the ledger cannot be read ({error.sqlstate or 'no SQLSTATE'})") from None
    return report


def _check(row: Any, report: VerifyReport) -> None:
    report.records += 1
    leaf = Leaf(
        row.record_id, row.agency_id, row.at, row.kind, row.platform, row.direction, row.service, tuple(row.chains),
        bytes(row.leaf),
    )  # fmt: skip
    faults = check_leaf(leaf, bytes(row.leaf_hash)) or _check_beside(leaf, row.of_id, row.platforms)
    report.faults += [LedgerFault("exposure_records", row.agency_id, row.record_id, what) for what in faults]


def _check_beside(leaf: Leaf, of_id: UUID | None, platforms: Sequence[str]) -> list[str]:
    """What ``check_leaf`` cannot see: the outcome's reference and the platform under which persons find the record."""
    faults = []
    if json.loads(leaf.data).get("of") != (str(of_id) if of_id else None):
        faults.append("column of_id differs from the leaf")
    if any(platform != leaf.platform for platform in platforms):
        faults.append("the persons of the record stand under another platform")
    return faults
