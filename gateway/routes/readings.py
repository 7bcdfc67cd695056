"""Who in the administration read the caller's material, when, what for: of one case, and of everything."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from gateway.arrival import current_arrival
from gateway.case_tellers import is_here, mapping_of_case
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.reading_tellers import PURPOSE, ROOM, about_readings, tell_readings_of_case
from gateway.schemas.readings import ReadingsQuery, ReadingsReply
from services.model import Page
from services.reading_record import About
from services.reading_view import ReadingLine, list_case_readings, list_readings, say_note

blueprint = Blueprint("readings", __name__, description="查阅记录")
REFERRED = frozenset({About.CASE, About.APPLICATION})


@blueprint.get("/cases/<uuid:case_id>/readings")
@exposed(PURPOSE, tell_readings_of_case, asks_query=ReadingsQuery, shows=ReadingsReply)
@blueprint.arguments(ReadingsQuery, location="query")
@blueprint.response(200, ReadingsReply)
def show_case_readings(asked: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """哪些政务人员何时、为何查阅了这件办件 · Who of the administration looked at this case, when, what for."""
    desk, caller = current_desk(), current_caller()
    return describe_page(list_case_readings(desk.applicants, caller, case_id, asked.get("cursor")))


@blueprint.get("/readings")
@exposed(PURPOSE, in_room(ROOM, PURPOSE), asks_query=ReadingsQuery, shows=ReadingsReply)
@blueprint.arguments(ReadingsQuery, location="query")
@blueprint.response(200, ReadingsReply)
def show_readings(asked: dict[str, Any]) -> dict[str, Any]:
    """哪些政务人员何时、为何查阅了我的材料 · Who of the administration looked at anything of mine, when, what for."""
    desk, caller = current_desk(), current_caller()
    page, cases = list_readings(
        desk.applicants, caller, asked.get("cursor"),
        lambda case: is_here(caller, case.channel, mapping_of_case(desk, case)),
    )  # fmt: skip
    current_arrival().tell([about_readings(desk, caller, cases)])
    return describe_page(page)


def describe_page(page: Page[ReadingLine]) -> dict[str, Any]:
    """What the schema names."""
    caller = current_caller()
    return {
        "note": say_note(caller.app.platform, caller.language),
        "readings": [describe_line(one) for one in page.items],
        "next_cursor": page.next_cursor,
    }


def describe_line(line: ReadingLine) -> dict[str, Any]:
    """One line; an account and a number have no reference."""
    later = line.told_later
    return {
        "who": line.who, "office": line.office, "about": line.about, "subject": line.subject,
        "subject_id": line.subject_id if line.about in REFERRED else None, "case_no": line.number or None,
        "looks": line.looks, "reasons": line.reasons, "first_at": line.first_at, "last_at": line.last_at, "times": line.times,
        "told_later": later and {
            "ground": later.ground, "authority": later.authority or None, "document_no": later.document_no or None,
            "released_at": later.released_at,
        },
    }  # fmt: skip
