"""What a tester does to a company's books, under ``/_sandbox/``. Nothing there asks for the company's key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import Behaviours, arrange_from_request
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.routing import Handler, Router, answer_json, read_control
from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.model import BillLine, BooksRefused, RefusedBecause
from adapters.sandbox.utilities.prices import total_fen
from adapters.sandbox.utilities.seeds import due_date, last_period, make_household, make_meter
from services.ports import Clock

_PERIOD = re.compile(r"(20[0-9]{2})-?(0[1-9]|1[0-2])")
_LEAST_CONSUMPTION = 12
Tariff = Callable[[Decimal], tuple[BillLine, ...]]
"""Lines of a bill for a consumption."""
_ABSENT = frozenset({RefusedBecause.NO_SUCH_HOUSEHOLD, RefusedBecause.NOTHING_OWED})


def add_control(router: Router, books: Books, clock: Clock, behaviours: Behaviours, price: Tariff) -> None:
    """Add the control of households, bills (``price`` is the company's tariff), write-offs, canaries and behaviours."""
    router.add("POST", "/_sandbox/households", _guard(lambda request: _enter_household(books, request)))
    router.add("POST", "/_sandbox/bills", _guard(lambda request: _enter_bill(books, clock, price, request)))
    router.add("POST", "/_sandbox/bills/<bill_no>/pay-at-hall", _guard(lambda _, bill_no: _pay_at_hall(books, bill_no)))
    router.add(
        "POST", "/_sandbox/bills/<bill_no>/amount", _guard(lambda request, bill_no: _change(books, request, bill_no))
    )
    router.add("GET", "/_sandbox/write-offs", lambda _: answer_json(_list_write_offs(books)))
    add_canaries(router, books.list_canaries)
    router.add("POST", "/_sandbox/control/behaviour", lambda request: _arrange(behaviours, request))


def _guard(handler: Callable[..., Response]) -> Handler:
    """Turn what the books refuse, and a request that cannot be read, into answers."""

    def handle(request: Request, **parts: str) -> Response:
        try:
            return handler(request, **parts)
        except BooksRefused as refusal:
            return answer_json({"error": refusal.reason.value}, 404 if refusal.reason in _ABSENT else 409)
        except (KeyError, OverflowError, TypeError, ValueError):
            return answer_json({"error": "bad_request"}, 400)

    return handle


def _enter_household(books: Books, request: Request) -> Response:
    given = _read(request, {"household_no", "name", "address"})
    books.enter_household(make_household(str(given["household_no"]), str(given["name"]), str(given["address"])))
    return answer_json({"household_no": given["household_no"]}, 201)


def _enter_bill(books: Books, clock: Clock, price: Tariff, request: Request) -> Response:
    given = _read(request, {"household_no"}, frozenset({"period", "amount_fen", "items"}))
    number = str(given["household_no"])
    if "amount_fen" in given:
        amount_fen = _read_fen(given["amount_fen"])
        lines = tuple(_read_line(line) for line in given.get("items") or ()) or (BillLine("本期费用", amount_fen),)
    else:
        lines = price(Decimal(_LEAST_CONSUMPTION + len(books.list_bills(number, unpaid_only=False)) % 30))
        amount_fen = total_fen(lines)
    period = _read_period(given["period"]) if "period" in given else last_period(clock.now())
    bill_no = books.enter_bill(number, period, amount_fen, due_date(clock.now()), make_meter(number), lines)
    return answer_json({"bill_no": bill_no, "amount_fen": amount_fen}, 201)


def _pay_at_hall(books: Books, bill_no: str) -> Response:
    books.pay_at_hall(bill_no)
    return answer_json({"bill_no": bill_no})


def _change(books: Books, request: Request, bill_no: str) -> Response:
    books.change_amount(bill_no, _read_fen(_read(request, {"amount_fen"})["amount_fen"]))
    return answer_json({"bill_no": bill_no})


def _list_write_offs(books: Books) -> list[dict[str, object]]:
    names = ("reference", "amount_fen", "sequence_no", "bill_no", "household_no", "booked_at")
    return [{name: getattr(entry, name) for name in names} for entry in books.list_write_offs()]


def _arrange(behaviours: Behaviours, request: Request) -> Response:
    status, content = arrange_from_request(behaviours, request)
    return answer_json(content, status)


def _read(request: Request, required: set[str], optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    given = read_control(request, required, optional)
    if given is None:
        raise ValueError("not the expected fields")
    return given


def _read_period(text: object) -> str:
    match = _PERIOD.fullmatch(str(text))
    if match is None:
        raise ValueError("a period is YYYY-MM")
    return match[1] + match[2]


def _read_fen(value: object) -> int:
    if type(value) is not int or not 0 < value < 10**12:
        raise ValueError("an amount is a positive number of fen")
    return value


def _read_line(line: Mapping[str, Any]) -> BillLine:
    return BillLine(
        label=str(line["label"]),
        amount_fen=int(line["amount_fen"]),
        quantity=str(line.get("quantity") or ""),
        unit_price=str(line.get("unit_price") or ""),
    )
