"""The way back: whoever paid in vain is refunded without asking, once, under one refund number.

Asking twice for the same number is the same refund at both platforms. A refund that the platform cannot carry out is *abnormal*:
it is tried again and shown to people until it is done, never forgotten. One that is refused because all of the money went back at
the platform's own desk is done, if the platform says so of the whole order; a part given back there is for people to settle.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from services.doors import is_own
from services.errors import PlatformError, PlatformRefused
from services.model import PaymentState, RefundState, RefundStatus, TradeState
from services.orders import ask_platform, find_place
from services.payment_events import PaymentFile, Step, change_payment
from services.till import Till, explain_payment, find_merchant, grow_delay

QUERY_SECONDS = (60, 3600)
"""Bounds of the growing wait for a refund that is being processed (WeChat: at least a minute between attempts)."""

ABNORMAL_SECONDS = (600, 21600)

UNDER_WAY = frozenset({PaymentState.REFUNDING, PaymentState.REFUND_ABNORMAL})


def refund_payment(till: Till, agency_id: UUID, payment_id: UUID, request_id: str) -> PaymentState:
    """Job: start the refund, or find out how far it is, or try an abnormal one again. Safe to run again at any time.

    What was taken at the window is given back there by a clerk (``window_returns``), never by this job.
    """
    fresh = False

    def start(file: PaymentFile) -> Step | None:
        nonlocal fresh
        fresh = file.state is PaymentState.REFUND_DUE and not is_own(file.payment.platform)
        if not fresh:
            return None
        again_at = till.clock.now() + timedelta(seconds=QUERY_SECONDS[0])
        return Step("refund_started", {"amount_fen": file.taken_fen}, later={"refund_payment": again_at})

    file = change_payment(till, agency_id, payment_id, start)
    if file.state not in UNDER_WAY:
        return file.state
    try:
        status = _ask_or_request(till, file, fresh, request_id)
    except PlatformRefused as refused:
        return _settle_refused(till, file, refused.reason, request_id).state
    except PlatformError:
        return _record(till, file, lambda file: _wait(till, file)).state
    if status.state is RefundState.OUTSIDE:
        return _settle_refused(till, file, str(status.state), request_id).state
    return record_refund(till, file, status).state


def _settle_refused(till: Till, file: PaymentFile, reason: str, request_id: str) -> PaymentFile:
    """Our refund was refused: perhaps the money went back already. Only the platform's word about the whole order ends it."""
    try:
        trade = ask_platform(till, file.payment, "refund_payment", request_id)
    except PlatformError:
        return _record(till, file, lambda file: _fail(till, file, reason))
    returned = trade.returned_fen
    if returned is None and reason == RefundState.OUTSIDE:
        returned = trade.amount_fen

    def decide(file: PaymentFile) -> Step:
        if trade.state is TradeState.REFUNDED and returned == file.taken_fen:
            return Step("refund_found_outside", {"amount_fen": file.taken_fen})
        return _fail(till, file, reason)

    return _record(till, file, decide)


def _ask_or_request(till: Till, file: PaymentFile, fresh: bool, request_id: str) -> RefundStatus:
    payment = file.payment
    platform, merchant = till.platforms[payment.platform], find_merchant(till, payment)
    told, place = explain_payment(till, payment, "refund_payment", request_id), find_place(till, payment)
    if not fresh:
        try:
            status = platform.query_refund(merchant, payment.order_no, payment.refund_no, told, place)
        except PlatformRefused:
            status = RefundStatus(payment.order_no, payment.refund_no, RefundState.ABSENT)
        if status.state in (RefundState.REFUNDED, RefundState.PROCESSING):
            return status
    return platform.request_refund(merchant, payment.order_no, payment.refund_no, file.taken_fen, told, place)


def record_refund(till: Till, file: PaymentFile, status: RefundStatus) -> PaymentFile:
    """Take a platform's word on our refund into the file; late and repeated words change nothing."""
    return _record(till, file, lambda file: judge_refund(till, file, status))


def _record(till: Till, file: PaymentFile, decide: Callable[[PaymentFile], Step | None]) -> PaymentFile:
    def under_way(file: PaymentFile) -> Step | None:
        return decide(file) if file.state in UNDER_WAY else None

    return change_payment(till, file.payment.agency_id, file.payment.payment_id, under_way)


def judge_refund(till: Till, file: PaymentFile, status: RefundStatus) -> Step | None:
    """What a platform's answer or notice about the refund amounts to."""
    if (status.order_no, status.refund_no) != (file.payment.order_no, file.payment.refund_no):
        return _wait(till, file)
    if status.state is RefundState.REFUNDED:
        if status.amount_fen not in (None, file.taken_fen):
            return _fail(till, file, "amount_differs")
        return Step("refund_completed", {"platform_refund": status.platform_refund, "amount_fen": file.taken_fen})
    if status.state in (RefundState.ABNORMAL, RefundState.CLOSED):
        return _fail(till, file, str(status.state))
    if status.state is RefundState.PROCESSING and file.state is PaymentState.REFUND_ABNORMAL:
        return Step("refund_resumed", later=_wait(till, file).later)
    return _wait(till, file)


def _fail(till: Till, file: PaymentFile, reason: str) -> Step:
    least, most = ABNORMAL_SECONDS
    later = {"refund_payment": grow_delay(_due_since(file), till.clock.now(), least=least, most=most)}
    if file.state is PaymentState.REFUND_ABNORMAL:
        return Step(later=later)
    return Step("refund_failed", {"reason": reason}, later=later)


def _wait(till: Till, file: PaymentFile) -> Step:
    least, most = QUERY_SECONDS
    return Step(later={"refund_payment": grow_delay(_due_since(file), till.clock.now(), least=least, most=most)})


def _due_since(file: PaymentFile) -> datetime:
    started = file.last("refund_started")
    return started.at if started else file.entered_at()
