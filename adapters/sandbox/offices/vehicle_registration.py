"""The vehicle office's registration service: ``adapters/sandbox/vehicles/registration.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import VEHICLE_OFFICE
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.routing import Router
from adapters.sandbox.vehicles.registration import PATH, create_registration


def _build(context: SandboxContext) -> Router:
    mac_key = context.credentials["vehicle-registration"]["mac_key"]
    return create_registration(context.open_shelf("vehicle-registration"), context.clock, mac_key)


OFFICE = Office(
    name="vehicle-registration",
    agency=VEHICLE_OFFICE,
    back_ends=("vehicle-registration-service",),
    build=_build,
    make_credentials=lambda _folder: {"mac_key": secrets.token_hex(32)},
    bind=lambda place: Binding(secrets={"mac_key": place.credentials["mac_key"]}, url=place.address + PATH),
)
