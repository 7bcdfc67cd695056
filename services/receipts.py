"""The receipt: who paid what to whom, when, and under which number the company has it. Data; the paper comes later.

It exists once the company has written the bill off, for that is what it proves. Names are masked: it is shown inside a
platform's app.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.errors import ReceiptNotReady
from services.masking import mask_household_no, mask_name, mask_phone
from services.model import BillItem, Caller, Payment, Person
from services.payment_events import PaymentFile
from services.payment_opening import read_own
from services.payment_replies import view_payment
from services.till import Till


@dataclass(frozen=True, slots=True)
class Receipt:
    """A proof of payment. ``receipt_no`` is the sequence number under which the company can find it too; ``after``: what is left to do."""

    payment: Payment
    receipt_no: str
    payer_masked: str
    household_no_masked: str
    bill_period: str
    items: tuple[BillItem, ...]
    amount_fen: int
    payee: str
    write_off_reference: str
    created_at: datetime
    paid_at: datetime
    written_off_at: datetime
    after: str | None = None


def show_receipt(till: Till, caller: Caller, payment_id: UUID, known: PaymentFile | None = None) -> Receipt:
    """The receipt of a written-off payment of the caller's. ``known``: what ``read_own`` gave for this very request.

    Raises ``NotFound``, ``ReceiptNotReady``.
    """
    file = known or read_own(till, caller, payment_id)
    view, payment = view_payment(file, caller.language), file.payment
    if view.paid_at is None or view.written_off_at is None or view.write_off_reference is None:
        raise ReceiptNotReady(detail={"state": str(file.state)})
    with till.store.begin(caller.agencies) as tx:
        payer = tx.persons.load(caller.person_id)  # the payer, or the account into which the payer's was joined
    mapping = till.catalogue.service_at(payment.service, payment.mapping_version)
    return Receipt(
        payment=payment,
        receipt_no=payment.sequence_no,
        payer_masked=mask_payer(payer),
        household_no_masked=mask_household_no(payment.household_no),
        bill_period=payment.bill_period,
        items=payment.items,
        amount_fen=payment.amount_fen,
        payee=mapping.payee_name.get(caller.language, payment.payee),
        write_off_reference=view.write_off_reference,
        created_at=payment.created_at,
        paid_at=view.paid_at,
        written_off_at=view.written_off_at,
        after=mapping.payment.after.get(caller.language),
    )


def mask_payer(payer: Person) -> str:
    """The payer's name as far as it may be shown; without a proven name, the phone; without either, nothing."""
    if payer.real_name:
        return mask_name(payer.real_name)
    return mask_phone(payer.phone) if payer.phone else ""
