"""The registrar's own system (登记机关业务系统): takes what the counter has decided about a company's licence. REST with JSON, a bearer token, yuan.

It decides nothing. A case number names one entry for ever: the same content again gives the same answer. It knows the companies of the
register of market entities; what it records changes nothing there, so that a story can be played again. Answers hold a canary: the number
in the archive.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from werkzeug.wrappers import Request

from adapters.sandbox.agencies import MARKET_OFFICE
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.forms import DAY, NAME, TEXT, YUAN
from adapters.sandbox.applications.locks import ask_key
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.offices.organisations import OrganisationsBook
from adapters.sandbox.routing import Router, answer_json
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OFFICE_NAME = "company-register"
CASE_NO = r"[0-9A-Za-z_\-]{1,50}"
_FORM: Mapping[str, str | type] = {
    "caseNo": CASE_NO,
    "creditCode": r"[0-9A-Z]{18}",
    "companyName": r".{4,80}",
    "legalRepresentative": NAME,
    "registeredCapital": YUAN,
    "address": TEXT,
    "certificateNo": r".{1,64}",
    "decidedOn": DAY,
}
_CODES: Mapping[str, str] = {
    "BAD_REQUEST": "请求格式错误",
    "UNAUTHORIZED": "未授权",
    "NO_SUCH_ORGANISATION": "无此市场主体",
    "NO_SUCH_LICENCE": "无此登记",
    "NUMBER_REUSED": "办件编号已用于其他内容",
    "BATCH_WINDOW": "系统维护",
    "SYSTEM": "系统异常",
}


class _Register:
    def __init__(self, book: ApplicationsBook, organisations: OrganisationsBook) -> None:
        self._book = book
        self._organisations = organisations

    def record(self, request: Request, case_no: str) -> Content:
        """``PUT /v1/licences/{caseNo}``."""
        given = read_fields(request, _FORM)
        if given["caseNo"] != case_no:
            raise Refused("BAD_REQUEST")
        self._organisations.find(given["creditCode"])
        return _show(self._book.accept(case_no, given, state="granted"))

    def find(self, _request: Request, case_no: str) -> Content:
        """``GET /v1/licences/{caseNo}``."""
        try:
            return _show(self._book.find(case_no))
        except Refused:
            raise Refused("NO_SUCH_LICENCE") from None


def _show(entry: Entry) -> Content:
    code = entry.content["creditCode"]
    return {
        "caseNo": entry.number,
        "reference": entry.reference,
        "licenceNo": f"{code[2:8]}{entry.reference[-9:]}",
        "issuedOn": entry.decided_on,
        "archiveNo": _archive_no(code),
    }


def _archive_no(credit_code: str) -> str:
    return make_canary("DA", f"{OFFICE_NAME}{credit_code}")


def create_company_register(shelf: Shelf, organisations: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The system as a WSGI application; ``credentials`` holds token, ``organisations`` is the shelf of the register of that name."""
    book = ApplicationsBook(shelf, clock, "YY")
    known = OrganisationsBook(organisations)
    register = _Register(book, known)
    speech = StatusSpeech({"NO_SUCH_ORGANISATION": 404, "NO_SUCH_LICENCE": 404}, _CODES)
    desk = Desk(
        speech, ("record", "find"), _CODES, lambda: (_archive_no(one["credit_code"]) for one in known.list_all())
    )
    lock = ask_key(credentials["token"])
    desk.open("PUT", "/v1/licences/<case_no>", "record", lock, register.record)
    desk.open("GET", "/v1/licences/<case_no>", "find", lock, register.find)
    desk.router.add("GET", "/_sandbox/records", lambda _: answer_json([_show(one) for one in book.list_all()]))
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_company_register(
        context.open_shelf(OFFICE_NAME),
        context.open_shelf("organisations"),
        context.clock,
        context.credentials[OFFICE_NAME],
    )


OFFICE = Office(
    name=OFFICE_NAME,
    agency=MARKET_OFFICE,
    back_ends=(OFFICE_NAME,),
    build=_build,
    make_credentials=lambda _folder: {"token": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"token": place.credentials["token"]}),
)
