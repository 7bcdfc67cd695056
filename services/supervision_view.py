"""What the supervision office sees of a case without opening it: which clocks it had and has, what happened when and by whom. Nothing of
the applicant, nothing of what anybody wrote.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.alert_record import Alert, AlertEvent, Rung
from services.calendar_record import Calendar
from services.case_clocks import calendar_of, terms_of
from services.case_file import CaseFile
from services.case_graph import CLOSED
from services.case_record import CaseState, Hand
from services.clock import Deadline, compute
from services.clock_history import list_runs
from services.counter_bench import CounterTransaction
from services.mapping import ServiceMapping
from services.rating_rules import VOICES
from services.supervision_rules import URGENCY, Asked, list_asked
from services.till import business_day


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One run of one clock. ``used`` of ``budget`` working days are counted till today or till it ended; ``rung`` the worst alert of it."""

    key: str
    deadline: Deadline
    started_on: date
    budget: int
    used: int
    ended_at: datetime | None
    late: bool
    suspended: int
    extended_by: int
    rung: Rung | None


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the case: what, when, by whom; never its words. ``idle_days``: days since the one before."""

    version: int
    name: str
    state: CaseState
    hand: Hand
    at: datetime
    staff_id: UUID | None
    idle_days: int


@dataclass(frozen=True, slots=True)
class CaseCourse:
    """A case as the supervision office sees it without a reason. ``idle_days``: since its last event, 0 once it is closed."""

    case_id: UUID
    case_no: str
    service: str
    agency_id: UUID
    state: CaseState
    received_at: datetime
    claimed_by: UUID | None
    clocks: tuple[ClockLine, ...]
    steps: tuple[Step, ...]
    idle_days: int


@dataclass(frozen=True, slots=True)
class OpenedAlert:
    """One alert: what was done about it, the other alerts of its case, the case's course. ``alert.version`` is the ``seen_version``.

    ``course`` is None where no case is behind it: money that was taken. ``seat``: on whose desk it lies, None where nobody supervises.
    """

    alert: Alert
    events: tuple[AlertEvent, ...]
    others: tuple[Alert, ...]
    course: CaseCourse | None
    offers: frozenset[str]
    own_work: bool
    seat: UUID | None = None

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The questions so far with their answers, oldest first."""
        return list_asked(self.events)


def tell_course(
    tx: CounterTransaction, file: CaseFile, mapping: ServiceMapping, alerts: Collection[Alert], now: datetime
) -> CaseCourse:
    """The course of a case; that it was rated or complained of is no part of it."""
    terms = terms_of(mapping)
    calendar = calendar_of(tx, terms.region)
    case, today = file.case, business_day(now)
    idle = 0 if file.state in CLOSED else (now - file.updated_at).days
    return CaseCourse(
        case.case_id, case.case_no, case.service, case.agency_id, file.state, case.received_at, file.claimed_by,
        tuple(_list_clocks(file, mapping, calendar, alerts, today)), tuple(_list_steps(file)), idle,
    )  # fmt: skip


def _list_clocks(
    file: CaseFile, mapping: ServiceMapping, calendar: Calendar, alerts: Collection[Alert], today: date
) -> list[ClockLine]:
    lines = []
    for run in list_runs(file, terms_of(mapping), calendar):
        deadline, until = compute(run.clock, calendar), run.ended_on or today
        used = sum(1 for on in deadline.counted if on <= until)
        over = 0 if deadline.standing else max(0, -deadline.days_left(until))
        told = {one.planned.rung for one in alerts if one.planned.clock == run.key}
        worst = next((rung for rung in URGENCY if rung in told), None)
        lines.append(
            ClockLine(
                run.key, deadline, run.clock.start_on, len(deadline.counted), used + over, run.ended_at, over > 0,
                len(run.clock.suspensions), run.clock.extension_days, worst,
            )
        )  # fmt: skip
    return lines


def _list_steps(file: CaseFile) -> list[Step]:
    steps: list[Step] = []
    for event in file.events:
        if event.name in VOICES:
            continue
        idle = (event.at - steps[-1].at).days if steps else 0
        steps.append(Step(event.version, event.name, event.state, event.hand, event.at, event.staff_id, idle))
    return steps
