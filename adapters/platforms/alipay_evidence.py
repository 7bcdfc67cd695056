"""Reading Alipay's verified words: yuan texts, Beijing times, trade states, from answers and from notices alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from adapters.platforms.context import BEIJING, take_text
from services.errors import PlatformGarbled
from services.model import JsonValue, TradeState, TradeStatus

TRADE_STATES: dict[str, TradeState] = {
    "WAIT_BUYER_PAY": TradeState.UNPAID,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
    "TRADE_CLOSED": TradeState.CLOSED,
}
_YUAN = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?")


def write_yuan(amount_fen: int) -> str:
    """``8640`` → ``86.40``, exactly. Raises ``ValueError`` for a negative amount."""
    if amount_fen < 0:
        raise ValueError("a negative amount")
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


def read_yuan(operation: str, data: Mapping[str, JsonValue], name: str) -> int:
    """Fen from a yuan text with at most two decimals; a JSON number is not a text. Raises ``PlatformGarbled``."""
    found = _YUAN.fullmatch(take_text(operation, data, name))
    if found is None:
        raise PlatformGarbled(f"{operation}: no amount in {name}")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def read_moment(operation: str, data: Mapping[str, JsonValue], name: str) -> datetime:
    """``yyyy-MM-dd HH:mm:ss`` in Beijing time (gmt_refund carries milliseconds). Raises ``PlatformGarbled``."""
    try:
        return datetime.strptime(take_text(operation, data, name)[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError as error:
        raise PlatformGarbled(f"{operation}: no moment in {name}") from error


def read_trade(operation: str, data: Mapping[str, JsonValue], paid_name: str) -> TradeStatus:
    """An order's state; ``paid_name`` is where its payment time stands. Raises ``PlatformGarbled``.

    ``TRADE_CLOSED`` means two things: never paid, or refunded in full. The payment time tells them apart.
    """
    state = TRADE_STATES.get(take_text(operation, data, "trade_status"))
    if state is None:
        raise PlatformGarbled(f"{operation}: an unknown trade state")
    if state is TradeState.CLOSED and data.get(paid_name):
        state = TradeState.REFUNDED
    money = state in (TradeState.PAID, TradeState.REFUNDED)
    amount_fen = read_yuan(operation, data, "total_amount") if money or data.get("total_amount") else None
    return TradeStatus(
        order_no=take_text(operation, data, "out_trade_no"),
        state=state,
        amount_fen=amount_fen,
        transaction_id=take_text(operation, data, "trade_no") if money else None,
        paid_at=read_moment(operation, data, paid_name) if money and data.get(paid_name) else None,
        returned_fen=amount_fen if state is TradeState.REFUNDED else None,
    )
