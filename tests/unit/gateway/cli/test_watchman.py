"""The watchman as a process: a killed worker, a stuck sweeper, a store that is away, a calendar that ends; over real SMTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from adapters.clock import SharedClock
from adapters.sandbox.mail_server import MailServer
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import create_keyring
from gateway.launch.calendar import seed_shipped_calendar
from tests.databases import Database
from tests.fakes import ROOT

BOX, PASSWORD = "duty@city.example.gov.cn", "geheim-and-long"
ACCOUNTS = {
    "agencies": [
        {"slug": "city", "name": {"zh-CN": "市", "en": "City"}, "supervision_mail": [BOX]},
        {
            "slug": "gas",
            "name": {"zh-CN": "气", "en": "Gas"},
            "parent": "city",
            "supervision_mail": ["gas@gas.example"],
        },
    ]
}
BEGIN = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
LOOK_SECONDS = 0.5


@dataclass
class Town:
    """A store with accounts and a calendar, a mail server, a shared clock, and the processes of a test."""

    database: Database
    folder: Path
    clock: SharedClock
    letters: list[dict[str, Any]] = field(default_factory=list)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    server: MailServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = MailServer(self.letters.append, user="counter", password=PASSWORD)
        self.server.start()

    @property
    def settings(self) -> dict[str, str]:
        return {
            "GUITAI_ENVIRONMENT": "test",
            "GUITAI_DATABASE_URL": self.database.urls["watch"],
            "GUITAI_CLOCK_FILE": str(self.folder / "clock.json"),
            "GUITAI_SMTP_URL": f"smtp://counter@127.0.0.1:{self.server.port}",
            "GUITAI_SMTP_PASSWORD": PASSWORD,
            "GUITAI_MAIL_FROM": "counter@example.gov.cn",
            "GUITAI_WATCH_DIARY": str(self.folder / "watchman.json"),
            "GUITAI_WATCH_SECONDS": str(LOOK_SECONDS),
            "GUITAI_SWEEP_LATE_MINUTES": "1",
        }

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        """A Python process with nothing but its settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GUITAI_")}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=kept | settings, stdout=log, stderr=subprocess.STDOUT
            )
        self.running.append(process)
        return process

    def start_watchman(self, **changes: str) -> subprocess.Popen[bytes]:
        return self.start("-m", "gateway", "watchman", **self.settings | changes)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A real worker; returns when it has swept anew."""
        before = self.last_sweep()
        arguments = (self.database.urls["worker"], str(self.folder / "ring.json"), str(self.folder / "clock.json"))
        worker = self.start("-m", "tests.sweep_process", *arguments)
        wait_for(lambda: self.last_sweep() != before)
        return worker

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def change(self, statement: str) -> list[tuple[Any, ...]]:
        """What an operator, or an accident, does to the store."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as owner:
            done = owner.execute(statement.encode())
            return done.fetchall() if done.description else []

    def last_sweep(self) -> object:
        return self.change("SELECT ran_at FROM alert_sweeps")

    @property
    def subjects(self) -> list[str]:
        return [letter["subject"].partition(" / ")[0] for letter in self.letters]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")


