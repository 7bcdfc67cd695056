"""The witness: one request after the other, and what it remembers is durable before anything that it signed leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from services.checkpoint import Checkpoint, add_signatures, open_checkpoint, read_checkpoint
from services.cosignature import cosign_text
from services.ports import Clock
from services.restores import Declarer, Restore, open_declaration, read_restore
from services.signed_note import ED25519, Note, NoteKey, NoteRefused, NoteSigner, Verify, format_note, read_note
from services.witness_protocol import Answer, Request, Verdict, read_request, read_restore_request
from services.witnessing import Evidence, LogMemory, Memory, add_evidence, judge_checkpoint, require_lawful

BEHIND_SECONDS = 60
"""So much earlier than the newest cosignature the clock may be before it is told."""
AHEAD_SECONDS = 300
"""So much later than the clock of the witness a restore may have been declared."""
MAX_RESTORES = 1000


class MemoryStore(Protocol):
    """Keeps the memory on the witness's own disk."""

    def read(self) -> Memory:
        """What was written last."""
        ...

    def write(self, memory: Memory) -> None:
        """Durable when it returns; raises ``OSError``, and then either the former memory or this one is there."""
        ...


Report = Callable[[str, str], None]
"""Told of everything that people must look at: what, and of which log."""


class Witness:
    """Cosigns checkpoints of the logs whose keys it has. Safe to share between threads of one process."""

    def __init__(
        self, signer: NoteSigner, logs: Sequence[NoteKey], declarers: Sequence[Declarer], store: MemoryStore, clock: Clock,
        verify: Verify, report: Report,
    ) -> None:  # fmt: skip
        """Raises ``NoteRefused`` if a log's key is no plain one, two logs have one name, or the memory is another key's."""
        self._signer, self._declarers, self._store, self._clock = signer, declarers, store, clock
        self._verify, self._report, self._lock = verify, report, threading.Lock()
        self._logs = {key.name: key for key in logs}
        self._memory = store.read()
        if len(self._logs) < len(logs) or any(key.kind != ED25519 for key in logs):
            raise NoteRefused("a log has one name and one plain key")
        if self._memory.key != str(signer.key):
            raise NoteRefused("the memory of the witness belongs to another key")

    @property
    def key(self) -> NoteKey:
        """With what its cosignatures verify."""
        return self._signer.key

    def read_checkpoint(self, origin: str) -> bytes | None:
        """The newest checkpoint of a log that was cosigned, with the cosignature; None if there is none."""
        known = self._memory.logs.get(origin)
        return known.note if known else None

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a log that asks for a cosignature. Raises ``OSError`` if the memory cannot be kept: then nothing was signed."""
        try:
            request = read_request(body)
            log = self._logs.get(read_checkpoint(read_note(request.note).text).origin)
        except NoteRefused:
            return Answer(Verdict.MALFORMED)
        if log is None:
            return Answer(Verdict.UNKNOWN_LOG)
        try:
            shown = open_checkpoint(request.note, log, self._verify).checkpoint
        except NoteRefused:
            return Answer(Verdict.NOT_SIGNED)
        with self._lock:
            return self._judge(log.name, request, shown, _keep_lines(request.note, log))

    def _judge(self, origin: str, request: Request, shown: Checkpoint, note: bytes) -> Answer:
        known = self._memory.logs.get(origin)
        verdict, misdeed = judge_checkpoint(known, request, shown)
        if misdeed is not None and known is not None:
            self._report(str(misdeed), origin)
            after = add_evidence(known, Evidence(misdeed, self._now(), known.note, note, request.proof))
            if after is not known:
                self._keep(origin, after, self._memory.moment)
        if verdict is not Verdict.COSIGNED:
            return Answer(verdict, size=known.size if known else 0)
        moment = self._next_moment(origin)
        line = cosign_text(read_note(note).text, moment, self._signer)
        head = LogMemory(shown.size, shown.root, add_signatures(note, (line,)), moment)
        if known is not None:
            head = replace(head, restores=known.restores, evidence=known.evidence)
        self._keep(origin, head, moment)
        return Answer(Verdict.COSIGNED, str(line).encode())

    def add_restore(self, body: bytes) -> Answer:
        """Answer people who declare a restore. What was accepted before is answered again and changes nothing. Raises ``OSError``."""
        try:
            statement, kept = read_restore_request(body)
            text = read_note(statement).text
            log = self._logs.get(read_restore(text).origin)
        except NoteRefused:
            return Answer(Verdict.MALFORMED)
        with self._lock:
            known = None if log is None else self._memory.logs.get(log.name)
            if log is None or known is None:
                return Answer(Verdict.UNKNOWN_LOG)
            for one in known.restores:
                if read_note(one).text == text:
                    return Answer(Verdict.COSIGNED, one)
            try:
                restore = open_declaration(statement, self._declarers, self._verify)
            except NoteRefused:
                return self._refuse_restore(log.name, Verdict.NOT_SIGNED, known)
            try:
                return self._accept(log, known, restore, statement, kept)
            except NoteRefused:
                return self._refuse_restore(log.name, Verdict.CONFLICT, known)

    def _accept(self, log: NoteKey, known: LogMemory, restore: Restore, statement: bytes, kept: bytes) -> Answer:
        opened = open_checkpoint(kept, log, self._verify, [self.key])
        if self.key not in opened.witnessed or len(known.restores) >= MAX_RESTORES:
            raise NoteRefused("the kept checkpoint was not cosigned here")
        earlier = [read_restore(read_note(one).text) for one in known.restores]
        require_lawful(known, restore, opened.checkpoint, opened.witnessed[self.key], earlier)
        if restore.declared_at > self._now() + AHEAD_SECONDS:
            raise NoteRefused("the restore is declared in the future")
        moment = max(self._next_moment(log.name), restore.until + 1)
        text = read_note(statement).text
        cosigned = add_signatures(statement, (cosign_text(text, moment, self._signer),))
        after = replace(
            known, size=restore.kept_size, root=restore.kept_root, note=_keep_lines(kept, log, self.key), at=opened.witnessed[self.key],
            restores=(*known.restores, cosigned),
        )  # fmt: skip
        self._keep(log.name, after, moment)
        self._report("restored", log.name)
        return Answer(Verdict.COSIGNED, cosigned)

    def _refuse_restore(self, origin: str, verdict: Verdict, known: LogMemory) -> Answer:
        self._report("restore_refused", origin)
        return Answer(verdict, size=known.size)

    def _keep(self, origin: str, log: LogMemory, moment: int) -> None:
        memory = self._memory.remember(origin, log, moment)
        self._store.write(memory)
        self._memory = memory

    def _next_moment(self, origin: str) -> int:
        """Now, or the moment of the newest cosignature if the clock was set back."""
        now = self._now()
        if now < self._memory.moment - BEHIND_SECONDS:
            self._report("clock_behind", origin)
        return max(now, self._memory.moment)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _keep_lines(note: bytes, *keys: NoteKey) -> bytes:
    """The note with the first signature line of each of these keys alone: what others wrote below is not remembered."""
    read = read_note(note)
    lines = (next(one for one in read.signatures if (one.name, one.key_id) == (key.name, key.key_id)) for key in keys)
    return format_note(Note(read.text, tuple(lines)))
