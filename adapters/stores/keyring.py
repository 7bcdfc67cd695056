"""The keys of an installation: AES-256-GCM for personal fields, HMAC-SHA256 for looking them up.

A ciphertext is ``key id (4 bytes) | nonce (12) | AES-256-GCM``; table, column and row are its associated data, so that no
ciphertext can be moved to another place. A look-up hash is ``key id (4 bytes) | HMAC-SHA256(key, purpose 0x00 value)``: the
same value under two purposes cannot be compared. Old keys stay in the ring and go on decrypting and finding; new values use
the current ones. NIST SP 800-38D, RFC 2104.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.embedded_files import write_private
from services.errors import ConfigurationFault

KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class CiphertextRefused(RuntimeError):
    """A stored ciphertext does not decrypt in this place: changed, moved, or of a key that is not in the ring."""


@dataclass(frozen=True)
class _Ring:
    current: bytes
    keys: Mapping[bytes, bytes]

    @property
    def ids(self) -> list[bytes]:
        """Current first."""
        return [self.current, *(name for name in self.keys if name != self.current)]


class Keyring:
    """Encrypts, decrypts and hashes. Implements ``ports.KeyedHash``."""

    def __init__(self, encryption: _Ring, lookup: _Ring) -> None:
        self._encryption = encryption
        self._lookup = lookup
        self._ciphers = {name: AESGCM(key) for name, key in encryption.keys.items()}

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read a ring. Raises ``ConfigurationFault`` for a file that is absent, open to others or not a ring."""
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigurationFault("the keyring can be read by others: its mode must be 0600")
            document = json.loads(path.read_bytes())
            return cls(_read_ring(document["encryption"]), _read_ring(document["lookup"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationFault("the keyring cannot be read") from error

    @property
    def current_key_id(self) -> bytes:
        """With this begins every cell that is encrypted now."""
        return self._encryption.current

    def encrypt(self, table: str, column: str, row_id: object, plaintext: bytes) -> bytes:
        """Encrypt for one place and no other."""
        name, nonce = self._encryption.current, os.urandom(_NONCE_BYTES)
        return name + nonce + self._ciphers[name].encrypt(nonce, plaintext, _place(table, column, row_id))

    def decrypt(self, table: str, column: str, row_id: object, ciphertext: bytes) -> bytes:
        """The plaintext of a ciphertext found in this place. Raises ``CiphertextRefused``."""
        name, nonce = ciphertext[:KEY_ID_BYTES], ciphertext[KEY_ID_BYTES : KEY_ID_BYTES + _NONCE_BYTES]
        cipher = self._ciphers.get(name)
        if cipher is None or len(nonce) != _NONCE_BYTES:
            raise CiphertextRefused(f"{table}.{column}: no such key")
        try:
            return cipher.decrypt(nonce, ciphertext[KEY_ID_BYTES + _NONCE_BYTES :], _place(table, column, row_id))
        except InvalidTag as error:
            raise CiphertextRefused(f"{table}.{column}: not what was encrypted here") from error

    def lookup_hash(self, purpose: str, value: str) -> bytes:
        """The hash under the current look-up key (36 bytes: key id and HMAC), for writing."""
        return self._hash(self._lookup.current, purpose, value)

    def lookup_hashes(self, purpose: str, value: str) -> list[bytes]:
        """The hashes under every look-up key, current first, for finding what was written before a rotation."""
        return [self._hash(name, purpose, value) for name in self._lookup.ids]

    def _hash(self, name: bytes, purpose: str, value: str) -> bytes:
        if "\0" in purpose:
            raise ValueError("a purpose holds no zero byte")
        told = purpose.encode() + b"\0" + value.encode()
        return name + hmac.new(self._lookup.keys[name], told, hashlib.sha256).digest()


def create_keyring(path: Path) -> None:
    """Write a new ring (mode 0600). Raises ``ConfigurationFault`` if there is one: without its keys nothing can be read."""
    if path.exists():
        raise ConfigurationFault("there is a keyring already; it is never replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps({"encryption": _new_ring(), "lookup": _new_ring()}, indent=1))


def add_key(path: Path, *, standby: bool = False) -> str:
    """Add an encryption key and make it the current one; gives its id. Old ones stay and go on decrypting.

    ``standby``: it only decrypts until ``promote_key``, so that every process can read it before one writes with it. Look-up keys
    are not changed: two processes with different ones would each think the same value new (decision 0013).
    Raises ``ConfigurationFault`` for what is not a ring.
    """
    with _change_ring(path) as document:
        fresh, ring = _new_ring(), document["encryption"]
        ring["keys"].update(fresh["keys"])
        ring["current"] = ring["current"] if standby else fresh["current"]
    return str(fresh["current"])


def promote_key(path: Path) -> str:
    """Make the key that was added last the current one; gives its id. Raises ``ConfigurationFault`` for what is not a ring."""
    with _change_ring(path) as document:
        newest = list(document["encryption"]["keys"])[-1]
        document["encryption"]["current"] = newest
    return str(newest)


@contextmanager
def _change_ring(path: Path) -> Iterator[dict[str, Any]]:
    """The ring as it stands, replaced as a whole at the end; one change at a time, because a lost key loses what it encrypted."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationFault("the keyring cannot be read") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        Keyring.load(path)
        document = json.loads(path.read_bytes())
        yield document
        write_private(path, json.dumps(document, indent=1), like=path)
        os.fsync(folder)
    finally:
        os.close(folder)


def _new_ring() -> dict[str, Any]:
    name = secrets.token_hex(KEY_ID_BYTES)
    return {"current": name, "keys": {name: secrets.token_hex(32)}}


def _read_ring(document: Mapping[str, object]) -> _Ring:
    written = document["keys"]
    if not isinstance(written, dict):
        raise TypeError("keys")
    keys = {bytes.fromhex(name): bytes.fromhex(key) for name, key in written.items()}
    current = bytes.fromhex(str(document["current"]))
    if current not in keys or any(len(name) != KEY_ID_BYTES or len(key) != 32 for name, key in keys.items()):
        raise ValueError("a key has another length, or the current one is absent")
    return _Ring(current, keys)


def _place(table: str, column: str, row_id: object) -> bytes:
    return f"{table}|{column}|{row_id}".encode()
