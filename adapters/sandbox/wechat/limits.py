"""Calls per minute and key, on the shared clock."""

from __future__ import annotations

import threading
from collections import defaultdict

from services.ports import Clock


class MinuteLimit:
    """Counts calls in the clock's current minute; safe for several threads."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._minute = -1
        self._counts: dict[str, int] = defaultdict(int)

    def allow(self, key: str) -> bool:
        """Count one call; False if it is one too many."""
        minute = int(self._clock.now().timestamp()) // 60
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            self._counts[key] += 1
            return self._counts[key] <= self._most
