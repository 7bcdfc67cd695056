"""``exposure check-file``: with nothing but a file and published keys, for people and for machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from gateway.cli.check_file import check
from services.merkle import hash_leaf
from services.promises import make_promise, write_header
from tests.small_log import SmallLog

ROOT = Path(__file__).resolve().parents[4]
HER = UUID(int=(4 << 76) | (8 << 60) | 1)


@pytest.fixture
def log(tmp_path: Path) -> SmallLog:
    """A log, and her file in the folder."""
    log = SmallLog()
    log.place(log.make_record(HER), log.make_record(HER, platform="alipay"))
    (tmp_path / "her.json").write_bytes(log.make_bytes(HER))
    return log


def list_keys(log: SmallLog) -> list[str]:
    return ["--log-key", str(log.log.key), "--witness-key", str(log.witness.key)]


def run(folder: Path, log: SmallLog, *more: str, name: str = "her.json") -> Result:
    return CliRunner().invoke(check, [str(folder / name), *list_keys(log), *more])


def test_a_file_is_judged_by_a_process_without_anything_around_it(tmp_path: Path, log: SmallLog) -> None:
    """No settings, no store, no home: what holds is told in both languages, status 0."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "exposure", "check-file", str(tmp_path / "her.json"), *list_keys(log)],
        cwd=ROOT, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert "文件属实：2 条记录" in done.stdout.decode()
    assert "none missing" in done.stdout.decode()


def test_a_fault_is_told_with_its_place(tmp_path: Path, log: SmallLog) -> None:
    """Status 1, chain and index in both languages."""
    data = (tmp_path / "her.json").read_bytes().replace(b"alipay", b"wechat")
    (tmp_path / "her.json").write_bytes(data)
    done = run(tmp_path, log)
    assert done.exit_code == 1
    assert "索引 1 的记录不在检查点的树中" in done.output
    assert f"chain {HER}: the last record (number 2) was changed" in done.output


def test_machines_get_one_object(tmp_path: Path, log: SmallLog) -> None:
    """Counts, chains and each fault with its code."""
    found: dict[str, Any] = json.loads(run(tmp_path, log, "--json").output)
    assert found["holds"]
    assert found["records"] == {"wechat": 1, "alipay": 1}
    assert found["chains"] == {str(HER): 2}
    (tmp_path / "x.json").write_text("{")
    done = run(tmp_path, log, "--json", name="x.json")
    assert (done.exit_code, json.loads(done.output)["faults"][0]["code"]) == (1, "no_file")


def test_promises_come_as_notes_or_as_headers(tmp_path: Path, log: SmallLog) -> None:
    """Both forms are read; one that the key did not sign is refused."""
    note = make_promise(log.promising, HER, log.now, [hash_leaf(log.leaves[0])], bytes(32))
    broken = make_promise(log.promising, HER, log.now.replace(hour=1), [bytes(32)], bytes(32))
    (tmp_path / "note").write_bytes(note)
    (tmp_path / "headers").write_text(f"{write_header(note)}\n{write_header(broken)}\n")
    key = ("--promise-key", str(log.promising.key))
    assert run(tmp_path, log, *key, "--promise", str(tmp_path / "note")).exit_code == 0
    done = run(tmp_path, log, *key, "--promise", str(tmp_path / "headers"))
    assert done.exit_code == 1
    assert "promise 2 was due before" in done.output
    (tmp_path / "bad").write_text("!!!")
    assert run(tmp_path, log, *key, "--promise", str(tmp_path / "bad")).exit_code == 1


def test_a_key_of_another_form_is_said(tmp_path: Path, log: SmallLog) -> None:
    """Without a traceback, and never taken for a fault of the file."""
    for given in (["--log-key", "x"], ["--log-key", str(log.witness.key)], ["--home", str(tmp_path)]):
        done = CliRunner().invoke(check, [str(tmp_path / "her.json"), *given])
        assert done.exit_code == 1
        assert "Error:" in done.output or "✗" in done.output


def test_the_keys_of_a_run_are_taken_where_none_are_given(tmp_path: Path, log: SmallLog) -> None:
    """A home has the public halves."""
    (tmp_path / "ledger-key.pub").write_text(f"{log.log.key}\n")
    (tmp_path / "witness-key.pub").write_text(f"{log.witness.key}\n")
    done = CliRunner().invoke(check, [str(tmp_path / "her.json"), "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert "a witness saw it" in done.output
