"""Counts for the console, by its own role: how many payments in which state, how often which field was seen. No person, no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.ids import first_id_of
from adapters.stores.connection import open_engine, scoped

PAYMENTS = text(
    """
    WITH counted AS (
        SELECT agency_id, payment_id, service, amount_fen FROM payments WHERE payment_id >= :first
        UNION
        SELECT p.agency_id, p.payment_id, p.service, p.amount_fen
        FROM (
            SELECT DISTINCT agency_id, payment_id FROM payment_events
            WHERE state IN ('write_off_unknown', 'refund_abnormal')
        ) asked JOIN payments p USING (agency_id, payment_id)
    )
    SELECT c.service, e.state, count(*), coalesce(sum(c.amount_fen), 0)::bigint
    FROM counted c
    CROSS JOIN LATERAL (
        SELECT state FROM payment_events e
        WHERE e.agency_id = c.agency_id AND e.payment_id = c.payment_id
        ORDER BY version DESC LIMIT 1
    ) e
    WHERE c.payment_id >= :first OR e.state IN ('write_off_unknown', 'refund_abnormal')
    GROUP BY c.service, e.state ORDER BY c.service, e.state
    """
)
EXPOSURES = text(
    """
    SELECT r.platform, r.direction, f.name, count(*)
    FROM exposure_records r
    CROSS JOIN LATERAL jsonb_array_elements_text(convert_from(r.leaf, 'UTF8')::jsonb -> 'fields') AS f(name)
    WHERE r.kind = 'exposure' AND r.record_id >= :first
    GROUP BY r.platform, r.direction, f.name ORDER BY r.platform, r.direction, f.name
    """
)


class SqlOverview:
    """``ports.OverviewReader``. ``agencies`` gives the agencies that the console may count."""

    def __init__(self, where: str | Engine, agencies: Callable[[], Sequence[UUID]], pool_size: int = 2) -> None:
        self._engine = open_engine(where, pool_size)
        self._agencies = agencies

    def close(self) -> None:
        """Give the connections back to the operating system."""
        self._engine.dispose()

    def count_payments(self, since: datetime) -> list[tuple[str, str, int, int]]:
        """See the port. It costs one look into an index for each payment opened since then and for each that was ever in question,
        by ``payment_events_in_question``; what was settled before is not read.
        """
        with scoped(self._engine, self._agencies()) as connection:
            found = connection.execute(PAYMENTS, {"first": first_id_of(since)})
            return [(row[0], row[1], row[2], row[3]) for row in found]

    def count_exposures(self, since: datetime) -> list[tuple[str, str, str, int]]:
        """See the port. A record's id begins with its moment, so ``since`` needs no other index."""
        with scoped(self._engine, self._agencies()) as connection:
            found = connection.execute(EXPOSURES, {"first": first_id_of(since)})
            return [(row[0], row[1], row[2], row[3]) for row in found]
