"""Reading WeChat Pay's verified words about orders and refunds, from answers and from notices alike."""

from __future__ import annotations

from datetime import datetime

from adapters.platforms.context import take_fen, take_text
from services.errors import PlatformGarbled
from services.model import (
    JsonValue,
    MerchantAccount,
    MerchantMode,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)

TRADE_STATES: dict[str, TradeState] = {
    "NOTPAY": TradeState.UNPAID,
    "USERPAYING": TradeState.UNPAID,
    "PAYERROR": TradeState.UNPAID,
    "SUCCESS": TradeState.PAID,
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
    "REFUND": TradeState.REFUNDED,
}
REFUND_STATES: dict[str, RefundState] = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.REFUNDED,
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.ABNORMAL,
}


class WrongAddressee(PlatformGarbled):
    """Verified words about another app, merchant or sub-merchant; ``field`` says which number differs."""

    def __init__(self, field: str) -> None:
        super().__init__(f"another {field}")
        self.field = field


def require_merchant(merchant: MerchantAccount, data: JsonValue) -> None:
    """The merchant numbers in ``data`` are this account's, in its own mode. Raises ``WrongAddressee``."""
    expected = {"mchid": merchant.merchant_id}
    if merchant.mode is MerchantMode.PARTNER:
        expected = {"sp_mchid": merchant.merchant_id, "sub_mchid": str(merchant.sub_merchant_id)}
    for name, value in expected.items():
        if data.get(name) != value:
            raise WrongAddressee(name)


def require_app(merchant: MerchantAccount, data: JsonValue) -> None:
    """The app id in ``data`` is this account's. Raises ``WrongAddressee``."""
    name = "appid" if merchant.mode is MerchantMode.DIRECT else "sp_appid"
    if data.get(name) != merchant.app_id:
        raise WrongAddressee(name)


def read_trade(operation: str, merchant: MerchantAccount, data: JsonValue) -> TradeStatus:
    """An order's state. Raises ``PlatformGarbled``, ``WrongAddressee``."""
    require_app(merchant, data)
    require_merchant(merchant, data)
    state = TRADE_STATES.get(take_text(operation, data, "trade_state"))
    if state is None:
        raise PlatformGarbled(f"{operation}: an unknown trade state")
    money = state in (TradeState.PAID, TradeState.REFUNDED)
    amount = data.get("amount")
    return TradeStatus(
        order_no=take_text(operation, data, "out_trade_no"),
        state=state,
        amount_fen=_take_cny(operation, amount, "total") if money or amount else None,
        transaction_id=take_text(operation, data, "transaction_id") if money else None,
        paid_at=read_moment(operation, data, "success_time") if money else None,
    )


def read_refund(operation: str, data: JsonValue, state_name: str) -> RefundStatus:
    """A refund's state; ``state_name`` is ``status`` in answers and ``refund_status`` in notices. Raises ``PlatformGarbled``."""
    state = REFUND_STATES.get(take_text(operation, data, state_name))
    if state is None:
        raise PlatformGarbled(f"{operation}: an unknown refund state")
    return RefundStatus(
        order_no=take_text(operation, data, "out_trade_no"),
        refund_no=take_text(operation, data, "out_refund_no"),
        state=state,
        amount_fen=_take_cny(operation, data.get("amount"), "refund"),
        platform_refund=take_text(operation, data, "refund_id"),
    )


def read_moment(operation: str, data: JsonValue, name: str) -> datetime:
    """An RFC 3339 moment with its zone. Raises ``PlatformGarbled``."""
    try:
        moment = datetime.fromisoformat(take_text(operation, data, name))
    except ValueError as error:
        raise PlatformGarbled(f"{operation}: no moment in {name}") from error
    if moment.tzinfo is None:
        raise PlatformGarbled(f"{operation}: a moment without a zone in {name}")
    return moment


def _take_cny(operation: str, amount: JsonValue, name: str) -> int:
    if isinstance(amount, dict) and amount.get("currency", "CNY") != "CNY":
        raise PlatformGarbled(f"{operation}: another currency")
    return take_fen(operation, amount, name)
