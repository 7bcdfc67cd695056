"""The register of market entities (市场主体登记): REST with JSON, user and password; self-employed businesses are registered here.

Registration is not done on the spot: who wants to know asks again. A licence has a unified social credit code with the right check
character. Answers hold canaries: the clerk, the clerk's phone, an archive number.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.agencies import MARKET_OFFICE
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import APPLICANT, CHANNEL, MOMENT, NUMBER, PHONE, TEXT, YUAN
from adapters.sandbox.applications.locks import ask_password
from adapters.sandbox.applications.persons import complete_credit_code, find_resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

_FORM: Mapping[str, str | type] = {
    **APPLICANT,
    "phone": PHONE,
    "applicationNo": NUMBER,
    "businessName": r".{2,40}",
    "trade": r"5[12]|61|62|80|81",
    "premises": TEXT,
    "fundsYuan": YUAN,
    "submittedAt": MOMENT,
    "channel": CHANNEL,
}
"""``trade`` is a division of GB/T 4754: 51 批发, 52 零售, 61 住宿, 62 餐饮, 80 机动车维修, 81 其他服务."""
_CODES = ("BAD_REQUEST", "NO_SUCH_PERSON", "NO_SUCH_APPLICATION", "NUMBER_REUSED", "NAME_FORBIDDEN")
_STATUSES = {"accepted": "RECEIVED", "pending": "PROCESSING", "granted": "APPROVED", "refused": "REJECTED"}
_CLERK, _CLERK_PHONE = make_canary("登记员", "market-office", 6), make_phone_canary("market-office")
_ARCHIVE = make_canary("DA", "market-office")
_FORBIDDEN = ("中国", "国家", "中央")
"""Words that a business name may not begin with (企业名称登记管理规定 articles 11 and 12, in short)."""


class _Register:
    def __init__(self, book: ApplicationsBook) -> None:
        self._book = book

    def submit(self, request: Request) -> Content:
        given = read_fields(request, _FORM)
        find_resident(given["idNumber"], given["name"])
        if given["businessName"].startswith(_FORBIDDEN):
            raise Refused("NAME_FORBIDDEN")
        content = {name: value for name, value in given.items() if name not in {"submittedAt", "applicationNo"}}
        return _show(self._book.accept(given["applicationNo"], content, message="申请材料已收到，正在审查。"))

    def find(self, _request: Request, number: str) -> Content:
        return _show(self._book.find(number))

    def decide(self, entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
        """What the register adds to a decision: on a yes the licence."""
        if state == "granted":
            code = complete_credit_code(f"92110101MA{entry.reference[-7:]}")
            licence = {"uscc": code, "name": entry.content["businessName"], "issuedOn": self._book.today()}
            return "准予登记，营业执照已签发。", {"licence": licence}
        return ("不予登记：申请材料不符合法定形式。" if state == "refused" else "正在审查。"), {}


def _show(entry: Entry) -> Content:
    return {
        "applicationNo": entry.number,
        "registrationNo": entry.reference,
        "status": _STATUSES[entry.state],
        "message": entry.message,
        "licence": entry.result.get("licence"),
        "clerk": {"name": _CLERK, "phone": _CLERK_PHONE},
        "archiveNo": _ARCHIVE,
    }


def create_business_register(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The register as a WSGI application; ``credentials`` holds user and password."""
    desk = Desk(StatusSpeech(), ("submit", "find"), _CODES, (_CLERK, _CLERK_PHONE, _ARCHIVE))
    book = ApplicationsBook(shelf, clock, "DJ")
    register, lock = _Register(book), ask_password(credentials["user"], credentials["password"])
    desk.open("POST", "/v1/registrations", "submit", lock, register.submit)
    desk.open("GET", "/v1/registrations/<number>", "find", lock, register.find)
    add_book_control(desk.router, book, register.decide)
    return desk.router


def _build(context: SandboxContext) -> Router:
    shelf = context.open_shelf("business-register")
    return create_business_register(shelf, context.clock, context.credentials["business-register"])


def _bind(place: Place) -> Binding:
    return Binding(secrets={"password": place.credentials["password"]}, options={"user": place.credentials["user"]})


OFFICE = Office(
    name="business-register",
    agency=MARKET_OFFICE,
    back_ends=("business-register",),
    build=_build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=_bind,
)
