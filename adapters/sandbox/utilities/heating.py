"""The heating company: REST with JSON that is always 200 with a code of its own, a token by client credentials, money in whole fen.

Heat is billed by the heated area for a season (采暖期). Answers hold canaries (idNumber, mobile, contractNo, meterNo).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.locks import ClientCredentials, Lock, TokenDesk
from adapters.sandbox.applications.speech import CodeSpeech, read_fields
from adapters.sandbox.behaviour import Behaviours
from adapters.sandbox.routing import Handler, Router
from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.control import add_control
from adapters.sandbox.utilities.faults import OPERATIONS, Chooser, disturb_books, respond
from adapters.sandbox.utilities.model import (
    BillEntry,
    BillLine,
    BooksRefused,
    RefusedBecause,
    WriteOffEntry,
    WriteOffOrder,
)
from adapters.sandbox.utilities.prices import price_heating
from adapters.sandbox.utilities.seeds import BEIJING, seed_heating
from services.ports import Clock

SCOPE = "charges"
TOKEN_SECONDS = 7200
CODES: Mapping[str, tuple[str, str]] = {
    "NO_SUCH_HOUSEHOLD": ("1001", "用户编号不存在"),
    "NOTHING_OWED": ("1002", "该用户无欠费"),
    "ALREADY_PAID": ("1003", "欠费单已缴清"),
    "AMOUNT_MISMATCH": ("1004", "金额与欠费单不符"),
    "SERIAL_REUSED": ("1005", "流水号已使用"),
    "NO_SUCH_WRITE_OFF": ("1006", "无此缴费流水"),
    "BAD_REQUEST": ("4000", "请求参数错误"),
    "UNAUTHORIZED": ("4010", "令牌无效"),
    "BATCH_WINDOW": ("5001", "日终批处理，暂停缴费"),
    "SYSTEM": ("9999", "系统异常"),
}
_ORDER: Mapping[str, str | type] = {
    "serialNo": r"[0-9A-Za-z_\-]{1,64}",
    "userNo": r"[0-9A-Za-z\-]{1,35}",
    "arrearsNo": r"[0-9A-Za-z\-]{1,64}",
    "amountFen": int,
    "payTime": r"20[0-9]{12}",
    "channel": r"[a-z]{1,20}",
}


class _Desk:
    """The company's counter for channels."""

    def __init__(self, books: Books, clock: Clock, chooser: Chooser) -> None:
        self._books = books
        self._clock = clock
        self._chooser = chooser
        self._speech = CodeSpeech(CODES)

    def lock(self, handler: Handler, lock: Lock) -> Handler:
        def handle(request: Request, **parts: str) -> Response:
            if lock(request):
                return handler(request, **parts)
            return self._speech.refuse(request, "UNAUTHORIZED")

        return handle

    def show_user(self, request: Request, number: str) -> Response:
        return self._serve("customer", request, lambda: _show_user(self._books, number), number)

    def list_arrears(self, request: Request, number: str) -> Response:
        return self._serve("bills", request, lambda: _list_arrears(self._books, number), number)

    def charge(self, request: Request) -> Response:
        try:
            order = _read_order(request)
        except Refused as refusal:
            return self._speech.refuse(request, refusal.code)
        booked_at = self._clock.now().astimezone(BEIJING).isoformat()

        def act() -> dict[str, Any]:
            return _show_charge(self._books.write_off(order, booked_at))

        return self._serve("write_off", request, act, order.household_no, order)

    def find_charge(self, request: Request, serial: str) -> Response:
        return self._serve("find_write_off", request, lambda: _show_charge(self._books.find_write_off(serial)))

    def _serve(
        self,
        operation: str,
        request: Request,
        act: Callable[[], dict[str, Any]],
        number: str = "",
        order: WriteOffOrder | None = None,
    ) -> Response:
        behaviour = self._chooser.choose(operation, number, order.sequence_no if order else "")
        if order is not None:
            disturb_books(behaviour, self._books, order.bill_no)

        def answer() -> Response:
            try:
                return self._speech.answer(request, act())
            except BooksRefused as refusal:
                return self._speech.refuse(request, _CODE_OF[refusal.reason])

        faults = {"server_error": "SYSTEM", "batch_window": "BATCH_WINDOW"}
        return respond(behaviour, request, answer, lambda fault: self._speech.refuse(request, faults[fault]))


_CODE_OF = {reason: reason.name for reason in RefusedBecause}


def create_heating(home: Path, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The company as a WSGI application with its own database ``home/heating.sqlite``; ``credentials``: client_id, client_secret."""
    books = Books(home / "heating.sqlite", "GR")
    seed_heating(books, clock.now())
    behaviours = Behaviours(OPERATIONS)
    desk = _Desk(books, clock, Chooser(behaviours))
    tokens = TokenDesk(clock, TOKEN_SECONDS)
    giver = ClientCredentials(tokens, credentials["client_id"], credentials["client_secret"], SCOPE)
    router = Router()
    router.add("POST", "/oauth2/token", giver.give_token)
    for method, template, handler in (
        ("GET", "/v2/users/<number>", desk.show_user),
        ("GET", "/v2/users/<number>/arrears", desk.list_arrears),
        ("POST", "/v2/charges", desk.charge),
        ("GET", "/v2/charges/<serial>", desk.find_charge),
    ):
        router.add(method, template, desk.lock(handler, tokens.lock()))
    add_control(router, books, clock, behaviours, _price)
    return router


def _price(consumption: Decimal) -> tuple[BillLine, ...]:
    """A flat whose area grows with the number of bills that were asked for."""
    return price_heating(consumption + 60)


def _show_user(books: Books, number: str) -> dict[str, Any]:
    household = books.find_household(number)
    return {
        "userNo": household.household_no,
        "userName": household.name,
        "address": household.address,
        "idNumber": household.identity_canary,
        "mobile": household.mobile_canary,
        "contractNo": household.contract_canary,
    }


def _list_arrears(books: Books, number: str) -> dict[str, Any]:
    bills = books.list_bills(number, unpaid_only=True)
    return {"userNo": number, "total": len(bills), "arrears": [_show_bill(bill) for bill in bills]}


def _show_bill(bill: BillEntry) -> dict[str, Any]:
    return {
        "arrearsNo": bill.bill_no,
        "month": f"{bill.period[:4]}-{bill.period[4:]}",
        "amountFen": bill.amount_fen,
        "deadline": f"{bill.due_on[:4]}-{bill.due_on[4:6]}-{bill.due_on[6:]}",
        "meterNo": bill.meter_canary,
        "items": [
            {
                "name": line.label,
                "quantity": line.quantity or None,
                "price": line.unit_price or None,
                "amountFen": line.amount_fen,
            }
            for line in bill.lines
        ],
    }


def _show_charge(entry: WriteOffEntry) -> dict[str, Any]:
    return {
        "chargeNo": entry.reference,
        "serialNo": entry.sequence_no,
        "userNo": entry.household_no,
        "amountFen": entry.amount_fen,
    }


def _read_order(request: Request) -> WriteOffOrder:
    """Raises ``Refused("BAD_REQUEST")``: all fields and no others, each in its form, a positive amount."""
    given = read_fields(request, _ORDER)
    if given["amountFen"] <= 0:
        raise Refused("BAD_REQUEST")
    return WriteOffOrder(
        sequence_no=given["serialNo"],
        household_no=given["userNo"],
        bill_no=given["arrearsNo"],
        amount_fen=given["amountFen"],
        paid_at=given["payTime"],
        channel=given["channel"],
    )
