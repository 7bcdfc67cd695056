"""The power company: ``adapters/sandbox/utilities/power.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import POWER_OFFICE
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Payee, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.utilities.power import create_power


def _build(context: SandboxContext) -> Router:
    return create_power(context.open_shelf("power"), context.clock, context.credentials["power"])


def _bind(place: Place) -> Binding:
    return Binding(secrets={"password": place.credentials["password"]}, options={"user": place.credentials["user"]})


OFFICE = Office(
    name="power",
    agency=POWER_OFFICE,
    back_ends=("power-company",),
    build=_build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=_bind,
    payee=Payee("power-company"),
)
