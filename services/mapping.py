"""A service as its mapping file says it: what it is, whose it is, by which law, what a platform may see of it, how its back
end is spoken to. And a room of our own desk, which has a budget but no back end.

Both are read by ``services/mapping_reader.py`` and found in ``services/catalogue.py``; the file's keys stand in ``docs/mappings.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from config.shapes import Shape
from services.errors import ExposureUndeclared
from services.exposure import Budget, Disclosure, Trail
from services.expressions import Expression
from services.model import Assurance, JsonValue, Language, PlatformName
from services.reply_shape import ReplyNode

Texts = Mapping[Language, str]
"""One sentence in every language."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Something that a reply must repeat: what is found in the reply, and what it must be equal to."""

    reply: Expression
    expected: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """One question or order to a back end.

    ``writes``: it changes something there, so doubt is an unknown outcome. ``reply`` is all that an answer may hold;
    ``instead`` gives a result in place of an error; ``gives`` is the shape of the result, the same for every back end.
    """

    name: str
    writes: bool
    timeout_seconds: float
    method: str
    path: str
    request: Expression | None
    reply: ReplyNode
    response: Expression
    echo: tuple[Echo, ...]
    errors: Mapping[str, str]
    instead: Mapping[str, Expression]
    takes: frozenset[str]
    gives: Shape
    idempotent_by: str | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """How we show who we are: ``secret`` is a purpose that the back end's address binds to the name of a secret."""

    scheme: str
    secret: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class BackEndSpec:
    """How a back end is spoken to. ``name`` is bound to an address and secrets per environment, outside the mapping."""

    name: str
    connector: str
    unit: str
    encoding: str
    authentication: Authentication
    success: Expression
    error: Expression
    echo: tuple[Echo, ...]
    operations: Mapping[str, Operation]
    path: str = ""
    root: str = ""
    reply_root: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """What a citizen enters: its form, and what the screen says about it."""

    name: str
    type: str
    label: Texts
    pattern: re.Pattern[str] | None = None
    help: Texts = field(default_factory=dict)
    example: str = ""
    prefilled_from: str = ""

    def accepts(self, value: str) -> bool:
        """Whether the whole value has the declared form."""
        return self.pattern is None or self.pattern.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class ServiceMapping:
    """One service. ``raw`` is the file as plain values; ``agency``, ``payee`` and ``back_end.name`` are bound per environment."""

    id: str
    version: int
    kind: str
    title: Texts
    agency: str
    legal_basis: str
    assurance: Assurance
    channels: tuple[str, ...]
    owner: str
    back_end: BackEndSpec
    exposure: Mapping[PlatformName, Budget]
    effort: Mapping[str, JsonValue]
    summary: Texts = field(default_factory=dict)
    payee: str = ""
    payee_name: Texts = field(default_factory=dict)
    order_description: Texts = field(default_factory=dict)
    purposes: Mapping[str, Texts] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    limits: Mapping[str, JsonValue] = field(default_factory=dict)
    raw: Mapping[str, JsonValue] = field(default_factory=dict)

    def is_on(self, platform: PlatformName) -> bool:
        """Whether the service is offered inside this platform's app."""
        return platform.value in self.channels


@dataclass(frozen=True, slots=True)
class Room:
    """A room of the desk itself (signing in, the account, the catalogue, the exposure view): a budget without a back end."""

    id: str
    version: int
    legal_basis: str
    exposure: Mapping[PlatformName, Budget]
    purposes: Mapping[str, Texts] = field(default_factory=dict)
    title: Texts = field(default_factory=dict)


def disclose(
    what: ServiceMapping | Room,
    *,
    platform: PlatformName,
    agency_id: UUID,
    account: str,
    purpose: str,
    request_id: str,
    actor: UUID | None = None,
    concerned: Sequence[UUID] = (),
    subject: UUID | None = None,
    trail: Trail | None = None,
) -> Disclosure:
    """The disclosure for something that a platform is about to see of this service or room.

    A purpose that the mapping does not state raises ``ExposureUndeclared`` (PIPL art. 6: a definite purpose, and no other).
    A platform without a budget gets the empty one, so that the door refuses every field.
    """
    if what.purposes and purpose not in what.purposes:
        raise ExposureUndeclared(f"{what.id}: {purpose} is not a purpose of it")
    return Disclosure(
        agency_id=agency_id,
        platform=platform,
        account=account,
        service=what.id,
        mapping_version=what.version,
        purpose=purpose,
        legal_basis=what.legal_basis,
        budget=what.exposure.get(platform, {}),
        request_id=request_id,
        actor=actor,
        concerned=tuple(concerned),
        subject=subject,
        trail=trail,
    )
