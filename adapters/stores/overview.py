"""Counts for the console, by its own role: how many payments in which state, how often which field was seen. No person, no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.stores.connection import open_engine, scoped
from adapters.stores.exposure_counts import read_exposures
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
        """See the port and ``exposure_counts``."""
        with scoped(self._engine, self._agencies()) as connection:
            return read_exposures(connection, since)
