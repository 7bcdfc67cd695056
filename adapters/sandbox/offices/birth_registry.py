"""The health commission's registration of births to come (生育登记): JSON that is always 200, a login first, decided at once.

Without the number of a health assessment by a hospital nothing is registered. Answers hold canaries: the hospital's record number, the
doctor, the community worker's phone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import HEALTH_OFFICE
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import APPLICANT, CHANNEL, DAY, IDENTITY_NUMBER, MOMENT, NAME, NUMBER
from adapters.sandbox.applications.locks import TokenDesk, read_login
from adapters.sandbox.applications.persons import find_resident
from adapters.sandbox.applications.speech import CodeSpeech, Content, read_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OFFICE_NAME = "birth-registry"
TOKEN_HEADER = "X-Access-Token"  # noqa: S105 - the name of a header
_FORM: Mapping[str, str | type] = {
    **APPLICANT,
    "applicationNo": NUMBER,
    "spouseName": NAME,
    "spouseIdNumber": IDENTITY_NUMBER,
    "expectedOn": DAY,
    "order": "1|2|3",
    "assessmentNo": r"JK[0-9]{10}",
    "submittedAt": MOMENT,
    "channel": CHANNEL,
}
_CODES: Mapping[str, tuple[str, str]] = {
    "BAD_REQUEST": ("1001", "参数错误"),
    "UNAUTHORIZED": ("1002", "未登录或登录已失效"),
    "NO_SUCH_PERSON": ("2001", "身份信息核验不一致"),
    "NO_SUCH_APPLICATION": ("2002", "无此登记"),
    "NUMBER_REUSED": ("2003", "申请编号已被使用"),
    "DATE_IMPOSSIBLE": ("2004", "预产期不在登记范围"),
    "NO_ASSESSMENT": ("2005", "未查到健康评估记录"),
    "BATCH_WINDOW": ("9001", "系统维护"),
    "SYSTEM": ("9999", "系统异常"),
}
_DOCTOR, _WORKER_PHONE = make_canary("评估医师", OFFICE_NAME, 6), make_phone_canary(OFFICE_NAME)
_RECORD = make_canary("BL", OFFICE_NAME)


class _Registry:
    def __init__(self, book: ApplicationsBook) -> None:
        self._book = book

    def register(self, request: Request) -> Content:
        given = read_fields(request, _FORM)
        find_resident(given["idNumber"], given["name"])
        if given["assessmentNo"].endswith("0000"):
            raise Refused("NO_ASSESSMENT")
        if not self._is_to_come(given["expectedOn"]):
            raise Refused("DATE_IMPOSSIBLE")
        content = {name: value for name, value in given.items() if name not in {"submittedAt", "applicationNo"}}
        message = "已登记，可凭登记编号在助产机构建档、分娩。"
        return _show(self._book.accept(given["applicationNo"], content, state="granted", message=message))

    def _is_to_come(self, day: str) -> bool:
        """Registration may also follow the birth: from half a year back to ten months ahead."""
        try:
            expected = date.fromisoformat(day)
        except ValueError:
            return False
        today = date.fromisoformat(self._book.today())
        return today - timedelta(days=183) <= expected <= today + timedelta(days=305)

    def find(self, _request: Request, number: str) -> Content:
        return _show(self._book.find(number))


def _show(entry: Entry) -> Content:
    return {
        "applicationNo": entry.number,
        "certificateNo": entry.reference,
        "state": entry.state,
        "remark": entry.message,
        "assessment": {"doctor": _DOCTOR, "recordNo": _RECORD},
        "communityPhone": _WORKER_PHONE,
    }


def _decide(entry: Entry, _state: str) -> tuple[str, dict[str, Any]]:
    return entry.message, entry.result


def create_birth_registry(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The registry as a WSGI application; ``credentials`` holds user and password."""
    tokens, speech = TokenDesk(clock, 1800), CodeSpeech(_CODES)
    desk = Desk(speech, ("submit", "find_submission"), _CODES, (_DOCTOR, _WORKER_PHONE, _RECORD), tokens)
    book = ApplicationsBook(shelf, clock, "SY")
    registry, lock = _Registry(book), tokens.lock(header=TOKEN_HEADER, prefix="")

    def log_in(request: Request) -> Response:
        if not read_login(request, credentials["user"], credentials["password"]):
            return speech.refuse(request, "UNAUTHORIZED")
        return speech.answer(request, {"token": tokens.give(), "expiresIn": tokens.seconds})

    desk.router.add("POST", "/auth/login", log_in)
    desk.open("POST", "/births", "submit", lock, registry.register)
    desk.open("GET", "/births/<number>", "find_submission", lock, registry.find)
    add_book_control(desk.router, book, _decide)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_birth_registry(context.open_shelf(OFFICE_NAME), context.clock, context.credentials[OFFICE_NAME])


def _bind(place: Place) -> Binding:
    return Binding(secrets={"password": place.credentials["password"]}, options={"user": place.credentials["user"]})


OFFICE = Office(
    name=OFFICE_NAME,
    agency=HEALTH_OFFICE,
    back_ends=(OFFICE_NAME,),
    build=_build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=_bind,
)
