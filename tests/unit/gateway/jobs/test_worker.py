"""The worker on a real queue: work is done, due work is found, and a killed worker's jobs are continued."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from gateway.jobs.worker import KEPT_DAYS, TIDY_LIMIT, WorkDesk, run_worker, sweep_files, tidy_up
from services.errors import StoreUnavailable
from services.model import PaymentState
from services.orders import read_file
from tests.databases import Database
from tests.fake_city import AGENCIES, City, W
from tests.fakes import ROOT
from tests.worker_process import BookBackEnd, make_work_desk

DOCUMENT = {
    "agencies": [
        {"slug": slug, "name": {"zh-CN": slug, "en": slug}, "parent": None if slug == AGENCIES[0] else AGENCIES[0]}
        for slug in AGENCIES
    ],
    "apps": [],
    "merchants": [],
    "back_ends": [],
}


@dataclass
class Site:
    """A city on a real store."""

    city: City
    owner_url: str
    urls: dict[str, str]
    keyring: Path
    ids: dict[str, UUID]

    def state(self, payment_id: UUID) -> PaymentState:
        return read_file(self.city.till, self.ids["demo-gas-office"], payment_id).state


@pytest.fixture(scope="module")
def site(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    ring = tmp_path_factory.mktemp("keys") / "ring.json"
    create_keyring(ring)
    import_accounts(database.owner_url, DOCUMENT)
    with psycopg.connect(database.owner_url) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
    clock = City().clock
    store = SqlStore(database.urls["public"], Keyring.load(ring), clock, 4)
    yield Site(City((store, ids)), database.owner_url, database.urls, ring, ids)
    store.close()


def pay(site: Site, bill_no: str) -> UUID:
    """A payment whose notice has arrived; its write-off waits in the queue."""
    site.city.add_bill(bill_no)
    reply = site.city.pay(site.city.add_citizen(bill_no), bill_no=bill_no, key=bill_no)
    payment = read_file(site.city.till, site.ids["demo-gas-office"], reply.payment_id).payment
    site.city.platforms[W].pay(payment.order_no)
    assert site.city.deliver() == [PaymentState.PAID]
    return reply.payment_id


@contextmanager
def working(desk: WorkDesk) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(desk, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        desk.till.store.close()  # type: ignore[attr-defined]  # the SQL store has a pool
        assert not thread.is_alive()


def wait_for(seen: Callable[[], bool], seconds: float = 25) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def test_the_worker_writes_off_what_was_paid(site: Site, tmp_path: Path) -> None:
    """A job enqueued with the payment is run by the worker's own role."""
    payment_id = pay(site, "G-worker")
    books = BookBackEnd(tmp_path / "books.json")
    with working(make_work_desk(site.urls["worker"], site.keyring, site.ids, books)):
        wait_for(lambda: site.state(payment_id) is PaymentState.WRITTEN_OFF)
    assert len(books.read()) == 1


def test_a_worker_that_loses_the_database_starts_anew(site: Site, tmp_path: Path) -> None:
    """All connections of the worker break: it comes back by itself and does what waits."""
    desk = make_work_desk(site.urls["worker"], site.keyring, site.ids, BookBackEnd(tmp_path / "books.json"))
    with working(desk):
        time.sleep(1)
        with psycopg.connect(site.owner_url) as owner:
            owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guitai_worker'")
        payment_id = pay(site, "G-broken")
        wait_for(lambda: site.state(payment_id) is PaymentState.WRITTEN_OFF)


def test_due_work_becomes_jobs_by_the_clock_port(site: Site, tmp_path: Path) -> None:
    """Work planned for later runs when our own clock says so, whatever the database's clock says."""
    site.city.add_bill("G-due")
    payment_id = site.city.pay(site.city.add_citizen("due"), bill_no="G-due", key="due").payment_id
    desk = make_work_desk(site.urls["worker"], site.keyring, site.ids, BookBackEnd(tmp_path / "books.json"))
    with working(desk):
        time.sleep(1.5)
        assert site.state(payment_id) is PaymentState.AWAITING_PAYMENT
        desk.till.clock.advance(16 * 60)  # type: ignore[attr-defined]  # the fake clock
        wait_for(lambda: site.state(payment_id) is PaymentState.CLOSED)


def test_a_worker_killed_between_payment_and_write_off_is_continued(site: Site, tmp_path: Path) -> None:
    """SIGKILL while the company has taken the write-off and not answered: the next worker finds it; there is exactly one."""
    payment_id = pay(site, "G-killed")
    marker, books = tmp_path / "marker", tmp_path / "books.json"
    arguments = [site.urls["worker"], str(site.keyring), str(marker), str(books), json.dumps(site.ids, default=str)]
    process = subprocess.Popen([sys.executable, "-m", "tests.worker_process", *arguments], cwd=ROOT)
    try:
        wait_for(marker.exists)
    finally:
        process.kill()
        process.wait()
    assert site.state(payment_id) is PaymentState.WRITING_OFF
    with working(make_work_desk(site.urls["worker"], site.keyring, site.ids, BookBackEnd(books))):
        wait_for(lambda: site.state(payment_id) is PaymentState.WRITTEN_OFF)
    assert len(BookBackEnd(books).read()) == 1
    names = [event.name for event in read_file(site.city.till, site.ids["demo-gas-office"], payment_id).events]
    assert names[-2:] == ["write_off_started", "write_off_found"]


