"""A worker process for tests that kill it: its printer takes the certificate, says so in a file, and never gives it back.

``python -m tests.case_worker_process WORKER_URL KEYRING MARKER AGENCIES``
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from adapters.queue import make_queue_app
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from gateway.jobs.worker import WorkDesk, run_worker
from services.case_ports import Letter
from tests.case_samples import MORNING
from tests.fake_applicants import Counter, FakePrinter
from tests.fakes import FakeClock, FakeDirectory

CERTIFICATE = "certificate"


class HangingPrinter(FakePrinter):
    """Prints letters; of the certificate it says that it has it, and never gives it back."""

    def __init__(self, marker: Path) -> None:
        super().__init__()
        self.marker = marker

    def print(self, letter: Letter, signed_at: datetime) -> bytes:
        while letter.kind == CERTIFICATE:
            self.marker.touch()
            time.sleep(0.1)
        return super().print(letter, signed_at)


def make_applicants(store: SqlStore, ids: dict[str, UUID], *, citizen: bool = True) -> Counter:
    """A counter on a real store: a service without steps and materials, so that a decision is all that it needs."""
    return Counter(house=store, directory=FakeDirectory(ids), citizen=citizen, steps=(), materials={})


def make_work_desk(url: str, keyring: Path, ids: dict[str, UUID], printer: FakePrinter) -> WorkDesk:
    """A worker's desk on the worker's own role."""
    store = SqlStore(url, Keyring.load(keyring), FakeClock(MORNING), 4)
    counter = make_applicants(store, ids, citizen=False)
    workshop = replace(counter.workshop, printer=printer)
    return WorkDesk(counter.till, store, lambda: make_queue_app(url), workshop=workshop)


def main(url: str, keyring: str, marker: str, ids: str) -> None:
    """Run until killed."""
    agencies = {slug: UUID(text) for slug, text in json.loads(ids).items()}
    run_worker(make_work_desk(url, Path(keyring), agencies, HangingPrinter(Path(marker))), threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
