"""Alipay's keys, with which its answers and notices are verified: a bare one, or those in its certificates, old and new.

In certificate mode an answer names its certificate by serial (``alipay_cert_sn``). A certificate that Alipay puts into use
later is learned with ``alipay.open.app.alipaycert.download`` (platform-wire.md §1C), kept in this process, and believed only if

- it has the serial that was asked for;
- it is within its dates, and so is each certificate above it;
- it chains, signature by signature, to the account's own root file;
- its holder is that of the configured certificate: the same authority issues *merchants* their application certificates too.

The download's answer needs no signature of its own: the chain is the proof. Only ``GatewayExchange`` downloads, and only because
of an answer to a call of ours; an inbound notice never causes a call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from adapters.platforms.alipay_signer import Signer
from adapters.platforms.alipay_signing import certificate_serial, read_chain
from adapters.platforms.context import PlatformContext
from adapters.platforms.keys import public_key_of, read_certificate, secret_name

DOWNLOAD_PAUSE = timedelta(seconds=60)
LONGEST_CHAIN = 5


class NotProven(ValueError):
    """A certificate that is not believed. Its message is one of a few fixed words of ours."""


@dataclass(frozen=True, slots=True)
class LearnedCertificate:
    """A certificate that was proven; believed only between its own dates."""

    key: RSAPublicKey
    valid_from: datetime
    valid_until: datetime


class AlipayCertificates:
    """Alipay's keys for each signer of ours. ``learning`` is held while one is fetched, so that others wait for it."""

    def __init__(self, context: PlatformContext) -> None:
        self._context = context
        self._known: dict[str, dict[str, LearnedCertificate]] = {}
        self._asked: dict[str, datetime] = {}
        self.learning = threading.Lock()

    def list_keys(self, signer: Signer, named: str | None = None) -> list[RSAPublicKey]:
        """The keys that may have signed, without a call: that of the named certificate, or all of the signer's.

        In key mode it is the one bare key, whatever is named. Raises ``ConfigurationFault``.
        """
        if not signer.by_certificate:
            return [self._context.keys.public_key(secret_name(signer.name, signer.secrets, "alipay_public_key"))]
        now = self._context.clock.now()
        keys = {self.serial(signer, "alipay_certificate"): public_key_of(self._configured(signer)[0])}
        for serial, known in self._known.get(signer.name, {}).items():
            if known.valid_from <= now < known.valid_until:
                keys.setdefault(serial, known.key)
        return list(keys.values()) if named is None else [key for serial, key in keys.items() if serial == named]

    def may_download(self, signer: Signer) -> bool:
        """Whether a certificate may be fetched now: at most once a minute for each account."""
        now, before = self._context.clock.now(), self._asked.get(signer.name)
        if before is not None and abs(now - before) < DOWNLOAD_PAUSE:
            return False
        self._asked[signer.name] = now
        return True

    def learn(self, signer: Signer, serial: str, document: bytes) -> None:
        """Keep the certificate of this serial. Raises ``NotProven``, ``ValueError`` for what cannot be read."""
        chain = read_chain(document)
        leaf = next((one for one in chain if certificate_serial(one) == serial), None)
        if leaf is None:
            raise NotProven("another serial")
        configured = self._configured(signer)
        if _name_holder(leaf) != _name_holder(configured[0]):
            raise NotProven("another holder")
        name = secret_name(signer.name, signer.secrets, "root_certificate")
        roots = self._context.keys.parse("list of roots", name, _read_roots)
        if not is_proven(leaf, [*chain, *configured[1:]], roots, self._context.clock.now()):
            raise NotProven("no chain to the root")
        learned = LearnedCertificate(public_key_of(leaf), leaf.not_valid_before_utc, leaf.not_valid_after_utc)
        self._known[signer.name] = {**self._known.get(signer.name, {}), serial: learned}

    def serial(self, signer: Signer, purpose: str) -> str:
        """Alipay's serial of a configured certificate."""
        name = secret_name(signer.name, signer.secrets, purpose)
        return self._context.keys.parse(
            "certificate serial", name, lambda pem: certificate_serial(read_certificate(pem))
        )

    def _configured(self, signer: Signer) -> Sequence[x509.Certificate]:
        """Alipay's certificate as the portal gave it, first, and what stands above it in the same file."""
        name = secret_name(signer.name, signer.secrets, "alipay_certificate")
        return self._context.keys.parse("certificate chain", name, _read_configured)


def is_proven(
    leaf: x509.Certificate, between: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> bool:
    """Whether signatures lead from ``leaf`` over authorities in ``between`` to one of ``roots``, all within their dates (RFC 5280 §6)."""
    current = leaf
    for _ in range(LONGEST_CHAIN):
        if not current.not_valid_before_utc <= now < current.not_valid_after_utc:
            return False
        if any(_has_issued(root, current, now) for root in roots):
            return True
        above = next(_list_issuers(between, current, now), None)
        if above is None:
            return False
        current = above
    return False


def _list_issuers(
    between: Sequence[x509.Certificate], of: x509.Certificate, now: datetime
) -> Iterator[x509.Certificate]:
    return (one for one in between if one != of and _has_issued(one, of, now))


def _has_issued(issuer: x509.Certificate, of: x509.Certificate, now: datetime) -> bool:
    if not issuer.not_valid_before_utc <= now < issuer.not_valid_after_utc or not _is_authority(issuer):
        return False
    try:
        of.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _name_holder(certificate: x509.Certificate) -> list[str]:
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]


def _read_configured(pem: bytes) -> Sequence[x509.Certificate]:
    first = read_certificate(pem)
    public_key_of(first)
    return [first, *(one for one in read_chain(pem) if one != first)]


def _read_roots(pem: bytes) -> Sequence[x509.Certificate]:
    roots = read_chain(pem)
    if not roots:
        raise ValueError("no certificate in it")
    return roots
