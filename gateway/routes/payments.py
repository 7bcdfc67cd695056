"""Paying a bill and following the payment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.publication import JSON
from gateway.schemas.payments import (
    IdempotencyHeader,
    PaymentOpenReply,
    PaymentRequest,
    PaymentsQuery,
    PaymentsReply,
    PaymentView,
    ReceiptReply,
)
from gateway.tellers import tell_new_payment, tell_payment, tell_payments
from services.doors import limit_to
from services.payment_opening import is_answered
from services.payment_replies import PaymentView as PaymentInView
from services.payment_replies import digest_request
from services.payments import cancel_payment, list_payments, pay_bill, show_payment
from services.receipts import show_receipt

blueprint = Blueprint("payments", __name__, description="缴费")
PAYMENTS_A_MINUTE = 5
"""Per person; the repeat of a request that was answered is not one more. What water companies publish of their interface allows five a minute and customer (case-rules, section 8)."""


@blueprint.post("/payments")
@exposed("pay_bill", tell_new_payment, asks=PaymentRequest, shows=PaymentOpenReply, asks_headers=IdempotencyHeader)
@blueprint.arguments(PaymentRequest)
@blueprint.arguments(IdempotencyHeader, location="headers")
@blueprint.response(201, PaymentOpenReply)
def open_payment(asked: dict[str, Any], headers: dict[str, str]) -> Response:
    """缴纳一笔账单，返回调起支付的参数 · Order the payment of one bill."""
    desk, caller = current_desk(), current_caller()
    bill = (asked["household_id"], asked["bill_ref"], asked["amount_fen"])
    if not is_answered(desk.till, caller, headers["key"], digest_request(caller, *bill)):
        desk.limiter.spend("payments", str(caller.person_id), PAYMENTS_A_MINUTE, 60)
    reply = pay_bill(desk.till, caller, *bill, headers["key"])
    return Response(reply.body, status=201, content_type=JSON)


@blueprint.get("/payments")
@exposed(
    "follow_payment", in_room("account", "follow_payment"), asks_query=PaymentsQuery, shows=PaymentsReply
)  # fmt: skip
@blueprint.arguments(PaymentsQuery, location="query")
@blueprint.response(200, PaymentsReply)
def show_payments(asked: dict[str, Any]) -> dict[str, Any]:
    """在本平台的缴费记录；政务网站显示全部 · Payments made on this platform, newest first; at an own door all."""
    desk, caller = current_desk(), current_caller()
    before = UUID(asked["cursor"]) if "cursor" in asked else None
    page = list_payments(desk.till, caller, before, platform=limit_to(caller.app.platform))
    if page.items:
        current_arrival().tell(tell_payments(desk, caller, [view.payment for view in page.items], "follow_payment"))
    return {"payments": [describe_payment(view) for view in page.items], "next_cursor": page.next_cursor}


@blueprint.get("/payments/<uuid:payment_id>")
@exposed("follow_payment", tell_payment("follow_payment"), shows=PaymentView)
@blueprint.response(200, PaymentView)
def follow_payment(payment_id: UUID) -> dict[str, Any]:
    """查询缴费结果；通知迟到时向平台查询 · What became of a payment."""
    return describe_payment(show_payment(current_desk().till, current_caller(), payment_id, g.payment_file))


@blueprint.post("/payments/<uuid:payment_id>/cancel")
@exposed("cancel_payment", tell_payment("cancel_payment"), shows=PaymentView)
@blueprint.response(200, PaymentView)
def cancel(payment_id: UUID) -> dict[str, Any]:
    """取消未付款的订单 · Cancel an order that is not paid."""
    return describe_payment(cancel_payment(current_desk().till, current_caller(), payment_id, g.payment_file))


@blueprint.get("/payments/<uuid:payment_id>/receipt")
@exposed("show_receipt", tell_payment("show_receipt"), shows=ReceiptReply)
@blueprint.response(200, ReceiptReply)
def receipt(payment_id: UUID) -> dict[str, Any]:
    """缴费凭证，销账后可查看 · The receipt of a written-off payment."""
    shown = show_receipt(current_desk().till, current_caller(), payment_id, g.payment_file)
    return {
        "payment_id": payment_id,
        "receipt_no": shown.receipt_no,
        "service": shown.payment.service,
        "payer_masked": shown.payer_masked or None,
        "household_no_masked": shown.household_no_masked,
        "bill_period": shown.bill_period or None,
        "items": shown.items if shown.bill_period else None,
        "amount_fen": shown.amount_fen,
        "payee": shown.payee,
        "write_off_reference": shown.write_off_reference,
        "created_at": shown.created_at,
        "paid_at": shown.paid_at,
        "written_off_at": shown.written_off_at,
        "after": shown.after,
    }


def describe_payment(view: PaymentInView) -> dict[str, Any]:
    """A payment in view as the schema names it."""
    payment, caller = view.payment, current_caller()
    mapping = current_desk().catalogue.service_at(payment.service, payment.mapping_version)
    payee = mapping.payee_name.get(caller.language, payment.payee)
    return {
        "payment_id": payment.payment_id,
        "service": payment.service,
        "payee": payee,
        "amount_fen": payment.amount_fen,
        "bill_period": payment.bill_period or None,
        "state": view.state,
        "message": view.message,
        "created_at": payment.created_at,
        "expires_at": payment.expires_at,
        "paid_at": view.paid_at,
        "written_off_at": view.written_off_at,
        "refunded_at": view.refunded_at,
        "write_off_reference": view.write_off_reference,
        "refund_reason": view.refund_reason,
    }
