"""A registry: one database of an office on the registries' SQL server, with a role that may read its tables and nothing else.

PostgreSQL and MariaDB. The server's owner makes the database, its tables and the reader; the reader's password is the office's
credential. A registry can be made to misbehave as databases do: rights withdrawn, tables locked, connections ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import LONGEST_SECONDS
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.routing import Router, answer_json, read_control

OPERATION = "database"
BEHAVIOURS = ("server_error", "silent", "gone", "none")
"""``server_error``: the reader has no rights any more; ``silent``: every table is locked for ``seconds`` (60); ``gone``: its connections
are ended now; ``none``: rights are there and no table is locked."""
SILENT_SECONDS = 60.0
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}


class Registry:
    """One database. ``tables`` are its CREATE TABLE statements by name, in SQL that both kinds of server read."""

    def __init__(self, server_url: str, database: str, reader: str, password: str, tables: Mapping[str, str]) -> None:
        if not password.isalnum():
            raise ValueError("a reader's password is letters and digits: it stands in a statement")
        self._owner = read_server(server_url)
        self._database, self._reader, self._tables = database, reader, tables
        self._lock = threading.Lock()
        self._release = threading.Event()
        self._locker: threading.Thread | None = None
        self._make_database()
        self._engine = create_engine(self._owner.set(database=database), pool_size=2, hide_parameters=True)
        with self._engine.begin() as connection:
            for statement in tables.values():
                connection.execute(text(statement))
        self._make_reader(password)

    @property
    def is_postgres(self) -> bool:
        """Whether the server is PostgreSQL; otherwise it is MariaDB."""
        return self._owner.drivername.startswith("postgresql")

    def close(self) -> None:
        """Let go of every connection."""
        self._release.set()
        if self._locker is not None:
            self._locker.join()
        self._engine.dispose()

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction of the owner; one at a time."""
        with self._lock, self._engine.begin() as connection:
            yield connection

    def read(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Rows, read as the owner."""
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]

    def list_column(self, table: str, columns: Sequence[str]) -> list[str]:
        """Every text in these columns of a table, for the canaries."""
        rows = self.read(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - the office's own names
        return [str(value) for row in rows for value in row.values() if value is not None]

    def behave(self, behaviour: str, seconds: float) -> None:
        """Misbehave, or behave again."""
        if behaviour == "none":
            self._release.set()
            self._grant("GRANT SELECT ON {} TO {}")
        elif behaviour == "server_error":
            self._grant("REVOKE SELECT ON {} FROM {}")
        elif behaviour == "gone":
            self._end_readers()
        else:
            self._lock_tables(seconds)

    def _make_database(self) -> None:
        with _administer(self._owner) as connection:
            if self.is_postgres:
                known = connection.execute(
                    text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": self._database}
                ).first()
                if known is None:
                    connection.execute(text(f"CREATE DATABASE {self._database} TEMPLATE template0 ENCODING 'UTF8'"))
                    connection.execute(text(f"REVOKE ALL ON DATABASE {self._database} FROM PUBLIC"))
            else:
                connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {self._database} CHARACTER SET utf8mb4"))

    def _make_reader(self, password: str) -> None:
        """The role that mappings read with."""
        with _administer(self._owner.set(database=self._database)) as connection:
            if self.is_postgres:
                known = connection.execute(
                    text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": self._reader}
                ).first()
                verb = "CREATE" if known is None else "ALTER"
                connection.execute(text(f"{verb} ROLE {self._reader} LOGIN NOINHERIT PASSWORD '{password}'"))
                connection.execute(text(f"ALTER ROLE {self._reader} SET default_transaction_read_only = on"))
                connection.execute(text(f"GRANT CONNECT ON DATABASE {self._database} TO {self._reader}"))
            else:
                connection.execute(text(f"CREATE OR REPLACE USER {self._user} IDENTIFIED BY '{password}'"))
        self._grant("GRANT SELECT ON {} TO {}")

    @property
    def _user(self) -> str:
        return self._reader if self.is_postgres else f"'{self._reader}'@'%'"

    def _grant(self, form: str) -> None:
        with _administer(self._owner.set(database=self._database)) as connection:
            for table in self._tables:
                try:
                    connection.execute(text(form.format(table, self._user)))
                except SQLAlchemyError:
                    if form.startswith("GRANT"):  # withdrawing what was withdrawn already is refused by MariaDB
                        raise

    def _end_readers(self) -> None:
        with _administer(self._owner) as connection:
            if self.is_postgres:
                ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :name"
                connection.execute(text(ending), {"name": self._reader})
                return
            rows = connection.execute(
                text("SELECT id FROM information_schema.processlist WHERE user = :name"), {"name": self._reader}
            ).all()
            for row in rows:
                connection.execute(text(f"KILL {int(row[0])}"))

    def _lock_tables(self, seconds: float) -> None:
        self._release.set()
        if self._locker is not None:
            self._locker.join()
        self._release = threading.Event()
        locked = threading.Event()
        self._locker = threading.Thread(target=self._hold_locks, args=(self._release, locked, seconds), daemon=True)
        self._locker.start()
        locked.wait(10)

    def _hold_locks(self, release: threading.Event, locked: threading.Event, seconds: float) -> None:
        form = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE" if self.is_postgres else "LOCK TABLES {} WRITE"
        names = ", ".join(self._tables) if self.is_postgres else " WRITE, ".join(self._tables)
        with self._engine.connect() as connection:
            connection.execute(text(form.format(names)))
            locked.set()
            release.wait(seconds)
            if not self.is_postgres:
                connection.execute(text("UNLOCK TABLES"))


def add_registry_control(router: Router, registry: Registry, list_canaries: Callable[[], Iterable[str]]) -> None:
    """``GET /_sandbox/canaries`` and ``POST /_sandbox/control/behaviour {operation: "database", behaviour, seconds?}``."""

    def arrange(request: Request) -> Response:
        told = read_control(request, {"operation", "behaviour"}, frozenset({"times", "seconds"}))
        seconds = told.get("seconds") if told else None
        fits = seconds is None or (type(seconds) in (int, float) and 0 <= seconds <= LONGEST_SECONDS)
        if told is None or told["operation"] != OPERATION or told["behaviour"] not in BEHAVIOURS or not fits:
            return answer_json({"error": f"expected operation {OPERATION}, behaviour {', '.join(BEHAVIOURS)}"}, 400)
        registry.behave(told["behaviour"], SILENT_SECONDS if seconds is None else float(seconds))
        return answer_json({"waiting": {}})

    router.add("POST", "/_sandbox/control/behaviour", arrange)
    add_canaries(router, list_canaries)


def read_server(url: str) -> URL:
    """The owner's address with the driver that is installed here."""
    owner = make_url(url)
    return owner.set(drivername=_DRIVERS[owner.get_backend_name()])


def name_database(server_url: str, database: str) -> str:
    """The address of a database as an accounts document binds it: without user and password, which are option and secret."""
    owner = make_url(server_url)
    socket_folder = owner.query.get("host")
    return URL.create(
        owner.get_backend_name(),
        host=None if socket_folder else owner.host,
        port=None if socket_folder else owner.port,
        database=database,
        query={"host": socket_folder} if socket_folder else {},
    ).render_as_string(hide_password=False)


@contextmanager
def _administer(url: URL) -> Iterator[Connection]:
    engine: Engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
