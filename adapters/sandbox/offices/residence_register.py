"""The household registration's changes of address (户口市内移居) behind an X-Road security server: REST version r1, a bearer key.

The caller is a subsystem (``X-Road-Client``), each message has its id (``X-Road-Id``); both come back in the answer, as PR-REST says
(X-Road: Message Protocol for REST, 4.3). Answers hold canaries: household book number, head of the household, ethnic group, full address.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import POLICE_OFFICE
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import APPLICANT, CHANNEL, DAY, MOMENT, NUMBER, TEXT
from adapters.sandbox.applications.locks import ask_key
from adapters.sandbox.applications.persons import DISTRICTS, RESIDENTS, find_resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Handler, Router, answer_json
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

NAME = "residence-register"
SERVICE = "CN/GOV/110101/huzheng/residence"
CLIENT = "CN/GOV/110100/guitai"
"""Identifiers as PR-REST writes them: instance, member class, member, subsystem, and for a service its code."""
_FORM: Mapping[str, str | type] = {
    **APPLICANT,
    "applicationNo": NUMBER,
    "fromAddress": TEXT,
    "district": "|".join(DISTRICTS),
    "toAddress": TEXT,
    "reason": "HOUSE|RENT|FAMILY",
    "movedOn": DAY,
    "submittedAt": MOMENT,
    "channel": CHANNEL,
}
_CODES = ("BAD_REQUEST", "NO_SUCH_PERSON", "NO_SUCH_APPLICATION", "NUMBER_REUSED", "ADDRESS_DIFFERS", "MOVED_LATER")
_ETHNIC_GROUP = make_canary("民族", NAME, 4)


def _canaries_of(identity_number: str) -> dict[str, str]:
    return {
        "householdBookNo": make_canary("HK", identity_number),
        "headOfHousehold": make_canary("户主", identity_number, 5),
        "ethnicGroup": _ETHNIC_GROUP,
    }


class _Register:
    def __init__(self, book: ApplicationsBook) -> None:
        self._book = book

    def show_resident(self, request: Request) -> Content:
        given = read_fields(request, APPLICANT)
        person = find_resident(given["idNumber"], given["name"])
        return {"presentAddress": person.address, **_canaries_of(person.identity_number)}

    def submit(self, request: Request) -> Content:
        given = read_fields(request, _FORM)
        person = find_resident(given["idNumber"], given["name"])
        if given["fromAddress"] != person.address:
            raise Refused("ADDRESS_DIFFERS")
        if given["movedOn"] > self._book.today():
            raise Refused("MOVED_LATER")
        content = {name: value for name, value in given.items() if name not in {"submittedAt", "applicationNo"}}
        message = "已受理，派出所核实后通知办理结果。"
        return _show(self._book.accept(given["applicationNo"], content, state="pending", message=message))

    def find(self, _request: Request, number: str) -> Content:
        return _show(self._book.find(number))


def _show(entry: Entry) -> Content:
    canaries = _canaries_of(entry.content["idNumber"])
    return {
        "applicationNo": entry.number,
        "receiptNo": entry.reference,
        "status": entry.state.upper(),
        "message": entry.message,
        "householdBookNo": canaries["householdBookNo"],
    }


def _decide(_entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
    words = {"granted": "准予移居，请携带户口簿和身份证办理变更。", "refused": "不予移居：住址证明与实际不符。"}
    return words.get(state, "正在核实。"), {}


def _behind_bus(handler: Handler) -> Callable[..., Response]:
    """The security server: it knows its clients, wants an id for each message, and repeats both."""

    def handle(request: Request, **parts: str) -> Response:
        client, message_id = (request.headers.get(name, "") for name in ("X-Road-Client", "X-Road-Id"))
        if client != CLIENT or not re.fullmatch(r"[\x21-\x7e]{1,100}", message_id):
            response = answer_json({"type": "Server.ServerProxy.AccessDenied", "code": "ACCESS_DENIED"}, 403)
            response.headers["X-Road-Error"] = "Server.ServerProxy.AccessDenied"
            return response
        response = handler(request, **parts)
        repeated = {"X-Road-Client": client, "X-Road-Id": message_id, "X-Road-Service": SERVICE}
        response.headers.update(repeated)
        return response

    return handle


def create_residence_register(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The register with its security server as a WSGI application; ``credentials`` holds api_key."""
    canaries = [
        value for one in RESIDENTS.values() for value in (*_canaries_of(one.identity_number).values(), one.address)
    ]
    desk = Desk(StatusSpeech(), ("prefill", "submit", "find_submission"), _CODES, canaries)
    book = ApplicationsBook(shelf, clock, "HZ")
    register, lock = _Register(book), ask_key(credentials["api_key"])

    def open_behind_bus(method: str, path: str, operation: str, act: Callable[..., Content]) -> None:
        def handle(request: Request, **parts: str) -> Response:
            return desk.serve(request, operation, lock, lambda: act(request, **parts))

        desk.router.add(method, f"/r1/{SERVICE}{path}", _behind_bus(handle))

    open_behind_bus("POST", "/residents/query", "prefill", register.show_resident)
    open_behind_bus("POST", "/changes", "submit", register.submit)
    open_behind_bus("GET", "/changes/<number>", "find_submission", register.find)
    add_book_control(desk.router, book, _decide)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_residence_register(context.open_shelf(NAME), context.clock, context.credentials[NAME])


def _bind(place: Place) -> Binding:
    return Binding(
        secrets={"api_key": place.credentials["api_key"]},
        options={"x_road_client": CLIENT, "x_road_service": SERVICE},
    )


OFFICE = Office(
    name=NAME,
    agency=POLICE_OFFICE,
    back_ends=(NAME,),
    build=_build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=_bind,
)
