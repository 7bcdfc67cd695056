"""A signal stops the launcher at once, but never between starting a process and knowing of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from gateway.launch.interruption import Interruption, Stopped


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    """Listening to signals; the test runner's own handlers come back afterwards."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    interruption = Interruption()
    interruption.listen()
    yield interruption
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_raised_once(interruption: Interruption, signum: int) -> None:
    """The second does not interrupt the tidying up."""
    with pytest.raises(Stopped):
        os.kill(os.getpid(), signum)
    os.kill(os.getpid(), signum)
    with interruption.held():
        os.kill(os.getpid(), signum)


def test_a_signal_inside_waits_for_the_end(interruption: Interruption) -> None:
    """What was begun is finished first, also when such parts are nested."""
    done = []

    def begin_and_be_told() -> None:
        with interruption.held():
            with interruption.held():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")

    with pytest.raises(Stopped):
        begin_and_be_told()
    assert done == ["inner", "outer"]


def test_stopped_is_no_exception(interruption: Interruption) -> None:
    """Code that catches every Exception lets it through."""
    assert not issubclass(Stopped, Exception)
    assert interruption is not None
