"""Complaints and follow-ups of bad ratings: the list, one of them with its reason first, and every act on it as a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_refusals import HANDLED
from gateway.console.counter_words import EVENTS as CASE_EVENTS
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.voice_words import DONE, EVENTS, GROUNDS, say_no
from gateway.console.words import Words, say_rule
from gateway.errors import explain_error
from services.complaint_desk import ComplaintDesk, OpenedComplaint
from services.complaint_rules import HANDLERS, KEEPERS
from services.counter_colleagues import name_members
from services.errors import InputRefused, NotFound
from services.rating_words import KIND_WORDS, LEVEL_WORDS, STATE_WORDS, TAG_WORDS
from services.staffing import Role
from services.window_voices import VoiceWindow

TITLE, ONE, FILE = ("投诉和差评", "Complaints"), ("投诉件", "Complaint"), ("登记投诉", "Write down a complaint")
WORDS: Mapping[str, Any] = {
    "kind_words": KIND_WORDS, "complaint_states": STATE_WORDS, "level_words": LEVEL_WORDS, "tag_words": TAG_WORDS,
    "complaint_events": EVENTS, "grounds": GROUNDS, "case_events": CASE_EVENTS,
}  # fmt: skip
blueprint = Blueprint("complaints", __name__)


def find_desk() -> ComplaintDesk:
    """The desk of complaints, on the same stores as the counter."""
    counter = current_console().rooms.counter
    return ComplaintDesk(counter.desk, counter.house)


@room(blueprint, "/complaints", title=TITLE, roles=HANDLERS, place=18)
def list_complaints() -> Response:
    """What the reader may handle, the nearest day first; nothing personal in it, and not which case it is about."""
    return show_list()


def show_list(
    status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = ()
) -> Response:
    """The list, after whatever was just done."""
    ended = request.args.get("view") == "ended"
    actor = current_actor()
    lines = find_desk().list_waiting(actor, ended=ended)
    withhold_given()  # a line names neither the words nor whose they are
    names = name_members(current_console().rooms.counter, actor, {line.handler for line in lines})
    return show_page(
        "complaints.html",
        status,
        title=TITLE,
        lines=lines,
        names=names,
        ended=ended,
        done=done,
        fault=fault,
        told=told,
        **WORDS,
    )


@room(
    blueprint, "/complaints/<uuid:complaint_id>", title=ONE, roles=HANDLERS, methods=["GET", "POST"], act="complaint.open",
    asks_reason=True,
)  # fmt: skip
def open_complaint(complaint_id: UUID) -> Response:
    """Ask why; note it; then show the complaint and its case."""
    if request.method == "GET":
        return show_page("reason.html", title=ONE, fault=None, given="")
    return show_one(complaint_id)


def show_one(
    complaint_id: UUID, status: int = 200, *, done: Words | None = None, fault: Words | None = None,
    told: tuple[str, ...] = (),
) -> Response:  # fmt: skip
    """One complaint, opened for the reason that the form carries; after an act it is opened again, and noted again."""
    reason, actor, desk = request.form.get("reason", ""), current_actor(), find_desk()
    try:
        opened = desk.open_complaint(actor, complaint_id, reason)
    except InputRefused as refused:
        return show_page("reason.html", 422, title=ONE, fault=say_rule(refused.detail), given=reason)
    return show_page(
        "complaint.html", status, title=ONE, one=opened, reason=reason, names=_name_staff(opened), done=done, fault=fault,
        told=told, handlers=[(str(other.staff_id), other.name) for other in desk.list_handlers(actor, complaint_id)],
        given=request.form if fault else {}, **WORDS,
    )  # fmt: skip


def _name_staff(opened: OpenedComplaint) -> dict[UUID, str]:
    wanted = {event.staff_id for event in opened.events} | {
        event.staff_id for event in (opened.file.events if opened.file else ())
    }
    wanted |= {UUID(str(event.data["to"])) for event in opened.events if event.name == "assigned"}
    return dict(name_members(current_console().rooms.counter, current_actor(), wanted))


def _act(complaint_id: UUID, name: str, do: Callable[[ComplaintDesk, int], object], *, stays: bool = False) -> Response:
    """Do one act; then the complaint again, or the list. What was refused is said on the page, with what was typed still in it."""
    form = request.form
    try:
        do(find_desk(), forms.read_seen(form))
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        return show_one(complaint_id, explain_error(refused)[0], fault=words, told=told)
    return show_one(complaint_id, done=DONE[name]) if stays else show_list(done=DONE[name])


@room(
    blueprint,
    "/complaints/<uuid:complaint_id>/assign",
    title=ONE,
    roles=KEEPERS,
    methods=["POST"],
    act="complaint.assign",
)
def assign(complaint_id: UUID) -> Response:
    """Give it to somebody who had no part in the matter."""
    form = request.form

    def do(desk: ComplaintDesk, seen: int) -> object:
        return desk.assign(
            current_actor(),
            complaint_id,
            seen,
            forms.read_member(form, "to"),
            form.get("why") or form.get("reason", ""),
        )

    return _act(complaint_id, "assign", do)


@room(
    blueprint, "/complaints/<uuid:complaint_id>/take", title=ONE, roles=HANDLERS, methods=["POST"], act="complaint.take"
)
def take(complaint_id: UUID) -> Response:
    """Take it in hand."""
    return _act(complaint_id, "take", lambda desk, seen: desk.take(current_actor(), complaint_id, seen), stays=True)


@room(
    blueprint, "/complaints/<uuid:complaint_id>/put", title=ONE, roles=HANDLERS, methods=["POST"], act="complaint.put_to_rated"
)  # fmt: skip
def put_to_rated(complaint_id: UUID) -> Response:
    """Tell those whom it is about what it is."""
    text = request.form.get("text", "")
    return _act(
        complaint_id, "put", lambda desk, seen: desk.put_to_rated(current_actor(), complaint_id, seen, text), stays=True
    )


@room(
    blueprint, "/complaints/<uuid:complaint_id>/answer", title=ONE, roles=HANDLERS, methods=["POST"], act="complaint.answer"
)  # fmt: skip
def answer(complaint_id: UUID) -> Response:
    """Answer whoever complained."""
    text, measures = request.form.get("text", ""), request.form.get("measures", "")
    return _act(
        complaint_id, "answer", lambda desk, seen: desk.answer(current_actor(), complaint_id, seen, text, measures)
    )


@room(
    blueprint, "/complaints/<uuid:complaint_id>/dismiss", title=ONE, roles=HANDLERS, methods=["POST"], act="complaint.dismiss"
)  # fmt: skip
def dismiss(complaint_id: UUID) -> Response:
    """Find it mistaken or malicious, after an appeal."""
    ground, text = request.form.get("ground", ""), request.form.get("text", "")
    return _act(
        complaint_id, "dismiss", lambda desk, seen: desk.dismiss(current_actor(), complaint_id, seen, ground, text)
    )


@room(
    blueprint, "/complaints/new/<uuid:case_id>", title=FILE, roles=[Role.CLERK], methods=["GET", "POST"], act="complaint.file",
    withholds="takes down what is said at the window; the page shows nothing of the case",
)  # fmt: skip
def file_complaint(case_id: UUID) -> Response:
    """Write down what somebody at the window complains of."""
    if request.method == "GET":
        return show_page("complaint_new.html", title=FILE, fault=None, told=(), given={}, done=None)
    counter, form = current_console().rooms.counter, request.form
    try:
        VoiceWindow(counter.desk, counter.house).file_at_window(
            current_actor(), case_id, form.get("words", ""), form.get("contact", "")
        )
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        status = explain_error(refused)[0]
        return show_page("complaint_new.html", status, title=FILE, fault=words, told=told, given=form, done=None)
    return show_page("complaint_new.html", title=FILE, fault=None, told=(), given={}, done=DONE["file"])
