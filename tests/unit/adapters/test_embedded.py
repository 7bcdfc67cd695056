"""The embedded PostgreSQL: made once, taken over, started again after the worst."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.embedded import RunningPostgres, start_postgres
from adapters.embedded_files import find_binaries, prepare_dropped_place
from services.errors import ConfigurationFault

FAST = {"fsync": "off"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose path is too long for a socket."""
    return tmp_path_factory.mktemp("h" * 90)


@pytest.fixture
def server(home: Path) -> Iterator[RunningPostgres]:
    """A running server; what a test leaves running is stopped."""
    yield start_postgres(home, settings=FAST)
    start_postgres(home, settings=FAST).stop()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_server_listens_on_a_unix_socket_alone(server: RunningPostgres, home: Path) -> None:
    """No TCP port, a socket folder of mode 0700 also for a long path, a password, no password in its repr."""
    assert ask(server.owner_url, "SHOW listen_addresses") == ""
    folder = Path(str(ask(server.owner_url, "SHOW unix_socket_directories")))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.is_relative_to(home)
    password = (home / "owner_password").read_text()
    assert password not in repr(server)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.owner_url.replace(password, "wrong"))


def test_running_server_is_taken_over(server: RunningPostgres, home: Path) -> None:
    """A second start finds the server of the first and its data."""
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS x")
    again = start_postgres(home, settings=FAST)
    assert (again.pid, again.owner_url) == (server.pid, server.owner_url)


def test_killed_server_starts_again(server: RunningPostgres, home: Path) -> None:
    """After SIGKILL the next start recovers what was committed."""
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS survived AS SELECT 8 AS x")
    os.kill(server.pid, signal.SIGKILL)
    again = start_postgres(home, settings=FAST)
    assert again.pid != server.pid
    assert ask(again.owner_url, "SELECT x FROM survived") == 8


def test_stale_pid_of_another_process_does_not_block(server: RunningPostgres, home: Path) -> None:
    """A pid file whose number belongs to another program by now is recognised as stale."""
    server.stop()
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'data'}\n0\n5432\n/nowhere\n\n0 0\nready\n")
    again = start_postgres(home, settings=FAST)
    assert again.pid != os.getpid()
    assert ask(again.owner_url, "SELECT 1") == 1


def test_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    """A launcher killed during initdb leaves nothing that the next one would take for a cluster."""
    (tmp_path / "data.new").mkdir(parents=True)
    (tmp_path / "data.new" / "PG_VERSION").write_text("18")
    server = start_postgres(tmp_path, settings=FAST)
    try:
        assert ask(server.owner_url, "SELECT 1") == 1
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
@pytest.mark.parametrize("private", [False, True])
def test_without_user_namespaces_root_drops_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    """Where unshare does not work, root runs the server as nobody, in a folder of its own, on copies if its programs are root's.

    Also under the umask of the launcher, which keeps everything for the owner alone.
    """
    monkeypatch.setattr("adapters.embedded_files._NAMESPACE", ("false",))
    binaries = find_binaries()
    if private:
        package = binaries.parents[1]
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, tmp_path / folder.name, symlinks=True)
            subprocess.run(["chmod", "-R", "go=", str(tmp_path / folder.name)], check=True)
        binaries = tmp_path / package.name / binaries.relative_to(package)
    before = os.umask(0o077)
    try:
        server = start_postgres(tmp_path / "home", binaries=binaries, settings=FAST)
    finally:
        os.umask(before)
    folder = prepare_dropped_place(tmp_path / "home", binaries).home.parent
    try:
        assert ask(server.owner_url, "SELECT 1") == 1
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_a_folder_without_postgresql_is_refused_and_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong folder is named with what it lacks; for root without namespaces its parent would be copied: ``/`` for ``/tmp``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(shutil, "copytree", lambda *_args, **_kwargs: pytest.fail("copied"))
    with pytest.raises(ConfigurationFault, match=r"no PostgreSQL in .*: initdb, pg_ctl, postgres not found there"):
        start_postgres(tmp_path / "home", binaries=folder)
