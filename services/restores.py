"""A lawful restore from a backup: what two people declare, the witness cosigns, and the log keeps as a leaf (docs/witness.md).

The statement is a signed note. Its text has one form, eight lines; its signatures are those of the people who declare it (plain Ed25519)
and, once the witness has accepted it, the witness's cosignature. The text can be taken for no checkpoint: its second line would be a size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.cosignature import FORMS, MAX_TIME, read_time
from services.merkle import HASH_SIZE, MAX_SIZE
from services.signed_note import (
    COSIGNATURE,
    ED25519,
    NoteKey,
    NoteRefused,
    Verify,
    decode_base64,
    encode_base64,
    is_text,
    open_note,
    read_key,
    read_note,
)

TITLE = "guitai restore v1"
MAX_REASON = 300
"""Characters of a reason."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,19}")
_HEADS = ("kept", "lost", "from", "until", "declared", "reason")


@dataclass(frozen=True, slots=True)
class Restore:
    """A log was put back from the tree ``lost`` to the older one ``kept``; moments are seconds since 1970 (UTC).

    What was appended from ``since`` (the moment at which the witness cosigned the kept tree) to ``until`` may be lost.
    """

    origin: str
    kept_size: int
    kept_root: bytes
    lost_size: int
    lost_root: bytes
    since: int
    until: int
    declared_at: int
    reason: str

    def explains_size(self, size: int, seconds: int) -> bool:
        """Whether a tree of this size that the witness cosigned at this moment is one of those that were given up."""
        return self.kept_size < size <= self.lost_size and self.since <= seconds <= self.until

    def explains_moment(self, seconds: int) -> bool:
        """Whether a record appended at this moment may have been lost."""
        return self.since <= seconds <= self.until


@dataclass(frozen=True, slots=True)
class Declarer:
    """Who may declare a restore: a named person's key; ``supervises``: she is of the supervision office."""

    key: NoteKey
    supervises: bool


@dataclass(frozen=True, slots=True)
class OpenedRestore:
    """A statement that a witness cosigned. ``declared_by``: names on the other signature lines, which the witness has verified."""

    restore: Restore
    witnessed: Mapping[NoteKey, int]
    declared_by: tuple[str, ...]


def format_restore(restore: Restore) -> str:
    """The text; raises ``NoteRefused`` if it would not be read again as this restore."""
    kept = f"{restore.kept_size} {encode_base64(restore.kept_root)}"
    lost = f"{restore.lost_size} {encode_base64(restore.lost_root)}"
    values = (kept, lost, restore.since, restore.until, restore.declared_at, restore.reason)
    rows = [f"{head} {value}" for head, value in zip(_HEADS, values, strict=True)]
    text = "\n".join((TITLE, restore.origin, *rows, ""))
    if read_restore(text) != restore:
        raise NoteRefused("a restore is not written in its one form")
    return text


def read_restore(text: str) -> Restore:
    """The restore that a note's text is; raises ``NoteRefused`` if it is not written in its one form, or contradicts itself."""
    lines = text.removesuffix("\n").split("\n")
    if not is_text(text) or len(lines) != 2 + len(_HEADS) or lines[0] != TITLE or not lines[1]:
        raise NoteRefused("this is no statement of a restore")
    values = []
    for head, line in zip(_HEADS, lines[2:], strict=True):
        if not line.startswith(f"{head} "):
            raise NoteRefused("a statement of a restore has other lines")
        values.append(line.removeprefix(f"{head} "))
    kept, lost, since, until, declared, reason = values
    start, end, at = (_read_number(one, MAX_TIME) for one in (since, until, declared))
    found = Restore(lines[1], *_read_head(kept), *_read_head(lost), start, end, at, reason)
    if not 1 <= found.kept_size < found.lost_size or not found.since <= found.until <= found.declared_at:
        raise NoteRefused("a restore goes back to an older tree, and is declared after what is lost")
    if not is_reason(reason):
        raise NoteRefused(f"the reason of a restore is one line of 1 to {MAX_REASON} characters")
    return found


def is_reason(reason: str) -> bool:
    """Whether a restore may have this reason."""
    return reason == reason.strip() and 1 <= len(reason) <= MAX_REASON and reason.isprintable()


def read_declarers(text: str) -> tuple[Declarer, ...]:
    """Who may declare: lines ``supervision KEY`` and ``operation KEY``; empty lines and those with # at the beginning say nothing.

    Raises ``NoteRefused`` for another line, a key that is no plain one, and for a name or a key that stands there twice: one person is one.
    """
    found: list[Declarer] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        office, _, key = line.strip().partition(" ")
        one = Declarer(read_key(key.strip()), office == "supervision")
        if office not in {"supervision", "operation"} or one.key.kind != ED25519:
            raise NoteRefused("a declarer is a line: supervision or operation, and a plain key")
        found.append(one)
    if len({one.key.name for one in found}) < len(found) or len({one.key.public_key for one in found}) < len(found):
        raise NoteRefused("a declarer has one name and one key")
    return tuple(found)


def open_declaration(data: bytes, declarers: Sequence[Declarer], verify: Verify) -> Restore:
    """The restore that two of the declarers have signed, at least one of them of the supervision office; raises ``NoteRefused``."""
    text, signed = open_note(data, [one.key for one in declarers], verify)
    by = [one for one in declarers if one.key in signed]
    if len(by) < 2 or not any(one.supervises for one in by):
        raise NoteRefused("a restore is declared by two people, at least one of them of the supervision office")
    return read_restore(text)


def open_restore(data: bytes, witnesses: Sequence[NoteKey], verify: Verify) -> OpenedRestore:
    """The restore that one of these witnesses has cosigned; raises ``NoteRefused``."""
    if any(one.kind != COSIGNATURE for one in witnesses):
        raise NoteRefused("a witness signs with a key for cosignatures")
    text, signed = open_note(data, witnesses, verify, FORMS)
    mine = {(key.name, key.key_id) for key in witnesses}
    others = tuple(one.name for one in read_note(data).signatures if (one.name, one.key_id) not in mine)
    return OpenedRestore(read_restore(text), {key: read_time(line.signature) for key, line in signed.items()}, others)


def _read_head(value: str) -> tuple[int, bytes]:
    size, _, encoded = value.partition(" ")
    root = decode_base64(encoded)
    if len(root) != HASH_SIZE:
        raise NoteRefused("a tree is written as its size and its root of 32 bytes in base64")
    return _read_number(size, MAX_SIZE), root


def _read_number(value: str, highest: int) -> int:
    if not _NUMBER.fullmatch(value) or int(value) > highest:
        raise NoteRefused("a number in a restore is written in decimal without leading zeroes")
    return int(value)
