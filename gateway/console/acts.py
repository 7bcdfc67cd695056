"""The book of acts, for the auditor and the privacy officer: who did and read what, why; to be taken out as JSON lines."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.console.applications import read_cursor
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from services.act_book import PAGE, READERS, ActFilter
from services.staff_sign_in import NOBODY

TITLE = ("操作日志", "Acts of staff")
blueprint = Blueprint("acts", __name__)


@room(blueprint, "/acts", title=TITLE, roles=READERS, place=64)
def list_acts() -> Response:
    """A page of acts, newest first."""
    book = current_console().acts
    acts = book.list_page(current_actor(), read_filter(request.args.to_dict()), read_cursor(request.args.get("before")))
    following = acts[-1].act_id if len(acts) == PAGE else None
    return show_page(
        "acts.html", title=TITLE, acts=acts, names=book.name_staff(acts), following=following, asked=request.args
    )


@room(blueprint, "/acts/export", title=TITLE, roles=READERS, methods=["POST"], act="acts.export")
def export_acts() -> Response:
    """All that is wanted as a file; that it was taken out is an act too."""
    body = current_console().acts.export(current_actor(), read_filter(request.form.to_dict()))
    headers = {"Content-Disposition": 'attachment; filename="acts.jsonl"'}
    return Response(body, content_type="application/x-ndjson; charset=utf-8", headers=headers)


def read_filter(asked: dict[str, str]) -> ActFilter:
    """What is looked for. A member is named by login; a login that nobody has is looked for as nobody."""
    login = asked.get("staff", "").strip()
    staff_id = (current_console().acts.find_staff(login) or NOBODY) if login else None
    return ActFilter(staff_id, asked.get("subject", "").strip()[:80] or None, asked.get("act", "").strip()[:80] or None)
