"""Notices of trades (异步通知): forms, signed without ``sign`` and ``sign_type``, repeated until somebody says ``success``.

The schedule is 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h after the first attempt. ``notify_id`` stays the same, ``notify_time``
is the time of the attempt. Exactly the seven bytes ``success`` with HTTP 200 end the retries.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.sandbox.alipay.accounts import Accounts
from adapters.sandbox.alipay.amounts import write_amount
from adapters.sandbox.alipay.model import write_moment
from adapters.sandbox.alipay.signatures import join_parameters, sign_bytes, stranger_key
from adapters.sandbox.alipay.state import NAME, NOTICE_FAULTS, Alipay
from adapters.sandbox.notices import DressedNotice, NoticeAnswer
from services.ports import Clock

SCHEDULE_SECONDS: tuple[int, ...] = (240, 600, 600, 3600, 7200, 21600, 54000)
LATE_SECONDS = 600.0


class TradeNoticeDress:
    """Signs each attempt afresh."""

    schedule: tuple[int, ...] = SCHEDULE_SECONDS

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    def dress(self, content: dict[str, Any], attempt: int) -> DressedNotice:  # noqa: ARG002 - every attempt looks the same
        """The form of one attempt; ``content`` holds fields, mode and what is wrong with it on purpose."""
        spoil, now = content["spoil"], self._clock.now()
        moment = now - timedelta(hours=30) if spoil == "stale" else now
        fields: dict[str, str] = dict(content["fields"]) | {"notify_time": write_moment(moment)}
        if spoil == "empty_value":
            fields["body"] = ""
        key = stranger_key() if spoil == "forged_signature" else self._accounts.key_for(content["certificates"]).private
        message = join_parameters(fields, without={"sign", "sign_type"})
        if spoil == "empty_value":
            message = "&".join(f"{k}={fields[k]}" for k in sorted(set(fields) - {"sign_type"})).encode()
        if spoil != "unsigned":
            fields["sign"] = "" if spoil == "empty_sign" else sign_bytes(key, message)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "Alipay-sandbox"}
        return DressedNotice(headers, urlencode(fields).encode())

    def accepts(self, answer: NoticeAnswer) -> bool:
        """Exactly ``success``: no byte order mark, no line end, no HTML, no redirect."""
        return answer.status == 200 and answer.body == b"success"


def notify_trade(
    state: Alipay, trade: dict[str, Any], *, refund_no: str | None = None, spoil: str | None = None
) -> None:
    """Queue the notice of a trade's present state; ``refund_no`` names the refund that caused it.

    ``spoil`` chooses what is wrong with it; without it the arranged or magic behaviour of ``notice`` does. A trade without
    a notice address has no notices.
    """
    if not trade["notify_url"]:
        return
    if spoil is None:
        key = f"{trade['app_id']}|{trade['out_trade_no']}"
        behaviour = state.choose("notice", key, trade["amount_fen"])
        spoil = behaviour.name if behaviour is not None else ""
    if spoil == "no_notice":
        return
    fields = _make_fields(trade, refund_no)
    _change_fields(fields, spoil)
    content = {"fields": fields, "certificates": trade["certificates"], "spoil": spoil}
    delay = LATE_SECONDS if spoil == "late_notice" else 0.0
    state.notices.schedule(NAME, fields["notify_id"], trade["notify_url"], content, delay)
    if spoil == "duplicate_notice":
        state.notices.schedule(NAME, fields["notify_id"] + "-again", trade["notify_url"], content)


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


def _change_fields(fields: dict[str, str], spoil: str) -> None:
    """Say something wrong under a good signature, as a notice of another order or merchant would."""
    if spoil not in NOTICE_FAULTS:
        return
    wrong = {
        "wrong_amount": ("total_amount", "0.01"),
        "wrong_app": ("app_id", "2021000000000000"),
        "wrong_seller": ("seller_id", "2088000000000000"),
        "wrong_order": ("out_trade_no", "SANDBOXANOTHERORDER"),
    }
    if spoil in wrong:
        name, value = wrong[spoil]
        fields[name] = value


def _moment(text: str) -> str:
    return write_moment(datetime.fromisoformat(text))
