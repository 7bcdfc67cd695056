"""What is written under a tree: the notes of its checkpoints, and the lines of witnesses under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.ed25519 import verify_ed25519
from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.published_checkpoint import add_line, read_lines
from adapters.stores.replay_state import Position
from services.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from services.cosignature import FORMS
from services.restores import open_restore
from services.signed_note import NoteKey, NoteRefused, open_note, read_note


class NoteJudge:
    """Judges notes with the keys that it has."""

    def __init__(self, log: NoteKey | None, witnesses: Sequence[NoteKey]) -> None:
        """Without the log's key a note is held against its row only; lines of other witnesses are counted in the position."""
        self._log, self._witnesses = log, {key.name: key for key in witnesses}

    def judge(self, head: Any, at: Position) -> Iterator[LedgerFault]:
        """The faults of a checkpoint's note and of each cosignature; ``head``: its row with ``witnesses`` and ``lines``."""
        where, note = f"checkpoint {head.size}", bytes(head.note)
        try:
            said = self._read_note(note)
            at.origin = at.origin or said.origin
            if (said.origin, said.size, said.root) != (at.origin, head.size, bytes(head.root)):
                yield LedgerFault("ledger_checkpoints", None, None, f"{where}: the note says another size, root or log")
        except NoteRefused:
            yield LedgerFault("ledger_checkpoints", None, None, f"{where}: the note is none, or not signed by the log")
            return
        for witness, line in zip(head.witnesses, head.lines, strict=True):
            if not self._holds(note, witness, line, at):
                what = f"{where}: the line of the witness {witness} is none, or does not verify"
                yield LedgerFault("ledger_cosignatures", None, None, what)

    def trusts(self, statement: bytes) -> bool:
        """Whether a declared restore is cosigned by a witness whose key is here; without any key it is not judged."""
        try:
            return not self._witnesses or bool(open_restore(statement, list(self._witnesses.values()), verify_ed25519))
        except NoteRefused:
            return False

    def _read_note(self, note: bytes) -> Checkpoint:
        if self._log is None:
            return read_checkpoint(read_note(note).text)
        return open_checkpoint(note, self._log, verify_ed25519).checkpoint

    def _holds(self, note: bytes, witness: str, line: str, at: Position) -> bool:
        try:
            (signature,) = read_lines(note, line + "\n")
            key = self._witnesses.get(witness)
            if key is None:
                at.unjudged += 1
                return signature.name == witness
            _, signed = open_note(add_line(note, line), [key], verify_ed25519, FORMS)
        except (NoteRefused, ValueError):
            return False
        return key in signed
