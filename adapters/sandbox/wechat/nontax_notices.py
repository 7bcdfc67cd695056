r"""Notices of the non-tax platform: encrypted and signed under the receiver's keys, to an address that was agreed beforehand.

[3P] ``wxnontaxstr`` in the URL, ``errcode`` in the answer (0 ends the retries). [UNCONF] everything else: headers with an HMAC-SHA256 over
``timestamp\nnonce\nbody\n``, ``data`` in AES-256-GCM, the schedule of WeChat Pay. Written here by itself, without the adapter's code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.sandbox.notices import DressedNotice, NoticeAnswer
from adapters.sandbox.wechat.pay_notices import LATE_SECONDS, SCHEDULE
from adapters.sandbox.wechat.state import WeChat

FEES = "wechat-nontax"
"""The name of these notices among those that the sandbox sends."""
FAULTS = frozenset({"unsigned", "forged_signature", "stale_signature", "probe", "garbled_data", "other_app"})
_PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
_STALE_SECONDS = 400


@dataclass(frozen=True, slots=True)
class FeeReceiver:
    """Who is told of payments: a collecting department's account, the bank's merchant number, the keys for notices."""

    account: str
    app_id: str
    merchant_id: str
    bank_id: str
    sign_key: str
    encrypt_key: str


def load_receivers(credentials: Mapping[str, Any]) -> dict[str, FeeReceiver]:
    """Those merchants of the portal that collect government fees, by merchant number."""
    return {
        one["merchant_id"]: FeeReceiver(one["account"], one["app_id"], one["merchant_id"], **one["non_tax"])
        for one in credentials["merchants"]
        if one.get("non_tax")
    }


class FeeNoticeDress:
    """Dresses one attempt. Content: ``mch_id``, ``plain``, ``faults``."""

    schedule: tuple[int, ...] = SCHEDULE

    def __init__(self, state: WeChat, receivers: dict[str, FeeReceiver]) -> None:
        self._state = state
        self._receivers = receivers

    def dress(self, content: dict[str, Any], attempt: int) -> DressedNotice:
        """Encrypt and sign anew; ``faults[attempt]``, if there is one, spoils this attempt alone."""
        receiver = self._receivers[content["mch_id"]]
        fault = content["faults"][attempt] if attempt < len(content["faults"]) else ""
        nonce = content.get("nonce") or secrets.token_hex(8)
        body = _seal(
            receiver, content["plain"] | ({"appid": "wx0000000000000000"} if fault == "other_app" else {}), nonce
        )
        if fault == "garbled_data":
            body = body.replace(b'"data": "', b'"data": "AAAA')
        headers = {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}
        return DressedNotice(headers | self._sign(receiver, nonce, body, fault), body, f"wxnontaxstr={nonce}")

    def accepts(self, answer: NoticeAnswer) -> bool:
        """``errcode`` 0 in a JSON answer; anything else is sent again."""
        try:
            told = json.loads(answer.body)
        except ValueError:
            return False
        return answer.status == 200 and isinstance(told, dict) and told.get("errcode") == 0

    def _sign(self, receiver: FeeReceiver, nonce: str, body: bytes, fault: str) -> dict[str, str]:
        if fault == "unsigned":
            return {}
        second = int(self._state.clock.now().timestamp()) - (_STALE_SECONDS if fault == "stale_signature" else 0)
        key = secrets.token_hex(16) if fault == "forged_signature" else receiver.sign_key
        message = f"{second}\n{nonce}\n".encode() + body + b"\n"
        signature = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
        if fault == "probe":
            signature = _PROBE_PREFIX + signature
        return {
            "Wechat-Nontax-Timestamp": str(second),
            "Wechat-Nontax-Nonce": nonce,
            "Wechat-Nontax-Signature": signature,
        }


def announce(
    state: WeChat, receivers: dict[str, FeeReceiver], plain: dict[str, Any], mch_id: str, delay_seconds: float
) -> None:
    """Queue the notice of an order, with whatever was arranged for it; without an agreed address there is none."""
    behaviour = state.behaviours.take("nontax_notice")
    name = behaviour.name if behaviour else ""
    url = find_address(state, receivers[mch_id].account)
    if url is None or name == "no_notice":
        return
    if name == "late_notice":
        delay_seconds += LATE_SECONDS if behaviour is None or behaviour.seconds is None else behaviour.seconds
    content = {"mch_id": mch_id, "plain": plain, "faults": [name] if name in FAULTS else []}
    for copy in range(2 if name == "duplicate_notice" else 1):
        identity = f"{plain['order_id']}|{plain['status']}|{copy}"
        state.context.notices.schedule(FEES, identity, url, content, delay_seconds)


def find_address(state: WeChat, account: str) -> str | None:
    """Where this account's notices go, if that was agreed."""
    known = state.shelf.get("nontax_address", account)
    return str(known["url"]) if known else None


def _seal(receiver: FeeReceiver, plain: dict[str, Any], nonce: str) -> bytes:
    start = secrets.token_bytes(12)
    content = json.dumps(plain, ensure_ascii=False).encode()
    sealed = AESGCM(receiver.encrypt_key.encode()).encrypt(start, content, f"{receiver.app_id}\n{nonce}".encode())
    data = base64.b64encode(start + sealed).decode()
    return json.dumps({"appid": receiver.app_id, "version": 1, "data": data}).encode()
