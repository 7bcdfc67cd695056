"""Which connector a mapping's back end is reached by. The only list of connectors in Python; ``config/back_end_schema.py`` has their names.

A connector's library is loaded when the first mapping uses it: a process that speaks no SOAP never imports zeep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.backends.breaker import Breakers
from adapters.backends.chain import Connection
from adapters.backends.connector import ConnectedBackEnd
from adapters.backends.http_line import HttpLine
from adapters.backends.wire import Line, Wire
from adapters.http import HttpClient
from adapters.reach import EVERYWHERE, Reach
from services.errors import ConfigurationFault
from services.mapping import BackEndSpec, ServiceMapping
from services.model import BackEndAddress
from services.ports import Clock, Secrets


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this process gives to every connector."""

    http: HttpClient
    secrets: Secrets
    clock: Clock
    breakers: Breakers
    reach: Reach = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Place:
    """One back end of a mapping at one address, with the documents that came with the mapping."""

    spec: BackEndSpec
    address: BackEndAddress
    documents: Mapping[str, bytes]

    def read_document(self, file: str) -> bytes:
        """Raises ``ConfigurationFault`` for a document that did not come along."""
        if file not in self.documents:
            raise ConfigurationFault(f"back end {self.spec.name}: its document {file} is not there")
        return self.documents[file]


def _make_rest(place: Place) -> Wire:
    from adapters.backends.rest.wire import RestWire

    if not place.spec.openapi:
        return RestWire(place.spec)
    from adapters.backends.rest.openapi import OpenApiDocument

    return RestWire(place.spec, OpenApiDocument(place.spec.openapi, place.read_document(place.spec.openapi)))


def _make_xml(place: Place) -> Wire:
    from adapters.backends.xml.wire import XmlWire

    return XmlWire(place.spec)


def _make_soap(place: Place) -> Wire:
    from adapters.backends.soap.wire import SoapWire

    place.read_document(place.spec.wsdl)
    return SoapWire(place.spec, place.address, place.documents)


WIRES: Mapping[str, Callable[[Place], Wire]] = {"rest": _make_rest, "soap": _make_soap, "xml": _make_xml}


def _make_http_line(place: Place, around: Surroundings) -> Line:
    wire = WIRES[place.spec.connector](place)
    return HttpLine(place.spec, place.address, around.http, around.secrets, around.clock, wire)


def _make_sql_line(place: Place, around: Surroundings) -> Line:
    from adapters.backends.sql.line import SqlLine

    return SqlLine(place.spec, place.address, around.secrets, around.reach)


LINES: Mapping[str, Callable[[Place, Surroundings], Line]] = {
    **dict.fromkeys(WIRES, _make_http_line),
    "sql": _make_sql_line,
}


def make_back_end(
    mapping: ServiceMapping, addresses: Mapping[str, BackEndAddress], around: Surroundings
) -> ConnectedBackEnd:
    """The back ends of a mapping in this environment, ready to call; nothing is sent. ``addresses`` by the names in the mapping.

    Raises ``ConfigurationFault`` if a secret, an option or a document that the mapping uses is not there, and for a private address
    that may not be reached.
    """
    connections: dict[str, Connection] = {}
    for name, spec in mapping.connections().items():
        address = addresses[name]
        try:
            around.reach.require_plausible(address.url)
        except ConfigurationFault as fault:
            raise ConfigurationFault(f"back end {address.name}: {fault}") from None
        line = LINES[spec.connector](Place(spec, address, mapping.documents), around)
        breaker = around.breakers.find(address.name, address.url)
        connections[name] = Connection(spec, line, breaker, address.options)
    back_end = ConnectedBackEnd(mapping, connections, around.clock)
    back_end.require_usable()
    return back_end
