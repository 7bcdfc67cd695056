"""A small year of 2,000 cases: its books are those that a recount finds, and the recount finds every line that was changed."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.year import recount
from tests.year.city import CLERKS, LEVELS
from tests.year.export import ALERTS, CALENDAR, CLOCKS, EVENTS
from tests.year.kinds import count_kinds
from tests.year.recount import compare, read_moment
from tests.year.simulation import Order, simulate

CASES, SEED, EVERY = 2000, 2025, 8 * 3600
DELICATE = (
    "a step suspended", "a worked weekend counts", "completeness", "completeness:2", "completeness:3", "delivery",
    "ended while suspended", "event clock_recomputed", "event deemed_accepted", "event delivery_failed",
    "event extension_denied", "extended before the orange day", "extended on a day that does not count",
    "extended on the last day", "extended on the orange day", "joint steps", "more time after the promise was broken",
    "orange", "over New Year", "red", "suspended from the first day", "suspended from the last day",
    "suspended from the orange day", "told after the clock had ended", "told late", "two suspensions that touch",
)  # fmt: skip


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The books of a year that was just lived, with its progress beside them."""
    folder = tmp_path_factory.mktemp("year")
    heard: list[str] = []
    simulate(Order(CASES, SEED, 2, folder, EVERY), heard.append)
    (folder / "progress.txt").write_text("\n".join(heard), "utf-8")
    yield folder
    shutil.rmtree(folder / "store", ignore_errors=True)


@pytest.fixture
def copy(year: Path, tmp_path: Path) -> Path:
    """The same books, to be changed."""
    shutil.copytree(year, tmp_path / "year", ignore=shutil.ignore_patterns("store"))
    return tmp_path / "year"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_the_recount_finds_the_same(year: Path) -> None:
    """Alerts and statistics, counted again day by day by a script that knows nothing of Guitai, are exactly those of the books."""
    assert compare(year) == []


def test_the_recount_runs_alone(year: Path, copy: Path) -> None:
    """As a script in a Python without any of our packages it ends with 0, and with 1 once a line is gone."""
    script = [sys.executable, "-I", "-S", str(recount.__file__)]
    same = subprocess.run([*script, str(year)], check=False, capture_output=True, text=True)
    assert (same.returncode, same.stdout.split(":")[0], same.stderr) == (0, "the same", "")
    write(copy / "alerts.csv", read(copy / "alerts.csv")[1:])
    changed = subprocess.run([*script, str(copy)], check=False, capture_output=True, text=True)
    assert changed.returncode == 1
    assert "missing in alerts.csv" in changed.stdout


def test_the_books_have_the_agreed_form(year: Path) -> None:
    """Columns, dates, moments and keys are those of the agreement, to the letter."""
    for name, heads in (("events", EVENTS), ("calendar", CALENDAR), ("clocks", CLOCKS), ("alerts", ALERTS)):
        assert (year / f"{name}.csv").read_text("utf-8").splitlines()[0] == ",".join(heads)
    assert EVENTS == ("case", "event", "at", "actor", "step")
    assert CALENDAR == ("date", "working")
    assert CLOCKS == ("case", "clock", "budget", "started", "ended", "extended_on", "extended_by", "suspensions")
    assert ALERTS == ("case", "clock", "rung", "due_at", "sent_at")
    report: dict[str, Any] = json.loads((year / "report.json").read_text("utf-8"))
    agreed = ["cases", "seed", "seconds", "orange_share", "sweep_every_seconds", "outages"]
    assert list(report)[: len(agreed)] == agreed
    assert (report["cases"], report["seed"], report["orange_share"]) == (CASES, SEED, 0.75)
    stats = json.loads((year / "stats.json").read_text("utf-8"))
    assert {tuple(one) for one in stats} == {("month", "manager", "closed", "working_days", "late")}
    assert all(one["closed"] > 0 for one in stats)


def test_nothing_that_matters_is_left_to_interpretation(year: Path) -> None:
    """No outage begins or ends on the grid; the share is exact in every manner of counting; the calendar reaches over every clock."""
    report = json.loads((year / "report.json").read_text("utf-8"))
    ends = [read_moment(end) for outage in report["outages"] for end in outage]
    assert ends == sorted(ends)
    assert all(int(end.timestamp()) % report["sweep_every_seconds"] for end in ends)
    assert 16 * 3600 % report["sweep_every_seconds"] == 0
    days = [date.fromisoformat(row["date"]) for row in read(year / "calendar.csv")]
    assert days == [date.fromordinal(days[0].toordinal() + number) for number in range(len(days))]
    for row in read(year / "clocks.csv"):
        assert days[0] <= date.fromisoformat(row["started"]) <= date.fromisoformat(row["ended"]) < days[-1]
        assert bool(row["extended_on"]) == bool(row["extended_by"])
        for pause in filter(None, row["suspensions"].split(";")):
            first, last = map(date.fromisoformat, pause.split("/"))
            assert first <= last


