"""Cases on a real queue: the worker works on them, and one that is killed before the certificate is continued."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from gateway.jobs.worker import WorkDesk, run_worker
from services.case_record import CaseState
from tests.case_samples import MORNING
from tests.case_worker_process import make_applicants, make_work_desk
from tests.contract.case_houses import open_sql_houses
from tests.databases import Database
from tests.fake_applicants import Counter, FakePrinter
from tests.fakes import FakeClock, FakeDirectory

ROOT = Path(__file__).resolve().parents[4]


@dataclass
class Site:
    """A counter on a real store: citizens under the public role, staff under the console's; and what a worker needs."""

    counter: Counter
    staff: Counter
    owner_url: str
    worker_url: str
    keyring: Path
    ids: dict[str, UUID]

    def grant(self) -> UUID:
        """A case that a clerk has granted; its job waits in the queue."""
        case_id = self.counter.open(promises=[], delivery="electronic")
        self.staff.move(case_id, "accepted", on="2026-11-02")
        self.staff.move(case_id, "granted", on="2026-11-03", by="clerk", reasons=["x"], legal_ground="x")
        return case_id


@pytest.fixture(scope="module")
def site(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("keys")
    create_keyring(folder / "ring.json")
    ring = Keyring.load(folder / "ring.json")
    with (
        open_sql_houses(database, tmp_path_factory.mktemp("house"), ring) as houses,
        closing(SqlStore(database.urls["public"], ring, FakeClock(MORNING), 4)) as store,
    ):
        ids = {"demo-city": houses.city, "demo-office": houses.gas}
        staff = Counter(house=houses.console, directory=FakeDirectory(ids), citizen=False, steps=(), materials={})
        counter = make_applicants(store, ids)
        yield Site(counter, staff, database.owner_url, database.urls["worker"], folder / "ring.json", ids)


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


def wait_for(seen: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def test_the_worker_makes_the_documents_of_a_case(site: Site) -> None:
    """Jobs enqueued with the events are run by the worker's own role, which writes events, lines and files."""
    case_id = site.grant()
    with working(make_work_desk(site.worker_url, site.keyring, site.ids, FakePrinter())):
        wait_for(lambda: site.counter.file(case_id).state is CaseState.ISSUED)
    names = site.counter.names(case_id)
    assert (names.count("document_made"), names.count("certificate_issued")) == (2, 1)


def test_a_worker_killed_between_decision_and_certificate_leaves_exactly_one(site: Site, tmp_path: Path) -> None:
    """SIGKILL while the certificate is at the printer: the next worker makes it, once, under the number that it had."""
    case_id, marker = site.grant(), tmp_path / "marker"
    arguments = [site.worker_url, str(site.keyring), str(marker), json.dumps(site.ids, default=str)]
    process = subprocess.Popen([sys.executable, "-m", "tests.case_worker_process", *arguments], cwd=ROOT)
    try:
        wait_for(marker.exists)
    finally:
        process.kill()
        process.wait()
    assert site.counter.file(case_id).state is CaseState.GRANTED
    printer = FakePrinter()
    with working(make_work_desk(site.worker_url, site.keyring, site.ids, printer)):
        wait_for(lambda: site.counter.file(case_id).state is CaseState.ISSUED)
    file = site.counter.file(case_id)
    names = [event.name for event in file.events]
    assert (names.count("certificate_issued"), names.count("granted"), names.count("document_made")) == (1, 1, 2)
    issued = file.last("certificate_issued")
    assert issued is not None
    assert issued.data["number"] == f"SYXK{file.case.case_no}"
    assert [letter.number for letter in printer.letters if letter.kind == "certificate"] == [issued.data["number"]]
    with psycopg.connect(site.owner_url) as owner:
        kept = owner.execute("SELECT file_id FROM stored_files WHERE owner = %s", [case_id]).fetchall()
    assert str(issued.data["file_id"]) in {str(row[0]) for row in kept}
    assert len(kept) == 3
