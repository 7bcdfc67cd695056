"""A sequencer for tests that kill it: it stands still inside its transaction after the write that is named.

``python -m tests.sequencer_process SEQUENCER_URL MARKER WRITE``: it begins when ``MARKER.go`` is there, and makes ``MARKER`` when it stands still.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from adapters.clock import SystemClock
from adapters.ed25519 import Ed25519Signer
from adapters.stores.sequencer import SqlSequencer

LOG = Ed25519Signer("ledger.example", bytes(range(32)))


def main(url: str, marker: str, write: str) -> None:
    """Give places until killed."""

    def stand_still(where: str) -> None:
        while where == write:
            Path(marker).touch()
            time.sleep(0.1)

    while not Path(f"{marker}.go").exists():
        time.sleep(0.02)
    SqlSequencer(url, SystemClock(), LOG, between=stand_still).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
