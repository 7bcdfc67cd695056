"""A witness for tests that kill it: it stands still when its memory is durable and its answer has not left.

``python -m tests.witness_process MEMORY MARKER`` asks itself for a cosignature of a log of three leaves.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from adapters.ed25519 import verify_ed25519
from adapters.witness_memory import FileMemory
from services.witness import Witness
from services.witnessing import Memory
from tests.fakes import FakeClock
from tests.paper_log import LOG, PEOPLE, WITNESS, PaperLog


class StandingMemory(FileMemory):
    """Writes, and does not come back."""

    marker: Path

    def write(self, memory: Memory) -> None:
        super().write(memory)
        while True:
            self.marker.touch()
            time.sleep(0.1)


def main(memory: str, marker: str) -> None:
    """Ask until killed."""
    store = StandingMemory(Path(memory))
    store.marker = Path(marker)
    witness = Witness(WITNESS, [LOG.key], PEOPLE, store, FakeClock(), verify_ed25519, lambda _what, _origin: None)
    witness.add_checkpoint(PaperLog([b"1", b"2", b"3"]).request(0))


if __name__ == "__main__":
    main(*sys.argv[1:])
