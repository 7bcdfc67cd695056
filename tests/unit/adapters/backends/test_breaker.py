"""Rules of adapters/backends/breaker.py: who does not answer is left alone for a while, and asked again by one alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.backends.breaker import CHANGES, Breaker, Breakers
from services.errors import BackEndError, BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable


class Stopwatch:
    """Monotonic time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, error: BackEndError) -> None:
    with pytest.raises(type(error)), breaker.guard():
        raise error


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def breaker(watch: Stopwatch) -> Breaker:
    return Breakers(failures=3, open_seconds=10, monotonic=watch).find("b", "https://b.test")


def is_open(breaker: Breaker) -> bool:
    """By an exchange that says nothing of the other side."""
    with pytest.raises(BackEndError) as caught, breaker.guard():
        raise BackEndRefused("unwritable_value")
    return isinstance(caught.value, BackEndUnreachable)


@pytest.mark.parametrize("error", [BackEndUnreachable("x"), BackEndOutcomeUnknown("x"), BackEndGarbled("x")])
def test_it_opens_after_failures_in_a_row(breaker: Breaker, error: BackEndError) -> None:
    """No connection, no answer, an answer that is none: all alike."""
    for _ in range(3):
        assert not is_open(breaker)
        fail(breaker, error)
    assert is_open(breaker)


@pytest.mark.parametrize("between", [None, BackEndRefused("nothing_owed")])
def test_an_answer_begins_the_count_again(breaker: Breaker, between: BackEndError | None) -> None:
    """A refusal is an answer."""
    for _ in range(4):
        fail(breaker, BackEndUnreachable("x"))
        fail(breaker, BackEndUnreachable("x"))
        if between is None:
            with breaker.guard():
                pass
        else:
            fail(breaker, between)
    assert not is_open(breaker)


def test_what_was_never_sent_says_nothing(breaker: Breaker) -> None:
    """A value that cannot be written neither closes nor opens it, and a fault of our own does neither."""
    for _ in range(2):
        fail(breaker, BackEndUnreachable("x"))
        fail(breaker, BackEndRefused("unwritable_value"))
        with pytest.raises(ZeroDivisionError), breaker.guard():
            raise ZeroDivisionError
    fail(breaker, BackEndUnreachable("x"))
    assert is_open(breaker)


def test_after_a_while_one_probe_decides(breaker: Breaker, watch: Stopwatch) -> None:
    """If it fails the while begins again, if it succeeds all may ask again."""
    for _ in range(3):
        fail(breaker, BackEndUnreachable("x"))
    watch.now += 9.9
    assert is_open(breaker)
    watch.now += 0.2
    fail(breaker, BackEndUnreachable("x"))
    assert is_open(breaker)
    watch.now += 10.1
    with breaker.guard():
        assert is_open(breaker)
    assert not is_open(breaker)


def test_a_probe_that_was_never_sent_leaves_the_place_to_another(breaker: Breaker, watch: Stopwatch) -> None:
    """Else nobody would ever ask again."""
    for _ in range(3):
        fail(breaker, BackEndUnreachable("x"))
    watch.now += 10.1
    fail(breaker, BackEndRefused("unwritable_value"))
    with breaker.guard():
        pass
    assert not is_open(breaker)


def test_one_probe_however_many_ask(breaker: Breaker, watch: Stopwatch) -> None:
    """Thirty-two at the same moment: one is let through."""
    for _ in range(3):
        fail(breaker, BackEndUnreachable("x"))
    watch.now += 10.1
    gate, let_through = threading.Barrier(32), []

    def ask(_number: int) -> None:
        gate.wait()
        try:
            with breaker.guard():
                let_through.append(1)
                gate.wait()
        except BackEndUnreachable:
            gate.wait()

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(ask, range(32)))
    assert len(let_through) == 1


def test_one_per_back_end_and_address() -> None:
    """Services share it; another address, and another back end at the same one, has its own."""
    breakers = Breakers()
    first = breakers.find("a", "https://x.test")
    assert breakers.find("a", "https://x.test") is first
    assert breakers.find("a", "https://y.test") is not first
    assert breakers.find("b", "https://x.test") is not first


def test_its_changes_are_counted(watch: Stopwatch) -> None:
    """Opened, probed, closed."""
    breaker = Breakers(failures=1, open_seconds=1, monotonic=watch).find("counted", "u")
    read: Callable[[str], float] = lambda change: CHANGES.labels("counted", change)._value.get()  # noqa: E731
    fail(breaker, BackEndUnreachable("x"))
    watch.now += 1
    with breaker.guard():
        pass
    assert [read(change) for change in ("opened", "probed", "closed")] == [1, 1, 1]
