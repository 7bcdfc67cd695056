"""An office whose cases are watched: supervision at the city, at an office and nowhere else; alerts that are really due."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.alert_record import Alert, AlertEvent, AlertState, Rung
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_record import Hand
from services.staffing import Role, StaffMember
from services.till import business_day
from tests.unit.gateway.console.office import LEFT, RIGHT, ROOT, TREE, Browser, Office

REASON = "核查预警办件的办理情况"


class Watched(Office):
    """A clerk with two cases in hand, one of which nobody touched for weeks; a case of another office."""

    def __init__(self) -> None:
        super().__init__()
        self.city = self.hire(ROOT, Role.SUPERVISOR, login="city.watch")
        self.left = self.hire(LEFT, Role.SUPERVISOR, login="left.watch")
        self.colleague = self.hire(LEFT, Role.SUPERVISOR, login="left.other")
        self.right = self.hire(RIGHT, Role.HEAD, login="right.head")
        self.clerk, self.second = self.hire(LEFT, Role.CLERK), self.hire(LEFT, Role.CLERK)
        self.head = self.hire(LEFT, Role.HEAD)
        self.idle = self.accept(self.clerk)
        self.clock.advance(timedelta(days=6).total_seconds())
        self.fresh = self.accept(self.clerk)

    def accept(self, clerk: StaffMember, agency_id: UUID | None = None) -> CaseFile:
        """A case that somebody has accepted and has in hand."""
        file = self.cases.receive(agency_id=agency_id)
        self.move(file, "claimed", clerk)
        return self.move(file, "accepted", clerk, on=business_day(self.clock.now()).isoformat())

    def move(self, file: CaseFile, event: str, member: StaffMember, **data: Any) -> CaseFile:
        """Something that one of the staff does with a case."""
        with self.store.begin(self.cases.everybody) as tx:
            known = load_case(tx, file.case.case_id)
            return write_move(self.cases.desk, tx, known, Move(event, Hand.CLERK, data, member.staff_id))

    def sweep(self) -> list[Alert]:
        """Tell what is due by now, as the sweeper does."""
        now = self.clock.now()
        told: list[Alert] = []
        with self.store.begin(self.cases.everybody) as tx:
            for plan in tx.alerts.list_due(now, 500):
                level, escalate_at = plan.agency_id, now + timedelta(days=1)
                alert = Alert(
                    uuid4() if not told else self.new_id(), plan, now, AlertState.OPEN, level, 0, escalate_at, 1
                )
                if tx.alerts.tell(alert, AlertEvent(alert.alert_id, 1, "told", AlertState.OPEN, now)):
                    told.append(alert)
        return told

    def escalate(self, alert_id: UUID) -> None:
        """Nobody acknowledged it in time."""
        with self.store.begin(self.cases.everybody) as tx:
            row = tx.alerts.load(alert_id)
            assert row is not None
            above = TREE.parents[row[0].level_agency_id]
            assert above is not None
            after = replace(
                row[0],
                level_agency_id=above,
                escalations=row[0].escalations + 1,
                escalate_at=None,
                version=row[0].version + 1,
            )
            event = AlertEvent(
                alert_id, after.version, "escalated", after.state, self.clock.now(), None, {"to": str(above)}
            )
            tx.alerts.append(after, event)

    def wait(self, days: float) -> None:
        """Days pass in which nobody does anything."""
        self.clock.advance(timedelta(days=days).total_seconds())

    def find(self, rung: Rung, file: CaseFile | None = None) -> Alert:
        """The alert of this rung of a case."""
        wanted = (file or self.idle).case.case_id
        with self.store.begin(self.cases.everybody) as tx:
            return next(one for one in tx.alerts.list_of_case(wanted) if one.planned.rung is rung)

    def events(self, alert_id: UUID) -> list[str]:
        """What happened to an alert."""
        with self.store.begin(self.cases.everybody) as tx:
            row = tx.alerts.load(alert_id)
        return [event.name for event in row[1]] if row else []

    def send(self, browser: Browser, alert: Alert, act: str, **fields: str) -> Any:
        """A form of the page of an alert, as that page now is."""
        page = read(browser.get(f"/supervision/{alert.alert_id}"))
        seen = re.search(r'name="seen_version" value="([0-9]+)"', page)
        return browser.post(
            f"/supervision/{alert.alert_id}/{act}", {"seen_version": seen.group(1) if seen else "1", **fields}
        )


def read(reply: Any) -> str:
    """The page."""
    text: str = reply.get_data(as_text=True)
    return text
