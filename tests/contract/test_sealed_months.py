"""What changes no figure of a closed month shows all the same, with its place. On PostgreSQL, by whoever may change everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.stores.cells import seal_json
from adapters.stores.keyring import Keyring, add_key
from adapters.stores.rotation import rotate_cells
from adapters.stores.transaction import SqlStore
from services.case_record import Case, CaseState
from services.month_document import digest_document, write_document
from services.month_record import FIGURES_ALONE, Happening
from services.statistics import MonthCheck, as_closed, check_month, close_month, count_month, load_month
from tests.case_samples import LICENSING, make_case_event
from tests.conftest import KINDS
from tests.contract.month_office import (
    BEN,
    OCTOBER,
    TUESDAY,
    MonthOffice,
    make_desk,
    open_again,
    open_sql_office,
    put_back,
)
from tests.databases import Clusters

SUNDAY = date(2026, 10, 18)
"""On which both of Ann's cases were granted."""


@pytest.fixture(scope="module", params=KINDS)
def history(
    request: pytest.FixtureRequest, clusters: Clusters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MonthOffice, Keyring, list[Case]]]:
    """October, closed: Ann granted two cases on one day, five people rated her, a complaint was dismissed."""
    cluster, folder = clusters.find(request.param), tmp_path_factory.mktemp("keys")
    database = cluster.make()
    with open_sql_office(database, folder) as made:
        cases = [made.grant(5), made.grant(5.01)]
        for number in range(5):
            made.rate(TUESDAY + timedelta(minutes=number))
        made.dismiss(made.complain(TUESDAY), TUESDAY + timedelta(days=1))
        close_month(made.desk, OCTOBER)
        yield made, Keyring.load(folder / "ring.json"), cases
    cluster.drop(database)


@pytest.fixture
def office(history: tuple[MonthOffice, Keyring, list[Case]]) -> Iterator[MonthOffice]:
    """The same, with all that a test changed put back."""
    with put_back(history[0]):
        yield history[0]
    assert check_month(history[0].desk, OCTOBER).holds


def list_moved(check: MonthCheck) -> list[tuple[date, str, int, int]]:
    """Day, what, how many it were and are; all of the gas company's one service."""
    return [(one.place.on, str(one.place.kind), one.before, one.after) for one in check.moved]


def require_hidden(check: MonthCheck) -> MonthCheck:
    """No figure tells of it, and the month does not hold: the events now give another digest than the one that was closed."""
    assert check.history == ()
    assert not check.holds
    assert check.leaf
    assert check.kept_digest == check.closed.digest != check.counted_digest
    return check


def test_a_moment_moved_by_a_microsecond_shows(office: MonthOffice) -> None:
    """Agency, service and day of the event are named; no figure differs."""
    office.execute("UPDATE case_events SET at = at + interval '1 microsecond' WHERE name = 'granted' AND at ="
                   " (SELECT max(at) FROM case_events)")  # fmt: skip
    check = require_hidden(check_month(office.desk, OCTOBER))
    assert list_moved(check) == [(SUNDAY, "events", 2, 2)]
    assert (check.moved[0].place.agency_id, check.moved[0].place.service) == (office.houses.gas, LICENSING)


def test_two_cases_that_swap_moments_show(office: MonthOffice) -> None:
    """The same moments on the same day by the same hand, each at the other case."""
    office.execute(
        "UPDATE case_events e SET at = o.at FROM case_events o"
        " WHERE e.name = 'granted' AND o.name = 'granted' AND e.case_id <> o.case_id"
    )
    assert list_moved(require_hidden(check_month(office.desk, OCTOBER))) == [(SUNDAY, "events", 2, 2)]


def test_data_written_anew_with_our_keys_shows(
    history: tuple[MonthOffice, Keyring, list[Case]], office: MonthOffice
) -> None:
    """Whoever has the keys and writes another reason into an event is told of, although every figure is the same."""
    _, keyring, (case, _) = history
    cell = seal_json(
        keyring, ("case_events", "data_cipher", f"{case.case_id}:4"), {"on": "2026-10-18", "reason": "better"}
    )
    office.execute("UPDATE case_events SET data_cipher = %s WHERE case_id = %s AND version = 4", cell, case.case_id)
    assert list_moved(require_hidden(check_month(office.desk, OCTOBER))) == [(SUNDAY, "events", 2, 2)]


