"""Payments and applications of the reader's, of every door: seen, cancelled, their receipts with a slip."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from gateway.web.cases import say_value
from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import draw_code, show_page
from gateway.web.gate import page, see_other
from gateway.web.home import read_before
from gateway.web.words import DOORS
from gateway.words import load_wording
from services.applications import list_applications, view_application
from services.applications import read_own as read_own_application
from services.model import Language, PaymentState
from services.payment_replies import PaymentView
from services.payments import cancel_payment, list_payments, show_payment
from services.receipts import show_receipt
from services.slip_desk import sign_payment_receipt

PAYMENTS, PAYMENT = ("缴费记录", "Payments"), ("缴费", "A payment")
APPLICATIONS, APPLICATION = ("申请记录", "Applications"), ("申请", "An application")
OPEN = frozenset({PaymentState.INTENDED, PaymentState.AWAITING_PAYMENT})
ZH, EN = Language.ZH_CN, Language.EN
blueprint = Blueprint("money", __name__)


@page(blueprint, "/payments", title=PAYMENTS, place=30)
def show_payments() -> Response:
    """All payments, newest first."""
    listed = list_payments(current_web().applicants.till, current_citizen(), read_before())
    return show_page("payments.html", title=PAYMENTS, payments=listed.items, following=listed.next_cursor, doors=DOORS)


@page(blueprint, "/payments/<uuid:payment_id>", title=PAYMENT)
def show_one_payment(payment_id: UUID) -> Response:
    """What became of it; the platform is asked when its notice is late."""
    return _show(show_payment(current_web().applicants.till, current_citizen(), payment_id))


def _show(view: PaymentView) -> Response:
    mapping = current_web().citizen.catalogue.service_at(view.payment.service, view.payment.mapping_version)
    return show_page(
        "payment.html", title=PAYMENT, view=view, payment=view.payment, doors=DOORS, open=view.state in OPEN,
        payee=(mapping.payee_name.get(ZH, view.payment.payee), mapping.payee_name.get(EN, view.payment.payee)),
    )  # fmt: skip


@page(blueprint, "/payments/<uuid:payment_id>/cancel", title=PAYMENT, methods=["POST"])
def cancel(payment_id: UUID) -> Response:
    """Close the order at its platform, so that the bill can be paid elsewhere, at the window too."""
    cancel_payment(current_web().applicants.till, current_citizen(), payment_id)
    return see_other(f"/payments/{payment_id}")


@page(blueprint, "/payments/<uuid:payment_id>/receipt", title=("缴费凭证", "Receipt"))
def show_payment_receipt(payment_id: UUID) -> Response:
    """The receipt with its slip, to print."""
    web = current_web()
    receipt = show_receipt(web.applicants.till, current_citizen(), payment_id)
    slip = sign_payment_receipt(web.applicants.desk.slips, receipt, web.random, web.citizen.clock.now())
    return show_page(
        "payment_receipt.html", title=("缴费凭证", "Receipt"), receipt=receipt, code=draw_code(slip, "缴费凭证二维码"),
        doors=DOORS,
    )  # fmt: skip


@page(blueprint, "/applications", title=APPLICATIONS, place=20)
def show_applications() -> Response:
    """All applications to offices that accept and decide themselves, newest first."""
    say = load_wording().say_refusal
    listed = list_applications(current_web().applicants.till, current_citizen(), say, read_before())
    return show_page(
        "applications.html", title=APPLICATIONS, applications=listed.items, following=listed.next_cursor, doors=DOORS
    )


@page(blueprint, "/applications/<uuid:application_id>", title=APPLICATION)
def show_application(application_id: UUID) -> Response:
    """How far it is, with its result."""
    web, caller = current_web(), current_citizen()
    file = read_own_application(web.applicants.till, caller, application_id)
    mapping = web.citizen.catalogue.service_at(file.application.service, file.application.mapping_version)
    view = view_application(file, caller.language, load_wording().say_refusal, mapping)
    outputs = [
        ((mapping.outputs[name].label.get(ZH, name), mapping.outputs[name].label.get(EN, name)), say_value(value))
        for name, value in (view.outputs or {}).items()
        if value is not None
    ]
    return show_page(
        "application.html", title=APPLICATION, view=view, application=file.application, outputs=outputs, doors=DOORS,
        service=(mapping.title.get(ZH, ""), mapping.title.get(EN, "")),
    )  # fmt: skip
