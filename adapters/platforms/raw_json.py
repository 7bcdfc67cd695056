"""Finding a value's exact text inside a JSON object, because a signature covers the text and not the value.

Counting braces breaks on ``{"subject": "a}b"}``; serialising again changes escapes. ``raw_decode`` knows where a value ends.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from json.decoder import JSONDecoder
from typing import NoReturn

from services.model import JsonValue

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class RawValue:
    """A member's value and the text that stands for it, character for character."""

    text: str
    value: JsonValue


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = JSONDecoder(parse_constant=_refuse_constant)


def scan_object(text: str) -> dict[str, RawValue]:
    """The members of the outermost object with their exact texts.

    Raises ``ValueError`` for anything but one object from end to end, and for a member that stands twice: two readers might
    choose differently between them.
    """
    at = _expect(text, 0, "{")
    members: dict[str, RawValue] = {}
    if text[at : at + 1] == "}":
        return _require_end(text, at + 1, members)
    while True:
        name, at = _decode(text, at)
        if not isinstance(name, str) or name in members:
            raise json.JSONDecodeError("a member's name is not text, or stands twice", text, at)
        start = _expect(text, at, ":")
        value, end = _decode(text, start)
        members[name] = RawValue(text[start:end], value)
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return _require_end(text, at + 1, members)
        at = _expect(text, at, ",")


def _decode(text: str, at: int) -> tuple[JsonValue, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"expected {mark}", text, at)
    return _skip(text, at + 1)


def _require_end(text: str, at: int, members: dict[str, RawValue]) -> dict[str, RawValue]:
    if _skip(text, at) != len(text):
        raise json.JSONDecodeError("something follows the object", text, at)
    return members
