"""The tax authority's payment service: SOAP 1.1 as ``config/mappings/wsdl/tax-payment.wsdl`` describes it, user and password, yuan.

Written by hand, as ``adapters/sandbox/soap.py`` says. Answers hold canaries (legalPersonIdNo, legalPersonPhone, bankAccount, officerName).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.locks import ask_password
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.office_faults import OfficeFaults
from adapters.sandbox.routing import Handler, Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.soap import ENVELOPE_1_1, SoapDialect, SoapRefused
from adapters.sandbox.tax.assessments import Assessment, TaxBook, canaries_of, officer_of
from adapters.sandbox.utilities.prices import read_yuan, write_yuan
from services.ports import Clock

PATH = "/services/payment"
DIALECT = SoapDialect(ENVELOPE_1_1, "urn:demo-city:tax:payment:1", "tax")
_TAXPAYER, _SERIAL = r"[0-9A-Z]{1,20}", r"[0-9A-Za-z_\-]{1,64}"
FORMS: Mapping[str, Mapping[str, str]] = {
    "QueryTaxpayer": {"taxpayerNo": _TAXPAYER},
    "QueryAssessments": {"taxpayerNo": _TAXPAYER},
    "PayTax": {
        "serialNo": _SERIAL,
        "taxpayerNo": _TAXPAYER,
        "voucherNo": r"[0-9A-Z]{1,40}",
        "amount": r"[0-9]{1,9}(\.[0-9]{1,2})?",
        "paidAt": r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}([+\-][0-9]{2}:[0-9]{2}|Z)",
        "channel": r"[a-z]{1,20}",
    },
    "QueryPayment": {"serialNo": _SERIAL, "taxpayerNo": _TAXPAYER},
}
OPERATIONS: Mapping[str, str] = {
    "QueryTaxpayer": "taxpayer",
    "QueryAssessments": "assessments",
    "PayTax": "pay",
    "QueryPayment": "find_payment",
}
"""The names under which each operation can be told to misbehave."""
WORDS: Mapping[str, str] = {
    "NO_SUCH_TAXPAYER": "纳税人识别号不存在",
    "NO_SUCH_ASSESSMENT": "应征凭证不存在",
    "NO_SUCH_PAYMENT": "无此缴款记录",
    "ALREADY_PAID": "该凭证已缴款",
    "AMOUNT_MISMATCH": "缴款金额与应缴金额不符",
    "SERIAL_REUSED": "流水号已用于另一笔缴款",
    "BATCH_WINDOW": "日终对账期间暂停服务",
    "BAD_REQUEST": "报文不符合接口规范",
    "UNAUTHORIZED": "未经授权",
    "SYSTEM": "系统异常",
}


class _Service:
    """One address for all operations: the lock, the message, what was arranged, the act."""

    def __init__(self, book: TaxBook, credentials: Mapping[str, str], faults: OfficeFaults) -> None:
        self._book = book
        self._lock = ask_password(credentials["user"], credentials["password"])
        self._faults = faults
        self._acts: Mapping[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
            "QueryTaxpayer": self._show_taxpayer,
            "QueryAssessments": self._list_assessments,
            "PayTax": self._pay,
            "QueryPayment": self._find_payment,
        }

    def take(self, request: Request) -> Response:
        """``POST /services/payment``."""
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

        return self._faults.run(OPERATIONS[operation], request, act, _say)

    def _show_taxpayer(self, fields: Mapping[str, str]) -> dict[str, Any]:
        found = self._book.find_taxpayer(fields["taxpayerNo"])
        return {
            "taxpayerNo": found["number"],
            "taxpayerName": found["name"],
            "registeredAddress": found["address"],
            **canaries_of(found["number"]),
        }

    def _list_assessments(self, fields: Mapping[str, str]) -> dict[str, Any]:
        day = self._book.today()
        found = self._book.list_open(fields["taxpayerNo"])
        return {
            "taxpayerNo": fields["taxpayerNo"],
            "computedOn": day.isoformat(),
            "total": len(found),
            "assessment": [
                {
                    "voucherNo": one.voucher_no,
                    "taxName": "增值税及附加",
                    "period": one.period,
                    "deadline": one.deadline,
                    "amountDue": write_yuan(one.amount_on(day)),
                    "officerName": officer_of(one.voucher_no),
                    "item": [
                        {"name": item.name, "base": item.base, "rate": item.rate, "amount": write_yuan(item.amount_fen)}
                        for item in one.list_items(day)
                    ],
                }
                for one in found
            ],
        }

    def _pay(self, fields: Mapping[str, str]) -> dict[str, Any]:
        amount_fen = read_yuan(fields["amount"])
        try:
            paid_at = datetime.fromisoformat(fields["paidAt"])
        except ValueError:
            raise Refused("BAD_REQUEST") from None
        if not amount_fen:
            raise Refused("BAD_REQUEST")
        return _show_payment(
            self._book.pay(fields["serialNo"], fields["taxpayerNo"], fields["voucherNo"], amount_fen, paid_at)
        )

    def _find_payment(self, fields: Mapping[str, str]) -> dict[str, Any]:
        return _show_payment(self._book.find_payment(fields["serialNo"], fields["taxpayerNo"]))


def _show_payment(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "certificateNo": entry["reference"],
        "serialNo": entry["serial_no"],
        "voucherNo": entry["voucher_no"],
        "amount": write_yuan(entry["amount_fen"]),
    }


def _refuse(code: str) -> Response:
    return DIALECT.refuse(code, WORDS[code])


def _say(fault: str) -> Response:
    return _refuse("SYSTEM" if fault == "server_error" else fault.upper())


def create_tax_payment(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The service as a WSGI application; ``credentials`` holds user and password."""
    book = TaxBook(shelf, clock)
    faults = OfficeFaults(OPERATIONS.values(), {code.lower() for code in WORDS})
    router = Router()
    router.add("POST", PATH, _Service(book, credentials, faults).take)
    router.add("POST", "/_sandbox/households", _guard(lambda request: _enter_taxpayer(book, request)))
    router.add("POST", "/_sandbox/bills", _guard(lambda request: _assess(book, request)))
    router.add("POST", "/_sandbox/bills/<bill_no>/pay-at-hall", _guard(lambda _, bill_no: _pay_at_hall(book, bill_no)))
    router.add("GET", "/_sandbox/write-offs", lambda _: answer_json(book.list_payments()))
    add_canaries(router, book.list_canaries)
    faults.add_control(router)
    return router


