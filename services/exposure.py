"""Pure rules of exposure: what bytes show to a platform, and whether that was declared and allowed.

The ledger says what a platform *may* have seen; what a record of it holds stands in ``services/leaves.py``. Every digest is
HMAC-SHA256 under 32 random bytes of its own, kept apart and erasable. PIPL articles 6, 21, 23, 55, 56.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import parse_qsl
from uuid import UUID

from services.errors import ExposureOverBudget, ExposureUndeclared
from services.model import JsonValue, PlatformName

MAX_PATH = 200  # characters; every value carries its path: a long one, a thousand times over, would be the memory's end
TRANSPORT_HEADERS = frozenset({"host", "content-length", "accept-encoding", "connection"})
"""Headers that the HTTP client itself adds; everything else must stand in the wire table."""
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TARGET = re.compile(r"/[!\"$-~]*")
_AUTHORIZATION_PART = re.compile(r'([A-Za-z0-9_]+)="([^"\\]*)"')


class Direction(StrEnum):
    """The four ways in which a platform can see something."""

    SENT_TO_SERVER = "sent_to_server"
    RECEIVED_FROM_PLATFORM = "received_from_platform"
    SHOWN_IN_CLIENT = "shown_in_client"
    ENTERED_IN_CLIENT = "entered_in_client"


class Outcome(StrEnum):
    """What became of bytes that were meant for a platform's server."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


Budget = Mapping[Direction, frozenset[str]]
"""For one service and one platform: the field names that may be seen in each direction."""


@dataclass(slots=True)
class Trail:
    """The records that one request has left before it is known who speaks; the ledger notes them here as it writes them.

    Whoever finds out who it was hands it to ``ports.ExposureLog.attribute``. Used by one thread.
    """

    left: list[tuple[Disclosure, UUID]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Why something may be shown: for which service, by which law, to whom, concerning whom. There is no default.

    ``fields`` is what the caller declares; the door compares it with what the bytes really hold and with ``budget``.
    ``account`` names our app or merchant account on the platform. ``subject`` is our id of the payment or case, if any.
    ``trail`` gathers the records of a request whose person is not known yet. ``consent`` is the version of the text that ``person_id`` must
    have agreed to and not withdrawn, empty for a purpose that rests on no consent.
    """

    agency_id: UUID
    platform: PlatformName
    account: str
    service: str
    mapping_version: int
    purpose: str
    legal_basis: str
    budget: Budget
    request_id: str
    actor: UUID | None = None
    concerned: tuple[UUID, ...] = ()
    subject: UUID | None = None
    fields: frozenset[str] = frozenset()
    trail: Trail | None = field(default=None, compare=False, repr=False)
    consent: str = ""
    person_id: UUID | None = field(default=None, repr=False)

    def declaring(self, fields: Iterable[str], *, account: str | None = None) -> Disclosure:
        """The same disclosure with the fields that the next bytes are declared to hold."""
        return replace(self, fields=frozenset(fields), account=account or self.account)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One thing that a platform may see, ready to be recorded. ``content`` is digested and then forgotten."""

    direction: Direction
    disclosure: Disclosure
    content: bytes
    status: int | None = None
    headers: tuple[str, ...] = ()
    operation: str = ""


@dataclass(frozen=True, slots=True)
class WireField:
    """One place in the bytes: its ``path``, the field name that it counts as, and the form that its value must have.

    The pattern is matched against the whole value as text. It is what keeps a name from hiding in a free text.
    """

    path: str
    name: str
    pattern: re.Pattern[str] = field(default_factory=lambda: re.compile(r"[\x21-\x7e]{0,2048}"))


@dataclass(frozen=True, slots=True)
class Located:
    """A value found in the bytes and where: ``query:appid``, ``header:authorization``, ``body:payer.openid``, ``path``."""

    path: str
    value: str


def locate_json(prefix: str, value: JsonValue) -> Iterator[Located]:
    """Every leaf of a JSON value with its path; items of an array share ``[]``. Text that is itself JSON is entered too.

    Names of keys come from the bytes: a homoglyph or an unknown name is simply a path that no table holds. An empty object
    or array is a leaf of its own, so that nothing is skipped. Raises ``ExposureUndeclared`` for a path over MAX_PATH.
    """
    if len(prefix) > MAX_PATH:
        raise ExposureUndeclared("nested too deeply, or under a name that is too long")
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from locate_json(_step(prefix, key), item)
    elif isinstance(value, list) and value:
        for item in value:
            yield from locate_json(f"{prefix}[]", item)
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        yield from _locate_nested(prefix, value)
    else:
        yield Located(prefix, value if isinstance(value, str) else json.dumps(value))


def _step(prefix: str, key: str) -> str:
    """One level down. A key that is not a plain word is quoted, so that ``a.b`` as one key is not the path of ``b`` in ``a``."""
    name = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key)
    return f"{prefix}{name}" if prefix.endswith(":") else f"{prefix}.{name}"


