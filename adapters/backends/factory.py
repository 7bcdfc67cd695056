"""Which wire a mapping's connector speaks. The only list of connectors in Python; ``config/mapping_schema.py`` holds their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.backends.connector import ConnectedBackEnd, Wire
from adapters.backends.rest import RestWire
from adapters.backends.xml import XmlWire
from adapters.http import HttpClient
from services.mapping import ServiceMapping
from services.model import BackEndAddress
from services.ports import Clock, Secrets

WIRES: Mapping[str, Callable[[], Wire]] = {"rest": RestWire, "xml": XmlWire}


def make_back_end(
    mapping: ServiceMapping, address: BackEndAddress, http: HttpClient, secrets: Secrets, clock: Clock
) -> ConnectedBackEnd:
    """The back end of a mapping in this environment, ready to call; nothing is sent.

    Raises ``ConfigurationFault`` if a secret or an option that the mapping uses is not bound.
    """
    spec = mapping.back_end
    back_end = ConnectedBackEnd(spec, address, http, secrets, clock, WIRES[spec.connector]())
    back_end.require_usable(mapping)
    return back_end
