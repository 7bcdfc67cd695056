"""A worker process for tests of the watchman: a real worker that sweeps several times a second, until it is killed.

``python -m tests.sweep_process WORKER_URL KEYRING CLOCK_FILE``
"""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

from adapters.clock import SharedClock
from adapters.ids import make_id
from adapters.queue import make_queue_app
from adapters.stores.directory import SqlDirectory
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from gateway.jobs.worker import WorkDesk, run_worker
from services.alert_sweep import SweepDesk
from tests.fake_city import City

SWEEP_SECONDS = 0.2


def main(url: str, keyring: str, clock_file: str) -> None:
    """Run until killed."""
    clock = SharedClock(Path(clock_file))
    store = SqlStore(url, Keyring.load(Path(keyring)), clock, 6)
    directory = SqlDirectory(store.engine, clock)
    sweeper = SweepDesk(store, directory, clock, lambda: make_id(clock.now()), lambda _agency: None)
    till = replace(City().till, store=store, clock=clock)
    desk = WorkDesk(till, store, lambda: make_queue_app(url), alerts=sweeper, alert_seconds=SWEEP_SECONDS)
    run_worker(desk, threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
