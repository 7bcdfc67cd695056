"""Counting what platforms saw, by hours: the console's first page adds up sums, however busy the day is.

The ledger has no trigger: the worker counts every minute what is older than ``SETTLED``, up to a place that is kept in one row. Whoever
reads takes sums and what lies behind that place in one statement, so that the count is exact at any moment, also if no worker runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from adapters.ids import first_id_of, moment_of

SETTLED = timedelta(minutes=1)
"""A record this old is committed, or never will be: its connection gives up after three seconds."""
KEPT = timedelta(days=2)
STEP = timedelta(hours=1)
"""At most so much is counted in one transaction."""
_PLACE = text("SELECT next_id FROM exposure_tallies FOR UPDATE")
_COUNT = text(
    """
    INSERT INTO exposure_counts
        SELECT r.agency_id, date_trunc('hour', r.at, 'UTC'), r.platform, r.direction, f.name, count(*)
        FROM exposure_records r
        CROSS JOIN LATERAL jsonb_array_elements_text(convert_from(r.leaf, 'UTF8')::jsonb -> 'fields') AS f(name)
        WHERE r.kind = 'exposure' AND r.record_id >= :first AND r.record_id < :until
        GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (agency_id, hour, platform, direction, field) DO UPDATE SET count = exposure_counts.count + excluded.count
    """
)
_MOVE = text("UPDATE exposure_tallies SET next_id = :until")
_FORGET = text("DELETE FROM exposure_counts WHERE hour < :until")
_READ = text(
    """
    WITH counted AS (
        SELECT platform, direction, field, count FROM exposure_counts
        WHERE hour >= :hour AND (SELECT next_id FROM exposure_tallies) > :first
        UNION ALL
        SELECT r.platform, r.direction, f.name, 1 FROM exposure_records r
        CROSS JOIN LATERAL jsonb_array_elements_text(convert_from(r.leaf, 'UTF8')::jsonb -> 'fields') AS f(name)
        WHERE r.kind = 'exposure' AND r.record_id >= (SELECT greatest(next_id, CAST(:first AS uuid)) FROM exposure_tallies)
    )
    SELECT platform, direction, field, sum(count)::bigint FROM counted
    GROUP BY platform, direction, field ORDER BY platform, direction, field
    """
)


def tally_exposures(connection: Connection, now: datetime) -> bool:
    """Count one more step of what is settled by ``now``; whether more of it is left. Two at once wait for each other.

    The transaction must reach every agency. Sums older than ``KEPT`` are forgotten; what is older was counted for nobody.
    """
    known, settled = connection.execute(_PLACE).scalar_one(), now - SETTLED
    since = max(moment_of(known), _begin_hour(now - KEPT))
    until = min(settled, since + STEP)
    if until <= since:
        return False
    connection.execute(_COUNT, {"first": first_id_of(since), "until": first_id_of(until)})
    connection.execute(_MOVE, {"until": first_id_of(until)})
    connection.execute(_FORGET, {"until": _begin_hour(now - KEPT)})
    return until < settled


def read_exposures(connection: Connection, since: datetime) -> list[tuple[str, str, str, int]]:
    """Platform, direction, field name and number of records since then; where sums reach so far, from the beginning of that hour on."""
    found = connection.execute(_READ, {"hour": _begin_hour(since), "first": first_id_of(since)})
    return [(row[0], row[1], row[2], row[3]) for row in found]


def _begin_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
