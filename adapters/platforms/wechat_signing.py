"""WeChat Pay v3: what is signed, and how an encrypted resource is opened (platform-wire.md §1B).

Published sample and counterparts: wechatpay-apiv3/wechatpay-skills, "签名与验签规则"; wechatpay-go ``core/auth``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.platforms.context import take_text
from adapters.platforms.keys import sign_text
from services.errors import PlatformGarbled
from services.model import JsonValue

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_SECONDS = 300
PROBE = "WECHATPAY/SIGNTEST/"
SIGNED_HEADERS = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial")
SERIAL = re.compile(r"[0-9A-Fa-f]{1,64}|PUB_KEY_ID_[0-9A-Za-z]{1,64}")
_NONCE = re.compile(r"[!-~]{1,64}")


class NotSigned(Exception):
    """Bytes that do not carry a usable, fresh signature; ``reason`` is a stable word for logs and metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def authorize(
    key: RSAPrivateKey, mchid: str, serial_no: str, method: str, target: str, timestamp: str, nonce: str, body: bytes
) -> str:
    """The ``Authorization`` header over method, target, timestamp, nonce and exactly these body bytes."""
    message = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
    signature = sign_text(key, message)
    parts = {
        "mchid": mchid,
        "nonce_str": nonce,
        "signature": signature,
        "timestamp": timestamp,
        "serial_no": serial_no,
    }
    return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in parts.items())


def sign_payment(key: RSAPrivateKey, app_id: str, timestamp: str, nonce: str, package: str) -> str:
    """``paySign`` of ``wx.requestPayment``; the app id is signed though it is not among the parameters."""
    return sign_text(key, f"{app_id}\n{timestamp}\n{nonce}\n{package}\n".encode())


def read_signature(headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[bytes, str, str]:
    """(signed message, signature, serial) of an answer or a notice, before any key is looked for.

    Refuses what is missing, came twice (a comma: header values are joined), is stale by 300 s or more, is not a serial
    number, or is WeChat's own probe. Raises ``NotSigned``.
    """
    values = {name.lower(): value for name, value in headers.items() if name.lower() in SIGNED_HEADERS}
    if len(values) != len(SIGNED_HEADERS) or not all(values.values()):
        raise NotSigned("signature_missing")
    if any("," in value for value in values.values()):
        raise NotSigned("header_twice")
    timestamp, nonce, signature, serial = (values[name] for name in SIGNED_HEADERS)
    if signature.startswith(PROBE):
        raise NotSigned("probe")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now.timestamp() - int(timestamp)) >= FRESH_SECONDS:
        raise NotSigned("stale")
    if not SERIAL.fullmatch(serial) or not _NONCE.fullmatch(nonce):
        raise NotSigned("serial_malformed")
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n", signature, serial


def open_resource(operation: str, api_v3_key: bytes, resource: JsonValue) -> bytes:
    """Decrypt an ``AEAD_AES_256_GCM`` resource; ``associated_data`` may be empty or absent. Raises ``PlatformGarbled``."""
    if take_text(operation, resource, "algorithm") != "AEAD_AES_256_GCM":
        raise PlatformGarbled(f"{operation}: another algorithm")
    associated = take_text(operation, resource, "associated_data") if resource.get("associated_data") else ""
    nonce = take_text(operation, resource, "nonce").encode()
    try:
        sealed = base64.b64decode(take_text(operation, resource, "ciphertext"), validate=True)
        return AESGCM(api_v3_key).decrypt(nonce, sealed, associated.encode())
    except (InvalidTag, ValueError) as error:
        raise PlatformGarbled(f"{operation}: the resource does not open") from error


def read_api_v3_key(raw: bytes) -> bytes:
    """The APIv3 key: exactly 32 ASCII bytes. Raises ``ValueError``."""
    if len(raw) != 32 or not raw.isascii():
        raise ValueError("an APIv3 key has 32 ASCII characters")
    return raw
