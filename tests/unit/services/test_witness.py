"""The witness: one history of each log, kept before it is signed; a fork is refused and kept, a declared restore goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.ed25519 import verify_ed25519
from services.checkpoint import open_checkpoint
from services.restores import Restore, open_restore
from services.signed_note import NoteRefused
from services.witness import Witness
from services.witness_protocol import Answer, Request, Verdict, format_request, read_request
from services.witnessing import MAX_EVIDENCE, Misdeed
from tests.paper_log import (
    HAN,
    LEI,
    LOG,
    MEI,
    OTHER_LOG,
    WITNESS,
    Office,
    PaperLog,
    PaperMemory,
    cosigned_note,
    sign_restore,
)


def make_log(size: int) -> PaperLog:
    """A log with so many leaves."""
    return PaperLog([b"leaf %d" % number for number in range(size)])


def test_witness_cosigns_a_log_that_only_grows() -> None:
    """From nothing, from each remembered size, and the same size again: each time a cosignature that verifies and names its moment."""
    office, log, old = Office(), make_log(0), 0
    for more in (0, 1, 0, 4, 3, 60):
        log.add(*[b"more"] * more)
        answer = office.ask(log, old)
        opened = open_checkpoint(cosigned_note(log, answer), LOG.key, verify_ed25519, [WITNESS.key])
        assert opened.witnessed == {WITNESS.key: office.seconds()}
        assert office.witness.read_checkpoint(LOG.key.name) == cosigned_note(log, answer)
        old = len(log.entries)
        office.clock.advance(10)
    assert office.told == []


def test_other_size_is_answered_with_the_remembered_one() -> None:
    """A log that does not know how far the witness is asks from 0 and is told; what is older is refused."""
    office, log = Office(), make_log(9)
    office.ask(log, 0)
    log.add(b"more")
    assert office.ask(log, 0) == Answer(Verdict.CONFLICT, size=9)
    assert office.ask(log, 7, 8) == Answer(Verdict.CONFLICT, size=9)
    assert office.ask(log, 9).verdict is Verdict.COSIGNED
    assert office.told == [Misdeed.SMALLER]


def test_unknown_logs_and_keys_and_garbage_are_refused() -> None:
    """Another origin, a known origin under another key, a size above the checkpoint's, anything that is no request: nothing is signed or kept."""
    office, stranger = Office(), PaperLog([b"x"], type(LOG)("stranger.example", bytes(32)))
    forger = PaperLog([b"x"], type(LOG)(LOG.key.name, bytes(32)))
    assert office.ask(stranger, 0).verdict is Verdict.UNKNOWN_LOG
    assert office.ask(forger, 0).verdict is Verdict.NOT_SIGNED
    assert office.ask(make_log(3), 4).verdict is Verdict.MALFORMED
    good = make_log(3).request(0)
    for body in (
        b"",
        b"old 0\n\n",
        good[:-1],
        good.replace(b"old 0", b"old 00"),
        good.replace(b"\n\n", b"\nAA==\n\n", 1),
    ):
        assert office.witness.add_checkpoint(body).verdict is Verdict.MALFORMED
    assert office.witness.add_checkpoint(good.replace(b"\n3\n", b"\n4\n")).verdict is Verdict.NOT_SIGNED
    assert office.memory.memory.logs == {}


@given(st.integers(0, 1 << 64), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(max_size=99))
def test_request_is_read_as_it_was_written(old: int, proof: list[bytes], note: bytes) -> None:
    """One form; a size beyond 64 bits is none."""
    body = format_request(old, proof, note)
    if old < 1 << 64:
        assert read_request(body) == Request(old, tuple(proof), note)
    else:
        with pytest.raises(NoteRefused):
            read_request(body)


def test_two_logs_have_a_memory_each() -> None:
    """What one log did changes nothing for the other."""
    office, county = Office(), PaperLog([b"a"], OTHER_LOG)
    office.ask(make_log(5), 0)
    assert office.ask(county, 0).verdict is Verdict.COSIGNED
    assert {origin: log.size for origin, log in office.memory.memory.logs.items()} == {
        LOG.key.name: 5,
        OTHER_LOG.key.name: 1,
    }


def test_fork_is_refused_and_both_notes_are_kept() -> None:
    """Two roots of one size, or a larger tree that by its own proof began otherwise: the log's own signatures convict it."""
    office, log = Office(), make_log(6)
    answer = office.ask(log, 0)
    fork = PaperLog([*log.entries[:5], b"another leaf"])
    with pytest.raises(NoteRefused):  # what one citizen would be shown: the other tree with the line of the true one
        open_checkpoint(cosigned_note(fork, answer), LOG.key, verify_ed25519, [WITNESS.key])
    assert office.ask(fork, 6) == Answer(Verdict.CONFLICT, size=6)
    fork.add(b"and more", b"and more")
    assert office.ask(fork, 6).verdict is Verdict.NOT_CONSISTENT
    office.start()
    kept = office.memory.memory.logs[LOG.key.name]
    assert [one.misdeed for one in kept.evidence] == [Misdeed.TWO_ROOTS, Misdeed.OTHER_HISTORY] == office.told
    for one in kept.evidence:
        open_checkpoint(one.cosigned, LOG.key, verify_ed25519, [WITNESS.key])
        assert open_checkpoint(one.shown, LOG.key, verify_ed25519).checkpoint.root != log.head().root
    log.add(b"the true one")
    assert office.ask(log, 6).verdict is Verdict.COSIGNED