def test_the_same_data_sealed_anew_show_nothing(
    history: tuple[MonthOffice, Keyring, list[Case]], office: MonthOffice
) -> None:
    """Another ciphertext of the same data, its names in another order, is the same history."""
    made, keyring, (case, _) = history
    with made.houses.worker.begin(made.houses.all) as tx:
        found = tx.cases.load(case.case_id)
    assert found is not None
    data = dict(reversed(list(found[1][3].data.items())))
    cell = seal_json(keyring, ("case_events", "data_cipher", f"{case.case_id}:4"), data)
    office.execute("UPDATE case_events SET data_cipher = %s WHERE case_id = %s AND version = 4", cell, case.case_id)
    assert check_month(office.desk, OCTOBER).holds


def test_a_case_that_was_added_later_shows(office: MonthOffice) -> None:
    """One more on each day on which it claims that something happened, and the figures that it adds."""
    office.live((5, "noted", CaseState.RECEIVED, None))
    check = check_month(office.desk, OCTOBER)
    assert list_moved(check) == [(TUESDAY.date(), "events", 2, 3), (SUNDAY, "events", 2, 3)]
    assert [(one.figure, one.before, one.after) for one in check.history] == [("received", 2, 3)]


def test_a_case_that_was_removed_shows(history: tuple[MonthOffice, Keyring, list[Case]], office: MonthOffice) -> None:
    """One less on each of its days."""
    office.execute("DELETE FROM case_events WHERE case_id = %s", history[2][0].case_id)
    assert list_moved(check_month(office.desk, OCTOBER)) == [(TUESDAY.date(), "events", 2, 1), (SUNDAY, "events", 2, 1)]


def test_an_event_written_into_a_closed_month_shows(
    history: tuple[MonthOffice, Keyring, list[Case]], office: MonthOffice
) -> None:
    """Somebody adds an event that no figure counts, with our keys and the moment of a day on which nothing happened."""
    case = history[2][0]
    at = TUESDAY + timedelta(days=8)
    office.add(case, make_case_event(case, 5, "notice_told", CaseState.GRANTED, at=at))
    assert list_moved(require_hidden(check_month(office.desk, OCTOBER))) == [(at.date(), "events", 0, 1)]


@pytest.mark.parametrize("what", ["app = 'another'", "opened_by = agency_id", "case_no = case_no || '1'"])
def test_the_facts_of_a_case_are_part_of_its_days(office: MonthOffice, what: str) -> None:
    """What stands in the case and in no event shows on every day on which something happened to it."""
    office.execute(f"UPDATE cases SET {what}")  # noqa: S608 - a test
    days = [one[0] for one in list_moved(require_hidden(check_month(office.desk, OCTOBER)))]
    assert days == [TUESDAY.date(), SUNDAY]


@pytest.mark.parametrize(
    ("change", "kind", "on"),
    [
        ("UPDATE ratings SET rated_at = rated_at + interval '1 microsecond'", Happening.RATINGS, TUESDAY.date()),
        ("UPDATE ratings SET subject = rating_id", Happening.RATINGS, TUESDAY.date()),
        (
            "UPDATE complaint_events SET at = at - interval '1 microsecond' WHERE name = 'dismissed'",
            Happening.COMPLAINTS,
            date(2026, 10, 14),
        ),
        ("UPDATE complaints SET filed_at = filed_at + interval '1 microsecond'", Happening.COMPLAINTS, TUESDAY.date()),
    ],
)
def test_ratings_and_complaints_are_part_of_the_month(
    office: MonthOffice, change: str, kind: Happening, on: date
) -> None:
    """Moved by a microsecond, or told of another matter: they show at their day."""
    office.execute(change)
    assert (kind, on) in {
        (one.place.kind, one.place.on) for one in require_hidden(check_month(office.desk, OCTOBER)).moved
    }


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM month_seals WHERE kind = 'ratings'",
        "UPDATE month_seals SET leaves = leaves + 1",
        "UPDATE month_seals SET mark = set_byte(mark, 9, 255 - get_byte(mark, 9))",
        "UPDATE closed_months SET form = NULL",
    ],
)
def test_kept_seals_that_were_changed_show(office: MonthOffice, change: str) -> None:
    """The digest is over them: what is kept now gives another one, while the events still give the one that was closed."""
    office.execute(change)
    check = check_month(office.desk, OCTOBER)
    assert not check.holds
    assert check.kept_digest != check.closed.digest


def test_rows_in_another_order_give_the_same_bytes(office: MonthOffice) -> None:
    """A store that was copied row by row, the last one first, says byte for byte the same."""
    before = write_document(count_month(office.desk, OCTOBER))
    for table in ("case_events", "cases", "ratings", "complaint_events"):
        rows = office.execute(f"SELECT row_to_json(t)::text FROM {table} t ORDER BY ctid DESC")  # noqa: S608 - ours
        office.execute(f"SET session_replication_role = replica; DELETE FROM {table}")  # noqa: S608 - ours
        for (row,) in rows:
            office.execute(f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s::json)", row)  # noqa: S608 - ours
    assert write_document(count_month(office.desk, OCTOBER)) == before


