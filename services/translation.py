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
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused
from services.expressions import ValueUntranslatable
from services.mapping import BackEndSpec, Call, Echo, Operation
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
    call: Call,
    values: Mapping[str, JsonValue],
    *,
    call_id: str,
    now: datetime,
    options: Mapping[str, str],
    results: Mapping[str, JsonValue] | None = None,
    page: JsonValue = None,
) -> Request:
    """Translate values into the request of one call of an operation.

    ``results`` are those of the calls before, by name; ``page`` is given to a call with pages; ``options`` are those of the address to
    which this call goes. Raises ``BackEndRefused("unwritable_value")``; ``ValueError`` if a value was not given.
    """
    absent = sorted(operation.takes - values.keys())
    if absent:
        raise ValueError(f"{operation.name} also takes {', '.join(absent)}")
    given: dict[str, JsonValue] = make_plain(values)
    given |= {"call_id": call_id, "now": now.isoformat(), "options": options, "results": dict(results or {})}
    if call.pages is not None:
        given["page"] = page
    try:
        given |= {name: expression.search(given) for name, expression in call.values.items()}
        document = call.request.search(given) if call.request else None
    except ValueUntranslatable:
        raise BackEndRefused(UNWRITABLE) from None
    parts = {**given, "page": str(page)} if call.pages is not None else given
    path = PLACEHOLDER.sub(lambda found: _write_part(parts.get(found.group(1))), call.path)
    if call.request is None:
        return Request(path, None, given)
    if not isinstance(document, dict) or _holds_nothing(document):
        raise BackEndRefused(UNWRITABLE)
    return Request(path, document, given)


def read_reply(spec: BackEndSpec, call: Call, request: Request, reply: Mapping[str, JsonValue]) -> JsonValue:
    """Translate a parsed reply into the call's result; ``services/chaining.py`` makes the operation's result of those.

    ``reply`` is ``{"status": …, "body": …}``, for SOAP with ``"fault": {"code": …, "text": …}`` or None.
    Raises ``BackEndRefused`` with the mapping's error name, ``BackEndOutcomeUnknown`` for an answer from which nobody can tell
    what happened, ``BackEndGarbled`` for one that is not as agreed.
    """
    said = dict(reply)
    try:
        _require_echo(spec.echo, said, request)
        if is_success(spec, said):
            require_reply(call.reply, said.get("body"))
            _require_echo(call.echo, said, request)
            return call.response.search(said)
        return _explain_refusal(call, said, _find_code(spec, said))
    except (ReplyUnacceptable, ValueUntranslatable) as fault:
        raise BackEndGarbled(f"{spec.name}, {call.name}: {fault}") from None


def is_success(spec: BackEndSpec, reply: Mapping[str, JsonValue]) -> bool:
    """Whether a reply says yes; one that says no may still have a result in its place (``instead``)."""
    if spec.success is not None:
        return spec.success.search(dict(reply)) is True
    return reply.get("fault") is None


def _find_code(spec: BackEndSpec, reply: dict[str, JsonValue]) -> JsonValue:
    if spec.error is not None:
        return spec.error.search(reply)
    fault = reply.get("fault")
    return fault.get("code") if isinstance(fault, dict) else None


def _explain_refusal(call: Call, reply: JsonValue, code: JsonValue) -> JsonValue:
    reason = call.errors.get(code) if isinstance(code, str) else None
    if reason is None:
        raise ReplyUnacceptable("neither a success nor an error that the mapping knows")
    if reason in call.instead:
        return call.instead[reason].search(reply)
    if reason == UNKNOWN_OUTCOME or (call.writes and reason == "system"):
        raise BackEndOutcomeUnknown(f"{call.name}: an error that leaves open what happened")
    raise BackEndRefused(reason)


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


def make_plain(value: JsonValue) -> JsonValue:
    """Values as JMESPath knows them. Raises ``ValueError`` for what is no text, number, flag, date, moment, table or list of these."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: make_plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [make_plain(item) for item in value]
    raise ValueError("a value of a request is a text, a whole number, a date or a moment")


def _holds_nothing(value: JsonValue) -> bool:
    """Whether null stands anywhere in a request."""
    if isinstance(value, dict):
        return any(_holds_nothing(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_nothing(item) for item in value)
    return value is None
