"""Child processes of the launcher: each in its own process group, with a log of its own, watched by the warden."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gateway.launch.interruption import INTERRUPTION
from gateway.launch.places import ROOT, LaunchFault
from gateway.launch.warden import send

TAIL_LINES = 20


def _runs(pid: int) -> bool:
    """Whether a process runs; a child of ours that ended and was not waited for does not."""
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    return send(pid, 0)


@dataclass(frozen=True, slots=True)
class Child:
    """One running process and the file that holds what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def require_alive(self) -> None:
        """Raise ``LaunchFault`` with the tail of its log if it has ended.

        A signal waits: raised within ``poll``, it could leave the lock of ``Popen`` taken, and ``wait`` would wait for ever.
        """
        with INTERRUPTION.held():
            status = self.process.poll()
        if status is not None:
            raise LaunchFault(f"{self.name} ended by itself (status {status}).\n{read_tail(self.log)}")


def read_tail(log: Path) -> str:
    """The last lines of a log, with its path above them."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except OSError:
        lines = []
    return "\n".join([f"Last lines of {log}:", *(f"  {line}" for line in lines or ["(nothing)"])])


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: ours without settings of another run, and its own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GUITAI_", "PROMETHEUS_", "GRANIAN_"))
    }
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(extra)


class Children:
    """All processes of a run. ``lock`` is inherited by the warden, so that the home stays taken until it has tidied up."""

    def __init__(self, logs: Path, lock: IO[str]) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._strangers: dict[str, int] = {}
        self._warden = subprocess.Popen(
            [sys.executable, "-m", "gateway.launch.warden"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )

    @property
    def pids(self) -> dict[str, int]:
        """Name and process id of everything that runs."""
        return self._strangers | {child.name: child.process.pid for child in self._children}

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start one Python process: ``arguments`` follow the interpreter."""
        log = self._logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.old"))
        with INTERRUPTION.held(), log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=clean_environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            child = Child(name, process, log)
            self._children.append(child)
            self._tell(f"+{process.pid}")
        return child

    def adopt(self, name: str, pid: int) -> None:
        """Watch a process that another part of the program started (PostgreSQL, Redis)."""
        self._strangers[name] = pid
        self._tell(f"+{pid}")

    def release(self, name: str) -> None:
        """Forget an adopted process: whoever started it has ended it."""
        self._tell(f"-{self._strangers.pop(name)}")

    def require_alive(self) -> None:
        """Raise ``LaunchFault`` if anything has ended by itself."""
        for child in self._children:
            child.require_alive()
        for name, pid in self._strangers.items():
            if not _runs(pid):
                raise LaunchFault(f"{name} ended by itself. Its log is in {self._logs.parent / name}")

    def stop(self, grace_seconds: float = 10.0) -> None:
        """End all children."""
        self.stop_named(*(child.name for child in self._children), grace_seconds=grace_seconds)

    def stop_named(self, *names: str, grace_seconds: float = 10.0) -> None:
        """End these children, newest first, all at the same time; by force after the grace."""
        leaving = [child for child in reversed(self._children) if child.name in names]
        for child in leaving:
            send(child.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        for child in leaving:
            self._await_end(child, deadline)
            self._children.remove(child)

    def _await_end(self, child: Child, deadline: float) -> None:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            send(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self._tell(f"-{child.process.pid}")

    def dismiss_warden(self) -> None:
        """Let the warden go, after everything else has ended."""
        if self._warden.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._warden.stdin.close()
        self._warden.wait()

    def _tell(self, line: str) -> None:
        if self._warden.stdin is not None:
            self._warden.stdin.write(f"{line}\n".encode())
            self._warden.stdin.flush()
