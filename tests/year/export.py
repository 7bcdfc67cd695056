"""What a simulated year leaves in ``var/year``: its tables as CSV and JSON, in the words of ``docs/supervision.md``.

``clocks.csv`` says of each run of each clock what was in force: an extension that was granted after a clock's limit is no extension of
that clock; ``suspensions`` are the days left out, first and last included, as far as they touch the run.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from services.calendar_record import Calendar
from services.case_file import CaseFile
from services.case_limits import business_day
from services.clock import Clock, compute
from services.clock_history import ClockRun, list_runs
from services.counter_terms import CounterTerms
from tests.year.calendars import DAY, FIRST_DAY, LAST_DAY, say_moment

EVENTS = ("case", "event", "at", "actor", "step")
CALENDAR = ("date", "working")
CLOCKS = ("case", "clock", "budget", "started", "ended", "extended_on", "extended_by", "suspensions")
ALERTS = ("case", "clock", "rung", "due_at", "sent_at")


def write_rows(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV file with its heads (RFC 4180, UTF-8)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


def write_json(path: Path, value: object) -> None:
    """A JSON file for people and programs."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def list_calendar(calendar: Calendar) -> Iterator[tuple[str, int]]:
    """Every day from the first on, beyond the last clock's end."""
    length = (LAST_DAY - FIRST_DAY).days
    return (
        (on.isoformat(), int(calendar.is_working(on)))
        for on in (FIRST_DAY + DAY * number for number in range(length + 1))
    )


def list_events(file: CaseFile, logins: Mapping[UUID, str]) -> Iterator[tuple[object, ...]]:
    """The lines of ``events.csv`` of one case: the actor is a sign-in name, or the hand that is nobody's of the staff."""
    for event in file.events:
        actor = logins[event.staff_id] if event.staff_id is not None else str(event.hand)
        step = event.data.get("step", "")
        yield file.case.case_no, event.name, say_moment(event.at), actor, step


def list_clocks(file: CaseFile, terms: CounterTerms, calendar: Calendar) -> Iterator[tuple[object, ...]]:
    """The lines of ``clocks.csv`` of one case. Raises ``ValueError`` for a clock that still runs."""
    for run in list_runs(file, terms, calendar):
        clock, ended = run.clock, run.ended_on
        if ended is None:
            raise ValueError(f"{file.case.case_no}: {run.key} has not ended")
        extended = _is_extended(clock, calendar)
        yield (
            file.case.case_no, run.key, clock.budget_days, clock.start_on, ended,
            clock.extended_on if extended else "", clock.extension_days if extended else "",
            ";".join(f"{first}/{last}" for first, last in _list_pauses(run, ended)),
        )  # fmt: skip


def _is_extended(clock: Clock, calendar: Calendar) -> bool:
    """Whether its extension was granted in time: by its own last day."""
    return clock.extension_days > 0 and len(compute(clock, calendar).counted) > clock.budget_days


def _list_pauses(run: ClockRun, ended: date) -> Iterator[tuple[date, date]]:
    for one in run.clock.suspensions:
        if one.until_on is None:
            raise ValueError("a suspension without an end")
        first = one.from_on + DAY
        if run.clock.start_on < one.until_on and first <= min(ended, one.until_on):
            yield first, one.until_on


def count_stats(closings: Iterable[tuple[date, str, int, bool]]) -> list[dict[str, Any]]:
    """The lines of ``stats.json`` from (day, manager, working days, late) of each closed case."""
    months: dict[tuple[str, str], list[int]] = {}
    for on, manager, days, late in closings:
        figures = months.setdefault((f"{on:%Y-%m}", manager), [0, 0, 0])
        figures[0] += 1
        figures[1] += days
        figures[2] += late
    return [
        {"month": month, "manager": manager, "closed": figures[0], "working_days": figures[1], "late": figures[2]}
        for (month, manager), figures in sorted(months.items())
    ]


__all__ = ["business_day", "count_stats", "list_calendar", "list_clocks", "list_events", "write_json", "write_rows"]
