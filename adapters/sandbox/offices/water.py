"""The water company: ``adapters/sandbox/utilities/water.py``."""

from __future__ import annotations

import secrets

from adapters.sandbox.agencies import WATER_OFFICE
from adapters.sandbox.office import Binding, Office, Payee, Place
from adapters.sandbox.utilities.water import build


def _bind(place: Place) -> Binding:
    options = {name: place.credentials[name] for name in ("institution_id", "company_id")}
    return Binding(secrets={"mac_key": place.credentials["mac_key"]}, options=options)


OFFICE = Office(
    name="water",
    agency=WATER_OFFICE,
    back_ends=("water-company",),
    build=build,
    make_credentials=lambda _folder: {
        "mac_key": secrets.token_hex(32), "institution_id": "GUITAI0001", "company_id": "WATER001",
    },
    bind=_bind,
    payee=Payee("water-company", partner=False, certificates=True),
)  # fmt: skip
