"""The vehicle office's database: ``adapters/sandbox/vehicles/database.py``, imported only where it is started, for it needs a driver."""

from __future__ import annotations

import secrets
from importlib import import_module

from adapters.sandbox.agencies import VEHICLE_OFFICE
from adapters.sandbox.office import Office

_DATABASE = "adapters.sandbox.vehicles.database"

OFFICE = Office(
    name="vehicles",
    agency=VEHICLE_OFFICE,
    back_ends=("vehicle-database",),
    build=lambda context: import_module(_DATABASE).build(context),
    make_credentials=lambda _folder: {"reader": "vehicle_reader", "password": secrets.token_hex(24)},
    bind=lambda place: import_module(_DATABASE).bind(place),
    needs_registries=True,
)
