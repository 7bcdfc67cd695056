"""Which calls of a draft one person alone may make at the addresses in force.

What a mapping calls a read is a claim of its author: a POST may close an account. Until a second person has agreed to it, by publishing
it, such a call is made at a declared test address. Safe by themselves are a GET (RFC 9110, section 9.2.1) and a statement in a read-only
transaction, at a back end whose log-in is no POST of the draft's own making.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.mapping import BackEndSpec, Call, Operation, ServiceMapping

LOGGING_IN = frozenset({"login", "client-credentials"})
"""Schemes that post to a path of the mapping's before the call."""


def list_doubtful(draft: ServiceMapping, agreed: ServiceMapping | None, operation: Operation) -> tuple[Call, ...]:
    """The calls that may change something, as far as anybody but the draft's author knows. ``agreed``: the version in force, if any."""
    same = agreed is not None and _is_agreed(draft, agreed, operation)
    return tuple(
        call
        for call in operation.calls
        if call.writes or not (same or _is_safe(draft.connections()[call.back_end], call))
    )


def asks_the_same(draft: ServiceMapping, agreed: ServiceMapping | None) -> bool:
    """Whether a draft asks its back ends for nothing that the version in force, of the same kind, does not ask for in the same words."""
    return (
        agreed is not None
        and draft.kind == agreed.kind
        and all(_is_agreed(draft, agreed, operation) for operation in draft.back_end.operations.values())
    )


def _is_safe(spec: BackEndSpec, call: Call) -> bool:
    if spec.connector == "sql":
        return True
    return spec.connector == "rest" and call.method == "GET" and spec.authentication.scheme not in LOGGING_IN


def _is_agreed(draft: ServiceMapping, agreed: ServiceMapping, operation: Operation) -> bool:
    """Whether the version in force has this very operation, with its back ends, as written."""
    if draft.agency != agreed.agency or _operation(draft, operation.name) != _operation(agreed, operation.name):
        return False
    names = {call.back_end for call in operation.calls}
    mine, theirs = _connections(draft), _connections(agreed)
    return draft.documents == agreed.documents and all(mine[name] == theirs.get(name) for name in names)


def _operation(mapping: ServiceMapping, name: str) -> Any:
    back_end: Any = mapping.raw["back_end"]
    return back_end["operations"].get(name)


def _connections(mapping: ServiceMapping) -> dict[str, Mapping[str, Any]]:
    """Each back end as written, without operations."""
    raw: Any = mapping.raw
    return {
        entry["name"]: {key: value for key, value in entry.items() if key != "operations"}
        for entry in (raw["back_end"], *raw.get("further_back_ends", ()))
    }