def test_each_case_is_closed_once_by_somebody_of_the_staff(year: Path) -> None:
    """Every case was accepted and has one closing event; its actor is one of the sixty clerks."""
    closings = [row for row in read(year / "events.csv") if row["event"] in recount.CLOSING]
    assert Counter(row["case"] for row in closings) == Counter(dict.fromkeys({row["case"] for row in closings}, 1))
    assert len(closings) == CASES
    assert all(row["actor"].startswith("clerk-") for row in closings)
    stats = json.loads((year / "stats.json").read_text("utf-8"))
    assert sum(one["closed"] for one in stats) == CASES
    assert sum(CLERKS.values()) == 60
    assert set(LEVELS.values()) == {1, 2, 3}


def test_a_year_has_every_delicate_thing(year: Path) -> None:
    """Extension on the day of orange and on the last day, touching suspensions, a promise broken before it is extended, … all happen."""
    found = count_kinds(year)
    assert {name for name in DELICATE if not found[name]} == set()
    assert found["due at another time than 00:00 in Beijing"] == 0


def test_progress_is_told(year: Path) -> None:
    """Month by month somebody who waits hears how far it is."""
    lines = (year / "progress.txt").read_text("utf-8").splitlines()
    assert len(lines) > 12
    assert f"{CASES} cases" in lines[-1]


def change_due(rows: list[dict[str, str]]) -> None:
    """An alert that claims to have been due a day later."""
    rows[7]["due_at"] = rows[7]["due_at"].replace(
        rows[7]["due_at"][8:10], f"{int(rows[7]['due_at'][8:10]) % 28 + 1:02}"
    )


def change_sent(rows: list[dict[str, str]]) -> None:
    """One that claims to have been sent on time, though the sweeper was out of order."""
    late = next(row for row in rows if row["sent_at"] > row["due_at"])
    late["sent_at"] = late["due_at"]


def repeat(rows: list[dict[str, str]]) -> None:
    """One that was told twice."""
    rows.insert(5, dict(rows[5]))


def drop(rows: list[dict[str, str]]) -> None:
    """One that was never told."""
    del rows[11]


def swap(rows: list[dict[str, str]]) -> None:
    """Two in another order."""
    rows[3], rows[4] = rows[4], rows[3]


@pytest.mark.parametrize("change", [change_due, change_sent, repeat, drop, swap])
def test_a_changed_alert_is_found(copy: Path, change: Any) -> None:
    """One line of the alerts that is not as it was makes the recount fail."""
    rows = read(copy / "alerts.csv")
    change(rows)
    write(copy / "alerts.csv", rows)
    assert compare(copy)


@pytest.mark.parametrize("figure", ["closed", "working_days", "late"])
def test_a_changed_figure_is_found(copy: Path, figure: str) -> None:
    """One more of anything in one month of one manager is named."""
    stats = json.loads((copy / "stats.json").read_text("utf-8"))
    stats[9][figure] += 1
    (copy / "stats.json").write_text(json.dumps(stats), "utf-8")
    (fault,) = compare(copy)
    assert stats[9]["month"] in fault
    assert stats[9]["manager"] in fault


def test_a_changed_history_is_found(copy: Path) -> None:
    """Another closing hand, a clock that ended a day earlier, a holiday that is none, an outage that never was: each shows."""
    originals = {
        name: (copy / name).read_bytes() for name in ("events.csv", "clocks.csv", "calendar.csv", "report.json")
    }

    def finds(name: str) -> bool:
        found = bool(compare(copy))
        (copy / name).write_bytes(originals[name])
        return found

    events = read(copy / "events.csv")
    closing = next(row for row in events if row["event"] == "granted")
    closing["actor"] = "clerk-west-09" if closing["actor"] != "clerk-west-09" else "clerk-west-08"
    write(copy / "events.csv", events)
    assert finds("events.csv")
    clocks = read(copy / "clocks.csv")
    promised = next(row for row in clocks if row["clock"] == "promised" and row["started"] < row["ended"])
    promised["ended"] = promised["started"]
    write(copy / "clocks.csv", clocks)
    assert finds("clocks.csv")
    calendar = read(copy / "calendar.csv")
    next(row for row in calendar if row["date"] == "2025-06-10")["working"] = "0"
    write(copy / "calendar.csv", calendar)
    assert finds("calendar.csv")
    report = json.loads(originals["report.json"])
    (copy / "report.json").write_text(json.dumps(report | {"outages": report["outages"][1:]}), "utf-8")
    assert finds("report.json")
    assert compare(copy) == []
