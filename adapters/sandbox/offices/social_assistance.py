"""The civil affairs office's minimum living allowance (最低生活保障): REST with JSON, HMAC; the result is pushed to the counter.

Families are visited before anything is decided: the answer comes days later, as a signed message to the address that
``POST /_sandbox/control/inbound`` has set. What was decided before there was an address is sent as soon as there is one. Messages and
answers hold canaries: who visited, their phone, the account that the allowance goes to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import CIVIL_OFFICE
from adapters.sandbox.applications.book import FINAL, ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import APPLICANT, CHANNEL, MOMENT, NUMBER, PHONE, YUAN
from adapters.sandbox.applications.locks import ask_signature
from adapters.sandbox.applications.persons import RESIDENTS, find_resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.notices import DressedNotice, NoticeAnswer, NoticeScheduler
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.utilities.prices import read_yuan, write_yuan
from services.ports import Clock

NAME = "social-assistance"
SIGNATURE_HEADER, TIMESTAMP_HEADER = "X-Signature", "X-Timestamp"
STANDARD_FEN = 145_000
"""What the city gives a person a month, less the income that there is."""
_FORM: Mapping[str, str | type] = {
    **APPLICANT,
    "phone": PHONE,
    "applicationNo": NUMBER,
    "householdSize": int,
    "monthlyIncomeYuan": YUAN,
    "reason": "ILLNESS|DISABILITY|UNEMPLOYED|AGED|OTHER",
    "submittedAt": MOMENT,
    "channel": CHANNEL,
}
_CODES = ("BAD_REQUEST", "NO_SUCH_PERSON", "NO_SUCH_APPLICATION", "NUMBER_REUSED", "INCOME_TOO_HIGH")
_VISITOR, _VISITOR_PHONE = make_canary("调查员", NAME, 6), make_phone_canary(NAME)


def _account_of(identity_number: str) -> str:
    return make_canary("AC", identity_number, 15)


class _Office:
    def __init__(self, book: ApplicationsBook) -> None:
        self._book = book

    def submit(self, request: Request) -> Content:
        given = read_fields(request, _FORM)
        find_resident(given["idNumber"], given["name"])
        if not 1 <= given["householdSize"] <= 20:
            raise Refused("BAD_REQUEST")
        if (read_yuan(given["monthlyIncomeYuan"]) or 0) >= STANDARD_FEN * given["householdSize"]:
            raise Refused("INCOME_TOO_HIGH")
        content = {name: value for name, value in given.items() if name not in {"submittedAt", "applicationNo"}}
        return _show(self._book.accept(given["applicationNo"], content, message="已受理，工作人员将入户调查。"))

    def find(self, request: Request) -> Content:
        return _show(self._book.find(read_fields(request, {"applicationNo": NUMBER})["applicationNo"]))

    def decide(self, entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
        """The allowance of a month: the standard for each of the family, less its income."""
        if state != "granted":
            return ("不予确认：家庭收入或财产状况不符合规定。" if state == "refused" else "正在调查。"), {}
        income = read_yuan(entry.content["monthlyIncomeYuan"]) or 0
        monthly = STANDARD_FEN * entry.content["householdSize"] - income
        year, month = int(self._book.today()[:4]), int(self._book.today()[5:7])
        begins = f"{year + month // 12}-{month % 12 + 1:02d}"
        return "审核确认，自次月起发放。", {"monthlyYuan": write_yuan(monthly), "startMonth": begins}


def _show(entry: Entry) -> Content:
    return {
        "applicationNo": entry.number,
        "caseNo": entry.reference,
        "status": entry.state.upper(),
        "message": entry.message,
        "visitor": _VISITOR,
        "visitorPhone": _VISITOR_PHONE,
    }


class _Messenger:
    """Sends each decision to the counter's inbound address until it is acknowledged."""

    schedule: tuple[int, ...] = (5, 30, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400)

    def __init__(self, shelf: Shelf, book: ApplicationsBook, notices: NoticeScheduler, clock: Clock, key: str) -> None:
        self._shelf, self._book, self._notices, self._clock = shelf, book, notices, clock
        self._key = key
        notices.register(NAME, self)

    def dress(self, content: dict[str, Any], _attempt: int) -> DressedNotice:
        body = json.dumps(content, ensure_ascii=False).encode()
        moment = str(int(self._clock.now().timestamp()))
        return DressedNotice(
            {
                "Content-Type": "application/json; charset=utf-8",
                TIMESTAMP_HEADER: moment,
                SIGNATURE_HEADER: sign_result(self._read_inbound()["key"], moment, body),
            },
            body,
        )

    def accepts(self, answer: NoticeAnswer) -> bool:
        return answer.status == 200 and answer.body.strip() == b"OK"

    def tell(self, entry: Entry) -> None:
        """Queue a decision, once; without an address it waits in the book."""
        url = self._read_inbound()["url"]
        if entry.state not in FINAL or not url or self._shelf.get("told", entry.number):
            return
        self._shelf.put("told", entry.number, {"number": entry.number})
        account = _account_of(entry.content["idNumber"])
        content = {
            "applicationNo": entry.number,
            "caseNo": entry.reference,
            "result": entry.state.upper(),
            "message": entry.message,
            "decidedOn": entry.decided_on,
            "allowance": {**entry.result, "payTo": account} if entry.result else None,
            "visitor": _VISITOR,
            "visitorPhone": _VISITOR_PHONE,
        }
        self._notices.schedule(NAME, entry.number, url, content)

    def set_inbound(self, request: Request) -> Response:
        """``POST /_sandbox/control/inbound {url, key?}``; without a key the office's own result key signs."""
        told = read_control(request, {"url"}, frozenset({"key"}))
        if told is None or not str(told["url"]).startswith(("http://", "https://")):
            return answer_json({"error": "expected url, and perhaps key"}, 400)
        self._shelf.put("inbound", "address", {"url": told["url"], "key": str(told.get("key") or self._key)})
        for entry in self._book.list_all():
            self.tell(entry)
        return answer_json({"url": told["url"]})

    def show_messages(self, _request: Request) -> Response:
        """``GET /_sandbox/results``: all messages and what became of them."""
        names = ("notice_id", "state", "attempt", "last_status")
        return answer_json([{name: one.get(name) for name in names} for one in self._notices.list_notices(NAME)])

    def _read_inbound(self) -> dict[str, str]:
        return self._shelf.get("inbound", "address") or {"url": "", "key": self._key}


