"""The gas company: REST with JSON, a bearer key, money as yuan text. Its wire is described in ``docs/sandbox.md``.

Every answer about a customer holds canaries (idCardNo, mobile, contractNo, meterNo): more than any service needs, as real
companies do; what of it reaches a platform is a leak that tests look for.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import Behaviours
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.routing import Handler, Router, answer_json
from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.control import add_control
from adapters.sandbox.utilities.faults import OPERATIONS, Chooser, disturb_books, respond
from adapters.sandbox.utilities.model import BillEntry, BooksRefused, RefusedBecause, WriteOffEntry, WriteOffOrder
from adapters.sandbox.utilities.prices import price_gas, read_yuan, write_yuan
from adapters.sandbox.utilities.seeds import BEIJING, seed_gas
from services.ports import Clock

_CODES: Mapping[RefusedBecause, tuple[int, str]] = {
    RefusedBecause.NO_SUCH_HOUSEHOLD: (404, "NO_SUCH_CUSTOMER"),
    RefusedBecause.NOTHING_OWED: (409, "NOTHING_OWED"),
    RefusedBecause.ALREADY_PAID: (409, "ALREADY_PAID"),
    RefusedBecause.AMOUNT_MISMATCH: (409, "AMOUNT_MISMATCH"),
    RefusedBecause.SERIAL_REUSED: (409, "SERIAL_REUSED"),
    RefusedBecause.NO_SUCH_WRITE_OFF: (404, "NO_SUCH_WRITE_OFF"),
}
_FAULTS: Mapping[str, tuple[int, str]] = {"batch_window": (503, "BATCH_WINDOW"), "server_error": (500, "SYSTEM")}
_WRITE_OFF_FIELDS = frozenset({"serialNo", "customerNo", "billNo", "amountYuan", "paidAt", "channel"})
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")


class _InputRefused(Exception):
    """A field of a request is not acceptable."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def build(context: SandboxContext) -> Router:
    """From a sandbox context."""
    return create_gas(context.home, context.clock, context.credentials["gas"]["api_key"])


def create_gas(home: Path, clock: Clock, api_key: str) -> Router:
    """The gas company as a WSGI application with its own database ``home/gas.sqlite``, seeded at first start."""
    books = Books(home / "gas.sqlite", "RQ")
    seed_gas(books, clock.now())
    behaviours = Behaviours(OPERATIONS)
    desk = _Desk(books, clock, Chooser(behaviours))
    router = Router()
    for method, template, handler in (
        ("GET", "/api/customers/<number>", desk.show_customer),
        ("GET", "/api/customers/<number>/bills", desk.list_bills),
        ("POST", "/api/write-offs", desk.write_off),
        ("GET", "/api/write-offs/<serial>", desk.find_write_off),
    ):
        router.add(method, template, _ask_key(handler, api_key))
    add_control(router, books, clock, behaviours, price_gas)
    return router


def _ask_key(handler: Handler, api_key: str) -> Handler:
    expected = f"Bearer {api_key}".encode()

    def handle(request: Request, **parts: str) -> Response:
        if hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            return handler(request, **parts)
        return answer_json({"code": "UNAUTHORIZED"}, 401)

    return handle


