"""Ctrl-C is heard at any moment, ends everything soon, and says one sentence; files are for the owner alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.launch.places import ROOT
from gateway.launch.stack import GRACE_SECONDS


@contextmanager
def start(*arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command whose output goes into a file; killed if the test leaves it."""
    with log.open("w") as out, subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments], cwd=ROOT, stdout=out, stderr=out, start_new_session=True
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


def await_text(file: Path, text: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while text not in file.read_text("utf-8"):
        assert running.poll() is None, file.read_text("utf-8")
        assert time.monotonic() < deadline, file.read_text("utf-8")
        time.sleep(0.02)


def list_open_files(folder: Path) -> list[str]:
    """What somebody else than the owner may read, write or enter below a folder; links have no mode of their own."""
    done = subprocess.run(
        ["find", str(folder), "-mindepth", "1", "!", "-type", "l", "-perm", "/077"], check=True, capture_output=True, text=True
    )  # fmt: skip
    return done.stdout.splitlines()


_INTERRUPTED = """
import os, runpy, signal, sys
class Interrupter:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupter)
sys.argv = {arguments!r}
runpy.run_module("gateway", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("module", ["gateway.cli", "click", "gateway.cli.launch", "psycopg", "gateway.demo.evidence"])
@pytest.mark.parametrize("command", ["run", "demo"])
def test_ctrl_c_while_modules_are_read_is_one_sentence(command: str, module: str, tmp_path: Path) -> None:
    """No traceback, no bare word, and nothing has been made in the home."""
    code = _INTERRUPTED.format(module=module, arguments=["gateway", command, "--home", str(tmp_path / "home")])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped before anything was started\n")
    assert not (tmp_path / "home").exists()


def test_ctrl_c_while_the_web_apps_start_ends_soon(tmp_path: Path) -> None:
    """A web server that is still reading its modules hears no SIGTERM: it is not waited for. Nothing is left, nothing is open."""
    log, home = tmp_path / "log", tmp_path / "home"
    with start("run", "--home", str(home), log=log) as running:
        await_text(log, "starting the public app", running)
        time.sleep(0.4)
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0
        assert time.monotonic() - began < GRACE_SECONDS
    assert log.read_text("utf-8").splitlines()[-1] == "stopped; the data is kept"
    assert list_open_files(home) == []
    assert (home / "secrets").stat().st_mode & 0o777 == 0o700


def test_what_a_killed_run_said_of_itself_is_removed(tmp_path: Path) -> None:
    """Before anything else: whoever reads run/state.json would ask for processes that are gone, or are somebody else's."""
    log, home = tmp_path / "log", tmp_path / "home"
    (home / "run").mkdir(parents=True)
    (home / "run" / "state.json").write_text("{}")
    with start("run", "--home", str(home), log=log) as running:
        await_text(log, "starting PostgreSQL", running)
        assert not (home / "run" / "state.json").exists()
        running.send_signal(signal.SIGINT)
        running.wait(30)


def test_what_the_sandbox_writes_is_for_its_owner(tmp_path: Path) -> None:
    """Credentials, orders, evidence: all below the home, also where the terminal would let everybody read."""
    log, home = tmp_path / "log", tmp_path / "home"
    before = os.umask(0o022)
    try:
        with start("sandbox", "run", "--all", "--home", str(home), log=log) as running:
            await_text(log, "Ctrl-C stops the sandbox", running)
            assert list_open_files(home) == []
            running.send_signal(signal.SIGINT)
            assert running.wait(20) == 0
    finally:
        os.umask(before)
    assert list_open_files(home) == []
