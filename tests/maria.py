"""A private MariaDB for tests: its own folder, loopback only, TLS with a certificate of its own authority, never as root."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from tests.authorities import Authority

PROGRAMS = ("mariadbd", "mariadb-install-db")
PLACES = ("/usr/sbin", "/usr/local/sbin")
READER_PASSWORD = "reader-päss 1"
START_SECONDS = 60


def find_program(name: str) -> str | None:
    """Debian keeps the server in a folder that is not on everybody's PATH."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))


def is_installed() -> bool:
    """Whether there is a server to start."""
    return all(find_program(name) for name in PROGRAMS)


@dataclass(frozen=True)
class RunningMaria:
    """A running server with one database ``registry`` and a user ``reader`` who may only read."""

    port: int
    socket_path: Path
    authority: Authority
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def url(self) -> str:
        """As an address book has it."""
        return f"mysql://127.0.0.1:{self.port}/registry"

    def run(self, *statements: str, database: str | None = "registry") -> None:
        """Statements of the owner, over the server's own socket."""
        with (
            contextlib.closing(
                pymysql.connect(unix_socket=str(self.socket_path), user="root", database=database, autocommit=True)
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


@contextlib.contextmanager
def start_maria(*more: str) -> Iterator[RunningMaria]:
    """Make and start a server in a folder of its own, gone afterwards. ``more`` are further options of ``mariadbd``."""
    with open_home() as (home, prefix):
        authority = Authority()
        put_certificates(home, authority)
        _install(prefix, home / "data")
        running = _start(prefix, home, authority, more)
        try:
            running.run(
                "CREATE DATABASE registry CHARACTER SET utf8mb4",
                f"CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{READER_PASSWORD}'",
                "GRANT SELECT ON registry.* TO reader@'127.0.0.1'",
                database=None,
            )
            yield running
        finally:
            running.stop()


@contextlib.contextmanager
def open_home() -> Iterator[tuple[Path, list[str]]]:
    """A short path for a server that must not run as root, and what its commands begin with: then it runs as nobody."""
    home = Path(tempfile.mkdtemp(prefix="guitai-"))
    prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] if os.geteuid() == 0 else []
    try:
        give_away(home)
        yield home, prefix
    finally:
        shutil.rmtree(home, ignore_errors=True)


def give_away(path: Path) -> None:
    """To the user under whom servers run."""
    if os.geteuid() == 0:
        shutil.chown(path, "nobody", "nogroup")


def put_certificates(home: Path, authority: Authority) -> None:
    """``server.pem``, ``server.key`` for 127.0.0.1, and ``ca.pem``."""
    for name, content in {**authority.issue_server("127.0.0.1"), "ca.pem": authority.certificate}.items():
        (home / name).write_bytes(content)
        (home / name).chmod(0o600)
        give_away(home / name)


def find_port() -> int:
    """A free one on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _install(prefix: list[str], data: Path) -> None:
    command = [
        *prefix, find_program("mariadb-install-db") or "", "--no-defaults", f"--datadir={data}",
        "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=data.parent)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def _start(prefix: list[str], home: Path, authority: Authority, more: tuple[str, ...]) -> RunningMaria:
    port, path = find_port(), home / "s"
    command = [
        *prefix, find_program("mariadbd") or "", "--no-defaults", f"--datadir={home / 'data'}", f"--socket={path}", f"--port={port}",
        "--bind-address=127.0.0.1", f"--pid-file={home / 'pid'}", "--skip-name-resolve", "--skip-log-bin",
        "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--max-allowed-packet=64M",
        f"--ssl-ca={home / 'ca.pem'}", f"--ssl-cert={home / 'server.pem'}", f"--ssl-key={home / 'server.key'}", *more,
    ]  # fmt: skip
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=home)
    until = time.monotonic() + START_SECONDS
    while not _listens(port):
        if time.monotonic() > until or process.poll() is not None:
            raise AssertionError((home / "log").read_text("utf-8", "replace")[-2000:])
        time.sleep(0.05)
    return RunningMaria(port, path, authority, process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
