"""What every connector shares: what goes along with a call, a request as bytes, and what a wire has to do.

A wire (``rest/``, ``soap/``, ``xml/``) turns a request into bytes and the bytes of a reply into plain values. It knows nothing of
services, addresses, secrets or sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from adapters.http import HttpReply
from services.mapping import Call
from services.model import JsonValue
from services.translation import Request

PURPOSE = "back_end"
"""The purpose under which the HTTP client's allow-list knows back ends: ``back_end:<name>``."""

Reply = Mapping[str, JsonValue]
"""``{"status": …, "body": …}``, for SOAP with ``"fault": {"code", "text"}`` or None: what a mapping's expressions see."""


class ReplyUnreadable(Exception):
    """The bytes of a reply are not what this wire speaks; the message names the rule that they break, never what came."""


class RequestUnwritable(Exception):
    """A value cannot be written on this wire. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What goes along with every call: the request that caused it, the number of this one call, why, and for which case."""

    request_id: str
    call_id: str
    purpose: str = ""
    case_no: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A request as bytes: the target after the back end's address, the body with its media type, headers of the wire's own."""

    method: str
    target: str
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    accept: str = ""


class Wire(Protocol):
    """What one connector speaks."""

    def require_known(self, call: Call) -> None:
        """Raise ``ConfigurationFault`` if the mapping's document (WSDL, OpenAPI) does not know what this call asks for."""

    def write(self, call: Call, request: Request, facts: Facts) -> Written:
        """Raises ``RequestUnwritable``."""
        ...

    def read(self, call: Call, reply: HttpReply, facts: Facts) -> Reply:
        """Plain values without floats. Raises ``ReplyUnreadable``."""
        ...


class Line(Protocol):
    """A way to one back end at its address, with our proof of who we are."""

    def require_usable(self, call: Call) -> None:
        """Raise ``ConfigurationFault`` if this call could never be made here. Sends nothing."""

    def rehearse(self, call: Call, request: Request, facts: Facts) -> None:
        """Write the request and send nothing. Raises ``BackEndRefused("unwritable_value")``."""

    def exchange(self, call: Call, request: Request, facts: Facts, seconds: float) -> Reply:
        """Send and read. Raises ``BackEndUnreachable``, ``BackEndOutcomeUnknown``, ``BackEndGarbled``, ``BackEndRefused``."""
        ...

    def describe(self, call: Call, request: Request) -> tuple[str, str]:
        """Method and target as a person at a console may see them, without secrets."""
        ...

    def knock(self, seconds: float) -> str:
        """Whether anybody answers there, without asking for anything: "" or ``no_connection``, ``no_answer``, ``server_error``."""
        ...

    def close(self) -> None:
        """Let go of what is held for later calls."""
