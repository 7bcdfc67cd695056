"""Between our words and a back end's, by a mapping: values become a request, a reply becomes a result or an error.

Pure: bytes, sockets and secrets are the connectors' (``adapters/backends``). A refusal is believed only from a reply that has
the agreed shape and repeats what it must repeat; everything else is doubt, and doubt about a write is an unknown outcome.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from config.back_end_schema import UNKNOWN_OUTCOME
from config.shapes import check_shape
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused
from services.expressions import Expression, ValueUntranslatable
from services.mapping import BackEndSpec, Echo, Operation
from services.model import JsonValue
from services.reply_shape import ReplyUnacceptable, require_reply

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
UNWRITABLE = "unwritable_value"
"""The error name for a value that cannot be written as the back end wants it. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is bytes: ``path`` with values put in and percent-encoded, ``document`` for the body or None.

    ``given`` is everything that the mapping could use, kept for comparing it with what the reply repeats.
    """

    path: str
    document: dict[str, JsonValue] | None
    given: Mapping[str, JsonValue]


def build_request(
    operation: Operation,
    values: Mapping[str, JsonValue],
    *,
    call_id: str,
    now: datetime,
    options: Mapping[str, str],
) -> Request:
    """Translate values into a request. Raises ``BackEndRefused("unwritable_value")``; ``ValueError`` if a value was not given."""
    absent = sorted(operation.takes - values.keys())
    if absent:
        raise ValueError(f"{operation.name} also takes {', '.join(absent)}")
    given: dict[str, JsonValue] = {name: _make_plain(value) for name, value in values.items()}
    given |= {"call_id": call_id, "now": now.isoformat(), "options": dict(options)}
    path = PLACEHOLDER.sub(lambda found: _write_part(given[found.group(1)]), operation.path)
    if operation.request is None:
        return Request(path, None, given)
    try:
        document = operation.request.search(given)
    except ValueUntranslatable:
        raise BackEndRefused(UNWRITABLE) from None
    if not isinstance(document, dict) or _holds_nothing(document):
        raise BackEndRefused(UNWRITABLE)
    return Request(path, document, given)


def read_reply(spec: BackEndSpec, operation: Operation, request: Request, status: int, body: JsonValue) -> JsonValue:
    """Translate a parsed reply into the operation's result.

    Raises ``BackEndRefused`` with the mapping's error name, ``BackEndOutcomeUnknown`` for an answer from which nobody can tell
    what happened, ``BackEndGarbled`` for one that is not as agreed.
    """
    reply: dict[str, JsonValue] = {"status": status, "body": body}
    try:
        _require_echo(spec.echo, reply, request)
        if spec.success.search(reply) is True:
            require_reply(operation.reply, body)
            _require_echo(operation.echo, reply, request)
            return _shape_result(operation, operation.response, reply)
        return _explain_refusal(operation, reply, spec.error.search(reply))
    except (ReplyUnacceptable, ValueUntranslatable) as fault:
        raise BackEndGarbled(f"{spec.name}, {operation.name}: {fault}") from None


def _explain_refusal(operation: Operation, reply: JsonValue, code: JsonValue) -> JsonValue:
    reason = operation.errors.get(code) if isinstance(code, str) else None
    if reason is None:
        raise ReplyUnacceptable("neither a success nor an error that the mapping knows")
    if reason in operation.instead:
        return _shape_result(operation, operation.instead[reason], reply)
    if reason == UNKNOWN_OUTCOME or (operation.writes and reason == "system"):
        raise BackEndOutcomeUnknown(f"{operation.name}: an error that leaves open what happened")
    raise BackEndRefused(reason)


def _shape_result(operation: Operation, response: Expression, reply: JsonValue) -> JsonValue:
    result = response.search(reply)
    for mismatch in check_shape(operation.gives, result):
        raise ReplyUnacceptable(f"the result is not as agreed: {mismatch.place_found}")
    return result


def _require_echo(echoes: tuple[Echo, ...], reply: JsonValue, request: Request) -> None:
    told = {**request.given, "sent": request.document}
    for echo in echoes:
        said, expected = echo.reply.search(reply), echo.expected.search(told)
        if expected is None or type(said) is not type(expected) or said != expected:
            raise ReplyUnacceptable(f"{echo.reply.source} does not repeat {echo.expected.source}")


def _write_part(value: JsonValue) -> str:
    """One value inside a path or query. A dot segment would climb, an empty one would be another address."""
    if not isinstance(value, str) or value in {"", ".", ".."}:
        raise BackEndRefused(UNWRITABLE)
    try:
        return quote(value, safe="", errors="strict")
    except UnicodeEncodeError:
        raise BackEndRefused(UNWRITABLE) from None


def _make_plain(value: JsonValue) -> JsonValue:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str | int):
        return value
    raise ValueError("a value of a request is a text, a whole number, a date or a moment")


def _holds_nothing(value: JsonValue) -> bool:
    """Whether null stands anywhere in a request."""
    if isinstance(value, dict):
        return any(_holds_nothing(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_nothing(item) for item in value)
    return value is None
