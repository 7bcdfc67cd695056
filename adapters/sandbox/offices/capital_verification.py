"""The platform on which reports of capital verification are checked (验资报告核验平台): REST with JSON, OAuth client credentials, yuan.

It tells the newest report of a company. Answers hold a canary: the accountant. A tester files or withdraws a report by
``POST /_sandbox/reports {credit_code, status, verified}``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import LABOUR_OFFICE, MARKET_OFFICE
from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.companies import COMPANIES
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.forms import YUAN
from adapters.sandbox.applications.locks import ClientCredentials, TokenDesk
from adapters.sandbox.applications.persons import is_credit_code
from adapters.sandbox.applications.speech import Content, StatusSpeech
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OFFICE_NAME = "capital-verification"
SCOPE, TOKEN_SECONDS = "reports", 600
_CODES: Mapping[str, str] = {
    "BAD_REQUEST": "请求格式错误",
    "UNAUTHORIZED": "未授权",
    "NO_SUCH_REPORT": "未查到验资报告",
    "BATCH_WINDOW": "系统维护",
    "SYSTEM": "系统异常",
}
_KIND = "report"
_FIRM = "演示会计师事务所（普通合伙）"


class _Platform:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        with shelf.change():
            for one in COMPANIES.values() if not shelf.all(_KIND) else ():
                report = {"credit_code": one.credit_code, "status": one.report, "verified": one.verified}
                shelf.put(_KIND, one.credit_code, report)

    def find(self, _request: Request, credit_code: str) -> Content:
        """``GET /v1/companies/{creditCode}/capital-report``: the newest report."""
        report = self._shelf.get(_KIND, credit_code)
        if report is None or not report["status"]:
            raise Refused("NO_SUCH_REPORT")
        return {
            "creditCode": credit_code,
            "reportNo": f"演会验字[2026]第{int.from_bytes(credit_code.encode(), 'big') % 9000 + 1000}号",
            "firm": _FIRM,
            "status": report["status"],
            "verifiedCapital": report["verified"],
            "verifiedOn": "2026-09-18",
            "accountant": _accountant_of(credit_code),
        }

    def list_reports(self, _request: Request) -> Response:
        """``GET /_sandbox/reports``."""
        return answer_json(self._shelf.all(_KIND))

    def control_report(self, request: Request) -> Response:
        """``POST /_sandbox/reports {credit_code, status, verified}``."""
        told = read_control(request, {"credit_code", "status", "verified"})
        if told is None or not _is_report(told):
            return answer_json({"error": "bad_request"}, 400)
        self._shelf.put(_KIND, told["credit_code"], told)
        return answer_json(told, 201)

    def list_canaries(self) -> Iterator[str]:
        yield from (_accountant_of(report["credit_code"]) for report in self._shelf.all(_KIND))


def _is_report(told: Mapping[str, Any]) -> bool:
    verified = isinstance(told["verified"], str) and re.fullmatch(YUAN, told["verified"]) is not None
    return is_credit_code(str(told["credit_code"])) and told["status"] in ("VALID", "WITHDRAWN") and verified


def _accountant_of(credit_code: str) -> str:
    return make_canary("会计师", credit_code, 6)


def create_capital_verification(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The platform as a WSGI application; ``credentials`` holds client_id and client_secret."""
    tokens, platform = TokenDesk(clock, TOKEN_SECONDS), _Platform(shelf)
    desk = Desk(StatusSpeech({"NO_SUCH_REPORT": 404}, _CODES), ("find",), _CODES, platform.list_canaries, tokens)
    counter = ClientCredentials(tokens, credentials["client_id"], credentials["client_secret"], SCOPE)
    desk.router.add("POST", "/oauth2/token", counter.give_token)
    desk.open("GET", "/v1/companies/<credit_code>/capital-report", "find", tokens.lock(), platform.find)
    desk.router.add("GET", "/_sandbox/reports", platform.list_reports)
    desk.router.add("POST", "/_sandbox/reports", platform.control_report)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_capital_verification(context.open_shelf(OFFICE_NAME), context.clock, context.credentials[OFFICE_NAME])


def _bind(place: Place) -> Binding:
    return Binding(
        secrets={"client_secret": place.credentials["client_secret"]},
        options={"client_id": place.credentials["client_id"]},
    )


OFFICE = Office(
    name=OFFICE_NAME,
    agency=MARKET_OFFICE,
    back_ends=(OFFICE_NAME,),
    build=_build,
    make_credentials=lambda _folder: {"client_id": "guitai-reports", "client_secret": secrets.token_hex(24)},
    bind=_bind,
    also_for=(LABOUR_OFFICE,),
)
