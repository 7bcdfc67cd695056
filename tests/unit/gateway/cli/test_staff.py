"""``staff``: the operator's way to the first administrator, to a lost password, and, in demo and test alone, to a one-time code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from adapters.embedded import RunningRedis
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import create_keyring
from gateway.cli import main
from tests.contract.samples import ACCOUNTS
from tests.databases import Database, RedisServers


@dataclass
class Desk:
    """A home in which nothing runs but what the commands need."""

    home: Path
    database: Database

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["staff", arguments[0], "--home", str(self.home), *arguments[1:]])

    def say(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output.strip()


@pytest.fixture
def desk(database: Database, redis_servers: RedisServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """As the launcher leaves it."""
    for name in ("GUITAI_ENVIRONMENT", "GUITAI_DATABASE_URL", "GUITAI_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    redis: RunningRedis = redis_servers.find("stand_in")
    (tmp_path / "run").mkdir()
    state = {"database_url": database.owner_url, "redis_url": redis.url}
    (tmp_path / "run" / "state.json").write_text(json.dumps(state), "utf-8")
    create_keyring(tmp_path / "keyring.json")
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE staff, staff_roles, staff_events, acts CASCADE")
    return Desk(tmp_path, database)


def test_the_first_administrator_and_what_follows(desk: Desk) -> None:
    """Added with a one-time password, given and taken a role, suspended: each leaves an act without a person."""
    once = desk.say("add", "--agency", "gas", "--name", "张三", "zhang.san")
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", once)
    desk.say("grant", "--agency", "gas", "--role", "clerk", "zhang.san")
    assert desk.say("list") == "zhang.san\tgas\tactive\tclerk@gas"
    desk.say("revoke", "--agency", "gas", "--role", "clerk", "zhang.san")
    assert desk.say("reset-password", "--codes-too", "zhang.san") != once
    desk.say("suspend", "--reason", "离岗", "zhang.san")
    assert desk.say("list") == "zhang.san\tgas\tsuspended"
    with psycopg.connect(desk.database.owner_url) as owner:
        acts = owner.execute("SELECT act, staff_id FROM acts ORDER BY act_id").fetchall()
    assert acts == [(f"staff.{act}", None) for act in ("add", "grant", "revoke", "reset_password", "suspend")]


def test_an_identity_number_is_set_from_a_prompt_or_a_file_and_kept_as_a_hash(desk: Desk) -> None:
    """It stands in no argument, in no output and in no table; another number takes its place."""
    desk.say("add", "--agency", "gas", "--name", "张三", "zhang.san")
    typed = CliRunner().invoke(
        main, ["staff", "identity", "--home", str(desk.home), "zhang.san"], input="110101199003070011\n"
    )
    assert (typed.exit_code, "110101199003070011" in typed.output) == (0, False), typed.output
    kept = desk.home / "number"
    kept.write_text("110101198505120029\n", "utf-8")
    assert desk.say("identity", "--file", str(kept), "zhang.san") == "set"
    kept.write_text("110101198505120020\n", "utf-8")
    assert desk.run("identity", "--file", str(kept), "zhang.san").exit_code == 1
    with psycopg.connect(desk.database.owner_url) as owner:
        rows = owner.execute("SELECT identity_hash FROM staff_identities").fetchall()
        acts = owner.execute("SELECT act, detail FROM acts ORDER BY act_id").fetchall()
    assert len(rows) == 1
    assert [(act, detail) for act, detail in acts[1:]] == [("staff.set_identity", {})] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grant", "--agency", "gas", "--role", "clerk", "nobody"), "nobody has the login"),
        (("add", "--agency", "nowhere", "--name", "n", "some.one"), "there are: city, gas, water"),
        (("add", "--agency", "gas", "--name", "n", "X"), "login not_a_login"),
        (("revoke", "--agency", "gas", "--role", "head", "zhang.san"), "does not hold head in gas"),
        (("grant", "--agency", "city", "--role", "administrator", "zhang.san"), "administrator_holds_no_cases"),
        (("code", "zhang.san"), "no authenticator yet"),
    ],
)
def test_a_refusal_is_one_sentence(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    """What is wrong and what there is instead; status 1 and no traceback."""
    desk.say("add", "--agency", "gas", "--name", "张三", "zhang.san")
    desk.say("grant", "--agency", "gas", "--role", "clerk", "zhang.san")
    result = desk.run(*arguments)
    assert (result.exit_code, said in result.output, "Traceback" in result.output) == (1, True, False), result.output


def test_a_code_is_printed_in_demo_and_test_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production nobody but the phone knows it, whatever lies in the home."""
    monkeypatch.setenv("GUITAI_ENVIRONMENT", "production")
    result = desk.run("code", "zhang.san")
    assert (result.exit_code, "demo and test only" in result.output) == (1, True)
    monkeypatch.delenv("GUITAI_ENVIRONMENT")
    (desk.home / "run" / "state.json").unlink()
    assert "demo and test only" in desk.run("code", "zhang.san").output


def test_without_the_sessions_nothing_is_changed(desk: Desk) -> None:
    """A change whose sessions could not be ended is not begun."""
    state = {"database_url": desk.database.owner_url}
    (desk.home / "run" / "state.json").write_text(json.dumps(state), "utf-8")
    result = desk.run("add", "--agency", "gas", "--name", "张三", "zhang.san")
    assert (result.exit_code, "GUITAI_REDIS_URL is not set" in result.output) == (1, True)
    with psycopg.connect(desk.database.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM staff").fetchone() == (0,)