def test_evidence_is_bounded_and_nobody_else_can_fill_it() -> None:
    """Of forks the first ones are kept; a true note with a wrong proof, which anybody can send, convicts nobody and is kept once."""
    office, log = Office(), make_log(5)
    office.ask(log, 0)
    for number in range(MAX_EVIDENCE + 5):
        office.ask(PaperLog([*log.entries[:4], b"other %d" % number]), 5)
        office.ask(PaperLog([*log.entries[:4], b"other %d" % number]), 5)
    log.add(*[b"more"] * 9)
    for size in range(6, 14):
        note = log.request(0, size).partition(b"\n\n")[2]
        assert office.witness.add_checkpoint(format_request(5, [bytes(32)], note)).verdict is Verdict.NOT_CONSISTENT
    kept = [one.misdeed for one in office.memory.memory.logs[LOG.key.name].evidence]
    assert kept == [Misdeed.TWO_ROOTS] * MAX_EVIDENCE + [Misdeed.UNPROVEN]


def test_clock_set_back_never_takes_the_moment_back() -> None:
    """The next cosignature has at least the moment of the last one, also after a new start, and that the clock is behind is told."""
    office, log = Office(), make_log(1)
    office.ask(log, 0)
    before = office.seconds()
    office.clock.advance(-3600)
    office.start()
    log.add(b"later")
    opened = open_checkpoint(cosigned_note(log, office.ask(log, 1)), LOG.key, verify_ed25519, [WITNESS.key])
    assert (opened.witnessed[WITNESS.key], office.told) == (before, ["clock_behind"])


def test_nothing_is_signed_that_could_not_be_kept() -> None:
    """A full disk: no cosignature; afterwards the same question is answered."""
    office, log = Office(), make_log(2)
    office.memory.broken = True
    with pytest.raises(OSError, match="no space"):
        office.ask(log, 0)
    office.memory.broken = False
    assert office.ask(log, 0).verdict is Verdict.COSIGNED


def test_memory_of_another_key_is_not_taken_up() -> None:
    """A key and its memory belong together."""
    memory = PaperMemory()
    memory.memory = replace(memory.memory, key=str(LOG.key))
    with pytest.raises(NoteRefused):
        Witness(WITNESS, [LOG.key], (), memory, Office().clock, verify_ed25519, lambda _what, _origin: None)


class Broken:
    """A log of 12 leaves, cosigned at 5, 8 and 12, whose store was set back to 8 and has gone on to 10."""

    def __init__(self) -> None:
        self.office, self.log, self.notes = Office(), make_log(12), dict[int, bytes]()
        self.times = dict[int, int]()
        for old, size in ((0, 5), (5, 8), (8, 12)):
            self.office.clock.advance(100)
            self.times[size] = self.office.seconds()
            self.notes[size] = cosigned_note(self.log, self.office.ask(self.log, old, size), size)
        self.after = PaperLog(self.log.entries[:8])
        self.after.add(b"after 1", b"after 2")
        self.office.clock.advance(100)

    def declare(self, kept: int = 8, lost: int = 12) -> Restore:
        """What people would declare now."""
        now, head, gone = self.office.seconds(), self.log.head(kept), self.log.head(lost)
        return Restore(
            LOG.key.name, head.size, head.root, gone.size, gone.root, self.times[kept], self.times[lost] + 60, now, "the disk failed",
        )  # fmt: skip


def test_undeclared_restore_is_a_fork_and_a_declared_one_goes_on() -> None:
    """Yesterday's backup gets no cosignature until two people have declared what is lost; then the log grows from what was kept."""
    broken = Broken()
    office, after = broken.office, broken.after
    assert office.ask(after, 8) == Answer(Verdict.CONFLICT, size=12)
    restore = broken.declare()
    body = sign_restore(restore, broken.notes[8], LEI, HAN)
    answer = office.witness.add_restore(body)
    opened = open_restore(answer.lines, [WITNESS.key], verify_ed25519)
    assert (opened.restore, opened.declared_by) == (restore, ("lei.example", "han.example"))
    office.start()
    assert office.witness.add_restore(body) == answer
    grown = cosigned_note(after, office.ask(after, 8))
    assert open_checkpoint(grown, LOG.key, verify_ed25519, [WITNESS.key]).witnessed[WITNESS.key] > restore.until
    assert office.witness.add_restore(body) == answer
    assert office.memory.memory.logs[LOG.key.name].size == 10
    assert office.ask(broken.log, 10).verdict is Verdict.CONFLICT


