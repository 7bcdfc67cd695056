"""Opening a case: number, first event, lines on the desks and jobs in one transaction, whoever brings it (``docs/cases.md``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.case_alerts import list_planned
from services.case_clocks import make_lines
from services.case_desk import CaseDesk
from services.case_events import Move, schedule_work
from services.case_file import CaseFile
from services.case_graph import START, STARTERS
from services.case_numbers import name_period, write_number
from services.case_ports import CaseTransaction
from services.case_record import Case, CaseEvent, CaseState
from services.mapping import ServiceMapping
from services.payment_graph import EdgeUnknown

UNNUMBERED = ""
"""What stands for the number of a case until its transaction ends."""


def open_case(desk: CaseDesk, tx: CaseTransaction, case: Case, move: Move) -> CaseFile:
    """Write a case whose ``case_no`` is still ``UNNUMBERED``; the last thing that its transaction does.

    ``move`` is START with the first event's data, by the applicant or by a clerk at the window. The count is taken last, so that others
    who open a case at this agency wait for a few inserts and a commit, no more. Raises ``VersionTaken`` if the case exists, ``EdgeUnknown``.
    """
    if move.event != START or move.hand not in STARTERS:
        raise EdgeUnknown(f"no case begins with {move.event} by {move.hand}")
    mapping = desk.catalogue.service_at(case.service, case.mapping_version)
    data = {**move.data, **desk.name_cause()}
    event = CaseEvent(
        case.case_id, 1, START, CaseState.RECEIVED, move.hand, case.received_at, move.staff_id, data
    )  # fmt: skip
    opened = CaseFile(case, (event,))
    lines = make_lines(desk, tx, opened, mapping)
    schedule_work(desk, tx, opened, mapping)
    planned = list_planned(desk, tx, opened, mapping)
    numbered = replace(case, case_no=_take_number(desk, tx, case))
    tx.cases.open(numbered, event, [replace(line, case_no=numbered.case_no) for line in lines])
    tx.alerts.replan(case.case_id, [replace(plan, case_no=numbered.case_no) for plan in planned], event.at)
    return CaseFile(numbered, (event,))


def _take_number(desk: CaseDesk, tx: CaseTransaction, case: Case) -> str:
    form = desk.number_format
    number = tx.cases.next_number(case.agency_id, name_period(form, case.business_on))
    return write_number(form, agency_id=case.agency_id, service=case.service, on=case.business_on, number=number)


def list_desks(desk: CaseDesk, mapping: ServiceMapping) -> tuple[UUID, ...]:
    """Every agency with a part in cases of this service, the lead first: with these a transaction on such a case is begun."""
    steps: Sequence[str] = [step.agency for step in mapping.counter.steps if step.agency] if mapping.counter else []
    return tuple(dict.fromkeys(desk.directory.agency_id(slug) for slug in (mapping.agency, *steps)))
