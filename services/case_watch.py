"""What time alone does to a case: it counts as accepted when the office said nothing in five days. Nothing else happens by time.

Job ``watch_case``: it may run at any time and as often as it likes; it looks at the clocks first and plans its next look itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.case_clocks import calendar_of, next_watch, terms_of
from services.case_desk import CaseDesk, CaseWorkshop
from services.case_events import Move, change_case, load_case, mapping_of, write_move
from services.case_file import CaseFile
from services.case_limits import clocks_of
from services.case_opening import list_desks
from services.case_ports import CaseTransaction
from services.case_record import CaseState, Hand
from services.clock import ClockKind, compute
from services.mapping import ServiceMapping
from services.till import business_day

TASK = "watch_case"


def watch_case(workshop: CaseWorkshop, agency_id: UUID, case_id: UUID, request_id: str) -> CaseState:
    """Job: the completeness clock's consequence (AL art. 32(1)(4)), back-dated to the day of receipt. Raises ``NotFound``."""
    desk = replace(workshop.desk, request_id=request_id)
    with desk.house.begin((agency_id,)) as tx:
        mapping = mapping_of(desk, load_case(tx, case_id))

    def look(tx: CaseTransaction) -> CaseState:
        file = load_case(tx, case_id)
        move = _find_consequence(desk, tx, file, mapping)
        if move is not None:
            return write_move(desk, tx, file, move).state
        _look_later(desk, tx, file, mapping)
        return file.state

    return change_case(desk, list_desks(desk, mapping), look)


def _find_consequence(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> Move | None:
    """The acceptance that the law presumes. A day that is only presumed to count (``provisional``) has no consequence yet."""
    if file.state is not CaseState.RECEIVED:
        return None
    terms = terms_of(mapping)
    calendar, today = calendar_of(tx, terms.region), business_day(desk.clock.now())
    for clock in clocks_of(file, terms, calendar):
        deadline = compute(clock, calendar)
        if clock.kind is ClockKind.COMPLETENESS and deadline.is_over(today) and not deadline.provisional:
            return Move("deemed_accepted", Hand.CLOCK, {"on": clock.start_on.isoformat()})
    return None


def _look_later(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> None:
    """At the end of the nearest clock; daily while a clock has run out by a calendar that is not out yet."""
    due_at = next_watch(desk, tx, file, mapping)
    if due_at is None and file.state is CaseState.RECEIVED:
        due_at = desk.clock.now() + timedelta(days=1)
    if due_at is not None:
        tx.jobs.schedule(TASK, file.case.agency_id, file.case.case_id, due_at)
