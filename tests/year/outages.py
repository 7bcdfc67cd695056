"""When the sweeper is out of order in the simulated year: a few hours, a night, a long weekend; over make-up days, a notice, New Year."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from tests.year.calendars import moment_on

KNOWN = (
    (date(2025, 2, 7), 23, 34), (date(2025, 4, 3), 20, 3), (date(2025, 9, 30), 22, 26), (date(2025, 11, 3), 21, 40),
    (date(2025, 12, 31), 22, 62),
)  # fmt: skip
"""The day on which one begins, the hour (Beijing), and how many hours it lasts."""
MORE = 5
Outage = tuple[datetime, datetime]


def list_outages(seed: int, sweep_every: int) -> list[Outage]:
    """All of them in order; none begins or ends on the grid of the sweeps, no two touch."""
    dice = random.Random(f"{seed}:outages")  # noqa: S311 - a story, not a secret
    days = [date(2025, 1, 10) + timedelta(days=dice.randint(0, 360)) for _ in range(MORE)]
    drawn = [*KNOWN, *((on, dice.choice((3, 11, 23)), dice.choice((1, 2, 9, 30))) for on in days)]
    found: list[Outage] = []
    for on, hour, hours in sorted(drawn):
        first = moment_on(on, hour * 3600 + dice.randint(1, min(sweep_every, 1800) - 1))
        last = first + timedelta(hours=hours)
        last += timedelta(seconds=7) if int(last.timestamp()) % sweep_every == 0 else timedelta()
        if not found or first > found[-1][1] + timedelta(hours=1):
            found.append((first, last))
    return found


def is_out(at: datetime, outages: Sequence[Outage]) -> bool:
    """Whether a sweep at this moment does not happen."""
    return any(first <= at <= last for first, last in outages)
