"""Notices of trades (异步通知): forms, signed without ``sign`` and ``sign_type``, repeated until somebody says ``success``.

The schedule is 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h after the first attempt. ``notify_id`` stays the same, ``notify_time``
is the time of the attempt. Exactly the seven bytes ``success`` with HTTP 200 end the retries.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.sandbox.alipay.accounts import Accounts
from adapters.sandbox.alipay.amounts import write_amount
from adapters.sandbox.alipay.model import write_moment
from adapters.sandbox.alipay.signatures import join_parameters, sign_bytes, stranger_key
from adapters.sandbox.alipay.state import NAME, Alipay
from adapters.sandbox.notices import DressedNotice, NoticeAnswer
from services.ports import Clock

SCHEDULE_SECONDS: tuple[int, ...] = (240, 600, 600, 3600, 7200, 21600, 54000)
LATE_SECONDS = 600.0
STALE = timedelta(hours=30)


# Something wrong under a good signature, as a notice of another order or merchant would be.
_WRONG: Mapping[str, tuple[str, str]] = {
    "wrong_amount": ("total_amount", "0.01"),
    "wrong_app": ("app_id", "2021000000000000"),
    "wrong_seller": ("seller_id", "2088000000000000"),
    "wrong_order": ("out_trade_no", "SANDBOXANOTHERORDER"),
}


class TradeNoticeDress:
    """Signs each attempt afresh."""

    schedule: tuple[int, ...] = SCHEDULE_SECONDS

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    def dress(self, content: dict[str, Any], attempt: int) -> DressedNotice:
        """The form of one attempt; ``content`` holds fields, mode and what is wrong with it on purpose.

        A signature or a date that was spoiled is sound at the next attempt.
        """
        spoil, now = content["spoil"] if attempt == 0 else "", self._clock.now()
        moment = now - STALE if spoil == "stale" else now
        fields: dict[str, str] = dict(content["fields"]) | {"notify_time": write_moment(moment)}
        if spoil == "empty_value":
            fields["body"] = ""
        message = join_parameters(fields, without={"sign", "sign_type"}, keep_empty=spoil == "empty_value")
        key = stranger_key() if spoil == "forged_signature" else self._accounts.key_for(content["certificates"]).private
        if spoil != "unsigned":
            fields["sign"] = "" if spoil == "empty_sign" else sign_bytes(key, message)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "Alipay-sandbox"}
        return DressedNotice(headers, urlencode(fields).encode())

    def accepts(self, answer: NoticeAnswer) -> bool:
        """Exactly ``success``: no byte order mark, no line end, no HTML, no redirect."""
        return answer.status == 200 and answer.body == b"success"


def notify_trade(state: Alipay, trade: dict[str, Any], *, refund_no: str | None = None) -> None:
    """Queue the notice of a trade's present state; ``refund_no`` names the refund that caused it.

    The arranged or magic behaviour of ``notice`` chooses what is wrong with it. A trade without a notice address has none.
    """
    if not trade["notify_url"]:
        return
    behaviour = state.choose("notice", f"{trade['app_id']}|{trade['out_trade_no']}", trade["amount_fen"])
    spoil = behaviour.name if behaviour is not None else ""
    if spoil == "no_notice":
        return
    content = make_content(trade, refund_no, spoil)
    notice_id = content["fields"]["notify_id"]
    delay = LATE_SECONDS if behaviour is None or behaviour.seconds is None else behaviour.seconds
    state.notices.schedule(NAME, notice_id, trade["notify_url"], content, delay if spoil == "late_notice" else 0.0)
    if spoil == "duplicate_notice":
        state.notices.schedule(NAME, f"{notice_id}-again", trade["notify_url"], content)


def make_content(trade: dict[str, Any], refund_no: str | None, spoil: str) -> dict[str, Any]:
    """What the dress needs to write a notice: fields, mode, and what is wrong with it."""
    fields = _make_fields(trade, refund_no)
    if spoil in _WRONG:
        name, value = _WRONG[spoil]
        fields[name] = value
    return {"fields": fields, "certificates": trade["certificates"], "spoil": spoil}


def _make_fields(trade: dict[str, Any], refund_no: str | None) -> dict[str, str]:
    amount = write_amount(trade["amount_fen"])
    fields = {
        "notify_type": "trade_status_sync",
        "notify_id": f"{datetime.fromisoformat(trade['created_at']):%Y%m%d}{uuid.uuid4().hex}",
        "app_id": trade["app_id"],
        "auth_app_id": trade["app_id"],
        "charset": "utf-8",
        "version": "1.0",
        "sign_type": "RSA2",
        "trade_no": trade["trade_no"],
        "out_trade_no": trade["out_trade_no"],
        "buyer_open_id" if trade["identity"] == "open_id" else "buyer_id": trade["buyer"],
        "seller_id": trade["seller_id"],
        "trade_status": trade["status"],
        "subject": trade["subject"],
        "total_amount": amount,
        "gmt_create": _moment(trade["created_at"]),
    }
    for name in ("body", "passback_params"):
        if trade[name]:
            fields[name] = trade[name]
    if "paid_at" in trade:
        fund = [{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]
        fields |= {
            "buyer_logon_id": trade["logon_id"],
            "receipt_amount": amount,
            "invoice_amount": amount,
            "buyer_pay_amount": amount,
            "point_amount": "0.00",
            "gmt_payment": _moment(trade["paid_at"]),
            "fund_bill_list": json.dumps(fund, separators=(",", ":")),
        }
    if "closed_at" in trade:
        fields["gmt_close"] = _moment(trade["closed_at"])
    if refund_no is not None:
        refunded = sum(refund["amount_fen"] for refund in trade["refunds"].values())
        at = trade["refunds"][refund_no]["at"]
        fields |= {"refund_fee": write_amount(refunded), "out_biz_no": refund_no, "gmt_refund": _moment(at) + ".000"}
    return fields


def _moment(text: str) -> str:
    return write_moment(datetime.fromisoformat(text))
