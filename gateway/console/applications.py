"""Applications and people, for clerks and heads: lists without a person in them; everything else with a reason, noted before it is shown."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.words import Words, say_rule
from services.application_files import PAGE, READERS
from services.application_record import ApplicationState
from services.console_ports import PersonKey
from services.errors import InputRefused

TITLE, FILE, PEOPLE = ("申请", "Applications"), ("申请材料", "Application"), ("查询个人", "Find a person")
blueprint = Blueprint("applications", __name__)


@room(blueprint, "/applications", title=TITLE, roles=READERS, place=30)
def list_applications() -> Response:
    """Applications of one's agencies, newest first; nothing personal in it."""
    asked = request.args
    lines = current_console().files.list_lines(
        current_actor(), read_cursor(asked.get("before")), asked.get("service") or None, read_states(asked.get("state"))
    )
    following = lines[-1].application_id if len(lines) == PAGE else None
    services = sorted(current_console().catalogue.services)
    return show_page(
        "applications.html", title=TITLE, lines=lines, following=following, services=services,
        states=list(ApplicationState), asked=asked,
    )  # fmt: skip


@room(
    blueprint, "/applications/<uuid:application_id>", title=FILE, roles=READERS, methods=["GET", "POST"],
    act="application.read", asks_reason=True,
)  # fmt: skip
def open_application(application_id: UUID) -> Response:
    """Ask why; note it; then show the whole file."""
    if request.method == "GET":
        return ask_reason()
    try:
        application, events = current_console().files.open_file(
            current_actor(), application_id, request.form.get("reason", "")
        )
    except InputRefused as refused:
        return ask_reason(say_rule(refused.detail), 422)
    return show_page("application.html", title=FILE, application=application, events=events)


def ask_reason(fault: Words | None = None, status: int = 200) -> Response:
    """The form that stands before a person's material; it does not say whether there is any."""
    return show_page("reason.html", status, title=FILE, fault=fault, given=request.form.get("reason", ""))


@room(
    blueprint, "/people", title=PEOPLE, roles=READERS, methods=["GET", "POST"], act="person.search", asks_reason=True,
    place=31,
)  # fmt: skip
def search_people() -> Response:
    """What somebody has at one's own agencies; nobody, and somebody of another agency, look the same."""
    form = request.form
    if request.method == "GET":
        return show_page("people.html", title=PEOPLE, found=None, given=form, fault=None, keys=list(PersonKey))
    try:
        key = PersonKey(form.get("key", ""))
        found = current_console().files.search_person(
            current_actor(), key, form.get("value", ""), form.get("reason", "")
        )
    except ValueError:
        return refuse_search(("请从列表中选择。", "Choose from the list."))
    except InputRefused as refused:
        return refuse_search(say_rule(refused.detail))
    return show_page("people.html", title=PEOPLE, found=found, given=form, fault=None, keys=list(PersonKey))


def refuse_search(fault: Words) -> Response:
    """The form again, with what is wrong."""
    return show_page(
        "people.html", 422, title=PEOPLE, found=None, given=request.form, fault=fault, keys=list(PersonKey)
    )


def read_cursor(text: str | None) -> UUID | None:
    """Where the page before this one ended; anything else is the first page."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def read_states(text: str | None) -> tuple[ApplicationState, ...]:
    """The state that a list is limited to; anything else is all of them."""
    return (ApplicationState(text),) if text in set(ApplicationState) else ()
