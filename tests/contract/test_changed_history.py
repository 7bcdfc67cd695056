"""Whoever may change everything in the database changes history: closed months tell which, and what differs. On PostgreSQL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.calendar_seed import load_shipped_calendar
from adapters.stores.exposure_verify import verify
from gateway.cli import main
from services.calendar_record import Calendar, NamedDay
from services.case_record import CaseState
from services.errors import ConfigurationFault
from services.statistics import MonthCheck, check_month, close_month, load_month
from tests.case_samples import make_case_mapping
from tests.conftest import KINDS
from tests.contract.month_office import (
    ANN,
    BEN,
    NOVEMBER,
    OCTOBER,
    TUESDAY,
    MonthOffice,
    add_calendar,
    open_again,
    open_sql_office,
    put_back,
)
from tests.databases import Clusters


@pytest.fixture(scope="module", params=KINDS)
def history(
    request: pytest.FixtureRequest, clusters: Clusters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MonthOffice, Path]]:
    """One October with three cases and five ratings, closed."""
    cluster, folder = clusters.find(request.param), tmp_path_factory.mktemp("keys")
    database = cluster.make()
    with open_sql_office(database, folder) as made:
        made.grant(3)
        made.grant(5, BEN)
        made.live((0, "accepted", CaseState.ACCEPTED, ANN), (1, "claimed", CaseState.ACCEPTED, ANN))
        for number in range(5):
            made.rate(TUESDAY + timedelta(minutes=number), 5)
        close_month(made.desk, OCTOBER)
        yield made, folder
    cluster.drop(database)


@pytest.fixture
def office(history: tuple[MonthOffice, Path]) -> Iterator[MonthOffice]:
    """The same, with all that a test changed put back."""
    made, _ = history
    with put_back(made):
        yield made
    assert check_month(made.desk, OCTOBER).holds


def tell(check: MonthCheck) -> set[tuple[object, str, object, object]]:
    """Who, which figure, what it was and what it is."""
    return {(one.account[2] if one.account else None, one.figure, one.before, one.after) for one in check.history}


def test_what_nobody_touched_holds(office: MonthOffice) -> None:
    """Counted again, the month is what it was, and the ledger is sound with its leaf in it."""
    assert office.database is not None
    check = check_month(office.desk, OCTOBER)
    assert check.holds
    assert check.history == ()
    assert verify(office.database.owner_url, lambda _: None).faults == []


def test_a_moment_that_was_moved_shows(office: MonthOffice) -> None:
    """Somebody made Ben's decision four days earlier: his days differ, nobody else's."""
    office.execute("UPDATE case_events SET at = at - interval '4 days' WHERE name = 'granted' AND staff_id = %s", BEN)
    check = check_month(office.desk, OCTOBER)
    assert not check.holds
    assert {one[0] for one in tell(check)} == {BEN}
    assert (BEN, "working_days", 3, 1) in tell(check)
    assert {one[1] for one in tell(check)} <= {"working_days", "squared_days", "held_days", "squared_held"}


def test_a_moment_that_was_moved_into_another_month_shows(office: MonthOffice) -> None:
    """A decision that is now of November is missing in October."""
    office.execute("UPDATE case_events SET at = at + interval '40 days' WHERE name = 'granted' AND staff_id = %s", BEN)
    assert (BEN, "closed", 1, 0) in tell(check_month(office.desk, OCTOBER))


def test_an_event_that_was_deleted_shows(office: MonthOffice) -> None:
    """Without its decision a case was never closed."""
    office.execute("DELETE FROM case_events WHERE name = 'granted' AND staff_id = %s", ANN)
    found = tell(check_month(office.desk, OCTOBER))
    assert {(ANN, "closed", 1, 0), (ANN, "granted", 1, 0), (ANN, "held_days", 3, 0)} <= found


def test_an_event_that_was_added_shows(office: MonthOffice) -> None:
    """Who copies an event under another version cannot seal it: the case is told as unreadable, and no month is closed over it."""
    office.execute(
        "INSERT INTO case_events SELECT agency_id, case_id, 99, 'withdrawn', 'withdrawn', hand, at + interval '1 hour', %s,"
        " data_cipher FROM case_events WHERE name = 'claimed' AND NOT EXISTS (SELECT 1 FROM case_events e"
        " WHERE e.case_id = case_events.case_id AND e.name = 'granted')", BEN,
    )  # fmt: skip
    assert (None, "unreadable", 0, 1) in tell(check_month(office.desk, OCTOBER))
    open_again(office)
    with pytest.raises(ConfigurationFault, match="1 cases of 2026-10 cannot be counted"):
        close_month(office.desk, OCTOBER)


@pytest.mark.parametrize("what", ["name = 'reassigned'", "state = 'lost'", "hand = 'nobody'"])
def test_an_event_that_cannot_be_shows(office: MonthOffice, what: str) -> None:
    """What was made into something that no event can be does not keep the check from ending."""
    office.execute(f"UPDATE case_events SET {what} WHERE name = 'claimed' AND staff_id = '{BEN}'")  # noqa: S608 - a test
    assert (None, "unreadable", 0, 1) in tell(check_month(office.desk, OCTOBER))


def test_an_event_given_to_somebody_else_shows(office: MonthOffice) -> None:
    """Ann's closing in Ben's name: one less, one more."""
    office.execute("UPDATE case_events SET staff_id = %s WHERE name = 'granted' AND staff_id = %s", BEN, ANN)
    found = tell(check_month(office.desk, OCTOBER))
    assert {(ANN, "closed", 1, 0), (BEN, "closed", 1, 2)} <= found


def test_ratings_that_vanish_show(office: MonthOffice) -> None:
    """Five good ratings less are five good ratings less."""
    office.execute("DELETE FROM ratings")
    assert tell(check_month(office.desk, OCTOBER)) == {(ANN, "ratings_5", 5, 0)}


def test_kept_figures_that_were_polished_show(office: MonthOffice) -> None:
    """Whoever changes the kept figures changes what their digest says; the events say what they were."""
    office.execute("UPDATE month_figures SET figures = figures || '{\"closed\": 7}' WHERE manager_id = %s", ANN)
    check = check_month(office.desk, OCTOBER)
    assert check.kept_digest != check.closed.digest == check.counted_digest
    assert tell(check) == {(ANN, "closed", 7, 1)}


def test_a_digest_that_was_replaced_shows_in_the_ledger(office: MonthOffice) -> None:
    """Events, figures and digest changed together still differ from the leaf."""
    office.execute("UPDATE case_events SET staff_id = %s WHERE name = 'granted' AND staff_id = %s", BEN, ANN)
    forged = check_month(office.desk, OCTOBER).counted_digest
    office.execute("UPDATE closed_months SET digest = %s", forged)
    check = check_month(office.desk, OCTOBER)
    assert not check.leaf
    assert len(check.others) == 1


def test_a_month_that_was_opened_and_closed_anew_leaves_two_digests(office: MonthOffice) -> None:
    """Deleting the row lets the month be closed again; what the ledger said before stays there."""
    office.execute("UPDATE case_events SET staff_id = %s WHERE name = 'granted' AND staff_id = %s", BEN, ANN)
    open_again(office)
    before = close_month(office.desk, OCTOBER)
    check = check_month(office.desk, OCTOBER)
    assert check.closed == before
    assert not check.holds
    assert len(check.others) == 1


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("DELETE FROM exposure_publications WHERE release LIKE 'statistics%%'", "do not stand once"),
        ("UPDATE exposure_publications SET release = 'statistics:2026-09' WHERE release LIKE 'statistics%%'", "another month"),
        ("UPDATE exposure_publications SET manifest_digest = '' WHERE release LIKE 'statistics%%'", "another digest"),
        ("DELETE FROM exposure_records WHERE kind = 'statistics'", "record is missing"),
        ("UPDATE exposure_records SET kind = 'publication' WHERE kind = 'statistics'", "column kind"),
    ],
)  # fmt: skip
def test_a_damaged_leaf_is_a_fault_of_the_ledger(office: MonthOffice, damage: str, what: str) -> None:
    """``exposure verify`` holds the leaf against its claim."""
    assert office.database is not None
    office.execute(damage)
    assert any(what in fault.what for fault in verify(office.database.owner_url, lambda _: None).faults)


def test_a_calendar_that_came_later_changes_nothing(history: tuple[MonthOffice, Path]) -> None:
    """A notice that declares a day of October free after October is over leaves the closed month alone."""
    office, folder = history
    shipped = load_shipped_calendar()
    named = {**shipped.named, date(2026, 10, 14): NamedDay(False, "补假", "2026")}
    newer = Calendar("CN", shipped.version + 1, named, shipped.published_from, shipped.published_until)
    assert office.database is not None
    add_calendar(office.database, folder, newer, NOVEMBER.begins_at + timedelta(hours=1))
    try:
        assert check_month(office.desk, OCTOBER).holds
    finally:
        office.execute("DELETE FROM calendar_days WHERE version = %s", newer.version)
        office.execute("DELETE FROM calendar_versions WHERE version = %s", newer.version)


def test_the_commands_tell_the_same(
    history: tuple[MonthOffice, Path], office: MonthOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``stats month --json`` gives the digest's own bytes twice; ``stats check`` names month and figures and ends with 1."""
    _, folder = history
    assert office.database is not None
    monkeypatch.setenv("GUITAI_DATABASE_URL", office.database.owner_url)
    monkeypatch.setattr("gateway.cli.clock_desk.LiveCatalogueShelf", None, raising=False)
    mapping = make_case_mapping()
    monkeypatch.setattr(
        "adapters.stores.catalogue_shelf.LiveCatalogueShelf.services",
        property(lambda _: {mapping.id: mapping}, lambda _, __: None),
        raising=False,
    )
    home = ["--home", str(folder), "--keyring", str(folder / "ring.json")]
    runner = CliRunner()
    first, second = (runner.invoke(main, ["stats", "month", *home, "--json", "2026-10"]) for _ in range(2))
    assert (first.exit_code, first.stdout_bytes) == (0, second.stdout_bytes), (first.output, first.exception)
    assert json.loads(first.stdout_bytes)["month"] == "2026-10"
    assert hashlib.sha256(first.stdout_bytes).hexdigest() == load_month(office.desk, OCTOBER).digest
    checked = runner.invoke(main, ["stats", "check", *home])
    assert (checked.exit_code, "holds" in checked.output) == (0, True), checked.output
    office.execute("DELETE FROM ratings")
    told = runner.invoke(main, ["stats", "check", *home, "2026-10"])
    assert told.exit_code == 1
    assert "2026-10\tDIFFERS" in told.output
    assert f"{ANN} ratings_5: was 5, is 0" in told.output
    as_json = json.loads(runner.invoke(main, ["stats", "check", *home, "--json"]).stdout)
    assert [one["figure"] for one in as_json[0]["differences"]] == ["ratings_5"]
    assert "ratings: not what was closed, was 5, is 0" in told.output
    assert as_json[0]["with_events"] is True
    assert [(one["day"], one["what"], one["was"], one["is"]) for one in as_json[0]["moved"]] == [
        ("2026-10-13", "ratings", 5, 0)
    ]
    office.execute("UPDATE closed_months SET form = NULL")
    alone = runner.invoke(main, ["stats", "month", *home, "--json", "2026-10"])
    assert json.loads(alone.stdout_bytes)["v"] == 1
    assert "was closed without the events' digest" in alone.stderr
    assert "was closed without the events' digest" in runner.invoke(main, ["stats", "check", *home]).output


@pytest.mark.parametrize("arguments", [["month", "2026-13"], ["month", "10/2026"], ["check", "x"]])
def test_another_form_of_a_month_is_refused(arguments: list[str]) -> None:
    """The form that is expected is named."""
    told = CliRunner().invoke(main, ["stats", *arguments])
    assert told.exit_code == 2
    assert "YYYY-MM" in told.output
