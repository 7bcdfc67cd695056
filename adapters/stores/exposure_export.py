"""Read the ledger with its salts, as its owner: for the demo's evidence and for an auditor who compares bytes with records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from services.exposure import commit, request_content
from services.model import JsonValue

_SELECT = """
SELECT r.record_id, r.leaf, s.salt FROM exposure_records r
LEFT JOIN exposure_salts s USING (agency_id, record_id)
WHERE r.kind = 'exposure' AND (%(after)s::uuid IS NULL OR r.record_id > %(after)s::uuid)
ORDER BY r.record_id
"""


@dataclass(frozen=True, slots=True)
class ExportedRecord:
    """One exposure record. ``leaf`` is the parsed leaf; ``salt`` is None if it was erased."""

    record_id: UUID
    leaf: Mapping[str, JsonValue]
    salt: bytes | None

    def fits_request(self, method: str, target: str, body: bytes) -> bool:
        """Whether the record's digest covers exactly this request (direction ``sent_to_server``)."""
        return self.salt is not None and commit(self.salt, request_content(method, target, body)) == self.leaf["digest"]


def export_records(owner_url: str, after: UUID | None = None) -> list[ExportedRecord]:
    """All exposure records of all agencies made after record ``after``, oldest first. Ids are UUIDv7, so they sort by time."""
    with psycopg.connect(owner_url) as connection:
        rows: Sequence[tuple[UUID, bytes, bytes | None]] = connection.execute(_SELECT, {"after": after}).fetchall()
    return [ExportedRecord(record_id, json.loads(leaf), salt) for record_id, leaf, salt in rows]
