"""Ed25519 (RFC 8032) for signed notes: verifies with a public key, and signs with a private one that stays in here."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.errors import ConfigurationFault
from services.signed_note import ED25519, KEY_SIZE, NoteKey

_MARK = "PRIVATE+KEY+"


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over this message (``signed_note.Verify``); False for what is no key or no signature."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Ed25519Signer:
    """Implements ``signed_note.NoteSigner`` with a seed of 32 random bytes."""

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        """``kind``: for plain signatures, or for cosignatures. Raises ``ConfigurationFault`` for a seed or name of another form."""
        try:
            self._private = Ed25519PrivateKey.from_private_bytes(seed)
            self._key = NoteKey(name, kind, self._private.public_key().public_bytes_raw())
        except ValueError:
            raise ConfigurationFault("a key that signs notes has a name and a seed of 32 bytes") from None

    @property
    def key(self) -> NoteKey:
        return self._key

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def read_signer(line: str, kind: int = ED25519) -> Ed25519Signer:
    """A signer out of the usual line ``PRIVATE+KEY+name+hash+base64`` (golang.org/x/mod/sumdb/note).

    The line always says 1 for its kind and has the hash of the plain key; ``kind`` is what the signer is for. Raises
    ``ConfigurationFault`` for any other line and never shows it.
    """
    name, _, rest = line.strip().removeprefix(_MARK).partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        material = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if not line.startswith(_MARK) or len(material) != 1 + KEY_SIZE or material[0] != ED25519:
        raise ConfigurationFault("a line with a key that signs notes has the form PRIVATE+KEY+name+hash+base64")
    plain = Ed25519Signer(name, material[1:])
    if plain.key.key_id.hex() != key_id:
        raise ConfigurationFault("the hash in a line with a key that signs notes is not its own")
    return plain if kind == ED25519 else Ed25519Signer(name, material[1:], kind)


def write_signer(name: str, seed: bytes) -> str:
    """The line that ``read_signer`` reads: a secret."""
    key_id = Ed25519Signer(name, seed).key.key_id.hex()
    return f"{_MARK}{name}+{key_id}+{base64.b64encode(bytes([ED25519]) + seed).decode()}"
