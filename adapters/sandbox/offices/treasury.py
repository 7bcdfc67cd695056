"""The treasury: REST with JSON, a bearer key, money in whole fen. What it keeps: ``adapters/sandbox/treasury.py``.

Interface: ``POST /api/notices/query {noticeNos}`` (those that can be paid today), ``GET /api/notices/<no>`` (with its status),
``POST /api/receipts {serialNo, noticeNo, amountFen, channel, paidAt}``, ``GET /api/receipts/<serialNo>``.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import TREASURY, VEHICLE_OFFICE
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.context import NOTICE_ISSUED, SandboxContext
from adapters.sandbox.office import Binding, Office, Payee
from adapters.sandbox.office_faults import UNKNOWN_VALUE, OfficeFaults
from adapters.sandbox.routing import Router, answer_json, read_control, read_json
from adapters.sandbox.treasury import BEIJING, Receipt, Register, TreasuryRefused, amount_of, show_notice, show_receipt

STATUSES: Mapping[str, int] = {
    "BAD_REQUEST": 400, "UNAUTHORIZED": 401, "NO_SUCH_NOTICE": 404, "NO_SUCH_RECEIPT": 404, "ALREADY_PAID": 409,
    "AMOUNT_MISMATCH": 409, "NOTICE_EXPIRED": 409, "SERIAL_REUSED": 409, "SYSTEM": 500, "BATCH_WINDOW": 503,
}  # fmt: skip
OPERATIONS = ("query_notices", "show_notice", "write_off", "find_write_off")
REFUSALS = {"batch_window", "already_paid", "amount_mismatch", "notice_expired", "no_such_notice"}
MEETINGS = {"paid_at_bank", "surcharge_added"}
"""What may happen in the register a moment before a write-off arrives."""
SURCHARGE_FEN = 1000
_SERIAL = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,40}")
Act = Callable[[], Any]


class _Desk:
    """The treasury's own counter for those who collect for it."""

    def __init__(self, register: Register, api_key: str) -> None:
        self.faults = OfficeFaults(OPERATIONS, REFUSALS | MEETINGS)
        self._register = register
        self._expected = f"Bearer {api_key}".encode()

    def query_notices(self, request: Request) -> Response:
        def act() -> Any:
            told = _read(request, {"noticeNos": list})
            numbers = told["noticeNos"]
            if len(numbers) > 200 or not all(isinstance(one, str) and _NUMBER.fullmatch(one) for one in numbers):
                raise TreasuryRefused("BAD_REQUEST")
            return {"notices": [show_notice(one) for one in self._register.list_open(numbers)]}

        return self._serve("query_notices", request, act)

    def show_notice(self, request: Request, number: str) -> Response:
        def act() -> Any:
            notice = self._register.find(number)
            return show_notice(notice) | {"status": notice["status"], "receiptNo": notice.get("receipt_no")}

        return self._serve("show_notice", request, act)

    def write_off(self, request: Request) -> Response:
        return self._serve("write_off", request, lambda: show_receipt(self._register.settle(_read_receipt(request))))

    def find_write_off(self, request: Request, serial: str) -> Response:
        return self._serve("find_write_off", request, lambda: show_receipt(self._register.find_receipt(serial)))

    def _serve(self, operation: str, request: Request, act: Act) -> Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), self._expected):
            return _refuse("UNAUTHORIZED")

        def say(fault: str) -> Response:
            if fault in MEETINGS:
                self._meet(fault, request)
                return _answer(act)
            return _refuse("SYSTEM" if fault == "server_error" else fault.upper())

        return self.faults.run(operation, request, lambda: _answer(act), say)

    def _meet(self, fault: str, request: Request) -> None:
        notice_no = str((request.get_json(silent=True) or {}).get("noticeNo"))
        try:
            if fault == "paid_at_bank":
                self._register.pay_at_bank(notice_no)
            else:
                self._register.add_surcharge(notice_no, SURCHARGE_FEN)
        except TreasuryRefused:
            return


