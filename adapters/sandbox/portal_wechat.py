"""Credentials of the simulated WeChat: one mini-program, a service provider with a sub-merchant, a direct merchant.

``gas-wechat`` is in partner mode and verifies with WeChat Pay's public key (as merchants since 2024); ``water-wechat`` is
direct and verifies with platform certificates, of which two are valid at once (one of them is about to replace the other).
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.sandbox.keys import (
    certificate_pem,
    keep,
    make_certificate,
    make_key,
    make_name,
    private_pem,
    public_pem,
    serial_of,
)

_AUTHORITY = make_name("Tenpay.com Root CA", "Tenpay.com", "Tenpay.com CA Center")


def make_wechat(folder: Path) -> dict[str, Any]:
    """Make everything and give the part of ``credentials.json``."""
    authority = make_key()
    for name in ("platform_current", "platform_next"):
        _make_platform_certificate(folder, name, authority)
    platform = make_key()
    keep(folder, "platform_public_key_owner.pem", private_pem(platform))
    public_key_file = keep(folder, "platform_public_key.pem", public_pem(platform.public_key()))
    app_id = "wx" + secrets.token_hex(8)
    app = {
        "account": "wechat-main",
        "app_id": app_id,
        "app_secret": secrets.token_hex(16),
        "templates": {"new_login": secrets.token_urlsafe(32), "payment_result": secrets.token_urlsafe(32)},
    }
    gas = _make_merchant(folder, "gas-wechat", app_id, authority)
    gas |= {
        "mode": "partner",
        "sub_merchant_id": _merchant_number(),
        "verification": "public_key",
        "public_key_id": f"PUB_KEY_ID_0{gas['merchant_id']}2025010100{secrets.token_hex(8).upper()}",
        "platform_public_key_file": public_key_file,
    }
    water = _make_merchant(folder, "water-wechat", app_id, authority)
    water |= {
        "mode": "direct", "sub_merchant_id": None, "verification": "certificates",
        "public_key_id": None, "platform_public_key_file": None,
    }  # fmt: skip
    return {"apps": [app], "merchants": [gas, water]}


def _make_platform_certificate(folder: Path, name: str, authority: rsa.RSAPrivateKey) -> None:
    key = make_key()
    subject = make_name("Tenpay.com sign", "Tenpay.com", "Tenpay.com CA Center")
    certificate = make_certificate(subject, key.public_key(), _AUTHORITY, authority)
    keep(folder, f"{name}_key.pem", private_pem(key))
    keep(folder, f"{name}.pem", certificate_pem(certificate))


def _make_merchant(folder: Path, account: str, app_id: str, authority: rsa.RSAPrivateKey) -> dict[str, Any]:
    key = make_key()
    number = _merchant_number()
    certificate = make_certificate(make_name(number, "Guitai", account), key.public_key(), _AUTHORITY, authority)
    return {
        "account": account,
        "merchant_id": number,
        "app_id": app_id,
        "api_v3_key": secrets.token_hex(16),
        "serial_no": serial_of(certificate),
        "private_key_file": keep(folder, f"{account}_private_key.pem", private_pem(key)),
        "certificate_file": keep(folder, f"{account}_certificate.pem", certificate_pem(certificate)),
    }


def _merchant_number() -> str:
    return f"16{secrets.randbelow(10**8):08d}"
