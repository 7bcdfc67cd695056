"""Rules of adapters/backends/sql/ on real servers: what is asked, what comes back, and what never happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.backends.sql.line import SqlLine
from adapters.reach import Reach
from services.errors import BackEndGarbled, BackEndRefused, BackEndUnreachable, ConfigurationFault
from services.model import JsonValue
from services.translation import Request
from tests.conftest import KINDS
from tests.databases import Clusters
from tests.unit.adapters.backends.sql.registry import Registry, ask, make_call, on_maria, on_postgres, open_line

SERVERS = [*KINDS, pytest.param("maria", marks=pytest.mark.mariadb_server)]
OWNER = "SELECT plate, owner FROM vehicles WHERE plate = :plate"


@pytest.fixture(scope="module", params=SERVERS)
def registry(request: pytest.FixtureRequest, clusters: Clusters) -> Iterator[Registry]:
    """The registry on each server."""
    if request.param == "maria":
        with on_maria(request.getfixturevalue("maria")) as found:
            yield found
    else:
        with on_postgres(clusters.find(request.param)) as found:
            yield found


@pytest.fixture
def line(registry: Registry) -> Iterator[SqlLine]:
    opened = registry.open_line()
    yield opened
    opened.close()


def test_a_row_by_a_bound_parameter(line: SqlLine) -> None:
    """What is asked for, by declared column."""
    assert ask(line, OWNER, "plate", "owner", plate="A-1") == [{"plate": "A-1", "owner": "王小明"}]
    assert ask(line, OWNER, "plate", "owner", plate="B-2") == [{"plate": "B-2", "owner": None}]
    assert ask(line, OWNER, "plate", "owner", plate="C-3") == []


def test_plain_values(line: SqlLine) -> None:
    """A decimal is its digits as text, dates and moments are ISO 8601, whole numbers are themselves."""
    statement = "SELECT fee, since, seen_at, wheels FROM vehicles ORDER BY plate"
    first, second = ask(line, statement, "fee", "since", "seen_at", "wheels")
    assert (first["fee"], first["since"], first["wheels"]) == ("86.40", "2026-12-01", 4)
    assert first["seen_at"].startswith("2026-12-01T")
    assert second == {"fee": "0.10", "since": "2026-12-02", "seen_at": None, "wheels": 2}


def test_the_order_of_the_statement_is_kept(line: SqlLine) -> None:
    """Whatever is put around the statement."""
    for statement, plates in [
        ("SELECT plate FROM vehicles ORDER BY plate", ["A-1", "B-2"]),
        ("SELECT plate FROM vehicles ORDER BY plate DESC", ["B-2", "A-1"]),
    ]:
        assert [row["plate"] for row in ask(line, statement, "plate")] == plates


@pytest.mark.parametrize("value", ["A-1' OR '1'='1", "A-1'; DROP TABLE vehicles; --", "%", "\\", "王'\"`"])
def test_a_value_is_never_part_of_the_statement(line: SqlLine, value: str) -> None:
    """Quotes, comments and wildcards are looked for as they are."""
    assert ask(line, OWNER, "plate", "owner", plate=value) == []
    assert len(ask(line, "SELECT plate FROM vehicles WHERE owner LIKE '王%'", "plate")) == 1


@pytest.mark.parametrize("value", [None, ["A-1"], {"a": "b"}, "A\x001", "\ud800"])
def test_a_value_that_cannot_be_bound_is_not_sent(line: SqlLine, value: JsonValue) -> None:
    """Refused by name, before anything is asked."""
    with pytest.raises(BackEndRefused, match="unwritable_value"):
        ask(line, OWNER, "plate", "owner", plate=value)


def test_a_column_that_was_not_declared_is_not_taken(registry: Registry, line: SqlLine) -> None:
    """PostgreSQL is not even asked for it; a row of MariaDB with one more is no answer."""
    statement = "SELECT plate, owner, secret FROM vehicles WHERE plate = 'A-1'"
    if registry.kind == "postgres":
        assert ask(line, statement, "plate", "owner") == [{"plate": "A-1", "owner": "王小明"}]
    else:
        with pytest.raises(BackEndGarbled) as caught:
            ask(line, statement, "plate", "owner")
        assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "statement", ["SELECT plate FROM vehicles", "SELECT plate, plate AS owner, owner AS plate FROM vehicles"]
)
def test_a_declared_column_is_there_once(line: SqlLine, statement: str) -> None:
    """One that is missing, or there twice, is no answer."""
    with pytest.raises(BackEndGarbled):
        ask(line, statement, "plate", "owner")


def test_a_binary_fraction_is_not_believed(line: SqlLine) -> None:
    """It may be rounded already: the statement casts it."""
    with pytest.raises(BackEndGarbled, match="cast"):
        ask(line, "SELECT weight FROM vehicles", "weight")
    assert ask(line, "SELECT CAST(weight AS DECIMAL(5,2)) AS weight FROM vehicles WHERE plate = 'A-1'", "weight") == [
        {"weight": "1.50"}
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vehicles SET owner = 'x'",
        "DELETE FROM vehicles",
        "INSERT INTO vehicles (plate) VALUES ('X')",
        "CREATE TABLE x (y INT)",
        "DROP TABLE vehicles",
        "SELECT plate FROM vehicles FOR UPDATE",
        "SELECT plate FROM vehicles; DELETE FROM vehicles",
    ],
)
@pytest.mark.parametrize("user", ["reader", "owner"])
def test_nothing_is_ever_changed(registry: Registry, statement: str, user: str) -> None:
    """Neither with a reader's rights nor with all of them: the session only reads, and a statement is one question."""
    if user == "owner":
        _make_mighty(registry)
    line = registry.open_line(
        user="mighty" if user == "owner" else "reader", password="m" if user == "owner" else "reader-päss 1"
    )
    try:
        with pytest.raises(BackEndGarbled):
            ask(line, statement, "plate")
    finally:
        line.close()
    reader = registry.open_line()
    assert len(ask(reader, "SELECT plate FROM vehicles", "plate")) == 2
    reader.close()


