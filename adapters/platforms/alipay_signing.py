"""Alipay: parameters built by python-alipay-sdk and signed by us, certificate serials, and what a signature covers.

Which half does what, and why: docs/decisions/0041. Facts: platform-wire.md §1C.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alipay import AliPay
from cryptography import x509
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID

from adapters.platforms.context import beijing
from adapters.platforms.keys import sign_text

RSA_SIGNATURES = "1.2.840.113549.1.1."
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BODY_NAMES = ("biz_content", "grant_type", "code")


class RequestBuilder(AliPay):  # type: ignore[misc]  # the SDK publishes no types
    """The SDK's assembly, ordering and encoding of parameters, with two steps replaced: it loads no key, and we sign."""

    def __init__(self, app_id: str, key: RSAPrivateKey) -> None:
        self._signing_key = key
        super().__init__(appid=app_id, sign_type="RSA2")

    def _load_key(self) -> None:
        """The SDK would parse both keys again with another library."""

    def _sign(self, unsigned_string: str) -> str:
        return sign_text(self._signing_key, unsigned_string.encode())

    def build(
        self, method: str, content: Mapping[str, Any], at: datetime, extra: Mapping[str, str]
    ) -> tuple[str, bytes]:
        """(query, form body) of a signed request: system parameters in the query, business parameters in the body.

        ``content`` becomes ``biz_content``; for ``alipay.system.oauth.token`` its members are parameters themselves.
        """
        top_level = method == "alipay.system.oauth.token"
        timestamp = f"{beijing(at):%Y-%m-%d %H:%M:%S}"
        data = self.build_body(method, dict(content), timestamp=timestamp, format="JSON", **extra)
        if top_level:
            data.pop("biz_content")
            data.update(content)
        pairs = self.sign_data(data).split("&")
        in_body = [pair for pair in pairs if pair.partition("=")[0] in _BODY_NAMES]
        return "&".join(pair for pair in pairs if pair not in in_body), "&".join(in_body).encode("ascii")


def join_parameters(parameters: Mapping[str, str], *, keep_empty: bool) -> bytes:
    """What a notice's signature covers: sorted ``k=v`` joined by ``&``, decoded once, without ``sign`` and ``sign_type``.

    Whether empty values belong to it differs between the vendor's own SDKs (Java includes them, PHP skips them).
    """
    kept = {name: value for name, value in parameters.items() if name not in ("sign", "sign_type")}
    return "&".join(f"{name}={value}" for name, value in sorted(kept.items()) if value or keep_empty).encode()


def certificate_serial(certificate: x509.Certificate) -> str:
    """Alipay's serial: MD5 of the issuer as ``CN=,OU=,O=,C=`` and the decimal serial number, 32 hex digits."""
    parts = [
        ("CN", NameOID.COMMON_NAME),
        ("OU", NameOID.ORGANIZATIONAL_UNIT_NAME),
        ("O", NameOID.ORGANIZATION_NAME),
        ("C", NameOID.COUNTRY_NAME),
    ]
    issuer = certificate.issuer
    names = [f"{label}={_first(issuer, oid)}" for label, oid in parts]
    text = ",".join(names) + str(certificate.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def root_serial(chain: bytes) -> str:
    """Serials of the RSA-signed certificates of a root file, joined by ``_``. One unreadable certificate (SM2) is skipped."""
    return "_".join(
        certificate_serial(certificate)
        for certificate in read_chain(chain)
        if certificate.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNATURES)
    )


def decrypt_answer(aes_key: bytes, cipher: str) -> bytes:
    """AES-128-CBC with a zero IV and PKCS #7, as ``my.getPhoneNumber`` answers. Raises ``ValueError``."""
    opener = Cipher(algorithms.AES(aes_key), modes.CBC(bytes(16))).decryptor()
    padded = opener.update(base64.b64decode(cipher, validate=True)) + opener.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def read_aes_key(raw: bytes) -> bytes:
    """An AES-128 key in base64. Raises ``ValueError``."""
    key = base64.b64decode(raw, validate=True)
    if len(key) != 16:
        raise ValueError("an AES key of Alipay has 16 bytes")
    return key


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else "None"


def read_chain(chain: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file, in its order; one that cannot be read (SM2) is left out."""
    found = []
    for pem in _PEM.findall(chain):
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            certificate.signature_algorithm_oid  # noqa: B018 - reading it parses the part that SM2 certificates break
        except ValueError:
            continue
        found.append(certificate)
    return found
