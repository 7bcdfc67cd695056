"""The worker's duty for statistics: months that are over are closed, whatever was missed while no worker ran."""

from __future__ import annotations

import asyncio

from gateway.logging import describe_exception, get_logger
from services.month_record import ClosedMonth
from services.statistics import StatisticsDesk, close_due

_log = get_logger("months")


async def close_on_duty(desk: StatisticsDesk) -> None:
    """Close what is over. If it fails, the jobs go on and it is tried next time."""
    try:
        await asyncio.to_thread(close_due, desk, _tell)
    except Exception as error:  # noqa: BLE001 - statistics must not stop cases and payments
        _log.warning("months were not closed", **describe_exception(error))


def _tell(closed: ClosedMonth) -> None:
    _log.info("a month was closed", month=closed.month, digest=closed.digest, record_id=str(closed.record_id))
