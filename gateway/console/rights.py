"""What citizens ask about their own data, and what must be kept: the privacy officer's list with its clock, answers, legal holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.privacy_words import say_no
from gateway.console.registry import room
from gateway.console.rights_words import ANSWERED, LAW_FORM, LIFTED, NO_SUCH, PLACED
from gateway.console.words import Words
from gateway.errors import explain_error
from services.case_errors import OwnMatter
from services.errors import Conflict, InputRefused, NotFound
from services.model import Language
from services.rights_room import ANSWER, HOLDERS, LIFT, OFFICERS, PLACE, READ, HoldAsked, RightsRoom, is_over
from services.rights_words import ABOUT, HOLD_KINDS, KINDS, NAMES, ON_CLOSING, URGENCIES

TITLE: Words = ("个人信息权利请求", "Requests about one's own data")
HOLDS: Words = ("依法留存", "Legal holds")
blueprint = Blueprint("rights", __name__)


def open_rights() -> RightsRoom:
    """The use cases, on the console's own store."""
    desk = current_console()
    return RightsRoom(desk.store, desk.rules, desk.clock, desk.new_id)


@room(blueprint, "/privacy/rights", title=TITLE, roles=OFFICERS, place=75)
def show_requests() -> Response:
    """What is under way, the most urgent first, and the table of what is kept."""
    return show_list()


def show_list(status: int = 200, fault: Words | None = None, done: Words | None = None) -> Response:
    """The page."""
    desk = open_rights()
    return show_page(
        "rights.html", status, title=TITLE, fault=fault, done=done, lines=desk.list_open(current_actor()), kinds=KINDS,
        names=NAMES, urgencies=URGENCIES, rules=desk.rules, on_closing=ON_CLOSING, zh=Language.ZH_CN, en=Language.EN,
    )  # fmt: skip


@room(
    blueprint, "/privacy/rights/<uuid:request_id>", title=TITLE, roles=OFFICERS, methods=["GET", "POST"], act=READ,
    asks_reason=True,
)  # fmt: skip
def read_request(request_id: UUID) -> Response:
    """The words of one request, for a reason; then the form of an answer."""
    if request.method == "GET":
        return show_one(request_id)
    try:
        found = open_rights().read(current_actor(), request_id, request.form.get("reason", ""))
    except InputRefused as refused:
        return show_one(request_id, 422, say_no(refused))
    return show_one(request_id, asked=found)


def show_one(request_id: UUID, status: int = 200, fault: Words | None = None, **cells: Any) -> Response:
    """The page of one request: a form for the reason, or its words and the form of an answer."""
    told: dict[str, Any] = {"asked": None, **cells}
    return show_page(
        "rights_request.html", status, title=TITLE, fault=fault, request_id=request_id, kinds=KINDS, names=NAMES,
        about_words={one.value: words for one, words in ABOUT.items()}, given=request.form, **told,
    )  # fmt: skip


@room(blueprint, "/privacy/rights/<uuid:request_id>/answer", title=TITLE, roles=OFFICERS, methods=["POST"], act=ANSWER)
def answer(request_id: UUID) -> Response:
    """Say what was done, or why not and under which law."""
    form = request.form
    version = int(form["version"]) if form.get("version", "").isdecimal() and len(form["version"]) < 6 else 0
    try:
        open_rights().answer(
            current_actor(), request_id, version, granted=form.get("granted") == "yes", words=form.get("words", ""),
            law=form.get("law", ""),
        )  # fmt: skip
    except InputRefused as refused:
        return show_list(422, LAW_FORM if "law" in (refused.detail or {}) else say_no(refused))
    except Conflict as refused:
        return show_list(explain_error(refused)[0], say_no(refused))
    return show_list(done=ANSWERED)


@room(blueprint, "/privacy/holds", title=HOLDS, roles=HOLDERS, place=76)
def show_holds() -> Response:
    """Every hold, those in force first, and the form for another."""
    return list_holds()


def list_holds(status: int = 200, fault: Words | None = None, done: Words | None = None) -> Response:
    """The page."""
    holds = open_rights().list_holds(current_actor())
    return show_page(
        "holds.html", status, title=HOLDS, fault=fault, done=done, holds=holds, kinds=HOLD_KINDS, is_over=is_over,
        own=current_actor().member.staff_id, given=request.form if fault else {},
        choices=[(str(kind), " ".join(words)) for kind, words in HOLD_KINDS.items()],
    )  # fmt: skip


@room(
    blueprint, "/privacy/holds/place", title=HOLDS, roles=HOLDERS, methods=["POST"], act=PLACE,
    withholds="a case or a person is found by number to be held, and nothing of either is shown",
)  # fmt: skip
def place_hold() -> Response:
    """Order to keep."""
    form = request.form
    days = int(form["days"]) if form.get("days", "").isdecimal() and len(form["days"]) < 6 else 0
    asked = HoldAsked(
        form.get("kind", ""), form.get("value", ""), form.get("reason", ""), form.get("authority", ""), days
    )
    try:
        open_rights().place_hold(current_actor(), asked)
    except NotFound:
        return list_holds(404, NO_SUCH)
    except InputRefused as refused:
        return list_holds(422, say_no(refused))
    return list_holds(done=PLACED)


@room(blueprint, "/privacy/holds/<uuid:hold_id>/lift", title=HOLDS, roles=HOLDERS, methods=["POST"], act=LIFT)
def lift_hold(hold_id: UUID) -> Response:
    """End a hold before its time; not one's own."""
    try:
        open_rights().lift_hold(current_actor(), hold_id, request.form.get("reason", ""))
    except (InputRefused, OwnMatter, Conflict) as refused:
        return list_holds(explain_error(refused)[0], say_no(refused))
    return list_holds(done=LIFTED)
