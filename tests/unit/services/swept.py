"""A counter in memory whose clock a test sets, with its sweeper: what the tests of the sweep stand on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.ids import make_id
from services.alert_mail import MailTransaction
from services.alert_record import Alert
from services.alert_sweep import SweepDesk, sweep_alerts
from services.case_desk import CaseDesk
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import UNNUMBERED, open_case
from services.case_record import Hand
from services.counter_terms import Step
from tests.case_samples import make_case, make_case_mapping, say
from tests.fake_cases import FakeCaseHouse, make_case_desk, make_directory
from tests.fakes import FakeClock

MONDAY = date(2026, 11, 2)
STEPS = (Step(say("审查"), "clerk", 3), Step(say("税务意见"), "clerk", 2, agency="demo-tax-office"))
HOUR = timedelta(hours=1)


def midnight(on: date) -> datetime:
    """00:00 in Beijing."""
    return datetime(on.year, on.month, on.day, tzinfo=UTC) - 8 * HOUR


def day(number: int, month: int = 11) -> date:
    return date(2026, month, number)


class Office:
    """A counter whose clock a test sets, its supervision, and the mail it would send."""

    def __init__(self, orange_percent: int = 80, **terms: Any) -> None:
        self.house, self.clock = FakeCaseHouse(), FakeClock(midnight(MONDAY) + 10 * HOUR)
        made = make_case_desk(
            make_case_mapping(**{"steps": STEPS, **terms}), house=self.house, clock=self.clock,
            directory=make_directory("demo-office", "demo-tax-office"),
        )  # fmt: skip
        self.desk: CaseDesk = replace(made, orange_percent=orange_percent)
        find = self.desk.directory.agency_id
        self.city, self.own, self.tax = find("demo-city"), find("demo-office"), find("demo-tax-office")
        self.parents: dict[UUID, UUID | None] = {self.city: None, self.own: self.city, self.tax: self.city}
        self.mailed: list[tuple[UUID, int]] = []
        self.sweeper = SweepDesk(
            self.house, self.desk.directory, self.clock, lambda: make_id(self.clock.now()), self.parents.get,
            also_tell=self.mail,
        )  # fmt: skip

    def mail(self, _tx: MailTransaction, alert: Alert, _now: datetime) -> None:
        self.mailed.append((alert.level_agency_id, alert.escalations))

    def at(self, moment: datetime) -> Office:
        """Set the clock."""
        self.clock.at = moment
        return self

    def on(self, on: date) -> Office:
        """Ten in the morning of a day in Beijing."""
        return self.at(midnight(on) + 10 * HOUR)

    def open(self) -> UUID:
        """A case that is handed in now."""
        today = (self.clock.now() + 8 * HOUR).date()
        case = make_case(self.own, self.clock.now(), case_no=UNNUMBERED, received_on=today, business_on=today)
        with self.house.begin(self.desk.directory.all_agencies()) as tx:
            return open_case(self.desk, tx, case, Move("case_received", Hand.APPLICANT, {})).case.case_id

    def accept(self) -> UUID:
        """A case that is received and accepted now."""
        case_id = self.open()
        self.do(case_id, "accepted", on=(self.clock.now() + 8 * HOUR).date().isoformat())
        return case_id

    def do(
        self, case_id: UUID, event: str, hand: Hand = Hand.CLERK, staff_id: UUID | None = None, **data: Any
    ) -> CaseFile:
        """One event now."""
        with self.house.begin(self.desk.directory.all_agencies()) as tx:
            return write_move(self.desk, tx, load_case(tx, case_id), Move(event, hand, data, staff_id))

    def was_extended(self, case_id: UUID) -> bool:
        """Whether the one extension that the law allows is spent."""
        return any(event.name == "extension_granted" for event in self.house.tables.counter.events[case_id])

    def sweep(self) -> int:
        """How many were told by a sweep now."""
        return sweep_alerts(self.sweeper).told

    def told(self, case_id: UUID) -> list[tuple[str, str, datetime, datetime]]:
        """Clock, rung, due_at and sent_at of a case's alerts, by due_at."""
        found = [one for one in self.house.tables.counter.alerts.values() if one.planned.case_id == case_id]
        rows = [(one.planned.clock, str(one.planned.rung), one.planned.due_at, one.sent_at) for one in found]
        return sorted(rows, key=lambda row: (row[2], row[0]))

    def rungs(self, case_id: UUID) -> list[tuple[str, str, date]]:
        """Clock, rung and day in Beijing on which each was due."""
        return [(clock, rung, (due + 8 * HOUR).date()) for clock, rung, due, _ in self.told(case_id)]

    @property
    def alerts(self) -> list[Alert]:
        return list(self.house.tables.counter.alerts.values())


def extend_once(office: Office, case_id: UUID) -> None:
    """Extended now, unless it was before."""
    if not office.was_extended(case_id):
        extend(office, case_id)


def extend(office: Office, case_id: UUID, days: int = 10) -> None:
    """Asked and granted now."""
    office.do(case_id, "extension_asked", days=days, reason="试")
    today = (office.clock.now() + 8 * HOUR).date()
    office.do(case_id, "extension_granted", Hand.HEAD, days=days, reason="试", on=today.isoformat())
