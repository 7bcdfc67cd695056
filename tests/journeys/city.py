"""A whole city for the stories: the real counter, its stores, its sandbox and worker, as processes over real sockets.

Stories share one city and bring their own people, households and bills. Time is the shared clock: a story moves it ahead and
never back. What clients were shown is kept, so that the proof at the end of a file can look into every byte of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from adapters.clock import SharedClock
from adapters.embedded import RunningPostgres, RunningRedis, spawn_redis, start_postgres
from gateway.launch.loopback import LoopbackFault, Reply, send
from gateway.launch.places import PREFERRED_PORTS, write_json
from gateway.launch.processes import _start_app, make_environment, start_apps, start_sandbox
from gateway.launch.stack import Choices, Stack, open_stack, start_stores, write_state

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "wechat": (
        "order",
        "query",
        "close",
        "refund",
        "query_refund",
        "pay",
        "notice",
        "code2session",
        "phone_number",
        "nontax_order",
        "nontax_query",
        "nontax_refund",
        "nontax_pay",
        "nontax_notice",
    ),
    "alipay": ("order", "query", "close", "refund", "query_refund", "pay", "notice", "token", "phone_answer"),
    "gas": ("customer", "bills", "write_off", "find_write_off"),
    "water": ("customer", "bills", "write_off", "find_write_off"),
    "register": ("query",),
    "face": ("verify",),
    "treasury": ("query_notices", "write_off", "find_write_off"),
}
"""What can be made to misbehave, by emulator."""

_COMPANIES_ALONE = """
import json, sys, threading
from pathlib import Path
from adapters.clock import SharedClock
from adapters.sandbox.serving import start_sandbox
home, ports, clock = sys.argv[1:]
start_sandbox(Path(home), only=set(json.loads(ports)), ports=json.loads(ports), clock=SharedClock(Path(clock)))
threading.Event().wait()
"""

_STATES = """
SELECT DISTINCT ON (payment_id) payment_id::text AS payment_id, state FROM payment_events ORDER BY payment_id, version DESC
"""


@dataclass
class City:
    """A running stack, its clock, and what its citizens' phones were shown."""

    stack: Stack
    clock: SharedClock
    credentials: dict[str, Any]
    binaries: Path | None
    shown: list[bytes] = field(default_factory=list)

    # what the city says of itself

    def url(self, name: str) -> str:
        """The address of an emulator."""
        return self.stack.addresses[name]

    @property
    def offices(self) -> list[str]:
        """The names of all emulators that stand for no platform."""
        return [name for name in self.stack.addresses if name not in ("wechat", "alipay")]

    @property
    def public(self) -> str:
        """The address of the citizen API and of notices."""
        return self.stack.urls["public"]

    @property
    def evidence_file(self) -> Path:
        """What the emulators of the platforms received, since the city was founded."""
        return self.stack.places.home / "sandbox" / "received.jsonl"

    def received(self, start: int = 0) -> list[dict[str, Any]]:
        """The requests that reached the platforms from our servers, from number ``start`` on."""
        if not self.evidence_file.exists():
            return []
        return [json.loads(line) for line in self.evidence_file.read_text("utf-8").splitlines()[start:]]

    def read(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the government store, read as its owner."""
        with psycopg.connect(self.stack.owner_url, row_factory=dict_row) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        """Do something to the government store as its owner."""
        with psycopg.connect(self.stack.owner_url, autocommit=True) as connection:
            connection.execute(statement.encode(), values or None)

    def state_of(self, payment_id: str) -> str:
        """The state of a payment in the government store."""
        rows = self.read(
            "SELECT state FROM payment_events WHERE payment_id = %s ORDER BY version DESC LIMIT 1", payment_id
        )
        return str(rows[0]["state"])

    def events_of(self, payment_id: str) -> list[str]:
        """The names of a payment's events, oldest first."""
        rows = self.read("SELECT name FROM payment_events WHERE payment_id = %s ORDER BY version", payment_id)
        return [str(row["name"]) for row in rows]

    def states(self) -> dict[str, str]:
        """Payment id and state of every payment."""
        return {row["payment_id"]: row["state"] for row in self.read(_STATES)}

    # what one does to it

    def control(self, emulator: str, path: str, body: Mapping[str, Any]) -> Any:
        """One request of the tester to an emulator; it must succeed."""
        reply = send("POST", f"{self.url(emulator)}/_sandbox/{path}", body)
        assert reply.status in (200, 201), (emulator, path, reply.status, reply.body)
        return reply.json()

    def arrange(
        self, emulator: str, operation: str, behaviour: str, times: int = 1, seconds: float | None = None
    ) -> None:
        """Let the next calls of an operation go wrong."""
        body: dict[str, Any] = {"operation": operation, "behaviour": behaviour, "times": times}
        self.control(emulator, "control/behaviour", body | ({} if seconds is None else {"seconds": seconds}))

    def calm_down(self) -> None:
        """Nothing misbehaves any more."""
        for emulator, operations in OPERATIONS.items():
            for operation in operations:
                self.arrange(emulator, operation, "none")

    def pass_time(self, seconds: float) -> None:
        """Move everybody's clock ahead."""
        self.clock.advance(seconds)

    def await_quiet(self, seconds: float = 30.0) -> None:
        """Wait until no job waits or runs and nothing is due by the clock."""
        await_truth(self._is_quiet, seconds, "jobs are still waiting")

    def _is_quiet(self) -> bool:
        row = self.read(
            "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')) AS jobs,"
            " (SELECT count(*) FROM due_work WHERE due_at <= %s) AS due",
            self.clock.now(),
        )[0]
        return (row["jobs"], row["due"]) == (0, 0)

    def converge(self, payment_ids: Sequence[str] | None = None, seconds: float = 60.0) -> None:
        """Let time pass, from one planned question to the next, until these payments (default: all) came to their end."""
        deadline = time.monotonic() + seconds
        while unsettled := self._unsettled(payment_ids):
            assert time.monotonic() < deadline, f"no end: {unsettled}"
            self.await_quiet()
            rows = self.read(
                "SELECT min(due_at) AS due FROM due_work WHERE subject_id::text = ANY(%s)", list(unsettled)
            )
            if rows[0]["due"] is not None:
                self.clock.advance(max(0.0, (rows[0]["due"] - self.clock.now()).total_seconds()) + 0.1)
            time.sleep(0.1)
        self.await_quiet()

    def _unsettled(self, payment_ids: Sequence[str] | None) -> dict[str, str]:
        ends = ("closed", "refused", "written_off", "refunded")
        states = self.states()
        wanted = states if payment_ids is None else {one: states[one] for one in payment_ids}
        return {one: state for one, state in wanted.items() if state not in ends}

    # what one kills

    def kill(self, name: str) -> None:
        """SIGKILL one of our processes (worker, sandbox, public)."""
        child = next(child for child in self.stack.children._children if child.name == name)
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self.stack.children.stop_named(name)

    def start_worker(self) -> None:
        """A new worker."""
        self.stack.children.start("worker", ["-m", "gateway", "worker", "run"], make_environment(self.stack, "worker"))

    def start_public(self) -> None:
        """The public app again, at its old address."""
        _start_app(self.stack, "public", urlsplit(self.public).port or 0)
        await_truth(lambda: call("GET", f"{self.public}/").status, 30, "the public app does not answer")

    def start_sandbox(self) -> None:
        """The sandbox again, at its old addresses."""
        start_sandbox(self.stack)

    def start_companies(self) -> None:
        """After the sandbox was killed: the companies and the register alone, at their old addresses; no platform."""
        home = self.stack.places.home / "sandbox"
        ports = {name: urlsplit(self.url(name)).port for name in ("gas", "water", "register")}
        arguments = ["-c", _COMPANIES_ALONE, str(home), json.dumps(ports), str(self.stack.clock_file)]
        self.stack.children.start("companies", arguments, {})
        await_truth(lambda: all(_listens(port or 0) for port in ports.values()), 20, "the companies did not start")

    def end_companies(self) -> None:
        """End them again; the whole sandbox will find its old ports."""
        self.kill("companies")
        write_json(self.stack.places.home / "sandbox" / "addresses.json", self.stack.addresses)

    @contextmanager
    def freeze_postgres(self) -> Iterator[None]:
        """The time in which every process of the server stands still: it accepts and never answers."""
        pid = self._service("postgres").pid
        pids = [pid, *(int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        for one in pids:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGCONT)

    def kill_postgres(self) -> None:
        """SIGKILL the server: no chance to say goodbye."""
        server = self._service("postgres")
        self.stack.children.release("postgres")
        os.kill(server.pid, signal.SIGKILL)
        await_truth(lambda: not _is_running(server.pid), 10, "PostgreSQL lives on")

    def start_postgres(self) -> None:
        """The server again, on the same data and the same socket."""
        server = start_postgres(self.stack.places.folder("postgres"), binaries=self.binaries)
        assert server.owner_url == self.stack.owner_url
        self._replace("postgres", server)

    def kill_redis(self) -> None:
        """SIGKILL Redis; all that it held is gone."""
        server = self._service("redis")
        self.stack.children.release("redis")
        server.process.kill()
        server.process.wait()

    def start_redis(self) -> None:
        """An empty Redis at the same address with the same password."""
        old = self._service("redis")
        parts = urlsplit(self.stack.redis_url)
        server, home = None if old.stand_in else "redis-server", self.stack.places.folder("redis")
        process = spawn_redis(server, parts.port or 0, parts.password or "", home)
        self._replace("redis", RunningRedis(old.url, process.pid, old.stand_in, process))
        await_truth(lambda: _listens(parts.port or 0), 20, "Redis did not start")

    def _service(self, name: str) -> Any:
        return next(service for known, service in self.stack.services if known == name)

    def _replace(self, name: str, service: RunningPostgres | RunningRedis) -> None:
        self.stack.services = [(known, service if known == name else old) for known, old in self.stack.services]
        self.stack.children.adopt(name, service.pid)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def await_truth(check: Callable[[], object], seconds: float, complaint: str) -> None:
    """Wait until ``check`` gives something true; the test fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.05)


def call(
    method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One request; a connection that was refused counts as status 0."""
    try:
        return send(method, url, body, headers)
    except LoopbackFault:
        return Reply(0, {}, b"")


@contextmanager
def open_city(home: Path, *, binaries: Path | None = None) -> Iterator[City]:
    """Found a city below ``home``, and end all of it afterwards."""
    home.mkdir(parents=True, exist_ok=True)
    _wish_ports(home)
    stack = open_stack(home, lambda _line: None)
    try:
        start_stores(stack, Choices(postgres_binaries=binaries))
        start_sandbox(stack)
        start_apps(stack)
        write_state(stack)
        credentials = json.loads((stack.places.home / "sandbox" / "credentials.json").read_text("utf-8"))
        yield City(stack, SharedClock(stack.clock_file), credentials, binaries)
    finally:
        stack.stop()


def _wish_ports(home: Path) -> None:
    """Ports of our own, so that a demo that runs beside the tests is not met."""
    (home / "run").mkdir(exist_ok=True)
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in PREFERRED_PORTS]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        ports = [probe.getsockname()[1] for probe in probes]
    write_json(home / "run" / "ports.json", dict(zip(PREFERRED_PORTS, ports, strict=True)))
