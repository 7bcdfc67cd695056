"""The worker's duty for patterns: those of a closed month are found and shown once, to everybody concerned at the same moment."""

from __future__ import annotations

import asyncio

from gateway.logging import describe_exception, get_logger
from services.slowness import NewId, show_due
from services.slowness_record import PatternRun
from services.statistics import StatisticsDesk

_log = get_logger("patterns")


async def show_on_duty(desk: StatisticsDesk, new_id: NewId) -> None:
    """Show what is due. If it fails, the jobs go on and it is tried next time."""
    try:
        await asyncio.to_thread(show_due, desk, new_id, _tell)
    except Exception as error:  # noqa: BLE001 - patterns must not stop cases and payments
        _log.warning("patterns were not shown", **describe_exception(error))


def _tell(run: PatternRun) -> None:
    _log.info("the patterns of a month were shown", month=run.month, count=run.shown)
