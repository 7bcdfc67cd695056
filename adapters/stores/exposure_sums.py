"""Summing up what platforms saw, by days and months, place after place of the tree: no record is counted twice and none is forgotten.

Who counts knows by the index of the last leaf how far it came, whenever and in whatever order records were committed. ``compare_sums`` counts
the whole ledger once more. Decision 0196.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import psycopg
from sqlalchemy import Connection, text

STEP = 4000
"""So many leaves are summed up in one transaction."""
_PLACED = text("SELECT size, ran_at FROM ledger_beats")
_HOLD = text("SELECT next_index FROM exposure_summed FOR UPDATE")
_SEEN = """
    SELECT r.agency_id, l.leaf, f.name AS field
    FROM ledger_sequence s
    JOIN exposure_records r ON r.agency_id = s.agency_id AND r.record_id = s.record_id
    CROSS JOIN LATERAL (SELECT convert_from(r.leaf, 'UTF8')::jsonb AS leaf OFFSET 0) l
    CROSS JOIN LATERAL (SELECT '' AS name UNION ALL SELECT jsonb_array_elements_text(l.leaf -> 'fields')) f
    WHERE r.kind = 'exposure' AND s.index >= {first} AND s.index < {until}
"""
_CELLS = """
    SELECT seen.agency_id, spans.span,
        CASE spans.span WHEN 'day' THEN (leaf ->> 'business_on')::date
            ELSE date_trunc('month', (leaf ->> 'business_on')::timestamp)::date END AS begins_on,
        leaf ->> 'platform' AS platform, leaf ->> 'account' AS account, leaf ->> 'service' AS service,
        (leaf ->> 'mapping_version')::integer AS mapping_version, leaf ->> 'purpose' AS purpose,
        leaf ->> 'direction' AS direction, field, count(*) AS count
    FROM seen CROSS JOIN (VALUES ('day'), ('month')) AS spans (span)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
_COLUMNS = "agency_id, span, begins_on, platform, account, service, mapping_version, purpose, direction, field"
_ADD = text(
    f"WITH seen AS ({_SEEN.format(first=':first', until=':until')}) INSERT INTO exposure_sums ({_COLUMNS}, count) {_CELLS} "
    f"ON CONFLICT ({_COLUMNS}) DO UPDATE SET count = exposure_sums.count + excluded.count"
)
_MOVE = text("UPDATE exposure_summed SET next_index = :until, summed_at = CASE WHEN :all THEN :at ELSE summed_at END")
_COMPARE = (
    f"WITH seen AS ({_SEEN.format(first='0', until='(SELECT next_index FROM exposure_summed)')}), told AS ({_CELLS}) "  # noqa: S608 - texts of ours
    f"SELECT {_COLUMNS}, coalesce(kept.count, 0), coalesce(told.count, 0) FROM exposure_sums kept FULL JOIN told USING ({_COLUMNS}) "
    f"WHERE kept.count IS DISTINCT FROM told.count ORDER BY {_COLUMNS}"
)


def read_size(connection: Connection) -> tuple[int, datetime] | None:
    """How many leaves have their place, and when that was so; read before the list of agencies, so that none of theirs is new to it."""
    row = connection.execute(_PLACED).first()
    return (row.size, row.ran_at) if row else None


def sum_exposures(connection: Connection, size: int, at: datetime) -> bool:
    """Sum up one more step of the leaves before ``size``; whether more of them is left. Two at once wait for each other.

    The transaction must reach every agency.
    """
    first: int = connection.execute(_HOLD).scalar_one()
    until = min(size, first + STEP)
    if until > first:
        connection.execute(_ADD, {"first": first, "until": until})
    if until >= first:
        connection.execute(_MOVE, {"until": until, "all": until == size, "at": at})
    return until < size


def compare_sums(url: str) -> Iterator[str]:
    """Count the ledger once more up to where it is summed up; a line for every sum that differs. ``url``: of the owner or the worker."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        agencies = ",".join(str(row[0]) for row in connection.execute("SELECT agency_id FROM agencies"))
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [agencies])
        for *cells, kept, told in connection.execute(_COMPARE.encode()):
            yield " ".join(str(cell) or "-" for cell in cells) + f": {kept} kept, {told} in the ledger"


def read_summed(url: str) -> int:
    """How many leaves are summed up."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT next_index FROM exposure_summed").fetchone()
    return int(row[0]) if row else 0
