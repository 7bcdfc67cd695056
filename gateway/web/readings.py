"""Who in the administration looked at the reader's material: of one case, and of everything; with the reasons that staff wrote."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.web.cases import STATUS
from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import show_page
from gateway.web.gate import page
from gateway.web.words import Words
from services.model import Language, Page
from services.reading_view import NOTES, ReadingLine, list_case_readings, list_readings

TITLE = ("谁查阅了我的材料", "Who read my material")
blueprint = Blueprint("readings", __name__)


@page(blueprint, "/readings", title=TITLE, place=51)
def show_readings() -> Response:
    """Every look at anything of the reader's, newest first."""
    listed, _ = list_readings(current_web().applicants, current_citizen(), request.args.get("before") or None)
    return _show(listed, "/", ("我的办件", "My matters"))


@page(blueprint, "/cases/<uuid:case_id>/readings", title=TITLE)
def show_case_readings(case_id: UUID) -> Response:
    """Every look at one case."""
    before = request.args.get("before") or None
    listed = list_case_readings(current_web().applicants, current_citizen(), case_id, before)
    return _show(listed, f"/cases/{case_id}", STATUS)


def _show(listed: Page[ReadingLine], back: str, back_words: Words) -> Response:
    notes = NOTES[Language.ZH_CN], NOTES[Language.EN]
    return show_page(
        "readings.html", title=TITLE, lines=listed.items, following=listed.next_cursor, notes=notes, back=back,
        back_words=back_words,
    )  # fmt: skip
