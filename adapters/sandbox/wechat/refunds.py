"""Refunds of WeChat Pay v3: apply, query, and send an abnormal one elsewhere. One refund number refunds once.

Facts: pay.weixin.qq.com/doc/v3 (refund): out_refund_no is idempotent, 50 partial refunds, one minute between two refunds of
an order, 365 days, PROCESSING until the bank answers.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from adapters.sandbox.wechat.answers import ORDER_UNKNOWN, PayRefused, refuse_parameter, refuse_request
from adapters.sandbox.wechat.desk import Call
from adapters.sandbox.wechat.orders import check_notify_url
from adapters.sandbox.wechat.pay_notices import announce_refund
from adapters.sandbox.wechat.shapes import ABNORMAL_REFUND, REFUND, check_shape
from adapters.sandbox.wechat.state import BEIJING, WeChat, beijing

SETTLE_SECONDS = 1
"""How long a refund stays PROCESSING, on the shared clock."""

_BETWEEN_SECONDS = 60
_LONGEST_DAYS = 365
_MOST = 50
_UNKNOWN = (404, "RESOURCE_NOT_EXISTS", "退款单不存在")
_OTHER_AMOUNT = "订单金额或退款金额与之前请求不一致，请核实后再试"


def apply_refund(state: WeChat, call: Call) -> dict[str, Any]:
    """POST /v3/refund/domestic/refunds."""
    check_shape(REFUND, call.body)
    check_sub_merchant(call, call.body.get("sub_mchid"))
    if "notify_url" in call.body:
        check_notify_url(call.body["notify_url"])
    if ("transaction_id" in call.body) == ("out_trade_no" in call.body):
        raise refuse_parameter("/transaction_id", "transaction_id与out_trade_no应二选一")
    order = _find_order(state, call)
    now = state.clock.now()
    existing = state.shelf.get("refund", refund_key(call.merchant.merchant_id, call.body["out_refund_no"]))
    if existing:
        return _repeat(existing, order, call.body, now)
    _check_refundable(state, order, call, now)
    refund = _new_refund(order, call, now)
    state.shelf.put("refund", refund["key"], refund)
    order |= {"state": "REFUND", "refunds": [*order["refunds"], refund["key"]]}
    state.shelf.put("order", order["key"], order)
    announce_refund(state, order, refund, SETTLE_SECONDS)
    return show_refund(refund, now)


def refund_at_desk(state: WeChat, order: dict[str, Any], amount_fen: int) -> None:
    """The merchant gives money back by hand at WeChat's own desk: a number of the desk's, no notice to the merchant's server."""
    now = state.clock.now()
    number = f"desk{secrets.token_hex(8)}"
    refund = {
        "key": refund_key(order["mchid"], number), "order": order["key"],
        "refund_id": _number_refund(now), "out_refund_no": number, "out_trade_no": order["out_trade_no"],
        "transaction_id": order["transaction_id"], "amount": amount_fen, "total": order["total"], "notify_url": None,
        "final": "SUCCESS", "created_at": now.isoformat(), "settles_at": now.isoformat(),
    }  # fmt: skip
    state.shelf.put("refund", refund["key"], refund)
    order |= {"state": "REFUND", "refunds": [*order["refunds"], refund["key"]]}
    state.shelf.put("order", order["key"], order)


def query_refund(state: WeChat, call: Call) -> dict[str, Any]:
    """GET /v3/refund/domestic/refunds/{out_refund_no}[?sub_mchid=]."""
    check_sub_merchant(call, call.request.args.get("sub_mchid"))
    refund = state.shelf.get("refund", refund_key(call.merchant.merchant_id, call.parts["out_refund_no"]))
    if refund is None:
        raise PayRefused(*_UNKNOWN)
    return show_refund(refund, state.clock.now())


def send_abnormal_refund(state: WeChat, call: Call) -> dict[str, Any]:
    """POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund: only for a refund that went wrong."""
    check_shape(ABNORMAL_REFUND, call.body)
    check_sub_merchant(call, call.body.get("sub_mchid"))
    refund = state.shelf.get("refund", refund_key(call.merchant.merchant_id, call.body["out_refund_no"]))
    if refund is None or refund["refund_id"] != call.parts["refund_id"]:
        raise PayRefused(*_UNKNOWN)
    now = state.clock.now()
    if status_of(refund, now) != "ABNORMAL":
        raise refuse_request("退款单状态不是退款异常，不能发起异常退款")
    refund |= {"final": "SUCCESS", "settles_at": (now + timedelta(seconds=SETTLE_SECONDS)).isoformat()}
    state.shelf.put("refund", refund["key"], refund)
    order = state.shelf.get("order", refund["order"])
    if order:
        announce_refund(state, order, refund, SETTLE_SECONDS)
    return show_refund(refund, now)


