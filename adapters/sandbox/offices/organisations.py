"""The register of market entities for organisations (市场主体登记系统): REST with JSON, a bearer token, yuan.

Whoever holds the token may ask for one organisation by its unified social credit code. Answers hold canaries: the register's inner
number, the officer and their phone. A tester changes an entry (a new legal representative, a cancellation) by ``POST /_sandbox/companies``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import LABOUR_OFFICE, MARKET_OFFICE, TAX_BUREAU
from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.companies import COMPANIES, Company
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.forms import IDENTITY_NUMBER, NAME, YUAN
from adapters.sandbox.applications.locks import ask_key
from adapters.sandbox.applications.persons import is_credit_code
from adapters.sandbox.applications.speech import Content, StatusSpeech, check_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf

OFFICE_NAME = "organisations"
CODES: Mapping[str, str] = {
    "BAD_REQUEST": "请求格式错误",
    "UNAUTHORIZED": "未授权",
    "NO_SUCH_ORGANISATION": "无此市场主体",
    "BATCH_WINDOW": "系统维护",
    "SYSTEM": "系统异常",
}
_KIND = "company"
_REGISTRAR = "演示市市场监督管理局"
_OFFICER, _OFFICER_PHONE = make_canary("登记科员", OFFICE_NAME, 6), make_phone_canary(OFFICE_NAME)
_CHANGE: Mapping[str, str | type] = {
    "name": r".{4,80}",
    "status": r"OPEN|CANCELLED|REVOKED",
    "representative_name": NAME,
    "representative_number": IDENTITY_NUMBER,
    "registered_capital": YUAN,
    "address": r".{1,200}",
}
"""What a tester may say of a company, all of it for a new one."""


class OrganisationsBook:
    """The entries of the register, on a shelf that is seeded once; other offices read it by a line of their own."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        with shelf.change():
            for company in COMPANIES.values() if not shelf.all(_KIND) else ():
                shelf.put(_KIND, company.credit_code, _write_entry(company))

    def find(self, credit_code: str) -> dict[str, Any]:
        """Raises ``Refused("NO_SUCH_ORGANISATION")``."""
        found = self._shelf.get(_KIND, credit_code)
        if found is None:
            raise Refused("NO_SUCH_ORGANISATION")
        return found

    def change(self, credit_code: str, told: Mapping[str, str]) -> dict[str, Any]:
        """Put values of ``_CHANGE`` into an entry; a new one needs all of them. Raises ``Refused("BAD_REQUEST")``."""
        with self._shelf.change():
            known = self._shelf.get(_KIND, credit_code)
            if known is None and _CHANGE.keys() != told.keys():
                raise Refused("BAD_REQUEST")
            entry = (known or {"story": "", "credit_code": credit_code, "issued_on": "2026-01-05"}) | dict(told)
            self._shelf.put(_KIND, credit_code, entry)
        return entry

    def list_all(self) -> list[dict[str, Any]]:
        """Every entry, in the order in which they were registered."""
        return self._shelf.all(_KIND)


def _write_entry(company: Company) -> dict[str, Any]:
    return {
        "story": company.story,
        "credit_code": company.credit_code,
        "name": company.name,
        "status": company.status,
        "representative_name": company.representative_name,
        "representative_number": company.representative,
        "registered_capital": company.capital,
        "address": company.address,
        "issued_on": company.issued_on,
    }


class _Register:
    def __init__(self, book: OrganisationsBook) -> None:
        self._book = book

    def find(self, _request: Request, credit_code: str) -> Content:
        """``GET /v1/organisations/{creditCode}``."""
        entry = self._book.find(credit_code)
        return {
            "creditCode": entry["credit_code"],
            "name": entry["name"],
            "status": entry["status"],
            "legalRepresentative": {
                "name": entry["representative_name"],
                "identityNumber": entry["representative_number"],
            },
            "registeredCapital": entry["registered_capital"],
            "address": entry["address"],
            "licenceNo": f"{entry['credit_code'][2:8]}{entry['credit_code'][9:17]}",
            "issuedOn": entry["issued_on"],
            "expiresOn": None,
            "registrar": _REGISTRAR,
            "innerNo": _inner_no(entry["credit_code"]),
            "officer": {"name": _OFFICER, "phone": _OFFICER_PHONE},
        }

    def list_companies(self, _request: Request) -> Response:
        """``GET /_sandbox/companies``: every entry, with its name in the demo's stories, else empty."""
        return answer_json(self._book.list_all())

    def control_company(self, request: Request) -> Response:
        """``POST /_sandbox/companies {credit_code, …}``: what is told changes; a new company needs all of ``_CHANGE``."""
        told = read_control(request, {"credit_code"}, frozenset(_CHANGE))
        if told is None or not is_credit_code(str(told["credit_code"])):
            return answer_json({"error": "bad_request"}, 400)
        credit_code = str(told.pop("credit_code"))
        try:
            return answer_json(self._book.change(credit_code, check_fields(told, {}, _CHANGE)), 201)
        except Refused:
            return answer_json({"error": "bad_request"}, 400)

    def list_canaries(self) -> Iterator[str]:
        yield from (_OFFICER, _OFFICER_PHONE)
        yield from (_inner_no(entry["credit_code"]) for entry in self._book.list_all())


def _inner_no(credit_code: str) -> str:
    return make_canary("NB", credit_code)


def create_organisations(shelf: Shelf, credentials: Mapping[str, str]) -> Router:
    """The register as a WSGI application; ``credentials`` holds token."""
    register = _Register(OrganisationsBook(shelf))
    desk = Desk(StatusSpeech({"NO_SUCH_ORGANISATION": 404}, CODES), ("find",), CODES, register.list_canaries)
    desk.open("GET", "/v1/organisations/<credit_code>", "find", ask_key(credentials["token"]), register.find)
    desk.router.add("GET", "/_sandbox/companies", register.list_companies)
    desk.router.add("POST", "/_sandbox/companies", register.control_company)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_organisations(context.open_shelf(OFFICE_NAME), context.credentials[OFFICE_NAME])


OFFICE = Office(
    name=OFFICE_NAME,
    agency=MARKET_OFFICE,
    back_ends=("market-entities",),
    of_root=("organisation-register",),
    build=_build,
    make_credentials=lambda _folder: {"token": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"token": place.credentials["token"]}),
    also_for=(LABOUR_OFFICE, TAX_BUREAU),
)
