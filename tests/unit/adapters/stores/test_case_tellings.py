"""Telling people on real PostgreSQL, each process under its own role: eight workers at once, and one that is killed by SIGKILL."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters.stores.connection import StoreFault
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.case_notices import NoticeLine, list_lines
from services.case_record import NoticeAttempt
from services.case_telling import tell_case
from services.case_views import view_case
from services.model import PlatformName
from services.notice_people import find_recipients
from tests.case_samples import MORNING
from tests.case_teller_process import make_teller
from tests.case_worker_process import make_applicants
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database
from tests.fake_applicants import Counter
from tests.fake_platform import FakePlatform
from tests.fakes import FakeClock

ROOT = Path(__file__).resolve().parents[4]
AT_ONCE = 8


@dataclass
class Site:
    """Citizens under the public role, a worker under its own."""

    houses: Houses
    citizens: Counter
    worker: Counter
    worker_url: str
    keyring: Path
    ids: dict[str, UUID]

    @property
    def platform(self) -> FakePlatform:
        found = self.worker.workshop.platforms[PlatformName.WECHAT]
        assert isinstance(found, FakePlatform)
        return found

    def open(self, *, received: bool = False) -> UUID:
        """A case that ended, of which nobody has been told yet; ``received``: but for its receipt."""
        case_id = self.citizens.open(promises=[], delivery="electronic")
        if received:
            self.tell(case_id)
        self.worker.move(case_id, "not_accepted", reason="r", ground="g", legal_ground="l")
        return case_id

    def tell(self, case_id: UUID) -> None:
        tell_case(self.worker.workshop, self.worker.agency, case_id, str(uuid4()))

    def line(self, case_id: UUID) -> NoticeLine:
        return list_lines(self.worker.file(case_id))[-1]


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One keyring for all stores of the module."""
    path = tmp_path_factory.mktemp("keys") / "ring.json"
    create_keyring(path)
    return path


@pytest.fixture(scope="module")
def houses(database: Database, keyring: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores under each role."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house"), Keyring.load(keyring)) as made:
        yield made


@pytest.fixture
def site(database: Database, keyring: Path, houses: Houses) -> Iterator[Site]:
    ids, ring = {"demo-city": houses.city, "demo-office": houses.gas}, Keyring.load(keyring)
    public = SqlStore(database.urls["public"], ring, FakeClock(MORNING), 2)
    worker = SqlStore(database.urls["worker"], ring, FakeClock(MORNING), AT_ONCE + 2)
    with closing(public), closing(worker):
        citizens = make_applicants(public, ids)
        yield Site(houses, citizens, make_teller(worker, ids), database.urls["worker"], keyring, ids)


def test_eight_workers_at_once_send_one_message_for_each_notice(site: Site) -> None:
    """Two notices, two messages, each with one attempt; the versions of the case have no gap."""
    case_id = site.open()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(site.tell, [case_id] * AT_ONCE))
    assert len(site.platform.messages) == 2
    lines = list_lines(site.worker.file(case_id))
    assert [[(one.rung, one.outcome) for one in line.attempts] for line in lines] == [[("platform", "sent")]] * 2
    versions = [event.version for event in site.worker.file(case_id).events]
    assert versions == list(range(1, len(versions) + 1))


def test_a_worker_killed_at_the_platform(site: Site, tmp_path: Path) -> None:
    """SIGKILL between claim and outcome: nothing of its kind is sent again, and the text message follows."""
    case_id, marker = site.open(received=True), tmp_path / "marker"
    arguments = [site.worker_url, str(site.keyring), str(marker), json.dumps(site.ids, default=str), str(case_id)]
    process = subprocess.Popen([sys.executable, "-m", "tests.case_teller_process", *arguments], cwd=ROOT)
    try:
        until = time.monotonic() + 40
        while not marker.exists():
            assert time.monotonic() < until, "it did not begin"
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    with site.houses.worker.begin((site.houses.gas,)) as tx:
        assert [row.outcome for row in tx.notices.list_of(case_id)][2:] == ["claimed"]
    site.tell(case_id)
    site.worker.clock.advance(timedelta(minutes=3).total_seconds())
    site.tell(case_id)
    attempts = [(one.rung, one.outcome) for one in site.line(case_id).attempts]
    assert attempts == [("platform", "unknown"), ("sms", "sent")]
    assert (len(site.platform.messages), len(site.worker.texts.sent)) == (1, 1)


def test_reading_under_the_public_role_ends_the_ladder(site: Site) -> None:
    """The applicant's process writes the event, and may not write an attempt; the worker finds nothing more to do."""
    case_id = site.open()
    view = view_case(site.citizens.door, site.citizens.wang, case_id)
    assert [line.overdue for line in view.notices] == [False, False]
    delivery = site.line(case_id).delivery
    assert delivery is not None
    assert delivery.rung == "read"
    row = NoticeAttempt(case_id, site.houses.gas, "2:x", "read", 1, "delivered", MORNING)
    with pytest.raises(StoreFault), site.houses.public.begin((site.houses.gas,)) as tx:
        tx.notices.add(row)
    site.tell(case_id)
    assert len(site.platform.messages) == 1


def test_the_worker_finds_the_account_of_whoever_came_to_the_window(site: Site) -> None:
    """By their number, under its own role: accounts, log-ins and mandates can be read there."""
    case = site.worker.file(site.open()).case
    walk_in = replace(case, person_id=None, login_id=None, mandate_id=uuid4(), channel=PlatformName.WINDOW)
    with site.houses.worker.begin(site.houses.all) as tx:
        found = find_recipients(tx, walk_in, MORNING)  # type: ignore[arg-type] # the worker's store has the accounts too
    assert str(site.citizens.wang.login_id) in found.logins
    assert list(found.phones.values()) == ["13800138001"]
