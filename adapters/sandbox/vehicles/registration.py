"""The vehicle office's registration service: SOAP 1.2 as ``config/mappings/wsdl/vehicle-registration.wsdl`` describes it, signed bodies.

Each request carries ``X-Signature``: HMAC-SHA256 over its raw bytes in hexadecimal, checked before anything is parsed. Registration is
not done on the spot: the vehicle is inspected, then it has a plate. Answers hold canaries (inspectorName, inspectorPhone, archiveNo).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import add_book_control
from adapters.sandbox.applications.locks import ask_signature
from adapters.sandbox.applications.persons import find_resident
from adapters.sandbox.canaries import add_canaries, make_canary, make_phone_canary
from adapters.sandbox.office_faults import OfficeFaults
from adapters.sandbox.routing import Router
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.soap import ENVELOPE_1_2, SoapDialect, SoapRefused
from services.ports import Clock

PATH = "/services/registration"
DIALECT = SoapDialect(ENVELOPE_1_2, "urn:demo-city:vehicle:registration:1", "veh")
_NUMBER = r"[0-9A-Za-z_\-]{1,64}"
FORMS: Mapping[str, Mapping[str, str]] = {
    "Submit": {
        "applicationNo": _NUMBER,
        "ownerName": r"\S.{0,49}",
        "ownerIdentityNo": r"[1-9][0-9]{16}[0-9X]",
        "ownerPhone": r"1[0-9]{10}",
        "vin": r"[A-HJ-NPR-Z0-9]{17}",
        "engineNo": r"[0-9A-Z]{5,20}",
        "plateKind": r"02|52",
        "invoiceNo": r"[0-9]{8,20}",
        "insurancePolicyNo": r"[0-9A-Z]{8,40}",
        "inspectOn": r"20[0-9]{2}-[0-9]{2}-[0-9]{2}",
        "submittedAt": r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}([+\-][0-9]{2}:[0-9]{2}|Z)",
        "channel": r"wechat|alipay|web|window",
    },
    "Find": {"applicationNo": _NUMBER},
}
"""``plateKind`` by GA/T 16.7: 02 小型汽车, 52 小型新能源汽车."""
OPERATIONS: Mapping[str, str] = {"Submit": "submit", "Find": "find"}
"""The names under which each operation can be told to misbehave."""
WORDS: Mapping[str, str] = {
    "NO_SUCH_APPLICATION": "无此申请",
    "NUMBER_REUSED": "申请编号已用于另一份申请",
    "VIN_INVALID": "车辆识别代号校验位不符",
    "VIN_REGISTERED": "该车辆已申请或已办理注册登记",
    "NO_SUCH_PERSON": "机动车所有人身份信息不符",
    "BATCH_WINDOW": "系统维护期间暂停服务",
    "BAD_REQUEST": "报文不符合接口规范",
    "UNAUTHORIZED": "报文签名校验失败",
    "SYSTEM": "系统异常",
}
_STATUSES = {"accepted": "RECEIVED", "pending": "INSPECTING", "granted": "REGISTERED", "refused": "REJECTED"}
_MESSAGES = {
    "pending": "车辆已查验，正在审核。",
    "granted": "准予注册登记，号牌和行驶证将邮寄送达。",
    "refused": "不予注册登记：查验结果与申请信息不一致。",
}
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def complete_vin(first_eight: str, last_eight: str) -> str:
    """A vehicle identification number with its check character in the ninth place (GB 16735)."""
    digits = f"{first_eight}0{last_eight}"
    values = (int(one) if one.isdigit() else _VIN_VALUES[one] for one in digits)
    rest = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return f"{first_eight}{'X' if rest == 10 else rest}{last_eight}"


class RegistrationService:
    """Applications for a plate, each by its number once and each vehicle once."""

    def __init__(self, book: ApplicationsBook, mac_key: str) -> None:
        self._book = book
        self._lock = ask_signature(mac_key, header="X-Signature")
        self.faults = OfficeFaults(OPERATIONS.values(), {code.lower() for code in WORDS})
        self._acts: Mapping[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
            "Submit": self._submit,
            "Find": self._find,
        }

    def take(self, request: Request) -> Response:
        """``POST /services/registration``."""
        if not self._lock(request):
            return _refuse("UNAUTHORIZED")
        try:
            operation, fields = DIALECT.read(request, FORMS)
        except SoapRefused as refused:
            return _refuse(refused.code)

        def act() -> Response:
            try:
                return DIALECT.answer(operation, self._acts[operation](fields))
            except Refused as refused:
                return _refuse(refused.code)

        return self.faults.run(OPERATIONS[operation], request, act, _say)

    def _submit(self, fields: Mapping[str, str]) -> dict[str, Any]:
        _require_days(fields)
        find_resident(fields["ownerIdentityNo"], fields["ownerName"])
        vin = fields["vin"]
        if complete_vin(vin[:8], vin[9:]) != vin:
            raise Refused("VIN_INVALID")
        number = fields["applicationNo"]
        if any(one.content["vin"] == vin and one.number != number for one in self._book.list_all()):
            raise Refused("VIN_REGISTERED")
        content = {name: value for name, value in fields.items() if name not in {"applicationNo", "submittedAt"}}
        words = f"申请已受理，请于{fields['inspectOn']}到车辆管理所交验机动车。"
        return _show(self._book.accept(number, content, message=words))

    def _find(self, fields: Mapping[str, str]) -> dict[str, Any]:
        return _show(self._book.find(fields["applicationNo"]))

    def decide(self, entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
        """What a decision adds: a plate and a certificate on a yes."""
        if state != "granted":
            return _MESSAGES.get(state, entry.message), {}
        digits = int.from_bytes(hashlib.sha256(entry.number.encode()).digest()[:8], "big")
        kind = "D" if entry.content["plateKind"] == "52" else ""
        result = {
            "plateNo": f"京A{kind}{digits % 90000 + 10000}",
            "certificateNo": f"11{digits % 10**10:010d}",
            "registeredOn": self._book.today(),
        }
        return _MESSAGES["granted"], result

    def list_canaries(self) -> list[str]:
        """Everything about an application that no service takes."""
        return [value for entry in self._book.list_all() for value in _canaries_of(entry.number).values()]


def _require_days(fields: Mapping[str, str]) -> None:
    try:
        date.fromisoformat(fields["inspectOn"])
        datetime.fromisoformat(fields["submittedAt"])
    except ValueError:
        raise Refused("BAD_REQUEST") from None


def _canaries_of(number: str) -> dict[str, str]:
    return {
        "inspectorName": make_canary("查验员", number, 6),
        "inspectorPhone": make_phone_canary(number),
        "archiveNo": make_canary("DA", number),
    }


def _show(entry: Entry) -> dict[str, Any]:
    return {
        "applicationNo": entry.number,
        "registrationNo": entry.reference,
        "status": _STATUSES[entry.state],
        "message": entry.message,
        **{name: entry.result.get(name) for name in ("plateNo", "certificateNo", "registeredOn")},
        **_canaries_of(entry.number),
    }


def _refuse(code: str) -> Response:
    return DIALECT.refuse(code, WORDS[code])


def _say(fault: str) -> Response:
    return _refuse("SYSTEM" if fault == "server_error" else fault.upper())


def create_registration(shelf: Shelf, clock: Clock, mac_key: str) -> Router:
    """The service as a WSGI application."""
    book = ApplicationsBook(shelf, clock, "ZC")
    service = RegistrationService(book, mac_key)
    router = Router()
    router.add("POST", PATH, service.take)
    add_book_control(router, book, service.decide)
    add_canaries(router, service.list_canaries)
    service.faults.add_control(router)
    return router