def count_rows(site: Site, table: str) -> int:
    with psycopg.connect(site.owner_url) as owner:
        row = owner.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))).fetchone()
    return 0 if row is None else int(row[0])


def test_nothing_is_left_of_what_is_finished(site: Site, tmp_path: Path) -> None:
    """A month after the last payment: no job, no plan, no idempotency key; the bills' claims, payments and events are there."""
    pay(site, "G-month")
    desk = make_work_desk(site.urls["worker"], site.keyring, site.ids, BookBackEnd(tmp_path / "books.json"))
    with working(desk):
        wait_for(lambda: count_rows(site, "procrastinate_jobs") == 0)

        def is_quiet_later() -> bool:
            """Work that is done plans more (an absent order is asked about once more), so time goes on while we wait."""
            desk.till.clock.advance(16 * 60)  # type: ignore[attr-defined]  # the fake clock
            return count_rows(site, "due_work") == 0 and count_rows(site, "procrastinate_jobs") == 0

        wait_for(is_quiet_later)
    kept = [count_rows(site, table) for table in ("payments", "payment_events", "claims")]
    assert count_rows(site, "idempotency_keys") > 0
    later = make_work_desk(site.urls["worker"], site.keyring, site.ids, BookBackEnd(tmp_path / "books.json"))
    later.till.clock.advance(32 * 24 * 3600)  # type: ignore[attr-defined]  # the fake clock
    with working(later):
        wait_for(lambda: count_rows(site, "idempotency_keys") == 0)
    assert count_rows(site, "due_work") == count_rows(site, "procrastinate_jobs") == 0
    payments, events, claims = kept
    assert [count_rows(site, table) for table in ("payments", "payment_events")] == [payments, events]
    with psycopg.connect(site.owner_url) as owner:
        kinds: dict[str, int] = dict(owner.execute("SELECT kind, count(*) FROM claims GROUP BY kind").fetchall())
    assert "notice" not in kinds
    assert kinds["open_order"] > 0
    assert kinds["order_no"] == payments
    assert sum(kinds.values()) < claims


class Housekeeping:
    """Says how much it forgot, batch by batch, or fails."""

    def __init__(self, *batches: int | Exception) -> None:
        self.batches, self.asked = list(batches), list[tuple[datetime, int]]()
        self.drafts: list[tuple[datetime, int]] = []

    def move_due(self, at: datetime, limit: int) -> int:
        return 0

    def extend_months(self) -> int:
        return 0

    def forget_finished(self, until: datetime, limit: int) -> int:
        self.asked.append((until, limit))
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        return batch

    def forget_drafts(self, until: datetime, limit: int) -> int:
        self.drafts.append((until, limit))
        return 0

    def tally_exposures(self) -> bool:
        return False

    def look_into_breaches(self) -> bool:
        return False


def test_forgetting_goes_on_until_a_batch_is_not_full() -> None:
    """Each batch is bounded; what is kept is counted from now by the clock port."""
    work, till = Housekeeping(TIDY_LIMIT, 2 * TIDY_LIMIT, 1), City().till
    asyncio.run(tidy_up(WorkDesk(till, work, lambda: pytest.fail("no queue is needed"))))
    assert work.asked == [(till.clock.now() - timedelta(days=KEPT_DAYS), TIDY_LIMIT)] * 3


def test_forgetting_that_fails_stops_nothing() -> None:
    """Housekeeping is tried again next time; payments go on meanwhile, and so does the rest of it."""
    work = Housekeeping(StoreUnavailable())
    asyncio.run(tidy_up(WorkDesk(City().till, work, lambda: pytest.fail("no queue is needed"))))
    assert (len(work.asked), len(work.drafts)) == (1, 1)


def test_drafts_are_kept_as_long_as_the_settings_say() -> None:
    """Days are counted back from now by the clock port."""
    work, till = Housekeeping(0), City().till
    asyncio.run(tidy_up(WorkDesk(till, work, lambda: pytest.fail("no queue is needed"), draft_days=7)))
    assert work.drafts == [(till.clock.now() - timedelta(days=7), TIDY_LIMIT)]


def test_a_file_store_that_is_away_stops_nothing() -> None:
    """Files that nobody needs are removed next time."""

    def fail() -> int:
        raise StoreUnavailable

    for sweeping in (fail, lambda: 3):
        desk = WorkDesk(City().till, Housekeeping(), lambda: pytest.fail("no queue is needed"), sweep_files=sweeping)
        asyncio.run(sweep_files(desk))
