"""Which clocks run for a case, till when, on whose desk; and when the clock itself must look at the case again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.calendar_record import Calendar
from services.case_desk import CaseDesk
from services.case_file import CaseFile
from services.case_limits import EXAMINED, clocks_of, decision_clocks, nearest, steps_in_hand
from services.case_ports import CaseTransaction
from services.case_record import CaseState, DeskLine
from services.clock import ClockKind, Deadline, compute, end_of_day
from services.counter_terms import CounterTerms
from services.errors import ConfigurationFault
from services.mapping import ServiceMapping

NO_CALENDAR = 0
"""The version of the calendar that stands in where the store has none: it knows no notice, so everything is provisional."""


def terms_of(mapping: ServiceMapping) -> CounterTerms:
    """What the counter needs to know of a service. Raises ``ConfigurationFault`` for one that is no case."""
    if mapping.counter is None:
        raise ConfigurationFault(f"{mapping.id} is not handled at the counter")
    return mapping.counter


def calendar_of(tx: CaseTransaction, region: str) -> Calendar:
    """The calendar in force for a region: its own, else the country's, else one that knows nothing and makes everything provisional."""
    for wanted in dict.fromkeys((region, region.partition("-")[0])):
        found = tx.calendars.current(wanted)
        if found is not None:
            return found
    return Calendar(region, NO_CALENDAR, {}, date.max, date.min)


def deadlines_of(_desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> tuple[Deadline, ...]:
    """The deadlines of the clocks that run now."""
    terms = terms_of(mapping)
    calendar = calendar_of(tx, terms.region)
    return tuple(compute(clock, calendar) for clock in clocks_of(file, terms, calendar))


def decision_deadlines(tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> tuple[Deadline, ...]:
    """The statutory and the promised deadline of an accepted case, also after its end: for receipts and vouchers."""
    terms = terms_of(mapping)
    calendar = calendar_of(tx, terms.region)
    return tuple(compute(clock, calendar) for clock in decision_clocks(file, terms))


def make_lines(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> list[DeskLine]:
    """The case's line on every desk with something to do in it: the lead agency's, and in joint handling each other's."""
    terms, deadlines = terms_of(mapping), deadlines_of(desk, tx, file, mapping)
    in_hand = steps_in_hand(file, terms.steps)
    whose = [desk.directory.agency_id(step.agency) if step.agency else file.case.agency_id for step in terms.steps]
    lead = [index for index in in_hand if whose[index] == file.case.agency_id]
    lines = [_make_line(file, file.case.agency_id, deadlines, lead, file.claimed_by)]
    lines[0] = _wait_for(lines[0], _find_turn(file, terms, in_hand, lead))
    for agency_id in dict.fromkeys(one for one in whose if one != file.case.agency_id):
        theirs = [index for index, one in enumerate(whose) if one == agency_id]
        open_now = [index for index in theirs if index in in_hand]
        if open_now or file.steps_done & set(theirs):
            line = _make_line(file, agency_id, deadlines, open_now, None)
            turn = terms.steps[open_now[0]].role if open_now else "nobody"
            lines.append(_wait_for(line, turn if file.state is CaseState.ACCEPTED else "nobody"))
    return lines


def _make_line(
    file: CaseFile, agency_id: UUID, deadlines: tuple[Deadline, ...], mine: list[int], claimed_by: UUID | None
) -> DeskLine:
    """A line with the nearest deadline that concerns this desk: another desk's step is not its own."""
    case = file.case
    due = nearest(tuple(one for one in deadlines if one.kind is not ClockKind.STEP or one.step in mine))
    return DeskLine(
        agency_id, case.case_id, case.agency_id, case.service, case.case_no, file.state, file.version, "nobody",
        mine[0] if mine else -1, due.due_on if due else None, str(due.kind) if due else "",
        due.provisional if due else False, claimed_by, case.received_at, file.updated_at,
    )  # fmt: skip


def _wait_for(line: DeskLine, turn: str) -> DeskLine:
    return replace(line, waits_for=turn)


def _find_turn(file: CaseFile, terms: CounterTerms, in_hand: tuple[int, ...], lead: list[int]) -> str:
    """Who must do something next at the lead agency: clerk, head, applicant, house or nobody."""
    if file.state in EXAMINED:
        return _find_examiner(file, terms, in_hand, lead)
    if file.state is CaseState.ISSUED:
        return "clerk" if file.case.delivery == "post" else "applicant"
    return _TURNS.get(file.state, "nobody")


_TURNS = {
    CaseState.RECEIVED: "clerk",
    CaseState.CORRECTION_ASKED: "applicant",
    CaseState.GRANTED: "house",
    CaseState.POSTED: "clerk",
}


def _find_examiner(file: CaseFile, terms: CounterTerms, in_hand: tuple[int, ...], lead: list[int]) -> str:
    if file.state is CaseState.SPECIAL_PROCEDURE:
        return "clerk"
    if file.pending_extension is not None:
        return "head"
    if in_hand:
        return terms.steps[lead[0]].role if lead else "nobody"
    return "applicant" if file.gap is not None else _find_decider(terms)


def _find_decider(terms: CounterTerms) -> str:
    """Who decides when every step is finished: the back end, whoever the last step hands over to, or a clerk."""
    if terms.decided_by == "back_end":
        return "house"
    last = terms.steps[-1] if terms.steps else None
    return (last.hands_over_to or last.role) if last else "clerk"


def next_watch(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> datetime | None:
    """When the clock itself must look at the case again: the moment after the last day of the nearest running clock that has not run out."""
    now = desk.clock.now()
    moments = [end_of_day(one.due_on) for one in deadlines_of(desk, tx, file, mapping)]
    return min((moment for moment in moments if moment > now), default=None)