def _load_json(text: str | bytes) -> JsonValue:
    """Parse, refusing a key that stands twice: the first of them would go to the platform unseen. Raises ``ValueError``.

    Numbers stay as they are written: digits beyond what a float holds are seen by the platform too.
    """
    return json.loads(
        text, object_pairs_hook=_refuse_double_keys, parse_int=str, parse_float=str, parse_constant=_refuse_constant
    )


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


def _refuse_double_keys(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _locate_nested(prefix: str, text: str) -> Iterator[Located]:
    try:
        nested = _load_json(text)
    except ValueError:
        yield Located(prefix, text)
    else:
        yield from locate_json(prefix, nested)


def locate_request(target: str, headers: Mapping[str, str], body: bytes) -> list[Located]:
    """Every value in an HTTP request: path (as it travels), query, headers, body (JSON or form). A body of another kind is one value.

    Raises ``ExposureUndeclared`` for a target that is not origin-form (RFC 9112 §3.2.1) in printable ASCII, and for a body
    that claims to be JSON or a form and is neither.
    """
    path, _, query = target.partition("?")
    if not _TARGET.fullmatch(target) or (query == "") != ("?" not in target):
        raise ExposureUndeclared("the target is not a path with an optional query")
    found = [Located("path", path)]
    found.extend(_locate_pairs("query:", query))
    kind = ""
    for name, value in headers.items():
        lowered = name.lower()
        kind = value.split(";")[0].strip().lower() if lowered == "content-type" else kind
        if lowered not in TRANSPORT_HEADERS:
            found.extend(_locate_header(lowered, value))
    found.extend(locate_body(kind, body))
    return found


def _locate_header(name: str, value: str) -> Iterator[Located]:
    """A header's value; ``Scheme k="v",k="v"`` (RFC 9110 §11.4) is entered: the scheme, then each part by its name."""
    scheme, _, rest = value.partition(" ")
    parts = _AUTHORIZATION_PART.findall(rest)
    if name != "authorization" or not parts or ",".join(f'{key}="{part}"' for key, part in parts) != rest:
        yield Located(f"header:{name}", value)
        return
    yield Located(f"header:{name}", scheme)
    for key, part in parts:
        yield Located(f"header:{name}.{key}", part)


def _locate_pairs(prefix: str, text: str) -> list[Located]:
    """Every pair of a query or form; raises ``ExposureUndeclared`` for what is not a list of pairs."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict") if text else []
        return [found for name, value in pairs for found in locate_json(_step(prefix, name), value)]
    except (ValueError, RecursionError) as error:
        raise ExposureUndeclared(f"{prefix} is not a list of names and values") from error


def locate_body(kind: str, body: bytes) -> list[Located]:
    """Every value in a body of the media type ``kind``; ``application/json``, a form, or one opaque value ``body:``."""
    if not body:
        return []
    try:
        if kind == "application/json":
            return list(locate_json("body:", _load_json(body)))
        if kind == "application/x-www-form-urlencoded":
            return _locate_pairs("form:", body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ExposureUndeclared(f"the body is not {kind}") from error
    return [Located("body:", body.decode("utf-8", "replace"))]


class WireTable:
    """What the bytes of one operation may hold. Unknown path, or a value of another form: ``ExposureUndeclared``."""

    def __init__(self, operation: str, fields: Iterable[WireField]) -> None:
        self.operation = operation
        self._fields = {entry.path: entry for entry in fields}

    def read(self, located: Iterable[Located]) -> frozenset[str]:
        """The field names that these values amount to; raises with the place, never with the value."""
        names = set()
        for found in located:
            entry = self._fields.get(found.path)
            if entry is None:
                raise ExposureUndeclared(f"{self.operation}: {_printable(found.path)} is not declared")
            if not entry.pattern.fullmatch(found.value):
                raise ExposureUndeclared(f"{self.operation}: {found.path} does not have the declared form")
            if entry.name:
                names.add(entry.name)
        return frozenset(names)

    def holds(self, found: Located) -> bool:
        """Whether this very place is declared, and the value has its form."""
        entry = self._fields.get(found.path)
        return entry is not None and entry.pattern.fullmatch(found.value) is not None

    def read_leniently(self, located: Iterable[Located]) -> frozenset[str]:
        """For bytes that came *from* the platform: what is unknown counts as ``unlisted`` instead of being refused."""
        found = {self._fields[item.path].name if item.path in self._fields else "unlisted" for item in located}
        return frozenset(name for name in found if name)


def _printable(path: str) -> str:
    return path.encode("ascii", "backslashreplace").decode()[:120]


def require_declared(operation: str, disclosure: Disclosure, direction: Direction, derived: frozenset[str]) -> None:
    """Lock 3 of the door: the bytes hold exactly what was declared, and all of it stands in the service's budget."""
    if derived != disclosure.fields:
        extra, missing = sorted(derived - disclosure.fields), sorted(disclosure.fields - derived)
        raise ExposureUndeclared(f"{operation}: not declared {extra}, declared but absent {missing}")
    over = derived - disclosure.budget.get(direction, frozenset())
    if over:
        raise ExposureOverBudget(
            f"{operation}: {sorted(over)} outside the budget of {disclosure.service} ({disclosure.platform}, {direction})"
        )


def request_content(method: str, target: str, body: bytes) -> bytes:
    """The bytes that a ``sent_to_server`` digest covers: method, space, target with query, newline, body."""
    return f"{method} {target}\n".encode() + body


def reply_content(status: int, body: bytes) -> bytes:
    """The bytes that a ``received_from_platform`` digest of an answer covers: status number, newline, body."""
    return f"{status}\n".encode() + body


def commit(salt: bytes, content: bytes) -> str:
    """HMAC-SHA256 of ``content`` under a record's own 32 random bytes, in lower-case hex."""
    return hmac.new(salt, content, hashlib.sha256).hexdigest()


def fields_of_json(table: WireTable, body: bytes) -> frozenset[str]:
    """Field names in a JSON reply of ours, by the reply schema's table; refuses what the schema does not name."""
    try:
        found = list(locate_by(table, "body:", _load_json(body))) if body else []
    except (ValueError, RecursionError) as error:
        raise ExposureUndeclared("the body is not application/json") from error
    return table.read(found)


def locate_by(table: WireTable, prefix: str, value: JsonValue) -> Iterator[Located]:
    """``locate_json``, but a text of the form that the table declares at its place stays one value, also if it reads as JSON."""
    if isinstance(value, str) and table.holds(Located(prefix, value)):
        yield Located(prefix, value)
    elif isinstance(value, dict) and value and len(prefix) <= MAX_PATH:
        for key, item in value.items():
            yield from locate_by(table, _step(prefix, key), item)
    elif isinstance(value, list) and value and len(prefix) <= MAX_PATH:
        for item in value:
            yield from locate_by(table, f"{prefix}[]", item)
    else:
        yield from locate_json(prefix, value)


def merge_concerned(*groups: Sequence[UUID]) -> tuple[UUID, ...]:
    """All persons of several groups, each once, in order."""
    return tuple(dict.fromkeys(chain for group in groups for chain in group))
