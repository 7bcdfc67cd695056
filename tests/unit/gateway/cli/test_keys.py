"""Changing the key that encrypts, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from adapters.stores.keyring import Keyring
from gateway.cli import main
from services.model import PlatformName, PlatformUser
from tests.contract.samples import NOW
from tests.contract.stores import open_sql_bench
from tests.databases import Database


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    """No cell of another test, which would be under a ring of its own."""
    if "database" in request.fixturenames:
        with psycopg.connect(request.getfixturevalue("database").owner_url) as owner:
            owner.execute("TRUNCATE persons, logins, chain_links CASCADE")


def run_keys(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["keys", *map(str, arguments)])


def test_a_key_is_changed_step_by_step(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standby, promote, rotate: the result on standard output, progress on standard error; a second rotation finds nothing."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", database.owner_url)
    ring = tmp_path / "keyring.json"
    assert run_keys("create", ring).exit_code == 0
    with open_sql_bench(database, tmp_path) as bench, bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, NOW)
        tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser("o-1"), NOW)
        tx.persons.record_phone(person.person_id, "13800138001", NOW)
    old = Keyring.load(ring).current_key_id
    added = run_keys("add", ring, "--standby")
    assert Keyring.load(ring).current_key_id == old
    assert (
        run_keys("promote", ring).stdout
        == added.stdout
        == f"{list(json.loads(ring.read_text())['encryption']['keys'])[-1]}\n"
    )
    assert Keyring.load(ring).current_key_id.hex() == added.stdout.strip()
    first, second = run_keys("rotate", ring, "--batch", "1"), run_keys("rotate", ring)
    assert int(first.stdout) >= 2
    assert first.stderr.splitlines()[0] == "1 rows"
    assert (second.stdout, second.stderr) == ("0\n", "")
    with open_sql_bench(database, tmp_path) as bench, bench.store.begin(bench.all) as tx:
        assert tx.persons.load(person.person_id).phone == "13800138001"


def test_the_ring_of_another_database_is_one_sentence(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed by a ring that does not open the cells."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", database.owner_url)
    with open_sql_bench(database, tmp_path) as bench, bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, NOW)
        tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser("o-2"), NOW)
    other = tmp_path / "other.json"
    run_keys("create", other)
    done = run_keys("rotate", other)
    assert done.exit_code == 1
    assert "is this the ring of this database?" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["add", "promote", "rotate"])
def test_what_is_no_ring_is_one_sentence(tmp_path: Path, command: str) -> None:
    """The file stays as it is."""
    file = tmp_path / "ring"
    file.write_text("{}")
    file.chmod(0o600)
    done = run_keys(command, file)
    assert done.exit_code == 1
    assert "the keyring cannot be read" in done.stderr
    assert file.read_text() == "{}"
