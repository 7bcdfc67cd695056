"""How back ends answered lately, from the counters that all processes of this machine share. No question is sent for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.console.catalogue_view import Health
from gateway.metrics import read_metrics
from services.mapping import ServiceMapping

CALLS, OPEN = "guitai_back_end_calls_total", "guitai_back_end_breaker_open"
ANSWERED = frozenset({"answered", "refused"})
"""A no is an answer too."""


def read_health() -> Mapping[str, Health]:
    """Health by back end."""
    found: dict[str, Health] = {}
    for name, labels, value in read_metrics(CALLS, OPEN):
        before = found.get(labels["back_end"], Health())
        found[labels["back_end"]] = add_health([before, _read_sample(name, labels, int(value))])
    return found


def _read_sample(name: str, labels: Mapping[str, str], value: int) -> Health:
    if name == OPEN:
        return Health(left_alone=value)
    return Health(answered=value) if labels["result"] in ANSWERED else Health(failed=value)


def add_health(parts: Iterable[Health]) -> Health:
    """Several together."""
    listed = list(parts)
    return Health(
        sum(one.answered for one in listed), sum(one.failed for one in listed), sum(one.left_alone for one in listed)
    )


def health_of(mapping: ServiceMapping | None, known: Mapping[str, Health]) -> Health:
    """The health of all back ends of a service."""
    return add_health(known.get(name, Health()) for name in (mapping.connections() if mapping else ()))
