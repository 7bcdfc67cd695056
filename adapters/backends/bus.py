"""Government service bus X-Road: who asks whom, in the headers of its message protocols.

REST: *X-Road: Message Protocol for REST* 1.0 (docs.x-road.global, PR-REST) §4.1 and §4.3: the service's id stands in the path after
``/r1``, the client in ``X-Road-Client``. SOAP: *X-Road: Message Protocol v4.0* (PR-MESS) §2.2: elements of the SOAP header.

Options of the address:

==========================  =================================================================================================
``x_road_client``           our member and subsystem: ``INSTANCE/CLASS/MEMBER[/SUBSYSTEM]``
``x_road_service``          whom we ask. REST: with the service's code, ``INSTANCE/CLASS/MEMBER[/SUBSYSTEM]/SERVICE``. SOAP: without it,
                            for there it is the operation's name
``x_road_service_version``  SOAP: the version of the service, if it has one
``x_road_user_id``          who acts, with a country's code before it. An official or system of ours, never a citizen; may be left out
==========================  =================================================================================================

The number of the message is the number of the call, the issue is the number of the case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from adapters.backends.wire import Facts
from services.errors import ConfigurationFault
from services.model import BackEndAddress

BUS = "x-road"
PART = re.compile(r"[^\x00-\x1f\x7f/\\:;%\u200b\ufeff]{1,255}")
"""PR-MESS §2.7 bars colon, semicolon, slashes, per cent, path segments and control characters in identifiers."""
CLIENT_PARTS = ("xRoadInstance", "memberClass", "memberCode", "subsystemCode")


@dataclass(frozen=True, slots=True)
class Road:
    """The identifiers of one address, in parts."""

    client: tuple[str, ...]
    service: tuple[str, ...]
    service_version: str = ""
    user_id: str = ""

    def prefix_path(self) -> str:
        """What stands before the path of every REST call: ``/r1/{serviceId}``, each part percent-encoded (§4.2)."""
        return "/r1/" + _write_parts(self.service)

    def list_headers(self, facts: Facts) -> dict[str, str]:
        """The headers of a REST call."""
        headers = {"X-Road-Client": _write_parts(self.client), "X-Road-Id": facts.call_id}
        if facts.case_no:
            headers["X-Road-Issue"] = facts.case_no
        if self.user_id:
            headers["X-Road-UserId"] = self.user_id
        return headers

    def list_client_parts(self) -> Iterator[tuple[str, str]]:
        """Element and value of each part of the client's identifier."""
        return zip(CLIENT_PARTS, self.client, strict=False)

    def list_service_parts(self, code: str) -> Iterator[tuple[str, str]]:
        """Element and value of each part of the service's identifier; ``code`` is the operation's name."""
        yield from zip(CLIENT_PARTS, self.service, strict=False)
        yield "serviceCode", code
        if self.service_version:
            yield "serviceVersion", self.service_version


def read_road(address: BackEndAddress, *, with_code: bool) -> Road:
    """The identifiers of an address; ``with_code``: the service's one ends with its code. Raises ``ConfigurationFault``."""
    options = address.options
    client = _read_parts(address, "x_road_client", options, 3, 4)
    service = _read_parts(address, "x_road_service", options, 4 if with_code else 3, 5 if with_code else 4)
    version, user = options.get("x_road_service_version", ""), options.get("x_road_user_id", "")
    if (version and not PART.fullmatch(version)) or (user and not re.fullmatch(r"[\x21-\x7e]{1,64}", user)):
        raise ConfigurationFault(f"back end {address.name}: an option of X-Road holds a character that is not allowed")
    return Road(client, service, version, user)


def _read_parts(
    address: BackEndAddress, name: str, options: Mapping[str, str], least: int, most: int
) -> tuple[str, ...]:
    parts = tuple(options.get(name, "").split("/"))
    if not least <= len(parts) <= most or not all(PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise ConfigurationFault(f"back end {address.name}: the option {name} is not an identifier of X-Road")
    return parts


def _write_parts(parts: tuple[str, ...]) -> str:
    return "/".join(quote(part, safe="") for part in parts)
