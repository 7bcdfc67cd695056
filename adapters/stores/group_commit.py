"""Leader and follower: who finds a writer free leads and writes what waits; who arrives meanwhile is the next batch.

A leader writes one batch, its own entry in it, then hands its writer to the first that waits. There is no thread of its own
and no pause that waits for company.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from services.errors import ExposureUnavailable

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)
MOST_ENTRIES = 256
"""Of one batch: what a single statement writes."""


class EntryRefused(Exception):
    """The batch holds an entry that the store does not take; the others of the batch may be good. Holds no value."""


class Writer(Protocol[E_contra]):
    """Writes entries durably. Used by one thread at a time."""

    def write(self, entries: Sequence[E_contra]) -> None:
        """Returns after the commit. Raises ``ExposureUnavailable``, or ``EntryRefused`` with nothing written."""
        ...


class _Ticket(Generic[E]):
    """An entry on its way; all but ``entry`` changes under the lock, or before ``ready`` is set."""

    def __init__(self, entry: E) -> None:
        self.entry = entry
        self.ready = threading.Event()
        self.failure: str | None = "the ledger did not commit"
        self.lead: tuple[Writer[E], list[_Ticket[E]]] | None = None


class GroupCommit(Generic[E]):
    """Shares commits among the threads of one process."""

    def __init__(self, writers: Sequence[Writer[E]], wait_seconds: float) -> None:
        self._lock = threading.Lock()
        self._free = list(writers)
        self._waiting: deque[_Ticket[E]] = deque()
        self._wait_seconds = wait_seconds

    def submit(self, entry: E) -> None:
        """Returns after the commit that holds ``entry``. Raises ``ExposureUnavailable``, at the latest when the wait is over."""
        ticket = _Ticket(entry)
        with self._lock:
            self._waiting.append(ticket)
            if self._free:
                ticket.lead = (self._free.pop(), self._take_batch())
        if ticket.lead is None:
            self._await(ticket)
        if ticket.lead is not None:
            self._lead(*ticket.lead)
        if ticket.failure is not None:
            raise ExposureUnavailable(ticket.failure)

    def _await(self, ticket: _Ticket[E]) -> None:
        if ticket.ready.wait(self._wait_seconds):
            return
        with self._lock:
            if ticket.lead is None and not ticket.ready.is_set():
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                raise ExposureUnavailable("the ledger did not commit in time")

    def _take_batch(self) -> list[_Ticket[E]]:
        return [self._waiting.popleft() for _ in range(min(MOST_ENTRIES, len(self._waiting)))]

    def _lead(self, writer: Writer[E], batch: list[_Ticket[E]]) -> None:
        try:
            self._write(writer, batch)
        finally:
            self._hand_on(writer)
            for ticket in batch:
                ticket.ready.set()

    def _write(self, writer: Writer[E], batch: list[_Ticket[E]]) -> None:
        try:
            writer.write([ticket.entry for ticket in batch])
        except EntryRefused:
            for ticket in batch if len(batch) > 1 else []:
                self._write(writer, [ticket])
        except ExposureUnavailable as error:
            for ticket in batch:
                ticket.failure = str(error)
        else:
            for ticket in batch:
                ticket.failure = None

    def _hand_on(self, writer: Writer[E]) -> None:
        with self._lock:
            if not self._waiting:
                self._free.append(writer)
                return
            batch = self._take_batch()
            batch[0].lead = (writer, batch)
            batch[0].ready.set()
