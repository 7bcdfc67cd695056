"""The room of the census: a scorecard for each agency with its course, what the newest run found, indicators entered by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.census_words import (
    GROUNDS,
    INDICATORS,
    OCCASIONS,
    PLATFORMS,
    QUESTIONS,
    Words,
    draw_course,
    write_indicator,
)
from gateway.console.census_words import DONE, FINDINGS, RULES
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.errors import explain_error
from services.census_room import ENTER, ENTERING, READERS, CensusRoom, Entered
from services.errors import Conflict, InputRefused
from services.till import business_day

TITLE: Words = ("服务普查", "Service census")
WORDS: Mapping[str, Any] = {
    "questions": QUESTIONS, "findings": FINDINGS, "indicator_words": INDICATORS, "occasions": OCCASIONS, "grounds": GROUNDS,
    "platforms": PLATFORMS, "say_indicator": write_indicator,
}  # fmt: skip
blueprint = Blueprint("census", __name__)


def open_room() -> CensusRoom:
    """The use case on the console's own store."""
    desk = current_console()
    return CensusRoom(desk.store, desk.clock, desk.new_id)


@room(blueprint, "/census", title=TITLE, roles=READERS, place=50)
def show_census() -> Response:
    """Every agency in reach, the one with the lowest score first; their course together; people turned away."""
    view = open_room().look(current_actor())
    return show_page("census.html", title=TITLE, view=view, course=draw_course("course", view.course), **WORDS)


@room(blueprint, "/census/<uuid:agency_id>", title=TITLE, roles=READERS)
def show_agency(agency_id: UUID) -> Response:
    """One agency, service by service, with what was found."""
    done = DONE if request.args.get("done") == "1" else None
    return show_one(agency_id, done=done)


def show_one(
    agency_id: UUID, status: int = 200, *, done: Words | None = None, faults: tuple[Words, ...] = (),
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The page, after an entry or without one."""
    view = open_room().look_at(current_actor(), agency_id)
    return show_page(
        "census_agency.html", status, title=TITLE, view=view, course=draw_course("course", view.course), done=done,
        faults=faults, typed=typed or {}, today=business_day(current_console().clock.now()).isoformat(), **WORDS,
    )  # fmt: skip


@room(blueprint, "/census/<uuid:agency_id>", title=TITLE, roles=ENTERING, methods=["POST"], act=ENTER)
def enter_indicator(agency_id: UUID) -> Response:
    """Keep an entry, or one in the place of another; what was typed stays where it is refused."""
    form = request.form
    entered = Entered(*(form.get(name, "") for name in ("kind", "value", "as_of", "source", "corrects", "reason")))
    try:
        open_room().enter(current_actor(), agency_id, entered)
    except (InputRefused, Conflict) as refused:
        codes = dict.fromkeys(str(code) for code in (refused.detail or {}).values())
        faults = tuple(RULES[code] for code in codes if code in RULES)
        return show_one(agency_id, explain_error(refused)[0], faults=faults, typed=form)
    return see_other(f"/census/{agency_id}?done=1")
