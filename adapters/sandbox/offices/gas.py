"""The gas company: ``adapters/sandbox/utilities/gas.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import GAS_OFFICE
from adapters.sandbox.office import Binding, Office, Payee
from adapters.sandbox.utilities.gas import build

OFFICE = Office(
    name="gas",
    agency=GAS_OFFICE,
    back_ends=("gas-company",),
    build=build,
    make_credentials=lambda _folder: {"api_key": secrets.token_hex(24)},
    bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
    payee=Payee("gas-company"),
)
