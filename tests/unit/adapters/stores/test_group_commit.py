"""Leader and follower, with writers that wait, fail and refuse on order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from adapters.stores.group_commit import EntryRefused, GroupCommit
from services.errors import ExposureUnavailable


class SlowWriter:
    """Keeps what it wrote, batch by batch; waits for ``go`` before each."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.busy = threading.Semaphore(0)

    def write(self, entries: Sequence[int]) -> None:
        self.busy.release()
        assert self.go.wait(10)
        if len(entries) > 1 and any(entry < 0 for entry in entries):
            raise EntryRefused
        if -1 in entries:
            raise EntryRefused
        if -2 in entries:
            raise ExposureUnavailable("down")
        self.batches.append(list(entries))


def submit_all(group: GroupCommit[int], entries: Sequence[int]) -> tuple[list[threading.Thread], dict[int, bool]]:
    """Submit each entry in its own thread; entry → whether it was committed."""
    outcome: dict[int, bool] = {}

    def submit(entry: int) -> None:
        try:
            group.submit(entry)
            outcome[entry] = True
        except ExposureUnavailable:
            outcome[entry] = False

    threads = [threading.Thread(target=submit, args=(entry,)) for entry in entries]
    for thread in threads:
        thread.start()
    return threads, outcome


def await_true(condition: Callable[[], bool]) -> None:
    """Wait until threads have come as far as the test needs them."""
    pause = threading.Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def finish(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_who_arrives_meanwhile_is_the_next_batch() -> None:
    """While one batch is written, all that arrive wait together and are written by one statement."""
    writer = SlowWriter()
    group: GroupCommit[int] = GroupCommit([writer], 10)
    first, outcome = submit_all(group, [1])
    assert writer.busy.acquire(timeout=5)
    rest, others = submit_all(group, range(2, 22))
    await_true(lambda: len(group._waiting) == 20)
    writer.go.set()
    finish(first + rest)
    assert writer.batches[0] == [1]
    assert sorted(writer.batches[1]) == list(range(2, 22))
    assert len(writer.batches) == 2
    assert all((outcome | others).values())


def test_second_writer_is_used_at_once() -> None:
    """A request that finds a writer free does not wait for the one that is busy."""
    slow, quick = SlowWriter(), SlowWriter()
    quick.go.set()
    group: GroupCommit[int] = GroupCommit([quick, slow], 10)
    first, _ = submit_all(group, [1])
    assert slow.busy.acquire(timeout=5)
    group.submit(2)
    assert quick.batches == [[2]]
    slow.go.set()
    finish(first)


def test_bad_entry_fails_alone() -> None:
    """One entry that the store refuses does not take the others of its batch with it."""
    writer = SlowWriter()
    group: GroupCommit[int] = GroupCommit([writer], 10)
    first, _ = submit_all(group, [1])
    assert writer.busy.acquire(timeout=5)
    rest, outcome = submit_all(group, [2, -1, 3])
    await_true(lambda: len(group._waiting) == 3)
    writer.go.set()
    finish(first + rest)
    assert outcome == {2: True, -1: False, 3: True}
    assert sorted(entry for batch in writer.batches for entry in batch) == [1, 2, 3]


def test_lost_connection_fails_the_batch_and_no_more() -> None:
    """When the connection is lost the whole batch is refused; the writer goes on with the next."""
    writer = SlowWriter()
    writer.go.set()
    group: GroupCommit[int] = GroupCommit([writer], 10)
    with pytest.raises(ExposureUnavailable):
        group.submit(-2)
    group.submit(5)
    assert writer.batches == [[5]]


def test_waiting_ends_in_time() -> None:
    """Who waits too long is refused and is not written later."""
    writer = SlowWriter()
    group: GroupCommit[int] = GroupCommit([writer], 0.1)
    first, _ = submit_all(group, [1])
    assert writer.busy.acquire(timeout=5)
    with pytest.raises(ExposureUnavailable):
        group.submit(2)
    writer.go.set()
    finish(first)
    group.submit(3)
    assert writer.batches == [[1], [3]]


def test_unexpected_fault_frees_the_writer() -> None:
    """A fault of our own in a writer refuses its batch and leaves the ledger usable."""

    class Faulty(SlowWriter):
        def write(self, entries: Sequence[int]) -> None:
            if 13 in entries:
                raise ZeroDivisionError
            super().write(entries)

    writer = Faulty()
    writer.go.set()
    group: GroupCommit[int] = GroupCommit([writer], 5)
    with pytest.raises(ZeroDivisionError):
        group.submit(13)
    group.submit(1)
    assert writer.batches == [[1]]
