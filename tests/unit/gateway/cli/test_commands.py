"""The command line: light to start, clear when it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.launch.places import ROOT

HEAVY = {"psycopg", "sqlalchemy", "alembic", "flask", "redis", "procrastinate"}


@pytest.mark.parametrize("arguments", [["--help"], ["sandbox", "run", "--help"]])
def test_help_and_sandbox_need_no_database(arguments: list[str]) -> None:
    """Whoever only wants the sandbox loads no driver and no framework of ours."""
    code = f"""
import sys
from gateway.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
sys.stderr.write(",".join(sorted({HEAVY!r} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_a_keyring_is_never_replaced(tmp_path: Path) -> None:
    """Without its keys the store cannot be read: the second `keys create` is refused and the file stays."""
    file = tmp_path / "keyring"
    assert CliRunner().invoke(main, ["keys", "create", str(file)]).exit_code == 0
    before = file.read_bytes()
    again = CliRunner().invoke(main, ["keys", "create", str(file)])
    assert again.exit_code == 1
    assert "never replaced" in again.output
    assert file.read_bytes() == before


def test_a_fault_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback: what is missing and what to do."""
    monkeypatch.delenv("GUITAI_DATABASE_URL", raising=False)
    done = CliRunner().invoke(main, ["exposure", "verify", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert "GUITAI_DATABASE_URL is not set, and nothing runs in" in done.output
    assert "Traceback" not in done.output


def test_an_unknown_command_is_refused() -> None:
    """With status 2, as click does."""
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2


def test_a_database_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which address and why, without a traceback and without the password."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", "postgresql://guitai:geheim@127.0.0.1:1/none")
    done = CliRunner().invoke(main, ["store", "migrate"])
    assert done.exit_code == 1
    assert "the database does not let us in" in done.output
    assert "geheim" not in done.output


@pytest.mark.parametrize("content", [b"agencies: [{slug: x}", b"\xff\xfe"])
def test_an_accounts_document_that_is_not_yaml_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """It is refused before the database is asked, with the file's name and without its content."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", "postgresql://guitai@127.0.0.1:1/none")
    file = tmp_path / "accounts.yaml"
    file.write_bytes(content)
    done = CliRunner().invoke(main, ["store", "import", str(file)])
    assert done.exit_code == 1
    assert "is not YAML in UTF-8" in done.output
    assert "slug" not in done.output


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: ``run`` and ``demo`` take the signals over."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GUITAI_")}
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A folder below a file: its name and the reason."""
    (tmp_path / "file").touch()
    done = run_command("run", "--home", str(tmp_path / "file" / "below"))
    assert done.returncode == 1
    assert re.fullmatch(r"Error: .*/file/below(/run)?: Not a directory\n", done.stderr)


def test_a_demo_that_fails_leaves_no_evidence_of_an_earlier_one(tmp_path: Path) -> None:
    """Whoever reads the folder afterwards must not take the last good run for this one."""
    for name in ("report.json", "received.jsonl", "ledger.jsonl", "utility.jsonl"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "bin").mkdir()
    done = run_command("demo", "--home", str(tmp_path), "--postgres", str(tmp_path / "bin"))
    assert done.returncode == 1
    assert "no PostgreSQL in" in done.stderr
    assert not list(tmp_path.glob("*.json*"))
