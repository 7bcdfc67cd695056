"""``python -m gateway cases``: a dry run of the sweep that leaves no trace, and planning anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from adapters.clock import SharedClock
from adapters.stores.keyring import Keyring, create_keyring
from gateway.cli.cases import cases
from tests.case_samples import MORNING, make_case, make_case_event, make_line
from tests.contract.case_houses import Houses, open_sql_houses
from tests.contract.test_alert_store import make_plan
from tests.databases import Database

Run = Callable[..., Result]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with keys and a clock."""
    folder = tmp_path_factory.mktemp("home")
    create_keyring(folder / "keyring.json")
    SharedClock(folder / "run" / "clock.json").stop_at(MORNING)
    return folder


@pytest.fixture(scope="module")
def houses(database: Database, home: Path) -> Iterator[Houses]:
    """The stores of this home, with three plans of one case: past, tomorrow, next week."""
    with open_sql_houses(database, home, Keyring.load(home / "keyring.json")) as made:
        first = make_plan(made.gas, due_at=MORNING - DAY, case_no="N-1")
        plans = [
            make_plan(made.gas, first.case_id, MORNING + days * DAY, clock=clock, case_no="N-1")
            for days, clock in ((1, "statutory"), (7, "step:0"))
        ]
        with made.public.begin(made.all) as tx:
            tx.alerts.replan(first.case_id, [first, *plans], MORNING - 9 * DAY)
        yield made


@pytest.fixture
def run(database: Database, home: Path, houses: Houses) -> Run:
    """One command, as the database's owner."""
    assert houses.city

    def call(command: str, *arguments: str, **environment: str) -> Result:
        known = {"GUITAI_DATABASE_URL": database.owner_url, "GUITAI_ENVIRONMENT": "test", **environment}
        return CliRunner().invoke(cases, [command, "--home", str(home), *arguments], env=known)

    return call


def count(database: Database, table: str) -> int:
    """How many rows a table has."""
    with psycopg.connect(database.owner_url) as owner:
        (found,) = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() or (0,)
    return int(found)


@pytest.mark.parametrize(
    ("now", "clocks"),
    [
        ((), ["promised"]),
        (("--now", "2026-11-03T09:59:59+08:00"), ["promised"]),
        (("--now", "2026-11-03T10:00:00+08:00"), ["promised", "statutory"]),
        (("--now", "2026-12-01T00:00:00Z"), ["promised", "statutory", "step:0"]),
        (("--now", "2026-10-01T00:00:00Z"), []),
    ],
)
def test_the_dry_run_prints_what_would_be_told_by_then(
    run: Run, database: Database, now: tuple[str, ...], clocks: list[str]
) -> None:
    """A line each, the earliest first; nothing is told, nothing is taken from the plan, no sweep is noted."""
    before = count(database, "planned_alerts")
    done = run("sweep", *now)
    assert done.exit_code == 0, done.output
    assert [line.split("\t")[2] for line in done.stdout.splitlines()] == clocks
    assert f"{len(clocks)} alert{'s' * (len(clocks) != 1)} would be told" in done.stderr
    told = (count(database, "planned_alerts"), count(database, "alerts"), count(database, "alert_sweeps"))
    assert told == (before, 0, 0)


def test_the_dry_run_speaks_to_programs(run: Run) -> None:
    """One object a line, without anything personal."""
    done = run("sweep", "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "due_at": "2026-11-01T02:00:00Z", "rung": "orange", "clock": "promised", "case_no": "N-1",
            "service": "trial-licence", "agency": "gas",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("moment", ["2026-11-03", "2026-11-03T00:00:00", "tomorrow", "2026-13-01T00:00:00Z", ""])
def test_a_moment_without_its_offset_is_refused(run: Run, moment: str) -> None:
    """It would be another moment on another machine: with what was found and what was expected."""
    refused = run("sweep", "--now", moment)
    assert refused.exit_code == 2
    assert f"found {moment!r}, expected a moment with its offset" in refused.stderr


def test_planning_anew_counts_the_open_cases(run: Run, houses: Houses) -> None:
    """A case of a service that is not known is left out and named; a share that is none is refused by its setting's name."""
    assert run("replan").stderr.endswith("0 open cases planned anew\n")
    refused = run("replan", GUITAI_ORANGE_PERCENT="0")
    assert refused.exit_code == 1
    assert "GUITAI_ORANGE_PERCENT must be a whole number from 1 to 100" in refused.stderr
    assert run("replan", "--orange-percent", "101").exit_code == 2
    case = make_case(houses.gas)
    event = make_case_event(case)
    with houses.public.begin(houses.all) as tx:
        tx.cases.open(case, event, [make_line(case, event)])
    unknown = run("replan")
    assert (unknown.exit_code, unknown.stderr.splitlines()[-2]) == (1, "0 open cases planned anew")
    assert f"so they were left out: {case.case_id}" in unknown.stderr
