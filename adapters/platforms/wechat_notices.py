"""Reading WeChat Pay's notices: verify the raw bytes, then parse, then decrypt, then check to whom it is addressed. No network.

No path returns anything of a body that did not verify. Reasons of refusal are stable words for logs and metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapters.platforms import wechat_wire as wire
from adapters.platforms.context import PlatformContext, read_object, take_text
from adapters.platforms.keys import secret_name, verify_text
from adapters.platforms.wechat_certificates import VerificationKeys
from adapters.platforms.wechat_evidence import WrongAddressee, read_refund, read_trade, require_merchant
from adapters.platforms.wechat_signing import NotSigned, open_resource, read_api_v3_key, read_signature
from services.errors import ExposureUndeclared, NoticeRefused, PlatformGarbled
from services.exposure import WireTable, locate_body
from services.model import JsonValue, MerchantAccount, Notice, PlatformName, RefundState, TradeState

OPERATION = "wechat.notice"
TRADE_EVENTS = {"TRANSACTION.SUCCESS": TradeState.PAID}
REFUND_EVENTS = {
    "REFUND.SUCCESS": RefundState.REFUNDED,
    "REFUND.ABNORMAL": RefundState.ABNORMAL,
    "REFUND.CLOSED": RefundState.CLOSED,
}
HEADER_FIELDS = frozenset({"protocol"})


class WeChatNotices:
    """Verifies and reads notices of one account at a time."""

    def __init__(self, context: PlatformContext, keys: VerificationKeys) -> None:
        self._context = context
        self._keys = keys

    def read(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        """The notice and the field names in it. Raises ``NoticeRefused``; WeChat's own probes are marked ``probe``."""
        self._require_signed(merchant, headers, body, now)
        try:
            envelope = read_object(OPERATION, body)
            plain = self._open(merchant, envelope)
            return self._read_plain(merchant, envelope, plain), _name_fields(body, plain)
        except WrongAddressee as error:
            raise NoticeRefused(f"wrong_{error.field}") from error
        except PlatformGarbled as error:
            raise NoticeRefused("unreadable") from error

    def _require_signed(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> None:
        try:
            message, signature, serial = read_signature(headers, body, now)
        except NotSigned as fault:
            raise NoticeRefused(fault.reason, probe=fault.reason == "probe") from None
        key = self._keys.find(merchant, serial, now)
        if key is None:
            raise NoticeRefused("unknown_serial")
        if not verify_text(key, message, signature):
            raise NoticeRefused("forged")

    def _open(self, merchant: MerchantAccount, envelope: JsonValue) -> bytes:
        name = secret_name(merchant.account, merchant.secrets, "api_v3_key")
        key = self._context.keys.parse("APIv3 key", name, read_api_v3_key)
        return open_resource(OPERATION, key, envelope.get("resource"))

    def _read_plain(self, merchant: MerchantAccount, envelope: JsonValue, plain: bytes) -> Notice:
        data = read_object(OPERATION, plain)
        event, notice_id = take_text(OPERATION, envelope, "event_type"), take_text(OPERATION, envelope, "id")
        if len(notice_id) > 64:
            raise PlatformGarbled(f"{OPERATION}: an id that is too long")
        if event in TRADE_EVENTS:
            trade = read_trade(OPERATION, merchant, data)
            if trade.state not in (TRADE_EVENTS[event], TradeState.REFUNDED):
                raise PlatformGarbled(f"{OPERATION}: event and state differ")
            return Notice(notice_id, PlatformName.WECHAT, merchant.account, "trade", trade=trade)
        if event in REFUND_EVENTS:
            require_merchant(merchant, data)
            refund = read_refund(OPERATION, data, "refund_status")
            if refund.state is not REFUND_EVENTS[event]:
                raise PlatformGarbled(f"{OPERATION}: event and state differ")
            return Notice(notice_id, PlatformName.WECHAT, merchant.account, "refund", refund=refund)
        raise NoticeRefused("unknown_event")


def _name_fields(body: bytes, plain: bytes) -> frozenset[str]:
    names = HEADER_FIELDS
    table: WireTable
    for table, content in ((wire.NOTICE_TABLE, body), (wire.PLAIN_NOTICE, plain)):
        try:
            names |= table.read_leniently(locate_body("application/json", content))
        except ExposureUndeclared:
            names |= {"unlisted"}
    return names
