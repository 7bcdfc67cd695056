"""Delays of telling a citizen who read their case: asked for with ground, authority and day, answered by the privacy officer."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.applications import read_cursor
from gateway.console.audit import name_staff
from gateway.console.audit_words import DELAYS, say_no
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.errors import explain_error
from services.case_errors import NotAllowedNow, OwnMatter
from services.delay_desk import ALL, ANSWERERS, ASKERS, PAGE, DelayAsked, DelayRoom
from services.delay_rules import GROUNDS, LONGEST_DAYS
from services.errors import InputRefused, NotFound
from services.model import Language

TITLE = ("延迟告知", "Telling later")
REFUSED = (InputRefused, OwnMatter, NotAllowedNow)
blueprint = Blueprint("audit_delays", __name__)


def find_room() -> DelayRoom:
    """The use cases, on the same stores as the counter."""
    counter = current_console().rooms.counter
    return DelayRoom(counter.desk, counter.house)


@room(blueprint, "/audit/delays", title=TITLE, roles=ALL, place=63)
def list_delays() -> Response:
    """Delays of one's agencies, newest first."""
    return show_delays()


def show_delays(status: int = 200, fault: Words | None = None, done: Words | None = None) -> Response:
    """The page, with what was just done or was wrong."""
    actor, now = current_actor(), current_console().clock.now()
    found = find_room().list_files(actor, read_cursor(request.args.get("before")))
    staff = name_staff(
        {one.delay.reader_id for one in found} | {event.staff_id for one in found for event in one.events}
    )
    following = found[-1].delay.delay_id if len(found) == PAGE else None
    return show_page(
        "audit_delays.html", status, title=TITLE, files=found, staff=staff, states=DELAYS, fault=fault, done=done, at=now,
        may_ask=any(held.role in ASKERS for held in actor.roles), may_answer=any(held.role in ANSWERERS for held in actor.roles),
        ground_words={code: words[Language.ZH_CN] for code, words in GROUNDS.items()},
        grounds=[(code, words[Language.ZH_CN]) for code, words in GROUNDS.items()], longest=LONGEST_DAYS, given=request.form,
        following=following, asked=request.args,
    )  # fmt: skip


@room(
    blueprint, "/audit/delays/ask", title=TITLE, roles=ASKERS, methods=["POST"], act="delay.ask",
    withholds="of the case only its number, which was typed, is kept and shown",
)  # fmt: skip
def ask() -> Response:
    """Ask that one reader's looks at one case be told later."""
    form = request.form
    try:
        asked = DelayAsked(
            form.get("case_no", ""), form.get("reader", ""), form.get("ground", ""), form.get("authority", ""),
            form.get("document_no", ""), forms.read_date(form, "until"),
        )  # fmt: skip
        find_room().ask(current_actor(), asked, form.get("reason", ""))
    except NotFound:
        return show_delays(404, ("您的范围内没有这个办件编号。", "No case of this number is within your reach."))
    except REFUSED as refused:
        return show_delays(explain_error(refused)[0], say_no(refused))
    return show_delays(done=("已提出，待个人信息保护负责人答复。", "Asked; the privacy officer answers."))


@room(
    blueprint, "/audit/delays/<uuid:delay_id>/grant", title=TITLE, roles=ANSWERERS, methods=["POST"], act="delay.grant"
)
def grant(delay_id: UUID) -> Response:
    """Yes: from now on, till its day."""
    return _answer(delay_id, grant=True)


@room(blueprint, "/audit/delays/<uuid:delay_id>/deny", title=TITLE, roles=ANSWERERS, methods=["POST"], act="delay.deny")
def deny(delay_id: UUID) -> Response:
    """No: the citizen is told as ever."""
    return _answer(delay_id, grant=False)


def _answer(delay_id: UUID, *, grant: bool) -> Response:
    try:
        find_room().answer(current_actor(), delay_id, request.form.get("reason", ""), grant=grant)
    except REFUSED as refused:
        return show_delays(explain_error(refused)[0], say_no(refused))
    return show_delays(done=("已答复。", "Answered."))


@room(blueprint, "/audit/delays/<uuid:delay_id>/lift", title=TITLE, roles=ALL, methods=["POST"], act="delay.lift")
def lift(delay_id: UUID) -> Response:
    """End it before its day: everything is told at once."""
    try:
        find_room().lift(current_actor(), delay_id, request.form.get("reason", ""))
    except REFUSED as refused:
        return show_delays(explain_error(refused)[0], say_no(refused))
    return show_delays(done=("已解除，当事人现在可以看到。", "Ended; the citizen sees everything now."))
