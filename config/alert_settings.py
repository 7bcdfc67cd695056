"""Settings of what the supervision office is told (docs/supervision.md); part of ``settings.VARIABLES``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.setting_readers import read_choice, read_integer, read_seconds
from config.setting_variable import Variable

RUNGS = ("orange", "red", "passed", "late", "fact")
"""The words of ``services.alert_record.Rung`` (a test compares them)."""
MOST_HOURS = 2000


def read_rung_hours(text: str) -> dict[str, int]:
    """Whole hours per rung, as ``orange=8,red=4,passed=4,late=8,fact=8``: each rung once, 0 for never."""
    parts = [part.strip() for part in text.split(",")]
    found = [re.fullmatch(r"([a-z]+)=([0-9]{1,4})", part) for part in parts]
    hours = {one[1]: int(one[2]) for one in found if one}
    if set(hours) != set(RUNGS) or len(parts) != len(RUNGS) or max(hours.values()) > MOST_HOURS:
        raise ValueError(f"must give each of {', '.join(RUNGS)} once its hours, 0 to {MOST_HOURS}, as orange=8,red=4,…")
    return hours


ALERT_VARIABLES: Mapping[str, Variable] = {
    "orange_percent": Variable(
        "GUITAI_ORANGE_PERCENT",
        read_integer(1, 100),
        "Orange is due when this share of the promised working days is used, percent; the same for every process.",
        "80",
    ),
    "sweep_seconds": Variable(
        "GUITAI_SWEEP_SECONDS", read_seconds, "How often the worker tells the supervision office what is due.", "60"
    ),
    "escalate_hours": Variable(
        "GUITAI_ESCALATE_HOURS",
        read_rung_hours,
        "After how many hours an alert that nobody acknowledges goes up a level, by rung; 0 never.",
        "orange=8,red=4,passed=4,late=8,fact=8",
    ),
    "escalate_by": Variable(
        "GUITAI_ESCALATE_BY",
        read_choice(("office", "clock")),
        "Which hours count for that: office (working days, 09:00 to 17:00 in Beijing) or clock (all of them).",
        "office",
    ),
}
"""By attribute name of ``settings.Settings``."""
