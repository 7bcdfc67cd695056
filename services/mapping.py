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
from services.consent_record import PurposeText
from services.counter_terms import CounterTerms
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
class Pages:
    """How a list that comes in pages is read to its end: ``config/back_end_schema.py``."""

    items: str
    more: Expression
    next: Expression | None = None
    first: int = 1
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange with one back end; an operation is one to five of them.

    ``back_end`` names the connection (``BackEndSpec.name``). ``writes``: it changes something there, so doubt is an unknown outcome.
    ``values`` makes what ``path`` uses in braces. ``reply`` is all that an answer may hold, ``response`` makes this call's result of it,
    ``instead`` gives a result in place of an error. ``action`` belongs to soap, ``statement`` to sql, ``format`` and ``columns`` to rest.
    """

    name: str
    back_end: str
    writes: bool
    timeout_seconds: float
    reply: ReplyNode
    response: Expression
    request: Expression | None = None
    values: Mapping[str, Expression] = field(default_factory=dict)
    method: str = "POST"
    path: str = ""
    action: str = ""
    statement: str = ""
    format: str = "json"
    columns: tuple[str, ...] = ()
    echo: tuple[Echo, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, Expression] = field(default_factory=dict)
    pages: Pages | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """How a result comes that was not there at once: polled, pushed or file."""

    arrives: str
    every_minutes: int = 60
    until_days: int = 90
    secret: str = ""
    header: str = ""
    timestamp_header: str = ""
    reply: ReplyNode | None = None
    response: Expression | None = None
    acknowledge: str = ""
    daily_at: str = "06:30"


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a result shows: its type, its label, the word of the vocabulary that it counts as, how it is masked."""

    name: str
    type: str
    label: Texts
    word: str
    mask: str = ""
    optional: bool = False
    of: Mapping[str, Output] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NonTax:
    """Whose fee it is, for the treasury: 执收单位 and 行政区划."""

    department_code: str
    department_name: str
    region_code: str = ""
    legal_basis: str = ""


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """How a bill is paid: ``model`` order or non-tax, ``amount`` billed or chosen (prepaid)."""

    model: str = "order"
    amount: str = "billed"
    minimum_fen: int = 100
    maximum_fen: int = 1_000_000
    step_fen: int = 100
    after: Texts = field(default_factory=dict)
    non_tax: NonTax | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One question or order to a back end: one to five calls, the last of which alone may change something there.

    ``writes``: it changes something, so doubt is an unknown outcome. ``response`` makes the result out of ``{results: {...}}`` and the
    given values; without it the result is that of the last call. ``takes`` are the values that the caller gives, ``gives`` is the shape
    of the result, the same for every back end.
    """

    name: str
    writes: bool
    calls: tuple[Call, ...]
    response: Expression | None
    takes: frozenset[str]
    gives: Shape
    idempotent_by: str | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """How we show who we are: ``secret``, ``certificate`` and ``key`` are purposes that the back end's address binds to secrets.

    ``user`` names an option of the address. ``path``, ``request``, ``token`` and ``expires_in`` say how a token is fetched.
    """

    scheme: str
    secret: str = ""
    header: str = ""
    prefix: str = ""
    user: str = ""
    path: str = ""
    scope: str = ""
    request: Expression | None = None
    token: Expression | None = None
    expires_in: Expression | None = None
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class BackEndSpec:
    """How a back end is spoken to. ``name`` is bound to an address and secrets per environment, outside the mapping.

    Without ``success`` every reply that is no SOAP fault is one; without ``error`` the code of a refusal is that of the fault.
    ``unit`` is empty where no money is spoken of. ``operations`` stand in the mapping's own back end only, not in further ones.
    """

    name: str
    connector: str
    unit: str
    encoding: str
    authentication: Authentication
    success: Expression | None
    error: Expression | None
    echo: tuple[Echo, ...]
    operations: Mapping[str, Operation]
    path: str = ""
    root: str = ""
    reply_root: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    openapi: str = ""
    wsdl: str = ""
    service: str = ""
    port: str = ""
    bus: str = ""
    test_back_end: str = ""


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
    choices: Mapping[str, Texts] = field(default_factory=dict)
    optional: bool = False
    minimum: int | None = None
    maximum: int | None = None
    mask: str = ""
    editable: bool = False

    def accepts(self, value: str) -> bool:
        """Whether the whole value has the declared form."""
        return self.pattern is None or self.pattern.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """A purpose that rests on consent: the law of this purpose, the only fields that it has, and what is told, by platform.

    ``separate``: it is asked for by itself, apart from all else (PIPL articles 23 and 29).
    """

    separate: bool
    legal_basis: str
    fields: Budget
    texts: Mapping[PlatformName, PurposeText]

    def narrow(self, budget: Budget) -> Budget:
        """What may be seen for this purpose: of the service's budget only what the text names."""
        return {
            direction: names & (self.fields.get(direction, frozenset()) | ALWAYS_SHOWN)
            for direction, names in budget.items()
        }


