r"""Reading the notices of WeChat's non-tax platform: verify the raw bytes, then decrypt, then see which order they name. No network.

[3P] A notice is encrypted and signed under keys that the platform gives to the receiver, a random text of the request stands in its URL
(``wxnontaxstr``), and the receiver answers with ``errcode``: 0 taken in, 210 malformed, 298 cannot be decrypted, 300 wrong signature. The
envelope itself is [UNCONF]. So it is read in this one file, in a form after WeChat's other notices
(HMAC-SHA256 over ``timestamp\nnonce\nbody\n``, AES-256-GCM inside), and **nothing in a notice is believed but the number of an order that
is worth asking about**: WeChat's answer over TLS decides. With another envelope every notice is refused, and payments are found by asking.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.platforms import wechat_nontax_wire as wire
from adapters.platforms.context import PlatformContext, read_object, take_text
from adapters.platforms.keys import secret_name
from adapters.platforms.wire import fits
from services.errors import ExposureUndeclared, NoticeRefused, PlatformGarbled
from services.exposure import WireTable, locate_body
from services.model import MerchantAccount, Notice, PlatformName

OPERATION = "wechat.nontax.notice"
SIGNATURE_HEADER = "wechat-nontax-signature"
FRESH_SECONDS = 300
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"


class NonTaxNotices:
    """Verifies and reads notices of one account at a time."""

    def __init__(self, context: PlatformContext) -> None:
        self._context = context

    def concern(self, merchant: MerchantAccount, headers: Mapping[str, str]) -> bool:
        """Whether this comes as a notice of the non-tax platform, to an account that has its keys."""
        return "non_tax_sign_key" in merchant.secrets and SIGNATURE_HEADER in {name.lower() for name in headers}

    def read(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        """The notice and the field names in it. Raises ``NoticeRefused``; a deliberately wrong signature is marked ``probe``."""
        nonce = self._require_signed(merchant, {name.lower(): value for name, value in headers.items()}, body, now)
        try:
            plain = self._open(merchant, body, nonce)
            data = read_object(OPERATION, plain)
            order_id = take_text(OPERATION, data, "order_id")
            if data.get("appid") != merchant.app_id:
                raise NoticeRefused("wrong_appid")
            if not fits(wire.ORDER_ID, order_id):
                raise NoticeRefused("unreadable")
        except PlatformGarbled as error:
            raise NoticeRefused("unreadable") from error
        notice = Notice(f"nontax-{nonce}", PlatformName.WECHAT, merchant.account, "nontax", platform_order=order_id)
        return notice, _name_fields(body, plain)

    def _require_signed(self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The request's own random text. Freshness and form first, then the signature over the raw bytes."""
        told = {name: headers.get(f"wechat-nontax-{name}", "") for name in ("timestamp", "nonce", "signature")}
        if told["signature"].startswith(PROBE_PREFIX):
            raise NoticeRefused("probe", probe=True)
        if not fits(r"[0-9]{10}", told["timestamp"]) or not fits(r"[0-9A-Za-z]{8,32}", told["nonce"]):
            raise NoticeRefused("unsigned")
        if abs(int(now.timestamp()) - int(told["timestamp"])) >= FRESH_SECONDS:
            raise NoticeRefused("stale")
        message = f"{told['timestamp']}\n{told['nonce']}\n".encode() + body + b"\n"
        right = hmac.new(self._key(merchant, "non_tax_sign_key"), message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right.encode(), told["signature"].encode()):
            raise NoticeRefused("forged")
        return told["nonce"]

    def _open(self, merchant: MerchantAccount, body: bytes, nonce: str) -> bytes:
        envelope = read_object(OPERATION, body)
        try:
            sealed = base64.b64decode(take_text(OPERATION, envelope, "data"), validate=True)
            return AESGCM(self._key(merchant, "non_tax_encrypt_key")).decrypt(
                sealed[:12], sealed[12:], f"{merchant.app_id}\n{nonce}".encode()
            )
        except (InvalidTag, ValueError) as error:
            raise PlatformGarbled(f"{OPERATION}: cannot be decrypted") from error

    def _key(self, merchant: MerchantAccount, purpose: str) -> bytes:
        name = secret_name(merchant.account, merchant.secrets, purpose)
        return self._context.keys.parse(purpose, name, _read_key)


def _read_key(value: bytes) -> bytes:
    key = value.strip()
    if len(key) != 32:
        raise ValueError("a key of the non-tax platform has 32 bytes")
    return key


def _name_fields(body: bytes, plain: bytes) -> frozenset[str]:
    names = frozenset({"protocol"})
    table: WireTable
    for table, content in ((wire.NOTICE_ENVELOPE, body), (wire.NOTICE_PLAIN, plain)):
        try:
            names |= table.read_leniently(locate_body("application/json", content))
        except ExposureUndeclared:
            names |= {"unlisted"}
    return names
