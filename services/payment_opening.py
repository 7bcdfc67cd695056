"""Opening a payment: the Idempotency-Key is claimed, then the bill as the company shows it now, then the intent is committed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.bills import ask_for_bills
from services.errors import (
    BillChanged,
    BillHasOpenOrder,
    Conflict,
    IdempotencyKeyReused,
    InputRefused,
    NotFound,
    NothingOwed,
    RequestInProgress,
    ServiceOff,
    ServiceUnknown,
    VersionTaken,
)
from services.mapping import ServiceMapping
from services.model import Bill, Caller, Household, MerchantAccount, Payment, PaymentEvent, PaymentState
from services.non_tax import NonTaxOrder
from services.orders import plan_order
from services.payment_events import PaymentFile, bill_claim, load_file
from services.payment_graph import START
from services.ports import Transaction
from services.references import find_bound, refer_to_bill, refer_to_household
from services.sessions import require_assurance
from services.till import Till, business_day, make_sequence_no, name_cause


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """Who has this Idempotency-Key: the payment it stands for, its reply if there is one, its file if it was opened."""

    key: str
    payment_id: UUID
    reply: bytes | None
    file: PaymentFile | None
    user_id: str


def claim_key(till: Till, caller: Caller, key: str, digest: str) -> KeyClaim:
    """Claim the key for a payment id, before anything else; an earlier claim, even of a request that died, stays in force.

    Raises ``IdempotencyKeyReused`` if it came with another request.
    """
    fresh = till.new_id()
    with till.store.begin(caller.agencies) as tx:
        payment_id, in_force, reply = tx.idempotency.take(
            caller.app.agency_id, caller.person_id, key, digest, fresh, till.clock.now()
        )
        if in_force != digest:
            raise IdempotencyKeyReused
        found = tx.payments.load(payment_id) if payment_id != fresh else None
        user_id = tx.persons.load_login(caller.login_id).user_id
    file = PaymentFile(found[0], tuple(found[1])) if found else None
    return KeyClaim(key, payment_id, reply, file, user_id)


def is_answered(till: Till, caller: Caller, key: str, digest: str) -> bool:
    """Whether this key has given its reply to this very request, so that the repeat costs nothing but reading it."""
    with till.store.begin(caller.agencies) as tx:
        return tx.idempotency.is_answered(caller.app.agency_id, caller.person_id, key, digest)


def open_payment(
    till: Till, caller: Caller, claim: KeyClaim, household_id: UUID, bill_ref: str | None, amount_fen: int
) -> PaymentFile:
    """Ask the company for the bill, claim it, commit the intent. Of two requests with one key, both get the same payment."""
    with till.store.begin(caller.agencies) as tx:
        household = find_bound(tx, till.keyed_hash, caller, household_id)
    if household is None:
        raise NotFound
    mapping = find_bill_service(till, caller, household.service)
    merchant = till.directory.merchant_for(household.agency_id, caller.app, mapping.payee)
    if merchant is None:
        raise ServiceOff
    if mapping.payment.amount == "chosen":
        bill = choose_amount(mapping, bill_ref, amount_fen)
    else:
        bill = find_bill(till, caller, mapping, household, bill_ref, amount_fen)
    payment = _draw_up(till, caller, claim, mapping, household, merchant, bill)
    try:
        with till.store.begin(caller.agencies) as tx:
            return _intend(till, tx, payment)
    except VersionTaken:  # the same key, a moment earlier
        return read_own(till, caller, claim.payment_id)


def find_bill_service(till: Till, caller: Caller, service: str) -> ServiceMapping:
    """The bill service, if it is offered on the caller's platform and to somebody known this well."""
    mapping = till.catalogue.service(service)
    if mapping.kind != "bill" or not mapping.is_on(caller.app.platform):
        raise ServiceUnknown
    till.catalogue.require_open(service)
    require_assurance(caller, mapping.assurance)
    return mapping


def choose_amount(mapping: ServiceMapping, bill_ref: str | None, amount_fen: int) -> Bill:
    """What stands for a bill where the payer chooses the amount: without period and lines, and without a number before the payment has its own.

    Raises ``InputRefused`` for a bill's reference, and for an amount outside the limits or between the steps.
    """
    terms = mapping.payment
    if bill_ref is not None:
        raise InputRefused(detail={"bill_ref": "not_null"})
    if not terms.minimum_fen <= amount_fen <= terms.maximum_fen:
        raise InputRefused(detail={"amount_fen": "minimum" if amount_fen < terms.minimum_fen else "maximum"})
    if amount_fen % terms.step_fen:
        raise InputRefused(detail={"amount_fen": "step"})
    return Bill("", "", amount_fen)


