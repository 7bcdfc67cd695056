"""WeChat Pay v3 JSAPI orders and refunds, direct and for a sub-merchant (partner mode)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from adapters.platforms import wechat_wire as wire
from adapters.platforms.context import PlatformContext, beijing, take_text, write_json
from adapters.platforms.keys import secret_name
from adapters.platforms.meaning import Meaning
from adapters.platforms.wechat_codes import refuse_order
from adapters.platforms.wechat_evidence import read_refund, read_trade
from adapters.platforms.wechat_exchange import PayExchange, Question
from adapters.platforms.wechat_signing import sign_payment
from services.errors import ConfigurationFault, PlatformGarbled, PlatformRefused
from services.exposure import Disclosure
from services.model import (
    MerchantAccount,
    MerchantMode,
    Order,
    PlacedOrder,
    PlatformApp,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)

DECLARED: dict[str, frozenset[str]] = {
    "order": frozenset({
        "app_id", "merchant_id", "protocol", "platform_user", "order_number", "order_description", "order_expiry",
        "amount", "notify_address",
    }),
    "query": frozenset({"merchant_id", "protocol", "order_number"}),
    "close": frozenset({"merchant_id", "protocol", "order_number"}),
    "refund": frozenset({"merchant_id", "protocol", "order_number", "refund_number", "amount", "notify_address"}),
    "refund_query": frozenset({"merchant_id", "protocol", "refund_number"}),
}  # fmt: skip
"""What each operation is declared to show: written by hand, not computed from the wire tables, so that the two must agree."""

_PREPAY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class WeChatPay:
    """Orders and refunds; every answer is verified evidence."""

    def __init__(self, context: PlatformContext, exchange: PayExchange) -> None:
        self._context = context
        self._exchange = exchange

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        """Make or repeat the order. An order that is paid or closed already is a refusal with WeChat's code: ask about it."""
        if app.app_id != merchant.app_id:
            raise ConfigurationFault(f"{merchant.account} is not bound to the app {app.app}")
        table = wire.order_table(merchant, self._context.notify_url(merchant), self._context.phrases())
        body = write_json(describe_order(merchant, order))
        question = Question(
            "wechat.pay.order", "POST", f"{order_root(merchant)}/jsapi", body, table, wire.ORDER_REPLY,
            DECLARED["order"],
        )  # fmt: skip
        answer = self._exchange.call(merchant, question, disclosure)
        if answer.meaning is not None:
            raise refuse_order(answer.code)
        prepay_id = take_text("wechat.pay.order", answer.data, "prepay_id")
        if not _PREPAY.fullmatch(prepay_id):
            raise PlatformGarbled("wechat.pay.order: a malformed prepay_id")
        return PlacedOrder(prepay_id, self._describe_payment(app, merchant, prepay_id))

    def query_order(self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure) -> TradeStatus:
        """Ask by our own number; an order that WeChat does not have is ``ABSENT``."""
        target = f"{order_root(merchant)}/out-trade-no/{order_no}?{urlencode(merchant_numbers(merchant))}"
        question = Question(
            "wechat.pay.query", "GET", target, b"", wire.query_table(merchant), wire.QUERY_REPLY, DECLARED["query"]
        )
        answer = self._exchange.call(merchant, question, disclosure)
        if answer.meaning is Meaning.ABSENT:
            return TradeStatus(order_no, TradeState.ABSENT)
        if answer.meaning is not None:
            raise PlatformRefused(answer.code)
        trade = read_trade("wechat.pay.query", merchant, answer.data)
        if trade.order_no != order_no:
            raise PlatformGarbled("wechat.pay.query: the answer is about another order")
        return trade

    def close_order(self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure) -> TradeStatus:
        """Close; 204 means closed. If WeChat says that it is paid or closed already, it is asked what became of it."""
        question = Question(
            "wechat.pay.close",
            "POST",
            f"{order_root(merchant)}/out-trade-no/{order_no}/close",
            write_json(merchant_numbers(merchant)),
            wire.close_table(merchant),
            wire.CLOSE_REPLY,
            DECLARED["close"],
        )
        answer = self._exchange.call(merchant, question, disclosure)
        if answer.meaning is None:
            return TradeStatus(order_no, TradeState.CLOSED)
        if answer.meaning is Meaning.ABSENT:
            return TradeStatus(order_no, TradeState.ABSENT)
        if answer.meaning in (Meaning.PAID, Meaning.CLOSED):
            return self.query_order(merchant, order_no, disclosure)
        raise PlatformRefused(answer.code)

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure
    ) -> RefundStatus:
        """Refund in full under our own number; the same number again is the same refund."""
        notify_url = self._context.notify_url(merchant)
        content = {
            **_sub_merchant(merchant),
            "out_trade_no": order_no,
            "out_refund_no": refund_no,
            "notify_url": notify_url,
            "amount": {"refund": amount_fen, "total": amount_fen, "currency": "CNY"},
        }
        question = Question(
            "wechat.pay.refund", "POST", "/v3/refund/domestic/refunds", write_json(content),
            wire.refund_table(merchant, notify_url), wire.REFUNDS_REPLY, DECLARED["refund"],
        )  # fmt: skip
        answer = self._exchange.call(merchant, question, disclosure)
        if answer.meaning is Meaning.RETURNED:
            return RefundStatus(order_no, refund_no, RefundState.OUTSIDE)
        if answer.meaning is not None:
            raise PlatformRefused(answer.code)
        return _require_refund(read_refund("wechat.pay.refund", answer.data, "status"), order_no, refund_no)

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure
    ) -> RefundStatus:
        """Ask by our own refund number; a refund that WeChat does not have is ``ABSENT``."""
        sub = _sub_merchant(merchant)
        target = f"/v3/refund/domestic/refunds/{refund_no}" + (f"?{urlencode(sub)}" if sub else "")
        question = Question(
            "wechat.pay.refund_query", "GET", target, b"", wire.refund_query_table(merchant), wire.REFUNDS_REPLY,
            DECLARED["refund_query"],
        )  # fmt: skip
        answer = self._exchange.call(merchant, question, disclosure)
        if answer.meaning is Meaning.ABSENT:
            return RefundStatus(order_no, refund_no, RefundState.ABSENT)
        if answer.meaning is not None:
            raise PlatformRefused(answer.code)
        return _require_refund(read_refund("wechat.pay.refund_query", answer.data, "status"), order_no, refund_no)

    def _describe_payment(self, app: PlatformApp, merchant: MerchantAccount, prepay_id: str) -> dict[str, str]:
        """Exactly what ``wx.requestPayment`` takes. The signed app id is the one under which the payer's id stands."""
        key = self._context.keys.private_key(secret_name(merchant.account, merchant.secrets, "private_key"))
        timestamp = str(int(self._context.clock.now().timestamp()))
        nonce = self._context.random_bytes(16).hex().upper()
        package = f"prepay_id={prepay_id}"
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": sign_payment(key, app.app_id, timestamp, nonce, package),
        }


