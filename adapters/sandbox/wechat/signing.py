r"""WeChat Pay v3 signatures and encryption from the platform's side, written from the published rules.

Request:  ``METHOD\nTARGET\nTIMESTAMP\nNONCE\nBODY\n`` under the merchant's key. Answer and notice:
``TIMESTAMP\nNONCE\nBODY\n`` under the platform's. Both RSA-SHA256 (PKCS#1 v1.5), base64.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from adapters.sandbox.wechat.answers import PayRefused, refuse_signature
from adapters.sandbox.wechat.merchants import Merchant

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_SECONDS = 300
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
_PART = r'\s*([a-z_]+)="([^"]*)"\s*'
_PARTS = frozenset({"mchid", "nonce_str", "timestamp", "serial_no", "signature"})


@dataclass(frozen=True, slots=True)
class Authorization:
    """The parts of an Authorization header; their order is free."""

    mchid: str
    nonce_str: str
    timestamp: str
    serial_no: str
    signature: str


def parse_authorization(header: str | None) -> Authorization:
    """Read the header. Raises ``PayRefused`` (SIGN_ERROR)."""
    scheme, _, rest = (header or "").partition(" ")
    if not re.fullmatch(f"{_PART}(,{_PART})*", rest):
        raise refuse_signature("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    if scheme != SCHEME:
        raise refuse_signature("Http头Authorization认证类型不正确")
    pairs = re.findall(_PART, rest)
    if len(pairs) != len(_PARTS) or {name for name, _ in pairs} != _PARTS:
        raise refuse_signature("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    return Authorization(**dict(pairs))


def check_request(
    told: Authorization, merchant: Merchant, now: datetime, method: str, target: str, body: bytes
) -> None:
    """Check freshness, serial and signature of a request. Raises ``PayRefused`` (SIGN_ERROR)."""
    if not re.fullmatch(r"[0-9]{1,12}", told.timestamp) or abs(now.timestamp() - int(told.timestamp)) >= FRESH_SECONDS:
        raise refuse_signature("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    if not told.nonce_str or len(told.nonce_str) > 32:
        raise refuse_signature("Http头Authorization中的nonce_str有误")
    if told.serial_no.upper() != merchant.serial_no:
        raise refuse_signature("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
    head = f"{method}\n{target}\n{told.timestamp}\n{told.nonce_str}\n".encode("latin-1")
    message = head + body + b"\n"
    if not verify(merchant.public_key, told.signature, message):
        raise refuse_signature("错误的签名，验签失败", _sign_information(method, target, head, message))


def _sign_information(method: str, target: str, head: bytes, message: bytes) -> dict[str, Any]:
    """The platform's hint: what it signed itself, truncated, and how long it was."""
    shown = message[: len(head) + 3].decode("utf-8", "replace")
    return {
        "field": "signature",
        "issue": "sign not match",
        "location": "authorization",
        "sign_information": {
            "method": method,
            "url": target,
            "truncated_sign_message": shown,
            "sign_message_length": len(message),
        },
    }


def verify(key: RSAPublicKey, signature: str, message: bytes) -> bool:
    """Whether a base64 signature fits."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """RSA-SHA256, base64."""
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def signature_headers(serial: str, key: RSAPrivateKey, now: datetime, body: bytes, fault: str = "") -> dict[str, str]:
    """The Wechatpay-* headers over an answer or a notice; ``fault`` spoils them in one of the arranged ways."""
    if fault == "unsigned":
        return {}
    timestamp = str(int(now.timestamp()) - (FRESH_SECONDS + 100 if fault == "stale_signature" else 0))
    nonce = secrets.token_hex(16)
    signature = sign(key, f"{timestamp}\n{nonce}\n".encode() + body + b"\n")
    if fault == "forged_signature":
        signature = sign(key, b"something else")
    elif fault == "probe":
        signature = PROBE_PREFIX + signature[len(PROBE_PREFIX) :]
    elif fault == "unknown_serial":
        serial = "5F" + secrets.token_hex(19).upper()
    elif fault == "not_hex_serial":
        serial = "NOT-A-SERIAL-OF-ANY-KIND"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": SCHEME,
    }


def encrypt_resource(api_v3_key: str, plaintext: bytes, associated_data: str) -> dict[str, str]:
    """AEAD_AES_256_GCM under the APIv3 key (32 ASCII bytes); nonce of 12 characters; the tag ends the ciphertext."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": associated_data,
        "nonce": nonce,
    }


def refuse_merchant() -> PayRefused:
    """The answer to a merchant number that does not exist."""
    return PayRefused(400, "MCH_NOT_EXISTS", "商户号不存在", 268435460)
