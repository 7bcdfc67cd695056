"""Every request of a mapping, built once from example values when the mapping is read.

A name that does not exist gives null, and null is never sent: what would fail at a citizen's first request fails here, with its path.
What depends on the result of an earlier call of a chain is not known yet and is left out of the trial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.expression_reader import find_results_named
from services.expressions import Expression, ValueUntranslatable, leave_out, mentions
from services.mapping import BackEndSpec, Call, Echo, Operation
from services.model import JsonValue
from services.statement_rules import find_statement_faults
from services.translation import PLACEHOLDER

OWN_VALUES: Mapping[str, JsonValue] = {
    "call_id": "0198c5f0-a1b2-7c3d-9e8f-0a1b2c3d4e5f",
    "now": "2026-12-01T08:00:00+08:00",
}
"""What every request may use beside the values that its operation takes, with examples: the number of this call, the
moment, and ``options`` of the back end's address (any name: they are bound per environment)."""
UNTOLD = frozenset({"results"})


class AnyOption(Mapping[str, str]):
    """Stands for the options of an environment that is not known when a mapping is read: every name gives a text."""

    def __getitem__(self, key: str) -> str:
        return f"option-{key}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A call in the file: its path, the names that it may use, and which calls went before."""

    path: str
    given: Mapping[str, Any]
    before: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return ", ".join([*self.given, *(["results"] if self.before else [])])


def try_operation(
    path: str, operation: Operation, takes: Mapping[str, JsonValue], back_ends: Mapping[str, BackEndSpec]
) -> Iterator[Mismatch]:
    """What is wrong with the requests of one operation; ``path`` is its place, ``back_ends`` are those of the mapping by name."""
    alone = len(operation.calls) == 1 and operation.calls[0].name == operation.name
    before: tuple[str, ...] = ()
    for index, call in enumerate(operation.calls):
        given = {**takes, **OWN_VALUES, "options": AnyOption()}
        if call.pages is not None:
            given["page"] = call.pages.first
        place = _Place(path if alone else f"{path}.calls[{index}]", given, before)
        yield from _try_call(place, call, back_ends[call.back_end].echo)
        before = (*before, call.name)
    if operation.response is not None:
        yield from _find_unknown_results(f"{path}.response", operation.response, before)


def try_log_in(path: str, request: Expression | None) -> Iterator[Mismatch]:
    """What is wrong with the request that fetches a token; it may use ``user``, ``secret``, ``options`` and ``call_id``."""
    if request is not None:
        given = {"user": "user", "secret": "value", "call_id": OWN_VALUES["call_id"], "options": AnyOption()}
        yield from _try_request(_Place(path, given, ()), request, {})


def _try_call(place: _Place, call: Call, echo: tuple[Echo, ...]) -> Iterator[Mismatch]:
    expressions = [(f"values.{name}", expression) for name, expression in call.values.items()]
    expressions += [("request", call.request)] if call.request else []
    for key, expression in expressions:
        yield from _find_unknown_results(f"{place.path}.{key}", expression, place.before)
    made: dict[str, JsonValue] = {}
    for name, expression in call.values.items():
        if name in place.given:
            yield Mismatch(f"{place.path}.values.{name}", "a name that is given already", "a name of its own")
        made[name] = "made-of-results"
        if not mentions(expression.parsed.parsed, UNTOLD):
            yield from _find_faults_of_value(place, f"values.{name}", expression, made, name)
    inner = _Place(place.path, {**place.given, **made}, place.before)
    yield from _find_path_faults(inner, call)
    document: dict[str, Any] = {}
    if call.request is not None:
        yield from _try_request(inner, call.request, document)
    if call.statement:
        bound = _names_bound(call.request)
        yield from find_statement_faults(f"{place.path}.statement", call.statement, bound)
    yield from _try_echo(inner, call.echo, document)
    yield from _try_echo(_Place("back_end", inner.given, inner.before), echo, document)


def _find_faults_of_value(
    place: _Place, key: str, expression: Expression, made: dict[str, JsonValue], name: str
) -> Iterator[Mismatch]:
    try:
        made[name] = expression.search({**place.given, **made})
    except ValueUntranslatable as fault:
        yield Mismatch(f"{place.path}.{key}", str(fault), "an expression that fits the values it uses")
        return
    if made[name] is None:
        yield Mismatch(f"{place.path}.{key}", "nothing", f"values that this operation takes: {place.allowed}")


def _find_path_faults(place: _Place, call: Call) -> Iterator[Mismatch]:
    for name in PLACEHOLDER.findall(call.path):
        if name not in place.given:
            expected = "one of " + ", ".join(place.given)
            near = nearest_name(name, place.given)
            yield Mismatch(f"{place.path}.path", "an unknown value in braces", expected, near)
        elif isinstance(place.given[name], dict | list | AnyOption):
            yield Mismatch(f"{place.path}.path", "a table in braces", "one value: make it with `values`")
    if re.search(r"[{}]", PLACEHOLDER.sub("", call.path)):
        yield Mismatch(f"{place.path}.path", "braces that are not a name", "{name}")


def _try_request(place: _Place, request: Expression, document: dict[str, Any]) -> Iterator[Mismatch]:
    """Build the request from example values, into ``document``."""
    told = leave_out(request, UNTOLD)
    if told is None:
        return
    try:
        found = told.search(dict(place.given))
    except ValueUntranslatable as fault:
        yield Mismatch(f"{place.path}.request", str(fault), "an expression that fits the values it uses")
        return
    if not isinstance(found, dict):
        yield Mismatch(f"{place.path}.request", "no table", "a request with named parts")
        return
    document.update(found)
    for name in find_nulls(found, ""):
        yield Mismatch(
            f"{place.path}.request", f"nothing for {name}", f"values that this operation takes: {place.allowed}"
        )


def _try_echo(place: _Place, echoes: tuple[Echo, ...], document: dict[str, Any]) -> Iterator[Mismatch]:
    """What a reply must repeat is something that we have: else no reply would ever be believed."""
    told = {**place.given, "sent": document}
    for echo in echoes:
        if mentions(echo.expected.parsed.parsed, UNTOLD):
            continue
        try:
            fault = "" if echo.expected.search(told) is not None else f"nothing for {echo.expected.source}"
        except ValueUntranslatable as untranslatable:
            fault = str(untranslatable)
        if fault:
            yield Mismatch(f"{place.path}.echo", fault, f"values that this operation takes: {place.allowed}, sent")


def _find_unknown_results(path: str, expression: Expression, before: tuple[str, ...]) -> Iterator[Mismatch]:
    for name in find_results_named(expression):
        if name not in before:
            expected = "a call before this one: " + ", ".join(before or ("(none)",))
            yield Mismatch(path, f"results.{name}", expected, nearest_name(name, before))


def _names_bound(request: Expression | None) -> frozenset[str] | None:
    """The parameters that a request gives to a statement; None if that cannot be told from its form."""
    if request is None:
        return frozenset()
    parsed = request.parsed.parsed
    if parsed.get("type") != "multi_select_dict":
        return None
    return frozenset(pair["value"] for pair in parsed["children"])


def find_nulls(value: JsonValue, path: str) -> Iterator[str]:
    """Paths of null inside a request."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from find_nulls(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from find_nulls(item, f"{path}[]")
