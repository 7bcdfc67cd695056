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
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import jmespath
import jmespath.exceptions
from jmespath.functions import Functions, signature

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
        """What the expression finds. Raises ``ValueUntranslatable``, also where JMESPath finds a value of a wrong type."""
        try:
            return self.parsed.search(document, options=self.options)
        except jmespath.exceptions.JMESPathError:
            raise ValueUntranslatable("a value of another type than the mapping expects") from None


def compile_expression(source: str, unit: str) -> Expression:
    """Compile an expression of a mapping. Raises ``ExpressionFault`` with the place inside the expression."""
    try:
        parsed = jmespath.compile(source)
        functions = MappingFunctions(unit)
        _require_functions(parsed.parsed, functions)
    except jmespath.exceptions.ParseError as error:
        raise ExpressionFault(f"an expression that does not compile at character {error.lex_position + 1}") from None
    except (jmespath.exceptions.JMESPathError, RecursionError, ValueError):
        raise ExpressionFault("an expression that does not compile") from None
    return Expression(source, parsed, jmespath.Options(custom_functions=functions))


def _require_functions(node: JsonValue, functions: MappingFunctions) -> None:
    """JMESPath learns only while running that a function does not exist; a mapping must learn it when it is loaded."""
    if not isinstance(node, dict):
        return
    if node.get("type") == "function_expression" and node["value"] not in functions.FUNCTION_TABLE:
        known = ", ".join(name for name in ("fen", "money", "write_moment", "read_moment"))
        raise ExpressionFault(f"an unknown function (beside those of JMESPath there are {known})")
    for child in node.get("children", ()):
        _require_functions(child, functions)
