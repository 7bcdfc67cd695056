"""The water company: XML in GBK over one address, each message with a keyed digest of its raw bytes.

After a public interface of a water company (collection by channels, 代收): Version, InstId, TranCode, TranDate, TranSeq,
BillKey, CompanyId; RespCode AAAAAAA is success. Its amounts are yuan. TranSeq is the idempotency key of a payment.
Answers hold canaries (IdNo, Phone, MeterNo) that no service needs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import Behaviours
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.routing import Router
from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.control import add_control
from adapters.sandbox.utilities.faults import OPERATIONS, Chooser, disturb_books, respond
from adapters.sandbox.utilities.model import BillEntry, BooksRefused, RefusedBecause, WriteOffOrder
from adapters.sandbox.utilities.prices import price_water, read_yuan, write_yuan
from adapters.sandbox.utilities.seeds import BEIJING, seed_water
from services.ports import Clock

_CODES: Mapping[RefusedBecause, tuple[str, str]] = {
    RefusedBecause.NO_SUCH_HOUSEHOLD: ("DEF0001", "无此用户记录"),
    RefusedBecause.NO_SUCH_WRITE_OFF: ("DEF0001", "无此缴费记录"),
    RefusedBecause.AMOUNT_MISMATCH: ("DEF0002", "缴费金额与应缴金额不符"),
    RefusedBecause.ALREADY_PAID: ("DEF0003", "账单已缴费"),
    RefusedBecause.SERIAL_REUSED: ("DEF0003", "流水号已用于另一笔缴费"),
    RefusedBecause.NOTHING_OWED: ("DEF0004", "无欠费"),
}
_FAULTS: Mapping[str, tuple[str, str]] = {
    "batch_window": ("SYS1001", "批扣期间暂停服务"),
    "server_error": ("SYS1001", "系统异常"),
}
# The longest value of each field of the head, as the interface states it.
_HEAD: Mapping[str, re.Pattern[str]] = {
    "Version": re.compile(r"1\.0\.1"),
    "InstId": re.compile(r"[0-9A-Za-z_-]{1,30}"),
    "TranCode": re.compile(r"[A-Z]{1,20}"),
    "TranDate": re.compile(r"20[0-9]{6}"),
    "TranSeq": re.compile(r"[0-9A-Za-z_-]{1,40}"),
    "BillKey": re.compile(r"\S{1,35}"),
    "CompanyId": re.compile(r"[0-9A-Za-z_-]{1,30}"),
}
_OPERATIONS: Mapping[str, tuple[str, frozenset[str]]] = {
    "QRYCUS": ("customer", frozenset()),
    "QRYBIL": ("bills", frozenset()),
    "PAYBIL": ("write_off", frozenset({"BillNo", "PayAmount", "PayDate", "SubChannel"})),
    "QRYPAY": ("find_write_off", frozenset({"OrigTranSeq"})),
}
_DECLARATION = b'<?xml version="1.0" encoding="GBK"?>'

Message = dict[str, str]
Filler = Callable[[Element], None]


def build(context: SandboxContext) -> Router:
    """From a sandbox context."""
    return create_water(context.home, context.clock, context.credentials["water"])


def create_water(home: Path, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The water company as a WSGI application with its own database ``home/water.sqlite``, seeded at first start.

    ``credentials`` holds mac_key, institution_id and company_id.
    """
    books = Books(home / "water.sqlite", "SW")
    seed_water(books, clock.now())
    behaviours = Behaviours(OPERATIONS)
    desk = _Desk(books, clock, Chooser(behaviours), credentials)
    router = Router()
    router.add("POST", "/billpay", desk.take_message)
    add_control(router, books, clock, behaviours, price_water)
    return router


