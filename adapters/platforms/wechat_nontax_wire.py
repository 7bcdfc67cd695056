"""What WeChat's non-tax interface may be told, value by value, and what it tells us (微信非税缴费, platform-wire.md §1D).

Vendor pages: developers.weixin.qq.com/doc/service/api/nontaxpay (unifiedorder, getorder, refund). The order's table is made for one
order: number, days, department, region and items of the notice are that order's own, exactly; nothing else fits in their places.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from adapters.platforms.context import BEIJING
from adapters.platforms.wechat_wire import ERROR_REPLY, OPENID
from adapters.platforms.wire import CREDENTIAL, FEN, RANDOM_NUMBER, exactly, make_reply_table, make_table, one_of
from services.exposure import WireTable
from services.model import MerchantAccount
from services.non_tax import NonTaxOrder

ORDER_ID = r"[A-Za-z0-9_-]{16,64}"
REFUND_REASON = "缴费未入账，原路退回"
"""The one reason that we ever give: nothing of a person or a case."""
LONG_NUMBER = re.compile(r"[0-9]{7,}")
"""An item's name is words of the fee catalogue. A run of digits this long may be an identity, telephone or card number: not sent."""
SCENE = "miniprogram"

_ALWAYS = {
    "header:user-agent": ("protocol", "guitai"),
    "header:accept": ("protocol", "application/json"),
    "header:content-type": ("protocol", "application/json"),
    "query:access_token": ("app_credential", CREDENTIAL),
}


def terminal_address(merchant: MerchantAccount) -> str:
    """What stands in ``ip`` (用户端ip, required): an address of ours. WeChat sees the citizen's own by itself, and not from us."""
    return merchant.options.get("terminal_ip", "127.0.0.1")


def second_of(day: date) -> str:
    """The first second of a day in China, as a Unix time: ``payment_notice_create_time`` is one, and a notice bears a day."""
    return str(int(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()))


def order_table(merchant: MerchantAccount, non_tax: NonTaxOrder, phrases: Collection[str]) -> WireTable:
    """``POST /nontax/unifiedorder`` for this very notice."""
    notice = non_tax.notice
    items = notice.items
    rows = {
        **_ALWAYS,
        "path": ("protocol", "/nontax/unifiedorder"),
        "body:appid": ("app_id", exactly(merchant.app_id)),
        "body:mch_id": ("merchant_id", exactly(merchant.merchant_id)),
        "body:bank_id": ("merchant_id", exactly(merchant.options.get("bank_id"))),
        "body:service_id": ("merchant_id", exactly(merchant.options.get("service_id"))),
        "body:openid": ("platform_user", OPENID),
        "body:desc": ("order_description", one_of(phrases)),
        "body:fee": ("amount", FEN),
        "body:ip": ("protocol", exactly(terminal_address(merchant))),
        "body:scene": ("protocol", SCENE),
        "body:payment_notice_no": ("notice_no", exactly(notice.payment_notice_no)),
        "body:payment_notice_create_time": ("notice_no", second_of(notice.created_on)),
        "body:payment_expire_date": ("notice_no", f"{notice.expires_on:%Y%m%d}" if notice.expires_on else r"(?!)"),
        "body:department_code": ("department", exactly(non_tax.department_code)),
        "body:department_name": ("department", exactly(non_tax.department_name)),
        "body:region_code": ("region", exactly(non_tax.region_code)),
        "body:items[].no": ("fee_items", _any_of(str(item.no) for item in items)),
        "body:items[].item_id": ("fee_items", _any_of(item.item_id for item in items)),
        "body:items[].item_name": (
            "fee_items",
            _any_of(item.item_name for item in items if not LONG_NUMBER.search(item.item_name)),
        ),
        "body:items[].overdue": ("fee_items", _any_of(str(item.overdue_fen) for item in items)),
        "body:items[].penalty": ("fee_items", _any_of(str(item.penalty_fen) for item in items)),
        "body:items[].fee": ("fee_items", _any_of(str(item.fee_fen) for item in items)),
    }
    return make_table("wechat.nontax.order", rows)


def _any_of(values: Iterable[str]) -> str:
    return "|".join(exactly(value) for value in sorted(set(values))) or r"(?!)"