def test_restore_that_is_not_lawful_changes_nothing() -> None:
    """Too few people, other trees than were cosigned, a time that ends too early or is not yet, a note without this witness's line."""
    broken = Broken()
    office, notes, good = broken.office, broken.notes, broken.declare()
    bare = notes[8].partition("— witness".encode())[0]
    changed: tuple[tuple[dict[str, Any], bytes], ...] = (
        ({"lost_size": 13}, notes[8]), ({"lost_root": bytes(32)}, notes[8]), ({"kept_root": bytes(32)}, notes[8]),
        ({"kept_size": 7}, notes[8]), ({"since": good.since - 1}, notes[8]), ({"until": broken.times[12] - 1}, notes[8]),
        ({"declared_at": good.declared_at + 301}, notes[8]), ({}, notes[5]), ({}, bare),
    )  # fmt: skip
    for values, kept in changed:
        told = replace(good, **values)
        assert office.witness.add_restore(sign_restore(told, kept, LEI, HAN)) == Answer(Verdict.CONFLICT, size=12)
    for signers in ((LEI,), (HAN, MEI)):
        assert office.witness.add_restore(sign_restore(good, notes[8], *signers)) == Answer(Verdict.NOT_SIGNED, size=12)
    assert office.witness.add_restore(sign_restore(good, notes[8], LEI, HAN)[:-1]).verdict is Verdict.CONFLICT
    assert office.memory.memory.logs[LOG.key.name].size == 12


def test_nobody_goes_back_to_what_was_given_up() -> None:
    """After a restore to 5, the tree of 8 that was cosigned before is no older state of this log any more."""
    broken = Broken()
    office = broken.office
    assert office.witness.add_restore(sign_restore(broken.declare(kept=5), broken.notes[5], LEI, HAN)).lines
    second = PaperLog([*broken.log.entries[:5], *[b"second"] * 10])
    office.clock.advance(100)
    office.ask(second, 5)
    head = second.head()
    told = replace(
        broken.declare(kept=8), lost_size=15, lost_root=head.root, until=office.seconds(), declared_at=office.seconds()
    )
    assert office.witness.add_restore(sign_restore(told, broken.notes[8], LEI, HAN)) == Answer(
        Verdict.CONFLICT, size=15
    )


class Branches(RuleBasedStateMachine):
    """Logs with one key grow apart and ask in any order, while the clock moves either way and the witness is started anew."""

    @initialize()
    def begin(self) -> None:
        self.office, self.branches = Office(), [make_log(0)]
        self.signed: list[tuple[int, bytes, tuple[bytes, ...]]] = []

    @rule(branch=st.integers(0, 3), count=st.integers(1, 9))
    def grow(self, branch: int, count: int) -> None:
        log = self.branches[branch % len(self.branches)]
        log.add(*[b"%d of %d" % (len(log.entries), id(log))] * count)

    @rule(branch=st.integers(0, 3), size=st.integers(0, 30))
    def fork(self, branch: int, size: int) -> None:
        if len(self.branches) < 4:
            self.branches.append(PaperLog(self.branches[branch % len(self.branches)].entries[:size]))

    @rule(branch=st.integers(0, 3), size=st.integers(0, 60), honest=st.booleans())
    def ask(self, branch: int, size: int, honest: bool) -> None:
        log = self.branches[branch % len(self.branches)]
        size = min(size, len(log.entries))
        known = self.office.memory.memory.logs.get(LOG.key.name)
        old = known.size if honest and known else size // 2
        answer = self.office.ask(log, old, size)
        may = (
            old == (known.size if known else 0)
            and size >= old
            and tuple(log.entries[:old]) == (self.signed[-1][2] if self.signed else ())[:old]
        )
        assert (answer.verdict is Verdict.COSIGNED) == may
        if may:
            opened = open_checkpoint(cosigned_note(log, answer, size), LOG.key, verify_ed25519, [WITNESS.key])
            self.signed.append((opened.witnessed[WITNESS.key], opened.checkpoint.root, tuple(log.entries[:size])))

    @rule(seconds=st.integers(-5000, 5000))
    def move_clock(self, seconds: int) -> None:
        self.office.clock.advance(seconds)

    @rule()
    def kill(self) -> None:
        self.office.start()

    @invariant()
    def holds(self) -> None:
        """All that was ever cosigned is one history, and moments only go on."""
        for before, after in zip(self.signed, self.signed[1:], strict=False):
            assert after[2][: len(before[2])] == before[2]
            assert before[0] <= after[0]


TestBranches = Branches.TestCase
TestBranches.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_the_very_tree_that_was_given_up_is_never_cosigned_again() -> None:
    """Who kept its note and the public tiles gets a refusal that names it, and the restored log goes on."""
    broken = Broken()
    office = broken.office
    assert office.witness.add_restore(sign_restore(broken.declare(), broken.notes[8], LEI, HAN)).lines
    assert office.ask(broken.log, 8, 12) == Answer(Verdict.CONFLICT, size=8)
    assert Misdeed.GIVEN_UP in {one.misdeed for one in office.memory.memory.logs[LOG.key.name].evidence}
    assert office.ask(broken.after, 8).verdict is Verdict.COSIGNED
