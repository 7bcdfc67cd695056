"""A circuit breaker per back end and address: who does not answer is left alone for a while, so that citizens do not wait in vain.

::

    closed ──(5 calls in a row without a usable answer)──► open ──(10 s)──► half open ──(the one probe succeeds)──► closed
                                                            ▲                   │
                                                            └──(the probe fails)┘

A refusal is an answer. While it is open, and beside the one probe, a call fails at once as ``BackEndUnreachable``: nothing was sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

from services.errors import BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.translation import UNWRITABLE

FAILURES, OPEN_SECONDS = 5, 10.0
CHANGES = Counter(
    "guitai_back_end_breaker_total", "Circuit breakers of back ends: opened, probed, closed.", ["back_end", "change"]
)

OPEN = Gauge(
    "guitai_back_end_breaker_open", "Processes that leave a back end alone at the moment.", ["back_end"],
    multiprocess_mode="livesum",
)  # fmt: skip


class Breaker:
    """One breaker. Safe to share between threads; time is monotonic, for it is about this process and no deadline."""

    def __init__(self, back_end: str, failures: int, open_seconds: float, monotonic: Callable[[], float]) -> None:
        self._back_end = back_end
        self._limit = failures
        self._open_seconds = open_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let one exchange through, and learn from it. Raises ``BackEndUnreachable`` at once while it is open."""
        probe = self._enter()
        failed: bool | None = None
        try:
            yield
            failed = False
        except (BackEndUnreachable, BackEndOutcomeUnknown):
            failed = True
            raise
        except BackEndRefused as refused:
            failed = None if refused.reason == UNWRITABLE else False
            raise
        finally:
            self._leave(failed, probe=probe)

    def _enter(self) -> bool:
        """Whether this exchange is the probe."""
        with self._lock:
            if self._opened_at is None:
                return False
            if self._probing or self._monotonic() - self._opened_at < self._open_seconds:
                raise BackEndUnreachable(f"{self._back_end}: it did not answer lately and is left alone for a while")
            self._probing = True
        CHANGES.labels(self._back_end, "probed").inc()
        return True

    def _leave(self, failed: bool | None, *, probe: bool) -> None:
        """``failed`` is None for an exchange that says nothing of the other side."""
        with self._lock:
            if probe:
                self._probing = False
            if failed is None:
                return
            was_open = self._opened_at is not None
            self._failures = self._failures + 1 if failed else 0
            opens = failed and (probe or (not was_open and self._failures >= self._limit))
            if opens:
                self._opened_at = self._monotonic()
            elif not failed:
                self._opened_at = None
        if opens:
            CHANGES.labels(self._back_end, "opened").inc()
            OPEN.labels(self._back_end).set(1)
        elif was_open and not failed:
            CHANGES.labels(self._back_end, "closed").inc()
            OPEN.labels(self._back_end).set(0)


class Breakers:
    """The breakers of one process, each made when its back end is first connected."""

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        open_seconds: float = OPEN_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = (failures, open_seconds, monotonic)
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Breaker] = {}

    def find(self, back_end: str, url: str) -> Breaker:
        """The breaker of a back end at an address: services and versions of mappings share it."""
        with self._lock:
            return self._made.setdefault((back_end, url), Breaker(back_end, *self._settings))
