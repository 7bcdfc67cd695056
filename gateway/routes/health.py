"""Whether this process lives, whether its dependencies answer, and its counters. Loopback only; no personal data."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from flask import Blueprint, Response

from gateway.logging import describe_exception, get_logger
from gateway.metrics import note_ledger, write_metrics
from services.errors import StoreUnavailable
from services.ports import Ping
from services.watch import DUTIES

ListServices = Callable[[], Sequence[Mapping[str, str | int]]]
Figures = Mapping[str, float | None]
Look = Callable[[], tuple[Mapping[str, str], Figures]]
"""How the duties are done, and how the ledger's log is kept, of one look into the store."""
PATIENCE_SECONDS = 2.0
"""How long an answer of ``/ready`` waits, for all dependencies together."""
_log = get_logger("health")


class RollCall:
    """Asks all dependencies at the same time and waits for none longer than the patience.

    A question without an answer is not asked again beside itself: however often ``/ready`` is called while a dependency is
    frozen, it holds one thread and one connection. Each ends by the adapter's own time-out.
    """

    def __init__(self, pings: Sequence[Ping], patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._pings = tuple(pings)
        self._patience_seconds = patience_seconds
        self._asked: dict[str, Future[bool]] = {}
        self._lock = threading.Lock()

    def ask(self) -> dict[str, bool]:
        """Which dependencies answer, by name."""
        deadline = time.monotonic() + self._patience_seconds
        asked = {ping.name: self._begin(ping) for ping in self._pings}
        return {name: _await_answer(name, answer, deadline) for name, answer in asked.items()}

    def _begin(self, ping: Ping) -> Future[bool]:
        with self._lock:
            before = self._asked.get(ping.name)
            if before is not None and not before.done():
                return before
            answer = self._asked[ping.name] = Future[bool]()
        threading.Thread(target=lambda: answer.set_result(ask(ping)), name=f"ping-{ping.name}", daemon=True).start()
        return answer


class Duties:
    """Asked in a roll call like a dependency (``ports.Ping``), so that all together have one patience."""

    name = "duties"

    def __init__(self, look: Look) -> None:
        self._look = look
        self._found: tuple[Mapping[str, str], Figures] = ({}, {})

    def ping(self) -> None:
        """Raises whatever keeps them from being known."""
        self._found = self._look()

    def describe(self, *, answered: bool) -> dict[str, str]:
        """Each duty by its name; ``unknown`` where nobody could say."""
        return dict(self._found[0]) if answered else dict.fromkeys(DUTIES, "unknown")

    def measure(self, *, answered: bool) -> dict[str, float | None]:
        """The figures of the ledger's log; none where nobody could say. They are counters too."""
        figures = self._found[1] if answered else {}
        note_ledger(figures)
        return dict(figures)


def _await_answer(name: str, answer: Future[bool], deadline: float) -> bool:
    try:
        return answer.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        _log.warning("dependency_silent", dependency=name)
        return False


def make_blueprint(
    pings: Sequence[Ping], release: str, list_services: ListServices = list, look: Look = lambda: ({}, {})
) -> Blueprint:
    """``/health``, ``/ready``, ``/duties``, ``/services`` and ``/metrics``; ``/ready`` asks every dependency once and names those that fail.

    ``/ready`` also says how the duties are done (``watch.DUTIES``) and how the ledger's log is kept, but its status is that of the dependencies: a balancer that
    asks it must not take citizens' doors away because the supervision office is told late. ``/duties`` has the status of the duties.

    ``/services`` says what is served, what is switched off, and what is not bound in this environment and by what it lacks.
    """
    blueprint = Blueprint("health", __name__)
    duties = Duties(look)
    roll, roll_of_duties = RollCall((*pings, duties)), RollCall((duties,))

    @blueprint.get("/health")
    def show_health() -> Response:
        return _answer({"status": "ok", "release": release}, 200)

    @blueprint.get("/ready")
    def show_readiness() -> Response:
        found = roll.ask()
        answered = found.pop(duties.name)
        ready = all(found.values())
        body = {
            "status": "ready" if ready else "not ready",
            "dependencies": {k: "ok" if v else "failed" for k, v in found.items()},
            "duties": duties.describe(answered=answered),
            "ledger": duties.measure(answered=answered),
        }
        return _answer(body, 200 if ready else 503)

    @blueprint.get("/duties")
    def show_duties() -> Response:
        told = duties.describe(answered=roll_of_duties.ask()[duties.name])
        return _answer({"duties": told}, 200 if set(told.values()) <= {"ok"} else 503)

    @blueprint.get("/services")
    def show_services() -> Response:
        try:
            return _answer({"services": list_services()}, 200)
        except StoreUnavailable:
            return _answer({"services": None}, 503)

    @blueprint.get("/metrics")
    def show_metrics() -> Response:
        duties.measure(answered=roll_of_duties.ask()[duties.name])
        return Response(write_metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")

    return blueprint


def ask(ping: Ping) -> bool:
    """Whether a dependency answers; why not goes to the log by class alone."""
    try:
        ping.ping()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not ready
        _log.warning("dependency_failed", dependency=ping.name, **describe_exception(error))
        return False
    return True


def _answer(body: Mapping[str, object], status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
