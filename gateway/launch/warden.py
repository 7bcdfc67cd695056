"""Ends what a killed launcher leaves behind. Runs as its own process: ``python -m gateway.launch.warden``.

The launcher holds the other end of standard input and writes a line ``+PID`` for each process group that it starts and
``-PID`` for each that it ended. When that pipe closes, for whatever reason (SIGKILL included), the warden ends the rest:
SIGTERM newest first, SIGKILL after a grace. Works wherever pipes do, so on macOS too; PR_SET_PDEATHSIG would not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 8.0


def watch(lines: Iterable[str]) -> list[int]:
    """Read the launcher's lines until its end closes; the process ids that are left, newest first."""
    alive: dict[int, None] = {}
    for line in lines:
        sign, pid = line[:1], line[1:].strip()
        if sign == "+" and pid.isdigit():
            alive[int(pid)] = None
        elif sign == "-" and pid.isdigit():
            alive.pop(int(pid), None)
    return list(reversed(alive))


def end_all(pids: Iterable[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """End each process (and its group, if it leads one): first politely, then by force."""
    left = [pid for pid in pids if send(pid, signal.SIGTERM)]
    deadline = time.monotonic() + grace_seconds
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if send(pid, 0)]
    for pid in left:
        send(pid, signal.SIGKILL)


def send(pid: int, signum: int) -> bool:
    """Signal the group that a process leads (also when only the rest of it lives), else the process; False if neither exists."""
    for deliver in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            deliver(pid, signum)
            return True
    return False


def main() -> None:
    """Outlive the launcher by what it takes to tidy up."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    end_all(watch(sys.stdin))


if __name__ == "__main__":
    main()
