"""The way back at the window, and the paper: asks, approvals, giving back, the receipt in large type."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.account import draw_code
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.console.till import list_cells
from gateway.console.till_pay import PAYMENT, refuse
from gateway.console.till_words import HANDLED, PAYMENT_SAYS, say_no
from gateway.console.words import Words
from gateway.errors import explain_error
from services.masking import mask_household_no
from services.slip_desk import sign_payment_receipt
from services.window_money import BOTH
from services.window_returns import Handing, find_open_ask
from services.window_tills import CLERK, HEAD

TITLE, RECEIPT = ("窗口退款", "To be given back"), ("收据", "Receipt")
blueprint = Blueprint("till_returns", __name__)


@room(
    blueprint, "/till/returns", title=TITLE, roles=BOTH, methods=["GET", "POST"], act="window.find_receipt"
)  # fmt: skip
def list_returns() -> Response:
    """What waits to be given back or to be approved; and a payment by the number on its paper."""
    if request.method == "GET":
        return show_returns()
    try:
        file = current_console().rooms.money.find_receipt(current_actor(), request.form.get("receipt_no", ""))
    except HANDLED as refused:
        return show_returns(explain_error(refused)[0], say_no(refused))
    return see_other(f"/till/payment/{file.payment.payment_id}")


def show_returns(status: int = 200, fault: Words | None = None) -> Response:
    """The list, with what was wrong."""
    files = current_console().rooms.money.list_returns(current_actor())
    return show_page(
        "till_returns.html", status, title=TITLE, fault=fault, files=files, asks=find_open_ask, says=PAYMENT_SAYS, **list_cells()
    )  # fmt: skip


@room(
    blueprint, "/till/payment/<uuid:payment_id>/ask-return", title=PAYMENT, roles=CLERK, methods=["POST"],
    act="window.ask_return",
)  # fmt: skip
def ask_return(payment_id: UUID) -> Response:
    """Ask for the money of somebody who stands there."""
    try:
        current_console().rooms.money.ask_return(current_actor(), payment_id, request.form.get("reason", ""))
    except HANDLED as refused:
        return refuse(payment_id, refused)
    return see_other(f"/till/payment/{payment_id}")


@room(
    blueprint, "/till/payment/<uuid:payment_id>/approve-return", title=PAYMENT, roles=HEAD, methods=["POST"],
    act="window.approve_return",
)  # fmt: skip
def approve_return(payment_id: UUID) -> Response:
    """A head says yes."""
    return answer(payment_id, approve=True)


@room(
    blueprint, "/till/payment/<uuid:payment_id>/deny-return", title=PAYMENT, roles=HEAD, methods=["POST"],
    act="window.deny_return",
)  # fmt: skip
def deny_return(payment_id: UUID) -> Response:
    """A head says no."""
    return answer(payment_id, approve=False)


def answer(payment_id: UUID, *, approve: bool) -> Response:
    """The head's word, and the payment again."""
    money, why = current_console().rooms.money, request.form.get("reason", "")
    try:
        money.answer_return(current_actor(), payment_id, why, approve=approve)
    except HANDLED as refused:
        return refuse(payment_id, refused)
    return see_other(f"/till/payment/{payment_id}")


@room(
    blueprint, "/till/payment/<uuid:payment_id>/give-back", title=PAYMENT, roles=CLERK, methods=["POST"],
    act="window.give_back",
)  # fmt: skip
def give_back(payment_id: UUID) -> Response:
    """Give back what is due; sent twice it is given once."""
    form = request.form
    handing = Handing(
        form.get("signed") == "yes", form.get("terminal", "").strip().upper(), form.get("reference", "").strip().upper()
    )
    try:
        current_console().rooms.money.give_back(current_actor(), payment_id, handing)
    except HANDLED as refused:
        return refuse(payment_id, refused)
    return see_other(f"/till/payment/{payment_id}")


@room(
    blueprint, "/till/payment/<uuid:payment_id>/receipt", title=RECEIPT, roles=BOTH, methods=["POST"],
    act="window.print_receipt",
)  # fmt: skip
def print_receipt(payment_id: UUID) -> Response:
    """The paper in large type: the receipt with its code once it is written off, before that a provisional one, after a return its proof."""
    desk = current_console()
    try:
        paper = desk.rooms.money.print_receipt(current_actor(), payment_id)
    except HANDLED as refused:
        return refuse(payment_id, refused)
    picture = None
    if paper.receipt is not None:
        press = desk.rooms.window.desk.slips
        picture = draw_code(sign_payment_receipt(press, paper.receipt, desk.random, desk.clock.now()))
    return show_page(
        "till_receipt.html", title=RECEIPT, paper=paper, payment=paper.file.payment, money=paper.file.money, picture=picture,
        household_no=mask_household_no(paper.file.payment.household_no), returned=paper.file.last("returned_at_window"), **list_cells(),
    )  # fmt: skip
