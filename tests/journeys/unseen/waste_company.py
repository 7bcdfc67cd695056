"""A company that collects a fee for household waste (生活垃圾处理费): REST with JSON, a bearer key, money as yuan text."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import Behaviours
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Agency, Binding, Office, Payee
from adapters.sandbox.office_faults import WIRE
from adapters.sandbox.routing import Handler, Router, answer_json
from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.control import add_control
from adapters.sandbox.utilities.model import BillEntry, BillLine, BooksRefused, RefusedBecause, WriteOffOrder
from adapters.sandbox.utilities.prices import read_yuan, write_yuan
from adapters.sandbox.utilities.seeds import make_household

CODES = {
    RefusedBecause.NO_SUCH_HOUSEHOLD: (404, "NO_SUCH_CUSTOMER"),
    RefusedBecause.NOTHING_OWED: (409, "NOTHING_OWED"),
    RefusedBecause.ALREADY_PAID: (409, "ALREADY_PAID"),
    RefusedBecause.AMOUNT_MISMATCH: (409, "AMOUNT_MISMATCH"),
    RefusedBecause.SERIAL_REUSED: (409, "SYSTEM"),
    RefusedBecause.NO_SUCH_WRITE_OFF: (404, "NO_SUCH_WRITE_OFF"),
}
FEN_A_BAG = Decimal(137)


def price(bags: Decimal) -> tuple[BillLine, ...]:
    """One line: so much a bag."""
    return (BillLine("生活垃圾处理费", int(bags * FEN_A_BAG), str(bags), "1.37"),)


def build(context: SandboxContext) -> Router:
    """From a sandbox context; the books are ``waste.sqlite``."""
    books = Books(context.home / "waste.sqlite", "LJ")
    if books.is_empty():
        books.enter_household(make_household("90086001", "王小明", "青云市石榴区槐荫路8号2幢1单元301室"))
    wire, router = _Wire(books, context.clock.now), Router()
    for method, template, handler in (
        ("GET", "/customers/<number>", wire.show_customer),
        ("GET", "/customers/<number>/bills", wire.list_bills),
        ("POST", "/write-offs", wire.write_off),
        ("GET", "/write-offs/<serial>", wire.find_write_off),
    ):
        router.add(method, template, _ask_key(handler, context.credentials["waste"]["api_key"]))
    operations = dict.fromkeys(("customer", "bills", "write_off", "find_write_off"), WIRE)
    add_control(router, books, context.clock, Behaviours(operations), price)
    return router


class _Wire:
    """The four operations of a bill, in the words of the scaffold."""

    def __init__(self, books: Books, now: Callable[[], Any]) -> None:
        self._books = books
        self._now = now

    def show_customer(self, _request: Request, number: str) -> Response:
        def act() -> dict[str, Any]:
            entry = self._books.find_household(number)
            return {
                "customerNo": number,
                "name": entry.name,
                "address": entry.address,
                "idCardNo": entry.identity_canary,
            }

        return _answer(act)

    def list_bills(self, _request: Request, number: str) -> Response:
        def act() -> dict[str, Any]:
            bills = self._books.list_bills(number, unpaid_only=True)
            return {"customerNo": number, "bills": [_show(bill) for bill in bills]}

        return _answer(act)

    def write_off(self, request: Request) -> Response:
        told = request.get_json()
        order = WriteOffOrder(
            told["serialNo"], told["customerNo"], told["billNo"], read_yuan(told["amount"]) or 0, told["paidAt"], "app"
        )
        return _answer(lambda: _show_receipt(self._books.write_off(order, self._now().isoformat())))

    def find_write_off(self, _request: Request, serial: str) -> Response:
        return _answer(lambda: _show_receipt(self._books.find_write_off(serial)))


def _ask_key(handler: Handler, api_key: str) -> Handler:
    def handle(request: Request, **parts: str) -> Response:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {api_key}".encode()):
            return answer_json({"code": "SYSTEM"}, 401)
        return handler(request, **parts)

    return handle


def _answer(act: Callable[[], dict[str, Any]]) -> Response:
    try:
        return answer_json(act())
    except BooksRefused as refused:
        status, code = CODES[refused.reason]
        return answer_json({"code": code}, status)


def _show(bill: BillEntry) -> dict[str, Any]:
    return {
        "billNo": bill.bill_no,
        "month": f"{bill.period[:4]}-{bill.period[4:]}",
        "amount": write_yuan(bill.amount_fen),
        "dueDate": f"{bill.due_on[:4]}-{bill.due_on[4:6]}-{bill.due_on[6:]}",
        "lines": [{"name": line.label, "amount": write_yuan(line.amount_fen)} for line in bill.lines],
    }


def _show_receipt(entry: Any) -> dict[str, Any]:
    return {"serialNo": entry.sequence_no, "receiptNo": entry.reference, "amount": write_yuan(entry.amount_fen)}


OFFICE = Office(
    name="waste",
    agency=Agency("demo-waste-office", "演示市城市管理局", "Demo City Waste Office"),
    back_ends=("waste-company",),
    build=build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
    payee=Payee("waste-company"),
)
