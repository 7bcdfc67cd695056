"""Slips (凭证码): everything that is shown on paper or screen as one code. Kinds, claims and how each is made. Pure; ``docs/slips.md``.

A slip is a CWT (RFC 8392) whose claims are these and no others. They hold no name and no number of a person: whoever scans a code, and
the app that scans it, learns what the office says of a matter's number and days, and the rest is asked of the office's own page. Texts
are printable ASCII, so that no name can slip in. ``issued_at`` is the moment of signing: an office that states another moment of
acceptance later has another slip already out against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from services.case_file import CaseFile
from services.case_ports import Slip
from services.clock import ClockKind, Deadline
from services.model import JsonValue


class SlipKind(StrEnum):
    """What a slip is."""

    CASE_RECEIPT = "case_receipt"
    """收件凭证, 受理凭证: the case's number, its moments and both deadlines."""
    PAYMENT_RECEIPT = "payment_receipt"
    """缴费凭证."""
    CERTIFICATE = "certificate"
    """证照."""
    COLLECTION_CODE = "collection_code"
    """领取码: shown at the window to take the certificate; good for minutes and for once."""
    VOUCHER = "voucher"
    """文书: stands on a letter."""


KIND_NUMBERS: Mapping[str, int] = {
    SlipKind.CASE_RECEIPT: 1,
    SlipKind.PAYMENT_RECEIPT: 2,
    SlipKind.CERTIFICATE: 3,
    SlipKind.COLLECTION_CODE: 4,
    SlipKind.VOUCHER: 5,
}
"""How a kind is written in the claim of ``KIND_CLAIM``."""

PRIVATE_CLAIM = -70001
"""The one CWT claim of our own (private use: below -65536, RFC 8392 section 9.1): a map with the numbers below."""
KIND_CLAIM = 1
TEXT, DAY, MOMENT, FLAG, FEN = "text", "day", "moment", "flag", "fen"
CLAIMS: Mapping[str, tuple[int, str]] = {
    "number": (2, TEXT),
    "service": (3, TEXT),
    "case_no": (4, TEXT),
    "document": (5, TEXT),
    "received_at": (10, MOMENT),
    "received_on": (11, DAY),
    "accepted_at": (12, MOMENT),
    "accepted_on": (13, DAY),
    "told_by_on": (14, DAY),
    "promised_on": (15, DAY),
    "statutory_on": (16, DAY),
    "provisional": (17, FLAG),
    "happened_at": (18, MOMENT),
    "issued_on": (20, DAY),
    "valid_until": (21, DAY),
    "paid_at": (30, MOMENT),
    "written_off_at": (31, MOMENT),
    "amount_fen": (32, FEN),
}
"""Every claim: its number in the map, and what it is. Days are ``YYYY-MM-DD``, moments seconds since 1970, amounts fen."""

OF_KIND: Mapping[str, frozenset[str]] = {
    SlipKind.CASE_RECEIPT: frozenset(
        {"number", "service", "received_at", "received_on", "accepted_at", "accepted_on", "told_by_on", "promised_on",
         "statutory_on", "provisional"}
    ),
    SlipKind.PAYMENT_RECEIPT: frozenset({"number", "service", "amount_fen", "paid_at", "written_off_at"}),
    SlipKind.CERTIFICATE: frozenset({"number", "service", "case_no", "issued_on", "valid_until"}),
    SlipKind.COLLECTION_CODE: frozenset({"number", "case_no"}),
    SlipKind.VOUCHER: frozenset(
        {"number", "case_no", "document", "issued_on", "happened_at", "accepted_at", "accepted_on", "promised_on", "statutory_on",
         "provisional"}
    ),
}  # fmt: skip
"""Which claims a slip of a kind may hold; ``number`` it must hold."""

MAXIMUM_TEXT = 64
COLLECTION_MINUTES = 15
"""How long a collection code is good: it is made anew each time that the applicant opens it."""
RECEIPT_YEARS, VOUCHER_YEARS = 10, 10
_TEXT = re.compile(rf"[\x21-\x7e]{{1,{MAXIMUM_TEXT}}}")
_LATEST = 253402300799
"""The last second of the year 9999."""
_DEADLINES = {
    ClockKind.COMPLETENESS: "told_by_on",
    ClockKind.PROMISED: "promised_on",
    ClockKind.STATUTORY: "statutory_on",
}


def make_slip_id(random: Callable[[int], bytes]) -> str:
    """A new id: 96 random bits in hexadecimal. It is the ``cti`` of the CWT and what a revocation names."""
    return random(12).hex()


def find_fault(slip: Slip) -> str | None:
    """What keeps these claims from being a slip of this kind; None if nothing does. Names the claim, never its value."""
    if slip.kind not in KIND_NUMBERS:
        return "no such kind"
    if not re.fullmatch(r"[0-9a-f]{24}", slip.slip_id):
        return "an id is 24 hexadecimal digits"
    if "number" not in slip.claims:
        return "number is missing"
    for name, value in slip.claims.items():
        if name not in OF_KIND[slip.kind]:
            return f"{slip.kind} holds no {name if name in CLAIMS else 'such claim'}"
        if not _fits(CLAIMS[name][1], value):
            return f"{name} is no {CLAIMS[name][1]}"
    return None


