"""A registry behind SQL for the tests: one table, a reader who may only read, and calls by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import psycopg
from psycopg import sql

from adapters.backends.sql.line import SqlLine
from adapters.backends.wire import Facts
from adapters.reach import LOOPBACK, Reach
from services.errors import ConfigurationFault
from services.expressions import compile_expression
from services.mapping import Authentication, BackEndSpec, Call
from services.model import BackEndAddress, JsonValue
from services.reply_shape import plant_reply
from services.translation import Request
from tests.databases import Cluster
from tests.maria import READER_PASSWORD, RunningMaria

FACTS = Facts("req-1", "call-1")
LOCAL = Reach(LOOPBACK)
TABLE = (
    "CREATE TABLE vehicles (plate VARCHAR(20) PRIMARY KEY, owner VARCHAR(100), fee DECIMAL(10,2), since DATE, seen_at {moment}, "
    "wheels INT, weight DOUBLE PRECISION, secret VARCHAR(100))"
)
ROWS = (
    "INSERT INTO vehicles VALUES ('A-1', '王小明', 86.40, '2026-12-01', '2026-12-01 08:00:00', 4, 1.5, 'CANARY'), "
    "('B-2', NULL, 0.10, '2026-12-02', NULL, 2, 2.5, 'CANARY')"
)


@dataclass(frozen=True)
class Registry:
    """A database as a mapping's address has it. ``run`` executes as its owner."""

    kind: str
    url: str
    run: Callable[..., None]

    def open_line(self, *, password: str = READER_PASSWORD, user: str = "reader", url: str = "") -> SqlLine:
        """A line as the reader."""
        return open_line(url or self.url, password=password, user=user)


class Passwords:
    """Secrets by name; ``ca`` may be set by a test."""

    def __init__(self, **known: bytes) -> None:
        self._known = known

    def read(self, name: str) -> bytes:
        if name not in self._known:
            raise ConfigurationFault("no such secret")
        return self._known[name]


def open_line(
    url: str, *, password: str = READER_PASSWORD, user: str = "reader", ca: bytes = b"", reach: Reach = LOCAL
) -> SqlLine:
    """A line to an address by a mapping of connector sql."""
    spec = BackEndSpec(
        name="vehicles", connector="sql", unit="", encoding="UTF-8",
        authentication=Authentication("password", secret="word", user="reader_name"), success=None, error=None, echo=(),
        operations={},
    )  # fmt: skip
    secrets = {"word": "word"} | ({"ca": "ca"} if ca else {})
    address = BackEndAddress(UUID(int=1), "vehicles", url, secrets, {"reader_name": user})
    return SqlLine(spec, address, Passwords(word=password.encode(), ca=ca), reach)


def make_call(statement: str, *columns: str) -> Call:
    """A read by one statement."""
    return Call(
        name="find", back_end="vehicles", writes=False, timeout_seconds=5, statement=statement,
        reply=plant_reply([f"rows[].{name}?" for name in columns]), response=compile_expression("body", ""),
    )  # fmt: skip


def ask(line: SqlLine, statement: str, *columns: str, seconds: float = 5, **values: JsonValue) -> list[dict[str, Any]]:
    """The rows of one question."""
    reply = line.exchange(make_call(statement, *columns), Request("", dict(values), {}), FACTS, seconds)
    rows: list[dict[str, Any]] = reply["body"]["rows"]
    return rows


@contextmanager
def on_postgres(cluster: Cluster) -> Iterator[Registry]:
    """A database of its own on the session's server."""
    owner = cluster.server.owner_url

    def run(*statements: str, database: str = "registry_tests") -> None:
        parts = urlsplit(owner)._replace(path=f"/{database}").geturl()
        with psycopg.connect(parts, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    role = sql.SQL("CREATE ROLE reader LOGIN PASSWORD {}").format(sql.Literal(READER_PASSWORD)).as_string(None)
    run("DROP DATABASE IF EXISTS registry_tests WITH (FORCE)", "DROP ROLE IF EXISTS reader", database="postgres")
    run("CREATE DATABASE registry_tests TEMPLATE template0 ENCODING 'UTF8'", role, database="postgres")
    run(TABLE.format(moment="TIMESTAMP WITH TIME ZONE"), ROWS, "GRANT SELECT ON vehicles TO reader")
    run("ALTER ROLE reader SET timezone TO 'Asia/Shanghai'")
    socket_folder = quote(dict(pair.split("=", 1) for pair in urlsplit(owner).query.split("&"))["host"], safe="%/")
    try:
        yield Registry("postgres", f"postgresql:///registry_tests?host={socket_folder}", run)
    finally:
        run("DROP DATABASE IF EXISTS registry_tests WITH (FORCE)", "DROP ROLE IF EXISTS reader", database="postgres")


@contextmanager
def on_maria(maria: RunningMaria) -> Iterator[Registry]:
    """The table in the session's server."""
    maria.run("DROP TABLE IF EXISTS vehicles", TABLE.format(moment="DATETIME"), ROWS)
    yield Registry("maria", maria.url, maria.run)
    maria.run("DROP TABLE vehicles")
