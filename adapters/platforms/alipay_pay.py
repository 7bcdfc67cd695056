"""Alipay mini-program trades: create, query, close, refund, refund query."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.platforms import alipay_wire as wire
from adapters.platforms.alipay_codes import refuse_trade
from adapters.platforms.alipay_evidence import read_trade, read_yuan, write_yuan
from adapters.platforms.alipay_exchange import Answer, GatewayExchange, Request
from adapters.platforms.alipay_signer import Signer
from adapters.platforms.context import PlatformContext, beijing, take_text
from adapters.platforms.meaning import Meaning
from adapters.platforms.wire import fits
from services.errors import ConfigurationFault, PlatformGarbled
from services.exposure import Disclosure
from services.model import (
    JsonValue,
    MerchantAccount,
    Order,
    PlacedOrder,
    PlatformApp,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)

CREATE, QUERY, CLOSE = "alipay.trade.create", "alipay.trade.query", "alipay.trade.close"
REFUND, REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"

DECLARED: dict[str, frozenset[str]] = {
    CREATE: frozenset({
        "app_id", "merchant_id", "protocol", "platform_user", "order_number", "order_description", "order_expiry",
        "amount", "notify_address",
    }),
    QUERY: frozenset({"app_id", "protocol", "order_number"}),
    CLOSE: frozenset({"app_id", "protocol", "order_number"}),
    REFUND: frozenset({"app_id", "protocol", "order_number", "refund_number", "amount"}),
    REFUND_QUERY: frozenset({"app_id", "protocol", "order_number", "refund_number"}),
}  # fmt: skip
"""What each operation is declared to show: written by hand, not computed from the wire tables, so that the two must agree."""

_TRADE_NO = re.compile(r"[0-9]{8,64}")


class AlipayPay:
    """Orders and refunds; every answer is verified evidence."""

    def __init__(self, context: PlatformContext, exchange: GatewayExchange) -> None:
        self._context = context
        self._exchange = exchange

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        """Make or repeat the order. An order that is paid or closed already is a refusal with Alipay's code: ask about it."""
        if app.app_id != merchant.app_id:
            raise ConfigurationFault(f"{merchant.account} is not bound to the app {app.app}")
        signer = Signer.of_merchant(merchant)
        notify_url = self._context.notify_url(merchant)
        table = wire.create_table(signer.app_id, signer.path, merchant.merchant_id, notify_url, self._context.phrases())
        request = Request(
            CREATE, describe_order(merchant, order), table, DECLARED[CREATE], {"notify_url": order.notify_url}
        )
        data = _require_success(self._exchange.call(signer, request, disclosure))
        trade_no = take_text(CREATE, data, "trade_no")
        if data.get("out_trade_no") != order.order_no or not _TRADE_NO.fullmatch(trade_no):
            raise PlatformGarbled(f"{CREATE}: the answer is about another order")
        return PlacedOrder(trade_no, {"tradeNO": trade_no})

    def query_order(self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure) -> TradeStatus:
        """Ask by our own number; an order that Alipay does not have (or has not seen opened, [UNCONF]) is ``ABSENT``."""
        answer = self._ask(QUERY, merchant, {"out_trade_no": order_no}, disclosure)
        if answer.meaning is Meaning.ABSENT:
            return TradeStatus(order_no, TradeState.ABSENT)
        trade = read_trade(QUERY, _require_success(answer), "send_pay_date")
        if trade.order_no != order_no:
            raise PlatformGarbled(f"{QUERY}: the answer is about another order")
        return trade

    def close_order(self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure) -> TradeStatus:
        """Close. If Alipay says that the order is in no state for it, it is asked in which."""
        answer = self._ask(CLOSE, merchant, {"out_trade_no": order_no}, disclosure)
        if answer.meaning is Meaning.ABSENT:
            return TradeStatus(order_no, TradeState.ABSENT)
        if answer.meaning in (Meaning.PAID, Meaning.CLOSED):
            return self.query_order(merchant, order_no, disclosure)
        data = _require_success(answer)
        if data.get("out_trade_no", order_no) != order_no:
            raise PlatformGarbled(f"{CLOSE}: the answer is about another order")
        return TradeStatus(order_no, TradeState.CLOSED)

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure
    ) -> RefundStatus:
        """Refund under our own number, the same again is the same refund. Money has moved only if ``fund_change`` is ``Y``.

        Otherwise the refund is asked about: an earlier call may have moved it, and until then it is processing.
        """
        content = {"out_trade_no": order_no, "out_request_no": refund_no, "refund_amount": write_yuan(amount_fen)}
        data = _require_success(self._ask(REFUND, merchant, content, disclosure))
        if data.get("out_trade_no") != order_no:
            raise PlatformGarbled(f"{REFUND}: the answer is about another order")
        if data.get("fund_change") == "Y":
            if read_yuan(REFUND, data, "refund_fee") < amount_fen:
                raise PlatformGarbled(f"{REFUND}: less than was asked for")
            return RefundStatus(
                order_no, refund_no, RefundState.REFUNDED, amount_fen, take_text(REFUND, data, "trade_no")
            )
        status = self.query_refund(merchant, order_no, refund_no, disclosure)
        if status.state is RefundState.ABSENT:
            return RefundStatus(order_no, refund_no, RefundState.PROCESSING)
        return status

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure
    ) -> RefundStatus:
        """Ask by our own refund number. Without ``refund_status`` no refund under this number has succeeded: ``ABSENT``."""
        content = {"out_trade_no": order_no, "out_request_no": refund_no}
        answer = self._ask(REFUND_QUERY, merchant, content, disclosure)
        if answer.meaning is Meaning.ABSENT:
            return RefundStatus(order_no, refund_no, RefundState.ABSENT)
        data = _require_success(answer)
        if not data.get("refund_status"):
            return RefundStatus(order_no, refund_no, RefundState.ABSENT)
        if (data.get("out_trade_no"), data.get("out_request_no")) != (order_no, refund_no):
            raise PlatformGarbled(f"{REFUND_QUERY}: the answer is about another refund")
        state = {"REFUND_SUCCESS": RefundState.REFUNDED, "REFUND_PROCESSING": RefundState.PROCESSING}.get(
            take_text(REFUND_QUERY, data, "refund_status"), RefundState.ABNORMAL
        )
        return RefundStatus(
            order_no,
            refund_no,
            state,
            read_yuan(REFUND_QUERY, data, "refund_amount"),
            take_text(REFUND_QUERY, data, "trade_no"),
        )

    def _ask(
        self, method: str, merchant: MerchantAccount, content: Mapping[str, JsonValue], disclosure: Disclosure
    ) -> Answer:
        signer = Signer.of_merchant(merchant)
        make = wire.order_table if method in (QUERY, CLOSE) else wire.refund_table
        table = make(method, signer.app_id, signer.path)
        return self._exchange.call(signer, Request(method, content, table, DECLARED[method], {}), disclosure)


def describe_order(merchant: MerchantAccount, order: Order) -> dict[str, JsonValue]:
    """``biz_content`` of an order: a random number, generic words, an amount in yuan, an expiry; nothing of the bill."""
    buyer = "buyer_id" if fits(wire.USER_ID, order.user_id) else "buyer_open_id"
    return {
        "out_trade_no": order.order_no,
        "total_amount": write_yuan(order.amount_fen),
        "subject": order.description,
        "product_code": "JSAPI_PAY",
        "op_app_id": merchant.app_id,
        "seller_id": merchant.merchant_id,
        buyer: order.user_id,
        "time_expire": f"{beijing(order.expires_at):%Y-%m-%d %H:%M:%S}",
    }


def _require_success(answer: Answer) -> Mapping[str, JsonValue]:
    if answer.meaning is not None:
        raise refuse_trade(answer.code)
    return answer.data
