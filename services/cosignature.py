"""Cosignatures: a witness says that it saw a checkpoint as the largest consistent one at a moment (C2SP tlog-cosignature, Ed25519 v1).

What is signed does not name the witness: one key serves one name only.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.signed_note import (
    COSIGNATURE,
    PLAIN,
    SIGNATURE_SIZE,
    NoteRefused,
    NoteSignature,
    NoteSigner,
    ReadSignature,
    is_text,
)

MAX_TIME = (1 << 63) - 1
_TIME_SIZE = 8


def form_message(text: str, seconds: int) -> bytes:
    """What is signed: a line that keeps cosignatures apart from all else, the moment, and the text of the checkpoint."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def read_cosignature(text: str, signature: bytes) -> tuple[bytes, bytes] | None:
    """What the line of a cosignature signs, with the moment that it names; None if it has another form."""
    if len(signature) != _TIME_SIZE + SIGNATURE_SIZE or read_time(signature) > MAX_TIME:
        return None
    return form_message(text, read_time(signature)), signature[_TIME_SIZE:]


def read_time(signature: bytes) -> int:
    """The moment in a timestamped signature, in seconds since 1970 (UTC). It is believed only after the signature verifies."""
    return int.from_bytes(signature[:_TIME_SIZE], "big")


FORMS: Mapping[int, ReadSignature] = {**PLAIN, COSIGNATURE: read_cosignature}
"""What plain signatures and cosignatures sign."""


def cosign_text(text: str, seconds: int, signer: NoteSigner) -> NoteSignature:
    """The signature line of a witness under a checkpoint's text.

    ``seconds``: now, since 1970 (UTC). Raises ``NoteRefused`` for a key of another kind, a moment out of range or no text of a note.
    Whoever calls this has verified that the checkpoint is the log's and goes on from the last one that was cosigned.
    """
    if signer.key.kind != COSIGNATURE or not 0 <= seconds <= MAX_TIME or not is_text(text):
        raise NoteRefused("a checkpoint is cosigned by a witness's key at a moment since 1970")
    signature = seconds.to_bytes(_TIME_SIZE, "big") + signer.sign(form_message(text, seconds))
    return NoteSignature(signer.key.name, signer.key.key_id, signature)
