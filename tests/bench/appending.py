"""``exposure_append``: bill queries over HTTP a second with the ledger, against the same with the append stubbed out, in one run.

One city with its stores, companies, worker, sequencer and witness; beside its own public app two more of the same settings, one of which has
an append that writes nothing (and so nothing to promise). The same clients ask both in turns over kept-alive connections, one citizen's
bill, which is asked of the company's sandbox each time. With the ledger each reply has its record committed and its promise signed first.
"""

from __future__ import annotations

import gc
import http.client
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.launch.places import reserve_port
from gateway.launch.processes import WEB_THREADS, make_environment
from gateway.promising import HEADER
from tests.bench.report import Figure, compare_rounds
from tests.journeys.city import City, await_truth, call, open_city
from tests.journeys.errands import send_on_errand

NAME, TARGET = "exposure_append", 0.85
CLIENTS = 8
ROUNDS, SECONDS, WARM = 40, 1.0, 2.0
KINDS = ("recorded", "stubbed")


@dataclass
class Asked:
    """What the clients of one round were answered: how often, how long each took, how many promises came along."""

    times: list[float]
    promises: int
    faults: int


@contextmanager
def serve(city: City) -> Iterator[dict[str, int]]:
    """Both apps under granian, as a run serves the public app; their ports."""
    ports = {}
    for kind in KINDS:
        taken = reserve_port(0)
        assert taken is not None
        ports[kind] = taken.getsockname()[1]
        taken.close()
        arguments = [
            "-m", "granian", "--interface", "wsgi", f"tests.bench.bill_app:{kind}", "--host", "127.0.0.1", "--port",
            str(ports[kind]), "--workers", "1", "--blocking-threads", str(WEB_THREADS["public"]), "--no-ws", "--log-level",
            "error",
        ]  # fmt: skip
        environment = make_environment(city.stack, "public") | {"PYTHONPATH": os.pathsep.join(sys.path)}
        city.stack.children.start(f"bench-{kind}", arguments, environment)
    for port in ports.values():
        await_truth(lambda port=port: call("GET", f"http://127.0.0.1:{port}/").status, 90, "an app does not answer")  # type: ignore[misc]
    yield ports


def ask_for(port: int, path: str, token: str, seconds: float) -> Asked:
    """Let all clients ask again and again for a fixed time."""
    until = time.monotonic() + seconds
    told: list[Asked] = [Asked([], 0, 0) for _ in range(CLIENTS)]
    clients = [threading.Thread(target=_ask_until, args=(port, path, token, until, mine)) for mine in told]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return Asked(
        [one for mine in told for one in mine.times], sum(one.promises for one in told), sum(one.faults for one in told)
    )


def _ask_until(port: int, path: str, token: str, until: float, mine: Asked) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while time.monotonic() < until:
        began = time.monotonic()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        reply = connection.getresponse()
        body = reply.read()
        mine.times.append(time.monotonic() - began)
        mine.faults += reply.status != 200 or b"bill_ref" not in body
        mine.promises += reply.getheader(HEADER) is not None
    connection.close()


def measure(report: Callable[[str], None], rounds: int = ROUNDS, seconds: float = SECONDS) -> Figure:
    """The figure of a city that is founded for it."""
    with tempfile.TemporaryDirectory(prefix="guitai-bench-") as home, open_city(Path(home)) as city:
        errand = send_on_errand(city, "wechat", "gas")
        with serve(city) as ports:
            path, token = f"/v1/households/{errand.household_id}/bills", errand.phone._token or ""
            report(f"{CLIENTS} clients, {rounds} rounds of {seconds} s for each of two apps")
            return compare_turns(lambda kind, span: ask_for(ports[kind], path, token, span), rounds, seconds)


def compare_turns(ask: Callable[[str, float], Asked], rounds: int, seconds: float) -> Figure:
    """The figure of rounds in turns. Raises ``SystemExit`` if a query was refused, or a reply's promise is missing or too much."""
    for kind in KINDS:
        ask(kind, WARM)
    gc.collect()
    series: dict[str, list[Asked]] = {kind: [] for kind in KINDS}
    for number in range(rounds):
        for kind in KINDS if number % 2 else reversed(KINDS):
            series[kind].append(ask(kind, seconds))
    ours, floor = series["recorded"], series["stubbed"]
    if any(one.faults for one in (*ours, *floor)) or any(one.promises for one in floor):
        raise SystemExit("a bill query was not answered with a bill, or the stub promised something")
    if sum(one.promises for one in ours) != sum(len(one.times) for one in ours):
        raise SystemExit("a recorded reply had no promise")
    rates = [len(one.times) / seconds for one in ours], [len(one.times) / seconds for one in floor]
    ratio, spread = compare_rounds(*rates)
    details = {f"{kind}, p50 ms": 1000 * statistics.median(_gather(series[kind])) for kind in KINDS}
    details |= {
        f"{kind}, p99 ms": 1000 * sorted(_gather(series[kind]))[-(len(_gather(series[kind])) // 100) - 1]
        for kind in KINDS
    }
    return Figure(
        NAME, "queries/s", "higher", statistics.median(rates[0]), statistics.median(rates[1]), ratio, spread, TARGET, details
    )  # fmt: skip


def _gather(rounds: list[Asked]) -> list[float]:
    return [one for asked in rounds for one in asked.times]
