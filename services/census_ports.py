"""What a census needs of the world: the public app as a client sees it, back ends that somebody knocks at, pages behind links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.model import JsonValue, Language, PlatformApp, PlatformName


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as the public app offers it inside one platform's app. ``inputs``: the names that its form shows."""

    service: str
    version: int
    paused: bool
    inputs: frozenset[str]


class DoorSilent(Exception):
    """The public app gave no usable answer; ``code``: no_connection, no_answer, refused, garbled."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PublicDoor(Protocol):
    """The running public app, asked over the network as each platform's client asks it, without a session and without a person."""

    def knock(self, app: PlatformApp) -> str:
        """Sign in with a code that nobody was given: "" if the platform itself said so, else what is wrong. Raises ``DoorSilent``."""
        ...

    def list_offers(self, platform: PlatformName, language: Language) -> Mapping[str, Offer]:
        """What is offered on this platform, by service. Raises ``DoorSilent``."""
        ...


class KnockableBackEnd(Protocol):
    """The back ends of one mapping."""

    def knock(self, seconds: float) -> Mapping[str, str]:
        """Name → "" or no_connection, no_answer, server_error."""
        ...

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        """As ``ports.BackEnd``."""
        ...


class LinkCheck(Protocol):
    """Pages that texts lead to."""

    def look(self, link: str, hosts: frozenset[str]) -> str:
        """The empty text for a living page, else ``dead`` or ``moved`` (to a host that is none of ``hosts``). No other host is ever asked."""
        ...
