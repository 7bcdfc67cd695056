"""A worker process for tests that kill it: its gas company takes the write-off, says so in a file, and never answers.

``python -m tests.worker_process WORKER_URL KEYRING MARKER BOOKS``: BOOKS is where the company's write-offs are kept.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from adapters.queue import make_queue_app
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from gateway.jobs.worker import WorkDesk, run_worker
from services.errors import BackEndRefused
from services.model import JsonValue
from tests.fake_city import City


class BookBackEnd:
    """A company whose books are a file that outlives its processes. ``hang``: it takes the order and never answers."""

    def __init__(self, books: Path, marker: Path | None = None) -> None:
        self.books, self.marker = books, marker

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        written = self.read()
        number = values["sequence_no"]
        if operation == "find_write_off":
            if number not in written:
                raise BackEndRefused("no_such_write_off")
            return written[number]
        if number not in written:
            written[number] = {"reference": f"W{len(written) + 1}", "amount_fen": values["amount_fen"]}
            self.books.write_text(json.dumps(written))
        while self.marker is not None:
            self.marker.touch()
            time.sleep(0.1)
        return written[number]

    def read(self) -> dict[str, JsonValue]:
        """The write-offs by sequence number."""
        return dict(json.loads(self.books.read_text())) if self.books.exists() else {}


def make_work_desk(url: str, keyring: Path, ids: dict[str, UUID], back_end: BookBackEnd) -> WorkDesk:
    """A worker's desk on a real store, with fake platforms and this company."""
    city = City()
    store = SqlStore(url, Keyring.load(keyring), city.clock, 4)
    place = City((store, ids))
    till = replace(place.till, back_end_of=lambda _: back_end)
    return WorkDesk(till, store, lambda: make_queue_app(url))


def main(url: str, keyring: str, marker: str, books: str, ids: str) -> None:
    """Run until killed."""
    agencies = {slug: UUID(text) for slug, text in json.loads(ids).items()}
    desk = make_work_desk(url, Path(keyring), agencies, BookBackEnd(Path(books), Path(marker)))
    run_worker(desk, threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
