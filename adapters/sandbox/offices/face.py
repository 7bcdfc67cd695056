"""The provider of face checks: ``adapters/sandbox/face.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import PROVINCE
from adapters.sandbox.face import build
from adapters.sandbox.office import Binding, Office

OFFICE = Office(
    name="face",
    agency=PROVINCE,
    back_ends=("face-check",),
    build=build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
)
