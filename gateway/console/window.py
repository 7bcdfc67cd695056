"""The service window: a case for a walk-in, on one page; what was scanned before it is sent is kept, and nothing typed is lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.account import draw_code
from gateway.console.counter_case import RECEIPT
from gateway.console.counter_refusals import HANDLED, say_refusal
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.errors import explain_error
from services.case_clocks import terms_of
from services.case_errors import NotAllowedNow
from services.case_supply import may_come_later
from services.counter_permits import CLERK, PERMITS
from services.errors import GuitaiError, InputRefused, NotFound
from services.file_rules import COPIES
from services.mapping import ServiceMapping
from services.model import Language
from services.service_words import is_typed
from services.uploads import list_scanned, remove_for_walk_in, upload_for_walk_in
from services.window_desk import WalkIn

TITLE, NEW = ("服务窗口", "Window"), ("窗口收件", "A case at the window")
blueprint = Blueprint("window", __name__)


@room(blueprint, "/window", title=TITLE, roles=CLERK, place=20)
def show_window() -> Response:
    """What a clerk at the window does: open a case, hand over, mandates, what the platforms know."""
    return show_page("window.html", title=TITLE, services=list_open_here(), opened=current_console().new_id())


def list_open_here() -> list[ServiceMapping]:
    """Services of kind ``case`` that a clerk of these agencies may open at the window, by title."""
    actor, desk = current_actor(), current_console()
    directory, unbound = desk.rooms.window.desk.directory, desk.unbound()
    found = [
        one
        for one in desk.rooms.window.desk.catalogue.services.values()
        if one.counter is not None and one.id not in unbound and actor.holds_any(CLERK, directory.agency_id(one.agency))
    ]
    return sorted(found, key=lambda one: one.title[Language.ZH_CN])


def find_service(service: str) -> ServiceMapping:
    """A service that may be opened here. Raises ``NotFound``."""
    found = next((one for one in list_open_here() if one.id == service), None)
    if found is None:
        raise NotFound
    return found


@room(blueprint, "/window/new/<service>/<uuid:case_id>", title=NEW, roles=CLERK)
def show_form(service: str, case_id: UUID) -> Response:
    """The form, under the id that the case will have."""
    return show_walk_in(find_service(service), case_id)


def show_walk_in(
    mapping: ServiceMapping, case_id: UUID, status: int = 200, fault: Words | None = None, lines: tuple[str, ...] = (),
    done: Words | None = None,
) -> Response:  # fmt: skip
    """The form with everything that was typed and scanned."""
    terms = terms_of(mapping)
    scanned = list_scanned(current_console().rooms.window, current_actor(), case_id)
    withhold_given()  # what this very clerk has scanned for whoever stands there; no case is opened yet
    materials = list(terms.materials.values())
    cells: dict[str, Any] = {
        "mapping": mapping, "terms": terms, "case_id": case_id, "scanned": scanned, "given": request.form,
        "chosen": request.form.getlist, "inputs": [one for one in mapping.inputs.values() if is_typed(one)],
        "copies": [one for one in materials if one.level in COPIES], "promises": [one for one in materials if one.level == "D"],
        "fetched": [one for one in materials if one.level == "A"], "later": [one for one in materials if may_come_later(terms, one)],
    }  # fmt: skip
    return show_page("window_new.html", status, title=NEW, fault=fault, fault_lines=lines, done=done, **cells)


def refuse(mapping: ServiceMapping, case_id: UUID, refused: GuitaiError) -> Response:
    """The form again, with what is wrong."""
    words, lines = say_refusal(refused, mapping)
    return show_walk_in(mapping, case_id, explain_error(refused)[0], words, lines)


@room(blueprint, "/window/new/<service>/<uuid:case_id>/scan", title=NEW, roles=CLERK, methods=["POST"], act="case.scan")
def scan(service: str, case_id: UUID) -> Response:
    """Keep what was scanned for a case that is not opened yet; what was typed stays."""
    mapping = find_service(service)
    try:
        if not keep_scans(service, case_id):
            raise InputRefused(detail={"file": "missing"})
    except HANDLED as refused:
        return refuse(mapping, case_id, refused)
    return show_walk_in(mapping, case_id, done=("文件已存入。", "The file is kept."))


def keep_scans(service: str, case_id: UUID) -> int:
    """How many files of this form were kept. Raises what ``upload_for_walk_in`` raises."""
    rooms, uploads = current_console().rooms, forms.read_uploads("")
    for one in uploads:
        upload_for_walk_in(rooms.uploads, rooms.window, current_actor(), service, case_id, one)
    return len(uploads)


def keep_scans_once(service: str, case_id: UUID) -> None:
    """The same for a form that may have been sent before: a case that is open takes no scans in this way."""
    try:
        keep_scans(service, case_id)
    except NotAllowedNow as refused:
        if (refused.detail or {}).get("rule") != "opened_already":
            raise


@room(
    blueprint, "/window/new/<service>/<uuid:case_id>/remove/<uuid:file_id>", title=NEW, roles=CLERK, methods=["POST"],
    act="case.remove_scan",
)  # fmt: skip
def remove_scan(service: str, case_id: UUID, file_id: UUID) -> Response:
    """Take a scan out again."""
    mapping = find_service(service)
    try:
        remove_for_walk_in(current_console().rooms.window, current_actor(), case_id, file_id)
    except HANDLED as refused:
        return refuse(mapping, case_id, refused)
    return show_walk_in(mapping, case_id, done=("文件已移除。", "The file is removed."))


@room(
    blueprint,
    "/window/new/<service>/<uuid:case_id>/open",
    title=NEW,
    roles=CLERK,
    methods=["POST"],
    act=PERMITS["print_receipt"].act,
)
def open_walk_in(service: str, case_id: UUID) -> Response:
    """Open the case (an act of its own); then its receipt in large type, at once. Sent twice it is one case, printed again."""
    mapping, rooms, form = find_service(service), current_console().rooms, request.form
    try:
        keep_scans_once(service, case_id)
        brought = forms.read_brought(form, mapping)
        walk_in = WalkIn(
            case_id, service, forms.read_shown(form), brought, form.get("delivery", ""), form.get("address", "")
        )
        rooms.window.open_walk_in(current_actor(), walk_in)
        receipt = rooms.window.print_receipt(current_actor(), case_id)
    except HANDLED as refused:
        return refuse(mapping, case_id, refused)
    return show_page(
        "counter_receipt.html",
        title=RECEIPT,
        receipt=receipt,
        picture=draw_code(receipt.slip),
        case_id=case_id,
    )