def order_root(merchant: MerchantAccount) -> str:
    """The path above orders, which differs between direct and partner mode."""
    return "/v3/pay/transactions" if merchant.mode is MerchantMode.DIRECT else "/v3/pay/partner/transactions"


def merchant_numbers(merchant: MerchantAccount) -> Mapping[str, str]:
    """``mchid``, or ``sp_mchid`` and ``sub_mchid``. Raises ``ConfigurationFault`` for a partner account without a sub-merchant."""
    if merchant.mode is MerchantMode.DIRECT:
        return {"mchid": merchant.merchant_id}
    return {"sp_mchid": merchant.merchant_id, **_sub_merchant(merchant)}


def describe_order(merchant: MerchantAccount, order: Order) -> dict[str, object]:
    """The body of an order. It names a random number, generic words, an amount, an expiry: nothing of the bill or its holder."""
    direct = merchant.mode is MerchantMode.DIRECT
    return {
        "appid" if direct else "sp_appid": merchant.app_id,
        **merchant_numbers(merchant),
        "description": order.description,
        "out_trade_no": order.order_no,
        "time_expire": beijing(order.expires_at).isoformat(),
        "notify_url": order.notify_url,
        "amount": {"total": order.amount_fen, "currency": "CNY"},
        "payer": {"openid" if direct else "sp_openid": order.user_id},
    }


def _sub_merchant(merchant: MerchantAccount) -> dict[str, str]:
    if merchant.mode is MerchantMode.DIRECT:
        return {}
    if not merchant.sub_merchant_id:
        raise ConfigurationFault(f"{merchant.account} is in partner mode and names no sub-merchant")
    return {"sub_mchid": merchant.sub_merchant_id}


def _require_refund(status: RefundStatus, order_no: str, refund_no: str) -> RefundStatus:
    if (status.order_no, status.refund_no) != (order_no, refund_no):
        raise PlatformGarbled("the answer is about another refund")
    return status
