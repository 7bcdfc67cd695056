"""What the tests of the platforms' adapters share: keys, a context on fakes, and answers signed as the platforms sign them.

The signatures are made here with ``cryptography`` alone, so that the adapters are not tested with their own functions.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from adapters.http import HttpClient
from adapters.platforms.context import PlatformContext
from adapters.platforms.door import Door
from adapters.platforms.keys import KeyRing
from services.exposure import Direction, Disclosure
from services.model import MerchantAccount, MerchantMode, Order, PlatformApp, PlatformName
from tests.fakes import FakeClock, FakeExposureLog, FakeSecrets

AGENCY = UUID(int=11)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PHRASE = "公共服务缴费"
WECHAT_URL = "https://api.mch.weixin.qq.com"
APP_URL = "https://api.weixin.qq.com"
ALIPAY_URL = "https://openapi.alipay.com"
NOTICES = "https://counter.example/v1/notices"
API_V3_KEY = b"0123456789abcdef0123456789ABCDEF"
AES_KEY = base64.b64encode(b"k" * 16)
PUBLIC_KEY_ID = "PUB_KEY_ID_0116000000012025010100AB"
ORDER_NO, REFUND_NO = "0a" * 16, "0b" * 16
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SERIAL_OF_OURS = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
EVERYTHING = frozenset({
    "app_id", "app_credential", "protocol", "login_code", "phone_code", "platform_user", "message_template",
    "message_text", "message_page", "merchant_id", "order_number", "order_description", "order_expiry", "amount",
    "notify_address", "refund_number",
})  # fmt: skip


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One RSA key for each name."""
    return rsa.generate_private_key(65537, 2048)


