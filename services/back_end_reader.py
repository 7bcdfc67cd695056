"""The back ends of a mapping: its own with the operations of its kind, and further ones that single calls go to.

Every expression is compiled and every request tried with example values (``services/request_trial.py``): a mapping that would fail at
a citizen's first request fails here instead, with its path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from config.mapping_schema import OperationShape
from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.connector_rules import find_connection_misfits
from services.expression_reader import ExpressionReader
from services.mapping import Authentication, BackEndSpec, Operation
from services.operation_reader import Connection, OperationReader, ReplySupply
from services.request_trial import try_log_in, try_operation

OF_AUTHENTICATION = ("request", "token", "expires_in")
"""Keys of an authentication that are expressions."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rest of a mapping asks of its back ends: the operations that its kind may have, those that it needs, and those whose
    values or results hold money.
    """

    kind: str
    shapes: Sequence[Mapping[str, OperationShape]]
    needed: tuple[str, ...]
    money: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BackEnds:
    """The back ends of one mapping, read: its own, and further ones by name."""

    own: BackEndSpec
    further: Mapping[str, BackEndSpec]


def read_back_ends(
    value: Mapping[str, Any], asked: Asked, reader: ExpressionReader, supply: ReplySupply | None = None
) -> BackEnds | None:
    """``back_end`` and ``further_back_ends`` that have their shape, compiled; None with every reason why not in the reader."""
    connections = list_connections(value)
    for connection in connections:
        lines = connection.value["name"] in _list_answering_lines(value)
        reader.mismatches.extend(find_connection_misfits(connection.path, connection.value, lines=lines))
    reader.mismatches.extend(_find_names_twice(connections))
    named = {connection.value["name"]: connection for connection in reversed(connections)}
    operations = _read_operations(
        OperationReader(reader, named, value["back_end"]["name"], asked.money, supply), value, asked
    )
    specs = [_read_connection(reader, connection) for connection in connections]
    if reader.mismatches:
        return None
    own = replace(specs[0], operations=operations)
    for connection, spec in zip(connections, specs, strict=True):
        reader.mismatches.extend(try_log_in(f"{connection.path}.authentication", spec.authentication.request))
    reader.mismatches.extend(_try_operations(own, {spec.name: spec for spec in specs}, asked))
    return None if reader.mismatches else BackEnds(own, {spec.name: spec for spec in specs[1:]})


def list_connections(value: Mapping[str, Any]) -> list[Connection]:
    """Every back end of a mapping as written, its own first."""
    further = value.get("further_back_ends", [])
    return [
        Connection("back_end", value["back_end"]),
        *(Connection(f"further_back_ends[{index}]", entry) for index, entry in enumerate(further)),
    ]


def list_units(value: Mapping[str, Any]) -> dict[str, str]:
    """The unit of money of every back end by its path; empty where it states none."""
    return {connection.path: connection.value.get("unit", "") for connection in list_connections(value)}


def _list_answering_lines(value: Mapping[str, Any]) -> frozenset[str]:
    """The back ends of which some call reads lines, where another encoding than that of JSON makes sense."""
    own = value["back_end"]["name"]
    entries = [
        (entry, call) for entry in value["back_end"]["operations"].values() for call in entry.get("calls", [entry])
    ]
    return frozenset(
        call.get("at", entry.get("at", own)) for entry, call in entries if call.get("format", "json") != "json"
    )


def _find_names_twice(connections: list[Connection]) -> Iterator[Mismatch]:
    seen: set[str] = set()
    for connection in connections:
        if connection.value["name"] in seen:
            yield Mismatch(f"{connection.path}.name", "a name that another back end has", "a name of its own")
        seen.add(connection.value["name"])


def _read_operations(operation_reader: OperationReader, value: Mapping[str, Any], asked: Asked) -> dict[str, Operation]:
    found, shapes = value["back_end"]["operations"], asked.shapes[0]
    report = operation_reader.reader.mismatches.append
    for name in asked.needed:
        if name not in found:
            report(Mismatch(f"back_end.operations.{name}", "nothing", f"this operation (kind {asked.kind})"))
    for name in found:
        if name not in shapes:
            near = nearest_name(name, shapes)
            report(Mismatch(f"back_end.operations.{name}", "an unknown operation", "one of " + ", ".join(shapes), near))
    return {name: operation_reader.read(name, entry, shapes[name]) for name, entry in found.items() if name in shapes}


def _read_connection(reader: ExpressionReader, connection: Connection) -> BackEndSpec:
    value, path = connection.value, connection.path

    def compiled(key: str) -> Any:
        return reader.compile(f"{path}.{key}", value[key], path) if key in value else None

    return BackEndSpec(
        name=value["name"],
        connector=value["connector"],
        unit=value.get("unit", ""),
        encoding=value.get("encoding", "UTF-8"),
        authentication=_read_authentication(reader, connection),
        success=compiled("success"),
        error=compiled("error"),
        echo=reader.read_echo(f"{path}.echo", value.get("echo", {}), path),
        operations={},
        path=value.get("path", ""),
        root=value.get("root", ""),
        reply_root=value.get("reply_root", ""),
        errors=value.get("errors", {}),
        openapi=value.get("openapi", ""),
        wsdl=value.get("wsdl", ""),
        service=value.get("service", ""),
        port=value.get("port", ""),
        bus=value.get("bus", ""),
        test_back_end=value.get("test_back_end", ""),
    )


def _read_authentication(reader: ExpressionReader, connection: Connection) -> Authentication:
    value, path = connection.value["authentication"], f"{connection.path}.authentication"
    plain: dict[str, Any] = {key: text for key, text in value.items() if key not in OF_AUTHENTICATION}
    compiled: dict[str, Any] = {
        key: reader.compile(f"{path}.{key}", value[key], connection.path) for key in OF_AUTHENTICATION if key in value
    }
    return Authentication(**plain, **compiled)


def _try_operations(own: BackEndSpec, specs: Mapping[str, BackEndSpec], asked: Asked) -> Iterator[Mismatch]:
    """Each request with all inputs, and with those only that a citizen must enter; a fault of both is told once."""
    told: set[tuple[str, str]] = set()
    for shapes in asked.shapes:
        for name, operation in own.operations.items():
            path = f"back_end.operations.{name}"
            for found in try_operation(path, operation, shapes[name].takes, specs):
                if (found.path, found.found) not in told:
                    told.add((found.path, found.found))
                    yield found
