"""What a witness remembers of each log and whether it may cosign: pure rules, no file, no key, no clock.

It remembers the largest consistent tree that it has cosigned, and of what it refused that which shows misbehaviour: two notes that the log
signed and that cannot both be true. What anybody may send who has read a public page (an old checkpoint, a checkpoint with a wrong proof) is
refused and proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from services.checkpoint import Checkpoint
from services.merkle import EMPTY_ROOT, check_consistency, fold_consistency
from services.restores import Restore, read_restore
from services.signed_note import NoteRefused, read_note
from services.witness_protocol import Request, Verdict

MAX_EVIDENCE = 32
"""Pieces of evidence that are kept of one log: the first ones, which name the place."""


class Misdeed(StrEnum):
    """What a log did."""

    TWO_ROOTS = "two_roots"
    """It signed two roots of one size."""
    OTHER_HISTORY = "other_history"
    """It signed a larger tree whose beginning, by its own proof, is not the tree that was cosigned."""
    UNPROVEN = "unproven"
    """It signed a larger tree and did not show that it begins with the one that was cosigned. Whoever asked may have erred."""
    SMALLER = "smaller"
    """It was asked for a smaller tree than the one that was cosigned: a store was set back, or somebody sends an old note."""
    GIVEN_UP = "given_up"
    """It was asked for the very tree that a declared restore gave up: somebody sends an old note."""


PROVEN = frozenset({Misdeed.TWO_ROOTS, Misdeed.OTHER_HISTORY})


@dataclass(frozen=True, slots=True)
class Evidence:
    """The note that was cosigned, the one that contradicts it, and the proof that came with it; ``at`` in seconds since 1970 (UTC)."""

    misdeed: Misdeed
    at: int
    cosigned: bytes
    shown: bytes
    proof: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class LogMemory:
    """Of one log: the newest tree, the note that was cosigned with the cosignature, when that was; restores and evidence."""

    size: int
    root: bytes
    note: bytes
    at: int
    restores: tuple[bytes, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def lost(self) -> frozenset[tuple[int, bytes]]:
        """Size and root of each tree that a declared restore gave up: it is never cosigned again."""
        declared = [read_restore(read_note(one).text) for one in self.restores]
        return frozenset((one.lost_size, one.lost_root) for one in declared)


@dataclass(frozen=True, slots=True)
class Memory:
    """All that a witness remembers, bound to its key. ``moment``: of its newest cosignature; no later one names an earlier moment."""

    key: str
    moment: int = 0
    logs: Mapping[str, LogMemory] = field(default_factory=dict)

    def remember(self, origin: str, log: LogMemory, moment: int | None = None) -> Memory:
        """The memory with this of one log."""
        return replace(self, logs={**self.logs, origin: log}, moment=self.moment if moment is None else moment)


def judge_checkpoint(known: LogMemory | None, request: Request, shown: Checkpoint) -> tuple[Verdict, Misdeed | None]:
    """Whether to cosign a checkpoint that the log has signed, and what it shows of the log if not."""
    size, root = (known.size, known.root) if known else (0, EMPTY_ROOT)
    misdeed = Misdeed.SMALLER if shown.size < size else None
    if shown.size == size and shown.root != root:
        misdeed = Misdeed.TWO_ROOTS
    if known is not None and (shown.size, shown.root) in known.lost:
        misdeed = Misdeed.GIVEN_UP
    if request.old_size > shown.size:
        return Verdict.MALFORMED, misdeed
    if request.old_size != size or misdeed:
        return Verdict.CONFLICT, misdeed
    if _continues(size, root, shown, request.proof):
        return Verdict.COSIGNED, None
    if size in {0, shown.size}:
        return Verdict.NOT_CONSISTENT, None
    other = find_old_root(size, shown.size, shown.root, request.proof)
    return Verdict.NOT_CONSISTENT, Misdeed.UNPROVEN if other in {None, root} else Misdeed.OTHER_HISTORY


def _continues(size: int, root: bytes, shown: Checkpoint, proof: Sequence[bytes]) -> bool:
    """From nothing any tree goes on, without a proof: the first one is believed."""
    if size == 0:
        return not proof
    return check_consistency(size, shown.size, root, shown.root, proof)


def find_old_root(old_size: int, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The root of the old size that a consistency proof shows for a new tree, if it leads to the new root; else None.

    A proof from a power of two begins with the old root itself, which is not in it: None.
    """
    if not 0 < old_size < new_size or not old_size & (old_size - 1) or not proof:
        return None
    roots = fold_consistency(old_size, new_size, proof)
    return roots[0] if roots is not None and roots[1] == new_root else None


def add_evidence(known: LogMemory, found: Evidence) -> LogMemory:
    """With this piece unless its note is there already under this name. What is proven is kept; of the rest the newest piece of each kind."""
    if any((one.misdeed, one.shown) == (found.misdeed, found.shown) for one in known.evidence):
        return known
    if found.misdeed in PROVEN:
        full = sum(one.misdeed in PROVEN for one in known.evidence) >= MAX_EVIDENCE
        return known if full else replace(known, evidence=(*known.evidence, found))
    kept = tuple(one for one in known.evidence if one.misdeed != found.misdeed)
    return replace(known, evidence=(*kept, found))


def require_lawful(
    known: LogMemory, restore: Restore, kept: Checkpoint, kept_at: int, restores: Sequence[Restore]
) -> None:
    """Raise ``NoteRefused`` unless the restore leads from what is remembered to an older tree of this very log.

    ``kept``: the checkpoint in the note that this witness cosigned at ``kept_at``; ``restores``: those that it accepted before.
    """
    if (restore.lost_size, restore.lost_root) != (known.size, known.root):
        raise NoteRefused("what is declared lost is not what the witness remembers")
    if (restore.kept_size, restore.kept_root, restore.since) != (kept.size, kept.root, kept_at):
        raise NoteRefused("what is declared kept is not what the witness cosigned")
    if any(one.explains_size(kept.size, kept_at) for one in restores):
        raise NoteRefused("what is declared kept was itself given up by an earlier restore")
    if restore.until < known.at:
        raise NoteRefused("the lost time ends before the newest cosignature")
