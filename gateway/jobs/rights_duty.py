"""The worker's duties to citizens' rights: accounts that are to be closed, and once a day what is over its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.logging import describe_exception, get_logger
from services.closing import ClosingDesk, close_due
from services.ports import Clock
from services.retention_rules import RetentionRules, RetentionStore, end_retention

if TYPE_CHECKING:
    from uuid import UUID

_log = get_logger("rights")


@dataclass(frozen=True, slots=True)
class RightsDuty:
    """What the worker closes accounts with, and what it ends. ``tell_ended`` names holds whose time is over, each once."""

    closing: ClosingDesk
    retention: RetentionStore
    rules: RetentionRules
    clock: Clock
    tell_ended: Callable[[datetime], Sequence[UUID]]


async def close_accounts_on_duty(duty: RightsDuty) -> None:
    """Go on with every closing. If it fails, the jobs go on and it is tried next time."""
    try:
        closed = await asyncio.to_thread(close_due, duty.closing)
    except Exception as error:  # noqa: BLE001 - whatever it is, payments and cases go on
        _log.warning("an account was not closed", **describe_exception(error))
        return
    if closed:
        _log.info("accounts were closed", count=closed)


async def retain_on_duty(duty: RightsDuty) -> None:
    """End what is over its time, and say which holds ended. If it fails, it is tried next time."""
    try:
        now = duty.clock.now()
        gone = await asyncio.to_thread(end_retention, duty.retention, duty.rules, now)
        ended = await asyncio.to_thread(duty.tell_ended, now)
    except Exception as error:  # noqa: BLE001 - nor may this stop anything
        _log.warning("what is over its time was not taken away", **describe_exception(error))
        return
    if any(gone.values()):
        _log.info("what is over its time was taken away", count=sum(gone.values()))
    for hold_id in ended:
        _log.warning("the time of a legal hold is over", record_id=str(hold_id))
