"""``python -m gateway clock``: a limit's last day, a case explained, a year's notice that joins the calendar."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.clock import SharedClock
from gateway.cli.clock import clock
from gateway.cli.clock_desk import open_case_desk
from gateway.cli.mapping import mapping
from gateway.workshop import write_scaffold
from services.case_clocks import make_lines
from services.case_file import CaseFile
from services.case_record import CaseState, Hand
from tests.case_samples import make_case, make_case_event
from tests.contract.offices import open_sql_offices
from tests.databases import Database
from tests.fakes import ROOT
from tests.unit.services.test_calendar_notices import NOTICE_2027

Run = Callable[..., Result]
MORNING = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)
"""10:00 on a Monday in Beijing."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Iterator[Path]:
    """A home with keys and a clock, over a store with agencies and a service of kind case."""
    folder = tmp_path_factory.mktemp("home")
    SharedClock(folder / "run" / "clock.json").stop_at(MORNING)
    file = folder / "clock-trial.yaml"
    file.write_text(write_scaffold("case", "clock-trial").replace("agency: example-agency", "agency: gas"), "utf-8")
    with open_sql_offices(database, folder):
        (folder / "ring").rename(folder / "keyring.json")
        told = CliRunner().invoke(
            mapping, ["import", "--home", str(folder), str(file)], env={"GUITAI_DATABASE_URL": database.owner_url}
        )
        assert told.exit_code == 0, told.output
        yield folder


@pytest.fixture
def run(database: Database, home: Path) -> Run:
    """One command, as the database's owner."""

    def call(command: str, *arguments: object, url: str = database.owner_url) -> Result:
        words = [command, "--home", str(home), *(str(one) for one in arguments)]
        return CliRunner().invoke(clock, words, env={"GUITAI_DATABASE_URL": url, "GUITAI_ENVIRONMENT": "test"})

    return call


def call_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as anybody types it, with no store to be found."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GUITAI_")}
    words = [sys.executable, "-m", "gateway", "clock", "due", "--home", str(folder), *arguments]
    return subprocess.run(words, cwd=ROOT, env=bare, capture_output=True, text=True, check=False)


def test_due_without_a_store_is_by_the_shipped_calendar_and_says_so(tmp_path: Path) -> None:
    """The very line that the documentation shows on standard output, and one sentence on standard error."""
    done = call_alone(tmp_path, "--accepted", "2026-02-10", "--working-days", "20", "--json")
    assert (done.returncode, done.stdout) == (
        0, '{"due_on": "2026-03-16", "provisional": false, "calendar_version": 1}\n',
    )  # fmt: skip
    assert "using the shipped calendar, published until 2026-12-31" in done.stderr


def test_due_beyond_the_calendar_is_provisional_and_no_crash(tmp_path: Path) -> None:
    """In words on standard error; as a member of the JSON."""
    done = call_alone(tmp_path, "--accepted", "2026-11-27", "--working-days", "30")
    assert (done.returncode, done.stdout) == (0, "2027-01-08\n")
    assert "Provisional" in done.stderr
    far = call_alone(tmp_path, "--accepted", "2999-12-31", "--working-days", "3660", "--json")
    assert json.loads(far.stdout)["provisional"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("--accepted", "20260210", "--working-days", "20"),
        ("--accepted", "2026-02-30", "--working-days", "20"),
        ("--accepted", "9999-12-31", "--working-days", "20"),
        ("--accepted", "2026-02-10", "--working-days", "-1"),
        ("--accepted", "2026-02-10", "--working-days", "many"),
        ("--accepted", "2026-02-10"),
        ("--accepted", "2026-02-10", "--working-days", "20", "--region", "XX"),
    ],
)
def test_due_refuses_what_it_cannot_count(run: Run, arguments: tuple[str, ...]) -> None:
    """With the place and what was expected, and no traceback."""
    refused = run("due", *arguments, url="postgresql://nobody@127.0.0.1:1/nothing")
    assert refused.exit_code != 0
    assert isinstance(refused.exception, SystemExit)
    assert "Error" in refused.output


def test_due_with_a_store_that_does_not_answer_says_why(run: Run) -> None:
    """The shipped calendar stands in, never silently."""
    told = run("due", "--accepted", "2026-02-10", "--working-days", "20", url="postgresql://nobody@127.0.0.1:1/nothing")
    assert told.stdout == "2026-03-16\n"
    assert "the government store does not answer: using the shipped calendar" in told.stderr


