"""Starts the whole counter on one machine, in order, and stops it in the other order. Demo and test only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import IO, Protocol

from adapters.clock import make_clock
from adapters.embedded import RunningPostgres, start_postgres, start_redis
from adapters.stores.keyring import create_keyring
from adapters.stores.provision import migrate, provision_roles
from gateway.launch.calendar import describe_calendar, seed_shipped_calendar
from gateway.launch.children import Child, Children
from gateway.launch.interruption import INTERRUPTION
from gateway.launch.places import Places, take_lock, write_json
from services.errors import ConfigurationFault

Report = Callable[[str], None]
_REGISTRIES = {"max_connections": "50", "shared_buffers": "16MB"}
GRACE_SECONDS, HASTY_GRACE_SECONDS = 10.0, 1.0
"""How long children may take to end once they serve, and while they start: a web server that starts hears no SIGTERM."""


class Stoppable(Protocol):
    """A service that another part of the program started."""

    def stop(self) -> None:
        """End it, tidily."""
        ...


@dataclass
class Stack:
    """Everything that runs. ``urls`` are ours, ``addresses`` the sandbox's; ``report`` is told of each step when it is done.

    ``begun`` is the sandbox while it starts, with the mark of the file of addresses before it.
    """

    places: Places
    report: Report
    lock: IO[str]
    children: Children
    services: list[tuple[str, Stoppable]] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    role_urls: dict[str, str] = field(default_factory=dict)
    reserved: dict[str, socket] = field(default_factory=dict)
    owner_url: str = ""
    registries_url: str = ""
    redis_url: str = ""
    begun: tuple[Child, object] | None = None
    serving: bool = False

    @property
    def keyring_file(self) -> Path:
        """The keys that encrypt personal fields in this home."""
        return self.places.path("keyring.json")

    @property
    def clock_file(self) -> Path:
        """The shared clock of the counter and its sandbox."""
        return self.places.path("run", "clock.json")

    def require_alive(self) -> None:
        """Raise ``LaunchFault`` if any part has ended by itself."""
        self.children.require_alive()

    def stop(self) -> None:
        """End all parts, the newest first; what cannot be ended politely is ended by force, soon if nothing was being served yet."""
        self.places.state_file.unlink(missing_ok=True)
        self.children.stop(GRACE_SECONDS if self.serving else HASTY_GRACE_SECONDS)
        with ThreadPoolExecutor(max(1, len(self.services))) as pool:
            list(pool.map(lambda named: named[1].stop(), self.services))
        for name, _service in self.services:
            self.children.release(name)
        for taken in self.reserved.values():
            taken.close()
        self.children.dismiss_warden()
        self.lock.close()


def open_stack(home: Path, report: Report) -> Stack:
    """Take a home folder for one run; nothing runs yet. Raises ``LaunchFault`` if another run has it.

    What a killed run said of itself is removed before anything else: it describes nothing that lives.
    """
    places = Places(home.resolve())
    lock = take_lock(places)
    places.state_file.unlink(missing_ok=True)
    return Stack(places, report, lock, Children(places.folder("log"), lock))


@dataclass(frozen=True, slots=True)
class Choices:
    """Which PostgreSQL: an address of its owner, or other binaries than the wheel's for the embedded one."""

    database_url: str | None = None
    postgres_binaries: Path | None = None


def start_stores(stack: Stack, choices: Choices, meanwhile: Callable[[Stack], None] = lambda _stack: None) -> None:
    """PostgreSQL (embedded unless an address is given), Redis, the keys, the migrations, one database user per role.

    A second embedded PostgreSQL holds the registries of the sandbox's offices: other people's data, on a server of their own.
    ``meanwhile`` is called as soon as the servers run; what it begins goes on while the store is migrated.
    """
    stack.report("starting PostgreSQL")
    with INTERRUPTION.held(), ThreadPoolExecutor(2) as pool:
        own = None if choices.database_url else pool.submit(_start_server, stack, choices, "postgres")
        registries = pool.submit(_start_server, stack, choices, "registries", _REGISTRIES)
        _adopt_registries(stack, registries)
        stack.owner_url = choices.database_url or (_adopt(stack, "postgres", own.result()) if own else "")
    stack.report("PostgreSQL is running")
    with INTERRUPTION.held():
        redis = start_redis(stack.places.folder("redis"))
        stack.services.append(("redis", redis))
        stack.children.adopt("redis", redis.pid)
    stack.redis_url = redis.url
    stack.report(
        "Redis is running"
        if not redis.stand_in
        else "NO redis-server on the PATH: a stand-in runs, good for this one machine only"
    )
    if not stack.keyring_file.exists():
        create_keyring(stack.keyring_file)
    meanwhile(stack)
    migrate(stack.owner_url)
    stack.role_urls = provision_roles(stack.owner_url, stack.places.folder("secrets"))
    stack.report("the government store is migrated; each role has its own user")
    sown = seed_shipped_calendar(stack.owner_url, make_clock(stack.clock_file, "demo"))
    if sown is not None:
        stack.report(describe_calendar(sown))


def _start_server(stack: Stack, choices: Choices, name: str, settings: dict[str, str] | None = None) -> RunningPostgres:
    return start_postgres(stack.places.folder(name), binaries=choices.postgres_binaries, settings=settings)


def _adopt(stack: Stack, name: str, server: RunningPostgres) -> str:
    """Watch it; the owner's address."""
    stack.services.append((name, server))
    stack.children.adopt(name, server.pid)
    return server.owner_url


def _adopt_registries(stack: Stack, starting: Future[RunningPostgres]) -> None:
    """The registries' server, or a line that says that no embedded one can run here."""
    try:
        stack.registries_url = _adopt(stack, "registries", starting.result())
    except ConfigurationFault:
        stack.report("NO PostgreSQL for the registries of the sandbox: the offices on it are left out")


def write_state(stack: Stack) -> None:
    """Say where everything is: ``run/state.json``, the file that tools and tests read."""
    backends = {name: url for name, url in stack.addresses.items() if name not in ("wechat", "alipay")}
    write_json(
        stack.places.state_file,
        {
            "public_url": stack.urls["public"],
            "web_url": stack.urls["web"],
            "console_url": stack.urls["console"],
            "operations_url": stack.urls["operations"],
            "wechat_sandbox_url": stack.addresses["wechat"],
            "alipay_sandbox_url": stack.addresses["alipay"],
            "backends": backends,
            "database_url": stack.owner_url,
            "registries_url": stack.registries_url,
            "redis_url": stack.redis_url,
            "pids": stack.children.pids,
        },
    )
