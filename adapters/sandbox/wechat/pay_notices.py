"""WeChat Pay's notices: what happened, encrypted under the APIv3 key, signed anew for each attempt, on the published schedule.

Source: 支付成功回调通知, 退款结果回调通知说明, 回调通知处理 (wechatpay-skills). An acknowledgement is 200 or 204 within five seconds.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.notices import DressedNotice, NoticeAnswer
from adapters.sandbox.wechat.magic import take_magic
from adapters.sandbox.wechat.orders import show_transaction
from adapters.sandbox.wechat.signing import encrypt_resource, signature_headers
from adapters.sandbox.wechat.state import NAME, SIGNATURE_FAULTS, WeChat, beijing

SCHEDULE = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
LATE_SECONDS = 600


class WeChatNoticeDress:
    """Dresses one attempt. Content: ``mchid``, ``envelope`` (without resource), ``original_type``, ``plain``, ``faults``."""

    schedule: tuple[int, ...] = SCHEDULE

    def __init__(self, state: WeChat) -> None:
        self._state = state

    def dress(self, content: dict[str, Any], attempt: int) -> DressedNotice:
        """Encrypt and sign; ``faults[attempt]``, if there is one, spoils this attempt alone."""
        merchant = self._state.merchants[content["mchid"]]
        fault = content["faults"][attempt] if attempt < len(content["faults"]) else ""
        plain = json.dumps(content["plain"], ensure_ascii=False, separators=(",", ":")).encode()
        resource = encrypt_resource(merchant.api_v3_key, plain, content["original_type"])
        envelope = content["envelope"] | {"resource": {"original_type": content["original_type"], **resource}}
        body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        serial, key = self._state.signer_for(merchant, None, fault)
        headers = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "Mozilla/4.0"}
        return DressedNotice(headers | signature_headers(serial, key, self._state.clock.now(), body, fault), body)

    def accepts(self, answer: NoticeAnswer) -> bool:
        """200 and 204 end the retries; the body is not looked at."""
        return answer.status in {200, 204}


def announce_payment(state: WeChat, order: dict[str, Any]) -> None:
    """Queue the notice of a payment, with whatever was arranged for it."""
    content = payment_content(state, order)
    behaviour = state.behaviours.take("notice") or take_magic(state, "notice", order["key"], order["total"])
    _queue(state, order["body"]["notify_url"], content, behaviour, 0)


def announce_refund(state: WeChat, order: dict[str, Any], refund: dict[str, Any], delay_seconds: float) -> None:
    """Queue the notice of a refund's end, if the request named an address."""
    if refund["notify_url"]:
        content = refund_content(order, refund)
        _queue(state, refund["notify_url"], content, state.behaviours.take("notice"), delay_seconds)


def payment_content(state: WeChat, order: dict[str, Any]) -> dict[str, Any]:
    """The notice of a payment before encryption."""
    plain = show_transaction(order | {"state": "SUCCESS"}, state.clock.now())
    envelope = _envelope("TRANSACTION.SUCCESS", "支付成功", datetime.fromisoformat(order["paid_at"]))
    return {"mchid": order["mchid"], "envelope": envelope, "original_type": "transaction", "plain": plain, "faults": []}


def refund_content(order: dict[str, Any], refund: dict[str, Any]) -> dict[str, Any]:
    """The notice of a refund before encryption: ``refund_status``, not ``status``."""
    parties = (
        {"sp_mchid": order["mchid"], "sub_mchid": order["sub_mchid"]}
        if order["sub_mchid"]
        else {"mchid": order["mchid"]}
    )
    settled = datetime.fromisoformat(refund["settles_at"])
    plain: dict[str, Any] = parties | {
        "transaction_id": refund["transaction_id"], "out_trade_no": refund["out_trade_no"],
        "refund_id": refund["refund_id"], "out_refund_no": refund["out_refund_no"], "refund_status": refund["final"],
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": refund["total"], "refund": refund["amount"],
            "payer_total": refund["total"], "payer_refund": refund["amount"],
        },
    }  # fmt: skip
    if refund["final"] == "SUCCESS":
        plain["success_time"] = beijing(settled)
    words = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常", "CLOSED": "退款关闭"}[refund["final"]]
    envelope = _envelope(f"REFUND.{refund['final']}", words, settled)
    return {"mchid": order["mchid"], "envelope": envelope, "original_type": "refund", "plain": plain, "faults": []}


def _envelope(event: str, summary: str, at: datetime) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()), "create_time": beijing(at), "resource_type": "encrypt-resource",
        "event_type": event, "summary": summary,
    }  # fmt: skip


def spoil_amount(content: dict[str, Any]) -> None:
    """Make the amount wrong by one fen less."""
    amount = content["plain"]["amount"]
    for name in ("total", "payer_total", "refund", "payer_refund"):
        if name in amount:
            amount[name] -= 1


def _queue(state: WeChat, url: str, content: dict[str, Any], behaviour: Behaviour | None, delay_seconds: float) -> None:
    name = behaviour.name if behaviour else ""
    if name == "no_notice":
        return
    if name == "wrong_amount":
        spoil_amount(content)
    if name in SIGNATURE_FAULTS:
        content["faults"] = [name]
    if name == "late_notice":
        delay_seconds += LATE_SECONDS if behaviour is None or behaviour.seconds is None else behaviour.seconds
    identity = content["envelope"]["id"]
    state.context.notices.schedule(NAME, identity, url, content, delay_seconds)
    if name == "duplicate_notice":
        state.context.notices.schedule(NAME, f"{identity}#2", url, content, delay_seconds)