def wait_for(seen: Callable[[], object], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def stay_quiet(town: Town, looks: int = 6) -> None:
    """No further letter while so many looks pass."""
    before = len(town.letters)
    time.sleep(looks * LOOK_SECONDS)
    assert town.subjects[before:] == []


@pytest.fixture(scope="module")
def accounts(database: Database) -> Database:
    import_accounts(database.owner_url, ACCOUNTS)
    return database


@pytest.fixture
def town(accounts: Database, tmp_path: Path) -> Iterator[Town]:
    clock = SharedClock(tmp_path / "clock.json")
    clock.set_to(BEGIN)
    create_keyring(tmp_path / "ring.json")
    made = Town(accounts, tmp_path, clock)
    seed_shipped_calendar(accounts.owner_url, clock)
    made.change("DELETE FROM alert_sweeps")
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
        process.wait()
    made.server.stop()


def test_a_killed_worker_is_told_once_and_its_return_once(town: Town) -> None:
    """Not while it lives, even when the clock jumps an hour; once when it is dead, also over a restart; and when it is back."""
    worker, watchman = town.start_worker(), town.start_watchman()
    town.clock.advance(3600)
    stay_quiet(town)
    town.kill(worker)
    town.clock.advance(120)
    wait_for(lambda: town.letters)
    assert town.subjects == ["【值守告警】预警扫描已停止"]
    assert town.letters[0]["recipients"] == [BOX]
    stay_quiet(town)
    town.kill(watchman)
    town.start_watchman()
    stay_quiet(town, 10)
    town.start_worker()
    wait_for(lambda: len(town.letters) == 2)
    assert town.subjects[1] == "【值守恢复】预警扫描已停止：已恢复"
    assert dict(town.letters[1]["headers"])["References"] == town.letters[0]["message_id"]
    stay_quiet(town)


def test_a_worker_that_lives_and_cannot_sweep_is_told(town: Town) -> None:
    """What counts is the sweep that was noted, not a process that runs."""
    worker = town.start_worker()
    town.start_watchman()
    town.change("REVOKE INSERT, UPDATE ON alert_sweeps FROM guitai_worker")
    try:
        town.clock.advance(120)
        wait_for(lambda: town.letters)
    finally:
        town.change("GRANT INSERT, UPDATE ON alert_sweeps TO guitai_worker")
    assert worker.poll() is None
    wait_for(lambda: len(town.letters) == 2)
    assert town.subjects == ["【值守告警】预警扫描已停止", "【值守恢复】预警扫描已停止：已恢复"]


def test_a_store_that_is_away_is_told_to_the_last_known_mailbox(town: Town) -> None:
    """The watchman needs the store for nothing once it has looked at it; and tells when it is back."""
    town.start_worker()
    town.start_watchman()
    wait_for(lambda: BOX in read_diary(town))
    town.change("ALTER ROLE guitai_watch NOLOGIN")
    try:
        town.change("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guitai_watch'")
        wait_for(lambda: town.letters)
    finally:
        town.change("ALTER ROLE guitai_watch LOGIN")
    assert town.letters[0]["recipients"] == [BOX]
    wait_for(lambda: len(town.letters) == 2)
    assert town.subjects == ["【值守告警】政务库无法访问", "【值守恢复】政务库无法访问：已恢复"]


def read_diary(town: Town) -> str:
    file = town.folder / "watchman.json"
    return file.read_text("utf-8") if file.exists() else ""


def test_the_end_of_the_calendar_is_told_before_it_comes(town: Town) -> None:
    """The shipped calendar reaches till the end of 2026: on 1 December there is still no notice for the year after."""
    town.clock.set_to(datetime(2026, 12, 1, 2, 0, tzinfo=UTC))
    town.start_worker()
    town.start_watchman()
    wait_for(lambda: town.letters)
    assert town.subjects == ["【值守告警】工作日历即将到期或已到期"]
    assert "截至 2026-12-31" in town.letters[0]["text"]
    stay_quiet(town)


def test_a_mail_server_that_hangs_or_dies_delays_and_loses_nothing(town: Town) -> None:
    """The letter comes when the server is itself again, under one name however often it arrives; no log has the password."""
    town.server.faults.arrange("busy", 2)
    town.server.faults.arrange("died")
    town.start_watchman()
    wait_for(lambda: len(town.letters) == 2)
    assert town.server.faults.met == ["busy", "busy", "died"]
    assert town.letters[0]["raw"].replace(date_of(town.letters[0]), "") == town.letters[1]["raw"].replace(
        date_of(town.letters[1]), ""
    )
    stay_quiet(town)
    assert PASSWORD not in town.log
    assert BOX not in town.log
    assert "mail_outcome_unknown" in town.log


def date_of(letter: dict[str, Any]) -> str:
    return str(dict(letter["headers"])["Date"])


def test_one_watchman_to_a_diary_and_none_without_mail(town: Town) -> None:
    """A second one would tell everything twice, and one that can tell nobody must not look as if it could."""
    town.start_watchman()
    wait_for((town.folder / "watchman.json.lock").exists)
    assert town.start_watchman().wait(30) == 1
    quiet = {name: value for name, value in town.settings.items() if "SMTP" not in name and "MAIL" not in name}
    assert town.start("-m", "gateway", "watchman", **quiet).wait(30) == 1
    assert "another watchman has this diary" in town.log
    assert "GUITAI_SMTP_URL" in town.log


def test_one_look_says_it_by_its_status(town: Town) -> None:
    """For a monitor of one's own: 1 with a line for each trouble, 0 when all is well; no letter is sent."""
    assert town.start("-m", "gateway", "watchman", "--once", **town.settings).wait(30) == 1
    assert "预警扫描从未运行 / Alerts have never been swept" in town.log
    town.start_worker()
    assert town.start("-m", "gateway", "watchman", "--once", **town.settings).wait(30) == 0
    assert town.letters == []


def test_the_watchman_sees_two_signs_and_nothing_of_any_case(town: Town) -> None:
    """Its role reads neither cases nor alerts nor staff, writes nothing, and puts no job into a queue."""
    with psycopg.connect(town.database.urls["watch"], autocommit=True) as watch:
        for table in ("cases", "alerts", "desk_lines", "staff", "persons", "alert_mails", "procrastinate_jobs"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                watch.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        for statement in (
            "INSERT INTO alert_sweeps VALUES (true, '2026-01-01', '2026-01-01', 0, 0)",
            "DELETE FROM supervision_mailboxes",
            "SELECT guitai_enqueue('mail_alert', gen_random_uuid(), gen_random_uuid())",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                watch.execute(statement)
        assert watch.execute("SELECT guitai_has_provisional()").fetchall() == [(False,)]
