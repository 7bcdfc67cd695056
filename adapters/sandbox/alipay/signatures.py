"""Alipay's signatures, written for the emulator alone: RSA2 over sorted parameters, over a raw value, and certificate SNs.

RSA2 is RSASSA-PKCS1-v1_5 with SHA-256, in base64. Requests and notices are signed over ``k=v`` pairs joined with ``&``,
sorted by name, not URL-encoded, without ``sign`` and without empty values; notices leave ``sign_type`` out too.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7

_RSA_SIGNATURES = "1.2.840.113549.1.1"
_NAMES = {"2.5.4.3": "CN", "2.5.4.11": "OU", "2.5.4.10": "O", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST"}


def sign_bytes(key: rsa.RSAPrivateKey, message: bytes) -> str:
    """RSA2 signature in base64."""
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode()


def is_signed(key: rsa.RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether ``signature`` (base64) is by this key over these bytes; anything malformed is not."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def join_parameters(
    parameters: Mapping[str, str], *, without: Collection[str], charset: str = "utf-8", keep_empty: bool = False
) -> bytes:
    """The bytes that a signature over parameters covers."""
    pairs = sorted((name, value) for name, value in parameters.items() if (value or keep_empty) and name not in without)
    return "&".join(f"{name}={value}" for name, value in pairs).encode(charset)


def write_value(value: Any) -> str:
    """JSON as the gateway writes it: compact, Chinese as it is, every slash with a backslash. These bytes are signed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def certificate_sn(certificate: x509.Certificate) -> str:
    """SN of a certificate: MD5 in hex of the issuer (``CN=..,OU=..,O=..,C=..``) and the decimal serial number."""
    parts = [f"{_NAMES.get(one.oid.dotted_string, one.oid.dotted_string)}={_text(one)}" for one in certificate.issuer]
    issuer = ",".join(reversed(parts))
    return hashlib.md5(f"{issuer}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()


def _text(attribute: x509.NameAttribute[Any]) -> str:
    return attribute.value if isinstance(attribute.value, str) else attribute.value.decode()


def root_sn(pem: str) -> str:
    """SN of a root file: the SNs of its certificates with an RSA signature, joined with ``_``; others are skipped."""
    found = [
        certificate_sn(certificate)
        for certificate in split_certificates(pem)
        if certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
    ]
    return "_".join(found)


def split_certificates(pem: str) -> list[x509.Certificate]:
    """The certificates of a file, each parsed alone: one that cannot be read (SM2) does not hide the others."""
    end = "-----END CERTIFICATE-----"
    certificates = []
    for part in pem.split(end)[:-1]:
        try:
            certificates.append(x509.load_pem_x509_certificate((part.lstrip() + end).encode()))
        except ValueError:
            continue
    return certificates


def encrypt_answer(key: bytes, plain: bytes) -> str:
    """AES-128-CBC with an IV of 16 zero bytes and PKCS#7, in base64: the platform's content encryption (接口内容加密)."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


@cache
def stranger_key() -> rsa.RSAPrivateKey:
    """A key that nobody has on file, for forgeries."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
