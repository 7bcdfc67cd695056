"""Refunds: the same request number is the same refund, and the sum never passes what was paid."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.sandbox.alipay.amounts import read_amount, write_amount
from adapters.sandbox.alipay.model import Call, write_moment
from adapters.sandbox.alipay.notices import notify_trade
from adapters.sandbox.alipay.state import Alipay
from adapters.sandbox.alipay.trades import CLOSED, PAID, Trade, find_trade, refuse, refuse_parameter, save_trade


def refund_trade(state: Alipay, call: Call, behaviour: str) -> dict[str, Any]:
    """``alipay.trade.refund``; ``fund_change`` is Y only for the request that moved the money.

    Behaviour ``refund_pending`` accepts the refund and says N, as the platform does when a bank is slow: only the query
    tells the end.
    """
    if behaviour == "not_enough":
        raise refuse("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
    if behaviour == "refund_declined":
        raise refuse("ACQ.REASON_TRADE_BEEN_FREEZEN", "交易已经被冻结")
    with state.shelf.change():
        trade = find_trade(state, call)
        request_no, amount_fen = _read_refund(trade, call)
        changed = book_refund(trade, request_no, amount_fen, call.now)
        if changed:
            save_trade(state, trade)
            notify_trade(state, trade, refund_no=request_no)
    refunded = sum(refund["amount_fen"] for refund in trade["refunds"].values())
    return {
        "buyer_logon_id": trade.get("logon_id", ""),
        "buyer_open_id" if trade["identity"] == "open_id" else "buyer_user_id": trade["buyer"],
        "fund_change": "Y" if changed and behaviour != "refund_pending" else "N",
        "gmt_refund_pay": write_moment(datetime.fromisoformat(trade["refunds"][request_no]["at"])),
        "out_trade_no": trade["out_trade_no"],
        "refund_fee": write_amount(refunded),
        "send_back_fee": write_amount(amount_fen if changed else 0),
        "trade_no": trade["trade_no"],
    }


def _read_refund(trade: Trade, call: Call) -> tuple[str, int]:
    amount_fen = read_amount(call.content.get("refund_amount"))
    if amount_fen is None:
        raise refuse_parameter("refund_amount")
    request_no = call.content.get("out_request_no") or trade["out_trade_no"]
    if not isinstance(request_no, str) or len(request_no) > 64:
        raise refuse_parameter("out_request_no")
    if not call.content.get("out_request_no") and amount_fen != trade["amount_fen"]:
        raise refuse("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额与订单金额不一致")
    return request_no, amount_fen


def book_refund(trade: Trade, request_no: str, amount_fen: int, now: datetime) -> bool:
    """Book the refund in the trade; False if this request number already did."""
    known = trade["refunds"].get(request_no)
    if known is not None:
        if known["amount_fen"] != amount_fen:
            raise refuse("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
        return False
    left_fen = trade["amount_fen"] - sum(refund["amount_fen"] for refund in trade["refunds"].values())
    if trade["status"] != PAID:
        raise refuse("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if amount_fen > left_fen:
        raise refuse("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
    trade["refunds"][request_no] = {"amount_fen": amount_fen, "at": now.isoformat()}
    if amount_fen == left_fen:
        trade["status"], trade["closed_at"] = CLOSED, now.isoformat()
    return True


def query_refund(state: Alipay, call: Call) -> dict[str, Any]:
    """``alipay.trade.fastpay.refund.query``: a request number that is not known succeeds without ``refund_status``."""
    request_no = call.content.get("out_request_no")
    if not isinstance(request_no, str) or not request_no:
        raise refuse_parameter("out_request_no")
    trade = find_trade(state, call)
    refund = trade["refunds"].get(request_no)
    if refund is None:
        return {}
    return {
        "gmt_refund_pay": write_moment(datetime.fromisoformat(refund["at"])),
        "out_request_no": request_no,
        "out_trade_no": trade["out_trade_no"],
        "refund_amount": write_amount(refund["amount_fen"]),
        "refund_status": "REFUND_SUCCESS",
        "total_amount": write_amount(trade["amount_fen"]),
        "trade_no": trade["trade_no"],
    }
