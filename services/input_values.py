"""One value of a form: read exactly as its input declares it, written as a form shows it.

A client sends texts, whole numbers for ``whole`` and true or false for ``flag``; a query string sends texts alone. Money is yuan as a
text with at most two decimals and becomes whole fen, without a float in between.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from services.mapping import Input
from services.model import JsonValue

TEXT_LIMIT = 500
"""Characters of a text whose input names no ``maximum``."""
DIGITS_LIMIT = 64
WHOLE_LIMIT = 10**12
_MONEY = re.compile(r"(0|[1-9][0-9]{0,10})(?:\.([0-9]{1,2}))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,12}")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible format characters (they turn the direction of a text round), lone surrogates, line and paragraph ends."""


class ValueRefusedError(Exception):
    """A value that its input does not allow; ``rule`` is a short name for the client, never the value."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def read_value(asked: Input, sent: JsonValue, *, as_text: bool = False) -> JsonValue:
    """The value of an input as the mapping uses it; ``as_text``: it came in a query string.

    Text, digits, choice: text; date: YYYY-MM-DD; month: YYYY-MM; money: whole fen; whole: number; flag: true or false; nothing entered:
    None. Raises ``ValueRefusedError`` with one of: required, type, characters, too_long, too_short, form, choice, minimum, maximum.
    """
    found = _unwrap(asked, sent) if as_text else sent
    if isinstance(found, str):
        found = found.strip()
    if found is None or found == "":
        if asked.optional:
            return None
        raise ValueRefusedError("required")
    if asked.type == "whole":
        return _require_limits(asked, _read_whole(found))
    if asked.type == "flag":
        return _read_flag(found)
    if not isinstance(found, str):
        raise ValueRefusedError("type")
    return _read_text_of(asked, found)


def _unwrap(asked: Input, sent: JsonValue) -> JsonValue:
    """What a query string means for a number or a flag."""
    if asked.type == "whole" and isinstance(sent, str) and _WHOLE.fullmatch(sent):
        return int(sent)
    if asked.type == "flag" and sent in ("true", "false"):
        return sent == "true"
    return sent


def _read_whole(found: JsonValue) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueRefusedError("type")
    if abs(found) > WHOLE_LIMIT:
        raise ValueRefusedError("maximum")
    return found


def _read_flag(found: JsonValue) -> bool:
    if not isinstance(found, bool):
        raise ValueRefusedError("type")
    return found


def _read_text_of(asked: Input, text: str) -> JsonValue:
    _require_characters(text)
    if asked.type == "money":
        return _require_limits(asked, read_yuan(text))
    if asked.type in ("text", "digits"):
        _require_length(asked, text)
    forms = {"date": _is_day, "month": _is_month, "digits": _is_digits}
    if not forms.get(asked.type, _is_any)(text):
        raise ValueRefusedError("form")
    if asked.type == "choice" and text not in asked.choices:
        raise ValueRefusedError("choice")
    if not asked.accepts(text):
        raise ValueRefusedError("form")
    return text


def read_yuan(text: str) -> int:
    """``1234.5`` is 123450 fen. Raises ``ValueRefusedError``: signs, exponents, separators, three decimals are refused."""
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueRefusedError("form")
    return int(found.group(1)) * 100 + int((found.group(2) or "").ljust(2, "0"))


def write_yuan(fen: int) -> str:
    """123450 fen is ``1234.50``."""
    sign, whole = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def write_value(asked: Input, value: JsonValue) -> JsonValue:
    """A read value as a form shows it and a client would send it: money is yuan text again."""
    if asked.type == "money" and isinstance(value, int) and not isinstance(value, bool):
        return write_yuan(value)
    return value


def limit_length(asked: Input) -> int:
    """How many characters a text or digits input may hold."""
    return asked.maximum or (DIGITS_LIMIT if asked.type == "digits" else TEXT_LIMIT)


def _require_characters(text: str) -> None:
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in text):
        raise ValueRefusedError("characters")


def _require_length(asked: Input, text: str) -> None:
    if len(text) > limit_length(asked):
        raise ValueRefusedError("too_long")
    if asked.minimum is not None and len(text) < asked.minimum:
        raise ValueRefusedError("too_short")


def _require_limits(asked: Input, number: int) -> int:
    if asked.minimum is not None and number < asked.minimum:
        raise ValueRefusedError("minimum")
    if asked.maximum is not None and number > asked.maximum:
        raise ValueRefusedError("maximum")
    return number


def _is_day(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        return date.fromisoformat(text).year >= 1000
    except ValueError:
        return False


def _is_month(text: str) -> bool:
    return _MONTH.fullmatch(text) is not None and text >= "1000"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_any(_: str) -> bool:
    return True