def sign_result(key: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in lower-case hex over the timestamp, a line feed and the raw body."""
    return hmac.digest(key.encode(), timestamp.encode() + b"\n" + body, hashlib.sha256).hex()


def create_social_assistance(
    shelf: Shelf, clock: Clock, notices: NoticeScheduler, credentials: Mapping[str, str]
) -> Router:
    """The office as a WSGI application; ``credentials`` holds mac_key and result_key."""
    accounts = map(_account_of, RESIDENTS)
    desk = Desk(StatusSpeech(), ("submit", "find_submission"), _CODES, (_VISITOR, _VISITOR_PHONE, *accounts))
    book = ApplicationsBook(shelf, clock, "DB")
    office = _Office(book)
    messenger = _Messenger(shelf, book, notices, clock, credentials["result_key"])
    lock = ask_signature(credentials["mac_key"], header=SIGNATURE_HEADER)
    desk.open("POST", "/assistance/applications", "submit", lock, office.submit)
    desk.open("POST", "/assistance/applications/query", "find_submission", lock, office.find)
    desk.router.add("POST", "/_sandbox/control/inbound", messenger.set_inbound)
    desk.router.add("GET", "/_sandbox/results", messenger.show_messages)
    add_book_control(desk.router, book, office.decide, messenger.tell)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_social_assistance(context.open_shelf(NAME), context.clock, context.notices, context.credentials[NAME])


def _bind(place: Place) -> Binding:
    return Binding(secrets={name: place.credentials[name] for name in ("mac_key", "result_key")})


OFFICE = Office(
    name=NAME,
    agency=CIVIL_OFFICE,
    back_ends=(NAME,),
    build=_build,
    make_credentials=lambda _folder: {"mac_key": secrets.token_hex(32), "result_key": secrets.token_hex(32)},
    bind=_bind,
    pushes=("social-benefits",),
)
