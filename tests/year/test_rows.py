"""What the year writes many at a time is what the stores write one by one, and a day's plan at its end is a plan after every event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.alert_facts import plan_facts
from services.alert_plan import plan_alerts
from services.case_file import CaseFile
from tests.databases import Cluster, Database
from tests.fakes import FakeClock
from tests.year.books import Piece, read_files
from tests.year.calendars import DAY, FIRST_DAY, LAST_DAY, load_calendars, moment_on
from tests.year.city import make_services
from tests.year.office import NOTICE_AT
from tests.year.place import Place, furnish, list_agencies
from tests.year.rows import stage_plans
from tests.year.shard import Share, live_day, make_office
from tests.year.sweeps import Sweeps

CASES, SEED, PERCENT = 60, 11, 75
TOLD = "SELECT case_id, agency_id, lead_agency_id, case_no, clock, rung, due_at, service, staff_id FROM alerts"
PLAIN = (
    "SELECT agency_id, case_id, service, case_no, channel, app, person_id, login_id, mandate_id, opened_by, agent_cipher,"
    " length(name_hash), chain_cipher FROM cases"
)


@contextmanager
def make_place(cluster: Cluster, folder: Path) -> Iterator[tuple[Place, Database]]:
    """The year's agencies and staff in a database of the tests."""
    database = cluster.make()
    place = Place(folder, database.owner_url, database.urls)
    create_keyring(place.ring)
    furnish(database.owner_url)
    yield place, database
    cluster.drop(database)


def live_by_days(place: Place) -> list[CaseFile]:
    """The year as ``make year`` writes it: each day at once, then the sweeper at 00:00; gives what was written."""
    office, ring = make_office(Share(CASES, SEED, PERCENT, place.owner_url, place.ring, 0, 1)), Keyring.load(place.ring)
    on = FIRST_DAY
    with psycopg.connect(place.owner_url, autocommit=True) as connection, Sweeps(place) as sweeps:
        stage_plans(connection)
        sweeps.put_in_force(load_calendars()[0], moment_on(FIRST_DAY, 0))
        while not office.is_done or sweeps.count_planned():
            live_day(office, on, connection, ring)
            on += DAY
            sweeps.sweep(moment_on(on, 0))
    return list(read_files(Piece(place.owner_url, place.ring, place.folder, FIRST_DAY, LAST_DAY)))


def live_one_by_one(place: Place, files: list[CaseFile]) -> None:
    """The same events in the order in which they happened, each in a transaction of its own with the stores' own writers."""
    terms, agencies = {one.mapping.id: one.terms for one in make_services()}, list_agencies()
    events = sorted((event.at, event.case_id, event.version) for file in files for event in file.events)
    by_id = {file.case.case_id: file for file in files}
    swept = moment_on(FIRST_DAY, 0)
    store = SqlStore(place.owner_url, Keyring.load(place.ring), FakeClock(), 1)
    with closing(store), Sweeps(place) as sweeps:
        sweeps.put_in_force(load_calendars()[0], swept)
        for at, case_id, version in events:
            swept = _sweep_until(sweeps, swept, at)
            file = CaseFile(by_id[case_id].case, by_id[case_id].events[:version])
            with store.begin(tuple(agencies.values())) as tx:
                if version == 1:
                    tx.cases.open(file.case, file.events[0], [])
                else:
                    tx.cases.append(file.case.agency_id, file.events[-1], [])
                calendar = load_calendars()[at >= NOTICE_AT]
                timed = plan_alerts(file, terms[file.case.service], calendar, agencies.__getitem__, PERCENT)
                tx.alerts.replan(case_id, (*timed, *plan_facts(file, ())), at)
        _sweep_until(sweeps, swept, swept + DAY * 5)


def _sweep_until(sweeps: Sweeps, swept: datetime, moment: datetime) -> datetime:
    """A sweep at each 00:00 till a moment."""
    while swept + DAY <= moment:
        swept += DAY
        sweeps.sweep(swept)
    return swept


@pytest.fixture(scope="module")
def both(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place]]:
    """The same year written in both ways."""
    folders = [tmp_path_factory.mktemp(name) for name in ("days", "events")]
    with make_place(cluster, folders[0]) as (by_days, _), make_place(cluster, folders[1]) as (one_by_one, _):
        files = live_by_days(by_days)
        live_one_by_one(one_by_one, files)
        yield by_days, one_by_one


def read(place: Place, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(place.owner_url) as owner:
        return sorted(owner.execute(query).fetchall(), key=repr)


def test_the_alerts_are_the_same(both: tuple[Place, Place]) -> None:
    """Each alert with its clock, rung, moment, agency and holder; nothing else is planned or told."""
    by_days, one_by_one = (read(place, TOLD) for place in both)
    assert by_days == one_by_one
    assert len(by_days) > CASES // 3
    assert [read(place, "SELECT * FROM planned_alerts") for place in both] == [[], []]


def test_the_cases_are_the_same(both: tuple[Place, Place]) -> None:
    """Cases and events, decrypted by the store's own reader, and every column that is not encrypted or hashed under a key."""
    by_days, one_by_one = (
        list(read_files(Piece(place.owner_url, place.ring, place.folder, FIRST_DAY, LAST_DAY))) for place in both
    )
    assert by_days == one_by_one
    assert len(by_days) == CASES
    first, second = (read(place, PLAIN) for place in both)
    assert first == second
