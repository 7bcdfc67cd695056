"""Databases for tests: one cluster per kind of PostgreSQL and session, one fresh migrated copy per module."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from adapters.embedded import RunningPostgres, RunningRedis, start_postgres, start_redis
from adapters.stores.provision import migrate, provision_roles
from tests.plugin_packages import find_debian_postgres

WHEEL, DEBIAN = "wheel", "debian"
DEFAULT_KIND = DEBIAN if os.environ.get("GUITAI_TEST_POSTGRES") == "15" else WHEEL
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A migrated database: its owner's URL and one URL per role."""

    owner_url: str
    urls: dict[str, str]


class Cluster:
    """A running server with a migrated template; makes and drops copies of it."""

    def __init__(self, kind: str, home: Path) -> None:
        binaries = find_debian_postgres() if kind == DEBIAN else None
        self.server: RunningPostgres = start_postgres(home, binaries=binaries, settings=_FAST)
        migrate(self.server.owner_url)
        self._secrets = home / "secrets"

    def make(self) -> Database:
        """A fresh copy of the template."""
        name = f"copy_{os.getpid()}_{next(_numbers)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE guitai").format(sql.Identifier(name)))
        owner_url = _rename(self.server.owner_url, name)
        return Database(owner_url, provision_roles(owner_url, self._secrets))

    def drop(self, database: Database) -> None:
        """Remove a copy with whoever is still connected to it."""
        name = urlsplit(database.owner_url).path[1:]
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(_rename(self.server.owner_url, "postgres"), autocommit=True) as connection:
            connection.execute(statement)


class Clusters:
    """Starts a kind of server when a test first asks for it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: dict[str, Cluster] = {}

    def find(self, kind: str) -> Cluster:
        """The session's cluster of this kind."""
        if kind not in self._running:
            self._running[kind] = Cluster(kind, self._home / kind)
        return self._running[kind]

    def stop(self) -> None:
        """Stop all of them."""
        for cluster in self._running.values():
            cluster.server.stop()


class RedisServers:
    """Starts a redis-server or the stand-in when a test first asks for it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: dict[str, RunningRedis] = {}

    def find(self, kind: str) -> RunningRedis:
        """``server`` or ``stand_in``."""
        if kind not in self._running:
            self._running[kind] = start_redis(self._home / kind, stand_in=kind == "stand_in")
        return self._running[kind]

    def stop(self) -> None:
        """Stop all of them."""
        for running in self._running.values():
            running.stop()


def _rename(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
