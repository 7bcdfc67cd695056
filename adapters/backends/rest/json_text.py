"""JSON (RFC 8259) as plain values: written compactly in UTF-8, read without a float and without a double key."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from adapters.backends.wire import ReplyUnreadable, RequestUnwritable
from services.model import JsonValue

JSON = "application/json"


def write_json(document: JsonValue) -> bytes:
    """Compact JSON in UTF-8. Raises ``RequestUnwritable`` for a text that UTF-8 cannot hold."""
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        raise RequestUnwritable("a lone surrogate") from None


def read_json(body: bytes) -> JsonValue:
    """Strict JSON: UTF-8, each key once, fractions as ``Decimal`` (never as float), no NaN. Raises ``ReplyUnreadable``."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_read_pairs, parse_float=Decimal, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError:
        raise ReplyUnreadable("not UTF-8") from None
    except (ValueError, RecursionError, ArithmeticError):
        raise ReplyUnreadable("not JSON") from None


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ReplyUnreadable("a key stands twice")
    return table


def _refuse_constant(_name: str) -> NoReturn:
    raise ReplyUnreadable("NaN and infinity are not JSON")
