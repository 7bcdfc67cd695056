"""WeChat, WeChat Pay v3 and WeChat's non-tax interface as a ``Platform``: the parts put together, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapters.platforms.context import PlatformContext
from adapters.platforms.wechat_app import WeChatApp
from adapters.platforms.wechat_exchange import PayExchange
from adapters.platforms.wechat_nontax import WeChatNonTax
from adapters.platforms.wechat_nontax_notices import NonTaxNotices
from adapters.platforms.wechat_notices import WeChatNotices
from adapters.platforms.wechat_pay import WeChatPay
from services.exposure import Disclosure
from services.model import (
    MerchantAccount,
    Notice,
    Order,
    PlacedOrder,
    PlatformApp,
    PlatformName,
    PlatformUser,
    RefundStatus,
    TradeStatus,
)
from services.platform_port import NonTaxPlace
from services.ports import TokenCache


class WeChatPlatform:
    """Implements ``ports.Platform``. ``tokens`` is the shared cache: access tokens and WeChat's encrypted certificates."""

    name = PlatformName.WECHAT

    def __init__(self, context: PlatformContext, tokens: TokenCache) -> None:
        exchange = PayExchange(context, tokens)
        self._app = WeChatApp(context, tokens)
        self._pay = WeChatPay(context, exchange)
        self._notices = WeChatNotices(context, exchange.keys)
        self._fees = WeChatNonTax(context, self._app)
        self._fee_notices = NonTaxNotices(context)

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        return self._app.identify(app, code, disclosure)

    def read_phone(self, app: PlatformApp, evidence: str, disclosure: Disclosure) -> str:
        return self._app.read_phone(app, evidence, disclosure)

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        if order.non_tax is not None:
            return self._fees.place_order(app, merchant, order, order.non_tax, disclosure)
        return self._pay.place_order(app, merchant, order, disclosure)

    def query_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        if non_tax is not None:
            return self._fees.query_order(merchant, order_no, non_tax, disclosure)
        return self._pay.query_order(merchant, order_no, disclosure)

    def close_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        if non_tax is not None:
            return self._fees.close_order(order_no, non_tax)
        return self._pay.close_order(merchant, order_no, disclosure)

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        if non_tax is not None:
            return self._fees.request_refund(merchant, (order_no, refund_no), amount_fen, non_tax, disclosure)
        return self._pay.request_refund(merchant, order_no, refund_no, amount_fen, disclosure)

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        if non_tax is not None:
            return self._fees.query_refund(merchant, (order_no, refund_no), non_tax, disclosure)
        return self._pay.query_refund(merchant, order_no, refund_no, disclosure)

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        self._app.send_message(app, user_id, template, words, page, disclosure)

    def read_notice(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        if self._fee_notices.concern(merchant, headers):
            return self._fee_notices.read(merchant, headers, body, now)
        return self._notices.read(merchant, headers, body, now)