def _make_mighty(registry: Registry) -> None:
    if registry.kind == "maria":
        registry.run(
            "CREATE OR REPLACE USER mighty@'127.0.0.1' IDENTIFIED BY 'm'",
            "GRANT ALL ON registry.* TO mighty@'127.0.0.1'",
        )
    else:
        registry.run("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mighty') THEN "
                     "CREATE ROLE mighty SUPERUSER LOGIN PASSWORD 'm'; END IF; END $$")  # fmt: skip


def test_a_statement_that_takes_too_long_is_cancelled(registry: Registry, line: SqlLine) -> None:
    """By the server, at the call's time; the line is usable afterwards."""
    statement = {
        "postgres": "SELECT CAST(pg_sleep(20) AS text) AS plate",
        "maria": "SELECT COUNT(*) AS plate FROM seq_1_to_1000000000 WHERE seq * seq % 7 = 3",
    }[registry.kind]
    started = time.monotonic()
    with pytest.raises(BackEndUnreachable):
        ask(line, statement, "plate", seconds=0.5)
    assert time.monotonic() - started < 4
    assert ask(line, OWNER, "plate", "owner", plate="A-1")


def test_no_more_rows_than_agreed(registry: Registry, line: SqlLine) -> None:
    """A thousand is the most; more are no answer, and the connection is not left in the middle of them."""
    many = (
        "SELECT CAST(n AS VARCHAR(9)) AS plate FROM generate_series(1, {n}) AS n"
        if registry.kind == "postgres"
        else "SELECT CAST(seq AS CHAR) AS plate FROM seq_1_to_{n}"
    )
    assert len(ask(line, many.format(n=1000), "plate")) == 1000
    with pytest.raises(BackEndGarbled, match="too many rows"):
        ask(line, many.format(n=1001), "plate")
    with pytest.raises(BackEndGarbled):
        ask(line, many.format(n=1_000_000), "plate")
    assert ask(line, OWNER, "plate", "owner", plate="A-1")


