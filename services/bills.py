"""What is owed on a household: asked of the company each time, shown with the breakdown that it computed, never stored.

The citizen names a bill by a reference of ours: a keyed hash of household and bill number, so that neither the company's number
nor anything that leads to it passes through a platform. It is computed again when it comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.catalogue import Catalogue
from services.errors import BackEndGarbled, BackEndRefused, HouseholdNotFound, ServiceOff
from services.mapping import PaymentTerms, ServiceMapping
from services.model import Bill, BillItem, Caller, Household, JsonValue
from services.non_tax import PaymentNotice, read_notice
from services.ports import BackEnd, KeyedHash, RateLimiter
from services.references import refer_to_bill, refer_to_household
from services.sessions import require_assurance

QUERIES_A_MINUTE = 10
"""Per person: what water companies publish of their interface allows ten queries a minute and customer (case-rules, section 8)."""


@dataclass(frozen=True, slots=True)
class BillInView:
    """One bill as the citizen sees it, with the reference by which it can be paid."""

    bill_ref: str
    bill: Bill


@dataclass(frozen=True, slots=True)
class BillsInView:
    """All that is owed on one household, and who is paid. ``chosen``: nothing is owed, the payer chooses an amount within these terms."""

    household_id: UUID
    service: str
    payee: str
    bills: tuple[BillInView, ...]
    chosen: PaymentTerms | None = None


@dataclass(frozen=True, slots=True)
class BillDesk:
    """Shows bills. ``back_end_of`` gives the connector that a mapping names."""

    catalogue: Catalogue
    back_end_of: Callable[[ServiceMapping], BackEnd]
    limiter: RateLimiter
    keyed_hash: KeyedHash

    def list_bills(self, caller: Caller, household: Household) -> BillsInView:
        """The unpaid bills of a household that the caller has bound.

        Raises ``AssuranceTooLow`` (a mapping may ask for more than when the household was bound), ``TooManyRequests``,
        ``ServiceOff``, ``HouseholdNotFound`` and the errors of a back end.
        """
        mapping = self.catalogue.service(household.service)
        self.catalogue.require_open(mapping.id)
        require_assurance(caller, mapping.assurance)
        payee = mapping.payee_name.get(caller.language, mapping.payee)
        reference = refer_to_household(self.keyed_hash, caller, household)
        if mapping.payment.amount == "chosen":
            return BillsInView(reference, household.service, payee, (), mapping.payment)
        self.limiter.spend("bill-queries", str(caller.person_id), QUERIES_A_MINUTE, 60)
        back_end, model = self.back_end_of(mapping), mapping.payment.model
        bills = ask_for_bills(back_end, household.household_no, caller.request_id, model=model)
        seen = tuple(BillInView(refer_to_bill(self.keyed_hash, reference, b.bill_no), b) for b in bills)
        return BillsInView(reference, household.service, payee, seen)


def ask_for_bills(back_end: BackEnd, household_no: str, request_id: str, *, model: str = "order") -> tuple[Bill, ...]:
    """Ask the company what is owed; "nothing owed" is an empty list, not an error, and a bill of nothing is not shown.

    ``model`` is that of the mapping's payment terms: each bill of the model non-tax is a payment notice of the treasury.
    """
    try:
        answer = back_end.call("list_bills", {"household_no": household_no}, request_id, purpose="see_bills")
    except BackEndRefused as refused:
        if refused.reason == "nothing_owed":
            return ()
        raise explain_refusal(refused) from refused
    return tuple(bill for bill in read_bills(answer, model=model) if bill.amount_fen)


def explain_refusal(refused: BackEndRefused) -> Exception:
    """The refusal that a citizen can understand, for an error name of the mapping; others stay what they are."""
    if refused.reason == "no_such_household":
        return HouseholdNotFound()
    if refused.reason == "batch_window":
        return ServiceOff()
    return refused


def read_bills(answer: JsonValue, *, model: str = "order") -> tuple[Bill, ...]:
    """The bills in a mapped result. Raises ``BackEndGarbled`` for a bill that does not have the agreed shape."""
    try:
        bills = tuple(_read_bill(entry, model) for entry in answer["bills"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BackEndGarbled("list_bills: a bill does not have the agreed shape") from error
    if len({bill.bill_no for bill in bills}) != len(bills):
        raise BackEndGarbled("list_bills: one bill number stands twice")
    return bills


def _read_bill(entry: Mapping[str, JsonValue], model: str) -> Bill:
    due_on = entry.get("due_on")
    return Bill(
        bill_no=_text(entry["bill_no"]),
        period=_text(entry["period"]),
        amount_fen=_fen(entry["amount_fen"]),
        items=tuple(_read_item(item) for item in entry.get("items") or ()),
        due_on=date.fromisoformat(due_on) if isinstance(due_on, str) else due_on,
        notice=_read_notice(entry) if model == "non-tax" else None,
    )


def _read_notice(entry: Mapping[str, JsonValue]) -> PaymentNotice:
    """A bill of the non-tax model *is* a notice: under its number, and for the sum of its items, to the fen."""
    notice = read_notice(entry["notice"])
    if notice.payment_notice_no != entry["bill_no"] or notice.amount_fen != entry["amount_fen"]:
        raise ValueError("the notice has another number or amount than the bill")
    return notice


def _read_item(item: Mapping[str, JsonValue]) -> BillItem:
    quantity, unit_price = item.get("quantity"), item.get("unit_price")
    return BillItem(
        label=_text(item["label"]),
        amount_fen=_fen(item["amount_fen"]),
        quantity=None if quantity is None else str(quantity),
        unit_price=None if unit_price is None else str(unit_price),
    )


def _text(value: JsonValue) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    return value


def _fen(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not whole fen")
    return value
