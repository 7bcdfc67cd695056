"""What a back end's result shows: the declared outputs and nothing else, each of its type, masked as the mapping says.

What is not declared is dropped here, whatever the back end sent along, so that it cannot reach a reply.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime

from services.errors import BackEndGarbled
from services.mapping import Output
from services.masking import mask_value
from services.model import JsonValue, write_moment

TEXT_LIMIT = 20_000
"""As long as the longest text that a mapping may give (``services/result_shapes.py``)."""
ROWS_LIMIT = 2000
NUMBER_LIMIT = 10**13
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_outputs(outputs: Mapping[str, Output], found: JsonValue) -> dict[str, JsonValue]:
    """The declared outputs in a mapped result. Raises ``BackEndGarbled`` for one that is missing or has another type.

    money stays whole fen, a moment becomes UTC to the second, an absent optional output None, an absent list an empty one.
    """
    if not isinstance(found, Mapping):
        raise BackEndGarbled("the result is no table")
    return {name: _read_output(output, found.get(name)) for name, output in outputs.items()}


def _read_output(output: Output, value: JsonValue) -> JsonValue:
    if value is None and (output.optional or output.type == "list"):
        return [] if output.type == "list" and not output.optional else None
    if output.type == "list":
        if not isinstance(value, list) or len(value) > ROWS_LIMIT:
            raise BackEndGarbled(f"output {output.name}: not a list, or too long a one")
        return [read_outputs(output.of, row) for row in value]
    try:
        return _READERS[output.type](value)
    except (TypeError, ValueError):
        raise BackEndGarbled(f"output {output.name}: not of the type {output.type}") from None


def mask_outputs(outputs: Mapping[str, Output], values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The same values as they may be shown."""
    return {name: _mask_output(output, values.get(name)) for name, output in outputs.items()}


def _mask_output(output: Output, value: JsonValue) -> JsonValue:
    if output.type == "list" and isinstance(value, list):
        return [mask_outputs(output.of, row) for row in value]
    return mask_value(output.mask, value) if output.mask and isinstance(value, str) else value


def _read_text(value: JsonValue) -> str:
    """A text for people on one line. One that is itself JSON would be read as structure further on, so it is refused."""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        raise TypeError("not a text")
    text = " ".join("".join(_soften(character) for character in value).split())
    if text[:1] in ("{", "["):
        try:
            json.loads(text, parse_int=str)
        except RecursionError:
            raise ValueError("a text that may be JSON") from None
        except ValueError:
            return text
        raise ValueError("a text that is JSON")
    return text


def _soften(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        raise ValueError("a lone surrogate")
    return " " if category in ("Cc", "Zl", "Zp") else "" if category == "Cf" else character


def _read_number(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > NUMBER_LIMIT:
        raise TypeError("not a whole number")
    return value


def _read_day(value: JsonValue) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise TypeError("not a date")
    return date.fromisoformat(value).isoformat()


def _read_month(value: JsonValue) -> str:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise TypeError("not a month")
    return value


def _read_moment(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise TypeError("not a moment")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a moment without a zone")
    return write_moment(at)


def _read_flag(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a flag")
    return value


_READERS = {
    "text": _read_text,
    "money": _read_number,
    "whole": _read_number,
    "date": _read_day,
    "month": _read_month,
    "moment": _read_moment,
    "flag": _read_flag,
}
