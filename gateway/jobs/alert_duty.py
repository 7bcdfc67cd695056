"""The worker's duty to the supervision office: sweep, count, and plan the open cases of a store that never was swept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.logging import describe_exception, get_logger
from gateway.metrics import ALERTS, ESCALATIONS, SWEPT_UNTIL
from services.alert_sweep import SweepDesk, sweep_alerts
from services.case_recompute import replan_open_cases

if TYPE_CHECKING:
    from uuid import UUID

    from services.alert_record import Alert, SweepRun
    from services.case_desk import CaseWorkshop

_log = get_logger("worker")


async def sweep_on_duty(desk: SweepDesk, workshop: CaseWorkshop | None) -> None:
    """One sweep. If it fails, the jobs go on and it is tried next time; the watchman hears of it if it goes on failing."""
    try:
        run = await asyncio.to_thread(sweep_once, desk, workshop)
    except Exception as error:  # noqa: BLE001 - whatever it is, payments and cases go on
        _log.warning("what is due was not told to the supervision office", **describe_exception(error))
        return
    if run.told or run.escalated:
        _log.info("the supervision office was told what was due", told=run.told, escalated=run.escalated)


def sweep_once(desk: SweepDesk, workshop: CaseWorkshop | None) -> SweepRun:
    """Sweep. Before the first sweep of all, cases that were opened before there was supervision are planned."""
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        first = tx.alerts.last_sweep() is None
    if first and workshop is not None:
        planned = replan_open_cases(workshop.desk, _warn)
        _log.info("open cases were planned for the supervision office", count=planned)
    run = sweep_alerts(desk, _count)
    SWEPT_UNTIL.set(run.swept_until.timestamp())
    return run


def _warn(case_id: UUID) -> None:
    _log.warning("a case could not be planned: its service or its agency is not known", record_id=str(case_id))


def _count(alert: Alert) -> None:
    if alert.escalations:
        ESCALATIONS.labels(str(alert.planned.rung)).inc()
    else:
        ALERTS.labels(str(alert.planned.rung)).inc()
