"""Who the simulated WeChat knows: mini-programs, merchants and its own keys, read once from the portal's files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.sandbox.keys import load_certificate, load_private, public_key_of, serial_of


@dataclass(frozen=True, slots=True)
class MiniProgram:
    """A mini-program; ``templates`` maps names to subscribe-message template ids."""

    account: str
    app_id: str
    app_secret: str
    templates: dict[str, str]


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant number; in partner mode it acts for exactly one sub-merchant."""

    account: str
    merchant_id: str
    mode: str
    sub_merchant_id: str | None
    app_id: str
    api_v3_key: str
    serial_no: str
    verification: str
    public_key_id: str | None
    public_key: RSAPublicKey


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A platform certificate: serial in upper-case hex, PEM text, and the key behind it."""

    serial: str
    pem: str
    key: RSAPrivateKey


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """What the platform signs with: the public-key mode's key, the current certificate and the next one."""

    public_key_owner: RSAPrivateKey
    current: PlatformCertificate
    following: PlatformCertificate


def load_programs(credentials: dict[str, Any]) -> dict[str, MiniProgram]:
    """Mini-programs by app id."""
    return {one["app_id"]: MiniProgram(**one) for one in credentials["apps"]}


def load_merchants(credentials: dict[str, Any]) -> dict[str, Merchant]:
    """Merchants by merchant number."""
    found = {}
    for one in credentials["merchants"]:
        named = {name: one[name] for name in Merchant.__slots__ if name in one}
        key = public_key_of(load_certificate(Path(one["certificate_file"])))
        found[one["merchant_id"]] = Merchant(public_key=key, **named)
    return found


def load_platform_keys(folder: Path) -> PlatformKeys:
    """The platform's own keys from the portal's folder."""
    return PlatformKeys(
        load_private(folder / "platform_public_key_owner.pem"),
        _load_platform_certificate(folder, "platform_current"),
        _load_platform_certificate(folder, "platform_next"),
    )


def _load_platform_certificate(folder: Path, name: str) -> PlatformCertificate:
    certificate = load_certificate(folder / f"{name}.pem")
    return PlatformCertificate(
        serial_of(certificate), (folder / f"{name}.pem").read_text(), load_private(folder / f"{name}_key.pem")
    )
