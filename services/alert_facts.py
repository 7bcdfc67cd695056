"""What the supervision office is told at once, whatever the clocks say: no reason given, a fee outside the catalogue. Pure.

The source names both beside lateness (case rules §1: acceptance refused, no reason given, a fee outside the catalogue). The use cases
of the counter ask for a reason before they act; this looks at what was really written down, whoever wrote it. Fees are looked at in two
places: what an event of a case names, and what money was taken for, on a platform or at the window (``plan_payment_fact``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from services.alert_record import PlannedAlert, Rung
from services.case_file import CaseFile
from services.case_record import CaseEvent
from services.model import JsonValue, Payment, PaymentEvent

NO_REASON = "no_reason"
"""未说明理由: a refusal, or a refusal to accept, without its reason or its legal ground (AL art. 32(1), 38(2), 55)."""
FEE_OUTSIDE = "fee_outside_catalogue"
"""目录外收费: a fee that the service's published list does not name, or not in this amount (AL art. 58, 59)."""
FEE_OF_PAYMENT = "fee_of_payment"
"""The same of money that was taken without a case: the alert's ``case_id`` is the payment, its ``case_no`` the receipt's number."""
FACTS = (NO_REASON, FEE_OUTSIDE, FEE_OF_PAYMENT)
CHARGING = frozenset({"payment_confirmed", "taken_at_window"})
"""The events by which money was taken that is not on its way back."""


def plan_facts(file: CaseFile, fees: Sequence[Mapping[str, JsonValue]]) -> tuple[PlannedAlert, ...]:
    """The facts in the latest event, due at its moment. ``fees`` is the service's catalogue: [{name: {language: text}, amount_fen?}]."""
    case, event = file.case, file.events[-1]
    return tuple(
        PlannedAlert(
            case.agency_id, case.agency_id, case.case_id, f"{code}:{event.version}", Rung.FACT, event.at, case.service,
            case.case_no, event.staff_id or file.claimed_by,
        )
        for code in find_facts(event, fees)
    )  # fmt: skip


def find_facts(event: CaseEvent, fees: Sequence[Mapping[str, JsonValue]]) -> Iterator[str]:
    """Codes of what is wrong with an event by itself."""
    if _lacks_reason(event):
        yield NO_REASON
    charged = event.data.get("fees") or ()
    if not isinstance(charged, list | tuple) or any(not is_in_catalogue(fee, fees) for fee in charged):
        yield FEE_OUTSIDE


def _lacks_reason(event: CaseEvent) -> bool:
    if event.name == "refused":
        reasons = event.data.get("reasons")
        given = any(map(_says_something, reasons)) if isinstance(reasons, list | tuple) else _says_something(reasons)
        return not given or not _says_something(event.data.get("legal_ground"))
    if event.name == "not_accepted":
        return not (_says_something(event.data.get("reason")) and _says_something(event.data.get("ground")))
    return False


def _says_something(text: JsonValue) -> bool:
    """Whether there is a letter, a digit or a character in it: dots and dashes are no reason."""
    return isinstance(text, str) and any(sign.isalnum() for sign in text)


def is_in_catalogue(fee: JsonValue, fees: Sequence[Mapping[str, JsonValue]]) -> bool:
    """Whether a fee {name, amount_fen} is on the list under this name, with this amount where the list states one."""
    if not isinstance(fee, Mapping):
        return False
    for listed in fees:
        named = fee.get("name") in dict(listed["name"]).values()
        if named and listed.get("amount_fen") in (None, fee.get("amount_fen")):
            return True
    return False


def plan_payment_fact(
    payment: Payment, event: PaymentEvent, published: Sequence[Mapping[str, JsonValue]] | None
) -> tuple[PlannedAlert, ...]:
    """The alert of a payment that was taken for something which no list names; due at its moment.

    ``published`` is the service's list of fees, None where it has none: a company's own price is no matter of that list, a government's
    fee or fine (非税收入) is outside of it (政府非税收入管理办法, 财税〔2016〕33号, art. 11: by the item and the standard that are published).
    """
    fees = list_charged(payment) if published is not None or payment.non_tax is not None else ()
    if event.name not in CHARGING or all(_is_published(fee, published or ()) for fee in fees):
        return ()
    told = event.data.get("staff_id")
    return (
        PlannedAlert(
            payment.agency_id, payment.agency_id, payment.payment_id, f"{FEE_OF_PAYMENT}:{event.version}", Rung.FACT, event.at,
            payment.service, payment.sequence_no, UUID(str(told)) if told else None,
        ),
    )  # fmt: skip


def list_charged(payment: Payment) -> tuple[Mapping[str, JsonValue], ...]:
    """What a payment was taken for: [{name, amount_fen}], of a government's item without surcharge and penalty, which no list fixes.

    Surcharge and penalty together are never more than what they stand upon (行政强制法 art. 45(2)): what goes beyond that, what the lines
    of a bill leave unexplained, and a bill without lines, is one fee without a name. An amount that the payer chose (``bill_period``
    empty) is no fee.
    """
    if payment.non_tax is not None:
        items = payment.non_tax.notice.items
        plain = [(one.item_name, one.fee_fen - one.overdue_fen - one.penalty_fen) for one in items]
        beyond = payment.non_tax.notice.amount_fen - 2 * sum(fen for _, fen in plain)
        return tuple({"name": name, "amount_fen": fen} for name, fen in (*plain, ("", max(0, beyond))) if fen)
    lines = tuple({"name": one.label, "amount_fen": one.amount_fen} for one in payment.items if one.amount_fen)
    rest = payment.amount_fen - sum(one.amount_fen for one in payment.items)
    return (*lines, {"name": "", "amount_fen": rest}) if rest > 0 and payment.bill_period else lines


def _is_published(fee: Mapping[str, JsonValue], published: Sequence[Mapping[str, JsonValue]]) -> bool:
    """Under its name, or under the name before a bracket that says what it is for: 罚款（闯红灯） is 罚款."""
    general = str(fee["name"]).partition("（")[0].strip()
    return any(is_in_catalogue({**fee, "name": name}, published) for name in (fee["name"], general))
