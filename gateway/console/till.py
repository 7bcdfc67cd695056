"""The till (钱箱): opened with a float, counted blind, countersigned where the count is not what the books say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.applications import read_cursor
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.console.till_words import (
    HANDLED,
    METHODS,
    TILL_EVENTS,
    TILL_STATES,
    say_no,
    write_piece,
    write_yuan,
)
from gateway.console.words import Words
from gateway.errors import explain_error
from services.cash_till import MOST_FEN, PIECES_FEN, Count, TillFile, TillState, has_difference, read_pieces, read_yuan
from services.errors import GuitaiError, InputRefused
from services.model import Language
from services.staffing import Role
from services.till import business_day
from services.window_tills import CLERK, HEAD, READERS

TITLE, SHEET, COUNT, LIST = (
    ("收银", "Till"),
    ("钱箱", "Till"),
    ("清点结账", "Count the till"),
    ("全部钱箱", "All tills"),
)
OVERSEERS = (Role.HEAD, Role.FINANCE, Role.AUDITOR)
blueprint = Blueprint("till", __name__)


def list_cells() -> dict[str, Any]:
    """Words and writers that every page of the till has."""
    return {
        "till_states": TILL_STATES, "methods": METHODS, "till_events": TILL_EVENTS, "yuan": write_yuan, "piece": write_piece,
        "pieces_fen": PIECES_FEN, "given": request.form, "has_difference": has_difference,
    }  # fmt: skip


@room(blueprint, "/till", title=TITLE, roles=READERS, place=22)
def show_own_till() -> Response:
    """The clerk's own till, what waits for a head, and the way to everything else."""
    return show_own()


def show_own(status: int = 200, fault: Words | None = None) -> Response:
    """The same, with what was wrong."""
    desk, actor = current_console(), current_actor()
    tills, clerk = desk.rooms.tills, any(held.role in CLERK for held in actor.roles)
    own = tills.find_own(actor) if clerk else None
    waiting = tills.list_waiting(actor)
    today = business_day(desk.clock.now())
    return show_page(
        "till.html", status, title=TITLE, fault=fault, own=own, clerk=clerk, waiting=waiting, till_id=desk.new_id(),
        names=tills.name_staff(actor, {file.till.staff_id for file in waiting}), stale=own is not None and own.till.business_on < today,
        head=any(held.role in HEAD for held in actor.roles), sees_all=any(held.role in OVERSEERS for held in actor.roles),
        **list_cells(),
    )  # fmt: skip


def read_form_pieces() -> dict[int, int]:
    """The pieces of a form: fields ``pieces.10000`` to ``pieces.1``. Raises ``InputRefused``."""
    return read_pieces({str(fen): request.form.get(f"pieces.{fen}", "") for fen in PIECES_FEN})


def read_id(name: str) -> UUID:
    """An id that the page made. Raises ``InputRefused``."""
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        raise InputRefused(detail={name: "expired"}) from None


@room(blueprint, "/till/open", title=TITLE, roles=CLERK, methods=["POST"], act="till.open")
def open_till() -> Response:
    """Open a till with the float that was counted into it."""
    try:
        current_console().rooms.tills.open_till(current_actor(), read_id("till_id"), read_form_pieces())
    except HANDLED as refused:
        return show_own(explain_error(refused)[0], say_no(refused))
    return see_other("/till")


@room(blueprint, "/till/all", title=LIST, roles=OVERSEERS)
def list_tills() -> Response:
    """Tills of one's agencies, newest first."""
    tills, actor = current_console().rooms.tills, current_actor()
    found = tills.list_tills(actor, read_cursor(request.args.get("before")))
    names = tills.name_staff(actor, {file.till.staff_id for file in found})
    following = found[-1].till.till_id if len(found) == tills.page else None
    return show_page(
        "till_list.html", title=LIST, files=found, names=names, following=following, asked=request.args, **list_cells()
    )


@room(blueprint, "/till/<uuid:till_id>", title=SHEET, roles=READERS)
def show_till(till_id: UUID) -> Response:
    """One till with every move: the sheet that is printed and signed."""
    return show_sheet(current_console().rooms.tills.show(current_actor(), till_id))