def test_a_case_is_explained_and_the_notice_sets_it_anew(
    run: Run, home: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the shipped calendar to the next year's: seeded, explained, imported, told whom it touches, once."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("GUITAI_ENVIRONMENT", "test")
    notice = home / "2027.yaml"
    notice.write_text(NOTICE_2027, "utf-8")
    run("seed")
    assert run("seed").output == "the store has a calendar: nothing changed\n"
    told = run("due", "--accepted", "2026-02-10", "--working-days", "20", "--json")
    assert (json.loads(told.stdout)["calendar_version"], told.stderr) == (1, "")
    file = open_accepted_case(home)
    before = json.loads(run("explain", file.case.case_no, "--json").stdout)
    statutory = next(one for one in before["clocks"] if one["clock"] == "statutory")
    assert (statutory["due_on"], statutory["provisional"], statutory["running"]) == ("2027-01-04", True, True)
    assert before["state"] == "accepted"
    text = run("explain", file.case.case_no).stdout
    assert "王秀英" not in text
    assert "法定办结时限 · statutory limit: 2027-01-04" in text
    imported = run("import", notice)
    assert imported.exit_code == 0, imported.output
    assert "CN: version 2, published until 2027-12-31" in imported.stdout
    moved = "promised 2026-12-28 -> 2026-12-26"
    assert (
        f"{file.case.case_no}\tclock-trial\tgas\tstatutory 2027-01-04 (provisional) -> 2027-01-04; {moved}"
        in imported.stdout
    )
    assert "1 open case set anew" in imported.stderr
    again = run("import", notice)
    assert again.stdout == ""
    assert "known already, in version 2 of CN" in again.stderr
    assert "0 open cases set anew" in again.stderr
    after = json.loads(run("explain", file.case.case_no, "--json").stdout)
    assert not any(one["provisional"] for one in after["clocks"])
    assert run("due", "--accepted", "2026-12-25", "--working-days", "1").stdout == "2026-12-26\n"


def test_a_region_without_a_calendar_begins_with_one(run: Run, home: Path) -> None:
    """A notice joins a calendar; none is made out of one year."""
    notice = home / "elsewhere.yaml"
    notice.write_text(NOTICE_2027, "utf-8")
    assert "the store has no calendar of XX: begin with clock seed" in run("import", notice, "--region", "XX").output


def test_a_faulty_notice_is_told_by_line_and_writes_nothing(run: Run, home: Path) -> None:
    """Every fault on a line of its own, status 1; and the calendar is as it was."""
    run("seed")
    before = run("due", "--accepted", "2026-12-25", "--working-days", "20", "--json").stdout
    faulty = home / "faulty.yaml"
    faulty.write_text("year: 2040\ntitel: x\n", "utf-8")
    told = run("import", faulty)
    assert told.exit_code == 1
    assert f"{faulty}:1: year: found 2040, expected 2004 to" in told.stderr
    assert f"{faulty}:2: titel: found an unknown key" in told.stderr
    assert "nothing was written" in told.stderr
    assert run("due", "--accepted", "2026-12-25", "--working-days", "20", "--json").stdout == before


def test_a_case_that_does_not_exist_is_said_in_one_sentence(run: Run) -> None:
    """No traceback."""
    told = run("explain", "NOSUCHCASE")
    assert (told.exit_code, told.output) == (1, "Error: no case NOSUCHCASE\n")


def open_accepted_case(home: Path) -> CaseFile:
    """A case of the trial service that was accepted this morning."""
    with open_case_desk(home, None) as (desk, _):
        agency_id = desk.directory.agency_id("gas")
        case = make_case(agency_id, MORNING, service="clock-trial", received_on=date(2026, 12, 7))
        file = CaseFile(case, (make_case_event(case, at=MORNING),))
        accepted = make_case_event(
            case, 2, "accepted", CaseState.ACCEPTED, Hand.CLERK, MORNING, on="2026-12-07"
        )  # fmt: skip
        service = desk.catalogue.service_at("clock-trial", 1)
        with desk.house.begin(desk.directory.all_agencies()) as tx:
            tx.cases.open(case, file.events[0], make_lines(desk, tx, file, service))
            file = replace(file, events=(*file.events, accepted))
            tx.cases.append(agency_id, accepted, make_lines(desk, tx, file, service))
    return file
