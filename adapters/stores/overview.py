"""Counts for the console, by its own role: how many payments in which state, how often which field was seen. No person, no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.ids import first_id_of
from adapters.stores.connection import open_engine, scoped
from services.till import business_day

PAYMENTS = text(
    """
    WITH counted AS (
        SELECT service, state, count, amount_fen FROM payment_sums WHERE business_on > :day
        UNION ALL
        SELECT service, state, count, amount_fen FROM payment_sums
        WHERE business_on <= :day AND state IN ('write_off_unknown', 'refund_abnormal') AND count <> 0
        UNION ALL
        SELECT service, state, count, amount_fen FROM payment_moves
        WHERE business_on > :day OR state IN ('write_off_unknown', 'refund_abnormal')
    )
    SELECT service, state, sum(count)::bigint, sum(amount_fen)::bigint FROM counted
    GROUP BY service, state HAVING sum(count) <> 0 ORDER BY service, state
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
        """See the port, by whole days in China: those after the day of ``since``. Read are sums, and what is not yet added to them."""
        with scoped(self._engine, self._agencies()) as connection:
            found = connection.execute(PAYMENTS, {"day": business_day(since)})
            return [(row[0], row[1], row[2], row[3]) for row in found]

    def count_exposures(self, since: datetime) -> list[tuple[str, str, str, int]]:
        """See the port. A record's id begins with its moment, so ``since`` needs no other index."""
        with scoped(self._engine, self._agencies()) as connection:
            found = connection.execute(EXPOSURES, {"first": first_id_of(since)})
            return [(row[0], row[1], row[2], row[3]) for row in found]
