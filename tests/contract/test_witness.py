"""Ledger and witness over real sockets: a restored backup is a fork until two people declare it."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from adapters.clock import SystemClock
from adapters.ed25519 import verify_ed25519, write_signer
from adapters.embedded import RunningPostgres, start_postgres
from adapters.stores.cosignatures import SqlHeads
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_verify import Checking, verify
from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.provision import provision_roles
from adapters.stores.published_checkpoint import read_published
from adapters.stores.restores import list_restores, list_unplaced
from adapters.stores.sequencer import SqlSequencer
from adapters.witness_line import HttpWitness
from gateway.cli import main
from services.cosigning import Cosigning, Standing
from services.witness_protocol import MAX_REQUEST
from tests.contract.test_ledger import make_exposure
from tests.databases import DEBIAN, DEFAULT_KIND, Clusters
from tests.paper_log import LOG, OTHER_LOG, WITNESS, PaperLog
from tests.plugin_packages import find_debian_postgres

PEOPLE = (("supervision", "lei.example", 4), ("operation", "han.example", 5))


class WitnessProcess:
    """The witness as it is served, with a memory and people of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        (home / "key").write_text(write_signer("witness.example", bytes([3]) * 32))
        for _, name, seed in PEOPLE:
            (home / name).write_text(write_signer(name, bytes([seed]) * 32))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (home / "declarers").write_text(
            "".join(f"{office} {public_key(name, seed)}\n" for office, name, seed in PEOPLE)
        )
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GUITAI_")} | {
            "GUITAI_ENVIRONMENT": "test", "GUITAI_WITNESS_SIGNING_KEY_FILE": str(home / "key"),
            "GUITAI_WITNESS_LOG_KEYS": f"{LOG.key},{OTHER_LOG.key}", "GUITAI_WITNESS_DECLARERS": str(home / "declarers"),
            "GUITAI_WITNESS_STATE": str(home / "memory.json"), "GUITAI_WITNESS_PORT": str(self.port),
        }  # fmt: skip
        assert self.run("--begin").returncode == 0
        self.start()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", "witness", *arguments], env=self.environment, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self.process: subprocess.Popen[bytes]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "witness"],
                env=self.environment,
                stderr=log,
                stdout=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.home / "log").read_text()
            try:
                if self.ask("GET", "/key") == (200, f"{WITNESS.key}\n".encode()):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the witness does not answer")

    def kill(self) -> None:
        """SIGKILL to all of it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def public_key(name: str, seed: int) -> str:
    """The line of a person."""
    return str(type(LOG)(name, bytes([seed]) * 32).key)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessProcess]:
    """A witness that runs."""
    made = WitnessProcess(tmp_path_factory.mktemp("witness") / "office")
    yield made
    made.kill()


def test_witness_serves_its_protocol_and_nothing_else(office: WitnessProcess) -> None:
    """Growth is cosigned, a fork is not, other requests get no words; SIGKILL leaves what was remembered; a second one does not start."""
    log = PaperLog([b"a"], OTHER_LOG)
    assert office.ask("POST", "/add-checkpoint", log.request(0))[0] == 200
    log.add(b"b")
    office.kill()
    office.start()
    assert office.ask("POST", "/add-checkpoint", log.request(1))[0] == 200
    assert office.ask("POST", "/add-checkpoint", PaperLog([b"a", b"fork"], OTHER_LOG).request(2)) == (409, b"2\n")
    assert b"\n2\n" in office.ask("GET", f"/checkpoint/{OTHER_LOG.key.name}")[1]
    for method, path, body, status in (
        ("GET", "/add-checkpoint", b"", 405), ("POST", "/key", b"x", 405), ("GET", "/", b"", 404), ("GET", "/checkpoint/none", b"", 404),
        ("POST", "/add-checkpoint", b"", 400), ("POST", "/add-checkpoint", b"x" * (MAX_REQUEST + 1), 413),
        ("POST", "/add-restore", b"x", 400),
    ):  # fmt: skip
        assert office.ask(method, path, body) == (status, b""), (method, path)
    again = office.run()
    assert (again.returncode, "another witness" in again.stderr) == (1, True)


class City:
    """A ledger on a PostgreSQL of its own whose data folder can be copied and put back."""

    def __init__(self, home: Path, office: WitnessProcess, model: RunningPostgres) -> None:
        self.home, self.office, self.clock, self.agency = home, office, SystemClock(), uuid4()
        copy_running(model, home / "postgres")
        self.server = self.start()
        self.urls = provision_roles(self.server.owner_url, home / "secrets")
        with psycopg.connect(self.server.owner_url) as owner:
            owner.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", [self.agency])

    def start(self) -> RunningPostgres:
        """The server over the folder as it is."""
        binaries = find_debian_postgres() if DEFAULT_KIND == DEBIAN else None
        return start_postgres(self.home / "postgres", binaries=binaries, settings={"fsync": "off"})

    def work(self, count: int) -> Standing:
        """So many further records, their places, and a question to the witness, by processes that were just started."""
        log = SqlExposureLog(self.urls["public"], self.clock)
        log.append([make_exposure(self.agency, uuid4()) for _ in range(count)])
        log.close()
        sequencer = SqlSequencer(self.urls["sequencer"], self.clock, LOG)
        sequencer.run()
        sequencer.close()
        return self.publish()

    def publish(self) -> Standing:
        """Ask the witness."""
        heads, line = SqlHeads(self.urls["sequencer"], self.clock, WITNESS.key.name), HttpWitness(self.office.url)
        try:
            return Cosigning(heads, line.ask, LOG.key, WITNESS.key, verify_ed25519, lambda _standing: None).run()
        finally:
            heads.close()
            line.close()

    def published(self) -> bytes:
        """The note that anybody sees."""
        with psycopg.connect(self.urls["public"]) as connection:
            found = read_published(connection, WITNESS.key.name)
        assert found is not None
        return found.note

    def copy(self, source: str, target: str) -> None:
        """One folder over another while nothing runs."""
        self.server.stop()
        shutil.rmtree(self.home / target, ignore_errors=True)
        shutil.copytree(self.home / source, self.home / target, ignore=shutil.ignore_patterns("socket"))
        self.server = self.start()


def copy_running(server: RunningPostgres, home: Path) -> None:
    """A home with a copy of a running server: its schema without the time of its migrations."""
    home.mkdir()
    shutil.copy2(server.data.parent / "owner_password", home)

    def copy_file(source: str, target: str) -> None:
        with suppress(FileNotFoundError):  # the server removed it meanwhile
            shutil.copy2(source, target)

    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute("SELECT pg_backup_start('copy', true)")
        left_out = shutil.ignore_patterns("postmaster.*", "pg_wal")
        shutil.copytree(server.data, home / "data", ignore=left_out, copy_function=copy_file)
        ((label,),) = owner.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchall()
        shutil.copytree(server.data / "pg_wal", home / "data" / "pg_wal", copy_function=copy_file)
    (home / "data" / "backup_label").write_text(label)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, office: WitnessProcess, clusters: Clusters) -> Iterator[City]:
    """A city under the witness."""
    made = City(tmp_path_factory.mktemp("city"), office, clusters.find(DEFAULT_KIND).server)
    yield made
    made.server.stop()


def judge(city: City) -> list[LedgerFault]:
    """What ``exposure verify`` finds with the keys of log and witness."""
    return verify(city.server.owner_url, lambda _: None, checking=Checking(LOG.key, [WITNESS.key])).faults


def run(*words: str | Path) -> Result:
    """``exposure`` with these words."""
    return CliRunner().invoke(main, ["exposure", *map(str, words)])


def test_yesterdays_backup_is_a_fork_until_two_people_declare_it(
    city: City, office: WitnessProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Undeclared: no cosignature, publication stands still, a note that somebody kept names it. Declared: it goes on, and the tree tells of it."""
    for name, value in (
        ("GUITAI_DATABASE_URL", city.server.owner_url), ("GUITAI_WITNESS_URL", office.url), ("GUITAI_WITNESS_KEY", str(WITNESS.key)),
        ("GUITAI_LEDGER_PUBLIC_KEY", str(LOG.key)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    assert city.work(3) is Standing.COSIGNED
    city.copy("postgres", "backup")
    assert city.work(4) is Standing.COSIGNED
    kept = tmp_path / "kept-note"
    kept.write_bytes(city.published())
    assert run("check-note", kept).exit_code == 0
    city.copy("backup", "postgres")
    before = city.published()
    assert [city.work(1), city.work(3)] == [Standing.FORKED, Standing.FORKED]
    assert city.published() == before
    assert judge(city) == []
    said = run("check-note", kept)
    assert (said.exit_code, "another root" in said.stderr or "ends at" in said.stderr) == (1, True)
    paper = tmp_path / "restore"
    declared = run(
        "declare-restore", paper, "--key", office.home / "han.example", "--reason", "磁盘损坏 / a disk failed"
    )
    assert declared.exit_code == 0, declared.stderr
    refused = run("submit-restore", paper)
    assert (refused.exit_code, "two people" in refused.stderr) == (1, True)
    assert city.publish() is Standing.FORKED
    assert run("sign-restore", paper, "--key", office.home / "lei.example", "--yes").exit_code == 0
    for _ in range(2):
        submitted = run("submit-restore", paper)
        assert submitted.exit_code == 0, submitted.stderr
    assert city.work(1) is Standing.COSIGNED
    with psycopg.connect(city.urls["sequencer"]) as connection:
        assert list_unplaced(connection) == []
        (told,) = list_restores(connection)
    assert (told.reason, told.restore.lost_size) == ("磁盘损坏 / a disk failed", int(kept.read_bytes().split(b"\n")[1]))
    assert told.declared_by == ("han.example", "lei.example", "witness.example")
    assert city.published() != before
    explained = run("check-note", kept)
    assert (explained.exit_code, "a disk failed" in explained.stdout) == (0, True)
    assert judge(city) == []
