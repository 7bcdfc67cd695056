"""Alipay as a ``Platform``: the parts put together, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapters.platforms.alipay_app import AlipayApp
from adapters.platforms.alipay_exchange import GatewayExchange
from adapters.platforms.alipay_notices import AlipayNotices
from adapters.platforms.alipay_pay import AlipayPay
from adapters.platforms.context import PlatformContext
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


class AlipayPlatform:
    """Implements ``ports.Platform``. Alipay has no interface of its own for government fees: they are orders like any other."""

    name = PlatformName.ALIPAY

    def __init__(self, context: PlatformContext) -> None:
        exchange = GatewayExchange(context)
        self._app = AlipayApp(context, exchange)
        self._pay = AlipayPay(context, exchange)
        self._notices = AlipayNotices(exchange)

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        return self._app.identify(app, code, disclosure)

    def read_phone(self, app: PlatformApp, evidence: str, disclosure: Disclosure) -> str:
        del disclosure  # the evidence came through the client: nothing is sent
        return self._app.read_phone(app, evidence)

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        return self._pay.place_order(app, merchant, order, disclosure)

    def query_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        del non_tax
        return self._pay.query_order(merchant, order_no, disclosure)

    def close_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        del non_tax
        return self._pay.close_order(merchant, order_no, disclosure)

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        del non_tax
        return self._pay.request_refund(merchant, order_no, refund_no, amount_fen, disclosure)

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        del non_tax
        return self._pay.query_refund(merchant, order_no, refund_no, disclosure)

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        self._app.send_message(app, user_id, template, words, page, disclosure)

    def read_notice(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        return self._notices.read(merchant, headers, body, now)
