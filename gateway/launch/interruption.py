"""Being told to stop: at once, but never between the start of a process and the moment when somebody knows of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """SIGTERM or SIGINT arrived. Not an ``Exception``: nothing on the way may take it for a fault of its own."""


class Interruption:
    """The first SIGINT, SIGTERM or SIGHUP raises ``Stopped`` in the main thread; later ones are ignored while things end."""

    def __init__(self) -> None:
        self._held = 0
        self._told = False
        self._raised = False

    def listen(self) -> None:
        """Take the signals over."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._hear)

    @property
    def told(self) -> bool:
        """Whether a signal arrived: an error after that may only be how some library met ``Stopped`` half-way."""
        return self._told

    def _hear(self, _signum: int, _frame: FrameType | None) -> None:
        self._told = True
        self._raise_once()

    def _raise_once(self) -> None:
        if self._told and not self._raised and not self._held:
            self._raised = True
            raise Stopped

    @contextmanager
    def held(self) -> Iterator[None]:
        """Finish this first: a signal that arrives inside is raised at the end."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        self._raise_once()


INTERRUPTION = Interruption()
"""Signals belong to the process, so there is one."""
