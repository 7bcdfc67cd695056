"""Which delicate things happen in a year, told from its books alone: a year without them proves little."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from tests.year.recount import Clock, read_calendar, read_suspensions

DAY = timedelta(days=1)


def count_kinds(folder: Path) -> Counter[str]:
    """How often each happens."""
    working = read_calendar(folder / "calendar.csv")
    rows = list(_read(folder / "clocks.csv"))
    found: Counter[str] = Counter()
    names: dict[str, set[str]] = defaultdict(set)
    decisions = {row["case"]: row for row in rows if row["clock"] == "statutory"}
    for row in rows:
        names[row["case"]].add(row["clock"])
        found.update(_list_of_clock(row, Clock(row, working), decisions.get(row["case"])))
    found.update("joint steps" for clocks in names.values() if {"step:1", "step:2"} <= clocks)
    found.update(f"event {row['event']}" for row in _read(folder / "events.csv"))
    found.update(_list_of_alerts(folder, {(row["case"], row["clock"]): row["ended"] for row in rows}))
    return found


def _list_of_clock(row: dict[str, str], clock: Clock, decision: dict[str, str] | None) -> Iterator[str]:
    kind = row["clock"].partition(":")[0]
    yield row["clock"] if kind == "completeness" else kind
    pauses = read_suspensions(row["suspensions"])
    if kind == "step" and pauses:
        yield "a step suspended"
    if clock.started.year < clock.ended.year:
        yield "over New Year"
    if any(clock.counts(on) and on.weekday() >= 5 for on in _days(clock)):
        yield "a worked weekend counts"
    if kind == "promised":
        yield from _list_of_promise(clock, pauses, decision)


def _list_of_promise(clock: Clock, pauses: list[tuple[date, date]], statutory: dict[str, str] | None) -> Iterator[str]:
    counted = [on for on in _days(clock) if clock.counts(on)]
    numbers = dict(enumerate(counted, 1))
    orange, last = numbers.get(-(-3 * clock.budget // 4)), numbers.get(clock.budget)
    if clock.extended_on is not None:
        yield from _list_of_extension(clock.extended_on, orange, last, pauses)
    elif statutory and statutory["extended_on"]:
        yield "more time after the promise was broken"
    begun = {first - DAY for first, _ in pauses}
    moments = {"orange": orange, "last": last, "first": clock.started}
    yield from (f"suspended from the {name} day" for name, on in moments.items() if on in begun)
    if any(first <= clock.ended <= until for first, until in pauses):
        yield "ended while suspended"
    if any(one[1] + DAY == two[0] for one, two in pairwise(pauses)):
        yield "two suspensions that touch"
    yield from (rung for rung, _ in clock.list_dues(Fraction(3, 4)))


def _list_of_extension(
    on: date, orange: date | None, last: date | None, pauses: list[tuple[date, date]]
) -> Iterator[str]:
    yield "extended"
    if on == orange:
        yield "extended on the orange day"
    if on == last:
        yield "extended on the last day"
    if orange is not None and on < orange:
        yield "extended before the orange day"
    if any(first <= on <= until for first, until in pauses):
        yield "extended on a day that does not count"


def _list_of_alerts(folder: Path, ended: dict[tuple[str, str], str]) -> Iterator[str]:
    for row in _read(folder / "alerts.csv"):
        if row["sent_at"] > row["due_at"]:
            yield "told late"
            if ended[row["case"], row["clock"]] + "T10" < row["sent_at"]:
                yield "told after the clock had ended"
        if row["due_at"][:10] + "T16:00:00Z" != row["due_at"]:
            yield "due at another time than 00:00 in Beijing"


def _days(clock: Clock) -> Iterator[date]:
    on = clock.started + DAY
    while on <= clock.ended:
        yield on
        on += DAY


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
