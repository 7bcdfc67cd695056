"""What the supervision office is told, in memory: planned alerts, alerts with their events, and the sweeper's sign of life."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.alert_record import Alert, AlertEvent, AlertState, PlannedAlert, Rung, SweepRun
from services.errors import VersionTaken
from tests.fake_case_tables import CaseRows, Claimed


class FakeAlerts(CaseRows):
    """Implements ``alert_record.AlertStore``."""

    def replan(self, case_id: UUID, planned: Sequence[PlannedAlert], now: datetime) -> None:
        kept = {claim_of(one) for one in planned}
        for claim, plan in [*self.tables.planned.items()]:
            if plan.case_id == case_id and plan.due_at > now and claim not in kept and claim[0] in self.agencies:
                del self.tables.planned[claim]
        told = {claim_of(one.planned) for one in self.tables.alerts.values()}
        for one in planned:
            self.require(one.agency_id)
            known = self.tables.planned.get(claim_of(one))
            if claim_of(one) not in told and (known is None or known.due_at > now):
                self.tables.planned[claim_of(one)] = one

    def hold(self, case_id: UUID) -> None:
        """Transactions of this house come one after the other."""

    def list_due(
        self,
        until: datetime,
        limit: int,
        after: tuple[datetime, UUID, str, str] | None = None,
        *,
        hold: bool = False,
    ) -> list[PlannedAlert]:
        mine = [one for one in self.tables.planned.values() if one.agency_id in self.agencies and one.due_at <= until]
        return sorted((one for one in mine if after is None or _place(one) > after), key=_place)[:limit]

    def tell(self, alert: Alert, event: AlertEvent) -> bool:
        self.require(alert.planned.agency_id)
        claim = claim_of(alert.planned)
        self.tables.planned.pop(claim, None)
        if any(claim_of(one.planned) == claim for one in self.tables.alerts.values()):
            return False
        self.tables.alerts[alert.alert_id] = alert
        self.tables.alert_events[alert.alert_id] = [event]
        return True

    def load(self, alert_id: UUID) -> tuple[Alert, list[AlertEvent]] | None:
        found = self.tables.alerts.get(alert_id)
        if found is None or found.planned.agency_id not in self.agencies:
            return None
        return found, list(self.tables.alert_events[alert_id])

    def append(self, alert: Alert, event: AlertEvent) -> None:
        self.require(alert.planned.agency_id)
        known = self.tables.alerts.get(alert.alert_id)
        if known is None or known.version != event.version - 1 or alert.version != event.version:
            raise VersionTaken
        self.tables.alerts[alert.alert_id] = replace(alert, planned=known.planned, sent_at=known.sent_at)
        self.tables.alert_events[alert.alert_id].append(event)

    def list_inbox(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[AlertState] = (AlertState.OPEN,),
        levels: Sequence[UUID] | None = None,
        rungs: Sequence[Rung] = (),
        service: str | None = None,
        staff_id: UUID | None = None,
        limit: int = 50,
        before: UUID | None = None,
    ) -> list[Alert]:
        found = [
            one for one in self._seen()
            if one.planned.agency_id in agencies
            and one.state in states
            and (levels is None or one.level_agency_id in levels)
            and (not rungs or one.planned.rung in rungs)
            and service in (None, one.planned.service)
            and staff_id in (None, one.planned.staff_id)
            and (before is None or one.alert_id < before)
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.alert_id, reverse=True)[:limit]

    def list_of_case(self, case_id: UUID) -> list[Alert]:
        found = [one for one in self._seen() if one.planned.case_id == case_id]
        return sorted(found, key=lambda one: one.alert_id)

    def list_answered(self, shown: Sequence[Alert]) -> set[UUID]:
        loaded = [row for one in shown if (row := self.load(one.alert_id)) is not None]
        return {alert.alert_id for alert, events in loaded if events[-1].name == "answered"}

    def list_asked(self, agencies: Sequence[UUID], staff_id: UUID, limit: int) -> list[Alert]:
        asked = [
            (one.asked_at, one.alert_id, one) for one in self._seen()
            if one.asked_at is not None and one.asked_of in (None, staff_id) and one.planned.agency_id in agencies
        ]  # fmt: skip
        return [one for *_, one in sorted(asked, key=lambda row: row[:2])][:limit]

    def list_to_escalate(self, until: datetime, limit: int, *, hold: bool = False) -> list[Alert]:
        due = [
            (one.escalate_at, one.alert_id, one) for one in self._seen()
            if one.state is AlertState.OPEN and one.escalate_at is not None and one.escalate_at <= until
        ]  # fmt: skip
        return [one for *_, one in sorted(due, key=lambda row: row[:2])][:limit]

    def note_sweep(self, run: SweepRun) -> None:
        self.tables.sweeps.append(run)

    def last_sweep(self) -> SweepRun | None:
        return max(self.tables.sweeps, key=lambda run: run.swept_until, default=None)

    def _seen(self) -> Iterable[Alert]:
        return [one for one in self.tables.alerts.values() if one.planned.agency_id in self.agencies]


def claim_of(plan: PlannedAlert) -> Claimed:
    """What is told once."""
    return plan.agency_id, plan.case_id, plan.clock, str(plan.rung)


def _place(plan: PlannedAlert) -> tuple[datetime, UUID, str, str]:
    return plan.due_at, plan.case_id, plan.clock, str(plan.rung)