class _Control:
    """What a tester does to the register, under ``/_sandbox/``."""

    def __init__(self, context: SandboxContext, register: Register) -> None:
        self._context = context
        self._register = register

    def issue(self, request: Request) -> Response:
        """POST {department_code, department_name, items: [{item_id, item_name, fee_fen, overdue_fen?, penalty_fen?}], notice_no?, expires_on?}."""
        told = read_control(
            request, {"department_code", "department_name", "items"}, frozenset({"notice_no", "expires_on"})
        )
        try:
            notice = self._make(told or {})
        except (KeyError, TypeError, ValueError):
            return answer_json({"error": "bad_request"}, 400)
        self._context.tell(NOTICE_ISSUED, notice)
        return answer_json({"notice_no": notice["notice_no"], "amount_fen": amount_of(notice)}, 201)

    def list_receipts(self, _: Request) -> Response:
        """GET: all write-offs."""
        return answer_json(self._register.list_receipts())

    def change(self, act: Callable[[str], Any]) -> Callable[..., Response]:
        """A handler for one change of one notice."""

        def handle(_: Request, number: str) -> Response:
            try:
                act(number)
                notice = self._register.find(number)
            except TreasuryRefused as refused:
                return answer_json({"error": refused.code.lower()}, STATUSES[refused.code])
            return answer_json({"notice_no": number, "status": notice["status"], "amount_fen": amount_of(notice)})

        return handle

    def _make(self, told: Mapping[str, Any]) -> dict[str, Any]:
        today = self._context.clock.now().astimezone(BEIJING).date()
        items: list[dict[str, Any]] = [
            {
                "no": place, "item_id": str(one["item_id"]), "item_name": str(one["item_name"]),
                "fee_fen": _fen(one["fee_fen"]), "overdue_fen": _fen(one.get("overdue_fen", 0)),
                "penalty_fen": _fen(one.get("penalty_fen", 0)),
            }
            for place, one in enumerate(told["items"], 1)
        ]  # fmt: skip
        if not items or any(one["fee_fen"] < max(1, one["overdue_fen"] + one["penalty_fen"]) for one in items):
            raise ValueError("items")
        expires_on = told.get("expires_on")
        return {
            "notice_no": str(told.get("notice_no") or f"{today:%Y%m%d}{secrets.randbelow(10**12):012d}"),
            "department_code": str(told["department_code"]), "department_name": str(told["department_name"]),
            "payer": "", "identity_number": "", "created_on": today.isoformat(), "items": items,
            "expires_on": date.fromisoformat(expires_on).isoformat() if expires_on else None,
        }  # fmt: skip


def build(context: SandboxContext) -> Router:
    """From a sandbox context; the register is ``treasury.sqlite3`` under its home."""
    register = Register(context)
    desk = _Desk(register, context.credentials["treasury"]["api_key"])
    control = _Control(context, register)
    router = Router()
    router.add("POST", "/api/notices/query", desk.query_notices)
    router.add("GET", "/api/notices/<number>", desk.show_notice)
    router.add("POST", "/api/receipts", desk.write_off)
    router.add("GET", "/api/receipts/<serial>", desk.find_write_off)
    router.add("POST", "/_sandbox/notices", control.issue)
    router.add("POST", "/_sandbox/notices/<number>/pay-at-bank", control.change(register.pay_at_bank))
    router.add("POST", "/_sandbox/notices/<number>/void", control.change(register.make_void))
    surcharge = control.change(lambda number: register.add_surcharge(number, SURCHARGE_FEN))
    router.add("POST", "/_sandbox/notices/<number>/surcharge", surcharge)
    router.add("GET", "/_sandbox/write-offs", control.list_receipts)
    add_canaries(router, lambda: [*register.list_canaries(), UNKNOWN_VALUE])
    desk.faults.add_control(router)
    return router


def _answer(act: Act) -> Response:
    try:
        return answer_json(act())
    except TreasuryRefused as refused:
        return _refuse(refused.code)


def _refuse(code: str) -> Response:
    return answer_json({"code": code}, STATUSES[code])


def _read(request: Request, fields: Mapping[str, type]) -> dict[str, Any]:
    """Exactly these fields, each of its type. Raises ``TreasuryRefused`` (BAD_REQUEST)."""
    try:
        told = read_json(request.get_data())
    except (ValueError, RecursionError):
        raise TreasuryRefused("BAD_REQUEST") from None
    if not isinstance(told, dict) or told.keys() != fields.keys():
        raise TreasuryRefused("BAD_REQUEST")
    if any(type(told[name]) is not kind for name, kind in fields.items()):
        raise TreasuryRefused("BAD_REQUEST")
    return told


def _read_receipt(request: Request) -> Receipt:
    told = _read(request, {"serialNo": str, "noticeNo": str, "amountFen": int, "channel": str, "paidAt": str})
    try:
        paid_at = datetime.fromisoformat(told["paidAt"])
    except ValueError:
        raise TreasuryRefused("BAD_REQUEST") from None
    fit = _SERIAL.fullmatch(told["serialNo"]) and _NUMBER.fullmatch(told["noticeNo"]) and told["amountFen"] > 0
    if not fit or paid_at.tzinfo is None or told["channel"] not in ("wechat", "alipay", "web", "window"):
        raise TreasuryRefused("BAD_REQUEST")
    return Receipt(told["serialNo"], told["noticeNo"], told["amountFen"], paid_at, told["channel"])


def _fen(value: object) -> int:
    if type(value) is not int or not 0 <= value < 10**11:
        raise ValueError("an amount is a whole number of fen")
    return value


OFFICE = Office(
    name="treasury",
    agency=TREASURY,
    back_ends=("treasury",),
    build=build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
    payee=Payee("treasury", partner=False, agency=VEHICLE_OFFICE, non_tax=True),
    also_for=(VEHICLE_OFFICE,),
)
