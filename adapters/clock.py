"""The clocks: the machine's own, and one that application, worker and sandbox share through a small file.

The file holds JSON, either ``{"offset_seconds": 90.0}`` (the machine's clock, moved) or ``{"at": "2026-11-30T08:00:00+00:00"}``
(time stands still). It is replaced atomically, so a reader never sees half of it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from services.errors import ConfigurationFault
from services.ports import Clock

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one offset and no summer time since 1991, so no time-zone database is needed."""


def business_date(at: datetime) -> date:
    """The day in Asia/Shanghai on which cut-offs and legal days count ``at``."""
    return at.astimezone(SHANGHAI).date()


class SystemClock:
    """The machine's clock. The only place that asks the operating system for the time of day."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)


class SharedClock:
    """A clock for demo and test that several processes read from one file; ``make_clock`` refuses it in production."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[tuple[int, int, int], dict[str, object]] | None = None

    def now(self) -> datetime:
        """This moment by the file, aware, in UTC. Raises ``ConfigurationFault`` for a file that cannot be read."""
        state = self._read()
        if "at" in state:
            return datetime.fromisoformat(str(state["at"])).astimezone(UTC)
        return datetime.now(UTC) + timedelta(seconds=float(str(state.get("offset_seconds", 0.0))))

    def advance(self, seconds: float) -> None:
        """Move every process that reads the file ahead (or back, with a negative number)."""
        with self._locked():
            state = self._read()
            if "at" in state:
                moved = datetime.fromisoformat(str(state["at"])) + timedelta(seconds=seconds)
                self._write({"at": moved.isoformat()})
            else:
                self._write({"offset_seconds": float(str(state.get("offset_seconds", 0.0))) + seconds})

    def stop_at(self, at: datetime) -> None:
        """Let time stand still at ``at`` for every reader."""
        with self._locked():
            self._write({"at": at.astimezone(UTC).isoformat()})

    def set_to(self, at: datetime) -> None:
        """Let the clock run on from ``at``."""
        with self._locked():
            self._write({"offset_seconds": (at - datetime.now(UTC)).total_seconds()})

    def _read(self) -> dict[str, object]:
        try:
            status = self._path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            seen = self._seen
            if seen is None or seen[0] != mark:
                seen = (mark, dict(json.loads(self._path.read_bytes())))
                self._seen = seen
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError) as error:
            raise ConfigurationFault("the clock file cannot be read") from error
        return seen[1]

    def _write(self, state: dict[str, object]) -> None:
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        draft.write_text(json.dumps(state), "utf-8")
        draft.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield


def make_clock(clock_file: Path | None, environment: str) -> Clock:
    """The clock of this process. Raises ``ConfigurationFault`` if a shared clock is asked for in production."""
    if clock_file is None:
        return SystemClock()
    if environment not in ("demo", "test"):
        raise ConfigurationFault("a shared clock is refused outside demo and test")
    return SharedClock(clock_file)
