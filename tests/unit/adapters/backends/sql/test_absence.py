"""A database that is silent, speaks another protocol, drips, or is not who it should be: nobody answered, in time and without a trace."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from adapters.backends.sql import dialects
from adapters.reach import Reach
from services.errors import BackEndUnreachable
from tests.authorities import Authority
from tests.maria import READER_PASSWORD, RunningMaria, find_port, give_away, open_home, put_certificates, start_maria
from tests.plugin_packages import find_debian_postgres
from tests.unit.adapters.backends.sql.registry import TABLE, ask, on_maria, open_line

OWNER = "SELECT plate, owner FROM vehicles WHERE plate = :plate"
DIALECTS = ("postgresql", "mysql")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "CONNECT_SECONDS", 2)


@contextlib.contextmanager
def listen(greeting: bytes, *, drip: bool = False) -> Iterator[int]:
    """A server that says this, or begins to, and then nothing more."""
    done = threading.Event()

    def serve(listener: socket.socket) -> None:
        peers = []
        while not done.is_set():
            with contextlib.suppress(OSError):
                peer, _ = listener.accept()
                peers.append(peer)
                if not drip:
                    peer.sendall(greeting)
                for byte in greeting if drip else b"":
                    peer.sendall(bytes([byte]))
                    done.wait(0.3)
        for peer in peers:
            peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            done.set()
            thread.join(10)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n<html>CANARY</html>", b"\x00" * 64, b"N"])
def test_what_is_no_database(dialect: str, greeting: bytes) -> None:
    """Silence, HTML, zeros: no connection, within the time for connecting."""
    with listen(greeting) as port:
        line, started = open_line(f"{dialect}://127.0.0.1:{port}/x"), time.monotonic()
        with pytest.raises(BackEndUnreachable) as caught:
            ask(line, OWNER, "plate", "owner", plate="A-1")
        line.close()
    assert time.monotonic() - started < 8
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_greeting_that_drips(dialect: str) -> None:
    """Byte by byte is cut off like silence."""
    with listen(b"J\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB\x00" + b"x" * 60, drip=True) as port:
        line, started = open_line(f"{dialect}://127.0.0.1:{port}/x"), time.monotonic()
        with pytest.raises(BackEndUnreachable):
            ask(line, OWNER, "plate", "owner", plate="A-1")
        line.close()
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nobody_listens_or_nobody_may_be_reached(dialect: str) -> None:
    """A closed port, and a private address that is not listed, are the same to whoever asks."""
    url = f"{dialect}://127.0.0.1:{find_port()}/x"
    for reach in (Reach(["127.0.0.0/8"]), Reach()):
        line = open_line(url, reach=reach)
        with pytest.raises(BackEndUnreachable):
            ask(line, OWNER, "plate", "owner", plate="A-1")
        line.close()


@contextlib.contextmanager
def forward(port: int, silent: threading.Event) -> Iterator[int]:
    """A wire to a server that goes silent in the middle when it is told to."""
    done = threading.Event()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                while silent.is_set() and not done.is_set():
                    time.sleep(0.02)
                target.sendall(data)

    def serve(listener: socket.socket) -> None:
        while not done.is_set():
            with contextlib.suppress(OSError):
                peer = listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", port), 5)
                for pair in ((peer, server), (server, peer)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()
                open_ones.extend((peer, server))

    open_ones: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            done.set()
            thread.join(10)
            for one in open_ones:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()


@pytest.mark.mariadb_server
def test_a_server_that_goes_silent_in_the_middle(maria: RunningMaria) -> None:
    """It is cut off a second after its statement should have ended, and the next question finds a new connection."""
    silent = threading.Event()
    with on_maria(maria), forward(maria.port, silent) as port:
        line = open_line(f"mysql://127.0.0.1:{port}/registry")
        assert ask(line, OWNER, "plate", "owner", plate="A-1")
        silent.set()
        started = time.monotonic()
        with pytest.raises(BackEndUnreachable):
            ask(line, OWNER, "plate", "owner", plate="A-1", seconds=0.5)
        assert time.monotonic() - started < 4
        silent.clear()
        assert ask(line, OWNER, "plate", "owner", plate="A-1")
        line.close()


@pytest.mark.mariadb_server
def test_mariadb_is_verified_by_its_authority(maria: RunningMaria) -> None:
    """With the right authority it answers over TLS; with another nothing is asked."""
    with on_maria(maria):
        right = open_line(maria.url, ca=maria.authority.certificate)
        statement = (
            "SELECT VARIABLE_VALUE AS cipher FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'"
        )
        assert ask(right, statement, "cipher")[0]["cipher"]
        right.close()
        wrong = open_line(maria.url, ca=Authority().certificate)
        with pytest.raises(BackEndUnreachable):
            ask(wrong, OWNER, "plate", "owner", plate="A-1")
        wrong.close()
        elsewhere = open_line(maria.url.replace("127.0.0.1", "localhost"), ca=maria.authority.certificate)
        with pytest.raises(BackEndUnreachable):
            ask(elsewhere, OWNER, "plate", "owner", plate="A-1")
        elsewhere.close()


@pytest.mark.mariadb_server
def test_a_mariadb_without_tls_is_not_asked_where_tls_is_agreed() -> None:
    """It never falls back to plain text: the password would be within reach."""
    with start_maria("--skip-ssl") as plain:
        line = open_line(plain.url, ca=plain.authority.certificate)
        with pytest.raises(BackEndUnreachable):
            ask(line, "SELECT 1 AS plate", "plate")
        line.close()


@contextlib.contextmanager
def start_postgres_with_tls() -> Iterator[tuple[str, Authority]]:
    """Debian's PostgreSQL on loopback with TLS; the wheel's has none. The reader may come by TLS alone."""
    folder = find_debian_postgres()
    assert folder is not None
    with open_home() as (home, prefix):
        authority, port = Authority(), find_port()
        put_certificates(home, authority)
        (home / "word").write_text("owner")
        give_away(home / "word")
        data = home / "data"
        _run(
            home,
            *prefix,
            folder / "initdb",
            "-D",
            data,
            "-U",
            "owner",
            f"--pwfile={home / 'word'}",
            "--auth=scram-sha-256",
        )
        (data / "pg_hba.conf").write_text("local all owner trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        options = (
            f"-k {home} -p {port} -c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file={home / 'server.pem'} "
            f"-c ssl_key_file={home / 'server.key'} -c fsync=off"
        )
        command: list[str | Path] = [*prefix, folder / "pg_ctl", "-D", data, "-w", "-l", home / "log"]
        _run(home, *command, "-o", options, "start")
        try:
            _fill(home, port)
            yield f"postgresql://127.0.0.1:{port}/postgres", authority
        finally:
            _run(home, *command, "-m", "immediate", "stop")


def _run(home: Path, *command: str | Path) -> None:
    subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _fill(home: Path, port: int) -> None:
    with psycopg.connect(host=str(home), port=port, user="owner", dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE reader LOGIN PASSWORD {}").format(sql.Literal(READER_PASSWORD)))
        connection.execute(TABLE.format(moment="TIMESTAMP"))
        connection.execute("GRANT SELECT ON vehicles TO reader; GRANT pg_read_all_stats TO reader")


@pytest.mark.postgres15
def test_postgresql_is_verified_by_its_authority() -> None:
    """With the right authority it answers over TLS; with another, for another name, or without TLS nothing is asked."""
    with start_postgres_with_tls() as (url, authority):
        right = open_line(url, ca=authority.certificate)
        assert ask(right, "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "cipher")[0]["cipher"]
        right.close()
        for address, ca in [
            (url, Authority().certificate),
            (url, b""),
            (url.replace("127.0.0.1", "localhost"), authority.certificate),
        ]:
            wrong = open_line(address, ca=ca)
            with pytest.raises(BackEndUnreachable):
                ask(wrong, OWNER, "plate", "owner", plate="A-1")
            wrong.close()
