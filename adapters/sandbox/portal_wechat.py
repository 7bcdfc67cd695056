"""Credentials of the simulated WeChat: one mini-program, and a merchant for each payee of an office.

A payee is a sub-merchant of a service provider (partner mode) or a direct merchant; it verifies with WeChat Pay's public key (as
merchants since 2024) or with platform certificates, of which two are valid at once (one of them is about to replace the other).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.sandbox.keys import (
    certificate_pem,
    keep,
    load_private,
    make_certificate,
    make_key,
    make_name,
    private_pem,
    public_pem,
    serial_of,
)
from adapters.sandbox.office import Payee

_PUBLIC_KEY = "platform_public_key.pem"
_AUTHORITY = make_name("Tenpay.com Root CA", "Tenpay.com", "Tenpay.com CA Center")


def make_wechat(folder: Path) -> dict[str, Any]:
    """Make the platform's keys and the mini-program and give the part of ``credentials.json``, without merchants."""
    authority = make_key()
    for name in ("platform_current", "platform_next"):
        _make_platform_certificate(folder, name, authority)
    keep(folder, "authority_key.pem", private_pem(authority))
    platform = make_key()
    keep(folder, "platform_public_key_owner.pem", private_pem(platform))
    keep(folder, _PUBLIC_KEY, public_pem(platform.public_key()))
    app = {
        "account": "wechat-main",
        "app_id": "wx" + secrets.token_hex(8),
        "app_secret": secrets.token_hex(16),
        "templates": {name: secrets.token_urlsafe(32) for name in ("new_login", "payment_result", "case_notice")},
    }
    return {"apps": [app], "merchants": []}


def add_merchants(folder: Path, credentials: dict[str, Any], payees: Mapping[str, Payee]) -> None:
    """Add ``<name>-wechat`` for each payee that has none yet."""
    known = {entry["account"] for entry in credentials["merchants"]}
    missing = {account: payee for name, payee in payees.items() if (account := f"{name}-wechat") not in known}
    if missing:
        authority = _open_authority(folder)
        app_id = credentials["apps"][0]["app_id"]
        for account, payee in missing.items():
            entry = _make_merchant(folder, account, app_id, authority)
            entry |= _choose_modes(folder, payee, entry["merchant_id"])
            credentials["merchants"].append(entry | (_make_fee_keys() if payee.non_tax else {}))


def _make_fee_keys() -> dict[str, Any]:
    """What the non-tax platform gives to a receiver of government fees."""
    keys = {name: secrets.token_hex(16) for name in ("sign_key", "encrypt_key")}
    return {"non_tax": {"bank_id": f"bank_{secrets.token_hex(6)}", **keys}}


def _open_authority(folder: Path) -> rsa.RSAPrivateKey:
    """The key of the certificate authority; folders of an earlier release have none: then it begins anew."""
    file = folder / "authority_key.pem"
    if not file.exists():
        keep(folder, file.name, private_pem(make_key()))
    return load_private(file)


def _choose_modes(folder: Path, payee: Payee, merchant_id: str) -> dict[str, Any]:
    modes: dict[str, Any] = {
        "mode": "partner" if payee.partner else "direct",
        "sub_merchant_id": _merchant_number() if payee.partner else None,
    }
    if payee.certificates:
        return modes | {"verification": "certificates", "public_key_id": None, "platform_public_key_file": None}
    return modes | {
        "verification": "public_key",
        "public_key_id": f"PUB_KEY_ID_0{merchant_id}2025010100{secrets.token_hex(8).upper()}",
        "platform_public_key_file": str(folder / _PUBLIC_KEY),
    }


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
