"""The witness as a command: what is missing is said in one sentence, keys are made for their kind, a lost memory is never begun anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from adapters.ed25519 import read_signer
from config.settings import SettingsFault, read_settings
from gateway.cli import main
from gateway.launch.places import Places
from gateway.launch.stack import Stack
from gateway.launch.witness import make_witness
from services.signed_note import COSIGNATURE, ED25519, read_key
from tests.paper_log import LOG


@pytest.mark.parametrize(
    ("kind", "number"), [("log", ED25519), ("promise", ED25519), ("person", ED25519), ("witness", COSIGNATURE)]
)
def test_key_is_made_for_its_kind(tmp_path: Path, kind: str, number: int) -> None:
    """The public half that is printed is the one with which this kind of signature verifies."""
    made = CliRunner().invoke(main, ["exposure", "new-key", "a.example", str(tmp_path / "key"), "--kind", kind])
    key = read_key(made.stdout.strip())
    assert (key.kind, key) == (number, read_signer((tmp_path / "key").read_text(), number).key)


def test_witness_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no log, no memory, another key's memory, people who are not written as they must be: one sentence and status 1, no traceback."""

    def run(*words: str, **settings: str) -> str:
        for name, value in settings.items():
            monkeypatch.setenv(f"GUITAI_WITNESS_{name.upper()}", value)
        done = CliRunner().invoke(main, ["witness", *words])
        assert isinstance(done.exception, SystemExit | None)
        return done.output

    monkeypatch.setenv("GUITAI_ENVIRONMENT", "test")
    memory = str(tmp_path / "memory.json")
    assert "has a key" in run(state=memory)
    for name in ("a", "b"):
        CliRunner().invoke(main, ["exposure", "new-key", f"{name}.example", str(tmp_path / name), "--kind", "witness"])
    assert "knows a log" in run(signing_key_file=str(tmp_path / "a"))
    assert "no memory" in run(log_keys=str(LOG.key))
    assert "empty memory" in run("--begin")
    assert "already" in run("--begin")
    assert "another key" in run(signing_key_file=str(tmp_path / "b"))
    (tmp_path / "people").write_text(f"supervision {LOG.key}\noperation {LOG.key}\n")
    assert "one name" in run(signing_key_file=str(tmp_path / "a"), declarers=str(tmp_path / "people"))
    assert "declarers" not in run(log_keys=f"{LOG.key},{LOG.key}").lower()
    assert "base64" in run(log_keys="nothing")


def test_address_of_a_witness_needs_its_key() -> None:
    """Whoever asks a witness must know what verifies its answers."""
    with pytest.raises(SettingsFault, match="GUITAI_WITNESS_KEY"):
        read_settings({"GUITAI_WITNESS_URL": "http://127.0.0.1:1"}, "witness_url", "witness_key")


@dataclass
class Home:
    """What ``make_witness`` needs of a run."""

    places: Places


def test_run_begins_a_memory_once(tmp_path: Path) -> None:
    """A start that was cut off is done again; a memory that is lost later is not replaced by an empty one."""
    stack = cast("Stack", Home(Places(tmp_path)))
    public, memory = tmp_path / "witness-key.pub", tmp_path / "witness" / "memory.json"
    make_witness(stack)
    key, people = public.read_text(), (tmp_path / "witness" / "declarers").read_text()
    public.unlink()
    make_witness(stack)
    assert (public.read_text(), (tmp_path / "witness" / "declarers").read_text()) == (key, people)
    memory.unlink()
    make_witness(stack)
    assert not memory.exists()