@dataclass(frozen=True, slots=True)
class ServiceMapping:
    """One service. ``raw`` is the file as plain values; ``agency``, ``payee`` and ``back_end.name`` are bound per environment.

    ``documents`` are the files that it refers to (WSDL, OpenAPI), by their path below ``config/mappings``: part of the version and of
    its hash. ``words`` are fields of its own beside those of the vocabulary, ``personal`` those of them that are personal.
    """

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
    further_back_ends: Mapping[str, BackEndSpec] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    payment: PaymentTerms = field(default_factory=PaymentTerms)
    late: Late | None = None
    cache_seconds: int = 0
    words: Mapping[str, Texts] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    fees: tuple[Mapping[str, JsonValue], ...] = ()
    steps: tuple[Mapping[str, JsonValue], ...] = ()
    documents: Mapping[str, bytes] = field(default_factory=dict)
    raw: Mapping[str, JsonValue] = field(default_factory=dict)
    counter: CounterTerms | None = None
    consents: Mapping[str, ConsentTerms] = field(default_factory=dict)

    def is_on(self, platform: PlatformName) -> bool:
        """Whether the service is offered inside this platform's app."""
        return platform.value in self.channels

    def connections(self) -> Mapping[str, BackEndSpec]:
        """Every back end that the service speaks to, by name: its own and further ones."""
        return {self.back_end.name: self.back_end, **self.further_back_ends}


NO_TEXT = "-"
"""The version of a text that there is not: nobody can have agreed to it."""
ALWAYS_SHOWN = frozenset({"error"})
"""That something went wrong is told whatever a purpose names: nothing of it is about a person."""


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
    person_id: UUID | None = None,
) -> Disclosure:
    """The disclosure for something that a platform is about to see of this service or room.

    A purpose that the mapping does not state raises ``ExposureUndeclared`` (PIPL art. 6: a definite purpose, and no other).
    A platform without a budget gets the empty one, so that the door refuses every field. A purpose that rests on consent has its own law,
    its own fields and the version of its text: door and guard ask whether ``person_id`` agreed to it.
    """
    if what.purposes and purpose not in what.purposes:
        raise ExposureUndeclared(f"{what.id}: {purpose} is not a purpose of it")
    budget = what.exposure.get(platform, {})
    terms = what.consents.get(purpose) if isinstance(what, ServiceMapping) else None
    text = terms.texts.get(platform) if terms else None
    return Disclosure(
        agency_id=agency_id,
        platform=platform,
        account=account,
        service=what.id,
        mapping_version=what.version,
        purpose=purpose,
        legal_basis=terms.legal_basis if terms else what.legal_basis,
        budget=terms.narrow(budget) if terms else budget,
        request_id=request_id,
        actor=actor,
        concerned=tuple(concerned),
        subject=subject,
        trail=trail,
        consent=(text.version if text else NO_TEXT) if terms else "",
        person_id=person_id if terms else None,
    )
