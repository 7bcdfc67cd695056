"""The ``back_end`` block of a mapping: every expression compiled, every request tried with example values, at load.

A mapping that would fail at a citizen's first request fails here instead, with its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from config.mapping_schema import OPERATIONS_OF_KIND, WRITES, OperationShape
from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.expressions import Expression, ExpressionFault, ValueUntranslatable, compile_expression
from services.mapping import Authentication, BackEndSpec, Echo, Operation
from services.model import JsonValue
from services.reply_shape import ReplyNode, plant_reply

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
OWN_VALUES: Mapping[str, JsonValue] = {
    "call_id": "0198c5f0-a1b2-7c3d-9e8f-0a1b2c3d4e5f",
    "now": "2026-12-01T08:00:00+08:00",
}
"""What every request may use beside the values that its operation takes, with examples: the number of this call, the
moment, and ``options`` of the back end's address (any name: they are bound per environment)."""


class _AnyOption(Mapping[str, str]):
    """Stands for the options of an environment that is not known when a mapping is read: every name gives a text."""

    def __getitem__(self, key: str) -> str:
        return f"option-{key}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def read_back_end(value: Mapping[str, Any], kind: str) -> tuple[BackEndSpec | None, list[Mismatch]]:
    """A back end that has its shape, with compiled expressions; or every reason why not."""
    reader = _Reader(value["unit"])
    operations = _read_operations(reader, value, OPERATIONS_OF_KIND.get(kind, {}), kind)
    spec = BackEndSpec(
        name=value["name"],
        connector=value["connector"],
        unit=value["unit"],
        encoding=value.get("encoding", "UTF-8"),
        authentication=Authentication(**value["authentication"]),
        success=reader.compile("back_end.success", value["success"]),
        error=reader.compile("back_end.error", value["error"]),
        echo=reader.read_echo("back_end.echo", value.get("echo", {})),
        operations=operations,
        path=value.get("path", ""),
        root=value.get("root", ""),
        reply_root=value.get("reply_root", ""),
    )
    reader.mismatches.extend(_find_connector_misfits(value))
    if reader.mismatches:
        return None, reader.mismatches
    for name, operation in operations.items():
        takes = OPERATIONS_OF_KIND[kind][name].takes
        reader.mismatches.extend(_try_request(f"back_end.operations.{name}", operation, takes))
    return (None if reader.mismatches else spec), reader.mismatches


class _Reader:
    """Compiles expressions and keeps what does not compile."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._nothing = compile_expression("`null`", unit)
        self.mismatches: list[Mismatch] = []

    def compile(self, path: str, source: str) -> Expression:
        try:
            return compile_expression(source, self._unit)
        except ExpressionFault as fault:
            self.mismatches.append(Mismatch(path, str(fault), "a JMESPath expression"))
            return self._nothing

    def read_reply(self, path: str, paths: list[str]) -> ReplyNode:
        try:
            return plant_reply(paths)
        except ValueError as fault:
            self.mismatches.append(Mismatch(path, str(fault), "each place once"))
            return ReplyNode()

    def read_echo(self, path: str, value: Mapping[str, str]) -> tuple[Echo, ...]:
        return tuple(
            Echo(self.compile(f"{path}.{reply}", reply), self.compile(f"{path}.{reply}", expected))
            for reply, expected in value.items()
        )


def _read_operations(
    reader: _Reader, value: Mapping[str, Any], shapes: Mapping[str, OperationShape], kind: str
) -> dict[str, Operation]:
    found = value["operations"]
    for name in shapes:
        if name not in found:
            reader.mismatches.append(
                Mismatch(f"back_end.operations.{name}", "nothing", f"this operation (kind {kind})")
            )
    for name in found:
        if name not in shapes:
            expected = "one of " + ", ".join(shapes) if shapes else f"no operation (kind {kind} has none yet)"
            near = nearest_name(name, shapes)
            reader.mismatches.append(Mismatch(f"back_end.operations.{name}", "an unknown operation", expected, near))
    return {
        name: _read_operation(reader, name, entry, value, shapes[name])
        for name, entry in found.items()
        if name in shapes
    }


def _read_operation(
    reader: _Reader, name: str, entry: Mapping[str, Any], value: Mapping[str, Any], shape: OperationShape
) -> Operation:
    path = f"back_end.operations.{name}"
    if name in WRITES and entry["mode"] != "write":
        reader.mismatches.append(Mismatch(f"{path}.mode", "read", "write: this operation changes something"))
    if entry["mode"] == "write" and entry.get("idempotent_by") not in shape.takes:
        expected = "the value by which a repetition is recognised: one of " + ", ".join(shape.takes)
        reader.mismatches.append(Mismatch(f"{path}.idempotent_by", "nothing of that name", expected))
    instead = entry.get("instead", {})
    return Operation(
        name=name,
        writes=entry["mode"] == "write",
        timeout_seconds=entry.get("timeout_seconds", value["timeout_seconds"]),
        method=entry.get("method", "POST"),
        path=entry.get("path", value.get("path", "")),
        request=reader.compile(f"{path}.request", entry["request"]) if "request" in entry else None,
        reply=reader.read_reply(f"{path}.reply", entry["reply"]),
        response=reader.compile(f"{path}.response", entry["response"]),
        echo=reader.read_echo(f"{path}.echo", entry.get("echo", {})),
        errors={**value["errors"], **entry.get("errors", {})},
        instead={reason: reader.compile(f"{path}.instead.{reason}", text) for reason, text in instead.items()},
        takes=frozenset(shape.takes),
        gives=shape.gives,
        idempotent_by=entry.get("idempotent_by"),
    )


def _find_connector_misfits(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Keys that belong to the other connector, and keys that this one needs."""
    xml = value["connector"] == "xml"
    for key in ("path", "root", "reply_root"):
        if xml and key not in value:
            yield Mismatch(f"back_end.{key}", "nothing", "this key (connector xml)")
        if not xml and key in value:
            yield Mismatch(f"back_end.{key}", "this key", "no such key (connector rest)")
    if not xml and value.get("encoding", "UTF-8") != "UTF-8":
        yield Mismatch("back_end.encoding", "another encoding", "UTF-8: JSON has no other (RFC 8259)")
    for name, entry in value["operations"].items():
        yield from _find_operation_misfits(f"back_end.operations.{name}", entry, xml=xml)
    yield from _find_authentication_misfits(value["authentication"])


