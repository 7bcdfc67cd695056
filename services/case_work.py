"""The house's own work on a case: one step after the other, each of which looks first at what is done already.

Job ``work_on_case``: every event of a case asks for it, and whatever did not answer asks for it again later. It may be killed at any point
and run again, here or elsewhere, at the same time too: what must happen once is written down under the case's next version before or
with its effect. Nothing here decides: a decision by rule is carried from the office's own system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from services.case_decisions import accept_by_checks, decide_by_rule
from services.case_desk import CaseDesk, CaseWorkshop
from services.case_documents import make_documents
from services.case_events import load_case
from services.case_file import CaseFile
from services.case_ports import CaseTransaction
from services.case_record import CaseState
from services.case_records import record_grant
from services.case_stores import NO_CHAIN
from services.materials import fetch_materials

HouseStep = Callable[[CaseWorkshop, CaseFile, str], CaseFile]
STEPS: tuple[HouseStep, ...] = (fetch_materials, accept_by_checks, decide_by_rule, record_grant, make_documents)
"""In this order; each gives the case as it is after it."""


def work_on_case(workshop: CaseWorkshop, agency_id: UUID, case_id: UUID, request_id: str) -> CaseState:
    """Job: do what the house has to do for a case now. Raises ``NotFound``, ``StoreUnavailable``, ``ConfigurationFault``."""
    desk = replace(workshop.desk, request_id=request_id)
    workshop = replace(workshop, desk=desk)
    with desk.house.begin((agency_id,)) as tx:
        file = load_case(tx, case_id)
    if NO_CHAIN in (file.case.chain_id, file.case.principal_chain_id):
        file = name_chains(desk, file)
    for step in STEPS:
        file = step(workshop, file, request_id)
    return file.state


def name_chains(desk: CaseDesk, file: CaseFile) -> CaseFile:
    """Join a case that was opened at the window to the chains of those whom it concerns: the console's role cannot.

    So a person who proves later who they are finds what a platform saw of this case among their own records.
    """
    case = file.case
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        organisation = tx.mandates.load_organisation(case.organisation_id) if case.organisation_id else None
        number = case.applicant.get("identity_number")
        theirs = organisation.chain_id if organisation else _find_chain(desk, tx, number)
        acting = _find_chain(desk, tx, case.agent.get("identity_number")) if case.agent else theirs
        if theirs is not None and theirs != NO_CHAIN:
            tx.cases.assign_chains(case.agency_id, case.case_id, acting or theirs, theirs)
        return load_case(tx, case.case_id)


def _find_chain(desk: CaseDesk, tx: CaseTransaction, number: str | None) -> UUID | None:
    """The chain of whoever has this number; persons belong to the root agency."""
    return tx.mandates.find_chain(desk.directory.root_agency(), number, desk.clock.now()) if number else None