def close_as_before(office: MonthOffice) -> None:
    """October closed by a program that knew no seals: its digest is of the figures alone."""
    open_again(office)
    office.execute("DELETE FROM exposure_records")
    office.execute("DELETE FROM exposure_publications")
    counted = replace(count_month(office.desk, OCTOBER), seals=None)
    digest = digest_document(write_document(counted))
    root = office.desk.directory.root_agency()
    record_id = office.desk.ledger.append_statistics(root, str(OCTOBER), digest)
    office.execute(
        "INSERT INTO closed_months (agency_id, month, digest, record_id, calendars, mappings, closed_at)"
        " VALUES (%s, '2026-10', %s, %s, %s::jsonb, %s::jsonb, now())",
        root, digest, record_id, json.dumps(counted.calendars), json.dumps(counted.mappings),
    )  # fmt: skip
    for (agency, service, manager), numbers in counted.figures.items():
        office.execute(
            "INSERT INTO month_figures VALUES (%s, '2026-10', %s, %s, %s::jsonb)",
            agency, service, manager, json.dumps(numbers),
        )  # fmt: skip


def test_a_month_closed_without_seals_stays_what_it_was(office: MonthOffice) -> None:
    """It is counted in its own form and holds; a changed figure shows, and what changes none cannot."""
    close_as_before(office)
    closed = load_month(office.desk, OCTOBER)
    assert closed.form == FIGURES_ALONE
    assert digest_document(write_document(as_closed(count_month(office.desk, OCTOBER), closed))) == closed.digest
    office.execute("UPDATE case_events SET at = at + interval '1 microsecond' WHERE name = 'granted'")
    check = check_month(office.desk, OCTOBER)
    assert (check.holds, check.moved) == (True, ())
    office.execute("UPDATE case_events SET staff_id = %s WHERE name = 'granted'", BEN)
    check = check_month(office.desk, OCTOBER)
    assert not check.holds
    assert ("closed", 2, 0) in {(one.figure, one.before, one.after) for one in check.history}


@pytest.mark.parametrize("before", [True, False])
def test_a_leaf_in_the_other_form_is_no_second_story(office: MonthOffice, before: bool) -> None:
    """A closer that was replaced by a newer program, or an older one beside it, leaves a digest that says the same: the month holds."""
    counted = count_month(office.desk, OCTOBER)
    other = counted
    if before:
        close_as_before(office)
    else:
        other = replace(counted, seals=None)
    root = office.desk.directory.root_agency()
    office.desk.ledger.append_statistics(root, str(OCTOBER), digest_document(write_document(other)))
    assert check_month(office.desk, OCTOBER).holds
    office.desk.ledger.append_statistics(root, str(OCTOBER), "0" * 64)
    assert [one.digest for one in check_month(office.desk, OCTOBER).others] == ["0" * 64]


@pytest.mark.parametrize("kind", KINDS)
def test_new_keys_change_nothing(kind: str, clusters: Clusters, tmp_path: Path) -> None:
    """Cells sealed anew under another key, and another look-up key beside the old one: a closed month holds and has the same bytes."""
    cluster, path = clusters.find(kind), tmp_path / "ring.json"
    database = cluster.make()
    with open_sql_office(database, tmp_path) as office:
        office.grant(3)
        office.rate(TUESDAY)
        close_month(office.desk, OCTOBER)
        before = write_document(count_month(office.desk, OCTOBER))
        add_key(path)
        ring: dict[str, Any] = json.loads(path.read_bytes())
        ring["lookup"] = {"current": "0a0b0c0d", "keys": {**ring["lookup"]["keys"], "0a0b0c0d": "ab" * 32}}
        path.write_text(json.dumps(ring), "utf-8")
        assert rotate_cells(database.owner_url, Keyring.load(path), lambda _: None) > 0
        with closing(SqlStore(database.urls["worker"], Keyring.load(path), office.clock, 2)) as store:
            desk = make_desk(office.houses, store, office.clock, office.desk.ledger)
            assert check_month(desk, OCTOBER).holds
            assert write_document(count_month(desk, OCTOBER)) == before
    cluster.drop(database)


def test_an_empty_month_is_closed_with_no_seals(office: MonthOffice) -> None:
    """A month in which nothing happened has a digest over nothing; whatever appears in it later shows."""
    september = OCTOBER.preceding
    close_month(office.desk, september)
    assert check_month(office.desk, september).holds
    office.rate(september.begins_at)
    assert list_moved(require_hidden(check_month(office.desk, september))) == [(date(2026, 9, 1), "ratings", 0, 1)]
