"""Ratings in sums, what was put to the reader, their appeal; and the second screen at the window, where visitors rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.counter_refusals import HANDLED
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.voice_words import DONE, say_no
from gateway.console.words import Words
from gateway.errors import explain_error
from services.complaint_desk import ComplaintDesk
from services.counter_colleagues import name_members
from services.errors import InputRefused, NotFound
from services.rating_reports import READERS, RatingReports
from services.rating_rules import LEVELS, read_rating
from services.rating_words import LEVEL_WORDS, TAG_WORDS
from services.staffing import Role
from services.till import business_day
from services.window_voices import VoiceWindow

TITLE, SCREEN = ("好差评", "Ratings"), ("请您评价", "Please rate")
WORDS: Mapping[str, Any] = {"levels": LEVELS, "level_words": LEVEL_WORDS, "tag_words": TAG_WORDS}
FIRST_YEAR = 2020
IN_SUMS = "sums of days that are over, and what a handler put to the reader in words of their own"
blueprint = Blueprint("ratings", __name__)


@room(blueprint, "/ratings", title=TITLE, roles=READERS, place=19, withholds=IN_SUMS)
def show_ratings() -> Response:
    """Sums of at least five, of days that are over; never a rating by itself."""
    return show_report()


def show_report(
    status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = ()
) -> Response:
    """The page, after an appeal or without one."""
    counter, actor = current_console().rooms.counter, current_actor()
    this_year = business_day(current_console().clock.now()).year
    year = read_year(request.args.get("year", ""), this_year)
    report = RatingReports(counter.desk, counter.house).report(actor, year)
    put = ComplaintDesk(counter.desk, counter.house).list_put_to(actor)
    names = name_members(counter, actor, {line.staff_id for line in report.people})
    return show_page(
        "ratings.html", status, title=TITLE, report=report, put=put, names=names, years=(this_year, this_year - 1), done=done,
        fault=fault, told=told, **WORDS,
    )  # fmt: skip


def read_year(text: str, this_year: int) -> int:
    """A year that there can be ratings of; this one for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) == len(str(this_year))):
        return this_year
    return min(max(int(text), FIRST_YEAR), this_year)


@room(
    blueprint,
    "/ratings/appeal",
    title=TITLE,
    roles=READERS,
    methods=["POST"],
    act="complaint.appeal",
    withholds=IN_SUMS,
)
def appeal() -> Response:
    """Say against what was put to the reader that it is mistaken or malicious."""
    counter, form = current_console().rooms.counter, request.form
    try:
        ComplaintDesk(counter.desk, counter.house).appeal(current_actor(), form.get("handle", ""), form.get("text", ""))
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        return show_report(explain_error(refused)[0], fault=words, told=told)
    return show_report(done=DONE["appeal"])


@room(
    blueprint, "/second-screen/<uuid:case_id>", title=SCREEN, roles=[Role.CLERK], methods=["GET", "POST"], act="rating.take",
    withholds="five buttons for whoever stands there; nothing of the case is on the screen",
)  # fmt: skip
def take_rating(case_id: UUID) -> Response:
    """Five buttons for whoever stands at the window; nothing of the case is on it, and what was pressed is not shown again."""
    if request.method == "GET":
        return show_page("second_screen.html", title=SCREEN, thanks=False, fault=None, told=(), **WORDS)
    counter, form = current_console().rooms.counter, request.form
    try:
        given = read_rating(_read_level(form.get("level", "")), form.getlist("tag"), form.get("words", ""))
        VoiceWindow(counter.desk, counter.house).rate_at_window(current_actor(), case_id, given)
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        status = explain_error(refused)[0]
        return show_page("second_screen.html", status, title=SCREEN, thanks=False, fault=words, told=told, **WORDS)
    return show_page("second_screen.html", title=SCREEN, thanks=True, fault=None, told=(), **WORDS)


def _read_level(text: str) -> int:
    if text not in {str(level) for level in LEVELS}:
        raise InputRefused(detail={"level": "not_a_choice"})
    return int(text)