class _Desk:
    """The company's own counter for channels."""

    def __init__(self, books: Books, clock: Clock, chooser: Chooser) -> None:
        self._books = books
        self._clock = clock
        self._chooser = chooser

    def show_customer(self, request: Request, number: str) -> Response:
        behaviour = self._chooser.choose("customer", number)
        return respond(behaviour, request, lambda: _answer(lambda: _show_customer(self._books, number)), _say)

    def list_bills(self, request: Request, number: str) -> Response:
        wanted = request.args.get("status", "all")
        if wanted not in {"all", "unpaid"}:
            return answer_json({"code": "BAD_REQUEST", "field": "status"}, 400)
        behaviour = self._chooser.choose("bills", number)

        def act() -> Response:
            return _answer(lambda: _list_bills(self._books, number, wanted == "unpaid"))

        return respond(behaviour, request, act, _say)

    def write_off(self, request: Request) -> Response:
        try:
            order = _read_order(request.get_data())
        except _InputRefused as refusal:
            return answer_json({"code": "BAD_REQUEST", "field": refusal.field}, 400)
        behaviour = self._chooser.choose("write_off", order.household_no, order.sequence_no)
        disturb_books(behaviour, self._books, order.bill_no)
        booked_at = self._clock.now().astimezone(BEIJING).isoformat()
        return respond(
            behaviour, request, lambda: _answer(lambda: _show(self._books.write_off(order, booked_at))), _say
        )

    def find_write_off(self, request: Request, serial: str) -> Response:
        behaviour = self._chooser.choose("find_write_off")
        return respond(behaviour, request, lambda: _answer(lambda: _show(self._books.find_write_off(serial))), _say)


def _answer(act: Callable[[], dict[str, Any]]) -> Response:
    try:
        return answer_json(act())
    except BooksRefused as refusal:
        status, code = _CODES[refusal.reason]
        return answer_json({"code": code}, status)


def _say(fault: str) -> Response:
    status, code = _FAULTS[fault]
    return answer_json({"code": code}, status)


def _show_customer(books: Books, number: str) -> dict[str, Any]:
    household = books.find_household(number)
    return {
        "customerNo": household.household_no,
        "name": household.name,
        "address": household.address,
        "idCardNo": household.identity_canary,
        "mobile": household.mobile_canary,
        "contractNo": household.contract_canary,
    }


def _list_bills(books: Books, number: str, unpaid_only: bool) -> dict[str, Any]:
    bills = books.list_bills(number, unpaid_only=unpaid_only)
    return {"customerNo": number, "bills": [_show_bill(bill) for bill in bills]}


def _show_bill(bill: BillEntry) -> dict[str, Any]:
    return {
        "billNo": bill.bill_no,
        "month": f"{bill.period[:4]}-{bill.period[4:]}",
        "amountYuan": write_yuan(bill.amount_fen),
        "dueDate": f"{bill.due_on[:4]}-{bill.due_on[4:6]}-{bill.due_on[6:]}",
        "meterNo": bill.meter_canary,
        "lines": [
            {
                "name": line.label,
                "volume": line.quantity,
                "unitPrice": line.unit_price,
                "yuan": write_yuan(line.amount_fen),
            }
            for line in bill.lines
        ],
    }


def _show(entry: WriteOffEntry) -> dict[str, Any]:
    return {
        "result": "OK",
        "receiptNo": entry.reference,
        "serialNo": entry.sequence_no,
        "amountYuan": write_yuan(entry.amount_fen),
    }


def _read_order(body: bytes) -> WriteOffOrder:
    """Read a write-off. Raises ``_InputRefused``: all fields and no others, all texts, an exact amount, an aware time."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise _InputRefused("body") from None
    if not isinstance(given, dict) or set(given) != _WRITE_OFF_FIELDS:
        raise _InputRefused("body")
    for name, value in given.items():
        if not isinstance(value, str) or not value or not value.isprintable():
            raise _InputRefused(name)
    amount_fen = read_yuan(given["amountYuan"])
    if not amount_fen:
        raise _InputRefused("amountYuan")
    if _NUMBER.fullmatch(given["serialNo"]) is None:
        raise _InputRefused("serialNo")
    if not _is_moment(given["paidAt"]):
        raise _InputRefused("paidAt")
    return WriteOffOrder(
        sequence_no=given["serialNo"],
        household_no=given["customerNo"],
        bill_no=given["billNo"],
        amount_fen=amount_fen,
        paid_at=given["paidAt"],
        channel=given["channel"],
    )


def _is_moment(text: str) -> bool:
    """ISO 8601 with an offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
