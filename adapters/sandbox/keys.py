"""Keys and certificates for simulated platforms and merchants: RSA 2048, X.509, PEM files with mode 0600.

Certificates hold from 2020 to 2045 so that they are valid under any shared clock and for any client's own.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
VALID_UNTIL = datetime(2045, 1, 1, tzinfo=UTC)


def make_key() -> rsa.RSAPrivateKey:
    """A new RSA key of 2048 bits, as both platforms use."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """PKCS#8 PEM without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key: rsa.RSAPublicKey) -> str:
    """SubjectPublicKeyInfo PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def make_name(common_name: str, organisation: str, unit: str = "") -> x509.Name:
    """A distinguished name in the order C, O, OU, CN."""
    parts = [(NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, organisation)]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    parts.append((NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def make_certificate(
    subject: x509.Name,
    key: rsa.RSAPublicKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    *,
    authority: bool = False,
) -> x509.Certificate:
    """A certificate over ``key``; its serial has 20 bytes and no leading zero, so that hex forms agree everywhere."""
    serial = int.from_bytes(b"\x4d" + secrets.token_bytes(19))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def certificate_pem(certificate: x509.Certificate) -> str:
    """PEM of one certificate."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def serial_of(certificate: x509.Certificate) -> str:
    """The serial as WeChat Pay writes it: 40 hex digits in upper case."""
    return f"{certificate.serial_number:040X}"


def load_private(path: Path) -> rsa.RSAPrivateKey:
    """Read a PEM private key (26 ms: once per process)."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("expected an RSA key")
    return key


def load_certificate(path: Path) -> x509.Certificate:
    """Read a PEM certificate."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def public_key_of(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """The RSA key of a certificate."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("expected an RSA key")
    return key


def keep(folder: Path, name: str, text: str) -> str:
    """Write a secret file with mode 0600 and give its path."""
    path = folder / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return str(path)
