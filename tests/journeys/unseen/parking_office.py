"""An office that gives permits to park for residents (居民停车证): REST with JSON, user and password; it decides later and is asked."""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.applications.book import ApplicationsBook, Entry
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.locks import ask_password
from adapters.sandbox.applications.persons import find_resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Agency, Binding, Office
from adapters.sandbox.routing import Router

FORM: dict[str, str | type] = {
    "applicationNo": r"[0-9]{28}",
    "name": ".{1,50}",
    "idNumber": ".{18}",
    "address": ".{1,100}",
    "copies": int,
}
"""``submittedOn`` beside these: the day of the counter."""
STATUSES = {"accepted": "PENDING", "pending": "PENDING", "granted": "GRANTED", "refused": "REFUSED"}
WARDEN = make_canary("管理员", "parking", 6)


class _Permits:
    def __init__(self, book: ApplicationsBook) -> None:
        self._book = book

    def submit(self, request: Request) -> Content:
        given = read_fields(request, {**FORM, "submittedOn": r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"})
        find_resident(given["idNumber"], given["name"])
        content = {name: value for name, value in given.items() if name not in ("applicationNo", "submittedOn")}
        return self._show(
            self._book.accept(given["applicationNo"], content, state="pending", message="正在核对居住情况。")
        )

    def find(self, _request: Request, number: str) -> Content:
        return self._show(self._book.find(number))

    def find_result(self, request: Request, number: str) -> Content:
        found = self._book.find(number).result.get("certificate")
        return self.find(request, number) | ({"certificateNo": found} if found else {})

    def decide(self, entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
        """A certificate on a yes."""
        return "停车证已签发。", {"certificate": f"TC{entry.reference[-6:]}"} if state == "granted" else {}

    @staticmethod
    def _show(entry: Entry) -> Content:
        told = {"applicationNo": entry.number, "caseNo": entry.reference, "status": STATUSES[entry.state]}
        return told | {"message": entry.message}


def build(context: SandboxContext) -> Router:
    """From a sandbox context."""
    credentials = context.credentials["parking"]
    desk = Desk(StatusSpeech(), ("submit", "find", "find_result"), ("NOT_ELIGIBLE",), (WARDEN,))
    book = ApplicationsBook(context.open_shelf("parking"), context.clock, "TC")
    permits, lock = _Permits(book), ask_password(credentials["user"], credentials["password"])
    desk.open("POST", "/applications", "submit", lock, permits.submit)
    desk.open("GET", "/applications/<number>", "find", lock, permits.find)
    desk.open("GET", "/applications/<number>/result", "find_result", lock, permits.find_result)
    add_book_control(desk.router, book, permits.decide)
    return desk.router


OFFICE = Office(
    name="parking",
    agency=Agency("demo-parking-office", "演示市交通运输局", "Demo City Parking Office"),
    back_ends=("parking-desk",),
    build=build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=lambda place: Binding(
        secrets={"password": place.credentials["password"]}, options={"user": place.credentials["user"]}
    ),
)
