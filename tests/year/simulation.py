"""The simulated year from its first receipt till the last delivery: offices by day, the sweeper by its grid, the books at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from services.month_figures import list_managers
from tests.year.arrivals import seat_staff
from tests.year.books import Sums, join_parts, list_pieces, write_piece
from tests.year.calendars import DAY, FIRST_DAY, NOTICE_DAY, load_calendars, moment_on, say_moment
from tests.year.export import ALERTS, CALENDAR, CLOCKS, EVENTS, list_calendar, write_json, write_rows
from tests.year.office import NOTICE_AT
from tests.year.outages import Outage, is_out, list_outages
from tests.year.place import Place, open_place
from tests.year.shard import CONTEXT, Shards, Share
from tests.year.sweeps import Sweeps

ORANGE_PERCENT = 75
"""Three quarters: a share that a machine's fractions hold exactly, whatever the budget."""
DEFINITIONS = {
    "day_1": "the first working day after started",
    "orange": "clock promised: 00:00 Beijing time of the day on which ceil(orange_share x budget in force at that moment) days are used",
    "red, passed, late": "promised; statutory; step, completeness, delivery: 00:00 Beijing time of the day after the limit",
    "extension": "in force from office hours of extended_on on; stands only where it was granted by the clock's own last day",
    "told": "if the clock had not ended before due_at; a clock that ended on a day was running at 00:00 of it",
    "sent_at": "the first multiple of sweep_every_seconds since 1970-01-01T00:00:00Z at or after due_at with no outage from <= t <= to",
    "closed": "by the event granted, refused, withdrawn or terminated; manager is its actor, month the month of its day in Beijing",
    "working_days": "days of the promised clock that count after started till and with ended, past the limit too",
    "late": "closed after the promised limit",
}
EIGHT_HOURS = 8 * 3600
LIMIT = date(2026, 10, 1)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to simulate, on how many processes, where to leave it. ``sweep_every`` (seconds) divides eight hours: 00:00 is on its grid."""

    cases: int
    seed: int
    processes: int
    folder: Path
    sweep_every: int = 3600

    def __post_init__(self) -> None:
        if self.sweep_every <= 0 or EIGHT_HOURS % self.sweep_every:
            raise ValueError("sweep_every divides eight hours: 00:00 in Beijing is 16:00 UTC")


@dataclass
class Lived:
    """How far the year is."""

    cases: int = 0
    events: int = 0
    alerts: int = 0


def simulate(order: Order, tell: Tell) -> dict[str, Any]:
    """Live the year and write its books; gives the report. ``tell`` hears of the progress.

    Raises ``RuntimeError`` if something is still open, planned or untold at the end.
    """
    began = time.monotonic()
    with open_place(order.folder) as place:
        outages = list_outages(order.seed, order.sweep_every)
        lived = _live(order, place, outages, tell)
        tell(f"{lived.cases} cases, {lived.events} events, {lived.alerts} alerts; writing the books")
        report = {
            "cases": order.cases, "seed": order.seed, "seconds": 0, "orange_share": ORANGE_PERCENT / 100,
            "sweep_every_seconds": order.sweep_every, "outages": [list(map(say_moment, one)) for one in outages],
            "definitions": DEFINITIONS,
        }  # fmt: skip
        _write_books(order, place)
    report["seconds"] = round(time.monotonic() - began)
    write_json(order.folder / "report.json", report)
    return report


def _live(order: Order, place: Place, outages: list[Outage], tell: Tell) -> Lived:
    """Day by day: the offices are a day ahead of the sweeper, which sees of their plans only what is due."""
    shares = [
        Share(order.cases, order.seed, ORANGE_PERCENT, place.owner_url, place.ring, number, order.processes)
        for number in range(order.processes)
    ]
    shards, lived, done, on = Shards(shares), Lived(), False, FIRST_DAY
    with Sweeps(place) as sweeps:
        sweeps.put_in_force(load_calendars()[0], moment_on(FIRST_DAY, 0))
        try:
            while not done or sweeps.count_planned():
                shards.begin(on)
                lived.alerts += _sweep_day(sweeps, on, order.sweep_every, outages)
                opened, events, done = shards.finish()
                lived.cases, lived.events = lived.cases + opened, lived.events + events
                if on.day == 1 or done:
                    tell(f"{on}: {lived.cases} cases, {lived.events} events, {lived.alerts} alerts")
                on += DAY
                if on > LIMIT:
                    raise RuntimeError("the year does not come to its end")
        finally:
            shards.stop()
    return lived


def _sweep_day(sweeps: Sweeps, on: date, every: int, outages: list[Outage]) -> int:
    """The sweeps after 00:00 of the day before till and with 00:00 of this day (Beijing)."""
    told, at, end = 0, moment_on(on - DAY, every), moment_on(on, 0)
    calendars, noon = load_calendars(), moment_on(on - DAY, 12 * 3600)
    if on - DAY == NOTICE_DAY:
        sweeps.put_in_force(calendars[1], NOTICE_AT)
    while at <= end:
        if not is_out(at, outages):
            told += sweeps.sweep(at)
        if noon <= at < noon + timedelta(seconds=every) and calendars[1].is_working(on - DAY):
            sweeps.acknowledge(at)
        at += timedelta(seconds=every)
    return told


def _write_books(order: Order, place: Place) -> None:
    """Events, clocks and figures by several processes, alerts by one."""
    folder, sums = order.folder, Sums()
    pieces = list_pieces(place.owner_url, place.ring, folder)
    (folder / "parts").mkdir(exist_ok=True)
    with CONTEXT.Pool(order.processes) as pool:
        for part in pool.imap_unordered(write_piece, pieces):
            for key, figures in part.items():
                sums.setdefault(key, Counter()).update(figures)
    join_parts(pieces, "events", EVENTS, folder / "events.csv")
    join_parts(pieces, "clocks", CLOCKS, folder / "clocks.csv")
    (folder / "parts").rmdir()
    write_rows(folder / "calendar.csv", CALENDAR, list_calendar(load_calendars()[1]))
    write_json(folder / "stats.json", list_stats(sums))
    _write_alerts(place, folder)


def list_stats(sums: Sums) -> list[dict[str, Any]]:
    """The figures of each month by case manager: ``{month, manager, closed, working_days, late}``."""
    logins = {str(staff_id): login for staff_id, login in seat_staff().logins.items()}
    found = []
    for month in sorted({month for month, _ in sums}):
        figures = {account: sums[one, account] for one, account in sums if one == month}
        lines = [
            {"month": str(month), **line, "manager": logins[str(line["manager"])]} for line in list_managers(figures)
        ]
        found += sorted(lines, key=lambda line: str(line["manager"]))
    return found


def _write_alerts(place: Place, folder: Path) -> None:
    with psycopg.connect(place.owner_url) as owner:
        rows = owner.execute(
            "SELECT case_no, clock, rung, due_at, sent_at FROM alerts WHERE rung <> 'fact'"
            ' ORDER BY due_at, case_no COLLATE "C", clock COLLATE "C", rung COLLATE "C"'
        )
        lines = ((*row[:3], say_moment(row[3]), say_moment(row[4])) for row in rows)
        write_rows(folder / "alerts.csv", ALERTS, lines)
