"""The sweeper: what is due is told, once; what nobody acknowledged in time goes up a level; then it leaves its sign of life.

It may be killed at any point and run twice at once. A batch is one transaction: the plans in it are held, so that another sweeper takes
the next ones; telling is an insert under the unique key (agency, case, clock, rung), so that nothing is told twice even if the holding
failed. After an outage the same run catches up: each alert keeps the moment at which it was really due. The cost is that of what is due;
how many cases are open does not matter (``docs/supervision.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.alert_mail import MailTransaction
from services.alert_record import Alert, AlertEvent, AlertState, AlertStore, PlannedAlert, SweepRun
from services.calendar_record import Calendar, CalendarStore
from services.escalation_rule import EscalationRule
from services.ports import Clock, Directory

BATCH = 200
"""Alerts told in one transaction: a case that moves just then waits for it."""


class PlanTransaction(Protocol):
    """The part of a transaction that shows what is planned."""

    alerts: AlertStore


class PlanHouse(Protocol):
    """A store that begins such transactions. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[PlanTransaction]: ...


class SweepTransaction(MailTransaction, Protocol):
    """The part of the worker's transaction that the sweeper needs."""

    alerts: AlertStore
    calendars: CalendarStore


class SweepHouse(Protocol):
    """The worker's store. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[SweepTransaction]: ...


def tell_nobody(_tx: MailTransaction, _alert: Alert, _now: datetime) -> None:
    """No mail beside the inbox."""


@dataclass(frozen=True, slots=True)
class SweepDesk:
    """What the sweeper needs. ``parent_of`` is the agency above one in the tree, None for the root.

    ``also_tell`` is asked in the transaction that tells an alert or moves it up: mail. ``region``: whose office hours count.
    """

    house: SweepHouse
    directory: Directory
    clock: Clock
    new_id: Callable[[], UUID]
    parent_of: Callable[[UUID], UUID | None]
    rule: EscalationRule = field(default_factory=EscalationRule)
    also_tell: Callable[[MailTransaction, Alert, datetime], None] = tell_nobody
    region: str = "CN"
    batch: int = BATCH


def sweep_alerts(desk: SweepDesk, on_told: Callable[[Alert], None] = lambda _: None) -> SweepRun:
    """Tell what is due, move up what nobody acknowledged, note the run. ``on_told`` hears of each after its commit.

    All that one run tells has the same ``sent_at``. Raises ``StoreUnavailable``; what was told before stays told.
    """
    now = desk.clock.now()
    told = _repeat(desk, lambda tx: _tell_batch(desk, tx, now), on_told)
    escalated = _repeat(desk, lambda tx: _escalate_batch(desk, tx, now), on_told)
    run = SweepRun(desk.clock.now(), now, told, escalated)
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        tx.alerts.note_sweep(run)
    return run


def list_plans(house: PlanHouse, directory: Directory, until: datetime, page_size: int) -> Iterator[PlannedAlert]:
    """What would be told by ``until`` if no case moved before, the earliest first. Writes nothing, holds nothing."""
    after: tuple[datetime, UUID, str, str] | None = None
    while True:
        with house.begin(directory.all_agencies()) as tx:
            page = tx.alerts.list_due(until, page_size, after)
        yield from page
        if len(page) < page_size:
            return
        last = page[-1]
        after = (last.due_at, last.case_id, last.clock, str(last.rung))


def _repeat(
    desk: SweepDesk, act: Callable[[SweepTransaction], tuple[int, list[Alert]]], on_told: Callable[[Alert], None]
) -> int:
    """Batch after batch, each in a transaction of its own, till one is not full; how many alerts there were."""
    count, found = 0, desk.batch
    while found == desk.batch:
        with desk.house.begin(desk.directory.all_agencies()) as tx:
            found, done = act(tx)
        count += len(done)
        for alert in done:
            on_told(alert)
    return count


def _tell_batch(desk: SweepDesk, tx: SweepTransaction, now: datetime) -> tuple[int, list[Alert]]:
    """How many plans were found due, and the alerts that they became: fewer, if some were told before."""
    due = tx.alerts.list_due(now, desk.batch, hold=True)
    calendar = _find_calendar(desk, tx)
    told: list[Alert] = []
    for plan in due:
        alert = make_alert(desk, plan, now, calendar)
        if tx.alerts.tell(alert, AlertEvent(alert.alert_id, 1, "told", AlertState.OPEN, now)):
            desk.also_tell(tx, alert, now)
            told.append(alert)
    return len(due), told


def make_alert(desk: SweepDesk, plan: PlannedAlert, now: datetime, calendar: Calendar) -> Alert:
    """An alert as it is told: open, on the desk of the late agency's own supervision."""
    level = plan.agency_id
    alert = Alert(desk.new_id(), plan, now, AlertState.OPEN, level, 0, None, 1)
    return replace(alert, escalate_at=_find_moment(desk, alert, now, calendar))


def _escalate_batch(desk: SweepDesk, tx: SweepTransaction, now: datetime) -> tuple[int, list[Alert]]:
    due = tx.alerts.list_to_escalate(now, desk.batch, hold=True)
    calendar = _find_calendar(desk, tx)
    moved = [_move_up(desk, alert, now, calendar) for alert in due]
    for before, alert in zip(due, moved, strict=True):
        data = {"from": str(before.level_agency_id), "to": str(alert.level_agency_id)}
        tx.alerts.append(
            alert, AlertEvent(alert.alert_id, alert.version, "escalated", alert.state, now, None, data)
        )  # fmt: skip
        desk.also_tell(tx, alert, now)
    return len(due), moved


def _move_up(desk: SweepDesk, alert: Alert, now: datetime, calendar: Calendar) -> Alert:
    """On the desk of the level above; that one has its full time from now on. At the root it stays where it is."""
    above = _find_above(desk, alert)
    rise, version = alert.escalations + 1, alert.version + 1
    moved = replace(alert, level_agency_id=above, escalations=rise, version=version, handler=None)
    return replace(moved, escalate_at=_find_moment(desk, moved, now, calendar))


def _find_above(desk: SweepDesk, alert: Alert) -> UUID:
    """The level above; where the agency was moved in the tree, and the old level is none above it any more, the one above itself now."""
    own = seen = alert.planned.agency_id
    while seen != alert.level_agency_id:
        following = desk.parent_of(seen)
        if following is None:
            return desk.parent_of(own) or own
        seen = following
    return desk.parent_of(seen) or seen


def _find_moment(desk: SweepDesk, alert: Alert, now: datetime, calendar: Calendar) -> datetime | None:
    if desk.parent_of(alert.level_agency_id) is None:
        return None
    return desk.rule.find_moment(alert.planned.rung, now, calendar)


def _find_calendar(desk: SweepDesk, tx: SweepTransaction) -> Calendar:
    """The calendar in force; without any, Monday to Friday: nothing is kept from anybody for want of one."""
    return tx.calendars.current(desk.region) or Calendar(desk.region, 0, {}, date.max, date.min)
