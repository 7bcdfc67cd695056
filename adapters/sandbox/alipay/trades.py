"""Orders: create, query, close. A trade is one document on the shelf, keyed by application and merchant's order number."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from adapters.sandbox.alipay.amounts import read_amount, write_amount
from adapters.sandbox.alipay.model import BEIJING, Call, GatewayRefused, read_moment, write_moment
from adapters.sandbox.alipay.state import Alipay

Trade = dict[str, Any]

UNPAID, PAID, FINISHED, CLOSED = "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"
_NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
_EXPRESS = re.compile(r"([1-9][0-9]{0,4})([mhd])|1c")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=15)


def key_of(app_id: str, order_no: str) -> str:
    """Where a trade lies on the shelf."""
    return f"{app_id}|{order_no}"


def create_trade(state: Alipay, call: Call) -> dict[str, Any]:
    """``alipay.trade.create``: the same number with the same content is the same trade."""
    wanted = _read_order(state, call)
    with state.shelf.change():
        trade = load_trade(state, call.app.app_id, wanted["out_trade_no"], call.now)
        if trade is None:
            trade = wanted | {
                "trade_no": state.next_number("trade", call.now.astimezone(BEIJING)),
                "status": UNPAID,
                "created_at": call.now.isoformat(),
                "refunds": {},
                "certificates": call.certificates,
            }
            save_trade(state, trade)
            state.shelf.put("trade_no", trade["trade_no"], {"key": key_of(call.app.app_id, trade["out_trade_no"])})
        else:
            _check_same(trade, wanted)
    return {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"]}


def _check_same(trade: Trade, wanted: Trade) -> None:
    if trade["status"] in {PAID, FINISHED}:
        raise refuse("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if trade["status"] == CLOSED:
        raise refuse("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if trade["buyer"] != wanted["buyer"]:
        raise refuse("ACQ.TRADE_BUYER_NOT_MATCH", "交易买家不匹配")
    if any(trade[name] != value for name, value in wanted.items() if name not in {"expires_at", "notify_url"}):
        raise refuse("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")


def _read_order(state: Alipay, call: Call) -> Trade:
    """Check the fields of an order. Raises ``GatewayRefused`` with the platform's code for each."""
    content = call.content
    order_no, subject = content.get("out_trade_no"), content.get("subject")
    if not isinstance(order_no, str) or _NUMBER.fullmatch(order_no) is None:
        raise refuse_parameter("out_trade_no")
    amount_fen = read_amount(content.get("total_amount"))
    if amount_fen is None:
        raise refuse_parameter("total_amount")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 256:
        raise refuse_parameter("subject")
    _check_product(call)
    seller = content.get("seller_id") or call.app.sellers[0]
    if seller not in call.app.sellers:
        raise refuse_parameter("seller_id")
    buyer, user = _read_buyer(state, call)
    if buyer == seller:
        raise refuse("ACQ.BUYER_SELLER_EQUAL", "买卖家不能相同")
    return {
        "app_id": call.app.app_id,
        "out_trade_no": order_no,
        "amount_fen": amount_fen,
        "subject": subject,
        "body": str(content.get("body") or ""),
        "passback_params": str(content.get("passback_params") or ""),
        "seller_id": seller,
        "buyer": buyer,
        "identity": call.app.identity,
        "user": user,
        "expires_at": _read_expiry(call).isoformat(),
        "notify_url": call.parameters.get("notify_url", ""),
    }


def _check_product(call: Call) -> None:
    """JSAPI_PAY names the mini-program in which the till opens; another product code is not contracted here."""
    product = call.content.get("product_code", "FACE_TO_FACE_PAYMENT")
    if product not in {"JSAPI_PAY", "FACE_TO_FACE_PAYMENT"}:
        raise refuse("ACQ.ACCESS_FORBIDDEN", "无权限使用接口")
    stated = call.content.get("op_app_id")
    if product == "JSAPI_PAY" and stated != call.app.app_id:
        raise refuse_parameter("op_app_id")


def _read_buyer(state: Alipay, call: Call) -> tuple[str, str]:
    """The buyer in the application's own model (user_id or open_id): somebody who logged in to it."""
    names = ("buyer_open_id", "op_buyer_open_id") if call.app.identity == "open_id" else ("buyer_id",)
    given = [call.content[name] for name in names if call.content.get(name)]
    others = {"buyer_id", "buyer_open_id", "op_buyer_open_id"} - set(names)
    if len(given) != 1 or not isinstance(given[0], str) or any(call.content.get(name) for name in others):
        raise refuse_parameter(names[0])
    person = state.shelf.get("person", f"{call.app.app_id}|{given[0]}")
    if person is None:
        raise refuse_parameter(names[0])
    return given[0], person["user"]


