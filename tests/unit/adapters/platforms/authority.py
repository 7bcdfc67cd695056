"""A certificate authority for tests: root, middle, and whatever they issue."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.unit.adapters.platforms.desk import NOW, key

START = NOW - timedelta(days=400)
ALIPAY, MERCHANT = "支付宝(中国)网络技术有限公司", "某商户有限公司"


def make_name(common: str, organisation: str = "Ant Financial") -> x509.Name:
    parts = [(NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


ROOT, MIDDLE = make_name("Root R1"), make_name("Class 2 R1")


@cache
def issue(
    subject: x509.Name,
    subject_key: str,
    serial: int,
    issuer: x509.Name = MIDDLE,
    issuer_key: str = "middle",
    *,
    authority: bool = False,
    start: datetime = START,
    days: int = 3650,
) -> x509.Certificate:
    """A certificate over ``key(subject_key)`` in the issuer's name, signed by ``key(issuer_key)``."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key(subject_key).public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key(issuer_key), hashes.SHA256())
    )


def make_root(*, days: int = 3650) -> x509.Certificate:
    return issue(ROOT, "ca-root", 1, ROOT, "ca-root", authority=True, days=days)


def make_middle(*, authority: bool = True, days: int = 3650) -> x509.Certificate:
    return issue(MIDDLE, "middle", 2, ROOT, "ca-root", authority=authority, days=days)


def write_pem(*certificates: x509.Certificate) -> bytes:
    return b"\n".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)
