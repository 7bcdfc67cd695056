"""Taking money at the window: find a bill, hold it, take cash or card; close an unpaid order of a platform that is in the way."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.console.till import list_cells, read_id
from gateway.console.till_words import HANDLED, PAYMENT_SAYS, say_no, write_moment
from gateway.console.words import Words
from gateway.errors import explain_error
from services.cash_till import Method, TillState, read_yuan
from services.errors import BillHasOpenOrder, GuitaiError, InputRefused
from services.model import Language
from services.payment_events import PaymentFile
from services.payment_replies import find_refund_reason
from services.payment_words import REASON_WORDS
from services.window_money import BOTH, Taking
from services.window_payments import Wanted, WindowBills
from services.window_returns import find_open_ask, is_approved
from services.window_tills import CLERK, HEAD

TITLE, PAYMENT, ORDER = ("窗口收款", "Take a payment"), ("收款", "Payment"), ("平台订单", "Order on a platform")
DOORS = {
    "wechat": ("微信", "WeChat"),
    "alipay": ("支付宝", "Alipay"),
    "web": ("政务网站", "web"),
    "window": ("窗口", "window"),
}
blueprint = Blueprint("till_pay", __name__)


@room(blueprint, "/till/pay", title=TITLE, roles=CLERK, methods=["GET", "POST"], act="window.find_bills")
def find_bills() -> Response:
    """Ask the company what a household owes."""
    if request.method == "GET":
        return show_find()
    try:
        found = current_console().rooms.money.find_bills(
            current_actor(), request.form.get("service", ""), request.form.get("household_no", "")
        )
    except HANDLED as refused:
        return show_find(None, explain_error(refused)[0], say_no(refused))
    return show_find(found)


def show_find(
    found: WindowBills | None = None, status: int = 200, fault: Words | None = None,
    order: dict[str, object] | None = None,
) -> Response:  # fmt: skip
    """The form, what was found under it, and who has the bill if somebody has."""
    desk, actor = current_console(), current_actor()
    own = desk.rooms.tills.find_own(actor)
    return show_page(
        "till_pay.html", status, title=TITLE, fault=fault, found=found, order=order, doors=DOORS, moment_of=write_moment,
        services=desk.rooms.money.list_services(actor), ready=own is not None and own.state is TillState.OPEN,
        new_id=desk.new_id, **list_cells(),
    )  # fmt: skip


@room(blueprint, "/till/pay/hold", title=TITLE, roles=CLERK, methods=["POST"], act="window.hold_bill")
def hold_bill() -> Response:
    """Hold a bill before any money changes hands; sent twice it is held once."""
    form = request.form
    try:
        own = read_id("payment_id")
        wanted = Wanted(form.get("service", ""), form.get("household_no", ""), form.get("bill_no", ""), read_amount())
        current_console().rooms.money.hold_bill(current_actor(), own, wanted)
    except BillHasOpenOrder as refused:
        return show_find(None, explain_error(refused)[0], say_no(refused), refused.detail)
    except HANDLED as refused:
        return show_find(None, explain_error(refused)[0], say_no(refused))
    return see_other(f"/till/payment/{own}")


def read_amount() -> int:
    """The amount in fen that the page showed, or that the payer chose in yuan. Raises ``InputRefused``."""
    text = request.form.get("amount_fen", "")
    if text.isascii() and text.isdecimal() and len(text) <= 12:
        return int(text)
    return read_yuan("amount", request.form.get("amount", ""))


@room(blueprint, "/till/payment/<uuid:payment_id>", title=PAYMENT, roles=BOTH)
def show_payment(payment_id: UUID) -> Response:
    """One payment of the window: what is to be done with it now."""
    return show_file(current_console().rooms.money.show(current_actor(), payment_id))


def show_file(file: PaymentFile, status: int = 200, fault: Words | None = None) -> Response:
    """The same, with what was wrong."""
    desk, actor = current_console(), current_actor()
    mapping = desk.rooms.money.till.catalogue.service_at(file.payment.service, file.payment.mapping_version)
    why = REASON_WORDS.get(find_refund_reason(file) or "", {})
    return show_page(
        "till_payment.html", status, title=PAYMENT, fault=fault, file=file, payment=file.payment, money=file.money,
        service=mapping.title[Language.ZH_CN], payee=mapping.payee_name.get(Language.ZH_CN, file.payment.payee),
        says=PAYMENT_SAYS.get(str(file.state)), why=why.get(Language.ZH_CN, ""), asked=find_open_ask(file), approved=is_approved(file),
        clerk=actor.holds_any(CLERK, file.payment.agency_id), head=actor.holds_any(HEAD, file.payment.agency_id), **list_cells(),
    )  # fmt: skip


def refuse(payment_id: UUID, refused: GuitaiError) -> Response:
    """The payment again, with what is wrong. Raises ``NotFound`` for one out of reach."""
    file = current_console().rooms.money.show(current_actor(), payment_id)
    return show_file(file, explain_error(refused)[0], say_no(refused))


@room(
    blueprint, "/till/payment/<uuid:payment_id>/take", title=PAYMENT, roles=CLERK, methods=["POST"], act="window.take_money"
)  # fmt: skip
def take_money(payment_id: UUID) -> Response:
    """Take cash or card; sent twice it is taken once."""
    try:
        current_console().rooms.money.take_money(current_actor(), payment_id, read_taking())
    except HANDLED as refused:
        return refuse(payment_id, refused)
    return see_other(f"/till/payment/{payment_id}")


def read_taking() -> Taking:
    """How it was paid. Raises ``InputRefused``."""
    form = request.form
    try:
        method = Method(form.get("method", ""))
    except ValueError:
        raise InputRefused(detail={"method": "not_a_choice"}) from None
    tendered = read_yuan("tendered", form["tendered"]) if form.get("tendered", "").strip() else 0
    return Taking(method, tendered, form.get("terminal", "").strip().upper(), form.get("reference", "").strip().upper())


@room(
    blueprint, "/till/payment/<uuid:payment_id>/let-go", title=PAYMENT, roles=CLERK, methods=["POST"], act="window.let_go"
)  # fmt: skip
def let_go(payment_id: UUID) -> Response:
    """Give up a bill that was held."""
    try:
        current_console().rooms.money.let_go(current_actor(), payment_id)
    except HANDLED as refused:
        return refuse(payment_id, refused)
    return see_other("/till/pay")


@room(blueprint, "/till/order/<uuid:payment_id>", title=ORDER, roles=CLERK)
def follow_order(payment_id: UUID) -> Response:
    """How far an order on a platform is that was asked to be closed; the page asks again by itself."""
    return show_order(payment_id)


def show_order(payment_id: UUID, status: int = 200, fault: Words | None = None) -> Response:
    """The same, with what was wrong."""
    head = current_console().rooms.money.follow_order(current_actor(), payment_id)
    return show_page("till_order.html", status, title=ORDER, fault=fault, head=head, doors=DOORS, **list_cells())


@room(
    blueprint, "/till/order/<uuid:payment_id>/close", title=ORDER, roles=CLERK, methods=["POST"], act="window.ask_to_close"
)  # fmt: skip
def close_order(payment_id: UUID) -> Response:
    """Ask the platform to close somebody's unpaid order, through the worker."""
    try:
        current_console().rooms.money.ask_to_close(current_actor(), payment_id, request.form.get("reason", ""))
    except HANDLED as refused:
        return show_order(payment_id, explain_error(refused)[0], say_no(refused))
    return see_other(f"/till/order/{payment_id}")
