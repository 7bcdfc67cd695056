"""How an applicant judges the service (好差评), once it is over."""

from __future__ import annotations

from gateway.demo.examination import Matter

BEST = 5


def rate(matter: Matter) -> None:
    """Five levels; once for a matter."""
    del matter
