"""My matters: every open case, draft, application and payment, whichever door it came through."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import show_page
from gateway.web.gate import page
from gateway.web.words import DOORS, STATES
from gateway.words import load_wording
from services.applications import list_applications
from services.case_drafts import list_drafts
from services.case_record import CaseState
from services.case_views import CaseLine, list_cases
from services.exposure_view import read_cursor
from services.payments import list_payments

TITLE = ("我的办件", "My matters")
WAITING = frozenset({CaseState.CORRECTION_ASKED, CaseState.ISSUED})
"""States in which something waits for the applicant."""
GLANCE = 3
blueprint = Blueprint("home", __name__, template_folder="templates")


@page(blueprint, "/", title=TITLE, place=10)
def show_matters() -> Response:
    """Cases, newest first, those that wait for the reader above all; a glance at the rest."""
    web, caller = current_web(), current_citizen()
    before = read_before()
    cases = list_cases(web.applicants, caller, before)
    till, say = web.applicants.till, load_wording().say_refusal
    return show_page(
        "home.html", title=TITLE, cases=[line for line in cases.items if not _waits(line)],
        waiting=[line for line in cases.items if _waits(line)], following=cases.next_cursor, states=STATES, doors=DOORS,
        first=before is None,
        drafts=list_drafts(web.applicants, caller) if before is None else [],
        applications=list_applications(till, caller, say, limit=GLANCE).items if before is None else [],
        payments=list_payments(till, caller, limit=GLANCE).items if before is None else [],
    )  # fmt: skip


def _waits(line: CaseLine) -> bool:
    return line.state in WAITING


def read_before() -> UUID | None:
    """Where an older page of a list begins. Raises ``InputRefused``."""
    return read_cursor(request.args.get("before") or None)
