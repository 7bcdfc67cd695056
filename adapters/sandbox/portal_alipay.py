"""Credentials of the simulated Alipay: one mini-program, and a seller for each payee of an office, paid through it.

All entries share the mini-program's ``app_id`` (a buyer's number belongs to an app) and differ in ``seller_id`` and in their keys.
``alipay-main`` is in key mode, a payee is in key mode or in certificate mode.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.sandbox.keys import (
    VALID_FROM,
    VALID_UNTIL,
    certificate_pem,
    keep,
    make_certificate,
    make_key,
    make_name,
    private_pem,
    public_pem,
)
from adapters.sandbox.office import Payee

_CHAIN = {
    "app_certificate_file": "app_certificate.crt",
    "alipay_certificate_file": "alipay_certificate.crt",
    "root_certificate_file": "alipay_root.crt",
}
_ROOT = make_name("Ant Financial Certification Authority R1", "Ant Financial", "Certification Authority")
_MIDDLE = make_name("Ant Financial Certification Authority Class 2 R1", "Ant Financial", "Certification Authority")


def make_alipay(folder: Path) -> dict[str, Any]:
    """Make everything and give the part of ``credentials.json``. The platform's keys: ``alipay_key.pem``, ``alipay_certificate_key.pem``."""
    app_id = f"2021{secrets.randbelow(10**12):012d}"
    alipay = make_key()
    keep(folder, "alipay_key.pem", private_pem(alipay))
    shared = {
        "app_id": app_id,
        "alipay_public_key_file": keep(folder, "alipay_public_key.pem", public_pem(alipay.public_key())),
        "aes_key_file": keep(folder, "aes_key.txt", base64.b64encode(secrets.token_bytes(16)).decode()),
        "templates": {name: secrets.token_hex(16) for name in ("new_login", "payment_result", "case_notice")},
    }
    app_key = make_key()
    main = {
        "account": "alipay-main", "seller_id": _seller(), "mode": "key",
        "private_key_file": keep(folder, "alipay-main_private_key.pem", private_pem(app_key)),
    }  # fmt: skip
    _make_chain(folder, app_id, app_key)
    return {"apps": [main | shared | dict.fromkeys(_CHAIN)]}


def add_sellers(folder: Path, credentials: dict[str, Any], payees: Mapping[str, Payee]) -> None:
    """Add ``<name>-alipay`` for each payee that has none yet; sellers share the mini-program's keys."""
    main = next(entry for entry in credentials["apps"] if entry["account"] == "alipay-main")
    known = {entry["account"] for entry in credentials["apps"]}
    for name, payee in payees.items():
        account = f"{name}-alipay"
        if account not in known:
            mode = "certificate" if payee.certificates else "key"
            files = {key: str(folder / file) for key, file in _CHAIN.items()} if payee.certificates else {}
            credentials["apps"].append(main | {"account": account, "seller_id": _seller(), "mode": mode} | files)


def _make_chain(folder: Path, app_id: str, app_key: rsa.RSAPrivateKey) -> None:
    """Root, middle, the platform's certificates (one in force, one that follows it) and the application's; chains as the portal gives them."""
    root_key, middle_key, alipay_key = make_key(), make_key(), make_key()
    root = make_certificate(_ROOT, root_key.public_key(), _ROOT, root_key, authority=True)
    middle = make_certificate(_MIDDLE, middle_key.public_key(), _ROOT, root_key, authority=True)
    holder = make_name("支付宝(中国)网络技术有限公司", "支付宝(中国)网络技术有限公司", "Alipay")
    alipay = make_certificate(holder, alipay_key.public_key(), _MIDDLE, middle_key)
    app = make_certificate(make_name(f"guitai-{app_id}", "Guitai", "Alipay"), app_key.public_key(), _MIDDLE, middle_key)
    keep(folder, "alipay_certificate_key.pem", private_pem(alipay_key))
    next_key = make_key()
    following = make_certificate(holder, next_key.public_key(), _MIDDLE, middle_key)
    keep(folder, "alipay_next_certificate_key.pem", private_pem(next_key))
    keep(folder, "alipay_next_certificate.crt", "".join(map(certificate_pem, (following, middle))))
    chain: list[x509.Certificate] = [alipay, middle]
    keep(folder, _CHAIN["app_certificate_file"], certificate_pem(app))
    keep(folder, _CHAIN["alipay_certificate_file"], "".join(map(certificate_pem, chain)))
    keep(folder, _CHAIN["root_certificate_file"], f"{certificate_pem(root)}\n{_make_curve_root()}")


def _make_curve_root() -> str:
    """PEM of a root that is not RSA, as the real root file has some (there SM2): it is no part of the file's SN."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = make_name("Ant Financial Certification Authority E1", "Ant Financial", "Certification Authority")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate_pem(certificate)


def _seller() -> str:
    return f"2088{secrets.randbelow(10**12):012d}"