def _fits(form: str, value: JsonValue) -> bool:
    if form == FLAG:
        return isinstance(value, bool)
    if form in (MOMENT, FEN):
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LATEST
    if not isinstance(value, str):
        return False
    if form == TEXT:
        return _TEXT.fullmatch(value) is not None
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def make_case_receipt(slip_id: str, file: CaseFile, deadlines: Sequence[Deadline], issued_at: datetime) -> Slip:
    """The receipt of a case as it stands: received, or accepted with the moment of the event that accepted it, and its deadlines.

    Before acceptance ``told_by_on`` is the day by which the office must say what is missing; afterwards both limits.
    """
    case = file.case
    claims: dict[str, JsonValue] = {
        "number": case.case_no,
        "service": case.service,
        "received_at": _second_of(case.received_at),
        "received_on": case.received_on.isoformat(),
        **_accepted(file),
        **_due(deadlines),
    }
    return Slip(slip_id, SlipKind.CASE_RECEIPT, claims, issued_at, _later(issued_at, RECEIPT_YEARS))


def make_voucher(
    slip_id: str, file: CaseFile, document: str, number: str, of: int, deadlines: Sequence[Deadline], issued_at: datetime
) -> Slip:  # fmt: skip
    """What stands on a letter: its kind and number, the moment of the event ``of`` (a version) that it tells of.

    A letter of acceptance carries the deadlines too.
    """
    event = next(event for event in file.events if event.version == of)
    claims: dict[str, JsonValue] = {
        "number": number,
        "case_no": file.case.case_no,
        "document": document,
        "issued_on": shanghai_day(issued_at).isoformat(),
        "happened_at": _second_of(event.at),
    }
    if deadlines:
        claims |= _accepted(file) | {name: day for name, day in _due(deadlines).items() if name != "told_by_on"}
    return Slip(slip_id, SlipKind.VOUCHER, claims, issued_at, _later(issued_at, VOUCHER_YEARS))


def make_certificate(slip_id: str, file: CaseFile, number: str, issued_at: datetime, valid_until: date | None) -> Slip:
    """What stands on a certificate. It ends with the last second (Beijing time) of ``valid_until``; without one, with its key."""
    claims: dict[str, JsonValue] = {
        "number": number,
        "service": file.case.service,
        "case_no": file.case.case_no,
        "issued_on": shanghai_day(issued_at).isoformat(),
    }
    if valid_until is None:
        return Slip(slip_id, SlipKind.CERTIFICATE, claims, issued_at)
    ends = datetime(valid_until.year, valid_until.month, valid_until.day, tzinfo=UTC) + timedelta(hours=16)
    return Slip(
        slip_id, SlipKind.CERTIFICATE, {**claims, "valid_until": valid_until.isoformat()}, issued_at, ends
    )  # fmt: skip


def make_collection_code(slip_id: str, file: CaseFile, issued_at: datetime) -> Slip:
    """The code with which a certificate is taken at the window; ``number`` is the certificate's."""
    issued = file.last("certificate_issued")
    number = str(issued.data["number"]) if issued else file.case.case_no
    claims: dict[str, JsonValue] = {"number": number, "case_no": file.case.case_no}
    return Slip(
        slip_id, SlipKind.COLLECTION_CODE, claims, issued_at, issued_at + timedelta(minutes=COLLECTION_MINUTES)
    )  # fmt: skip


def make_payment_receipt(
    slip_id: str, number: str, service: str, amount_fen: int, paid_at: datetime, written_off_at: datetime, issued_at: datetime
) -> Slip:  # fmt: skip
    """Who scans it learns that this amount was paid under this number, and not for whom."""
    claims: dict[str, JsonValue] = {
        "number": number,
        "service": service,
        "amount_fen": amount_fen,
        "paid_at": _second_of(paid_at),
        "written_off_at": _second_of(written_off_at),
    }
    return Slip(slip_id, SlipKind.PAYMENT_RECEIPT, claims, issued_at, _later(issued_at, RECEIPT_YEARS))


def shanghai_day(at: datetime) -> date:
    """The day in Shanghai of a moment."""
    return (at.astimezone(UTC) + timedelta(hours=8)).date()


def _accepted(file: CaseFile) -> dict[str, JsonValue]:
    if file.accepted is None or file.accepted_on is None:
        return {}
    return {"accepted_at": _second_of(file.accepted.at), "accepted_on": file.accepted_on.isoformat()}


def _due(deadlines: Sequence[Deadline]) -> dict[str, JsonValue]:
    told = [(name, line) for line in deadlines if (name := _DEADLINES.get(line.kind)) and not line.standing]
    claims: dict[str, JsonValue] = {name: line.due_on.isoformat() for name, line in told}
    return claims | ({"provisional": any(line.provisional for _, line in told)} if told else {})


def _second_of(at: datetime) -> int:
    return int(at.timestamp())


def _later(at: datetime, years: int) -> datetime:
    return at + timedelta(days=365 * years + years // 4)


def name_case(slip: Slip) -> str | None:
    """The number of the case that a slip speaks of, if it speaks of one."""
    if slip.kind == SlipKind.CASE_RECEIPT:
        return str(slip.claims["number"])
    named = slip.claims.get("case_no")
    return str(named) if named else None
