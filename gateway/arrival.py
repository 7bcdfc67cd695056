"""One request at the public edge: what came in, who speaks, and what its route says of what it shows.

The guard makes it, puts it into the WSGI environ and reads it again when the reply is there. A route that says nothing about a
reply to a session has its reply refused: silence is not permission.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from flask import request
from marshmallow import Schema

from services.errors import GuitaiError
from services.exposure import Disclosure, Trail
from services.mapping import Room, ServiceMapping, disclose
from services.model import Caller, JsonValue, Language, PlatformName

ENVIRON_KEY = "guitai.arrival"


@dataclass(frozen=True, slots=True)
class Told:
    """What a route says: of which service or room of the desk a reply is, for which purpose, whom it concerns.

    ``concerned`` are chain ids of persons, ``subject`` our id of the payment. ``lenient``: the request did not get as far as a
    service, so that what was entered is recorded without a budget to hold it against.
    """

    what: ServiceMapping | Room
    agency_id: UUID
    purpose: str
    concerned: tuple[UUID, ...] = ()
    subject: UUID | None = None
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """Inside whose app the reply is shown."""

    platform: PlatformName
    account: str


@dataclass(slots=True)
class Arrival:
    """A request, read. ``audience`` is empty as long as there is no session: then only published bodies leave."""

    request_id: str
    method: str
    target: str
    query: str
    body: bytes
    content_type: str
    authorization: str
    language: Language
    fault: GuitaiError | None = None
    caller: Caller | None = None
    refusal: GuitaiError | None = None
    audience: tuple[Audience, ...] = ()
    told: tuple[Told, ...] = ()
    asks: type[Schema] | None = None
    asks_query: type[Schema] | None = None
    shows: type[Schema] | None = None
    takes: str | None = None
    """The word that the body counts as, where a route takes a file."""
    published: bool = False
    route: str = "-"
    trail: Trail = field(default_factory=Trail)

    def welcome(self, caller: Caller) -> None:
        """From here on this request has a session."""
        self.caller = caller
        self.audience = (Audience(caller.app.platform, caller.app.app),)

    def dismiss(self) -> None:
        """From here on this request has no session: what answers it is a published body."""
        self.caller, self.audience, self.told = None, (), ()

    def tell(self, told: Iterable[Told]) -> None:
        """Say what the reply is about; the last word counts."""
        self.told = tuple(told)

    def entered_anything(self) -> bool:
        """Whether the person sent anything beside the address."""
        return bool(self.body or self.query)

    def read_object(self) -> dict[str, JsonValue]:
        """The body as an object, or an empty one if it is none: for finding out whom a request concerns, never for acting on."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def disclosures(self) -> list[tuple[Told, Disclosure]]:
        """One disclosure per audience and subject matter."""
        return [(told, self._disclose(told, audience)) for audience in self.audience for told in self.told]

    def _disclose(self, told: Told, audience: Audience) -> Disclosure:
        actor = self.caller.chain_id if self.caller else None
        return disclose(
            told.what, platform=audience.platform, agency_id=told.agency_id, account=audience.account,
            purpose=told.purpose, request_id=self.request_id, actor=actor, concerned=told.concerned, subject=told.subject,
            trail=None if self.caller else self.trail, person_id=self.caller.person_id if self.caller else None,
        )  # fmt: skip


def current_arrival() -> Arrival:
    """The arrival of the request that Flask is handling."""
    arrival: Arrival = request.environ[ENVIRON_KEY]
    return arrival
