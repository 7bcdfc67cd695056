"""Make an emulator misbehave on purpose: a queue of behaviours per operation, filled by control or chosen by a magic value.

``POST /_sandbox/control/behaviour {"operation": "order", "behaviour": "timeout_after_commit", "times": 1, "seconds": 0}``
arranges the next ``times`` calls of an operation; ``{"operation": "order", "behaviour": "none"}`` clears it. ``seconds``
is how long ``slow`` waits before it answers, and how long the timeouts stay silent before the connection ends.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

GENERAL = frozenset(
    {"timeout", "timeout_after_commit", "server_error", "slow", "garbled", "html", "redirect", "huge", "empty"}
)
"""Behaviours that every operation of every emulator knows; an emulator adds its own."""

LONGEST_SECONDS = 3600
HUGE_BYTES = 40 * 1024 * 1024
_SLOW_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One arranged misbehaviour. ``seconds`` is real time: it is the network that is slow, not the shared clock."""

    name: str
    seconds: float | None = None


class BehaviourRefused(ValueError):
    """The control asked for an operation or a behaviour that this emulator does not have."""


class Behaviours:
    """What one emulator was told to do wrong. Safe for several threads: each arranged time is taken once."""

    def __init__(self, operations: Mapping[str, frozenset[str]]) -> None:
        """``operations`` maps each operation to the behaviours that it knows beside the general ones."""
        self._known = {operation: GENERAL | names for operation, names in operations.items()}
        self._queues: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._lock = threading.Lock()

    def arrange(self, operation: str, name: str, times: int = 1, seconds: float | None = None) -> None:
        """Queue a behaviour; ``none`` clears the operation. Raises ``BehaviourRefused``."""
        if operation not in self._known:
            raise BehaviourRefused(f"unknown operation; known: {', '.join(sorted(self._known))}")
        if name != "none" and name not in self._known[operation]:
            raise BehaviourRefused(f"unknown behaviour; known: {', '.join(sorted(self._known[operation]))}")
        if not 1 <= times <= 10_000:
            raise BehaviourRefused("times must be from 1 to 10000")
        if seconds is not None and not 0 <= seconds <= LONGEST_SECONDS:
            raise BehaviourRefused("seconds must be from 0 to 3600")
        with self._lock:
            if name == "none":
                self._queues[operation].clear()
            else:
                self._queues[operation].extend([Behaviour(name, seconds)] * times)

    def take(self, operation: str) -> Behaviour | None:
        """The next behaviour of an operation, or None for the ordinary one."""
        with self._lock:
            queue = self._queues[operation]
            return queue.popleft() if queue else None

    def waiting(self) -> dict[str, list[str]]:
        """What is still arranged, for the control page."""
        with self._lock:
            return {operation: [one.name for one in queue] for operation, queue in self._queues.items() if queue}


def arrange_from_request(behaviours: Behaviours, request: Request) -> tuple[int, dict[str, Any]]:
    """Read the control request; gives (HTTP status, JSON answer)."""
    told = request.get_json(silent=True)
    if not isinstance(told, dict) or not {"operation", "behaviour"} <= set(told) <= {
        "operation", "behaviour", "times", "seconds",
    }:  # fmt: skip
        return 400, {"error": "expected operation, behaviour, and perhaps times and seconds"}
    times, seconds = told.get("times", 1), told.get("seconds")
    if not isinstance(times, int) or not (seconds is None or isinstance(seconds, int | float)):
        return 400, {"error": "times and seconds are numbers"}
    try:
        behaviours.arrange(str(told["operation"]), str(told["behaviour"]), times, seconds)
    except BehaviourRefused as refused:
        return 400, {"error": str(refused)}
    return 200, {"waiting": behaviours.waiting()}


def run_with(
    behaviour: Behaviour | None, act: Callable[[], Response], fail: Callable[[], Response] | None = None
) -> Response:
    """Run an operation under a general behaviour; a behaviour that is the emulator's own changes nothing here.

    ``act`` has the effect and makes the ordinary answer. ``fail`` makes the emulator's own form of a server error.
    Raises ``ConnectionResetError`` where the client gets no answer: the server then ends the connection in silence.
    """
    name = behaviour.name if behaviour else ""
    seconds = behaviour.seconds if behaviour else None
    if name == "timeout":
        time.sleep(seconds or 0)
        raise ConnectionResetError("arranged: no effect, no answer")
    if name == "server_error":
        return fail() if fail else Response("", status=500)
    if name == "slow":
        time.sleep(_SLOW_SECONDS if seconds is None else seconds)
    response = act()
    if name == "timeout_after_commit":
        time.sleep(seconds or 0)
        raise ConnectionResetError("arranged: effect, no answer")
    return _spoil(name, response)


def _spoil(name: str, response: Response) -> Response:
    if name == "garbled":
        response.set_data(response.get_data()[: max(1, len(response.get_data()) // 2)] + b"\xff{")
    elif name == "empty":
        response.set_data(b"")
    elif name == "html":
        return Response("<html><body>502 Bad Gateway</body></html>", status=200, content_type="text/html")
    elif name == "redirect":
        return Response("", status=302, headers={"Location": "http://203.0.113.1/elsewhere"})
    elif name == "huge":
        return Response(b" " * HUGE_BYTES, status=200, content_type=response.content_type)
    return response
