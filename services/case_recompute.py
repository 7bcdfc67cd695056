"""A new calendar over the open cases: whose deadline moves, or is no longer provisional, gets an event; nobody else.

When the supervision office will be told is planned anew for all of them, without an event: orange may move where no deadline does.

Each case is written in a transaction of its own: clerks go on working meanwhile. A run that broke off is taken up by running it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from services.calendar_record import Calendar
from services.case_alerts import replan_alerts
from services.case_clocks import calendar_of, terms_of
from services.case_desk import CaseDesk
from services.case_events import Move, change_case, load_case, mapping_of, write_move
from services.case_file import CaseFile
from services.case_limits import business_day, clocks_of
from services.case_ports import CaseTransaction
from services.case_record import Hand
from services.clock import Deadline, compute
from services.counter_terms import CounterTerms
from services.errors import ConfigurationFault, NotFound
from services.model import JsonValue

PAGE = 200
"""Cases that are read at once."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A case whose clocks were set anew: its number, the desks that have it, and what moved."""

    case_no: str
    service: str
    desks: tuple[UUID, ...]
    before: tuple[Deadline, ...]
    after: tuple[Deadline, ...]


def add_calendar(desk: CaseDesk, calendar: Calendar, reason: str) -> None:
    """Put a new version in force. Raises ``VersionTaken`` if somebody else was first."""
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        tx.calendars.add(calendar, reason, desk.clock.now())


def recompute_cases(desk: CaseDesk, region: str, version: int) -> Iterator[Touched]:
    """Set the clocks of all open cases anew that go by version ``version`` of a region's calendar, which is in force."""
    agencies = desk.directory.all_agencies()
    with desk.house.begin(agencies) as tx:
        former, present = tx.calendars.load(region, version - 1), tx.calendars.load(region, version)
        made_at = tx.calendars.made_at(region, version)
    if present is None or made_at is None:
        return
    former = former or Calendar(region, 0, {}, date.max, date.min)
    made_on = business_day(made_at)
    for case_id in list_open(desk, agencies):
        touched = change_case(desk, agencies, partial(_recompute, desk, case_id, former, present, made_on))
        if touched is not None:
            yield touched


def list_open(desk: CaseDesk, agencies: Sequence[UUID]) -> Iterator[UUID]:
    """Ids of the open cases, a page at a time: no transaction is open between."""
    after: UUID | None = None
    while True:
        with desk.house.begin(agencies) as tx:
            page = [case.case_id for case, _ in tx.cases.list_open(after, PAGE)]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]


def _recompute(
    desk: CaseDesk, case_id: UUID, former: Calendar, present: Calendar, made_on: date, tx: CaseTransaction
) -> Touched | None:
    """One case: its event, or None if nothing of it moves, or if it has been set anew already."""
    tx.alerts.hold(case_id)
    file = load_case(tx, case_id)
    mapping = mapping_of(desk, file)
    terms = terms_of(mapping)
    last = file.last("clock_recomputed")
    done = last is not None and int(last.data["calendar_version"]) >= present.version
    in_force = calendar_of(tx, terms.region)
    if done or (in_force.region, in_force.version) != (present.region, present.version):
        return None
    pairs = [pair for pair in _pair_deadlines(file, terms, former, present, made_on) if _has_moved(*pair)]
    if not pairs:
        replan_alerts(desk, tx, file, mapping, desk.clock.now())
        return None
    before, after = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    data: dict[str, JsonValue] = {
        "calendar_version": present.version,
        "region": present.region,
        "before": [describe_deadline(one) for one in before],
        "after": [describe_deadline(one) for one in after],
    }
    write_move(desk, tx, file, Move("clock_recomputed", Hand.CLOCK, data))
    desks = tuple(line.agency_id for line in tx.cases.load_lines(case_id))
    return Touched(file.case.case_no, file.case.service, desks, before, after)


def replan_open_cases(desk: CaseDesk, on_left_out: Callable[[UUID], None] = lambda _: None) -> int:
    """Plan anew what will be told of every open case: after an update, or another share for orange. How many were planned.

    What was told stays told. A run that broke off is taken up by running it again. A case whose service is nowhere to be found, or whose
    agency, is left out and named: it must not keep the others from being told.
    """
    agencies, count = desk.directory.all_agencies(), 0
    for case_id in list_open(desk, agencies):
        try:
            with desk.house.begin(agencies) as tx:
                tx.alerts.hold(case_id)
                file = load_case(tx, case_id)
                replan_alerts(desk, tx, file, mapping_of(desk, file), desk.clock.now())
        except (NotFound, ConfigurationFault):
            on_left_out(case_id)
            continue
        count += 1
    return count


def _pair_deadlines(
    file: CaseFile, terms: CounterTerms, former: Calendar, present: Calendar, made_on: date
) -> list[tuple[Deadline, Deadline]]:
    """Each clock that runs, by both calendars; a clock that began after the new one came into force was never told otherwise."""
    told = {(clock.kind, clock.step): compute(clock, former) for clock in clocks_of(file, terms, former)}
    running = [clock for clock in clocks_of(file, terms, present) if clock.start_on <= made_on]
    return [(told[clock.kind, clock.step], compute(clock, present)) for clock in running]


def _has_moved(before: Deadline, after: Deadline) -> bool:
    return (before.due_on, before.provisional) != (after.due_on, after.provisional)


def describe_deadline(deadline: Deadline) -> JsonValue:
    """A deadline as an event keeps it."""
    return {
        "clock": str(deadline.kind),
        "step": deadline.step,
        "due_on": deadline.due_on.isoformat(),
        "provisional": deadline.provisional,
        "calendar_version": deadline.calendar_version,
    }
