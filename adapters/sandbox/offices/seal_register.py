"""The police's register of seals (公章备案, 印章治安管理信息系统): XML in UTF-8 over one address, HMAC over the raw bytes.

Who asks names the company and its credit code; a name that is not the seal's is no such seal. Answers hold canaries: the engraver and the
engraver's phone. A tester reports a seal lost, or destroys it, by ``POST /_sandbox/seals {credit_code, status}``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import LABOUR_OFFICE, MARKET_OFFICE, POLICE_OFFICE
from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.companies import COMPANIES
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.forms import NUMBER
from adapters.sandbox.applications.locks import Lock, ask_signature
from adapters.sandbox.applications.speech import Content, XmlSpeech, check_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf

OFFICE_NAME = "seal-register"
SIGNATURE_HEADER = "X-Signature"
STATUSES = ("01", "02", "03")
"""01 in use (在用), 02 reported lost (挂失), 03 destroyed (注销)."""
_FORM: Mapping[str, str | type] = {
    "TransCode": r"YZ001",
    "SerialNo": NUMBER,
    "CreditCode": r"[0-9A-Z]{18}",
    "OrgName": r".{2,80}",
}
_CODES: Mapping[str, tuple[str, str]] = {
    "BAD_REQUEST": ("4000", "报文格式错误"),
    "UNAUTHORIZED": ("4010", "签名校验失败"),
    "NO_SUCH_SEAL": ("4041", "未查到备案印章"),
    "BATCH_WINDOW": ("5030", "系统维护"),
    "SYSTEM": ("5000", "系统异常"),
}
_KIND = "seal"


class _Register:
    def __init__(self, shelf: Shelf, speech: XmlSpeech) -> None:
        self._shelf = shelf
        self._speech = speech
        with shelf.change():
            for one in COMPANIES.values() if not shelf.all(_KIND) else ():
                seal = {"credit_code": one.credit_code, "name": one.name, "status": one.seal, "on": one.issued_on}
                shelf.put(_KIND, one.credit_code, seal)

    def find(self, request: Request) -> Content:
        """``POST /seals`` with YZ001."""
        given = check_fields(self._speech.read(request), _FORM, {})
        seal = self._shelf.get(_KIND, given["CreditCode"])
        if seal is None or not seal["status"] or seal["name"] != given["OrgName"]:
            raise Refused("NO_SUCH_SEAL")
        return {
            "CreditCode": seal["credit_code"],
            "SealNo": f"{seal['credit_code'][2:8]}0{seal['credit_code'][9:15]}",
            "SealName": seal["name"],
            "SealStatus": seal["status"],
            "RegisteredOn": seal["on"],
            "Engraver": _engraver_of(seal["credit_code"]),
            "EngraverPhone": make_phone_canary(f"seal{seal['credit_code']}"),
        }

    def list_seals(self, _request: Request) -> Response:
        """``GET /_sandbox/seals``."""
        return answer_json(self._shelf.all(_KIND))

    def control_seal(self, request: Request) -> Response:
        """``POST /_sandbox/seals {credit_code, status, name?}``: a company that is not here yet needs its name."""
        told = read_control(request, {"credit_code", "status"}, frozenset({"name"}))
        known = self._shelf.get(_KIND, str(told["credit_code"])) if told else None
        if told is None or told["status"] not in STATUSES or (known is None and not told.get("name")):
            return answer_json({"error": "bad_request"}, 400)
        seal: dict[str, Any] = {"on": "2026-01-05", **(known or {}), **told}
        self._shelf.put(_KIND, seal["credit_code"], seal)
        return answer_json(seal, 201)

    def list_canaries(self) -> Iterator[str]:
        for seal in self._shelf.all(_KIND):
            yield from (_engraver_of(seal["credit_code"]), make_phone_canary(f"seal{seal['credit_code']}"))


def _engraver_of(credit_code: str) -> str:
    return make_canary("刻章店", f"seal{credit_code}", 6)


def create_seal_register(shelf: Shelf, credentials: Mapping[str, str]) -> Router:
    """The register as a WSGI application; ``credentials`` holds mac_key."""
    speech = XmlSpeech("SealRequest", "SealResponse", "UTF-8", ("TransCode", "SerialNo"), _CODES)
    register = _Register(shelf, speech)
    desk = Desk(speech, ("find",), _CODES, register.list_canaries)
    lock: Lock = ask_signature(credentials["mac_key"], header=SIGNATURE_HEADER)
    desk.open("POST", "/seals", "find", lock, register.find)
    desk.router.add("GET", "/_sandbox/seals", register.list_seals)
    desk.router.add("POST", "/_sandbox/seals", register.control_seal)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_seal_register(context.open_shelf(OFFICE_NAME), context.credentials[OFFICE_NAME])


OFFICE = Office(
    name=OFFICE_NAME,
    agency=POLICE_OFFICE,
    back_ends=(OFFICE_NAME,),
    build=_build,
    make_credentials=lambda _folder: {"mac_key": secrets.token_hex(32)},
    bind=lambda place: Binding(secrets={"mac_key": place.credentials["mac_key"]}),
    also_for=(MARKET_OFFICE, LABOUR_OFFICE),
)
