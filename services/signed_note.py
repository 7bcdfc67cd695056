"""Signed notes: a text with lines of signatures below it (C2SP signed-note), and the keys that verify them.

A note has one form: what is not written as ``format_note`` writes it is refused before any key is tried. A signature by an unknown key
is passed over; one by a known key must verify, each of them, or the whole note is refused. The signing itself is behind ports: no
private key and no cryptographic library is known here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

MAX_NOTE = 1_000_000
"""Bytes of a note, signatures and all."""
MAX_SIGNATURES = 100
"""Signature lines of a note. The format asks verifiers to take at least 16."""
ED25519 = 0x01
COSIGNATURE = 0x04
"""A timestamped signature of a witness: ``services/cosignature.py``."""
KEY_SIZE = 32
SIGNATURE_SIZE = 64
_DASH = "— "
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_NOT_IN_NAME = re.compile(r"[\s+\x00-\x1f]")
_NOT_IN_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class NoteRefused(ValueError):
    """A note or a key is not to be trusted; the message says why and never holds its content."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """Who may sign notes: a name, the kind of signature, and an Ed25519 public key of 32 bytes.

    Raises ``NoteRefused`` for a name or key of another form.
    """

    name: str
    kind: int
    public_key: bytes

    def __post_init__(self) -> None:
        if not is_name(self.name) or self.kind not in {ED25519, COSIGNATURE} or len(self.public_key) != KEY_SIZE:
            raise NoteRefused("no key of a kind that is known here")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart; they prove nothing."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:4]

    def __str__(self) -> str:
        """The verifier key: ``name+hash+base64``."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public_key)}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature line: whose it says it is, and what stands after the key id."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and the signatures below it, of which none is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


class NoteSigner(Protocol):
    """Signs with one private key, which it does not give away."""

    @property
    def key(self) -> NoteKey:
        """With what its signatures verify."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature (RFC 8032) of exactly these bytes, 64 bytes long."""
        ...


Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether an Ed25519 public key, a message and a signature fit; False for anything that is no key or no signature."""
ReadSignature = Callable[[str, bytes], tuple[bytes, bytes] | None]
"""What a kind of signature signs: from the note's text and what the line holds, message and Ed25519 signature; None: no such form."""


def read_plain(text: str, signature: bytes) -> tuple[bytes, bytes] | None:
    """An Ed25519 signature over the text itself."""
    return (text.encode(), signature) if len(signature) == SIGNATURE_SIZE else None


PLAIN: Mapping[int, ReadSignature] = {ED25519: read_plain}


def read_key(line: str) -> NoteKey:
    """A verifier key ``name+hash+base64``; raises ``NoteRefused`` if it is none of a kind known here, or its hash is another's."""
    name, _, rest = line.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = decode_base64(encoded)
    if not _KEY_ID.fullmatch(key_id) or not material:
        raise NoteRefused("a verifier key has the form name+hash+base64")
    key = NoteKey(name, material[0], material[1:])
    if key.key_id.hex() != key_id:
        raise NoteRefused("the hash of a verifier key is not its own")
    return key


def read_note(data: bytes) -> Note:
    """Text and signatures of a note in its one form; raises ``NoteRefused``. Nothing in it is verified."""
    if len(data) > MAX_NOTE:
        raise NoteRefused("a note is too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteRefused("a note is not UTF-8") from None
    text, gap, below = whole.rpartition("\n\n")
    lines = below.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES or not is_text(f"{text}\n"):
        raise NoteRefused("a note is a text, an empty line and signature lines")
    return Note(f"{text}\n", tuple(map(_read_signature, lines)))


def format_note(note: Note) -> bytes:
    """The bytes of a note; raises ``NoteRefused`` if they would not be read again as this note."""
    data = (note.text + "\n" + "".join(map(str, note.signatures))).encode(errors="surrogatepass")
    if read_note(data) != note:
        raise NoteRefused("a note is a text, an empty line and signature lines")
    return data


def open_note(
    data: bytes, keys: Sequence[NoteKey], verify: Verify, forms: Mapping[int, ReadSignature] = PLAIN
) -> tuple[str, dict[NoteKey, NoteSignature]]:
    """The text of a note, and for each of these keys that signed it the signature (of several, the first).

    ``forms``: what each kind of signature signs; a key of a kind that is not in it is unknown. Raises ``NoteRefused`` if a known key's
    signature does not verify, if none of the keys signed it, or if two different keys have one name and id.
    """
    note = read_note(data)
    known = index_keys([key for key in keys if key.kind in forms])
    signed: dict[NoteKey, NoteSignature] = {}
    for one in note.signatures:
        key = known.get((one.name, one.key_id))
        if key is None:
            continue
        form = forms[key.kind](note.text, one.signature)
        if form is None or not verify(key.public_key, *form):
            raise NoteRefused(f"the signature of {key.name} does not verify")
        signed.setdefault(key, one)
    if not signed:
        raise NoteRefused("no known key has signed the note")
    return note.text, signed


def sign_text(text: str, signer: NoteSigner) -> NoteSignature:
    """The signature line of a plain Ed25519 key over a text; raises ``NoteRefused`` for another kind of key or no text of a note."""
    if signer.key.kind != ED25519 or not is_text(text):
        raise NoteRefused("a text of a note is signed by a plain Ed25519 key")
    return NoteSignature(signer.key.name, signer.key.key_id, signer.sign(text.encode()))


def index_keys(keys: Sequence[NoteKey]) -> dict[tuple[str, bytes], NoteKey]:
    """Keys by name and id; raises ``NoteRefused`` if two different ones cannot be told apart."""
    found: dict[tuple[str, bytes], NoteKey] = {}
    for key in keys:
        if found.setdefault((key.name, key.key_id), key) != key:
            raise NoteRefused("two keys have the same name and id")
    return found


def is_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no space of any script, no plus sign, no control character."""
    return bool(name) and _NOT_IN_NAME.search(name) is None and _has_utf8(name)


def is_text(text: str) -> bool:
    """Whether a note may have this text: it ends with a newline and has no other ASCII control character."""
    return text.endswith("\n") and _NOT_IN_TEXT.search(text) is None and _has_utf8(text)


def _read_signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    raw = decode_base64(encoded)
    if not line.startswith(_DASH) or not space or not is_name(name) or len(raw) <= 4:
        raise NoteRefused("a signature line is a dash, a name and base64")
    return NoteSignature(name, raw[:4], raw[4:])


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def decode_base64(encoded: str) -> bytes:
    """Standard base64 in its one form (RFC 4648 sections 3.5 and 4); empty if it is none."""
    if not _BASE64.fullmatch(encoded):
        return b""
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
    return data if encode_base64(data) == encoded else b""


def _has_utf8(text: str) -> bool:
    """No half of a surrogate pair: it has no UTF-8."""
    return _SURROGATE.search(text) is None
