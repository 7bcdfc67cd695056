"""The social insurance centre's database: ``adapters/sandbox/social_insurance.py``, imported only where it is started (a driver)."""

from __future__ import annotations

import secrets
from importlib import import_module

from adapters.sandbox.agencies import SOCIAL_OFFICE
from adapters.sandbox.office import Office

_DATABASE = "adapters.sandbox.social_insurance"

OFFICE = Office(
    name="social-insurance",
    agency=SOCIAL_OFFICE,
    back_ends=("social-insurance-database",),
    build=lambda context: import_module(_DATABASE).build(context),
    make_credentials=lambda _folder: {"reader": "insurance_reader", "password": secrets.token_hex(24)},
    bind=lambda place: import_module(_DATABASE).bind(place),
    needs_registries=True,
)
