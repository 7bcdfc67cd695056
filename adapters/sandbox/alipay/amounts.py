"""Yuan as Alipay's products take it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_YUAN = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
_LARGEST_FEN = 100_000_000 * 100


def read_amount(value: Any) -> int | None:
    """Fen of a price from 0.01 to 100000000 with at most two decimals, as text or JSON number; None if it is not one.

    The platform's SDKs send both forms. Exponents, signs, spaces and a third decimal are not acceptable.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value if isinstance(value, str) else str(value)
    if _YUAN.fullmatch(text) is None:
        return None
    amount_fen = int(Decimal(text) * 100)
    return amount_fen if 0 < amount_fen <= _LARGEST_FEN else None


def write_amount(amount_fen: int) -> str:
    """Yuan with two decimals."""
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"
