"""JMESPath as a mapping may use it: compiled once, with the few functions that translating for a back end needs.

======================================  ==================================================================================
``fen(value)``                          a back end's money as whole fen, by the unit that the mapping states; null stays null
``money(fen)``                          whole fen as the back end's money: text with two decimals (yuan), whole number (fen)
``write_moment(moment, form)``          a moment as text in China Standard Time
``read_moment(text, form, new form)``   a date or moment in one form rewritten in another; null stays null
======================================  ==================================================================================

Forms are those of ``strptime``. Money is exact: no float is accepted, none is made. See ``docs/decisions/0030``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

import jmespath
import jmespath.exceptions
import jmespath.parser
from jmespath.functions import Functions, signature

from services.bounded_search import BoundedInterpreter
from services.model import JsonValue

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
YUAN_FORM = re.compile(r"(-?)(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?")
FEN_FORM = re.compile(r"-?(0|[1-9][0-9]{0,11})")


class ExpressionFault(Exception):
    """An expression that cannot be compiled; the message says where and why. A fault of the mapping."""


class ValueUntranslatable(Exception):
    """A value does not have the form that the mapping expects of it. The message names the rule, never the value."""


def read_money(value: JsonValue, unit: str) -> int:
    """Whole fen from a back end's money. Yuan: a text with at most two decimals. Fen: a whole number or its text.

    Raises ``ValueUntranslatable`` for anything else: a JSON fraction (its digits may already be rounded), an exponent, three
    decimals, a thousands separator, digits of another script.
    """
    if unit == "yuan":
        found = YUAN_FORM.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueUntranslatable("money in yuan is a text with at most two decimals")
        sign, whole, cents = found.groups()
        fen = int(whole) * 100 + int((cents or "").ljust(2, "0"))
        return -fen if sign else fen
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12:
        return value
    if isinstance(value, str) and FEN_FORM.fullmatch(value):
        return int(value)
    raise ValueUntranslatable("money in fen is a whole number")


def write_money(amount_fen: JsonValue, unit: str) -> str | int:
    """A back end's money from whole fen: ``"86.40"`` for yuan, ``8640`` for fen. Raises ``ValueUntranslatable``."""
    if not isinstance(amount_fen, int) or isinstance(amount_fen, bool):
        raise ValueUntranslatable("an amount is a whole number of fen")
    if unit == "fen":
        return amount_fen
    return f"{Decimal(amount_fen) / 100:.2f}"


def rewrite_moment(text: JsonValue, form: str, new_form: str) -> str:
    """A date in one ``strptime`` form rewritten in another. Raises ``ValueUntranslatable`` unless it is exactly that form."""
    try:
        moment = datetime.strptime(text, form).replace(tzinfo=CHINA_TIME)
    except (TypeError, ValueError):
        raise ValueUntranslatable("a date of another form") from None
    if moment.strftime(form) != text:
        raise ValueUntranslatable("a date of another form")
    return moment.strftime(new_form)


def write_moment(moment: JsonValue, form: str) -> str:
    """An ISO 8601 moment with its zone as text in China Standard Time. Raises ``ValueUntranslatable``."""
    try:
        read = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        raise ValueUntranslatable("not a moment in ISO 8601") from None
    if read.tzinfo is None:
        raise ValueUntranslatable("a moment without its zone")
    return read.astimezone(CHINA_TIME).strftime(form)


class MappingFunctions(Functions):
    """The functions above, for one unit of money."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    @signature({"types": []})
    def _func_fen(self, value: JsonValue) -> int | None:
        return None if value is None else read_money(value, self._unit)

    @signature({"types": []})
    def _func_money(self, amount_fen: JsonValue) -> str | int:
        return write_money(amount_fen, self._unit)

    @signature({"types": []}, {"types": ["string"]})
    def _func_write_moment(self, moment: JsonValue, form: str) -> str:
        return write_moment(moment, form)

    @signature({"types": []}, {"types": ["string"]}, {"types": ["string"]})
    def _func_read_moment(self, text: JsonValue, form: str, new_form: str) -> str | None:
        return None if text is None else rewrite_moment(text, form, new_form)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. ``source`` is what the mapping says."""

    source: str
    parsed: Any
    options: Any

    def search(self, document: JsonValue) -> JsonValue:
        """What the expression finds. Raises ``ValueUntranslatable``, also where JMESPath finds a value of a wrong type, and for too much."""
        try:
            return BoundedInterpreter(self.options).visit(self.parsed.parsed, document)
        except (jmespath.exceptions.JMESPathError, RecursionError):
            raise ValueUntranslatable("a value of another type than the mapping expects") from None