def find_bill(
    till: Till, caller: Caller, mapping: ServiceMapping, household: Household, bill_ref: str | None, amount_fen: int
) -> Bill:
    """The bill that the citizen saw, if the company still shows it with the same amount.

    Raises ``InputRefused`` without a reference, ``NothingOwed``, ``BillChanged``.
    """
    if bill_ref is None:
        raise InputRefused(detail={"bill_ref": "required"})
    reference = refer_to_household(till.keyed_hash, caller, household)
    back_end, model = till.back_end_of(mapping), mapping.payment.model
    for bill in ask_for_bills(back_end, household.household_no, caller.request_id, model=model):
        if refer_to_bill(till.keyed_hash, reference, bill.bill_no) == bill_ref:
            if bill.amount_fen <= 0:
                raise NothingOwed
            if bill.amount_fen != amount_fen:
                raise BillChanged(detail={"amount_fen": bill.amount_fen})
            return bill
    raise NothingOwed


def _draw_up(
    till: Till,
    caller: Caller,
    claim: KeyClaim,
    mapping: ServiceMapping,
    household: Household,
    merchant: MerchantAccount,
    bill: Bill,
) -> Payment:
    now = till.clock.now()
    sequence_no = make_sequence_no(till, business_day(now))
    return Payment(
        payment_id=claim.payment_id,
        agency_id=household.agency_id,
        service=mapping.id,
        mapping_version=mapping.version,
        person_id=caller.person_id,
        login_id=caller.login_id,
        payer_chain_id=caller.chain_id,
        household_id=household.household_id,
        holder_chain_id=household.holder_chain_id,
        household_no=household.household_no,
        bill_no=bill.bill_no or f"topup-{sequence_no}",
        bill_period=bill.period,
        amount_fen=bill.amount_fen,
        platform=caller.app.platform,
        app=caller.app.app,
        account=merchant.account,
        payee=mapping.payee,
        order_no=till.random(16).hex(),
        sequence_no=sequence_no,
        refund_no=till.random(16).hex(),
        description=mapping.order_description[caller.language],
        created_at=now,
        expires_at=now + timedelta(minutes=till.order_minutes),
        business_on=business_day(now),
        items=bill.items,
        non_tax=name_fee(mapping, bill),
    )


def name_fee(mapping: ServiceMapping, bill: Bill) -> NonTaxOrder | None:
    """What an order says of a government fee: the notice, and by the mapping whose fee it is. None for any other bill."""
    terms = mapping.payment.non_tax
    if bill.notice is None or terms is None:
        return None
    return NonTaxOrder(bill.notice, terms.department_code, terms.department_name, terms.region_code)


def _intend(till: Till, tx: Transaction, payment: Payment) -> PaymentFile:
    """Claim the bill and commit the intent, with the questions that will find the order if we stop here."""
    at, agency_id, own = payment.created_at, payment.agency_id, payment.payment_id
    holder = tx.claims.take(agency_id, "open_order", bill_claim(payment), own, at)
    if holder != own:
        raise _explain_holder(tx, holder)
    if tx.claims.take(agency_id, "order_no", payment.order_no, own, at) != own:
        raise RequestInProgress
    event = PaymentEvent(own, 1, START, PaymentState.INTENDED, at, name_cause(till))
    tx.payments.open(payment, event)
    for task, due_at in plan_order(till, payment).items():
        tx.jobs.schedule(task, agency_id, own, due_at)
    return PaymentFile(payment, (event,))


def _explain_holder(tx: Transaction, holder: UUID) -> Conflict:
    found = tx.payments.load(holder)
    paid = found is not None and found[1][-1].state is PaymentState.WRITTEN_OFF
    return NothingOwed() if paid else BillHasOpenOrder()


def read_own(till: Till, caller: Caller, payment_id: UUID) -> PaymentFile:
    """A payment of the caller's, through whichever of their log-ins it was made. Somebody else's does not exist."""
    with till.store.begin(caller.agencies) as tx:
        file = load_file(tx, payment_id)
        if file.payment.person_id not in tx.persons.joined_ids(caller.person_id):
            raise NotFound
    return file