def check_sub_merchant(call: Call, told: str | None) -> None:
    """Partner mode needs ``sub_mchid``, direct mode must not have it."""
    if call.merchant.mode == "partner" and told is None:
        raise refuse_parameter("/sub_mchid", "缺少必填参数")
    if told != call.merchant.sub_merchant_id:
        raise PayRefused(403, "NO_AUTH", "特约子商户商户号未授权服务商的产品权限", 268435464)


def refund_key(merchant_id: str, out_refund_no: str) -> str:
    """The key of a refund on the shelf."""
    return f"{merchant_id}|{out_refund_no}"


def status_of(refund: dict[str, Any], now: datetime) -> str:
    """PROCESSING until it settles, then its end."""
    return str(refund["final"]) if datetime.fromisoformat(refund["settles_at"]) <= now else "PROCESSING"


def show_refund(refund: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A refund as the API shows it."""
    status = status_of(refund, now)
    shown = {
        "refund_id": refund["refund_id"], "out_refund_no": refund["out_refund_no"],
        "transaction_id": refund["transaction_id"], "out_trade_no": refund["out_trade_no"], "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱", "create_time": beijing(datetime.fromisoformat(refund["created_at"])),
        "status": status, "funds_account": "AVAILABLE", "promotion_detail": [],
        "amount": {
            "total": refund["total"], "refund": refund["amount"], "payer_total": refund["total"],
            "payer_refund": refund["amount"], "settlement_refund": refund["amount"],
            "settlement_total": refund["total"], "discount_refund": 0, "currency": "CNY", "refund_fee": 0, "from": [],
        },
    }  # fmt: skip
    if status == "SUCCESS":
        shown["success_time"] = beijing(datetime.fromisoformat(refund["settles_at"]))
    return shown


def _find_order(state: WeChat, call: Call) -> dict[str, Any]:
    if "transaction_id" in call.body:
        found = state.shelf.get("transaction", call.body["transaction_id"])
        key = found["order"] if found else ""
    else:
        key = f"{call.merchant.merchant_id}|{call.body['out_trade_no']}"
    order = state.shelf.get("order", key)
    if order is None or order["mchid"] != call.merchant.merchant_id:
        raise PayRefused(*ORDER_UNKNOWN)
    return order


def _repeat(existing: dict[str, Any], order: dict[str, Any], body: dict[str, Any], now: datetime) -> dict[str, Any]:
    same = (existing["order"], existing["amount"], existing["total"])
    if same != (order["key"], body["amount"]["refund"], body["amount"]["total"]):
        raise refuse_request(_OTHER_AMOUNT)
    return show_refund(existing, now)


def _check_refundable(state: WeChat, order: dict[str, Any], call: Call, now: datetime) -> None:
    told = call.body["amount"]
    if not order["transaction_id"]:
        raise refuse_request("订单未支付，不能发起退款")
    if told["total"] != order["total"]:
        raise refuse_request(_OTHER_AMOUNT)
    if now - datetime.fromisoformat(order["paid_at"]) > timedelta(days=_LONGEST_DAYS):
        raise refuse_request("订单已超过可退款的最大期限")
    earlier = [one for key in order["refunds"] if (one := state.shelf.get("refund", key))]
    taken = sum(one["amount"] for one in earlier if one["final"] != "CLOSED")
    if taken == order["total"]:
        raise refuse_request("订单已全额退款")
    if earlier and now - datetime.fromisoformat(earlier[-1]["created_at"]) < timedelta(seconds=_BETWEEN_SECONDS):
        raise PayRefused(429, "FREQUENCY_LIMITED", "同一笔订单多次退款需间隔1分钟", 268435463)
    if len(earlier) >= _MOST:
        raise refuse_request("同一笔订单退款次数不能超过50次")
    if taken + told["refund"] > order["total"]:
        raise refuse_request("申请退款金额大于订单可退金额")
    if call.fault == "not_enough":
        raise PayRefused(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起", 268435465)


def _new_refund(order: dict[str, Any], call: Call, now: datetime) -> dict[str, Any]:
    final = {"refund_abnormal": "ABNORMAL", "refund_closed": "CLOSED"}.get(call.fault, "SUCCESS")
    return {
        "key": refund_key(call.merchant.merchant_id, call.body["out_refund_no"]), "order": order["key"],
        "refund_id": _number_refund(now), "out_refund_no": call.body["out_refund_no"], "out_trade_no": order["out_trade_no"],
        "transaction_id": order["transaction_id"], "amount": call.body["amount"]["refund"], "total": order["total"],
        "notify_url": call.body.get("notify_url"), "final": final, "created_at": now.isoformat(),
        "settles_at": (now + timedelta(seconds=SETTLE_SECONDS)).isoformat(),
    }  # fmt: skip


def _number_refund(now: datetime) -> str:
    return f"5030{secrets.randbelow(10**6):06d}{now.astimezone(BEIJING):%Y%m%d}{secrets.randbelow(10**11):011d}"