def query_table(merchant: MerchantAccount) -> WireTable:
    """``POST /nontax/getorder``."""
    return make_table(
        "wechat.nontax.query",
        {
            **_ALWAYS,
            "path": ("protocol", "/nontax/getorder"),
            "body:appid": ("app_id", exactly(merchant.app_id)),
            "body:service_id": ("merchant_id", exactly(merchant.options.get("service_id"))),
            "body:order_id": ("platform_order", ORDER_ID),
        },
    )


def refund_table(merchant: MerchantAccount) -> WireTable:
    """``POST /nontax/refund``."""
    return make_table(
        "wechat.nontax.refund",
        {
            **_ALWAYS,
            "path": ("protocol", "/nontax/refund"),
            "body:appid": ("app_id", exactly(merchant.app_id)),
            "body:order_id": ("platform_order", ORDER_ID),
            "body:reason": ("protocol", exactly(REFUND_REASON)),
            "body:refund_fee": ("amount", FEN),
            "body:refund_out_id": ("refund_number", RANDOM_NUMBER),
        },
    )


_ITEMS = {f"body:items[].{name}": "fee_items" for name in ("no", "item_id", "item_name", "overdue", "penalty", "fee")}
_PARTIAL: Mapping[str, str] = {
    "refund_order_id": "refund_number",
    "refund_out_id": "refund_number",
    "refund_reason": "refund_state",
    "refund_status": "refund_state",
    "refund_fee": "amount",
    "refund_finish_time": "trade_time",
}
_HISTORY = (
    "notify_time", "ret", "ret_errmsg", "cost_time", "wxnontaxstr", "status", "url", "errcode", "errmsg", "third_resp",
    "third_resp_data",
)  # fmt: skip
TRADE = {
    **_ITEMS,
    **{f"body:partial_refund_info{many}.{name}": word for many in ("", "[]") for name, word in _PARTIAL.items()},
    **{f"body:notify_history[].{name}": "protocol" for name in ("appid", "name", "notify_cnt", "notify_detail")},
    **{f"body:notify_history[].notify_detail[].{name}": "protocol" for name in _HISTORY},
    "body:items": "fee_items",
    "body:partial_refund_info": "refund_state",
    "body:notify_history": "protocol",
    "body:appid": "app_id",
    "body:openid": "platform_user",
    "body:order_id": "platform_order",
    "body:create_time": "trade_time",
    "body:pay_finish_time": "trade_time",
    "body:refund_finish_time": "trade_time",
    "body:desc": "order_description",
    "body:fee": "amount",
    "body:fee_type": "amount",
    "body:trans_id": "transaction_number",
    "body:status": "trade_state",
    "body:bank_id": "merchant_id",
    "body:mch_id": "merchant_id",
    "body:bank_name": "funding",
    "body:bank_account": "funding",
    "body:refund_reason": "refund_state",
    "body:refund_order_id": "refund_number",
    "body:refund_out_id": "refund_number",
    "body:payment_notice_no": "notice_no",
    "body:order_no": "notice_no",
    "body:payment_notice_type": "notice_no",
    "body:department_code": "department",
    "body:department_name": "department",
    "body:region_code": "region",
    "body:bill_type_code": "protocol",
    "body:bill_no": "protocol",
    "body:payment_info_source": "protocol",
    "body:scene": "protocol",
}
ORDER_REPLY = make_reply_table(
    "wechat.nontax.order",
    {
        **ERROR_REPLY,
        "body:order_id": "platform_order",
        "body:pay_url": "platform_order",
        "body:miniprogram.appid": "app_id",
        "body:miniprogram.pagepath": "platform_order",
        "body:miniprogram.query_string": "platform_order",
        "body:miniprogram.business_type": "protocol",
    },
)
QUERY_REPLY = make_reply_table("wechat.nontax.query", {**ERROR_REPLY, **TRADE})
REFUND_REPLY = make_reply_table("wechat.nontax.refund", {**ERROR_REPLY, "body:refund_order_id": "refund_number"})
NOTICE_ENVELOPE = make_reply_table(
    "wechat.nontax.notice", {"body:appid": "app_id", "body:version": "protocol", "body:data": "protocol"}
)
NOTICE_PLAIN = make_reply_table("wechat.nontax.notice.plain", TRADE)
