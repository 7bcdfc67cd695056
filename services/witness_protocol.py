"""What a log and a witness say to each other: C2SP tlog-witness ``add-checkpoint``, and in the same manner ``add-restore``.

A request for a restore is the declaration, an empty line, and the kept checkpoint as this witness cosigned it: both signed notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.merkle import HASH_SIZE, MAX_SIZE
from services.signed_note import NoteRefused, decode_base64, encode_base64

MAX_REQUEST = 32_768
"""Bytes of a request that a witness of ours reads."""
MAX_LINES = 63
"""Lines of a consistency proof, by the specification."""
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,19})")


class Verdict(StrEnum):
    """What a witness answers. Which status that is in HTTP stands in ``gateway/witness.py``."""

    COSIGNED = "cosigned"
    MALFORMED = "malformed"
    UNKNOWN_LOG = "unknown_log"
    NOT_SIGNED = "not_signed"
    CONFLICT = "conflict"
    NOT_CONSISTENT = "not_consistent"


@dataclass(frozen=True, slots=True)
class Answer:
    """``lines``: signature lines, or of a restore the whole cosigned statement; ``size``: of a conflict, the size that is remembered."""

    verdict: Verdict
    lines: bytes = b""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """The size that the log believes to be the witness's, the proof from there, and the signed note of its checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


def format_request(old_size: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of ``add-checkpoint``."""
    lines = [f"old {old_size}", *map(encode_base64, proof), "", ""]
    return "\n".join(lines).encode() + note


def read_request(body: bytes) -> Request:
    """Raises ``NoteRefused`` for what is no body of ``add-checkpoint``. The note in it is not read."""
    head, gap, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteRefused("a request is ASCII above its checkpoint") from None
    old = _OLD.fullmatch(first)
    proof = tuple(map(decode_base64, lines))
    if len(body) > MAX_REQUEST or not gap or old is None or int(old[1]) > MAX_SIZE or len(proof) > MAX_LINES:
        raise NoteRefused("a request is a line with the old size, a proof, an empty line and a checkpoint")
    if any(len(one) != HASH_SIZE for one in proof):
        raise NoteRefused("a proof is hashes of 32 bytes in base64")
    return Request(int(old[1]), proof, note)


def format_restore_request(statement: bytes, kept: bytes) -> bytes:
    """The body of ``add-restore``, and what stands in the file that people sign."""
    return statement + b"\n" + kept


def read_restore_request(body: bytes) -> tuple[bytes, bytes]:
    """Statement and kept checkpoint, neither of which is read; raises ``NoteRefused``."""
    parts = body.split(b"\n\n")
    if len(body) > MAX_REQUEST or len(parts) != 4:
        raise NoteRefused("a request for a restore is a statement, an empty line and a checkpoint")
    return b"\n\n".join(parts[:2]) + b"\n", b"\n\n".join(parts[2:])
