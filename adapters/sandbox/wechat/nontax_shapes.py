"""The request bodies of the non-tax interface, field by field, as the vendor's pages give them; what they do not name is refused.

Source: developers.weixin.qq.com/doc/service/api/nontaxpay (queryfee, unifiedorder, getorder, getorderlist, refund, downloadbill).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from adapters.sandbox.wechat.social import SocialRefused

Check = Callable[[object], bool]


def text(longest: int, pattern: str = r"[^\x00-\x1f]+") -> Check:
    """A text of one to ``longest`` characters that matches as a whole."""
    return lambda value: isinstance(value, str) and len(value) <= longest and bool(re.fullmatch(pattern, value))


def whole(least: int, most: int = 10**11) -> Check:
    """An integer, never a boolean or a float."""
    return lambda value: type(value) is int and least <= value <= most


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.strptime(value, "%Y%m%d"))  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False


def _is_address(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _are_items(value: object) -> bool:
    if not isinstance(value, list) or not 1 <= len(value) <= 100 or not all(isinstance(one, dict) for one in value):
        return False
    fit = all(ITEM_REQUIRED.keys() <= one.keys() <= ITEM.keys() for one in value)
    return (
        fit
        and all(ITEM[name](inner) for one in value for name, inner in one.items())
        and (len({one["no"] for one in value}) == len(value))
        and all(one.get("overdue", 0) + one.get("penalty", 0) <= one["fee"] for one in value)
    )


ITEM_REQUIRED: Mapping[str, Check] = {
    "no": whole(1, 1000), "item_id": text(64), "item_name": text(100), "fee": whole(0),
}  # fmt: skip
ITEM: Mapping[str, Check] = {**ITEM_REQUIRED, "overdue": whole(0), "penalty": whole(0)}
_CODE = text(64, r"[0-9A-Za-z\-]+")
_NUMBER = text(64, r"[0-9A-Za-z_\-]+")
REGION = text(6, r"[0-9]{6}")
_WHERE: Mapping[str, Check] = {"appid": text(32), "department_code": _CODE, "region_code": REGION}
SCENES = ("biz", "ctiyservice", "miniprogram", "offline", "pc", "app", "other")
"""``ctiyservice`` is how the vendor's page spells it."""

QUERY_FEE = (
    {**_WHERE, "service_id": whole(0), "payment_notice_no": _NUMBER},
    {"bank_id": text(64), "payment_notice_type": whole(1, 2)},
)
ORDER = (
    {
        **_WHERE, "desc": text(127), "fee": whole(1), "ip": _is_address, "department_name": text(100), "items": _are_items,
        "payment_notice_create_time": whole(1), "scene": lambda value: value in SCENES,
    },
    {
        "openid": text(64), "service_id": whole(0), "bank_id": text(64), "bank_account": text(64), "mch_id": text(32),
        "return_url": text(512), "order_no": _NUMBER, "payment_notice_no": _NUMBER, "payment_notice_type": whole(1, 2),
        "user_name": text(60), "payment_expire_date": _is_day, "app_appid": text(32), "trade_type": text(16),
        "auto_call_pay": _is_flag,
    },
)  # fmt: skip
GET_ORDER = ({"appid": text(32), "order_id": text(64)}, {"service_id": whole(0)})
LIST_ORDERS = (_WHERE, {"payment_notice_no": _NUMBER, "order_no": _NUMBER})
REFUND = (
    {"appid": text(32), "order_id": text(64), "reason": text(80)},
    {"refund_fee": whole(1), "refund_out_id": text(64, r"[0-9A-Za-z_\-]+")},
)
BILL = (
    {"appid": text(32), "mch_id": text(32), "bill_date": _is_day},
    {"bill_type": lambda value: value in ("ALL", "SUCCESS", "REFUND")},
)


def check(told: Mapping[str, Any], shape: tuple[Mapping[str, Check], Mapping[str, Check]]) -> None:
    """Raise ``SocialRefused`` (47003, with the name of the field) at the first thing that does not fit."""
    required, optional = shape
    for name in required:
        if name not in told:
            raise refuse_field(name, "missing")
    for name, value in told.items():
        known = required.get(name) or optional.get(name)
        if known is None:
            raise refuse_field(name, "unknown")
        if not known(value):
            raise refuse_field(name, "invalid")


def check_one_number(told: Mapping[str, Any]) -> None:
    """Exactly one of the notice's number and an order number (缴费通知书编号和订单号必须二选一)."""
    if ("payment_notice_no" in told) == ("order_no" in told):
        raise refuse_field("payment_notice_no", "and order_no: exactly one")


def check_sum(told: Mapping[str, Any]) -> None:
    """The items add up to the fee."""
    if sum(one["fee"] for one in told["items"]) != told["fee"]:
        raise refuse_field("fee", "is not the sum of items")


def refuse_field(name: str, what: str) -> SocialRefused:
    """47003 for one field."""
    return SocialRefused(47003, f"argument invalid! {name} {what}")
