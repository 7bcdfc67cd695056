"""Checkpoints: the head of a tree as the text of a signed note (C2SP tlog-checkpoint): origin, size, root.

We write no further lines: no monitor can audit them. Those of another log are read and kept, because its signature covers them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.cosignature import FORMS, read_time
from services.merkle import HASH_SIZE, MAX_SIZE
from services.signed_note import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteKey,
    NoteRefused,
    NoteSignature,
    NoteSigner,
    Verify,
    decode_base64,
    encode_base64,
    format_note,
    is_text,
    open_note,
    read_note,
    sign_text,
)

_SIZE = re.compile(r"0|[1-9][0-9]{0,19}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large the tree of a log is and what its root is. ``extensions`` are further lines, without their ends."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint that the log signed; ``witnessed``: when each known witness says that it saw it, in seconds since 1970 (UTC)."""

    checkpoint: Checkpoint
    witnessed: dict[NoteKey, int]


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text; raises ``NoteRefused`` if it would not be read again as this checkpoint."""
    head = (checkpoint.origin, str(checkpoint.size), encode_base64(checkpoint.root))
    text = "\n".join((*head, *checkpoint.extensions, ""))
    if read_checkpoint(text) != checkpoint:
        raise NoteRefused("a checkpoint has an origin, a size in 64 bits and a root of 32 bytes")
    return text


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is; raises ``NoteRefused`` if it is not written in its one form."""
    lines = text.removesuffix("\n").split("\n")
    if not is_text(text) or len(lines) < 3 or not all(lines):
        raise NoteRefused("a checkpoint has at least three lines and no empty one")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise NoteRefused("the size of a checkpoint has 64 bits and is written in decimal without leading zeroes")
    found = decode_base64(root)
    if len(found) != HASH_SIZE:
        raise NoteRefused("the root of a checkpoint has 32 bytes in base64")
    return Checkpoint(origin, int(size), found, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The signed note of a checkpoint. Raises ``NoteRefused`` if the signer's name is not the origin: one log, one name."""
    if signer.key.name != checkpoint.origin:
        raise NoteRefused("a log signs under the name of its origin")
    text = format_checkpoint(checkpoint)
    return format_note(Note(text, (sign_text(text, signer),)))


def add_signatures(data: bytes, signatures: Iterable[NoteSignature]) -> bytes:
    """The same note with further signature lines below its own; a line that it has already is not written twice."""
    note = read_note(data)
    return format_note(Note(note.text, tuple(dict.fromkeys((*note.signatures, *signatures)))))


def open_checkpoint(
    data: bytes, log: NoteKey, verify: Verify, witnesses: Sequence[NoteKey] = (), origin: str | None = None
) -> OpenedCheckpoint:
    """The checkpoint in a signed note, if this log signed it.

    ``log``: the log's plain Ed25519 key; ``witnesses``: keys of cosignatures; ``origin``: the log's, if it is not the key's name. Whether
    enough witnesses signed, and how lately, the caller judges. Raises ``NoteRefused``: no checkpoint, another log's, not signed by it,
    or a known key's signature does not verify.
    """
    if log.kind != ED25519 or any(one.kind != COSIGNATURE for one in witnesses):
        raise NoteRefused("a log signs with a plain key, a witness with one for cosignatures")
    text, signed = open_note(data, [log, *witnesses], verify, FORMS)
    checkpoint = read_checkpoint(text)
    if log not in signed or checkpoint.origin != (log.name if origin is None else origin):
        raise NoteRefused("the checkpoint is not this log's, or not signed by it")
    times = {key: read_time(line.signature) for key, line in signed.items() if key.kind == COSIGNATURE}
    return OpenedCheckpoint(checkpoint, times)
