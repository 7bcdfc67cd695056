"""The keys that sign slips: a folder with the published list (``keys.json``, public halves) and one private file a key.

``keys.json`` is a JWK set (RFC 7517; Ed25519: RFC 8037; P-256: RFC 7518) whose keys say also which kinds of slips they sign and when:
``signs_from``, ``signs_until``, ``verifies_until``, and ``distrusted`` once nothing that they signed is believed any more. A key's id is
the first eight bytes of its thumbprint (RFC 7638), so that no list can give one key the id of another. A private half is
``<id>.pem`` (PKCS #8, 0600); a process that may not sign a kind has no file for it.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from adapters.embedded_files import write_private
from services.errors import ConfigurationFault
from services.model import JsonValue
from services.slips import KIND_NUMBERS

ALGORITHMS = ("EdDSA", "ES256")
KEYS_FILE = "keys.json"
SIGNING_DAYS, VERIFYING_DAYS = 730, 7300
MAXIMUM_KEYS = 1000
REVOCATION_LIST = "revocation_list"
"""What a key may sign beside the kinds of slips."""
USES = frozenset(KIND_NUMBERS) | {REVOCATION_LIST}
_MEMBERS = {"EdDSA": ("kty", "crv", "x"), "ES256": ("kty", "crv", "x", "y")}
_CURVES = {"EdDSA": ("OKP", "Ed25519"), "ES256": ("EC", "P-256")}


@dataclass(frozen=True, slots=True)
class SlipKey:
    """The public half of a key and what it is good for. ``jwk`` has the required members of RFC 7638 only."""

    key_id: str
    algorithm: str
    jwk: Mapping[str, str]
    kinds: tuple[str, ...]
    signs_from: datetime
    signs_until: datetime
    verifies_until: datetime
    distrusted: bool = False

    def signs(self, kind: str, at: datetime) -> bool:
        """Whether slips of this kind may be signed with it at this moment."""
        return kind in self.kinds and self.signs_from <= at < self.signs_until and not self.distrusted

    def vouches(self, kind: str, issued_at: datetime, now: datetime) -> bool:
        """Whether a slip of this kind that says it was issued then is believed now."""
        return self.signs(kind, issued_at) and now < self.verifies_until


def parse_keys(document: object) -> dict[str, SlipKey]:
    """A published list by key id. Raises ``ConfigurationFault`` for what is none, or has a key under a foreign id."""
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list) or len(entries) > MAXIMUM_KEYS:
        raise ConfigurationFault("the list of slip keys is not usable")
    try:
        keys = [_parse_key(entry) for entry in entries]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationFault("the list of slip keys is not usable") from error
    if len({key.key_id for key in keys}) != len(keys):
        raise ConfigurationFault("the list of slip keys names one key twice")
    return {key.key_id: key for key in keys}


def _parse_key(entry: Mapping[str, Any]) -> SlipKey:
    algorithm = entry["alg"]
    jwk = {name: str(entry[name]) for name in _MEMBERS[algorithm]}
    kinds, distrusted = tuple(entry["kinds"]), bool(entry.get("distrusted", False))
    begin, until, end = (_parse_moment(entry[name]) for name in _MOMENTS)
    key = SlipKey(name_key(jwk), algorithm, jwk, kinds, begin, until, end, distrusted)
    if (jwk["kty"], jwk["crv"]) != _CURVES[algorithm] or entry["kid"] != key.key_id or set(kinds) - USES:
        raise ValueError("key")
    return key


_MOMENTS = ("signs_from", "signs_until", "verifies_until")


def _parse_moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a moment names its offset")
    return at


def write_keys(keys: Mapping[str, SlipKey]) -> dict[str, JsonValue]:
    """The list as it is published."""
    return {"keys": [_write_key(key) for key in sorted(keys.values(), key=lambda key: (key.signs_from, key.key_id))]}


def _write_key(key: SlipKey) -> dict[str, JsonValue]:
    moments = {name: getattr(key, name).isoformat() for name in _MOMENTS}
    entry = {**key.jwk, "kid": key.key_id, "alg": key.algorithm, "use": "sig", "kinds": list(key.kinds), **moments}
    return entry | ({"distrusted": True} if key.distrusted else {})


def name_key(jwk: Mapping[str, str]) -> str:
    """The id of a key: the first 16 hexadecimal digits of its thumbprint (RFC 7638)."""
    told = json.dumps(dict(sorted(jwk.items())), separators=(",", ":")).encode()
    return hashlib.sha256(told).hexdigest()[:16]


class KeyFolder:
    """The keys in one folder, read again when the list changes: a rotation needs no restart."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read: tuple[tuple[int, int, int], dict[str, SlipKey]] | None = None

    def list_keys(self) -> dict[str, SlipKey]:
        """Every published key by id. Raises ``ConfigurationFault`` if no folder is set or its list cannot be read."""
        path = self._require() / KEYS_FILE
        try:
            status = path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._read is None or self._read[0] != mark:
                self._read = (mark, parse_keys(json.loads(path.read_bytes())))
        except (OSError, ValueError) as error:
            raise ConfigurationFault("the list of slip keys cannot be read") from error
        return self._read[1]

    def find_signing(self, kind: str, at: datetime) -> tuple[SlipKey, bytes]:
        """The newest key that signs this kind and whose private half is here. Raises ``ConfigurationFault``."""
        able = [key for key in self.list_keys().values() if key.signs(kind, at)]
        for key in sorted(able, key=lambda key: (key.signs_from, key.key_id), reverse=True):
            private = self._read_private(key.key_id)
            if private is not None:
                return key, private
        reason = "its private half is not here" if able else "there is none at this moment"
        raise ConfigurationFault(
            f"no key can sign slips of the kind {kind}: {reason} (python -m gateway slip keys new)"
        )

    def _read_private(self, key_id: str) -> bytes | None:
        path = self._require() / f"{key_id}.pem"
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigurationFault(
                    f"the private half of slip key {key_id} can be read by others: its mode must be 0600"
                )
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationFault(
                f"the private half of slip key {key_id} cannot be read: {error.strerror}"
            ) from None

    def _require(self) -> Path:
        if self._folder is None:
            raise ConfigurationFault("no folder of slip keys is set: GUITAI_SLIP_KEYS")
        return self._folder


