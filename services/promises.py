"""Promises: what the public app signs for a client at the append, before the record has its place in the tree.

A promise says: these leaves stand in the ledger, and under every checkpoint that is signed later than the merge delay after ``at``. Whoever
keeps it can show that one of them is missing. It is a signed note (C2SP signed-note) in one form, with one signature, by a key of its own
whose name is the log's origin and ``/promise``.

It names her chain by a commitment under a nonce of its own: who knows the chain id (she, in her file) can tell that a promise is of it; a
platform that sees two promises cannot tell that they are, and two platforms cannot join what they know (decision 0207).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from services.signed_note import (
    ED25519,
    Note,
    NoteKey,
    NoteRefused,
    NoteSigner,
    Verify,
    decode_base64,
    encode_base64,
    format_note,
    is_name,
    open_note,
    read_note,
    sign_text,
)

FORMAT = "guitai exposure promise v1"
KEY_SUFFIX = "/promise"
MERGE_DELAY_SECONDS = 60
"""At most so long after the append a record has its place under a signed checkpoint."""
MAX_DELAY_SECONDS = 3_600
"""A promise for later than this promises nothing."""
MAX_LEAVES = 40
"""Of one promise: as a header it stays below what proxies hold of one (4,096 bytes with all other headers)."""
MAX_HEADER = 4_000
HASH_SIZE = 32
_FEWEST_LINES = 7
_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}")
_ENCODED = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Promise:
    """Whose log, when (seconds since 1970, UTC), within how many seconds, for which chain, and which leaves."""

    origin: str
    at: int
    delay: int
    nonce: bytes
    commitment: bytes
    leaf_hashes: tuple[bytes, ...]

    @property
    def due(self) -> int:
        """From this second on every checkpoint has all of the leaves."""
        return self.at + self.delay

    def is_of(self, chain: UUID) -> bool:
        """Whether it was made for this chain."""
        return hmac.compare_digest(commit_chain(self.nonce, chain), self.commitment)


def commit_chain(nonce: bytes, chain: UUID) -> bytes:
    """SHA-256 over a word, 32 random bytes and the chain id, which is random too."""
    return sha256(b"guitai promise v1\x00" + nonce + chain.bytes).digest()


def make_promise(signer: NoteSigner, chain: UUID, at: datetime, leaf_hashes: Sequence[bytes], nonce: bytes) -> bytes:
    """The signed note of a promise, at most ``MAX_LEAVES`` leaves, each once. ``nonce``: 32 random bytes, never used twice.

    Raises ``NoteRefused`` for a signer that is not one of promises, or what is no promise.
    """
    promise = Promise(
        name_origin(signer.key), int(at.timestamp()), MERGE_DELAY_SECONDS, nonce, commit_chain(nonce, chain),
        tuple(leaf_hashes),
    )  # fmt: skip
    text = format_promise(promise)
    return format_note(Note(text, (sign_text(text, signer),)))


def open_promise(note: bytes, key: NoteKey, verify: Verify) -> Promise:
    """What a promise says, if this key signed it and nobody else did; raises ``NoteRefused``."""
    origin = name_origin(key)
    text, _ = open_note(note, [key], verify)
    if len(read_note(note).signatures) != 1:
        raise NoteRefused("a promise has one signature")
    promise = read_promise(text)
    if promise.origin != origin:
        raise NoteRefused("the promise is of another log than its key")
    return promise


def name_origin(key: NoteKey) -> str:
    """The log for which a key signs promises; raises ``NoteRefused`` for a key of anything else."""
    origin = key.name.removesuffix(KEY_SUFFIX)
    if origin == key.name or key.kind != ED25519 or not is_name(origin):
        raise NoteRefused("a key of promises is a plain Ed25519 key named after its log: <origin>/promise")
    return origin


def format_promise(promise: Promise) -> str:
    """The text; raises ``NoteRefused`` if it would not be read again as this promise."""
    hashes = (promise.nonce, promise.commitment, *promise.leaf_hashes)
    lines = (FORMAT, promise.origin, str(promise.at), str(promise.delay), *map(encode_base64, hashes), "")
    text = "\n".join(lines)
    if read_promise(text) != promise:
        raise NoteRefused("a promise has an origin, a time, and 32 bytes for nonce, commitment and each leaf")
    return text


def read_promise(text: str) -> Promise:
    """The promise that a note's text is; raises ``NoteRefused`` if it is not written in its one form."""
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or not _FEWEST_LINES <= len(lines) < _FEWEST_LINES + MAX_LEAVES or lines[0] != FORMAT:
        raise NoteRefused("this is no promise, or it has no leaf, or too many")
    origin, at, delay = lines[1:4]
    hashes = [decode_base64(line) for line in lines[4:]]
    if not is_name(origin) or not _NUMBER.fullmatch(at) or not _NUMBER.fullmatch(delay):
        raise NoteRefused("a promise has an origin, a moment and a delay in whole seconds")
    if int(delay) > MAX_DELAY_SECONDS:
        raise NoteRefused("a promise is kept within an hour")
    if any(len(one) != HASH_SIZE for one in hashes):
        raise NoteRefused("nonce, commitment and leaves of a promise have 32 bytes in base64")
    nonce, commitment, *leaves = hashes
    if len(set(leaves)) != len(leaves):
        raise NoteRefused("a promise names each leaf once")
    return Promise(origin, int(at), int(delay), nonce, commitment, tuple(leaves))


def write_header(note: bytes) -> str:
    """A promise as the value of the header ``Guitai-Promise``: base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(note).rstrip(b"=").decode()


def read_header(value: str) -> bytes:
    """The note in a header's value; raises ``NoteRefused`` for what ``write_header`` would not write."""
    if len(value) > MAX_HEADER or not _ENCODED.fullmatch(value):
        raise NoteRefused("a promise travels as base64url without padding")
    try:
        note = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        note = b""
    if not note or write_header(note) != value:
        raise NoteRefused("a promise travels as base64url without padding")
    return note