def _guard(handler: Callable[..., Response]) -> Handler:
    def handle(request: Request, **parts: str) -> Response:
        try:
            return handler(request, **parts)
        except Refused as refused:
            return answer_json({"error": refused.code.lower()}, 404 if refused.code.startswith("NO_SUCH") else 409)
        except ValueError:
            return answer_json({"error": "bad_request"}, 400)

    return handle


def _read(request: Request, required: set[str], optional: frozenset[str] = frozenset()) -> dict[str, str]:
    given = read_control(request, required, optional)
    if given is None or not all(isinstance(value, str) for value in given.values()):
        raise ValueError("not the expected texts")
    return given


def _enter_taxpayer(book: TaxBook, request: Request) -> Response:
    given = _read(request, {"household_no", "name", "address"})
    book.enter_taxpayer(given["household_no"], given["name"], given["address"])
    return answer_json({"household_no": given["household_no"]}, 201)


def _assess(book: TaxBook, request: Request) -> Response:
    given = _read(request, {"household_no"}, frozenset({"period"}))
    assessment: Assessment = book.assess(given["household_no"], given.get("period", ""))
    return answer_json({"bill_no": assessment.voucher_no, "amount_fen": assessment.amount_on(book.today())}, 201)


def _pay_at_hall(book: TaxBook, voucher_no: str) -> Response:
    book.pay_at_hall(voucher_no)
    return answer_json({"bill_no": voucher_no})
