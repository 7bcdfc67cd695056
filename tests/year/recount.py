"""Count a year's alerts and statistics again from its events, calendar, clocks and report: the standard library alone, nothing of Guitai.

    python tests/year/recount.py var/year

It goes day by day, as somebody at a desk with a calendar would: it knows no deadline, only what is used at each midnight and what is in
force then. It compares its own ``alerts.csv`` and ``stats.json`` with those that lie there and ends with 0 only if they are the same.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

DAY = timedelta(days=1)
BEIJING = timedelta(hours=8)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_RUNG = {"promised": "red", "statutory": "passed", "step": "late", "completeness": "late", "delivery": "late"}
CLOSING = ("granted", "refused", "withdrawn", "terminated")
Alert = tuple[str, str, str, str, str]
"""case, clock, rung, due_at, sent_at."""


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The lines of a CSV file by column."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_calendar(path: Path) -> dict[date, bool]:
    """Whether each day is a working day."""
    return {date.fromisoformat(row["date"]): row["working"] == "1" for row in read_rows(path)}


def read_suspensions(text: str) -> list[tuple[date, date]]:
    """First and last day of each, both not counted."""
    pairs = [part.split("/") for part in text.split(";") if part]
    return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs]


def find_share(text: str | float) -> Fraction:
    """The share as it is written, not as a machine rounds it."""
    return Fraction(str(text))


class Clock:
    """One line of ``clocks.csv``, gone through day by day from the day after its start till its end."""

    def __init__(self, row: dict[str, str], working: dict[date, bool]) -> None:
        self.case, self.name, self.budget = row["case"], row["clock"], int(row["budget"])
        self.started, self.ended = date.fromisoformat(row["started"]), date.fromisoformat(row["ended"])
        self.extended_on = date.fromisoformat(row["extended_on"]) if row["extended_on"] else None
        self.extended_by = int(row["extended_by"] or 0)
        self._pauses = read_suspensions(row["suspensions"])
        self._working = working

    def counts(self, day: date) -> bool:
        """A working day that no suspension excludes."""
        return self._working[day] and not any(first <= day <= last for first, last in self._pauses)

    def in_force(self, day: date) -> int:
        """The budget at 00:00 of this day: an extension is in force from the moment of its day on which it was granted."""
        return self.budget + (self.extended_by if self.extended_on is not None and self.extended_on < day else 0)

    def list_dues(self, share: Fraction) -> Iterator[tuple[str, date]]:
        """Each rung once, with the day at whose 00:00 it is due."""
        orange, over = self.name != "promised", False
        used, day = 0, self.started + DAY
        while day <= self.ended:
            if not over and used >= self.in_force(day):
                over = True
                yield LAST_RUNG[self.name.partition(":")[0]], day
            used += self.counts(day)
            if not orange and self.counts(day) and used >= math.ceil(share * self.in_force(day)):
                orange = True
                yield "orange", day
            day += DAY

    def count_days(self) -> int:
        """The days that count from the start till and with the end."""
        length = (self.ended - self.started).days
        return sum(self.counts(self.started + DAY * number) for number in range(1, length + 1))


def say(at: datetime) -> str:
    """UTC, whole seconds, ending in Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> datetime:
    """The same read."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def midnight(day: date) -> datetime:
    """00:00 Beijing time of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - BEIJING


class Sweeper:
    """When an alert that is due is sent."""

    def __init__(self, report: dict[str, Any]) -> None:
        self._every = int(report["sweep_every_seconds"])
        self._outages = [(read_moment(first), read_moment(last)) for first, last in report["outages"]]

    def sent(self, due: datetime) -> datetime:
        """The first sweep at or after it that is in no outage."""
        seconds = int((due - EPOCH).total_seconds())
        at = EPOCH + timedelta(seconds=-(-seconds // self._every) * self._every)
        while any(first <= at <= last for first, last in self._outages):
            at += timedelta(seconds=self._every)
        return at


def recount(folder: Path) -> tuple[list[Alert], list[dict[str, Any]]]:
    """The alerts, sorted by due_at, case, clock and rung, and the statistics, by month and manager."""
    report = json.loads((folder / "report.json").read_text("utf-8"))
    working, sweeper, share = (
        read_calendar(folder / "calendar.csv"),
        Sweeper(report),
        find_share(report["orange_share"]),
    )
    closers = {row["case"]: row["actor"] for row in read_rows(folder / "events.csv") if row["event"] in CLOSING}
    alerts: list[Alert] = []
    months: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in read_rows(folder / "clocks.csv"):
        clock = Clock(row, working)
        dues = list(clock.list_dues(share))
        for rung, day in dues:
            due = midnight(day)
            alerts.append((clock.case, clock.name, rung, say(due), say(sweeper.sent(due))))
        if clock.name == "promised":
            figures = months[f"{clock.ended:%Y-%m}", closers[clock.case]]
            figures[0] += 1
            figures[1] += clock.count_days()
            figures[2] += any(rung == "red" for rung, _ in dues)
    alerts.sort(key=lambda one: (one[3], one[0], one[1], one[2]))
    names = ("closed", "working_days", "late")
    stats = [
        {"month": month, "manager": manager, **dict(zip(names, figures, strict=True))}
        for (month, manager), figures in sorted(months.items())
    ]
    return alerts, stats


def compare(folder: Path) -> list[str]:
    """What differs between the recount and the files, in words; empty if nothing does."""
    alerts, stats = recount(folder)
    told = [
        (row["case"], row["clock"], row["rung"], row["due_at"], row["sent_at"])
        for row in read_rows(folder / "alerts.csv")
    ]
    faults = [f"told twice: {key}" for key, times in Counter(one[:3] for one in told).items() if times > 1]
    faults += [f"missing in alerts.csv: {one}" for one in sorted(set(alerts) - set(told))]
    faults += [f"too much in alerts.csv: {one}" for one in sorted(set(told) - set(alerts))]
    if not faults and told != alerts:
        faults.append("alerts.csv: another order than due_at, case, clock, rung")
    written = json.loads((folder / "stats.json").read_text("utf-8"))
    mine, theirs = _index(stats), _index(written)
    faults += [
        f"stats.json: {key} is {theirs.get(key)}, counted {mine.get(key)}"
        for key in sorted(mine | theirs)
        if mine.get(key) != theirs.get(key)
    ]
    if not faults and written != stats:
        faults.append("stats.json: the same figures in another form or order")
    return faults


def _index(stats: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[int, ...]]:
    return {(one["month"], one["manager"]): (one["closed"], one["working_days"], one["late"]) for one in stats}


def main() -> int:
    """Compare, say what was found."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/year")
    faults = compare(folder)
    for fault in faults[:20]:
        sys.stdout.write(f"{fault}\n")
    if faults:
        sys.stdout.write(f"{len(faults)} differences\n")
        return 1
    alerts, stats = recount(folder)
    sys.stdout.write(f"the same: {len(alerts)} alerts, {len(stats)} lines of statistics\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
