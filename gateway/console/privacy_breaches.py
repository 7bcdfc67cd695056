"""Breach sheets (PIPL article 57): an account of a platform was in other hands; who is affected, which fields, and the list for notification."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import SHANGHAI, name_agency, show_page
from gateway.console.gate import see_other
from gateway.console.given import withhold_given
from gateway.console.privacy import name_field, open_room
from gateway.console.privacy_files import write_breach, write_holders
from gateway.console.privacy_words import ARCHIVE, DEADLINES, HOLDERS, NOT_KNOWN, PLATFORMS, say_no
from gateway.console.registry import room
from gateway.console.statistics_files import FORMATS
from gateway.console.words import Words
from services.breach_desk import ASK, NOTIFY, PIECE, BreachDesk
from services.errors import InputRefused, NotFound
from services.privacy_record import Breach
from services.privacy_room import EXPORT, OFFICERS, READERS

TITLE, SHEET, LIST = ("事件影响", "Breaches"), ("事件影响表", "Breach sheet"), ("通知名单", "List for notification")
PAGE = "page"
blueprint = Blueprint("privacy_breaches", __name__)


def open_desk() -> BreachDesk:
    """The use cases, on the console's own store."""
    desk = current_console()
    return BreachDesk(desk.store, desk.clock, desk.new_id)


@room(blueprint, "/privacy/breaches", title=TITLE, roles=READERS, place=74)
def list_breaches() -> Response:
    """The sheets so far, and the form for another."""
    return show_list()


def show_list(status: int = 200, fault: Words | None = None) -> Response:
    """The page."""
    actor = current_actor()
    accounts = [
        (f"{one}:{name}", f"{PLATFORMS.get(one, (one,))[0]} · {name}") for one, name in open_room().list_accounts(actor)
    ]
    return show_page(
        "privacy_breaches.html", status, title=TITLE, fault=fault, sheets=open_desk().list_sheets(actor), given=request.form,
        accounts=accounts, may_ask=bool(actor.agencies_as(*OFFICERS)), platform_words=PLATFORMS, deadlines=DEADLINES, archive=ARCHIVE,
    )  # fmt: skip


@room(blueprint, "/privacy/breaches/ask", title=TITLE, roles=OFFICERS, methods=["POST"], act=ASK)
def ask_breach() -> Response:
    """Have it looked into who is affected; the worker does it within a minute or so."""
    form = request.form
    platform, _, account = form.get("account", "").partition(":")
    try:
        since, until = read_moment("since"), read_moment("until")
        asked = open_desk().ask(current_actor(), platform, account, since, until, form.get("reason", ""))
    except InputRefused as refused:
        return show_list(422, say_no(refused))
    return see_other(f"/privacy/breaches/{asked.sheet_id}")


def read_moment(name: str) -> datetime:
    """A moment of the form, in China. Raises ``InputRefused``."""
    try:
        found = datetime.fromisoformat(request.form.get(name, "").strip())
        return (found if found.tzinfo else found.replace(tzinfo=SHANGHAI)).astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        raise InputRefused(detail={name: "not_a_moment"}) from None


@room(blueprint, "/privacy/breaches/<uuid:sheet_id>", title=SHEET, roles=READERS)
def show_breach(sheet_id: UUID) -> Response:
    """One sheet: numbers, fields, deadlines."""
    return show_sheet(open_desk().load(current_actor(), sheet_id))


def show_sheet(breach: Breach, status: int = 200, fault: Words | None = None, **cells: Any) -> Response:
    """The page."""
    words, found = current_console().catalogue, breach.found
    fields = (
        sorted(found.fields.items(), key=lambda one: (one[0] not in words.vocabulary.personal, -one[1], one[0]))
        if found
        else []
    )
    return show_page(
        "privacy_breach.html", status, title=SHEET, fault=fault, breach=breach, fields=fields, personal=words.vocabulary.personal,
        field_name=name_field, platform_words=PLATFORMS, deadlines=DEADLINES, archive=ARCHIVE, not_known=NOT_KNOWN, piece=PIECE,
        agencies=[name_agency(one) or "—" for one in breach.asked.agencies], given=request.form,
        may_notify=current_actor().holds_any(OFFICERS, breach.asked.agency_id), **cells,
    )  # fmt: skip


@room(blueprint, "/privacy/breaches/<uuid:sheet_id>/file", title=SHEET, roles=READERS, methods=["POST"], act=EXPORT)
def export_breach(sheet_id: UUID) -> Response:
    """The sheet as a file, without anybody on it."""
    kind, breach = request.form.get("format", ""), open_desk().load(current_actor(), sheet_id)
    if kind not in FORMATS:
        raise NotFound
    open_room().note(current_actor(), EXPORT, str(sheet_id), {"format": kind, "sheet": str(sheet_id)})
    return write_breach(breach, kind)


@room(
    blueprint, "/privacy/breaches/<uuid:sheet_id>/people", title=LIST, roles=OFFICERS, methods=["GET", "POST"], act=NOTIFY,
    asks_reason=True,
)  # fmt: skip
def list_people(sheet_id: UUID) -> Response:
    """A piece of the list, for a reason; everybody on it is told."""
    desk, actor, form = open_desk(), current_actor(), request.form
    breach = desk.load(actor, sheet_id)
    if request.method == "GET":
        return show_sheet(breach)
    after = int(form["after"]) if form.get("after", "").isdecimal() and len(form["after"]) < 9 else 0
    kind = form.get("format", PAGE)
    if kind != PAGE and kind not in FORMATS:
        raise NotFound
    try:
        holders = desk.list_people(actor, sheet_id, after, form.get("reason", ""), kind)
    except InputRefused as refused:
        withhold_given()
        return show_sheet(breach, 422, say_no(refused))
    if kind != PAGE:
        return write_holders(breach, kind, holders)
    following = holders[-1].number if len(holders) == PIECE else None
    return show_page(
        "privacy_notify.html", title=LIST, breach=breach, holders=holders, following=following, holder_words=HOLDERS,
        field_name=name_field, platform_words=PLATFORMS, reason=form.get("reason", ""),
    )  # fmt: skip
