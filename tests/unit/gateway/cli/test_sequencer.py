"""The sequencer as a process: it gives places until it is told to end, and says what it cannot do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner

from adapters.ed25519 import read_signer
from adapters.stores.exposure_log import SqlExposureLog
from gateway.cli import main
from tests.contract.test_ledger import make_exposure
from tests.databases import Database
from tests.fakes import FakeClock
from tests.ledger_tables import EMPTY_LEDGER


@pytest.fixture
def log_key(tmp_path: Path) -> Path:
    """A file with the key of a log, made by the command."""
    made = CliRunner().invoke(main, ["exposure", "new-key", "ledger.example", str(tmp_path / "key")])
    assert (made.exit_code, made.stdout.split("+")[0]) == (0, "ledger.example")
    return tmp_path / "key"


@pytest.fixture
def waiting(database: Database) -> Iterator[Database]:
    """A ledger with three records that wait."""
    agency = uuid4()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", [agency])
    log = SqlExposureLog(database.urls["public"], FakeClock())
    log.append([make_exposure(agency, uuid4()) for _ in range(3)])
    log.close()
    yield database
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(EMPTY_LEDGER)
        owner.execute("DELETE FROM agencies")


def set_up(patch: pytest.MonkeyPatch, database: Database, key: Path) -> None:
    """The settings of a sequencer."""
    patch.setenv("GUITAI_ENVIRONMENT", "test")
    patch.setenv("GUITAI_DATABASE_URL", database.urls["sequencer"])
    patch.setenv("GUITAI_LEDGER_KEY_FILE", str(key))
    patch.setenv("GUITAI_CHECKPOINT_SECONDS", "0.1")


def test_one_look_gives_places_and_verify_judges_the_signature(
    waiting: Database, log_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Placed with the key of the file; `exposure verify` holds with its public half and names every checkpoint with another's."""
    set_up(monkeypatch, waiting, log_key)
    assert CliRunner().invoke(main, ["sequencer", "--once"]).stdout == "3 records have their places\n"
    monkeypatch.setenv("GUITAI_DATABASE_URL", waiting.owner_url)
    own = str(read_signer(log_key.read_text("ascii")).key)
    sound = CliRunner().invoke(main, ["exposure", "verify", "--log-key", own])
    assert (sound.exit_code, sound.stdout) == (0, "3 records, 0 faults\n")
    other = CliRunner().invoke(main, ["exposure", "new-key", "ledger.example", f"{log_key}2"]).stdout.strip()
    refused = CliRunner().invoke(main, ["exposure", "verify", "--log-key", other])
    assert (refused.exit_code, refused.stdout.count("not signed by the log")) == (1, 2)
    assert CliRunner().invoke(main, ["exposure", "verify", "--log-key", "x"]).exit_code == 1


def test_process_gives_places_until_it_is_told_to_end(
    waiting: Database, log_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It places what waits within its cadence, and ends with status 0 at SIGTERM."""
    set_up(monkeypatch, waiting, log_key)
    process = subprocess.Popen([sys.executable, "-m", "gateway", "sequencer"], env=os.environ.copy())
    deadline, placed = time.monotonic() + 30, 0
    with psycopg.connect(waiting.owner_url, autocommit=True) as owner:
        while placed < 3:
            assert time.monotonic() < deadline
            placed = (owner.execute("SELECT count(*) FROM ledger_sequence").fetchone() or (0,))[0]
            time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_without_a_key_it_says_what_is_missing(waiting: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no checkpoint: one sentence and status 1."""
    monkeypatch.setenv("GUITAI_ENVIRONMENT", "test")
    monkeypatch.setenv("GUITAI_DATABASE_URL", waiting.urls["sequencer"])
    said = CliRunner().invoke(main, ["sequencer", "--once"])
    assert (said.exit_code, "GUITAI_LEDGER_KEY_FILE" in said.output) == (1, True)


def test_key_of_a_log_is_private_and_never_overwritten(log_key: Path) -> None:
    """0600, and a second key under the same name is refused."""
    assert log_key.stat().st_mode & 0o777 == 0o600
    before = log_key.read_bytes()
    assert CliRunner().invoke(main, ["exposure", "new-key", "ledger.example", str(log_key)]).exit_code == 1
    assert log_key.read_bytes() == before
