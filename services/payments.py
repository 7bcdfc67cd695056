"""Paying a bill, seeing what became of it, cancelling: what a citizen asks of the till.

``pay_bill`` claims the Idempotency-Key, then the bill, then makes the order: each step is committed before the next call
leaves, so that the same key picks up after a crash where it stopped, with the same order number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.errors import (
    Conflict,
    InputRefused,
    PaymentNotCancellable,
    PlatformError,
    PlatformRefused,
)
from services.model import Caller, Page, PaymentState, PlatformName
from services.orders import (
    AWAITING,
    ask_platform,
    explain_refusal,
    find_placed,
    place_order,
    record_placed,
    record_refused,
    record_trade,
    settle_closing,
    withdraw_order,
)
from services.payment_events import PaymentFile, Step, change_payment
from services.payment_opening import KeyClaim, claim_key, open_payment, read_own
from services.payment_replies import (
    PaymentReply,
    PaymentView,
    digest_request,
    read_reply,
    view_payment,
    write_reply,
)
from services.till import Till

__all__ = ["PaymentReply", "PaymentView", "Till", "cancel_payment", "list_payments", "pay_bill", "show_payment"]

PAID_OR_BEYOND = frozenset(
    {PaymentState.PAID, PaymentState.WRITING_OFF, PaymentState.WRITE_OFF_UNKNOWN, PaymentState.WRITTEN_OFF}
)
PAGE_SIZE = 20


def pay_bill(
    till: Till, caller: Caller, household_id: UUID, bill_ref: str | None, amount_fen: int, key: str
) -> PaymentReply:
    """Open a payment for a bill (``bill_ref`` None: of a chosen amount) and give what opens the platform's till. The same key and request give the same bytes.

    Raises ``InputRefused``, ``NotFound``, ``ServiceUnknown``, ``ServiceOff``, ``AssuranceTooLow``, ``BillChanged``, ``NothingOwed``,
    ``BillHasOpenOrder``, ``IdempotencyKeyReused``, ``RequestInProgress``, ``Conflict`` (the order ended meanwhile) and the errors of
    back end, platform, ledger and store. After any of them the same key may be sent again.
    """
    if not 1 <= len(key) <= 128 or not key.isascii() or not key.isprintable():
        raise InputRefused(detail={"Idempotency-Key": "1 to 128 printable ASCII characters"})
    till = replace(till, request_id=caller.request_id)
    claim = claim_key(till, caller, key, digest_request(caller, household_id, bill_ref, amount_fen))
    if claim.reply is not None:
        return read_reply(claim.reply)
    file = claim.file or open_payment(till, caller, claim, household_id, bill_ref, amount_fen)
    return _complete_order(till, caller, claim, file)


def _complete_order(till: Till, caller: Caller, claim: KeyClaim, file: PaymentFile) -> PaymentReply:
    """Place the order (again), record it, record the reply: whichever of these happened before is only confirmed."""
    payment = file.payment
    if file.state in AWAITING and till.clock.now() < payment.expires_at:
        try:
            placed = find_placed(file) or place_order(till, caller.app, payment, claim.user_id, caller.request_id)
        except PlatformRefused as refused:
            file = record_refused(till, payment, refused, caller.request_id)
            if file.state not in PAID_OR_BEYOND:
                raise
            return _record_reply(till, caller, claim, write_reply(payment, file.state, {}))
        file = record_placed(till, payment, placed)
        placed = find_placed(file) or placed
        if file.state is PaymentState.AWAITING_PAYMENT:
            return _record_reply(till, caller, claim, write_reply(payment, file.state, placed.client_parameters))
    if file.state in PAID_OR_BEYOND:
        return _record_reply(till, caller, claim, write_reply(payment, file.state, {}))
    withdraw_order(till, file, caller.request_id)
    raise _explain_end(file)


def _explain_end(file: PaymentFile) -> Exception:
    return explain_refusal(file) or Conflict(detail={"state": str(file.state)})


def _record_reply(till: Till, caller: Caller, claim: KeyClaim, reply: bytes) -> PaymentReply:
    with till.store.begin(caller.agencies) as tx:
        in_force = tx.idempotency.record_reply(caller.app.agency_id, caller.person_id, claim.key, reply)
    return read_reply(in_force)


def show_payment(till: Till, caller: Caller, payment_id: UUID, known: PaymentFile | None = None) -> PaymentView:
    """What became of a payment; asks the platform when its notice is late. ``known``: what ``read_own`` gave for this very request.

    Raises ``NotFound``, ``ExposureError``, ``StoreUnavailable``.
    """
    file = known or read_own(till, caller, payment_id)
    if _is_late(till, file):
        file = _ask_once(till, caller, file)
    return view_payment(file, caller.language)


def _is_late(till: Till, file: PaymentFile) -> bool:
    asked = file.last("order_placed", "platform_asked")
    waited = (till.clock.now() - asked.at).total_seconds() if asked else 0
    return file.state is PaymentState.AWAITING_PAYMENT and waited >= till.confirm_after_seconds


def _ask_once(till: Till, caller: Caller, file: PaymentFile) -> PaymentFile:
    """The event claims the question, so that however many screens poll, the platform is asked once in a while."""
    mine = False
    till = replace(till, request_id=caller.request_id)

    def claim(file: PaymentFile) -> Step | None:
        nonlocal mine
        mine = _is_late(till, file)
        return Step("platform_asked") if mine else None

    file = change_payment(till, file.payment.agency_id, file.payment.payment_id, claim)
    if not mine:
        return file
    try:
        trade = ask_platform(till, file.payment, "follow_payment", caller.request_id)
    except PlatformError:
        return file
    return record_trade(till, file.payment, trade, "query")


def list_payments(
    till: Till, caller: Caller, before: UUID | None = None, limit: int = PAGE_SIZE, platform: PlatformName | None = None
) -> Page[PaymentView]:
    """The caller's payments (on one platform, if named), newest first; ``next_cursor`` is the last one's id if there may be more."""
    with till.store.begin(caller.agencies) as tx:
        persons: Sequence[UUID] = tx.persons.joined_ids(caller.person_id)
        listed = tx.payments.list_of_persons(persons, limit, before, platform)
    files = [PaymentFile(payment, tuple(events)) for payment, events in listed]
    cursor = str(files[-1].payment.payment_id) if len(files) == limit else None
    return Page([view_payment(file, caller.language) for file in files], cursor)


def cancel_payment(till: Till, caller: Caller, payment_id: UUID, known: PaymentFile | None = None) -> PaymentView:
    """Close the order at the platform and free the bill. If it turns out to be paid, it is paid, and the view says so.
    ``known`` as in ``show_payment``.

    Raises ``NotFound``, ``PaymentNotCancellable``. While the platform does not answer, the view says "closing".
    """
    file = known or read_own(till, caller, payment_id)

    till = replace(till, request_id=caller.request_id)

    def decide(file: PaymentFile) -> Step | None:
        if file.state in AWAITING:
            return Step("cancel_requested")
        if file.state in (PaymentState.CLOSING, PaymentState.CLOSED):
            return None
        raise PaymentNotCancellable

    file = change_payment(till, file.payment.agency_id, payment_id, decide)
    return view_payment(settle_closing(till, file, "cancel_payment", caller.request_id), caller.language)
