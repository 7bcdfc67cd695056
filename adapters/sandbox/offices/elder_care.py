"""The services for the old (养老服务信息系统): REST with JSON, user and password. It knows residents, says by a rule who is old enough, takes cards.

The rule is the office's own: 60 years on the day asked for (老年人权益保障法 article 2). Answers hold canaries: the social worker, the place in a
queue, an inner number. A tester reports a death by ``POST /_sandbox/residents {identity_number, alive}``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import date

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import CIVIL_OFFICE
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.forms import DAY, IDENTITY_NUMBER, NAME
from adapters.sandbox.applications.locks import ask_password
from adapters.sandbox.applications.persons import RELATIVES, RESIDENTS, Resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OFFICE_NAME = "elder-care"
AGE_NEEDED = 60
RULE = {"id": "elder-card-age", "version": "2024-1"}
KNOWN: Mapping[str, Resident] = {**RESIDENTS, **RELATIVES}
_PERSON: Mapping[str, str | type] = {"name": NAME, "identityNumber": IDENTITY_NUMBER}
_CARD: Mapping[str, str | type] = {
    **_PERSON,
    "caseNo": r"[0-9A-Za-z_\-]{1,50}",
    "certificateNo": r".{1,64}",
    "decidedOn": DAY,
}
_CODES: Mapping[str, str] = {
    "BAD_REQUEST": "请求格式错误",
    "UNAUTHORIZED": "未授权",
    "NO_SUCH_PERSON": "未查到该人员",
    "NO_SUCH_CARD": "无此优待证",
    "NUMBER_REUSED": "办件编号已用于其他内容",
    "BATCH_WINDOW": "系统维护",
    "SYSTEM": "系统异常",
}
_DEATH = "death"


class _Centre:
    def __init__(self, shelf: Shelf, book: ApplicationsBook) -> None:
        self._shelf = shelf
        self._book = book

    def find_resident(self, request: Request) -> Content:
        """``POST /v1/residents {name, identityNumber}``."""
        resident = _find(read_fields(request, _PERSON))
        number = resident.identity_number
        return {
            "identityNumber": number,
            "name": resident.name,
            "district": resident.district,
            "address": resident.address,
            "registeredOn": "2012-04-16",
            "alive": self._shelf.get(_DEATH, number) is None,
            "worker": make_canary("社工", f"elder{number}", 6),
        }

    def judge(self, request: Request) -> Content:
        """``POST /v1/eligibility {name, identityNumber, on}``: by the rule, with the facts that it used."""
        given = read_fields(request, {**_PERSON, "on": DAY})
        resident = _find(given)
        age = count_years(resident.identity_number, _read_day(given["on"]))
        dead = self._shelf.get(_DEATH, resident.identity_number) is not None
        reasons = [word for said, word in ((dead, "人员已故"), (age < AGE_NEEDED, "未满六十周岁")) if said]
        return {
            "decision": "NOT_ELIGIBLE" if reasons else "ELIGIBLE",
            "rule": RULE,
            "age": age,
            "ageNeeded": AGE_NEEDED,
            "district": resident.district,
            "reasons": reasons or ["年满六十周岁"],
            "queue": make_canary("QU", resident.identity_number),
        }

    def record(self, request: Request, case_no: str) -> Content:
        """``PUT /v1/cards/{caseNo}``."""
        given = read_fields(request, _CARD)
        if given["caseNo"] != case_no:
            raise Refused("BAD_REQUEST")
        _find(given)
        return _show(self._book.accept(case_no, given, state="granted"))

    def find_card(self, _request: Request, case_no: str) -> Content:
        """``GET /v1/cards/{caseNo}``."""
        try:
            return _show(self._book.find(case_no))
        except Refused:
            raise Refused("NO_SUCH_CARD") from None

    def control_resident(self, request: Request) -> Response:
        """``POST /_sandbox/residents {identity_number, alive}``."""
        told = read_control(request, {"identity_number", "alive"})
        if told is None or told["identity_number"] not in KNOWN or not isinstance(told["alive"], bool):
            return answer_json({"error": "bad_request"}, 400)
        if told["alive"]:
            self._shelf.remove(_DEATH, told["identity_number"])
        else:
            self._shelf.put(_DEATH, told["identity_number"], {"dead": True})
        return answer_json(told, 201)

    def list_canaries(self) -> Iterator[str]:
        for number in KNOWN:
            yield from (make_canary("社工", f"elder{number}", 6), make_canary("QU", number), _inner_no(number))


def _find(given: Mapping[str, str]) -> Resident:
    found = KNOWN.get(given["identityNumber"])
    if found is None or found.name != given["name"]:
        raise Refused("NO_SUCH_PERSON")
    return found


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("BAD_REQUEST") from None


def count_years(identity_number: str, on: date) -> int:
    """Full years of age on a day, by the date of birth in the number."""
    born = date(int(identity_number[6:10]), int(identity_number[10:12]), int(identity_number[12:14]))
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _show(entry: Entry) -> Content:
    return {
        "caseNo": entry.number,
        "reference": entry.reference,
        "cardNo": f"{entry.content['identityNumber'][:6]}{entry.reference[-12:]}",
        "issuedOn": entry.decided_on,
        "innerNo": _inner_no(entry.content["identityNumber"]),
    }


def _inner_no(identity_number: str) -> str:
    return make_canary("YL", identity_number)


def create_elder_care(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The system as a WSGI application; ``credentials`` holds user and password."""
    book = ApplicationsBook(shelf, clock, "LN")
    centre = _Centre(shelf, book)
    speech = StatusSpeech({"NO_SUCH_CARD": 404}, _CODES)
    desk = Desk(speech, ("find_resident", "judge", "record", "find_card"), _CODES, centre.list_canaries)
    lock = ask_password(credentials["user"], credentials["password"])
    desk.open("POST", "/v1/residents", "find_resident", lock, centre.find_resident)
    desk.open("POST", "/v1/eligibility", "judge", lock, centre.judge)
    desk.open("PUT", "/v1/cards/<case_no>", "record", lock, centre.record)
    desk.open("GET", "/v1/cards/<case_no>", "find_card", lock, centre.find_card)
    desk.router.add("POST", "/_sandbox/residents", centre.control_resident)
    desk.router.add("GET", "/_sandbox/records", lambda _: answer_json([_show(one) for one in book.list_all()]))
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_elder_care(context.open_shelf(OFFICE_NAME), context.clock, context.credentials[OFFICE_NAME])


def _bind(place: Place) -> Binding:
    return Binding(secrets={"password": place.credentials["password"]}, options={"user": place.credentials["user"]})


OFFICE = Office(
    name=OFFICE_NAME,
    agency=CIVIL_OFFICE,
    back_ends=(OFFICE_NAME,),
    build=_build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=_bind,
)