def add_key(
    folder: Path, kinds: Sequence[str], now: datetime, algorithm: str = "EdDSA",
    signing_days: int = SIGNING_DAYS, verifying_days: int = VERIFYING_DAYS,
) -> SlipKey:  # fmt: skip
    """Make a key that signs from now on; the newest signs, older ones go on vouching till their end. Raises ``ConfigurationFault``."""
    if not kinds or set(kinds) - USES or algorithm not in ALGORITHMS or verifying_days < signing_days:
        raise ConfigurationFault(
            "a slip key needs kinds of slips, EdDSA or ES256, and verifies as long as it signs or longer"
        )
    private = ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    jwk, now = _describe(private.public_key()), now.replace(microsecond=0)
    until, end = now + timedelta(days=signing_days), now + timedelta(days=verifying_days)
    key = SlipKey(name_key(jwk), algorithm, jwk, tuple(kinds), now, until, end)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    with change_keys(folder) as keys:
        write_private(folder / f"{key.key_id}.pem", pem.decode())
        keys[key.key_id] = key
    return key


def retire_key(folder: Path, key_id: str, now: datetime, *, distrust: bool = False) -> SlipKey:
    """It signs no more from now on; ``distrust``: and nothing that it signed is believed. Raises ``ConfigurationFault`` for an unknown one."""
    with change_keys(folder) as keys:
        if key_id not in keys:
            raise ConfigurationFault("there is no slip key with this id")
        key = keys[key_id]
        keys[key_id] = replace(key, signs_until=min(key.signs_until, now), distrusted=key.distrusted or distrust)
        return keys[key_id]


@contextmanager
def change_keys(folder: Path) -> Iterator[dict[str, SlipKey]]:
    """The list as it stands, replaced as a whole at the end; one change at a time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        path = folder / KEYS_FILE
        keys = dict(KeyFolder(folder).list_keys()) if path.exists() else {}
        yield keys
        write_private(path, json.dumps(write_keys(keys), indent=1) + "\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _describe(public: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The required members of its JWK."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": _encode(public.public_bytes_raw())}
    numbers = public.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": _encode(numbers.x.to_bytes(32, "big")),
        "y": _encode(numbers.y.to_bytes(32, "big")),
    }


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def is_key_id(text: str) -> bool:
    """Whether this has the form of a key's id."""
    return re.fullmatch(r"[0-9a-f]{16}", text) is not None
