"""Yuan as companies write it, and two block tariffs (阶梯价格) with which the seeded bills are computed.

The counter never computes a price: it shows the breakdown that it received.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from adapters.sandbox.utilities.model import BillLine

_YUAN = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
_FEN = Decimal("0.01")

# Monthly blocks of an urban water tariff: up to 20 t, up to 35 t, above; the unit prices are rounded as published
# (1.85 x 1.5 = 2.775 -> 2.78). With sewage 0.95 they make 2.80, 3.73 and 6.50 yuan.
_WATER_BLOCKS = (
    (Decimal(20), Decimal("1.85"), "第一阶梯水费"),
    (Decimal(15), Decimal("2.78"), "第二阶梯水费"),
    (None, Decimal("5.55"), "第三阶梯水费"),
)
_SEWAGE = Decimal("0.95")
_HEATING = Decimal("24.00")
_GAS_BLOCKS = (
    (Decimal(25), Decimal("2.56"), "第一档天然气"),
    (Decimal(15), Decimal("3.20"), "第二档天然气"),
    (None, Decimal("3.84"), "第三档天然气"),
)


def read_yuan(text: str) -> int | None:
    """Fen of a yuan text with at most two decimals, as ``86.4`` or ``86.40``; None if it is not one."""
    if _YUAN.fullmatch(text) is None:
        return None
    return int(Decimal(text) * 100)


def write_yuan(amount_fen: int) -> str:
    """Yuan with two decimals, as ``86.40``; may be negative (a correction)."""
    return str(Decimal(amount_fen).scaleb(-2).quantize(_FEN))


def price_water(tons: Decimal, late_fen: int = 0) -> tuple[BillLine, ...]:
    """Lines of a water bill: each block, the sewage fee (污水处理费), the late fee (违约金) if any."""
    lines = [*_price_blocks(tons, _WATER_BLOCKS), _price_line("污水处理费", tons, _SEWAGE)]
    if late_fen:
        lines.append(BillLine("违约金", late_fen))
    return tuple(lines)


def price_gas(cubic_metres: Decimal) -> tuple[BillLine, ...]:
    """Lines of a gas bill: each block."""
    return tuple(_price_blocks(cubic_metres, _GAS_BLOCKS))


def price_heating(square_metres: Decimal, late_fen: int = 0) -> tuple[BillLine, ...]:
    """Lines of a heating bill: the area at the price of a season, the late fee (违约金) if any."""
    lines = [_price_line("采暖期热费（按建筑面积）", square_metres, _HEATING)]
    if late_fen:
        lines.append(BillLine("违约金", late_fen))
    return tuple(lines)


def total_fen(lines: tuple[BillLine, ...]) -> int:
    """The sum of the lines."""
    return sum(line.amount_fen for line in lines)


def _price_blocks(quantity: Decimal, blocks: tuple[tuple[Decimal | None, Decimal, str], ...]) -> list[BillLine]:
    lines = []
    left = quantity
    for size, price, label in blocks:
        used = left if size is None else min(left, size)
        if used > 0:
            lines.append(_price_line(label, used, price))
        left -= used
    return lines


def _price_line(label: str, quantity: Decimal, price: Decimal) -> BillLine:
    amount = (quantity * price).quantize(_FEN, ROUND_HALF_UP)
    return BillLine(label, int(amount * 100), str(quantity), str(price))