def private_pem(name: str) -> bytes:
    return key(name).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(name: str) -> bytes:
    return (
        key(name).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@cache
def certificate(name: str, serial: int, start: datetime = NOW - timedelta(days=1), days: int = 30) -> x509.Certificate:
    """A self-signed certificate of ``key(name)``."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Unit"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Org"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        ]
    )
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(serial)
    builder = builder.public_key(key(name).public_key())
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
    return builder.sign(key(name), hashes.SHA256())


def certificate_pem(name: str, serial: int) -> bytes:
    return certificate(name, serial).public_bytes(serialization.Encoding.PEM)


def sign(name: str, text: bytes) -> str:
    return base64.b64encode(key(name).sign(text, PKCS1v15(), hashes.SHA256())).decode()


def secrets() -> FakeSecrets:
    """Every secret that the accounts below name."""
    return FakeSecrets(
        {
            "app-secret": b"0123456789abcdef0123456789abcdef",
            "merchant-key": private_pem("merchant"),
            "api-v3-key": API_V3_KEY,
            "wechat-public-key": public_pem("wechat"),
            "alipay-app-key": private_pem("merchant"),
            "alipay-public-key": public_pem("alipay"),
            "alipay-certificate": certificate_pem("alipay-certified", 4242),
            "app-certificate": certificate_pem("merchant", 4343),
            "root-certificate": certificate_pem("root", 4444),
            "aes-key": AES_KEY,
        }
    )


class Desk:
    """A context over fakes: the ledger and the clock can be looked at and moved."""

    def __init__(self) -> None:
        self.log = FakeExposureLog()
        self.clock = FakeClock(NOW)
        self.secrets = secrets()
        origins = frozenset({WECHAT_URL, APP_URL, ALIPAY_URL})
        self.context = PlatformContext(
            door=Door(HttpClient(origins), self.log),
            keys=KeyRing(self.secrets),
            clock=self.clock,
            disclose_keys=lambda _, account: explain(platform_of(account), account=account),
            notice_root=NOTICES,
            phrases=lambda: {PHRASE, "您的账户有新的登录"},
            random_bytes=lambda count: bytes(range(count)),
        )

    @property
    def sent(self) -> list[bytes]:
        """The contents of all records of what was sent."""
        return [item.content for _, item in self.log.records if item.direction is Direction.SENT_TO_SERVER]


def explain(platform: PlatformName, budget: frozenset[str] = EVERYTHING, account: str = "account") -> Disclosure:
    return Disclosure(
        AGENCY, platform, account, "gas-bill", 1, "pay_bill", "law", {Direction.SENT_TO_SERVER: budget}, "request"
    )


def platform_of(account: str) -> PlatformName:
    """The platform in an account's name."""
    return PlatformName.ALIPAY if "alipay" in account else PlatformName.WECHAT


def wechat_app() -> PlatformApp:
    return PlatformApp(
        AGENCY, "wechat-main", PlatformName.WECHAT, "wx8888888888888888", APP_URL, {"app_secret": "app-secret"},
        {"template_new_login": "TEMPLATE-0123456789"},
    )  # fmt: skip


def alipay_app() -> PlatformApp:
    secrets = {"private_key": "alipay-app-key", "alipay_public_key": "alipay-public-key", "aes_key": "aes-key"}
    return PlatformApp(
        AGENCY, "alipay-main", PlatformName.ALIPAY, "2021000000000001", ALIPAY_URL, secrets,
        {"mode": "key", "template_new_login": "0123456789abcdef"},
    )  # fmt: skip


def wechat_merchant(mode: MerchantMode = MerchantMode.DIRECT, verification: str = "public_key") -> MerchantAccount:
    secrets = {"private_key": "merchant-key", "api_v3_key": "api-v3-key"}
    options = {"serial_no": SERIAL_OF_OURS, "verification": verification}
    if verification == "public_key":
        secrets["platform_public_key"] = "wechat-public-key"
        options["public_key_id"] = PUBLIC_KEY_ID
    sub = "1900000109" if mode is MerchantMode.PARTNER else None
    return MerchantAccount(
        AGENCY, "gas-wechat", PlatformName.WECHAT, "wx8888888888888888", "1600000001", mode, WECHAT_URL, sub,
        "gas-company", secrets, options,
    )  # fmt: skip


def alipay_merchant(mode: str = "key") -> MerchantAccount:
    secrets = {
        "private_key": "alipay-app-key",
        "alipay_public_key": "alipay-public-key",
        "app_certificate": "app-certificate",
        "root_certificate": "root-certificate",
        "alipay_certificate": "alipay-certificate",
    }
    return MerchantAccount(
        AGENCY, "water-alipay", PlatformName.ALIPAY, "2021000000000001", "2088000000000001", MerchantMode.DIRECT,
        ALIPAY_URL, None, "water-company", secrets, {"mode": mode},
    )  # fmt: skip


def order(account: str, **changes: Any) -> Order:
    values: dict[str, Any] = {
        "order_no": ORDER_NO,
        "description": PHRASE,
        "amount_fen": 8640,
        "user_id": OPENID,
        "expires_at": NOW + timedelta(minutes=15),
        "notify_url": f"{NOTICES}/{account}",
        "created_at": NOW,
    }
    return Order(**(values | changes))


def wechat_headers(
    body: bytes, *, signer: str = "wechat", serial: str = PUBLIC_KEY_ID, at: datetime = NOW, nonce: str = "nonce"
) -> dict[str, str]:
    """The headers under which WeChat Pay sends ``body``."""
    timestamp = str(int(at.timestamp()))
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(signer, f"{timestamp}\n{nonce}\n".encode() + body + b"\n"),
        "Wechatpay-Serial": serial,
    }


def seal(content: Mapping[str, Any] | bytes, associated: str | None = "transaction", **more: str) -> dict[str, Any]:
    """An encrypted resource of WeChat Pay."""
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    sealed = AESGCM(API_V3_KEY).encrypt(b"0123456789ab", plain, (associated or "").encode())
    resource = {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": "0123456789ab",
        "ciphertext": base64.b64encode(sealed).decode(),
    }
    return {**resource, **({} if associated is None else {"associated_data": associated}), **more}


def alipay_body(method: str, node: str, *, signer: str = "alipay", before: bool = False, more: str = "") -> bytes:
    """An answer of Alipay's gateway: ``node`` is the exact text of the response, ``more`` further members."""
    name = f"{method.replace('.', '_')}_response"
    signature = f'"sign":"{sign(signer, node.encode())}"'
    members = [signature, f'"{name}":{node}'] if before else [f'"{name}":{node}', signature]
    return ("{" + ",".join(members) + more + "}").encode()
