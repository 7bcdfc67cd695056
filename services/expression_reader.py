"""Compiles the expressions of one mapping's back ends and keeps what does not compile, with its path.

Also what can be said of an expression without running it: whether money is in it though its back end states no unit, and whether it
asks a reply for something that the reply does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.expressions import Expression, ExpressionFault, compile_expression, uses_money, walk_nodes
from services.mapping import Echo
from services.reply_shape import ReplyNode, plant_reply

ALWAYS_THERE = frozenset({"status", "body", "fault", "code", "text"})
"""What an expression over a reply may name beside what the reply holds."""


@dataclass(slots=True)
class ExpressionReader:
    """For one mapping: ``units`` are the units of its back ends by their paths, ``mismatches`` what was wrong."""

    units: Mapping[str, str]
    mismatches: list[Mismatch] = field(default_factory=list)
    _without_unit: set[str] = field(default_factory=set)

    def compile(self, path: str, source: str, connection: str = "back_end") -> Expression:
        """Compile an expression that is run for the back end at the path ``connection``; a faulty one is kept, and finds nothing."""
        unit = self.units.get(connection, "")
        try:
            expression = compile_expression(source, unit)
        except ExpressionFault as fault:
            self.mismatches.append(Mismatch(path, str(fault), "a JMESPath expression"))
            return compile_expression("`null`", "")
        if not unit and uses_money(expression):
            self.require_unit(connection, "fen() or money() is used")
        return expression

    def require_unit(self, connection: str, why: str) -> None:
        """Report, once, that a back end states no unit of money though it must."""
        if not self.units.get(connection) and connection not in self._without_unit:
            self._without_unit.add(connection)
            self.mismatches.append(Mismatch(f"{connection}.unit", "nothing", f"yuan or fen: {why}"))

    def compile_table(self, path: str, table: Mapping[str, str], connection: str) -> dict[str, Expression]:
        """Expressions by name."""
        return {name: self.compile(f"{path}.{name}", text, connection) for name, text in table.items()}

    def read_echo(self, path: str, table: Mapping[str, str], connection: str) -> tuple[Echo, ...]:
        """What a reply must repeat."""
        return tuple(
            Echo(self.compile(f"{path}.{reply}", reply, connection), self.compile(f"{path}.{reply}", text, connection))
            for reply, text in table.items()
        )

    def read_reply(self, path: str, places: list[str]) -> ReplyNode:
        """The tree of a reply's places."""
        try:
            return plant_reply(places)
        except ValueError as fault:
            self.mismatches.append(Mismatch(path, str(fault), "each place once"))
            return ReplyNode()

    def require_names(self, path: str, expression: Expression, reply: ReplyNode) -> None:
        """Report names that an expression looks for in a reply which cannot hold them."""
        known = {*ALWAYS_THERE, *_names_of(reply), *_keys_of(expression)}
        for name in sorted({*_fields_of(expression)} - known):
            near = nearest_name(name, known)
            self.mismatches.append(Mismatch(path, f"{name}, which the reply does not hold", "a name of `reply`", near))


def _names_of(reply: ReplyNode) -> Iterator[str]:
    for name, child in reply.children.items():
        yield name
        yield from _names_of(child)


def _fields_of(expression: Expression) -> Iterator[str]:
    for node in walk_nodes(expression.parsed.parsed):
        if node.get("type") == "field":
            yield node["value"]


def _keys_of(expression: Expression) -> Iterator[str]:
    """Names that the expression makes itself and may look for after a pipe."""
    for node in walk_nodes(expression.parsed.parsed):
        if node.get("type") == "key_val_pair":
            yield node["value"]


def find_results_named(expression: Expression) -> Iterator[str]:
    """The calls whose results an expression uses: ``NAME`` of every ``results.NAME``."""
    for node in walk_nodes(expression.parsed.parsed):
        children: list[dict[str, Any]] = node.get("children", [])
        if node.get("type") == "subexpression" and children[0] == {"type": "field", "children": [], "value": "results"}:
            yield from (child["value"] for child in children[1:2] if child.get("type") == "field")
