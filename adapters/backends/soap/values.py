"""What zeep reads out of a reply as plain values: texts, whole numbers, flags, tables, lists. No float: a decimal is its digits as text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from zeep.xsd.valueobjects import CompoundValue

from adapters.backends.wire import ReplyUnreadable
from services.model import JsonValue
from services.reply_shape import ReplyNode

MAX_DEPTH = 20


def make_plain(value: Any, shape: ReplyNode, depth: int = 0) -> JsonValue:
    """Plain values; a declared list that is empty stays, what is absent and was not declared goes. Raises ``ReplyUnreadable``."""
    if depth > MAX_DEPTH:
        raise ReplyUnreadable("too many levels")
    if isinstance(value, CompoundValue):
        return dict(_list_members(value, shape, depth))
    if isinstance(value, list):
        return [make_plain(item, shape, depth + 1) for item in value]
    return _make_plain_scalar(value)


def _list_members(value: CompoundValue, shape: ReplyNode, depth: int) -> Iterable[tuple[str, JsonValue]]:
    for name in value:
        inner = shape.children.get(name, ReplyNode())
        member = make_plain(value[name], inner, depth + 1)
        if member is not None and (member != [] or inner.many):
            yield name, member


def _make_plain_scalar(value: Any) -> JsonValue:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise ReplyUnreadable("a value of a type that is not spoken")
