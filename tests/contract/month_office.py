"""An office whose months are counted: on each PostgreSQL under the worker's role, and on the fake; with whoever may change history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from adapters.calendar_seed import load_shipped_calendar
from adapters.ids import make_id
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from services.calendar_record import Calendar
from services.case_ports import CaseHouse
from services.case_record import Case, CaseEvent, CaseState, Complaint, ComplaintEvent, ComplaintState, Hand, Rating
from services.catalogue import Catalogue
from services.model import PlatformName
from services.months import Month
from services.statistics import StatisticsDesk
from tests.case_samples import LICENSING, make_case, make_case_event, make_case_mapping, make_line
from tests.contract.case_houses import Houses, make_fake_houses, open_sql_houses
from tests.databases import Clusters, Database
from tests.fake_cases import NO_WORDS, FakeCaseHouse
from tests.fake_months import FakeStatisticsLedger
from tests.fakes import FakeClock, FakeDirectory

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
TUESDAY = datetime(2026, 10, 13, 2, 0, tzinfo=UTC)
"""10:00 in Beijing; no holiday is near."""
ANN, BEN = UUID(int=11), UUID(int=12)
CITY = "demo-city"


@dataclass
class MonthOffice:
    """Houses, the desk that counts, its clock; ``database`` is None on the fake."""

    houses: Houses
    desk: StatisticsDesk
    clock: FakeClock
    database: Database | None

    def live(
        self, *moves: tuple[float, str, CaseState, UUID | None], agency_id: UUID | None = None, **changes: Any
    ) -> Case:
        """A case received on that Tuesday, and what happened so many days later."""
        case = make_case(agency_id or self.houses.gas, TUESDAY, received_at=TUESDAY, **changes)
        event = make_case_event(case, at=TUESDAY)
        with self.houses.public.begin(self.houses.all) as tx:
            tx.cases.open(case, event, [make_line(case, event)])
        for version, (days, name, state, staff_id) in enumerate(moves, 2):
            at = TUESDAY + timedelta(days=days, seconds=version)
            told = {"on": (at + timedelta(hours=8)).date().isoformat()}
            self.add(case, CaseEvent(case.case_id, version, name, state, Hand.CLERK, at, staff_id, told))
        return case

    def add(self, case: Case, event: CaseEvent) -> None:
        """One more event."""
        with self.houses.console.begin(self.houses.all) as tx:
            tx.cases.append(case.agency_id, event, [make_line(case, event)])

    def grant(self, days: float = 5, staff_id: UUID = ANN, **changes: Any) -> Case:
        """A case that was accepted at once, held by somebody and granted by them."""
        return self.live(
            (0, "accepted", CaseState.ACCEPTED, staff_id), (0, "claimed", CaseState.ACCEPTED, staff_id),
            (days, "granted", CaseState.GRANTED, staff_id), **changes,
        )  # fmt: skip

    def rate(self, at: datetime, level: int = 5, staff_id: UUID = ANN) -> Rating:
        """A rating of somebody."""
        rating = Rating(
            make_id(at), self.houses.gas, "case", uuid4(), LICENSING, PlatformName.WECHAT, level, (), "好", uuid4(), staff_id, at
        )  # fmt: skip
        with self.houses.public.begin(self.houses.all) as tx:
            tx.ratings.rate(rating)
        return rating

    def complain(self, at: datetime, kind: str = "complaint", rating: Rating | None = None) -> Complaint:
        """A complaint against Ann and Ben, or the follow-up of a bad rating."""
        complaint = Complaint(
            make_id(at), self.houses.gas, kind, "case", uuid4(), LICENSING, "1", PlatformName.WECHAT, uuid4(), (ANN, BEN),
            rating.rating_id if rating else None, "慢", at, TUESDAY.date(),
        )  # fmt: skip
        with self.houses.public.begin(self.houses.all) as tx:
            tx.ratings.file_complaint(
                complaint, ComplaintEvent(complaint.complaint_id, 1, "filed", ComplaintState.OPEN, at)
            )
        return complaint

    def dismiss(self, complaint: Complaint, at: datetime) -> None:
        """It was found mistaken or malicious."""
        event = ComplaintEvent(complaint.complaint_id, 2, "dismissed", ComplaintState.DISMISSED, at, BEN)
        with self.houses.console.begin(self.houses.all) as tx:
            tx.ratings.append(complaint.agency_id, event)

    def read(self, figures: Any, manager: UUID | None, *names: str) -> tuple[int, ...]:
        """Some figures of one account at the gas company."""
        return tuple(figures.get((self.houses.gas, LICENSING, manager), {}).get(name, 0) for name in names)

    def execute(self, statement: str, *values: Any) -> list[Any]:
        """As the superuser, who may change everything."""
        assert self.database is not None
        with psycopg.connect(self.database.owner_url, autocommit=True) as owner:
            done = owner.execute(statement.encode(), values)
            return done.fetchall() if done.description else []


def make_desk(houses: Houses, house: CaseHouse, clock: FakeClock, ledger: Any) -> StatisticsDesk:
    """A desk over these houses with the one service of tests."""
    mapping = make_case_mapping()
    directory = FakeDirectory({CITY: houses.city, "gas": houses.gas, "water": houses.water})
    return StatisticsDesk(house, Catalogue({mapping.id: mapping}, {}, NO_WORDS), directory, clock, ledger)


def add_calendar(database: Database, folder: Path, calendar: Calendar, at: datetime) -> None:
    """What the owner does when a notice arrives."""
    store = SqlStore(database.owner_url, Keyring.load(folder / "ring.json"), FakeClock(at))
    with closing(store), store.begin(()) as tx:
        tx.calendars.add(calendar, "notice", at)


@contextmanager
def open_sql_office(database: Database, folder: Path) -> Iterator[MonthOffice]:
    """On PostgreSQL. The calendar came into force before the month."""
    clock = FakeClock(NOVEMBER.begins_at + timedelta(days=1))
    with open_sql_houses(database, folder) as houses:
        add_calendar(database, folder, load_shipped_calendar(), datetime(2025, 11, 4, tzinfo=UTC))
        log = SqlExposureLog(database.urls["worker"], clock)
        yield MonthOffice(houses, make_desk(houses, houses.worker, clock, log), clock, database)
        log.close()


@contextmanager
def open_office(kind: str, clusters: Clusters, folder: Path) -> Iterator[MonthOffice]:
    """A fresh one on a kind of PostgreSQL, or on the ``fake``."""
    if kind == "fake":
        yield make_fake_office()
        return
    cluster = clusters.find(kind)
    database = cluster.make()
    with open_sql_office(database, folder) as made:
        yield made
    cluster.drop(database)


def make_fake_office() -> MonthOffice:
    """On the fake."""
    houses, clock = make_fake_houses(), FakeClock(NOVEMBER.begins_at + timedelta(days=1))
    house = houses.worker
    assert isinstance(house, FakeCaseHouse)
    ledger = FakeStatisticsLedger(clock)
    ledger.join(house.tables.counter)
    return MonthOffice(houses, make_desk(houses, house, clock, ledger), clock, None)


@contextmanager
def put_back(office: MonthOffice) -> Iterator[None]:
    """Afterwards everything that a month is counted from and closed with is as it was."""
    tables = (
        "cases", "case_events", "ratings", "complaints", "complaint_events", "closed_months", "month_figures", "month_seals",
        "exposure_records", "exposure_publications", "exposure_pending",
    )  # fmt: skip
    assert office.database is not None
    kept = {table: office.execute(f"SELECT row_to_json(t)::text FROM {table} t") for table in tables}  # noqa: S608 - ours
    yield
    with psycopg.connect(office.database.owner_url) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in tables:
            into = f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s::json)"  # noqa: S608 - ours
            owner.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - ours
            for (row,) in kept[table]:
                owner.execute(into.encode(), [row])


def open_again(office: MonthOffice) -> None:
    """As if no month had ever been closed; the ledger stays as it is."""
    for table in ("month_figures", "month_seals", "closed_months"):
        office.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
