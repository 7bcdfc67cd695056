"""The whole life of a payment: one edge a line, with its event. Nothing else in the house changes a payment's state.

An event that is not listed for the state at hand is a fault in our code (``EdgeUnknown``), never a surprise from outside:
the use cases look at the state first and ignore late or repeated evidence. ``docs/payments.md`` shows this table; a test
compares the two.
"""

from __future__ import annotations

from services.errors import GuitaiError
from services.model import PaymentState as S

START = "payment_intended"
"""The first event of every payment; the state after it is ``intended``."""

EDGES: tuple[tuple[S, str, S], ...] = (
    # the order at the platform
    (S.INTENDED, "order_placed", S.AWAITING_PAYMENT),
    (S.INTENDED, "order_refused", S.REFUSED),
    (S.INTENDED, "cancel_requested", S.CLOSING),
    (S.INTENDED, "expiry_reached", S.CLOSING),
    (S.INTENDED, "order_closed", S.CLOSED),
    (S.AWAITING_PAYMENT, "platform_asked", S.AWAITING_PAYMENT),
    (S.AWAITING_PAYMENT, "cancel_requested", S.CLOSING),
    (S.AWAITING_PAYMENT, "expiry_reached", S.CLOSING),
    (S.AWAITING_PAYMENT, "order_closed", S.CLOSED),
    (S.CLOSING, "order_closed", S.CLOSED),
    # the money arrives
    (S.INTENDED, "payment_confirmed", S.PAID),
    (S.AWAITING_PAYMENT, "payment_confirmed", S.PAID),
    (S.CLOSING, "payment_confirmed", S.PAID),
    (S.CLOSED, "paid_in_vain", S.REFUND_DUE),
    (S.REFUSED, "paid_in_vain", S.REFUND_DUE),
    # cash or card at the window: the bill was held for it, nobody else's order can be open
    (S.INTENDED, "taken_at_window", S.PAID),
    # a notice that names another amount is never believed: the platform is asked, and its answer decides
    (S.INTENDED, "amount_disputed", S.INTENDED),
    (S.AWAITING_PAYMENT, "amount_disputed", S.AWAITING_PAYMENT),
    (S.CLOSING, "amount_disputed", S.CLOSING),
    (S.CLOSED, "amount_disputed", S.CLOSED),
    (S.REFUSED, "amount_disputed", S.REFUSED),
    (S.INTENDED, "wrong_amount_paid", S.REFUND_DUE),
    (S.AWAITING_PAYMENT, "wrong_amount_paid", S.REFUND_DUE),
    (S.CLOSING, "wrong_amount_paid", S.REFUND_DUE),
    (S.CLOSED, "wrong_amount_paid", S.REFUND_DUE),
    (S.REFUSED, "wrong_amount_paid", S.REFUND_DUE),
    # paid and given back at the platform's own desk, before we knew: our refund finds out how much of it is still here
    (S.INTENDED, "refunded_outside", S.REFUND_DUE),
    (S.AWAITING_PAYMENT, "refunded_outside", S.REFUND_DUE),
    (S.CLOSING, "refunded_outside", S.REFUND_DUE),
    (S.CLOSED, "refunded_outside", S.REFUND_DUE),
    (S.REFUSED, "refunded_outside", S.REFUND_DUE),
    # the company's books
    (S.PAID, "write_off_started", S.WRITING_OFF),
    (S.WRITING_OFF, "write_off_accepted", S.WRITTEN_OFF),
    (S.WRITING_OFF, "write_off_found", S.WRITTEN_OFF),
    (S.WRITING_OFF, "write_off_refused", S.REFUND_DUE),
    (S.WRITING_OFF, "write_off_delayed", S.WRITING_OFF),
    (S.WRITING_OFF, "write_off_repeated", S.WRITING_OFF),
    (S.WRITING_OFF, "write_off_doubtful", S.WRITE_OFF_UNKNOWN),
    (S.WRITING_OFF, "write_off_abandoned", S.REFUND_DUE),
    (S.WRITE_OFF_UNKNOWN, "write_off_accepted", S.WRITTEN_OFF),
    (S.WRITE_OFF_UNKNOWN, "write_off_found", S.WRITTEN_OFF),
    (S.WRITE_OFF_UNKNOWN, "write_off_doubtful", S.WRITE_OFF_UNKNOWN),
    (S.WRITE_OFF_UNKNOWN, "write_off_repeated", S.WRITING_OFF),
    (S.WRITE_OFF_UNKNOWN, "write_off_abandoned", S.REFUND_DUE),
    # taken at the window and asked back there: a head approves; while the company may have it, it is asked first
    (S.PAID, "return_asked", S.PAID),
    (S.WRITING_OFF, "return_asked", S.WRITING_OFF),
    (S.WRITE_OFF_UNKNOWN, "return_asked", S.WRITE_OFF_UNKNOWN),
    (S.PAID, "return_denied", S.PAID),
    (S.WRITING_OFF, "return_denied", S.WRITING_OFF),
    (S.WRITE_OFF_UNKNOWN, "return_denied", S.WRITE_OFF_UNKNOWN),
    (S.PAID, "return_approved", S.REFUND_DUE),
    (S.WRITING_OFF, "return_approved", S.WRITING_OFF),
    (S.WRITE_OFF_UNKNOWN, "return_approved", S.WRITE_OFF_UNKNOWN),
    (S.REFUND_DUE, "returned_at_window", S.REFUNDED),
    # the way back
    (S.REFUND_DUE, "refund_started", S.REFUNDING),
    (S.REFUNDING, "refund_completed", S.REFUNDED),
    (S.REFUNDING, "refund_failed", S.REFUND_ABNORMAL),
    (S.REFUND_ABNORMAL, "refund_resumed", S.REFUNDING),
    (S.REFUND_ABNORMAL, "refund_completed", S.REFUNDED),
    # the platform refuses our refund and says that all of it went back already, at its own desk
    (S.REFUNDING, "refund_found_outside", S.REFUNDED),
    (S.REFUND_ABNORMAL, "refund_found_outside", S.REFUNDED),
)

ENQUEUED_ON_ENTRY: dict[S, str] = {
    S.CLOSING: "expire_order",
    S.PAID: "write_off_payment",
    S.REFUND_DUE: "refund_payment",
}
"""The durable job that entering a state causes, enqueued in the same transaction as the event. What is due to somebody who paid at
the window waits for people instead: no job gives cash back."""

RELEASING = frozenset({S.REFUSED, S.CLOSED, S.REFUNDED})
"""Entering one of these frees the bill for another order. A written-off bill stays claimed for ever."""

OPEN = frozenset({S.INTENDED, S.AWAITING_PAYMENT, S.CLOSING})
"""Money may still arrive and will then pay the bill."""

ENDED_UNPAID = frozenset({S.CLOSED, S.REFUSED})
"""Money that still arrives goes straight back."""

AT_COMPANY = frozenset({S.WRITING_OFF, S.WRITE_OFF_UNKNOWN})
"""The company has been asked, or may have been."""

FINAL = frozenset({S.CLOSED, S.REFUSED, S.WRITTEN_OFF, S.REFUNDED})
"""Nothing more will happen by itself."""

_FOLLOW = {(before, event): after for before, event, after in EDGES}


class EdgeUnknown(GuitaiError):
    """The graph has no such edge: a fault in our code; the transaction rolls back."""

    code = "internal"


def follow(state: S, event: str) -> S:
    """The state after ``event``. Raises ``EdgeUnknown``."""
    try:
        return _FOLLOW[state, event]
    except KeyError:
        raise EdgeUnknown(f"no edge {event} from {state}") from None
