"""The log's side of witnessing: it proves from where the witness is, believes no answer that does not verify, and tells changes once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from services.checkpoint import add_signatures, open_checkpoint, sign_checkpoint
from services.cosignature import cosign_text
from services.cosigning import Cosigning, Reply, Shown, Standing, WitnessSilent
from services.signed_note import COSIGNATURE, read_note
from services.witness_protocol import SIZE_TYPE, Verdict
from tests.naive_trees import consistency_path
from tests.paper_log import LOG, WITNESS, Office, PaperLog

STATUS = {
    Verdict.COSIGNED: 200, Verdict.MALFORMED: 400, Verdict.NOT_SIGNED: 403, Verdict.UNKNOWN_LOG: 404, Verdict.CONFLICT: 409,
    Verdict.NOT_CONSISTENT: 422,
}  # fmt: skip


class PaperHeads:
    """Implements ``cosigning.Heads`` over a log on paper."""

    def __init__(self, log: PaperLog) -> None:
        self.log, self.lines = log, dict[int, str]()

    def show_newest(self, old_size: int | None) -> Shown | None:
        size = len(self.log.entries)
        if size in self.lines:
            return None
        old = max(self.lines, default=0) if old_size is None else old_size
        proof = None if old > size else tuple(consistency_path(old, self.log.entries)) if 0 < old < size else ()
        return Shown(size, sign_checkpoint(self.log.head(), LOG), old, proof)

    def keep_line(self, size: int, line: str) -> None:
        self.lines[size] = line


class Pair:
    """A log and its witness with a line between them that can be cut (``answer``)."""

    def __init__(self, size: int = 4) -> None:
        self.office, self.heads, self.told = (
            Office(),
            PaperHeads(PaperLog([b"%d" % n for n in range(size)])),
            list[Standing](),
        )
        self.answer: Callable[[bytes], Reply] = self.reach
        self.start()

    def start(self) -> None:
        """The sequencer, anew."""
        self.cosigning = Cosigning(self.heads, self.ask, LOG.key, WITNESS.key, verify_ed25519, self.told.append)

    def ask(self, body: bytes) -> Reply:
        """Over the line as it is now."""
        return self.answer(body)

    def reach(self, body: bytes) -> Reply:
        """The witness's own answer."""
        answer = self.office.witness.add_checkpoint(body)
        if answer.verdict is Verdict.CONFLICT:
            return Reply(409, SIZE_TYPE, b"%d\n" % answer.size)
        return Reply(STATUS[answer.verdict], "text/plain", answer.lines)

    def grow(self) -> None:
        """One leaf more."""
        self.heads.log.add(b"more")


def test_newest_checkpoint_gets_a_line_that_verifies() -> None:
    """Each head once; what is kept is the witness's own line under the log's note."""
    pair = Pair()
    for _ in range(3):
        assert (pair.cosigning.run(), pair.cosigning.run()) == (Standing.COSIGNED, Standing.COSIGNED)
        note = sign_checkpoint(pair.heads.log.head(), LOG)
        line = pair.heads.lines[len(pair.heads.log.entries)]
        whole = add_signatures(note, read_note(f"{read_note(note).text}\n{line}\n".encode()).signatures)
        assert WITNESS.key in open_checkpoint(whole, LOG.key, verify_ed25519, [WITNESS.key]).witnessed
        pair.grow()
    assert (list(pair.heads.lines), pair.told) == ([4, 5, 6], [Standing.COSIGNED])


def test_lost_answer_is_asked_for_again() -> None:
    """The witness was killed after it had remembered, or its answer was lost: the log proves from the size that it is told."""
    pair = Pair()

    def lose(body: bytes) -> Reply:
        pair.reach(body)
        raise WitnessSilent

    for _ in range(2):
        pair.answer = lose
        assert pair.cosigning.run() is Standing.SILENT
        pair.office.start()
        pair.answer = pair.reach
        assert pair.cosigning.run() is Standing.COSIGNED
        pair.grow()
    assert pair.told == [Standing.SILENT, Standing.COSIGNED] * 2


def forge(note_of: Pair, signer: Ed25519Signer, text: str = "") -> bytes:
    """A line that somebody else wrote, or for another text."""
    note = sign_checkpoint(note_of.heads.log.head(), LOG)
    return str(cosign_text(text or read_note(note).text, 1, signer)).encode()


@pytest.mark.parametrize(
    ("reply", "standing"),
    [
        (Reply(200, "text/plain", b""), Standing.FALSE),
        (Reply(200, "text/plain", b"\xff" * 9999), Standing.FALSE),
        (Reply(200, "text/plain", forge(Pair(), Ed25519Signer("other.example", bytes(32), COSIGNATURE))), Standing.FALSE),
        (Reply(200, "text/plain", forge(Pair(), WITNESS, "another\ntext\n")), Standing.FALSE),
        (Reply(409, "text/plain", b"3\n"), Standing.FALSE),
        (Reply(409, SIZE_TYPE, b"-1\n"), Standing.FALSE),
        (Reply(409, SIZE_TYPE, b"9" * 20 + b"\n"), Standing.FALSE),
        (Reply(409, SIZE_TYPE, b"3\n"), Standing.FORKED),
        (Reply(409, SIZE_TYPE, b"5\n"), Standing.FORKED),
        (Reply(409, SIZE_TYPE, b"0\n"), Standing.FORKED),
        (Reply(422, "text/plain", b""), Standing.FORKED),
        (Reply(403, "text/plain", b""), Standing.REFUSED),
        (Reply(302, "text/html", b"<html>"), Standing.SILENT),
        (Reply(500, "text/plain", b""), Standing.SILENT),
    ],
)  # fmt: skip
def test_no_answer_but_a_true_one_publishes(reply: Reply, standing: Standing) -> None:
    """Garbage, another's signature, one under another text, sizes that cannot be: told once, nothing kept, and the next true answer counts."""
    pair = Pair()
    pair.answer = lambda _body: reply
    assert (pair.cosigning.run(), pair.cosigning.run()) == (standing, standing)
    assert (pair.heads.lines, pair.told) == ({}, [standing])
    pair.answer = pair.reach
    assert pair.cosigning.run() is Standing.COSIGNED


def test_store_that_was_set_back_is_told_as_forked() -> None:
    """Smaller than the witness remembers, or as large and larger with other leaves: publication stands still."""
    pair = Pair()
    pair.cosigning.run()
    backup, lines = pair.heads.log.copy(), dict(pair.heads.lines)
    for _ in range(3):
        pair.grow()
    pair.cosigning.run()
    pair.heads.log, pair.heads.lines = backup, lines
    pair.start()
    for _ in range(5):
        pair.heads.log.add(b"other")
        assert pair.cosigning.run() is Standing.FORKED
    pair.heads.lines[99] = "a line whose checkpoint is gone"
    assert pair.cosigning.run() is Standing.FORKED
    assert pair.told == [Standing.COSIGNED, Standing.FORKED]
