"""The tax bureau's annual settlement of comprehensive income (综合所得年度汇算): REST with JSON, client credentials, yuan.

The office knows what employers reported; the taxpayer may correct income and deductions, never the tax already withheld. The tax follows
the table of 个人所得税法 (article 3, annex 1). Answers hold canaries: taxpayer file number, employers, the account for refunds.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.agencies import TAX_BUREAU
from adapters.sandbox.applications.book import ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.desk import Desk, add_book_control
from adapters.sandbox.applications.forms import APPLICANT, CHANNEL, MOMENT, NUMBER, YUAN
from adapters.sandbox.applications.locks import ClientCredentials, TokenDesk
from adapters.sandbox.applications.persons import RESIDENTS, find_resident
from adapters.sandbox.applications.speech import Content, StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.utilities.prices import read_yuan, write_yuan
from services.ports import Clock

ALLOWANCE_FEN = 6_000_000
"""60,000 yuan a year (个人所得税法 article 6)."""
BRACKETS = (
    (3_600_000, 3, 0),
    (14_400_000, 10, 252_000),
    (30_000_000, 20, 1_692_000),
    (42_000_000, 25, 3_192_000),
    (66_000_000, 30, 5_292_000),
    (96_000_000, 35, 8_592_000),
    (10**15, 45, 18_192_000),
)
"""Taxable income up to (fen), per cent, quick deduction (fen): annex 1."""
_FORM: Mapping[str, str | type] = {
    **APPLICANT,
    "applicationNo": NUMBER,
    "taxYear": r"20[0-9]{2}",
    "incomeYuan": YUAN,
    "socialInsuranceYuan": YUAN,
    "additionalDeductionsYuan": YUAN,
    "withheldYuan": YUAN,
    "submittedAt": MOMENT,
    "channel": CHANNEL,
}
_CODES = ("BAD_REQUEST", "NO_SUCH_PERSON", "NO_SUCH_APPLICATION", "NUMBER_REUSED", "WITHHELD_DIFFERS", "WRONG_YEAR")


@dataclass(frozen=True, slots=True)
class Account:
    """What the bureau has of one year, in fen."""

    income_fen: int
    social_fen: int
    additional_fen: int
    withheld_fen: int


_ACCOUNTS: Mapping[str, Account] = {
    "110101199003070011": Account(18_600_000, 3_348_000, 3_600_000, 348_000),
    "110101198505120029": Account(24_000_000, 4_320_000, 2_400_000, 860_000),
    "11010119621125003X": Account(9_600_000, 1_728_000, 3_600_000, 0),
}


def compute_tax(taxable_fen: int) -> int:
    """The tax of a year in fen, rounded half up to the fen."""
    for limit, percent, deduction in BRACKETS:
        if taxable_fen <= limit:
            return max(0, (taxable_fen * percent + 50) // 100 - deduction)
    raise AssertionError("the last bracket has no limit that money reaches")


def _canaries_of(identity_number: str) -> dict[str, str]:
    return {
        "taxpayerNo": make_canary("TP", identity_number),
        "refundAccount": make_canary("BA", identity_number, 16),
        "employer": "演示市" + make_canary("雇主", identity_number, 6) + "有限公司",
        "employerCode": make_canary("EC", identity_number),
    }


class _Bureau:
    def __init__(self, book: ApplicationsBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def _year(self) -> str:
        """The year to settle: the one before (article 11: from March to June of the next year)."""
        return str(int(self._book.today()[:4]) - 1)

    def show_account(self, request: Request) -> Content:
        given = read_fields(request, APPLICANT)
        person = find_resident(given["idNumber"], given["name"])
        account, canaries = _ACCOUNTS[person.identity_number], _canaries_of(person.identity_number)
        return {
            "taxYear": self._year(),
            "incomeYuan": write_yuan(account.income_fen),
            "socialInsuranceYuan": write_yuan(account.social_fen),
            "additionalDeductionsYuan": write_yuan(account.additional_fen),
            "withheldYuan": write_yuan(account.withheld_fen),
            "taxpayerNo": canaries["taxpayerNo"],
            "refundAccount": canaries["refundAccount"],
            "withholdingAgents": [{"name": canaries["employer"], "creditCode": canaries["employerCode"]}],
        }

    def declare(self, request: Request) -> Content:
        given = read_fields(request, _FORM)
        person = find_resident(given["idNumber"], given["name"])
        if given["taxYear"] != self._year():
            raise Refused("WRONG_YEAR")
        if read_yuan(given["withheldYuan"]) != _ACCOUNTS[person.identity_number].withheld_fen:
            raise Refused("WITHHELD_DIFFERS")
        content = {name: value for name, value in given.items() if name not in {"submittedAt", "applicationNo"}}
        message, result = _settle(given)
        return _show(self._book.accept(given["applicationNo"], content, message=message, result=result))

    def find(self, _request: Request, number: str) -> Content:
        return _show(self._book.find(number))


def _settle(given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    income, social, additional, withheld = (
        read_yuan(given[name]) or 0
        for name in ("incomeYuan", "socialInsuranceYuan", "additionalDeductionsYuan", "withheldYuan")
    )
    taxable = max(0, income - ALLOWANCE_FEN - social - additional)
    tax = compute_tax(taxable)
    difference = tax - withheld
    what = "应补税额" if difference > 0 else "应退税额"
    message = f"申报已受理。应纳税额{write_yuan(tax)}元，已预缴税额{write_yuan(withheld)}元，{what}{write_yuan(abs(difference))}元。"
    return message, {"taxableYuan": write_yuan(taxable), "taxYuan": write_yuan(tax)}


def _show(entry: Entry) -> Content:
    return {
        "applicationNo": entry.number,
        "declarationNo": entry.reference,
        "status": entry.state.upper(),
        "message": entry.message,
        **{name: entry.result[name] for name in ("taxableYuan", "taxYuan")},
        "taxpayerNo": _canaries_of(entry.content["idNumber"])["taxpayerNo"],
    }


def create_tax_declarations(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The bureau as a WSGI application; ``credentials`` holds client_id and client_secret."""
    tokens = TokenDesk(clock, 600)
    canaries = [value for number in RESIDENTS for value in _canaries_of(number).values()]
    desk = Desk(StatusSpeech(), ("prefill", "submit", "find_submission"), _CODES, canaries, tokens)
    book = ApplicationsBook(shelf, clock, "GS")
    bureau, lock = _Bureau(book, clock), tokens.lock()
    door = ClientCredentials(tokens, credentials["client_id"], credentials["client_secret"], "declarations")
    desk.router.add("POST", "/oauth2/token", door.give_token)
    desk.open("POST", "/api/v1/annual-accounts", "prefill", lock, bureau.show_account)
    desk.open("POST", "/api/v1/declarations", "submit", lock, bureau.declare)
    desk.open("GET", "/api/v1/declarations/<number>", "find_submission", lock, bureau.find)
    add_book_control(desk.router, book, lambda entry, _state: (entry.message, entry.result))
    return desk.router


def _build(context: SandboxContext) -> Router:
    shelf = context.open_shelf("tax-declarations")
    return create_tax_declarations(shelf, context.clock, context.credentials["tax-declarations"])


def _bind(place: Place) -> Binding:
    return Binding(
        secrets={"client_secret": place.credentials["client_secret"]},
        options={"client_id": place.credentials["client_id"]},
    )


def _make_credentials(_folder: object) -> dict[str, Any]:
    return {"client_id": "guitai-counter", "client_secret": secrets.token_hex(24)}


OFFICE = Office(
    name="tax-declarations",
    agency=TAX_BUREAU,
    back_ends=("tax-declarations",),
    build=_build,
    make_credentials=_make_credentials,
    bind=_bind,
)
