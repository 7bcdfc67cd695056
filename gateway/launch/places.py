"""Where things lie under the home folder of one run, and which ports it likes to use again."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
"""The folder with ``wsgi.py``: the working folder of every process that the launcher starts."""
PREFERRED_PORTS = {"public": 8600, "console": 8601, "operations": 8602, "web": 8603}


class LaunchFault(Exception):
    """The machine could not be started, or a part of it ended by itself. The message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of one run; all of them are below ``home``."""

    home: Path

    def path(self, *parts: str) -> Path:
        """A path below home whose parent folder exists."""
        self.folder(*parts[:-1])
        return self.home.joinpath(*parts)

    def folder(self, *parts: str) -> Path:
        """A folder below home for the owner alone, made if it is new. The home itself is only made: it may be somebody's own."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self.home
        for part in parts:
            folder = folder / part
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        return folder

    @property
    def state_file(self) -> Path:
        """What is running and where; exists only while it runs."""
        return self.path("run", "state.json")

    @property
    def secrets(self) -> Path:
        """Folder with one file per secret, readable by its owner alone."""
        return self.home / "secrets"


def take_lock(places: Places, patience_seconds: float = 15.0) -> IO[str]:
    """Hold this home alone until the returned file is closed.

    A run that was killed leaves its warden cleaning up, which holds the same lock: wait for that one. Raises
    ``LaunchFault`` at once if the other run is alive.
    """
    file = places.path("run", "lock").open("a+", encoding="utf-8")
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            if _is_alive(holder) or time.monotonic() > deadline:
                file.close()
                raise LaunchFault(f"another run (process {holder or '?'}) uses {places.home}; stop it first") from None
            time.sleep(0.1)
        else:
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            return file


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def reserve_ports(places: Places, report: Callable[[str], None] = lambda _line: None) -> dict[str, socket.socket]:
    """A bound loopback socket per web process, at the port of the last run, else the usual one, else any; a line says so then.

    Keeping the port keeps the notice addresses that orders of the last run gave to the platforms. The sockets stay open
    while the run lasts: granian sets SO_REUSEPORT, so two runs could share a port and take each other's requests; a bound
    socket that never listens lets granian in and keeps everybody else's reservation out.
    """
    file = places.path("run", "ports.json")
    try:
        last = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        last = {}
    held = {}
    for name, usual in PREFERRED_PORTS.items():
        wishes = [wish for wish in (last.get(name), usual, 0) if isinstance(wish, int)]
        held[name] = next(taken for taken in map(reserve_port, wishes) if taken is not None)
        if (port := held[name].getsockname()[1]) != wishes[0]:
            report(f"port {wishes[0]} is taken by another program: {name} gets {port}")
    ports = {name: taken.getsockname()[1] for name, taken in held.items()}
    file.write_text(json.dumps(ports), "utf-8")
    return held


def reserve_port(wish: int) -> socket.socket | None:
    """A bound loopback socket at this port (0: any), as ``reserve_ports`` holds them; None if another program has it."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", wish))
    except OSError:
        taken.close()
        return None
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return taken


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a document in one step, so that no reader sees half of it; for the owner alone, it may hold passwords."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    draft.replace(path)