MAX_DEPTH = 100
"""Levels of a parsed expression: what is deeper could not be run where little of Python's stack is left."""
MONEY_FUNCTIONS = frozenset({"fen", "money"})
"""Functions that need to know the unit of a back end's money."""


@lru_cache(maxsize=8192)
def compile_expression(source: str, unit: str) -> Expression:
    """Compile an expression of a mapping. Raises ``ExpressionFault`` with the place inside the expression.

    ``unit`` is yuan or fen, or empty for a back end that states none: ``uses_money`` then says whether that is a fault.
    """
    try:
        parsed = jmespath.compile(source)
        _require_depth(parsed.parsed)
        for node in walk_nodes(parsed.parsed):
            _require_function(node)
    except jmespath.exceptions.ParseError as error:
        raise ExpressionFault(f"an expression that does not compile at character {error.lex_position + 1}") from None
    except (jmespath.exceptions.JMESPathError, RecursionError, ValueError):
        raise ExpressionFault("an expression that does not compile") from None
    return Expression(source, parsed, _options(unit))


@lru_cache(maxsize=8)
def _options(unit: str) -> Any:
    return jmespath.Options(custom_functions=MappingFunctions(unit))


def _require_depth(node: JsonValue) -> None:
    waiting = [(node, 1)]
    while waiting:
        at, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ExpressionFault(f"an expression of more than {MAX_DEPTH} levels")
        waiting.extend((child, depth + 1) for child in at.get("children", ()) if isinstance(child, dict))


def walk_nodes(node: JsonValue) -> Iterator[dict[str, Any]]:
    """Every node of a parsed expression, in no particular order; without recursion, however deep it is."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            yield at
            waiting.extend(at.get("children", ()))


def uses_money(expression: Expression) -> bool:
    """Whether an expression reads or writes money, and so needs a unit."""
    return any(
        node.get("type") == "function_expression" and node["value"] in MONEY_FUNCTIONS
        for node in walk_nodes(expression.parsed.parsed)
    )


def mentions(node: JsonValue, names: frozenset[str]) -> bool:
    """Whether a parsed expression names one of these fields anywhere."""
    return any(at.get("type") == "field" and at["value"] in names for at in walk_nodes(node))


def leave_out(expression: Expression, names: frozenset[str]) -> Expression | None:
    """The same expression with a fixed text in place of every named part that depends on one of these fields.

    None if it does, and has no parts with names.
    """
    if not mentions(expression.parsed.parsed, names):
        return expression
    known: Any = _leave_out(expression.parsed.parsed, names)
    if known is None:
        return None
    return Expression(expression.source, jmespath.parser.ParsedResult(expression.source, known), expression.options)


def _leave_out(node: dict[str, Any], names: frozenset[str]) -> dict[str, Any] | None:
    if not mentions(node, names):
        return node
    if node.get("type") not in ("multi_select_dict", "key_val_pair"):
        return None
    unknown = {"type": "literal", "value": "not known yet", "children": []}
    return {**node, "children": [_leave_out(child, names) or unknown for child in node["children"]]}


def _require_function(node: dict[str, Any]) -> None:
    """JMESPath learns only while running that a function does not exist; a mapping must learn it when it is loaded."""
    if node.get("type") == "function_expression" and node["value"] not in MappingFunctions.FUNCTION_TABLE:
        known = ", ".join(name for name in ("fen", "money", "write_moment", "read_moment"))
        raise ExpressionFault(f"an unknown function (beside those of JMESPath there are {known})")