class _Desk:
    """The company's own counter for channels."""

    def __init__(self, books: Books, clock: Clock, chooser: Chooser, credentials: Mapping[str, str]) -> None:
        self._books = books
        self._clock = clock
        self._chooser = chooser
        self._credentials = credentials

    def take_message(self, request: Request) -> Response:
        """Check the digest over the raw bytes before anything is parsed, then the message, then act."""
        body = request.get_data()
        if not self._is_signed(body, request.headers.get("X-Mac", "")):
            return _reply({}, "SEC2001", "报文校验失败")
        message = _read_message(body)
        if message is None or not self._is_acceptable(message):
            return _reply(message or {}, "SYS1001", "报文格式错误")
        operation = _OPERATIONS[message["TranCode"]][0]
        behaviour = self._chooser.choose(operation, message["BillKey"], message["TranSeq"])
        if operation == "write_off":
            disturb_books(behaviour, self._books, message["BillNo"])
        return respond(behaviour, request, lambda: self._act(message), lambda fault: _reply(message, *_FAULTS[fault]))

    def _is_signed(self, body: bytes, mac: str) -> bool:
        expected = hmac.digest(self._credentials["mac_key"].encode(), body, hashlib.sha256).hex()
        return hmac.compare_digest(mac.lower().encode(), expected.encode())

    def _is_acceptable(self, message: Message) -> bool:
        """All fields and no others, in their form; our institution and company; dated today or yesterday in Beijing."""
        code = _OPERATIONS.get(message.get("TranCode", ""))
        if code is None or set(message) != set(_HEAD) | code[1] or not all(message.values()):
            return False
        in_form = all(pattern.fullmatch(message[name]) for name, pattern in _HEAD.items())
        ours = (message["InstId"], message["CompanyId"]) == (
            self._credentials["institution_id"],
            self._credentials["company_id"],
        )
        return in_form and ours and self._is_recent(message["TranDate"])

    def _is_recent(self, date: str) -> bool:
        try:
            told = datetime.strptime(date, "%Y%m%d").replace(tzinfo=BEIJING)
        except ValueError:
            return False
        days = (self._clock.now().astimezone(BEIJING).date() - told.date()).days
        return -1 <= days <= 1

    def _act(self, message: Message) -> Response:
        acts: Mapping[str, Callable[[Message], Filler]] = {
            "QRYCUS": self._show_customer,
            "QRYBIL": self._list_bills,
            "PAYBIL": self._write_off,
            "QRYPAY": self._find_write_off,
        }
        try:
            fill = acts[message["TranCode"]](message)
        except BooksRefused as refusal:
            return _reply(message, *_CODES[refusal.reason])
        except ValueError:
            return _reply(message, "SYS1001", "报文格式错误")
        return _reply(message, "AAAAAAA", "成功", fill)

    def _show_customer(self, message: Message) -> Filler:
        household = self._books.find_household(message["BillKey"])
        return _fill_with(
            CustomerName=household.name,
            Address=household.address,
            IdNo=household.identity_canary,
            Phone=household.mobile_canary,
        )

    def _list_bills(self, message: Message) -> Filler:
        bills = self._books.list_bills(message["BillKey"], unpaid_only=True)
        if not bills:
            raise BooksRefused(RefusedBecause.NOTHING_OWED)

        def fill(root: Element) -> None:
            _add(root, "TotalNum", str(len(bills)))
            parent = SubElement(root, "Bills")
            for bill in bills:
                _add_bill(parent, bill)

        return fill

    def _write_off(self, message: Message) -> Filler:
        amount_fen = read_yuan(message["PayAmount"])
        datetime.strptime(message["PayDate"], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        if not amount_fen:
            raise ValueError("an amount is a positive number of yuan")
        order = WriteOffOrder(
            sequence_no=message["TranSeq"],
            household_no=message["BillKey"],
            bill_no=message["BillNo"],
            amount_fen=amount_fen,
            paid_at=message["PayDate"],
            channel=message["SubChannel"],
        )
        entry = self._books.write_off(order, self._clock.now().astimezone(BEIJING).isoformat())
        return _fill_with(BillSeq=entry.reference, PayAmount=write_yuan(entry.amount_fen))

    def _find_write_off(self, message: Message) -> Filler:
        entry = self._books.find_write_off(message["OrigTranSeq"])
        if entry.household_no != message["BillKey"]:
            raise BooksRefused(RefusedBecause.NO_SUCH_WRITE_OFF)
        return _fill_with(BillSeq=entry.reference, PayAmount=write_yuan(entry.amount_fen))


def _read_message(body: bytes) -> Message | None:
    """A flat request in GBK with its declaration, or None. Entities and document types are refused."""
    if not body.startswith(_DECLARATION):
        return None
    try:
        root = fromstring(body[len(_DECLARATION) :].decode("gbk"))
    except (UnicodeDecodeError, ParseError, DefusedXmlException):
        return None
    message = {child.tag: child.text or "" for child in root}
    flat = all(len(child) == 0 and not child.attrib for child in root)
    return message if root.tag == "Request" and flat and len(message) == len(root) else None


def _reply(message: Message, code: str, words: str, fill: Filler | None = None) -> Response:
    root = Element("Response")
    for name in ("Version", "InstId", "TranCode", "TranDate", "TranSeq", "BillKey", "CompanyId"):
        if name in message:
            _add(root, name, message[name])
    _add(root, "RespCode", code)
    _add(root, "RespMsg", words)
    if fill is not None:
        fill(root)
    body = _DECLARATION + tostring(root, encoding="unicode").encode("gbk", "xmlcharrefreplace")
    return Response(body, content_type="text/xml; charset=GBK")


def _fill_with(**fields: str) -> Filler:
    def fill(root: Element) -> None:
        for name, value in fields.items():
            _add(root, name, value)

    return fill


def _add_bill(parent: Element, bill: BillEntry) -> None:
    element = SubElement(parent, "Bill")
    _add(element, "BillNo", bill.bill_no)
    _add(element, "BillMonth", bill.period)
    _add(element, "PayAmount", write_yuan(bill.amount_fen))
    _add(element, "DueDate", bill.due_on)
    _add(element, "MeterNo", bill.meter_canary)
    items = SubElement(element, "Items")
    for line in bill.lines:
        item = SubElement(items, "Item")
        _add(item, "Name", line.label)
        _add(item, "Qty", line.quantity)
        _add(item, "Price", line.unit_price)
        _add(item, "Amount", write_yuan(line.amount_fen))


def _add(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
