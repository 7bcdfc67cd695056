"""How many blocking threads per granian worker: requests a second and latency with a real back-end wait.

The floor is the same server without the wait, measured in the same run. Bounded: a few seconds a row, loopback only.
``make bench FIGURE=serving_waits`` prints the table; docs/decisions/0003 quotes one run.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.launch.places import ROOT
from tests.bench.report import Figure

CLIENTS = 32
SECONDS = 2.0
WAIT_MILLISECONDS = 30
THREADS = (1, 4, 8, 16, 32)
PORT = 8690
NAME, TARGET, HOUSE_THREADS = "serving_waits", 0.8, 16


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: requests a second, and two points of the latency in milliseconds."""

    rate: float
    median: float
    high: float


@contextmanager
def serve(threads: int) -> Iterator[None]:
    """One granian worker with this many blocking threads."""
    arguments = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "tests.bench.waiting_app:app", "--host", "127.0.0.1",
        "--port", str(PORT), "--workers", "1", "--blocking-threads", str(threads), "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            await_server()
            yield
        finally:
            server.terminate()
            server.wait(10)


def await_server() -> None:
    """Wait until the server answers; raises ``ConnectionError`` after ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=2)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise ConnectionError("the server does not answer")


def measure(target: str) -> Measured:
    """Let all clients ask again and again for a fixed time."""
    times: list[list[float]] = [[] for _ in range(CLIENTS)]
    until = time.monotonic() + SECONDS
    clients = [threading.Thread(target=ask_until, args=(target, until, mine)) for mine in times]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    taken = sorted(value for mine in times for value in mine)
    high = taken[int(len(taken) * 0.99)] * 1000
    return Measured(len(taken) / SECONDS, statistics.median(taken) * 1000, high)


def ask_until(target: str, until: float, taken: list[float]) -> None:
    """One client on one kept-alive connection."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    while time.monotonic() < until:
        started = time.monotonic()
        connection.request("GET", target)
        connection.getresponse().read()
        taken.append(time.monotonic() - started)
    connection.close()


def measure_waits(report: Callable[[str], None]) -> Figure:
    """``serving_waits``: requests a second with the house's threads and a back end that takes 30 ms, against what 16 waits allow."""
    report(f"{CLIENTS} clients, {SECONDS:.0f} s a row, wait {WAIT_MILLISECONDS} ms, one worker")
    report("threads   floor/s   with wait/s  best possible/s   median ms   p99 ms")
    rates: dict[int, tuple[float, float]] = {}
    for threads in THREADS:
        with serve(threads):
            floor, real = measure("/"), measure(f"/?{WAIT_MILLISECONDS}")
        best = min(threads, CLIENTS) * 1000 / WAIT_MILLISECONDS
        rates[threads] = real.rate, best
        report(f"{threads:>7}{floor.rate:>10.0f}{real.rate:>14.0f}{best:>17.0f}{real.median:>12.1f}{real.high:>9.1f}")
    ours, best = rates[HOUSE_THREADS]
    details = {f"{threads} threads": rate / most for threads, (rate, most) in rates.items()}
    return Figure(NAME, "requests/s", "higher", ours, best, ours / best, 0.0, TARGET, details)
