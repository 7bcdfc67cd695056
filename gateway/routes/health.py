"""Whether this process lives, whether its dependencies answer, and its counters. Loopback only; no personal data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response

from gateway.logging import describe_exception, get_logger
from gateway.metrics import write_metrics
from services.ports import Ping

_log = get_logger("health")


def make_blueprint(pings: Sequence[Ping], release: str) -> Blueprint:
    """``/health``, ``/ready`` and ``/metrics``; ``/ready`` asks every dependency once and names those that fail."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    def show_health() -> Response:
        return _answer({"status": "ok", "release": release}, 200)

    @blueprint.get("/ready")
    def show_readiness() -> Response:
        found = {ping.name: ask(ping) for ping in pings}
        ready = all(found.values())
        body = {
            "status": "ready" if ready else "not ready",
            "dependencies": {k: "ok" if v else "failed" for k, v in found.items()},
        }
        return _answer(body, 200 if ready else 503)

    @blueprint.get("/metrics")
    def show_metrics() -> Response:
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
