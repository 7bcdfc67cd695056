"""The log's side of witnessing: the newest checkpoint without a cosignature is shown to the witness, and its line kept once it verifies.

Nothing that the witness does or does not do holds up the sequence: only publication waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.checkpoint import add_signatures, open_checkpoint
from services.merkle import MAX_SIZE
from services.signed_note import NoteKey, NoteRefused, NoteSignature, Verify, read_note
from services.witness_protocol import SIZE_TYPE, format_request

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,19})\n")


class Standing(StrEnum):
    """How it stands between log and witness."""

    COSIGNED = "cosigned"
    SILENT = "silent"
    """No answer came, or not a whole one."""
    FORKED = "forked"
    """The witness has cosigned another or a larger tree: the store was set back, or somebody changed the tree."""
    REFUSED = "refused"
    """It does not know the log, or its key."""
    FALSE = "false"
    """It answered what no witness answers, or what does not verify."""


class WitnessSilent(Exception):
    """No whole answer came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in HTTP."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest checkpoint as it can be shown: its note, and the proof from a size; ``proof`` is None if the tree is not that large."""

    size: int
    note: bytes
    old_size: int
    proof: tuple[bytes, ...] | None


class Heads(Protocol):
    """The log's checkpoints in the store. No transaction is open after a call."""

    def show_newest(self, old_size: int | None) -> Shown | None:
        """The newest checkpoint with a proof from this size (None: from the newest one with a cosignature); None if it has one already."""
        ...

    def keep_line(self, size: int, line: str) -> None:
        """Keep the signature line, without its end, of the witness under the checkpoint of this size."""
        ...


Ask = Callable[[bytes], Reply]
"""Sends ``add-checkpoint``; raises ``WitnessSilent``."""


class Cosigning:
    """Asks for the newest checkpoint; used by one thread. ``report`` is told once for each change of how it stands."""

    def __init__(
        self, heads: Heads, ask: Ask, log: NoteKey, witness: NoteKey, verify: Verify, report: Callable[[Standing], None]
    ) -> None:
        self._heads, self._ask, self._log, self._witness = heads, ask, log, witness
        self._verify, self._report = verify, report
        self._standing: Standing | None = None

    def run(self) -> Standing:
        """Ask if there is something to ask for. What the store raises goes to the caller."""
        try:
            standing = self._show()
        except WitnessSilent:
            standing = Standing.SILENT
        except NoteRefused:
            standing = Standing.FALSE
        if standing is not self._standing:
            self._standing = standing
            self._report(standing)
        return standing

    def _show(self) -> Standing:
        shown = self._heads.show_newest(None)
        if shown is None:
            return Standing.COSIGNED
        reply = self._send(shown)
        if reply.status == 409 and (size := _read_size(reply)) != shown.old_size:
            again = self._heads.show_newest(size)
            if again is None:
                return Standing.COSIGNED
            if again.proof is None:
                return Standing.FORKED
            shown, reply = again, self._send(again)
        if reply.status in {409, 422}:
            return Standing.FORKED
        if reply.status != 200:
            return Standing.REFUSED if reply.status in {400, 403, 404} else Standing.SILENT
        self._heads.keep_line(shown.size, str(self._read_line(shown.note, reply.body)).rstrip("\n"))
        return Standing.COSIGNED

    def _send(self, shown: Shown) -> Reply:
        """From 0 if the tree is smaller than it was when it was last cosigned: the witness says how far it is."""
        old = shown.old_size if shown.proof is not None else 0
        return self._ask(format_request(old, shown.proof or (), shown.note))

    def _read_line(self, note: bytes, body: bytes) -> NoteSignature:
        """The witness's own line out of an answer, verified; raises ``NoteRefused``."""
        lines = read_note(read_note(note).text.encode() + b"\n" + body).signatures
        opened = open_checkpoint(add_signatures(note, lines), self._log, self._verify, [self._witness])
        if self._witness not in opened.witnessed:
            raise NoteRefused("the answer has no line of the witness")
        return next(one for one in lines if (one.name, one.key_id) == (self._witness.name, self._witness.key_id))


def _read_size(reply: Reply) -> int:
    found = _SIZE.fullmatch(reply.body)
    if found is None or reply.kind.partition(";")[0].strip() != SIZE_TYPE or int(found[1]) > MAX_SIZE:
        raise NoteRefused("a conflict without the size of the witness")
    return int(found[1])
