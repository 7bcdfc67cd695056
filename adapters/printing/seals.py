"""The seals of the organs: who signs a document. A folder with a certificate chain and a private key a seal.

``<name>.crt`` is the chain in PEM, the signer first; ``<name>.key`` its private key (PKCS #8 in PEM, 0600). A letter is signed by the
seal whose certificate names its organ (subject's organisation, O), else by the one called ``default``. Without either nothing is signed.
For the demo the launcher makes an authority of its own and one seal an organ; what such a seal proves ends with this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.embedded_files import write_private
from services.errors import ConfigurationFault

DEFAULT = "default"
AUTHORITY = "authority"
_BITS = 2048
_YEARS = 3650


@dataclass(frozen=True, slots=True)
class Seal:
    """``chain``: DER, the signer's certificate first; ``key``: its private key, PKCS #8 in DER."""

    organ: str
    chain: tuple[bytes, ...]
    key: bytes
    valid_from: datetime
    valid_until: datetime


def find_seal(folder: Path | None, organ: str, at: datetime) -> Seal:
    """The seal of an organ at a moment. Raises ``ConfigurationFault`` that says what is missing."""
    if folder is None:
        raise ConfigurationFault("no folder of seals is set: GUITAI_SEALS")
    fallback = None
    for path in sorted(folder.glob("*.crt")):
        chain = _read_chain(path)
        if not path.with_suffix(".key").exists():
            continue
        if _organ_of(chain[0]) == organ:
            return _read_seal(path, chain, at)
        if path.stem == DEFAULT:
            fallback = (path, chain)
    if fallback is None:
        raise ConfigurationFault("no seal of this organ is here, and no default one: documents cannot be signed")
    return _read_seal(*fallback, at)


def _read_chain(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationFault(f"the certificate of the seal {path.stem} cannot be read") from error


def _read_seal(path: Path, chain: Sequence[x509.Certificate], at: datetime) -> Seal:
    key_path, signer = path.with_suffix(".key"), chain[0]
    try:
        if key_path.stat().st_mode & 0o077:
            raise ConfigurationFault(f"the key of the seal {path.stem} can be read by others: its mode must be 0600")
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationFault(f"the key of the seal {path.stem} cannot be read") from error
    if _public(key.public_key()) != _public(signer.public_key()):
        raise ConfigurationFault(f"the key of the seal {path.stem} is not that of its certificate")
    if not signer.not_valid_before_utc <= at < signer.not_valid_after_utc:
        raise ConfigurationFault(f"the certificate of the seal {path.stem} is not valid at this moment")
    octets = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    ders = tuple(one.public_bytes(serialization.Encoding.DER) for one in chain)
    return Seal(_organ_of(signer), ders, octets, signer.not_valid_before_utc, signer.not_valid_after_utc)


def _public(key: object) -> bytes:
    told: bytes = key.public_bytes(  # type: ignore[attr-defined] # every kind of public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return told


def _organ_of(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else ""


def make_demo_seals(folder: Path, organs: Sequence[str], now: datetime) -> list[str]:
    """Seals for these organs by an authority of our own, made unless they are there; gives the names of the new ones.

    The first organ's seal is the default one. Files are for their owner alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[str] = []
    authority, key = _load_authority(folder, now)
    known = {_organ_of(_read_chain(path)[0]) for path in folder.glob("*.crt") if path.stem != AUTHORITY}
    for organ in dict.fromkeys(organs):
        if organ in known:
            continue
        name = DEFAULT if not (folder / f"{DEFAULT}.crt").exists() else f"seal-{len(known) + len(made) + 1:03}"
        private = rsa.generate_private_key(65537, _BITS)
        certificate = _issue(organ, private.public_key(), authority.subject, key, now, authority=False)
        _write(folder, name, [certificate, authority], private)
        made.append(name)
    return made


def _load_authority(folder: Path, now: datetime) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    path = folder / f"{AUTHORITY}.crt"
    if path.exists():
        key = serialization.load_pem_private_key((folder / f"{AUTHORITY}.private").read_bytes(), None)
        if isinstance(key, rsa.RSAPrivateKey):
            return _read_chain(path)[0], key
        raise ConfigurationFault("the demo's authority of seals is not one that this release made")
    key = rsa.generate_private_key(65537, _BITS)
    name = _name("演示电子印章签发机构 Demo Seal Authority")
    certificate = _issue("", key.public_key(), name, key, now, authority=True)
    write_private(folder / f"{AUTHORITY}.private", _pem(key))
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM).decode())
    return certificate, key


def _issue(
    organ: str, public: rsa.RSAPublicKey, issuer: x509.Name, key: rsa.RSAPrivateKey, now: datetime, *, authority: bool
) -> x509.Certificate:  # fmt: skip
    """A certificate of an authority (RFC 5280) or of a seal: digital signature and non-repudiation, nothing else."""
    begin = now.replace(microsecond=0) - timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=not authority, content_commitment=not authority, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=authority, crl_sign=authority, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(issuer if authority else _name(organ))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=_YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _name(organ: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organ[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, organ[:64]),
        ]
    )


def _write(folder: Path, name: str, chain: Sequence[x509.Certificate], key: rsa.RSAPrivateKey) -> None:
    write_private(folder / f"{name}.key", _pem(key))
    text = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    write_private(folder / f"{name}.crt", text.decode())


def _pem(key: rsa.RSAPrivateKey) -> str:
    octets = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    return octets.decode()
