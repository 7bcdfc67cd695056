"""Reading Alipay's asynchronous notices: verify the decoded form, then check to whom it is addressed, then read it. No network.

Freshness: Alipay sends a notice again for about 25 hours; whether ``notify_time`` is that of the first or of this sending is
[UNCONF], so 26 hours are allowed. What protects against a replay is the claim of ``notify_id`` in the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from adapters.platforms import alipay_wire as wire
from adapters.platforms.alipay_evidence import read_moment, read_trade, read_yuan
from adapters.platforms.alipay_exchange import GatewayExchange
from adapters.platforms.alipay_signer import Signer
from adapters.platforms.alipay_signing import join_parameters
from adapters.platforms.context import take_text
from services.errors import ExposureUndeclared, NoticeRefused, PlatformGarbled
from services.exposure import locate_body
from services.model import (
    MerchantAccount,
    Notice,
    PlatformName,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)

OPERATION = "alipay.notice"
FORM = "application/x-www-form-urlencoded"
FRESH = timedelta(hours=26)
AHEAD = timedelta(minutes=5)
MAXIMUM_FIELDS = 100


class AlipayNotices:
    """Verifies and reads notices of one account at a time."""

    def __init__(self, exchange: GatewayExchange) -> None:
        self._exchange = exchange

    def read(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        """The notice and the field names in it. Raises ``NoticeRefused``."""
        form = read_form(headers, body)
        self._require_signed(merchant, form)
        try:
            require_addressee(merchant, form, now)
            return read_plain(merchant, form), name_fields(body)
        except PlatformGarbled as error:
            raise NoticeRefused("unreadable") from error

    def _require_signed(self, merchant: MerchantAccount, form: Mapping[str, str]) -> None:
        """``sign`` and ``sign_type`` are left out of what is signed (V1), with empty values and then without them.

        Whether a notice names its certificate is [UNCONF]: if it does, that one must be known; if not, any of the account's will do.
        """
        signature = form.get("sign", "")
        if not signature or form.get("sign_type") != "RSA2":
            raise NoticeRefused("signature_missing")
        signer = Signer.of_merchant(merchant)
        named = form.get("alipay_cert_sn") if signer.by_certificate else None
        if named is not None and not self._exchange.certificates.list_keys(signer, named):
            raise NoticeRefused("unknown_serial")
        texts = dict.fromkeys(join_parameters(form, keep_empty=keep) for keep in (True, False))
        if not any(self._exchange.verify(signer, text, signature, named) for text in texts):
            raise NoticeRefused("forged")


def read_form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The form, decoded exactly once as UTF-8; a name that stands twice is refused."""
    kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
    if len(kinds) != 1 or kinds[0].split(";")[0].strip().lower() != FORM:
        raise NoticeRefused("not_a_form")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAXIMUM_FIELDS,
        )
    except ValueError as error:
        raise NoticeRefused("not_a_form") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise NoticeRefused("field_twice")
    if form.get("charset", "utf-8").lower() != "utf-8":
        raise NoticeRefused("another_charset")
    return form


def require_addressee(merchant: MerchantAccount, form: Mapping[str, str], now: datetime) -> None:
    """The notice is of the right kind, for this app and this seller, and not too old. Raises ``NoticeRefused``."""
    if form.get("notify_type") != "trade_status_sync":
        raise NoticeRefused("unknown_event")
    if form.get("app_id") != merchant.app_id:
        raise NoticeRefused("wrong_app_id")
    if form.get("seller_id") != merchant.merchant_id:
        raise NoticeRefused("wrong_seller_id")
    sent_at = read_moment(OPERATION, form, "notify_time")
    if not -AHEAD <= now - sent_at <= FRESH:
        raise NoticeRefused("stale")


def read_plain(merchant: MerchantAccount, form: Mapping[str, str]) -> Notice:
    """A notice with ``refund_fee`` and ``out_biz_no`` is about a refund, in full or in part; any other is about the trade."""
    notice_id = take_text(OPERATION, form, "notify_id")
    if len(notice_id) > 128:
        raise PlatformGarbled(f"{OPERATION}: an id that is too long")
    trade = read_trade(OPERATION, form, "gmt_payment")
    if form.get("refund_fee"):
        return _read_refund(merchant, form, notice_id, trade)
    return Notice(notice_id, PlatformName.ALIPAY, merchant.account, "trade", trade=trade)


def _read_refund(merchant: MerchantAccount, form: Mapping[str, str], notice_id: str, trade: TradeStatus) -> Notice:
    """``refund_fee`` is the sum of all refunds of the trade so far: the amount of this one only if it is the whole."""
    refunded = read_yuan(OPERATION, form, "refund_fee")
    if not form.get("out_biz_no"):
        if trade.state is not TradeState.REFUNDED:
            raise PlatformGarbled(f"{OPERATION}: a refund without a number")
        return Notice(notice_id, PlatformName.ALIPAY, merchant.account, "trade", trade=trade)
    whole = trade.amount_fen == refunded
    refund = RefundStatus(
        order_no=trade.order_no,
        refund_no=form["out_biz_no"],
        state=RefundState.REFUNDED,
        amount_fen=refunded if whole else None,
        platform_refund=trade.transaction_id,
    )
    return Notice(notice_id, PlatformName.ALIPAY, merchant.account, "refund", refund=refund)


def name_fields(body: bytes) -> frozenset[str]:
    """The field names in a notice."""
    try:
        return wire.NOTICE_TABLE.read_leniently(locate_body(FORM, body))
    except ExposureUndeclared:
        return frozenset({"protocol", "unlisted"})
