"""A count of working days that shares nothing with ``services/clock.py``: a second source's days (``notices.csv``), one day after another."""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import date
from pathlib import Path

FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
"""What the second source covers."""


def read_notices() -> dict[int, str]:
    """Kind of each named day (off, work), by its proleptic Gregorian ordinal."""
    lines = Path(__file__).with_name("notices.csv").read_text("utf-8").splitlines()
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    return {date.fromisoformat(day).toordinal(): kind for day, kind, _ in rows}


NOTICES = read_notices()


def is_worked(ordinal: int) -> bool:
    """By the notices; else Monday to Friday (ordinal 1 was a Monday)."""
    kind = NOTICES.get(ordinal)
    if kind is None:
        return (ordinal - 1) % 7 not in (5, 6)
    return kind == "work"


def count_naively(start: date, most: int, left_out: Collection[date] = ()) -> list[date]:
    """The first ``most`` working days after ``start`` that are not left out, counted one after another."""
    out = {day.toordinal() for day in left_out}
    found: list[date] = []
    ordinal = start.toordinal()
    while len(found) < most:
        ordinal += 1
        if is_worked(ordinal) and ordinal not in out:
            found.append(date.fromordinal(ordinal))
    return found
