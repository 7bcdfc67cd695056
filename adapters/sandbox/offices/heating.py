"""The heating company: ``adapters/sandbox/utilities/heating.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import HEATING_OFFICE
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Payee, Place
from adapters.sandbox.routing import Router
from adapters.sandbox.utilities.heating import create_heating


def _build(context: SandboxContext) -> Router:
    return create_heating(context.home, context.clock, context.credentials["heating"])


def _bind(place: Place) -> Binding:
    credentials = place.credentials
    return Binding(
        secrets={"client_secret": credentials["client_secret"]}, options={"client_id": credentials["client_id"]}
    )


OFFICE = Office(
    name="heating",
    agency=HEATING_OFFICE,
    back_ends=("heating-company",),
    build=_build,
    make_credentials=lambda _folder: {"client_id": "guitai", "client_secret": secrets.token_hex(24)},
    bind=_bind,
    payee=Payee("heating-company", partner=False, certificates=True),
)
