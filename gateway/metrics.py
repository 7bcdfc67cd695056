"""Counters for operators: bounded labels, no personal data, readable on the operations app alone.

Several processes share a folder (``PROMETHEUS_MULTIPROC_DIR``); the operations app adds them up.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from services.exposure import Exposure

if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)

REQUESTS = Counter("guitai_requests_total", "Requests at the edges.", ["app", "route", "method", "status"])
SECONDS = Histogram(
    "guitai_request_seconds", "How long a request took.", ["app", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
EXPOSURES = Counter("guitai_edge_exposures_total", "Records of the edge.", ["platform", "direction", "service"])
REPLIES_REFUSED = Counter(
    "guitai_replies_refused_total", "Replies that the guard did not let out.", ["route", "reason"]
)
NOTICES = Counter("guitai_notices_total", "Platform notices by what became of them.", ["platform", "account", "result"])

ALERTS = Counter("guitai_alerts_total", "Alerts told to the supervision office.", ["rung"])
ESCALATIONS = Counter(
    "guitai_alert_escalations_total", "Alerts that nobody acknowledged in time and that went up.", ["rung"]
)
SWEPT_UNTIL = Gauge(
    "guitai_alerts_swept_until_seconds", "How far the sweeper has come, by the clock port, seconds since 1970.",
    multiprocess_mode="max",
)  # fmt: skip

LEDGER: Mapping[str, Gauge] = {
    name: Gauge(f"guitai_ledger_{name}", sentence, multiprocess_mode="mostrecent")
    for name, sentence in {
        "sequencer_looked_seconds": "How long ago the sequencer looked, seconds by the clock port; NaN: never, or unknown.",
        "oldest_waiting_seconds": "How long the oldest record has waited for its place, seconds; 0: none waits; NaN: unknown.",
        "uncosigned_seconds": "How long the oldest checkpoint that is newer than each cosigned one has waited, seconds; 0: none; NaN: unknown.",
    }.items()
}


def note_ledger(figures: Mapping[str, float | None]) -> None:
    """Put down how the ledger's log is kept, as the last look found it."""
    for name, gauge in LEDGER.items():
        nothing = math.nan if name not in figures or name == "sequencer_looked_seconds" else 0.0
        found = figures.get(name)
        gauge.set(nothing if found is None else found)


def count_exposure(exposures: Iterable[Exposure]) -> None:
    """Count records that were committed."""
    for one in exposures:
        EXPOSURES.labels(one.disclosure.platform, one.direction, one.disclosure.service).inc()


def write_metrics() -> bytes:
    """All counters in the text format of Prometheus, of all processes if they share a folder."""
    return generate_latest(_find_registry())


def read_metrics(*names: str) -> list[tuple[str, dict[str, str], float]]:
    """The samples of some metrics, by the name, labels and value of each; of all processes if they share a folder."""
    return [
        (sample.name, sample.labels, sample.value)
        for family in _find_registry().collect()
        for sample in family.samples
        if sample.name in names
    ]


def _find_registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return PROCESS_REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no annotation here
    return registry
