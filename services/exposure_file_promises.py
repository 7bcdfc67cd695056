"""What a citizen's file says of the promises that she kept: of her chain, and kept, not due yet, or lost in a declared restore."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from uuid import UUID

from services.promises import Promise
from services.restores import Restore


class PromiseState(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    NOT_DUE = "not_due"
    RESTORED = "restored"
    BROKEN = "broken"
    OF_NOBODY = "of_nobody"
    OF_OTHER_LOG = "of_other_log"


FAULTS = {
    PromiseState.BROKEN: "promise_broken",
    PromiseState.OF_NOBODY: "promise_of_nobody",
    PromiseState.OF_OTHER_LOG: "promise_of_other_log",
}


def judge_promises(
    promises: Sequence[Promise], origin: str, chains: Sequence[UUID], leaf_hashes: Collection[bytes],
    restores: Sequence[Restore], until: int,
) -> tuple[tuple[PromiseState, ...], list[tuple[int, str]]]:  # fmt: skip
    """The state of each promise, and of those that make the file fail the number (from 1) and the fault.

    ``until``: to which second the file speaks; what was due later need not be in it yet.
    """
    told = tuple(_judge(one, origin, chains, leaf_hashes, restores, until) for one in promises)
    return told, [(number, FAULTS[state]) for number, state in enumerate(told, 1) if state in FAULTS]


def _judge(
    promise: Promise, origin: str, chains: Sequence[UUID], leaf_hashes: Collection[bytes],
    restores: Sequence[Restore], until: int,
) -> PromiseState:  # fmt: skip
    if promise.origin != origin:
        return PromiseState.OF_OTHER_LOG
    if not any(promise.is_of(chain) for chain in chains):
        return PromiseState.OF_NOBODY
    if all(one in leaf_hashes for one in promise.leaf_hashes):
        return PromiseState.KEPT
    if any(one.explains_moment(promise.at) for one in restores):
        return PromiseState.RESTORED
    return PromiseState.NOT_DUE if promise.due > until else PromiseState.BROKEN