def _find_operation_misfits(path: str, entry: Mapping[str, Any], *, xml: bool) -> Iterator[Mismatch]:
    for key in ("method", "path"):
        if xml and key in entry:
            yield Mismatch(f"{path}.{key}", "this key", "no such key (connector xml)")
        if not xml and key not in entry:
            yield Mismatch(f"{path}.{key}", "nothing", "this key (connector rest)")
    if xml and "request" not in entry:
        yield Mismatch(f"{path}.request", "nothing", "this key (connector xml)")
    if entry.get("method") == "GET" and ("request" in entry or entry["mode"] == "write"):
        yield Mismatch(f"{path}.method", "GET", "another method for a request with a body or an effect")


def _find_authentication_misfits(authentication: Mapping[str, str]) -> Iterator[Mismatch]:
    needed = {"none": (), "bearer": ("secret",), "hmac-sha256": ("secret", "header")}[authentication["scheme"]]
    for key in ("secret", "header"):
        if key in needed and key not in authentication:
            yield Mismatch(f"back_end.authentication.{key}", "nothing", "this key")
        if key not in needed and key in authentication:
            yield Mismatch(f"back_end.authentication.{key}", "this key", "no such key with this scheme")


def _try_request(path: str, operation: Operation, takes: Mapping[str, JsonValue]) -> Iterator[Mismatch]:
    """Build the request from example values: a name that does not exist gives null, and null is never sent."""
    for name in PLACEHOLDER.findall(operation.path):
        if name not in takes:
            expected = "one of " + ", ".join(takes)
            yield Mismatch(f"{path}.path", "an unknown value in braces", expected, nearest_name(name, takes))
    if re.search(r"[{}]", PLACEHOLDER.sub("", operation.path)):
        yield Mismatch(f"{path}.path", "braces that are not a name", "{name}")
    if operation.request is None:
        return
    try:
        document = operation.request.search({**takes, **OWN_VALUES, "options": _AnyOption()})
    except ValueUntranslatable as fault:
        yield Mismatch(f"{path}.request", str(fault), "an expression that fits the values it uses")
        return
    if not isinstance(document, dict):
        yield Mismatch(f"{path}.request", "no table", "a request with named parts")
        return
    for place in find_nulls(document, ""):
        expected = "values that this operation takes: " + ", ".join([*takes, *OWN_VALUES, "options"])
        yield Mismatch(f"{path}.request", f"nothing for {place}", expected)


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
