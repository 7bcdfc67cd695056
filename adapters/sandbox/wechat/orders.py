"""Orders of WeChat Pay v3: place (JSAPI, direct and partner), query by either number, close; and being paid.

Facts: pay.weixin.qq.com/doc/v3 (JSAPI order, query, close); numbers of Request-ID from the vendor's troubleshooting list.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from adapters.sandbox.wechat.answers import (
    ALREADY_PAID,
    ORDER_OVER,
    ORDER_UNKNOWN,
    REENTRY_DIFFERS,
    PayRefused,
    refuse_parameter,
    refuse_request,
)
from adapters.sandbox.wechat.desk import Call
from adapters.sandbox.wechat.merchants import Merchant
from adapters.sandbox.wechat.shapes import DIRECT_CLOSE, DIRECT_ORDER, PARTNER_CLOSE, PARTNER_ORDER, check_shape
from adapters.sandbox.wechat.state import BEIJING, WeChat, beijing

PREPAY_SECONDS = 7200
DEFAULT_EXPIRY_SECONDS = 7 * 86400
_STATE_WORDS = {"NOTPAY": "订单未支付", "SUCCESS": "支付成功", "CLOSED": "订单已关闭", "REFUND": "订单发生过退款"}


def place_order(state: WeChat, call: Call) -> dict[str, Any]:
    """POST /v3/pay[/partner]/transactions/jsapi. The same number with the same body is the same order."""
    check_shape(PARTNER_ORDER if call.partner else DIRECT_ORDER, call.body)
    check_mode(call)
    check_parties(call.merchant, call.body, partner=call.partner)
    app_id = _check_app(call)
    openid = _check_payer(state, call, app_id)
    check_notify_url(call.body["notify_url"])
    now = state.clock.now()
    key = f"{call.merchant.merchant_id}|{call.body['out_trade_no']}"
    order = state.shelf.get("order", key)
    if order is None:
        order = _new_order(key, call, openid, app_id, now)
    else:
        _check_reentry(order, call.body, now)
    return {"prepay_id": _give_prepay_id(state, order, now)}


def _new_order(key: str, call: Call, openid: str, app_id: str, now: datetime) -> dict[str, Any]:
    expires = now + timedelta(seconds=DEFAULT_EXPIRY_SECONDS)
    if "time_expire" in call.body:
        expires = _read_moment(call.body["time_expire"])
        if expires <= now:
            raise refuse_parameter("/time_expire", "订单失效时间应晚于当前时间", call.body["time_expire"])
    return {
        "key": key, "mchid": call.merchant.merchant_id, "sub_mchid": call.body.get("sub_mchid"), "app_id": app_id,
        "out_trade_no": call.body["out_trade_no"], "body": call.body, "openid": openid, "state": "NOTPAY",
        "total": call.body["amount"]["total"], "created_at": now.isoformat(), "expires_at": expires.isoformat(),
        "transaction_id": None, "paid_at": None, "prepay_id": None, "prepay_at": None, "refunds": [],
    }  # fmt: skip


def _check_reentry(order: dict[str, Any], body: dict[str, Any], now: datetime) -> None:
    if order["state"] in {"SUCCESS", "REFUND"}:
        raise refuse_request(*ALREADY_PAID)
    if state_of(order, now) == "CLOSED":
        raise PayRefused(*ORDER_OVER)
    if json.dumps(order["body"], sort_keys=True) != json.dumps(body, sort_keys=True):
        raise refuse_request(*REENTRY_DIFFERS)


def _give_prepay_id(state: WeChat, order: dict[str, Any], now: datetime) -> str:
    """The same id while it holds (two hours), then a new one."""
    if not order["prepay_at"] or now - datetime.fromisoformat(order["prepay_at"]) >= timedelta(seconds=PREPAY_SECONDS):
        order["prepay_id"] = f"wx{now.astimezone(BEIJING):%Y%m%d%H%M%S}{secrets.token_hex(9)}0000"
        order["prepay_at"] = now.isoformat()
        state.shelf.put("prepay", order["prepay_id"], {"order": order["key"]})
    state.shelf.put("order", order["key"], order)
    state.shelf.put("number", order["out_trade_no"], {"order": order["key"]})
    return str(order["prepay_id"])


def query_by_number(state: WeChat, call: Call) -> dict[str, Any]:
    """GET .../out-trade-no/{out_trade_no}?mchid= (partner: sp_mchid and sub_mchid)."""
    check_query_parties(call)
    return show_transaction(find_order(state, call.merchant, call.parts["out_trade_no"], call), state.clock.now())


def query_by_transaction(state: WeChat, call: Call) -> dict[str, Any]:
    """GET .../id/{transaction_id}: knows paid orders only."""
    check_query_parties(call)
    found = state.shelf.get("transaction", call.parts["transaction_id"])
    order = state.shelf.get("order", found["order"]) if found else None
    if order is None or order["mchid"] != call.merchant.merchant_id:
        raise PayRefused(*ORDER_UNKNOWN)
    return show_transaction(order, state.clock.now())


def close_order(state: WeChat, call: Call) -> None:
    """POST .../out-trade-no/{out_trade_no}/close: 204 without a body."""
    check_shape(PARTNER_CLOSE if call.partner else DIRECT_CLOSE, call.body)
    check_mode(call)
    check_parties(call.merchant, call.body, partner=call.partner)
    order = find_order(state, call.merchant, call.parts["out_trade_no"], call)
    if order["state"] in {"SUCCESS", "REFUND"}:
        raise refuse_request(*ALREADY_PAID)
    if order["state"] == "CLOSED":
        raise PayRefused(400, "ORDER_CLOSED", "订单已关闭", 268447914)
    order["state"] = "CLOSED"
    state.shelf.put("order", order["key"], order)


def mark_paid(state: WeChat, order: dict[str, Any]) -> None:
    """The citizen paid; the caller holds the lock and has checked that the order can be paid."""
    now = state.clock.now()
    number = f"4200{secrets.randbelow(10**6):06d}{now.astimezone(BEIJING):%Y%m%d}{secrets.randbelow(10**10):010d}"
    order |= {"state": "SUCCESS", "transaction_id": number, "paid_at": now.isoformat()}
    state.shelf.put("order", order["key"], order)
    state.shelf.put("transaction", number, {"order": order["key"]})


def state_of(order: dict[str, Any], now: datetime) -> str:
    """The trade state at a moment: an unpaid order is closed by its expiry."""
    if order["state"] == "NOTPAY" and datetime.fromisoformat(order["expires_at"]) <= now:
        return "CLOSED"
    return str(order["state"])


def show_transaction(order: dict[str, Any], now: datetime) -> dict[str, Any]:
    """An order as a query and a notice show it."""
    body = order["body"]
    trade_state = state_of(order, now)
    shown: dict[str, Any] = {
        name: body[name] for name in ("appid", "mchid", "sp_appid", "sp_mchid", "sub_mchid") if name in body
    }
    shown |= {
        "out_trade_no": order["out_trade_no"], "attach": body.get("attach", ""),
        "trade_state": trade_state, "trade_state_desc": _STATE_WORDS[trade_state], "promotion_detail": [],
    }  # fmt: skip
    if not order["transaction_id"]:
        return shown | {"amount": {"total": order["total"], "currency": "CNY", "payer_currency": "CNY"}}
    return shown | {
        "transaction_id": order["transaction_id"], "trade_type": "JSAPI", "bank_type": "OTHERS",
        "success_time": beijing(datetime.fromisoformat(order["paid_at"])), "payer": body["payer"],
        "amount": {
            "total": order["total"], "payer_total": order["total"], "currency": "CNY", "payer_currency": "CNY",
        },
    }  # fmt: skip


def find_order(state: WeChat, merchant: Merchant, out_trade_no: str, call: Call) -> dict[str, Any]:
    """The merchant's order by its own number. Raises ``PayRefused`` (ORDER_NOT_EXIST); the mode must be the order's."""
    order = state.shelf.get("order", f"{merchant.merchant_id}|{out_trade_no}")
    if order is None or bool(order["sub_mchid"]) != call.partner:
        raise PayRefused(*ORDER_UNKNOWN)
    return order


def check_mode(call: Call) -> None:
    """A service provider uses the partner paths, a direct merchant the others."""
    if (call.merchant.mode == "partner") != call.partner:
        raise PayRefused(403, "NO_AUTH", "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试", 268435464)


def check_parties(merchant: Merchant, told: dict[str, Any], *, partner: bool) -> None:
    """The numbers in the request must be the caller's own and its sub-merchant's."""
    if told.get("sp_mchid" if partner else "mchid") != merchant.merchant_id:
        raise refuse_request("Http头Authorization中的mchid与请求参数中的商户号不一致")
    if partner and told.get("sub_mchid") != merchant.sub_merchant_id:
        raise PayRefused(403, "NO_AUTH", "特约子商户商户号未授权服务商的产品权限", 268435464)


def check_query_parties(call: Call) -> None:
    """The same for the numbers in a query string: exactly the expected ones."""
    told = call.request.args.to_dict()
    expected = {"sp_mchid", "sub_mchid"} if call.partner else {"mchid"}
    for name in expected - set(told):
        raise refuse_parameter(name, "缺少必填参数", location="query")
    for name in set(told) - expected:
        raise refuse_parameter(name, "未定义的参数", location="query")
    check_mode(call)
    check_parties(call.merchant, told, partner=call.partner)


def check_notify_url(url: str) -> None:
    """An absolute http(s) address without query and fragment (回调通知: 不能携带参数)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise refuse_parameter("/notify_url", "通知地址应以http://或https://开头", url)
    if "?" in url or "#" in url or "@" in parts.netloc:
        raise refuse_parameter("/notify_url", "通知地址不能携带参数", url)


def _check_app(call: Call) -> str:
    app_id = call.body["sp_appid" if call.partner else "appid"]
    if app_id != call.merchant.app_id or "sub_appid" in call.body:
        raise PayRefused(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配，请检查后再试", 268435457)
    return str(app_id)


def _check_payer(state: WeChat, call: Call, app_id: str) -> str:
    payer = call.body["payer"]
    openid = payer.get("sp_openid" if call.partner else "openid")
    if openid is None or "sub_openid" in payer:
        raise refuse_parameter("/payer", "服务商模式应传入与所传appid对应的sp_openid")
    user = state.find_user(openid)
    if user is None or user["app_id"] != app_id:
        raise refuse_parameter("/payer/openid", "无效的openid", openid)
    return str(openid)


def _read_moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise refuse_parameter("/time_expire", "时间格式应遵循RFC 3339", text) from None
