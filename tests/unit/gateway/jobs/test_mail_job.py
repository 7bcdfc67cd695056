"""From an alert that falls due to a letter in a mailbox: the real worker, its own role, its queue, and real SMTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.ids import make_id
from adapters.mail import SmtpMail
from adapters.queue import make_queue_app
from adapters.sandbox.mail_server import MailServer
from adapters.stores.directory import SqlDirectory, import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from config.mail_place import MailPlace
from gateway.jobs.worker import WorkDesk, run_worker
from services.alert_mail import MailRoom, ask_mail
from services.alert_sweep import SweepDesk
from services.model import Language
from tests.contract.samples import ACCOUNTS, NOW
from tests.databases import Database
from tests.fake_city import City
from tests.fakes import FakeClock

BOX = "supervision@city.example.gov.cn"


def wait_for(seen: Callable[[], object], seconds: float = 25) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def letters() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def server(letters: list[dict[str, Any]]) -> Iterator[MailServer]:
    made = MailServer(letters.append)
    made.start()
    yield made
    made.stop()


@contextmanager
def working(database: Database, ring: Path, server: MailServer, clock: FakeClock) -> Iterator[None]:
    """A worker that sweeps and mails."""
    store = SqlStore(database.urls["worker"], Keyring.load(ring), clock, 6)
    directory, mail = (
        SqlDirectory(store.engine, clock),
        SmtpMail(MailPlace("127.0.0.1", server.port, "plain"), "a@b.cn"),
    )
    title = {Language.ZH_CN: "设立登记", Language.EN: "Registration"}

    def new_id() -> UUID:
        return make_id(clock.now())

    desk = WorkDesk(
        replace(City().till, store=store, clock=clock),
        store,
        lambda: make_queue_app(database.urls["worker"]),
        mails=MailRoom(store, directory, clock, new_id, lambda _: title, mail),
        alerts=SweepDesk(store, directory, clock, new_id, lambda _: None, also_tell=ask_mail),
        alert_seconds=0.2,
    )
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(desk, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        store.close()
        assert not thread.is_alive()


def plan_alerts(database: Database, count: int) -> None:
    """So many red alerts of the gas office that are due now."""
    with psycopg.connect(database.owner_url) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
        gas = ids["gas"]
        for _ in range(count):
            row = [gas, uuid4(), gas, NOW]
            owner.execute(
                "INSERT INTO planned_alerts VALUES (%s, %s, 'promised', 'red', %s, %s, 'company', '110101000012345', NULL)",
                row,
            )


def read_mails(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute("SELECT state, tries, left_to FROM alert_mails ORDER BY made_at").fetchall()


def test_what_falls_due_is_in_the_mailbox(
    database: Database, tmp_path: Path, server: MailServer, letters: list[dict[str, Any]]
) -> None:
    """Told, mailed once, tried again while the server is busy; what comes within five minutes is the next mail."""
    boxes = [
        entry | {"supervision_mail": [BOX]} if entry["slug"] == "city" else entry for entry in ACCOUNTS["agencies"]
    ]
    import_accounts(database.owner_url, {**ACCOUNTS, "agencies": boxes})
    create_keyring(tmp_path / "ring.json")
    clock = FakeClock(NOW + timedelta(seconds=1))
    server.faults.arrange("busy")
    plan_alerts(database, 1)
    with working(database, tmp_path / "ring.json", server, clock):
        wait_for(lambda: server.faults.met)
        wait_for(lambda: read_mails(database)[0][2:] == ([BOX],))
        clock.advance(61)
        wait_for(lambda: letters)
        assert (letters[0]["recipients"], letters[0]["subject"].partition(" / ")[0]) == (
            [BOX],
            "【红色预警】设立登记 尾号 2345",
        )
        wait_for(lambda: read_mails(database) == [("sent", 2, [])])
        plan_alerts(database, 3)
        time.sleep(2)
        assert len(letters) == 1
        clock.advance(300)
        wait_for(lambda: len(letters) > 1)
        assert letters[1]["subject"].startswith("【督查预警】共 3 条：红色预警 3")
        wait_for(lambda: [row[0] for row in read_mails(database)] == ["sent", "sent"])
