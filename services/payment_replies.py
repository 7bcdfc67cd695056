"""What a citizen is told of a payment: the reply to ``POST /payments`` as fixed bytes, and a payment in view."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.model import Caller, Language, Payment, PaymentState, write_moment
from services.payment_events import PaymentFile
from services.payment_words import say_state


@dataclass(frozen=True, slots=True)
class PaymentReply:
    """The reply to ``POST /payments``. ``body`` is what was recorded under the Idempotency-Key: the same bytes every time.

    ``client_parameters`` is exactly what ``wx.requestPayment`` or ``my.tradePay`` takes; empty if the money came already.
    """

    payment_id: UUID
    state: PaymentState
    amount_fen: int
    expires_at: datetime
    client_parameters: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment in view of its payer. ``message`` is a fixed sentence; ``payment`` is for the disclosure, not for the screen."""

    payment: Payment
    state: PaymentState
    message: str
    paid_at: datetime | None = None
    written_off_at: datetime | None = None
    refunded_at: datetime | None = None
    write_off_reference: str | None = None
    refund_reason: str | None = None


def write_reply(payment: Payment, state: PaymentState, client_parameters: Mapping[str, str]) -> bytes:
    """The reply as canonical JSON: sorted keys, no spaces, UTF-8."""
    body = {
        "payment_id": str(payment.payment_id),
        "state": str(state),
        "amount_fen": payment.amount_fen,
        "expires_at": write_moment(payment.expires_at),
        "client_parameters": dict(client_parameters),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_reply(body: bytes) -> PaymentReply:
    """The reply that was recorded."""
    told = json.loads(body)
    return PaymentReply(
        payment_id=UUID(told["payment_id"]),
        state=PaymentState(told["state"]),
        amount_fen=told["amount_fen"],
        expires_at=datetime.fromisoformat(told["expires_at"]),
        client_parameters=told["client_parameters"],
        body=body,
    )


def digest_request(caller: Caller, household_id: UUID, bill_ref: str | None, amount_fen: int) -> str:
    """SHA-256 of what the citizen asked for and through which log-in: parameters for one till do not open the other's."""
    told = json.dumps([str(caller.login_id), str(household_id), bill_ref, amount_fen])
    return hashlib.sha256(told.encode()).hexdigest()


def view_payment(file: PaymentFile, language: Language) -> PaymentView:
    """The payment as its payer may see it."""
    written = file.last("write_off_accepted", "write_off_found")
    refunded = file.last("refund_completed", "refund_found_outside", "returned_at_window")
    reason = find_refund_reason(file)
    return PaymentView(
        payment=file.payment,
        state=file.state,
        message=say_state(file.state, reason, language),
        paid_at=datetime.fromisoformat(file.money.data["paid_at"]) if file.money else None,
        written_off_at=written.at if written else None,
        refunded_at=refunded.at if refunded else None,
        write_off_reference=written.data["reference"] if written else None,
        refund_reason=reason,
    )


def find_refund_reason(file: PaymentFile) -> str | None:
    """Why the money goes back: the company's error name, or the name of the event; None if it does not."""
    refused = file.last("write_off_refused", "write_off_abandoned")
    if refused is not None:
        return str(refused.data["reason"])
    vain = file.last("paid_in_vain", "wrong_amount_paid", "refunded_outside", "return_approved")
    return vain.name if vain and vain.state is PaymentState.REFUND_DUE else None
