"""The population register: ``adapters/sandbox/register.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import PROVINCE
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.register import build

OFFICE = Office(
    name="register",
    agency=PROVINCE,
    back_ends=("register",),
    build=build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
)
