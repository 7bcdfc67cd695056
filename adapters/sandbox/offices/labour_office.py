"""The labour office's licences for labour dispatch (劳务派遣经营许可): XML in GBK over one address, HMAC over the raw bytes.

A capital under two million yuan is refused at once (劳务派遣行政许可实施办法 article 7). Answers hold canaries: the handler, the handler's
phone, an inner file number.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import LABOUR_OFFICE
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import IDENTITY_NUMBER, NAME, NUMBER, PHONE, TEXT, YUAN
from adapters.sandbox.applications.locks import Lock, ask_signature
from adapters.sandbox.applications.persons import find_resident, is_credit_code
from adapters.sandbox.applications.speech import Content, XmlSpeech, check_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.utilities.prices import read_yuan
from services.ports import Clock

SIGNATURE_HEADER = "X-Signature"
LEAST_CAPITAL_FEN = 200_000_000
_HEAD: Mapping[str, str | type] = {
    "TransCode": r"LPQ00[12]",
    "SerialNo": NUMBER,
    "InstId": r"[0-9A-Z]{1,20}",
    "ApplNo": NUMBER,
}
_SUBMIT: Mapping[str, str | type] = {
    **_HEAD,
    "CompanyName": r".{4,80}",
    "CreditCode": r"[0-9A-Z]{18}",
    "CapitalYuan": YUAN,
    "Workplace": TEXT,
    "StaffCount": r"[1-9][0-9]{0,4}",
    "ApplicantName": NAME,
    "ApplicantId": IDENTITY_NUMBER,
    "ApplicantPhone": PHONE,
    "SubmitTime": r"20[0-9]{12}",
}
_CODES: Mapping[str, tuple[str, str]] = {
    "BAD_REQUEST": ("4000", "报文格式错误"),
    "UNAUTHORIZED": ("4010", "签名校验失败"),
    "NO_SUCH_PERSON": ("4041", "申请人信息核验不一致"),
    "NO_SUCH_APPLICATION": ("4040", "无此申请"),
    "NUMBER_REUSED": ("4090", "申请编号已被使用"),
    "CAPITAL_TOO_SMALL": ("4220", "注册资本低于二百万元"),
    "WRONG_CREDIT_CODE": ("4221", "统一社会信用代码校验不通过"),
    "BATCH_WINDOW": ("5030", "系统维护"),
    "SYSTEM": ("5000", "系统异常"),
}
_HANDLER, _HANDLER_PHONE = make_canary("经办人", "labour-office", 6), make_phone_canary("labour-office")
_FILE_NO = make_canary("LD", "labour-office")
_STATUSES = {"accepted": "01", "pending": "02", "granted": "03", "refused": "04"}
"""01 受理, 02 审查, 03 准予, 04 不予."""


class _Office:
    def __init__(self, speech: XmlSpeech, book: ApplicationsBook, institution_id: str) -> None:
        self._speech = speech
        self._book = book
        self._institution_id = institution_id

    def take_message(self, desk: Desk, request: Request, lock: Lock) -> Response:
        """The signature over the raw bytes before anything is parsed, then the message, then the act."""
        message = self._speech.read(request) if lock(request) else {}
        submits = (message or {}).get("TransCode") == "LPQ001"
        operation = "submit" if submits else "find_submission"
        return desk.serve(request, operation, lock, lambda: self._act(message, submits=submits))

    def _act(self, message: dict[str, str] | None, *, submits: bool) -> Content:
        given = check_fields(message, _SUBMIT if submits else _HEAD, {})
        if given["InstId"] != self._institution_id:
            raise Refused("BAD_REQUEST")
        return _show(self._submit(given) if submits else self._book.find(given["ApplNo"]))

    def _submit(self, given: Mapping[str, str]) -> Entry:
        find_resident(given["ApplicantId"], given["ApplicantName"])
        if not is_credit_code(given["CreditCode"]):
            raise Refused("WRONG_CREDIT_CODE")
        if (read_yuan(given["CapitalYuan"]) or 0) < LEAST_CAPITAL_FEN:
            raise Refused("CAPITAL_TOO_SMALL")
        varying = {"SubmitTime", "SerialNo", "ApplNo", "TransCode"}
        content = {name: value for name, value in given.items() if name not in varying}
        return self._book.accept(given["ApplNo"], content, message="材料齐全，已受理。请携带原件到窗口核验。")


def _show(entry: Entry) -> Content:
    return {
        "ApplNo": entry.number,
        "AcceptNo": entry.reference,
        "Status": _STATUSES[entry.state],
        "Opinion": entry.message,
        "Handler": _HANDLER,
        "HandlerPhone": _HANDLER_PHONE,
        "FileNo": _FILE_NO,
    }


def _decide(_entry: Entry, state: str) -> tuple[str, dict[str, Any]]:
    words = {"granted": "准予许可，请领取《劳务派遣经营许可证》。", "refused": "不予许可：不符合法定条件。"}
    return words.get(state, "正在审查。"), {}


def create_labour_office(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The office as a WSGI application; ``credentials`` holds mac_key and institution_id."""
    speech = XmlSpeech("Request", "Response", "GBK", ("TransCode", "SerialNo"), _CODES)
    desk = Desk(speech, ("submit", "find_submission"), _CODES, (_HANDLER, _HANDLER_PHONE, _FILE_NO))
    book = ApplicationsBook(shelf, clock, "LP")
    office = _Office(speech, book, credentials["institution_id"])
    lock = ask_signature(credentials["mac_key"], header=SIGNATURE_HEADER)
    desk.router.add("POST", "/gateway", lambda request: office.take_message(desk, request, lock))
    add_book_control(desk.router, book, _decide)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_labour_office(
        context.open_shelf("labour-office"), context.clock, context.credentials["labour-office"]
    )


def _bind(place: Place) -> Binding:
    return Binding(
        secrets={"mac_key": place.credentials["mac_key"]},
        options={"institution_id": place.credentials["institution_id"]},
    )


OFFICE = Office(
    name="labour-office",
    agency=LABOUR_OFFICE,
    back_ends=("labour-office",),
    build=_build,
    make_credentials=lambda _folder: {"mac_key": secrets.token_hex(32), "institution_id": "ZWFW0001"},
    bind=_bind,
)
