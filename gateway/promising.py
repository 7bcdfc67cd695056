"""The promise that goes with each recorded reply: which leaves of this request are hers, signed by a key of its own.

The ledger tells of each leaf once it is durable (``note_written``); the guard gathers what its request wrote, in whatever room it was written
(the guard's own, the door's, the attribution of a log-in), and signs for what stands in the chain of whoever the session is of. A signer that
fails keeps no reply back: the records are durable all the same, and what fails is counted (decision 0208).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import Counter

from gateway.logging import describe_exception, get_logger
from services.leaves import Leaf
from services.promises import MAX_HEADER, MAX_LEAVES, make_promise, write_header
from services.signed_note import NoteSigner

HEADER = "Guitai-Promise"
FORM = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_HEADER}}}")
Written = tuple[Leaf, UUID | None]
"""A leaf that is durable, and the record of which it speaks."""
PROMISES = Counter("guitai_promises_total", "Promises of recorded replies, by what became of them.", ["result"])
LEFT_OUT = Counter("guitai_promise_leaves_left_out_total", "Leaves that did not fit into the promise of their request.")
_GATHERED: ContextVar[list[Written] | None] = ContextVar("guitai_written", default=None)
_log = get_logger("promises")


def note_written(rows: Sequence[Written]) -> None:
    """Told by the ledger after each commit; outside of a request nobody gathers."""
    gathered = _GATHERED.get()
    if gathered is not None:
        gathered.extend(rows)


@contextmanager
def gather_written() -> Iterator[list[Written]]:
    """What this thread writes into the ledger until the end, in the order of writing."""
    mine: list[Written] = []
    token = _GATHERED.set(mine)
    try:
        yield mine
    finally:
        _GATHERED.reset(token)


def select_leaves(written: Sequence[Written], chain: UUID) -> list[Leaf]:
    """The leaves that stand in a person's chain: that name her, that are attributed to her, the attribution, outcomes of all these."""
    hers = {leaf.record_id for leaf, _ in written if chain in leaf.chains}
    hers |= {record for leaf, _ in written for named, record in leaf.attributes if named == chain}
    return [
        leaf
        for leaf, of in written
        if leaf.record_id in hers or of in hers or any(named == chain for named, _ in leaf.attributes)
    ]


@dataclass(frozen=True, slots=True)
class Promiser:
    """Signs promises. ``random`` makes the nonces."""

    signer: NoteSigner
    random: Callable[[int], bytes]

    def promise(self, written: Sequence[Written], chain: UUID) -> str | None:
        """The header's value for what a request has written of a person, or None: nothing, or it could not be signed. Raises nothing."""
        try:
            value, left_out = self._sign(written, chain)
        except Exception as error:  # noqa: BLE001 - a promise is no condition of the reply; the records are durable
            with suppress(Exception):
                PROMISES.labels("failed").inc()
                _log.error("promise_failed", **describe_exception(error))
            return None
        with suppress(Exception):
            PROMISES.labels("signed" if value else "nothing").inc()
            LEFT_OUT.inc(left_out)
        return value

    def _sign(self, written: Sequence[Written], chain: UUID) -> tuple[str | None, int]:
        leaves = select_leaves(written, chain)
        if not leaves:
            return None, 0
        hashes = list(dict.fromkeys(leaf.leaf_hash for leaf in leaves))
        at = max(leaf.at for leaf in leaves)
        value = write_header(make_promise(self.signer, chain, at, hashes[:MAX_LEAVES], self.random(32)))
        if not FORM.fullmatch(value):
            raise ValueError("a promise that does not have the form of its header")
        return value, max(0, len(hashes) - MAX_LEAVES)
