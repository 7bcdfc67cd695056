"""The command line: light to start, clear when it refuses."""

from __future__ import annotations

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
