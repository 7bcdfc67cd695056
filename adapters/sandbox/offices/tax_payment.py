"""The tax authority's payment service: ``adapters/sandbox/tax/payment.py``. Money goes to the treasury's account for taxes (待报解预算收入)."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import TAX_BUREAU
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Payee, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.tax.payment import PATH, create_tax_payment


def _build(context: SandboxContext) -> Router:
    return create_tax_payment(context.open_shelf("tax-payment"), context.clock, context.credentials["tax-payment"])


def _bind(place: Place) -> Binding:
    credentials = place.credentials
    return Binding(
        secrets={"password": credentials["password"]},
        options={"user": credentials["user"]},
        url=place.address + PATH,
    )


OFFICE = Office(
    name="tax-payment",
    agency=TAX_BUREAU,
    back_ends=("tax-payment-service",),
    build=_build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=_bind,
    payee=Payee("tax-account"),
)
