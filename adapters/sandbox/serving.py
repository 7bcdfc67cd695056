"""Start the emulators: one process, one threaded HTTP server each, on the loopback address alone.

The two platforms are modules with ``build(context: SandboxContext) -> WSGI application`` and stand behind the evidence: every
byte is kept before it is looked at. All others are offices (``office.py``), found by themselves.
"""

from __future__ import annotations

import fcntl
import json
import logging
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from adapters.sandbox.bindings import make_bindings
from adapters.sandbox.closed import DoorOfOffice
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.evidence import EvidenceFile, KeepEverything
from adapters.sandbox.notices import NoticeScheduler
from adapters.sandbox.office import Office, Place, find_offices
from adapters.sandbox.portal import open_portal, write_atomically
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
PLATFORMS: Mapping[str, str] = {
    "wechat": "adapters.sandbox.wechat.app",
    "alipay": "adapters.sandbox.alipay.app",
}

_log = logging.getLogger("guitai.sandbox")


class SandboxInUse(RuntimeError):
    """Another sandbox uses this home."""


class QuietHandler(WSGIRequestHandler):
    """Writes no request lines: a target may hold an access token."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ARG002 - the names are werkzeug's
        """Say only that something went wrong; the details stay with the emulator."""
        if type == "error":
            _log.error("the sandbox's HTTP server met a fault")

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:  # noqa: ARG002
        """An emulator that gives no answer ends the connection; it would stay open for the next request otherwise."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@dataclass
class RunningSandbox:
    """The emulators of this process. ``credentials`` and ``bindings`` are what the files of these names hold.

    ``left_out`` names offices that need an SQL server where none was given.
    """

    addresses: dict[str, str]
    credentials: dict[str, Any]
    bindings: dict[str, Any]
    left_out: tuple[str, ...]
    home: Path
    _servers: list[BaseWSGIServer]
    _threads: list[threading.Thread]
    _context: SandboxContext
    _lock: IO[str]

    def stop(self) -> None:
        """Stop listening and sending; everything remembered stays under ``home``."""
        with ThreadPoolExecutor(max(1, len(self._servers))) as pool:
            list(pool.map(BaseWSGIServer.shutdown, self._servers))
        for thread in self._threads:
            thread.join()
        self._context.notices.stop()
        for server in self._servers:
            server.server_close()
        for close in (*self._context.closers, *(shelf.close for shelf in self._context.shelves)):
            close()
        self._lock.close()


def start_sandbox(
    home: Path,
    *,
    only: set[str] | None = None,
    ports: dict[str, int] | None = None,
    clock: Clock,
    evidence_file: Path | None = None,
    offices: Mapping[str, Office] | None = None,
    registries_url: str = "",
) -> RunningSandbox:
    """Start the emulators named in ``only`` (default: all); write ``credentials.json``, ``bindings.json`` and, when listening, ``addresses.json``.

    ``ports`` fixes ports by name; the others get the port of the last run if it is free, else a free one. The evidence goes
    to ``evidence_file`` or ``home/received.jsonl``. ``offices`` are more than those of the sandbox itself. ``registries_url`` is the owner's
    address of an SQL server; without it the offices that need one are left out, with a line in the log. Raises ``SandboxInUse``,
    ``OSError`` if a fixed port is taken, ``ValueError`` for a name that no emulator has.
    """
    known = {**find_offices(), **(offices or {})}
    everybody = (*PLATFORMS, *known)
    if only and only - set(everybody):
        raise ValueError(f"no such emulator; known: {', '.join(everybody)}")
    left_out = _find_left_out(known, only, registries_url)
    names = [name for name in everybody if (only is None or name in only) and name not in left_out]
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as undo:
        lock = undo.enter_context(_take(home))
        listeners = {name: undo.enter_context(_listen(name, home, ports or {})) for name in names}
        addresses = {name: f"http://{HOST}:{listener.getsockname()[1]}" for name, listener in listeners.items()}
        notices = NoticeScheduler(clock, Shelf(home / "notices.sqlite3"))
        context = SandboxContext(home, clock, open_portal(home, set(names), known), notices, addresses, registries_url)
        evidence = EvidenceFile(evidence_file or home / "received.jsonl", clock)
        servers = [_serve(listeners[name], _build(name, known, context, evidence)) for name in names]
        places = {
            name: Place(context.credentials[name], addresses[name], registries_url) for name in names if name in known
        }
        bindings = make_bindings(known, places)
        write_atomically(home / "bindings.json", json.dumps(bindings, ensure_ascii=False, indent=2))
        undo.pop_all()
    running = RunningSandbox(
        addresses, context.credentials, bindings, left_out, home, servers, _run(servers), context, lock
    )
    notices.start()
    write_atomically(home / "addresses.json", json.dumps(addresses, indent=2))
    return running


def _find_left_out(known: Mapping[str, Office], only: set[str] | None, registries_url: str) -> tuple[str, ...]:
    """The wanted offices that cannot be started, each named in the log."""
    missing = tuple(
        name
        for name, office in known.items()
        if office.needs_registries and not registries_url and (only is None or name in only)
    )
    for name in missing:
        _log.warning("%s is left out: it keeps its data on an SQL server, and none was given", name)
    return missing


def _run(servers: list[BaseWSGIServer]) -> list[threading.Thread]:
    threads = [
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.1}) for server in servers
    ]
    for thread in threads:
        thread.start()
    return threads


def _take(home: Path) -> IO[str]:
    """The home for this process alone, until the file is closed: two sandboxes would send each notice twice."""
    lock = (home / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SandboxInUse("another sandbox uses this home") from None
    return lock


def _build(
    name: str, offices: Mapping[str, Office], context: SandboxContext, evidence: EvidenceFile
) -> WSGIApplication:
    if name in offices:
        return DoorOfOffice(offices[name].build(context))
    app: WSGIApplication = import_module(PLATFORMS[name]).build(context)
    return KeepEverything(app, name, evidence)


def _listen(name: str, home: Path, ports: dict[str, int]) -> socket.socket:
    """A bound socket: the fixed port, or the one of the last run (addresses in other people's notes stay right), or any."""
    wished = [ports[name]] if ports.get(name) else [_last_port(name, home), 0]
    for port in wished:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError:
            listener.close()
            if port == wished[-1]:
                raise
        else:
            return listener
    raise AssertionError("a free port is always found or an error raised")


def _last_port(name: str, home: Path) -> int:
    try:
        return int(json.loads((home / "addresses.json").read_text())[name].rpartition(":")[2])
    except (OSError, ValueError, KeyError):
        return 0


def _serve(listener: socket.socket, app: WSGIApplication) -> BaseWSGIServer:
    server = make_server(
        HOST, listener.getsockname()[1], app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
    )
    listener.close()
    return server
