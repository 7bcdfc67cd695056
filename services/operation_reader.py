"""The operations of a mapping: each one call written directly, or a chain of named calls, with every expression compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.mapping_schema import WRITES, OperationShape
from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.connector_rules import find_call_misfits
from services.expression_reader import ExpressionReader
from services.mapping import Call, Operation, Pages
from services.reply_shape import ReplyNode

BESIDE_CALLS = frozenset({"mode", "calls", "response", "idempotent_by", "errors", "timeout_seconds", "at"})
"""Keys of an operation that has ``calls``; ``errors``, ``timeout_seconds`` and ``at`` are then those of each call without its own."""
OF_OPERATION = ("mode", "idempotent_by", "calls")


@dataclass(frozen=True, slots=True)
class Connection:
    """One back end of a mapping as written: its path in the file and its keys."""

    path: str
    value: Mapping[str, Any]


ReplySupply = Callable[[str, Mapping[str, Any], Connection], ReplyNode | None]
"""Gives the shape of a reply that the mapping leaves out, from a document that it refers to; None if there is none."""


@dataclass(frozen=True, slots=True)
class OperationReader:
    """Reads operations of one mapping.

    ``connections`` by name, ``own`` that of the mapping; ``money``: operations in whose values or result money stands, so that their
    last back end must state its unit; ``supply`` gives a shape for a reply that the mapping leaves out.
    """

    reader: ExpressionReader
    connections: Mapping[str, Connection]
    own: str
    money: frozenset[str] = frozenset()
    supply: ReplySupply | None = None

    def read(self, name: str, entry: Mapping[str, Any], shape: OperationShape) -> Operation:
        """One operation that has its shape; faults are left with the expression reader."""
        path = f"back_end.operations.{name}"
        writes = entry["mode"] == "write"
        self._report(_find_mode_misfits(path, name, entry, shape))
        entries = self._split(path, name, entry)
        calls = tuple(
            self._read_call(place, call, entry, writes=writes and index == len(entries) - 1)
            for index, (place, call) in enumerate(entries)
        )
        if name in self.money:
            self.reader.require_unit(self.connections[calls[-1].back_end].path, f"{name} speaks of money")
        response = None
        if "calls" in entry and "response" in entry:
            response = self.reader.compile(f"{path}.response", entry["response"])
        takes, by = frozenset(shape.takes), entry.get("idempotent_by")
        return Operation(name, writes, calls, response, takes, shape.gives, by)

    def _split(self, path: str, name: str, entry: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
        if "calls" not in entry:
            own = {key: value for key, value in entry.items() if key not in OF_OPERATION}
            if "response" not in entry:
                self.reader.mismatches.append(Mismatch(f"{path}.response", "nothing", "this key, or `calls`"))
            return [(path, {"name": name, "response": "`null`", **own})]
        self._report(_find_chain_misfits(path, entry))
        return [(f"{path}.calls[{index}]", call) for index, call in enumerate(entry["calls"])]

    def _read_call(self, path: str, call: Mapping[str, Any], entry: Mapping[str, Any], *, writes: bool) -> Call:
        name = call.get("at", entry.get("at", self.own))
        if name not in self.connections:
            near = nearest_name(name, self.connections)
            self.reader.mismatches.append(
                Mismatch(f"{path}.at", "an unknown back end", "one of further_back_ends", near)
            )
            name = self.own
        connection = self.connections[name]
        self._report(find_call_misfits(path, call, connection.value["connector"], writes=writes))
        reply = self._read_reply(path, call, connection)
        return self._compile_call(path, call, entry, connection, reply, writes=writes)

    def _compile_call(
        self,
        path: str,
        call: Mapping[str, Any],
        entry: Mapping[str, Any],
        connection: Connection,
        reply: ReplyNode,
        *,
        writes: bool,
    ) -> Call:
        at, given = connection.path, connection.value
        compiled = self.reader.compile
        response = compiled(f"{path}.response", call["response"], at)
        self.reader.require_names(f"{path}.response", response, reply)
        return Call(
            name=call["name"],
            back_end=given["name"],
            writes=writes,
            timeout_seconds=call.get("timeout_seconds", entry.get("timeout_seconds", given["timeout_seconds"])),
            reply=reply,
            response=response,
            request=compiled(f"{path}.request", call["request"], at) if "request" in call else None,
            values=self.reader.compile_table(f"{path}.values", call.get("values", {}), at),
            method=call.get("method", "POST"),
            path=call.get("path", given.get("path", "")),
            action=call.get("action", ""),
            statement=call.get("statement", ""),
            format=call.get("format", "json"),
            columns=tuple(call.get("columns", ())),
            echo=self.reader.read_echo(f"{path}.echo", call.get("echo", {}), at),
            errors={**given.get("errors", {}), **entry.get("errors", {}), **call.get("errors", {})},
            instead=self.reader.compile_table(f"{path}.instead", call.get("instead", {}), at),
            pages=self._read_pages(f"{path}.pages", call["pages"], at) if "pages" in call else None,
        )

    def _read_reply(self, path: str, call: Mapping[str, Any], connection: Connection) -> ReplyNode:
        places = call.get("reply")
        if places is None and "columns" in call:
            places = [f"rows[].{column}" for column in call["columns"]]
        supplied = self.supply(path, call, connection) if self.supply is not None else None
        if places is not None:
            return self.reader.read_reply(f"{path}.reply", places)
        if supplied is not None:
            return supplied
        self.reader.mismatches.append(Mismatch(f"{path}.reply", "nothing", "all that a reply may hold"))
        return ReplyNode()

    def _read_pages(self, path: str, pages: Mapping[str, Any], connection: str) -> Pages:
        return Pages(
            items=pages["items"],
            more=self.reader.compile(f"{path}.more", pages["more"], connection),
            next=self.reader.compile(f"{path}.next", pages["next"], connection) if "next" in pages else None,
            first=pages.get("first", 1),
            limit=pages.get("limit", 20),
        )

    def _report(self, found: Iterator[Mismatch]) -> None:
        self.reader.mismatches.extend(found)


def _find_mode_misfits(path: str, name: str, entry: Mapping[str, Any], shape: OperationShape) -> Iterator[Mismatch]:
    if name in WRITES and entry["mode"] != "write":
        yield Mismatch(f"{path}.mode", "read", "write: this operation changes something")
    if name not in WRITES and entry["mode"] == "write":
        yield Mismatch(f"{path}.mode", "write", "read: this operation only asks")
    if entry["mode"] == "write" and entry.get("idempotent_by") not in shape.takes:
        expected = "the value by which a repetition is recognised: one of " + ", ".join(shape.takes)
        yield Mismatch(f"{path}.idempotent_by", "nothing of that name", expected)


def _find_chain_misfits(path: str, entry: Mapping[str, Any]) -> Iterator[Mismatch]:
    for key in entry:
        if key not in BESIDE_CALLS:
            yield Mismatch(f"{path}.{key}", "this key", "no such key beside `calls`: it belongs to one of them")
    seen: set[str] = set()
    for index, call in enumerate(entry["calls"]):
        if call["name"] in seen:
            yield Mismatch(f"{path}.calls[{index}].name", "a name that an earlier call has", "a name of its own")
        seen.add(call["name"])
