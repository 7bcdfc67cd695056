"""Telling people what happened to their case. So far a case is told of in its timeline alone (``services/case_timeline.py``)."""

from __future__ import annotations

from uuid import UUID

from services.case_desk import CaseWorkshop
from services.case_events import load_case
from services.case_record import CaseState


def tell_case(workshop: CaseWorkshop, agency_id: UUID, case_id: UUID, request_id: str) -> CaseState:  # noqa: ARG001 - a job's signature
    """Job: nothing leaves for a platform yet; the state of the case. Raises ``NotFound``."""
    with workshop.desk.house.begin((agency_id,)) as tx:
        return load_case(tx, case_id).state