def _read_expiry(call: Call) -> datetime:
    absolute, express = call.content.get("time_expire"), call.content.get("timeout_express")
    if absolute:
        moment = read_moment(str(absolute))
        if moment is None or not call.now < moment <= call.now + _LONGEST:
            raise refuse_parameter("time_expire")
        return moment
    if not express:
        return call.now + _LONGEST
    match = _EXPRESS.fullmatch(str(express))
    if match is None:
        raise refuse_parameter("timeout_express")
    if match[0] == "1c":
        today = call.now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
        return today + timedelta(days=1)
    span = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if span > _LONGEST:
        raise refuse_parameter("timeout_express")
    return call.now + span


def query_trade(state: Alipay, call: Call, behaviour: str) -> dict[str, Any]:
    """``alipay.trade.query``. The platform gives ``subject`` to few merchants only: behaviour ``with_subject``."""
    trade = find_trade(state, call)
    fields = {
        "buyer_logon_id": trade.get("logon_id", ""),
        "buyer_pay_amount": write_amount(trade["amount_fen"]) if "paid_at" in trade else "0.00",
        "invoice_amount": write_amount(trade["amount_fen"]) if "paid_at" in trade else "0.00",
        "out_trade_no": trade["out_trade_no"],
        "point_amount": "0.00",
        "receipt_amount": write_amount(trade["amount_fen"]) if "paid_at" in trade else "0.00",
        "total_amount": write_amount(trade["amount_fen"]),
        "trade_no": trade["trade_no"],
        "trade_status": trade["status"],
        "buyer_open_id" if trade["identity"] == "open_id" else "buyer_user_id": trade["buyer"],
    }
    if "paid_at" in trade:
        fields["send_pay_date"] = write_moment(datetime.fromisoformat(trade["paid_at"]))
        fields["fund_bill_list"] = [
            {"amount": write_amount(trade["amount_fen"]), "fund_channel": "ALIPAYACCOUNT"},
        ]
    if behaviour == "with_subject":
        fields["subject"] = trade["subject"]
    return fields


def close_trade(state: Alipay, call: Call) -> dict[str, Any]:
    """``alipay.trade.close``: only an unpaid trade can be closed."""
    with state.shelf.change():
        trade = find_trade(state, call)
        if trade["status"] != UNPAID:
            raise refuse("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        trade["status"], trade["closed_at"] = CLOSED, call.now.isoformat()
        save_trade(state, trade)
    return {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"]}


def find_trade(state: Alipay, call: Call) -> Trade:
    """The trade that a request names; ``trade_no`` wins over ``out_trade_no``. Raises ``GatewayRefused``."""
    trade_no, order_no = call.content.get("trade_no"), call.content.get("out_trade_no")
    if not trade_no and not order_no:
        raise refuse_parameter("out_trade_no")
    if trade_no:
        place = state.shelf.get("trade_no", str(trade_no))
        order_no = place["key"].partition("|")[2] if place else ""
    trade = load_trade(state, call.app.app_id, str(order_no), call.now)
    if trade is None or (trade_no and trade["trade_no"] != trade_no):
        raise refuse("ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def load_trade(state: Alipay, app_id: str, order_no: str, now: datetime) -> Trade | None:
    """A trade; one that was not paid in time is closed when somebody looks."""
    trade = state.shelf.get("trade", key_of(app_id, order_no))
    if trade and trade["status"] == UNPAID and datetime.fromisoformat(trade["expires_at"]) <= now:
        trade["status"], trade["closed_at"] = CLOSED, trade["expires_at"]
        save_trade(state, trade)
    return trade


def save_trade(state: Alipay, trade: Trade) -> None:
    """Put a trade back on the shelf."""
    state.shelf.put("trade", key_of(trade["app_id"], trade["out_trade_no"]), trade)


def refuse(sub_code: str, sub_msg: str) -> GatewayRefused:
    """A product's refusal (40004)."""
    return GatewayRefused("40004", sub_code, sub_msg)


def refuse_parameter(name: str) -> GatewayRefused:
    """A field of biz_content that is missing or has the wrong form."""
    return GatewayRefused("40004", "ACQ.INVALID_PARAMETER", f"参数无效：{name}")
