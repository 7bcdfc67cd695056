"""Paying, and what became of a payment."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields

from gateway.schemas.catalogue import SERVICE_ID, TEXT
from gateway.schemas.fields import MASKED_TEXT, UUID_FORM, Choice, Fen, Id, Many, Moment, Part, Strict, Word
from gateway.schemas.households import BILL_REF, HOUSEHOLD_NO_MASKED, PERIOD, BillItemReply
from services.model import PaymentState

STATES = tuple(PaymentState)
SIGNED = r"[\x20-\x7e]{1,1024}"


class PaymentRequest(Strict):
    """One bill that the citizen saw, with the amount that they saw."""

    household_id = Id(required=True)
    bill_ref = Word(
        "reference", BILL_REF, required=True, allow_none=True,
        description="账单的 bill_ref；自选金额（充值）时为 null · of the bill; null where the amount is chosen (prepaid)",
    )  # fmt: skip
    amount_fen = Fen(
        "amount",
        least=0,
        required=True,
        description="页面所示金额，与账单不一致时拒绝 · the amount shown; refused if the bill has another",
    )


class IdempotencyHeader(Schema):
    """The key that makes a repeated request the same request."""

    class Meta:
        """Other headers are none of its business."""

        unknown = EXCLUDE

    key = Word(
        "reference", r"[\x21-\x7e]{8,128}", required=True, data_key="Idempotency-Key",
        description="本次缴费的请求编号，8 至 128 个可见字符；重试时不变 · 8 to 128 visible characters, new for each payment, the same for a retry",
    )  # fmt: skip


class TillParameters(Strict):
    """Exactly what ``wx.requestPayment`` or ``my.tradePay`` takes; empty when the money has arrived already.

    A government fee on WeChat is paid in a page of WeChat's: ``wx.navigateToMiniProgram`` takes ``appId`` and ``path``,
    ``wx.openBusinessView`` ``businessType`` and ``queryString``.
    """

    appId = Word("payment_parameters", SIGNED)
    timeStamp = Word("payment_parameters", "[0-9]{1,20}")
    nonceStr = Word("payment_parameters", "[0-9A-Za-z]{1,64}")
    package = Word("payment_parameters", SIGNED)
    signType = Word("payment_parameters", "[0-9A-Z-]{1,16}")
    paySign = Word("payment_parameters", "[A-Za-z0-9+/=]{1,1024}")
    tradeNO = Word("payment_parameters", "[0-9A-Za-z]{1,64}")
    path = Word("payment_parameters", SIGNED)
    businessType = Word("payment_parameters", "[0-9A-Za-z_-]{1,64}")
    queryString = Word("payment_parameters", SIGNED)


class PaymentOpenReply(Strict):
    """An order at the platform, ready to be paid."""

    payment_id = Id()
    state = Choice("payment_state", STATES)
    amount_fen = Fen("amount")
    expires_at = Moment("order_expiry")
    client_parameters = Part(
        "payment_parameters", TillParameters,
        description="原样交给 wx.requestPayment（timeStamp 等五项）、my.tradePay（tradeNO），或政府非税缴费页（appId、path） · "
        "goes as it is to wx.requestPayment (five members), my.tradePay (tradeNO), or opens WeChat's page for a government fee (appId, path)",
    )  # fmt: skip


class PaymentView(Strict):
    """A payment and what became of it. ``message`` is a fixed sentence for the state."""

    payment_id = Id()
    service = Word("service_info", SERVICE_ID)
    payee = Word("payee", TEXT)
    amount_fen = Fen("amount")
    bill_period = Word("bill_period", PERIOD, allow_none=True)
    state = Choice("payment_state", STATES)
    message = Word("payment_state", TEXT)
    created_at = Moment("payment_time")
    expires_at = Moment("order_expiry")
    paid_at = Moment("payment_time", allow_none=True)
    written_off_at = Moment("payment_time", allow_none=True)
    refunded_at = Moment("payment_time", allow_none=True)
    write_off_reference = Word("write_off_reference", r"[\x21-\x7e]{1,64}", allow_none=True)
    refund_reason = Word("payment_state", "[a-z_]{1,40}", allow_none=True)


class PaymentsQuery(Strict):
    """Where to go on in the list."""

    cursor = Word("counters", UUID_FORM, description="上一页的 next_cursor · next_cursor of the page before")


class PaymentsReply(Strict):
    """A page of payments made on this platform, newest first."""

    payments = Many("counters", fields.Nested(PaymentView))
    next_cursor = Word("counters", UUID_FORM, allow_none=True)


class ReceiptReply(Strict):
    """Proof of payment: it exists once the company has written the bill off."""

    payment_id = Id()
    receipt_no = Word("reference", "[0-9A-Za-z-]{1,40}")
    service = Word("service_info", SERVICE_ID)
    payer_masked = Word("payer_masked", MASKED_TEXT + r"|[0-9]{0,3}\*{4}[0-9]{0,4}", allow_none=True)
    household_no_masked = Word("household_no_masked", HOUSEHOLD_NO_MASKED)
    bill_period = Word("bill_period", PERIOD, allow_none=True)
    items = Many("bill_items", fields.Nested(BillItemReply), allow_none=True)
    amount_fen = Fen("amount")
    payee = Word("payee", TEXT)
    write_off_reference = Word("write_off_reference", r"[\x21-\x7e]{1,64}")
    created_at = Moment("payment_time")
    paid_at = Moment("payment_time")
    written_off_at = Moment("payment_time")
    after = Word(
        "service_info", TEXT, allow_none=True, description="缴费后还需办理的事项 · what is left to do after paying"
    )
