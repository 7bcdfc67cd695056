"""What people get as slips and what a slip says when somebody reads it: receipts, collection codes, the verification page.

Whoever calls has made sure that the case or payment is the caller's; verifying needs nobody's right, for a slip holds nothing personal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from services.case_clocks import deadlines_of, decision_deadlines, terms_of
from services.case_desk import CaseDesk
from services.case_errors import NotAllowedNow, SlipRefused
from services.case_events import mapping_of
from services.case_file import CaseFile
from services.case_ports import CaseTransaction, Slip, SlipPress
from services.case_record import CaseState
from services.clock import ClockKind, Deadline
from services.masking import mask_name
from services.model import Language
from services.receipts import Receipt
from services.slips import (
    SlipKind,
    make_case_receipt,
    make_collection_code,
    make_payment_receipt,
    make_slip_id,
    name_case,
)


@dataclass(frozen=True, slots=True)
class CaseReceipt:
    """The receipt of a case as screen and paper show it, in large type at the window. ``slip`` is the text of its code.

    Days that do not apply (yet) are None. ``provisional``: a year's holidays are not published, so the days may move. The moments
    are those of the events: nobody can state others later.
    """

    case_no: str
    service: str
    title: str
    organ: str
    state: CaseState
    received_at: datetime
    received_on: date
    accepted_at: datetime | None
    accepted_on: date | None
    told_by_on: date | None
    promised_on: date | None
    statutory_on: date | None
    provisional: bool
    slip: str


@dataclass(frozen=True, slots=True)
class CollectionCode:
    """What an applicant shows at the window to take the certificate: good for minutes, and once."""

    case_no: str
    slip: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SlipAnswer:
    """What a slip says and whether it holds.

    ``reason`` is empty where it holds, else form, key, signature, expired, not_yet, revoked or not_issued (signed, but its event was
    never written: a print that does not count). ``slip`` is None where nothing in it can be believed. ``state`` is the case's own now,
    ``title`` the service's; ``holder_masked`` whom the case is about: an organisation in full, a person masked. None and empty for a
    slip of no case.
    """

    valid: bool
    reason: str
    slip: Slip | None = None
    state: CaseState | None = None
    title: str = ""
    holder_masked: str = ""


def show_case_receipt(desk: CaseDesk, file: CaseFile, language: Language = Language.ZH_CN) -> CaseReceipt:
    """The receipt of a case as it stands now. Raises ``ConfigurationFault`` if the key for receipts is missing."""
    mapping, now = mapping_of(desk, file), desk.clock.now()
    with desk.house.begin((file.case.agency_id,)) as tx:
        deadlines = _list_deadlines(desk, tx, file)
    text = desk.slips.sign(make_case_receipt(make_slip_id(desk.random), file, deadlines, now))
    due = {line.kind: line.due_on for line in deadlines if not line.standing}
    case, terms = file.case, terms_of(mapping)
    return CaseReceipt(
        case_no=case.case_no,
        service=case.service,
        title=mapping.title.get(language, case.service),
        organ=terms.rights_by or mapping.owner,
        state=file.state,
        received_at=case.received_at,
        received_on=case.received_on,
        accepted_at=file.accepted.at if file.accepted else None,
        accepted_on=file.accepted_on,
        told_by_on=due.get(ClockKind.COMPLETENESS),
        promised_on=due.get(ClockKind.PROMISED),
        statutory_on=due.get(ClockKind.STATUTORY),
        provisional=any(line.provisional for line in deadlines),
        slip=text,
    )


def _list_deadlines(desk: CaseDesk, tx: CaseTransaction, file: CaseFile) -> tuple[Deadline, ...]:
    """Those of the decision once it is accepted, also after its end; else what the office must do first."""
    mapping = mapping_of(desk, file)
    if file.accepted is not None:
        return decision_deadlines(tx, file, mapping)
    return tuple(line for line in deadlines_of(desk, tx, file, mapping) if line.kind is ClockKind.COMPLETENESS)


def show_collection_code(desk: CaseDesk, file: CaseFile) -> CollectionCode:
    """A new code to take the certificate with. Raises ``NotAllowedNow`` unless one lies ready and holds, ``ConfigurationFault``."""
    if file.state is not CaseState.ISSUED or file.last("certificate_revoked") is not None:
        raise NotAllowedNow(detail={"state": str(file.state), "asked": "collection_code"})
    now = desk.clock.now()
    slip = make_collection_code(make_slip_id(desk.random), file, now)
    return CollectionCode(file.case.case_no, desk.slips.sign(slip), slip.expires_at or now)


def sign_payment_receipt(press: SlipPress, receipt: Receipt, random: Callable[[int], bytes], now: datetime) -> str:
    """The text of the code on a payment's receipt. Raises ``ConfigurationFault``."""
    slip = make_payment_receipt(
        make_slip_id(random), receipt.receipt_no, receipt.payment.service, receipt.amount_fen, receipt.paid_at,
        receipt.written_off_at, now,
    )  # fmt: skip
    return press.sign(slip)


def verify_slip(desk: CaseDesk, text: str, language: Language = Language.ZH_CN) -> SlipAnswer:
    """What a slip says, whether it holds, and how its case stands now. Raises ``ConfigurationFault`` without a list of keys."""
    try:
        slip = desk.slips.read(text, desk.clock.now())
    except SlipRefused as refused:
        return SlipAnswer(valid=False, reason=refused.reason)
    number = name_case(slip)
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        revoked = tx.slips.is_revoked(slip.slip_id)
        row = tx.cases.find_by_number(number) if number else None
    if number is None:
        return SlipAnswer(valid=not revoked, reason="revoked" if revoked else "", slip=slip)
    if row is None:
        return SlipAnswer(valid=False, reason="not_issued", slip=slip)
    file = CaseFile(row[0], tuple(row[1]))
    reason = "revoked" if revoked else "" if _was_written(slip, file) else "not_issued"
    return SlipAnswer(
        valid=not reason,
        reason=reason,
        slip=slip,
        state=file.state,
        title=mapping_of(desk, file).title.get(language, file.case.service),
        holder_masked=_mask_holder(file),
    )


def _was_written(slip: Slip, file: CaseFile) -> bool:
    """Whether the event that put this slip on paper stands in the case: receipts and collection codes have none."""
    if slip.kind == SlipKind.CERTIFICATE:
        return slip.slip_id in {event.data.get("slip_id") for event in file.all_of("certificate_issued")}
    if slip.kind == SlipKind.VOUCHER:
        return slip.slip_id in {event.data.get("slip_id") for event in file.all_of("document_made")}
    return True


def _mask_holder(file: CaseFile) -> str:
    name = str(file.case.applicant.get("name", ""))
    return name if file.case.applicant.get("kind") == "organisation" else mask_name(name) if name else ""
