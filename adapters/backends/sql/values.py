"""What a driver gives as plain values: decimals as their digits, dates and moments as ISO 8601; no float, no bytes."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from adapters.backends.wire import ReplyUnreadable
from services.model import JsonValue


def make_plain(value: Any) -> JsonValue:
    """One cell. Raises ``ReplyUnreadable``: a binary fraction may be rounded already, and bytes have no meaning that is agreed."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise ReplyUnreadable("a value of a type that is not spoken (cast it in the statement)")