def test_a_value_of_40_mb_is_not_taken(line: SqlLine) -> None:
    """It is no answer, and it does not pass through our memory."""
    with pytest.raises((BackEndGarbled, BackEndUnreachable)):
        ask(line, "SELECT REPEAT('x', 40000000) AS plate", "plate")
    assert ask(line, OWNER, "plate", "owner", plate="A-1")


def test_a_statement_that_the_database_refuses(line: SqlLine) -> None:
    """A column that is gone is doubt about the agreement; what the database says of it is not repeated."""
    with pytest.raises(BackEndGarbled) as caught:
        ask(line, "SELECT gone AS plate FROM vehicles WHERE plate = 'CANARY'", "plate")
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "gone" not in str(caught.value)


def test_a_wrong_password_is_no_connection(registry: Registry) -> None:
    """And nothing of it is told."""
    line = registry.open_line(password="wrong-CANARY")
    with pytest.raises(BackEndUnreachable) as caught:
        ask(line, OWNER, "plate", "owner", plate="A-1")
    assert "CANARY" not in str(caught.value)


def test_a_connection_that_died_in_the_pool(registry: Registry, line: SqlLine) -> None:
    """The next question says that nobody is there, the one after that finds a new connection: the chain asks twice."""
    assert ask(line, OWNER, "plate", "owner", plate="A-1")
    if registry.kind == "postgres":
        registry.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")
    else:
        registry.run("KILL USER reader@'127.0.0.1'")
    with pytest.raises(BackEndUnreachable):
        ask(line, OWNER, "plate", "owner", plate="A-1")
    assert ask(line, OWNER, "plate", "owner", plate="A-1")


def test_lines_of_one_log_in_share_their_connections(registry: Registry) -> None:
    """Ten versions of a mapping hold no more connections than one; whoever is let go last closes them."""
    lines = [registry.open_line() for _ in range(10)]
    for line in lines:
        assert ask(line, OWNER, "plate", "owner", plate="A-1")
    assert len({id(line._engine) for line in lines}) == 1
    for line in lines[1:]:
        line.close()
    assert ask(lines[0], OWNER, "plate", "owner", plate="A-1")
    assert lines[0]._engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    lines[0].close()
    assert registry.open_line()._engine is not lines[0]._engine


def test_what_a_person_at_the_console_sees(line: SqlLine, registry: Registry) -> None:
    """Statement and database, neither user nor password."""
    statement, target = line.describe(make_call(OWNER, "plate"), Request("", {}, {}))
    assert statement == OWNER
    assert "reader" not in target.replace("registry", "")
    assert target.endswith(("/registry_tests", "/registry"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@db.example/x", "postgresql://user:word@db.example/x", "postgresql:///x", "not a url",
        "postgresql://db.example/x?options=-c%20a%3Db", "postgresql://db.example/x?host=/a&host=/b", "nosuch://db.example/x",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_at_start(url: str) -> None:
    """A user, a password, parameters, no host, a kind of database without a driver."""
    with pytest.raises(ConfigurationFault):
        open_line(url)


def test_a_unix_socket_needs_this_machine_to_be_listed(tmp_path: Path) -> None:
    """It is a private address."""
    url = f"postgresql:///x?host={tmp_path}"
    open_line(url).close()
    with pytest.raises(ConfigurationFault, match="GUITAI_PRIVATE_BACK_ENDS"):
        open_line(url, reach=Reach())


def test_a_password_that_is_not_bound_stops_the_start(registry: Registry) -> None:
    """And so does a user that is no option."""
    with pytest.raises(ConfigurationFault):
        open_line(registry.url, user="")
    with pytest.raises(ConfigurationFault):
        open_line(registry.url, password="")
    assert urlsplit(registry.url).username is None
