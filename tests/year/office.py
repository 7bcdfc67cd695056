"""The counters of the simulated year, day by day: what happens to their cases, written with the plan of alerts that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from services.alert_facts import plan_facts
from services.alert_plan import plan_alerts
from services.alert_record import PlannedAlert
from services.calendar_record import Calendar
from services.case_file import CaseFile
from services.case_graph import CLOSED, follow
from services.case_limits import clocks_of
from services.case_recompute import describe_deadline
from services.case_record import Case, CaseEvent, Hand
from services.clock import Deadline, compute, end_of_day
from services.counter_terms import CounterTerms
from services.model import JsonValue
from tests.year.arrivals import Arrival, Staff, make_case
from tests.year.calendars import NOTICE_DAY, WorkingDays, day_of, moment_on
from tests.year.city import Service
from tests.year.story import Life

NOTICE_AT = moment_on(NOTICE_DAY, 8 * 3600)
"""When the notice for 2026 is imported and every open case set anew: before the office opens."""
FACTUAL = ("refused", "not_accepted")
"""Events that can lack what the law asks of them."""


@dataclass
class OpenCase:
    """A case that goes on: its whole life, and how much of it has happened."""

    case: Case
    terms: CounterTerms
    events: tuple[CaseEvent, ...]
    known: int = 0

    @property
    def file(self) -> CaseFile:
        """What has happened."""
        return CaseFile(self.case, self.events[: self.known])

    def live_until(self, moment: datetime) -> tuple[CaseEvent, ...]:
        """Let happen what happens before a moment."""
        first = self.known
        while self.known < len(self.events) and self.events[self.known].at < moment:
            self.known += 1
        return self.events[first : self.known]

    def insert(self, name: str, hand: Hand, at: datetime, **data: JsonValue) -> CaseEvent:
        """One more event now; what is still to come counts on from it."""
        before = self.events[self.known - 1]
        state = follow(before.state, name, hand)
        event = CaseEvent(self.case.case_id, self.known + 1, name, state, hand, at, None, data)
        later = (replace(one, version=one.version + 1) for one in self.events[self.known :])
        self.events = (*self.events[: self.known], event, *later)
        self.known += 1
        return event


@dataclass
class Day:
    """What a day brought: new cases, events with the agency that leads each, plans, and the cases that were planned anew."""

    opened: list[Case]
    events: list[tuple[UUID, CaseEvent]] = field(default_factory=list)
    moved: dict[UUID, datetime] = field(default_factory=dict)
    planned: dict[UUID, list[PlannedAlert]] = field(default_factory=dict)
    facts: list[PlannedAlert] = field(default_factory=list)

    @property
    def plans(self) -> Iterator[PlannedAlert]:
        """Everything that is planned anew, and what is due at once."""
        yield from self.facts
        for plans in self.planned.values():
            yield from plans


class Office:
    """Some of the year's cases. ``calendars``: the one till the notice and the one after it; ``agencies``: the ids by slug."""

    def __init__(
        self,
        arrivals: Iterable[Arrival],
        services: tuple[Service, ...],
        staff: Staff,
        agencies: dict[str, UUID],
        calendars: tuple[Calendar, Calendar],
        seed: int,
        orange_percent: int,
    ) -> None:
        self._services, self._staff, self._agencies = services, staff, agencies
        self._calendars, self._seed, self._percent = calendars, seed, orange_percent
        self._days = WorkingDays(calendars[1])
        self._arrivals: dict[date, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            self._arrivals[arrival.day].append(arrival)
        self._open: dict[UUID, OpenCase] = {}
        self._busy: dict[date, list[UUID]] = defaultdict(list)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to happen."""
        return not self._arrivals and not self._open

    def live(self, on: date) -> Day:
        """One day: what happens to each case, in its order, and what is planned of it at the day's end.

        Alerts fall due at 00:00, so of several events of a case on one day only the plan after the last one matters.
        """
        day = Day([self._receive(arrival) for arrival in self._arrivals.pop(on, ())])
        if on == NOTICE_DAY:
            self._set_anew(day)
        until = end_of_day(on)
        for case_id in self._busy.pop(on, ()):
            one = self._open[case_id]
            events = one.live_until(until)
            day.events += [(one.case.agency_id, event) for event in events]
            day.facts += self._find_facts(one, events)
            self._plan(day, one, one.events[one.known - 1].at, self._calendars[on >= NOTICE_DAY])
        return day

    def _receive(self, arrival: Arrival) -> Case:
        service = self._services[arrival.service]
        case = make_case(arrival, service, self._agencies, self._seed)
        events = Life(arrival, case, service, self._staff, self._days, self._seed).tell()
        self._open[case.case_id] = OpenCase(case, service.terms, events)
        for on in {day_of(event.at) for event in events}:
            self._busy[on].append(case.case_id)
        return case

    def _plan(self, day: Day, one: OpenCase, now: datetime, calendar: Calendar) -> None:
        file = one.file
        day.moved[one.case.case_id] = now
        planned = plan_alerts(file, one.terms, calendar, self._agencies.__getitem__, self._percent)
        day.planned[one.case.case_id] = [plan for plan in planned if plan.due_at > now]
        if file.state in CLOSED:
            del self._open[one.case.case_id]

    def _find_facts(self, one: OpenCase, events: Iterable[CaseEvent]) -> Iterator[PlannedAlert]:
        """What the supervision office is told at once, whatever the clocks say."""
        for event in events:
            if event.name in FACTUAL:
                yield from plan_facts(CaseFile(one.case, one.events[: event.version]), ())

    def _set_anew(self, day: Day) -> None:
        """The notice: every open case is planned by the new calendar; whose deadline moves or becomes certain has an event of it."""
        before, after = self._calendars
        for one in list(self._open.values()):
            day.events += [(one.case.agency_id, event) for event in one.live_until(NOTICE_AT)]
            if not one.known:
                continue
            moved = [(was, now) for was, now in _pair(one, before, after) if _has_moved(was, now)]
            if moved:
                was, now = ([describe_deadline(pair[side]) for pair in moved] for side in (0, 1))
                data = {"calendar_version": after.version, "region": after.region, "before": was, "after": now}
                event = one.insert("clock_recomputed", Hand.CLOCK, NOTICE_AT, **data)
                day.events.append((one.case.agency_id, event))
            self._plan(day, one, NOTICE_AT, after)


def _pair(one: OpenCase, before: Calendar, after: Calendar) -> Iterable[tuple[Deadline, Deadline]]:
    for clock in clocks_of(one.file, one.terms, after):
        yield compute(clock, before), compute(clock, after)


def _has_moved(before: Deadline, after: Deadline) -> bool:
    return (before.due_on, before.provisional) != (after.due_on, after.provisional)