def show_sheet(file: TillFile, status: int = 200, fault: Words | None = None) -> Response:
    """The same, with what was wrong."""
    tills, actor = current_console().rooms.tills, current_actor()
    own = file.till.staff_id == actor.member.staff_id
    return show_page(
        "till_sheet.html", status, title=SHEET, fault=fault, file=file, own=own,
        names=tills.name_staff(actor, {event.staff_id for event in file.events}),
        payees=name_payees(), may_sign=not own and actor.holds_any(HEAD, file.till.agency_id), **list_cells(),
    )  # fmt: skip


def name_payees() -> dict[str, str]:
    """What the payees of all services are called."""
    services = current_console().catalogue.services.values()
    return {one.payee: one.payee_name.get(Language.ZH_CN, one.payee) for one in services if one.kind == "bill"}


@room(blueprint, "/till/<uuid:till_id>/count", title=COUNT, roles=CLERK, methods=["GET", "POST"], act="till.count")
def count_till(till_id: UUID) -> Response:
    """The blind count: the page does not say what the books expect."""
    tills, actor = current_console().rooms.tills, current_actor()
    file = tills.show(actor, till_id)
    if request.method == "GET":
        return show_count(file)
    try:
        tills.count_till(actor, till_id, read_version(), Count(read_form_pieces(), read_card()))
    except HANDLED as refused:
        return show_count(tills.show(actor, till_id), explain_error(refused)[0], say_no(refused))
    return see_other(f"/till/{till_id}")


def show_count(file: TillFile, status: int = 200, fault: Words | None = None) -> Response:
    """The form; everything typed is kept."""
    if file.state is not TillState.OPEN and fault is None:
        return see_other(f"/till/{file.till.till_id}")
    return show_page("till_count.html", status, title=COUNT, fault=fault, file=file, **list_cells())


def read_version() -> int:
    """The version that the page showed. Raises ``InputRefused``."""
    text = request.form.get("seen_version", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InputRefused(detail={"seen_version": "expired"})
    return int(text)


def read_card() -> int:
    """The terminal's total in fen: what was taken less what was reversed, so it may be negative. Raises ``InputRefused``."""
    text = request.form.get("card", "").strip()
    negative = text.startswith("-")
    fen = read_yuan("card", (text[1:] if negative else text) or "0")
    if fen > MOST_FEN:
        raise InputRefused(detail={"card": "not_an_amount"})
    return -fen if negative else fen


@room(blueprint, "/till/<uuid:till_id>/explain", title=SHEET, roles=CLERK, methods=["POST"], act="till.explain")
def explain_difference(till_id: UUID) -> Response:
    """Say where a difference comes from."""
    tills, actor = current_console().rooms.tills, current_actor()
    try:
        tills.explain(actor, till_id, request.form.get("reason", ""))
    except HANDLED as refused:
        return refuse(till_id, refused)
    return see_other(f"/till/{till_id}")


@room(blueprint, "/till/<uuid:till_id>/countersign", title=SHEET, roles=HEAD, methods=["POST"], act="till.countersign")
def countersign(till_id: UUID) -> Response:
    """Close a till with a difference: another person's word."""
    tills, actor = current_console().rooms.tills, current_actor()
    try:
        tills.countersign(actor, till_id, read_version(), request.form.get("reason", ""))
    except HANDLED as refused:
        return refuse(till_id, refused)
    return see_other(f"/till/{till_id}")


@room(blueprint, "/till/<uuid:till_id>/send-back", title=SHEET, roles=HEAD, methods=["POST"], act="till.send_back")
def send_back(till_id: UUID) -> Response:
    """Have a till counted again."""
    tills, actor = current_console().rooms.tills, current_actor()
    try:
        tills.send_back(actor, till_id, read_version(), request.form.get("reason", ""))
    except HANDLED as refused:
        return refuse(till_id, refused)
    return see_other(f"/till/{till_id}")


def refuse(till_id: UUID, refused: GuitaiError) -> Response:
    """The sheet again, with what is wrong. Raises ``NotFound`` for a till out of reach."""
    file = current_console().rooms.tills.show(current_actor(), till_id)
    return show_sheet(file, explain_error(refused)[0], say_no(refused))
