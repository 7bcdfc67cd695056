"""The medical security office's claims for hospital costs (住院费用手工报销): REST with JSON, an API key, fen; results as a daily file.

What was decided on a day stands in the file of that day: one line each, parts between pipes, an empty file on a day without decisions.
Answers and lines hold canaries: the card number, the checker.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import MEDICAL_OFFICE
from adapters.sandbox.applications.book import FINAL, ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import APPLICANT, CHANNEL, DAY, MOMENT, NUMBER
from adapters.sandbox.applications.locks import ask_key
from adapters.sandbox.applications.persons import RESIDENTS, find_resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.routing import Router
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

NAME = "medical-claims"
DEDUCTIBLE_FEN, SHARE_PERCENT = 130_000, 85
"""What the insured pay first, and how much of the rest the fund pays, in the first stay of a year at a hospital of level three."""
_FORM: Mapping[str, str | type] = {
    **APPLICANT,
    "applicationNo": NUMBER,
    "hospital": r".{2,60}",
    "admittedOn": DAY,
    "dischargedOn": DAY,
    "invoiceNo": r"[0-9]{8,20}",
    "totalFen": int,
    "submittedAt": MOMENT,
    "channel": CHANNEL,
}
_CODES = ("BAD_REQUEST", "NO_SUCH_PERSON", "NO_SUCH_APPLICATION", "NUMBER_REUSED", "DATES_IMPOSSIBLE")
_CHECKER = make_canary("审核员", NAME, 6)


def _card_of(identity_number: str) -> str:
    return make_canary("MC", identity_number)


class _Office:
    def __init__(self, book: ApplicationsBook) -> None:
        self._book = book

    def submit(self, request: Request) -> Content:
        given = read_fields(request, _FORM)
        find_resident(given["idNumber"], given["name"])
        if not 0 < given["totalFen"] < 10**10:
            raise Refused("BAD_REQUEST")
        if not given["admittedOn"] <= given["dischargedOn"] <= self._book.today():
            raise Refused("DATES_IMPOSSIBLE")
        content = {name: value for name, value in given.items() if name not in {"submittedAt", "applicationNo"}}
        return _show(self._book.accept(given["applicationNo"], content, message="已受理，请在承诺期限内出示票据原件。"))

    def find(self, _request: Request, number: str) -> Content:
        return _show(self._book.find(number))

    def list_results(self, _request: Request, day: str) -> Response:
        """The file of one day in UTF-8. A day that is not over is not complete."""
        if not re.fullmatch(DAY, day):
            raise Refused("BAD_REQUEST")
        decided = [entry for entry in self._book.list_all() if entry.state in FINAL and entry.decided_on == day]
        lines = "".join("|".join(_write_line(entry)) + "\n" for entry in decided)
        return Response(lines.encode(), content_type="text/plain; charset=utf-8")


def _write_line(entry: Entry) -> tuple[str, ...]:
    return (
        entry.number,
        entry.reference,
        "Y" if entry.state == "granted" else "N",
        str(entry.content["totalFen"]),
        str(entry.result.get("fundFen", 0)),
        entry.message.replace("|", "／"),
        _card_of(entry.content["idNumber"]),
        _CHECKER,
    )


def _decide(entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
    """What the fund pays: its share of what is above the deductible (社会保险法 article 28)."""
    if state != "granted":
        return ("不予支付：费用不在基金支付范围。" if state == "refused" else "正在审核。"), {}
    above = max(0, entry.content["totalFen"] - DEDUCTIBLE_FEN)
    return "审核通过，款项将拨付至社会保障卡账户。", {"fundFen": above * SHARE_PERCENT // 100}


def _show(entry: Entry) -> Content:
    return {
        "applicationNo": entry.number,
        "claimNo": entry.reference,
        "status": entry.state.upper(),
        "message": entry.message,
        "cardNo": _card_of(entry.content["idNumber"]),
        "checker": _CHECKER,
    }


def create_medical_claims(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The office as a WSGI application; ``credentials`` holds api_key."""
    canaries = (_CHECKER, *map(_card_of, RESIDENTS))
    desk = Desk(StatusSpeech(), ("submit", "find_submission", "list_results"), _CODES, canaries)
    book = ApplicationsBook(shelf, clock, "YB")
    office, lock = _Office(book), ask_key(credentials["api_key"], header="X-Api-Key", prefix="ApiKey")
    desk.open("POST", "/claims", "submit", lock, office.submit)
    desk.open("GET", "/claims/<number>", "find_submission", lock, office.find)
    desk.router.add(
        "GET",
        "/files/results-<day>.txt",
        lambda request, day: desk.serve(request, "list_results", lock, lambda: office.list_results(request, day)),
    )
    add_book_control(desk.router, book, _decide)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_medical_claims(context.open_shelf(NAME), context.clock, context.credentials[NAME])


OFFICE = Office(
    name=NAME,
    agency=MEDICAL_OFFICE,
    back_ends=(NAME,),
    build=_build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
)
