"""The registries by the drivers themselves: what the reader may do, what stands in the columns, how a database misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pymysql
import pytest
from sqlalchemy.engine import make_url
from werkzeug.test import Client

from adapters.sandbox import social_insurance
from adapters.sandbox.context import NOTICE_ISSUED
from adapters.sandbox.registries import Registry, name_database
from adapters.sandbox.vehicles import database as vehicles
from tests.fakes import FakeClock
from tests.maria import RunningMaria, is_installed, start_maria
from tests.unit.adapters.sandbox.money.conftest import NOON

WRITES = (
    "UPDATE vehicles SET owner_name = 'x'",
    "DELETE FROM fines",
    "INSERT INTO vehicles VALUES ('a', 'a', 'a', 'a', 'a', 'a', 'a')",
    "DROP TABLE fines",
    "CREATE TABLE mine (a INTEGER)",
)
PASSWORD = "0123456789abcdef"


@pytest.fixture(scope="module")
def maria() -> Iterator[RunningMaria]:
    """A MariaDB with an owner who may do everything."""
    if not is_installed():
        pytest.skip("no MariaDB is installed")
    with start_maria() as running:
        running.run(
            f"CREATE USER owner@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL ON *.* TO owner@'127.0.0.1' WITH GRANT OPTION",
            database=None,
        )
        yield running


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> str:
    """The owner's address of each kind of server."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("registries_url"))
    port = request.getfixturevalue("maria").port
    return f"mysql://owner:{PASSWORD}@127.0.0.1:{port}/mysql"


@pytest.fixture
def registry(server_url: str) -> Iterator[Registry]:
    """The vehicle office's database."""
    opened = vehicles.open_registry(server_url, {"reader": "vehicle_reader", "password": PASSWORD})
    yield opened
    opened.close()


def open_reader(server_url: str, database: str, reader: str) -> Any:
    """A connection of the reader, by the driver."""
    url = make_url(name_database(server_url, database))
    if url.get_backend_name() == "postgresql":
        folder = url.query["host"]
        return psycopg.connect(host=str(folder), dbname=database, user=reader, password=PASSWORD, connect_timeout=5)
    return pymysql.connect(host=url.host, port=url.port or 0, user=reader, password=PASSWORD, database=database)


def ask(connection: Any, statement: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def test_an_address_holds_no_login(server_url: str) -> None:
    """What is bound names the database alone: user and password are option and secret."""
    url = make_url(name_database(server_url, "vehicles"))
    assert (url.username, url.password, url.database) == (None, None, "vehicles")


def test_the_reader_reads(registry: Registry, server_url: str) -> None:
    """The seeds, and each fine that was told to the treasury, once at each start."""
    told: list[Any] = []
    _, database = vehicles.create_vehicles(registry, FakeClock(NOON), lambda line, notice: told.append((line, notice)))
    fine = database.fine("京A10086")
    with closing(open_reader(server_url, "vehicles", "vehicle_reader")) as reader:
        rows = ask(reader, "SELECT owner_name, owner_address FROM vehicles WHERE plate_no = %s", "京A10086")
        assert rows == [("王小明", "演示市东城区和平里西街12号院3号楼2单元501室")]
        numbers = [row[0] for row in ask(reader, "SELECT notice_no FROM fines WHERE settled_at IS NULL")]
    assert sorted({notice["notice_no"] for _, notice in told}) == sorted(numbers)
    assert fine["notice_no"] in numbers
    assert {line for line, _ in told} == {NOTICE_ISSUED}
    assert all(sum(item["fee_fen"] for item in notice["items"]) > 0 for _, notice in told)


@pytest.mark.parametrize("statement", WRITES)
def test_the_reader_changes_nothing(registry: Registry, server_url: str, statement: str) -> None:
    """Every statement that would change something is refused by the database itself."""
    vehicles.create_vehicles(registry, FakeClock(NOON), lambda _line, _notice: None)
    with closing(open_reader(server_url, "vehicles", "vehicle_reader")) as reader:
        with pytest.raises((psycopg.Error, pymysql.Error)), reader.cursor() as cursor:
            cursor.execute(statement)
        reader.rollback()
        assert ask(reader, "SELECT count(*) FROM vehicles")[0][0] >= 3


def test_a_reader_sees_its_own_registry_alone(registry: Registry, server_url: str) -> None:
    """The reader of vehicles cannot open the insurance centre's database."""
    other = social_insurance.open_registry(server_url, {"reader": "insurance_reader", "password": PASSWORD})
    try:
        with pytest.raises((psycopg.Error, pymysql.Error)):
            open_reader(server_url, "social_insurance", "vehicle_reader").close()
    finally:
        other.close()


def test_seeds_are_sown_once(registry: Registry, server_url: str) -> None:
    """A second start finds what the first one left, and changes nothing of it."""
    _, database = vehicles.create_vehicles(registry, FakeClock(NOON), lambda _line, _notice: None)
    fine = database.fine("京A10086")
    database.settle({"notice_no": fine["notice_no"], "receipt_no": "CZ1", "paid_at": "2026-11-24T04:00:00+00:00"})
    before = registry.read("SELECT * FROM fines ORDER BY notice_no")
    again = vehicles.open_registry(server_url, {"reader": "vehicle_reader", "password": PASSWORD})
    try:
        told: list[Any] = []
        vehicles.create_vehicles(again, FakeClock(NOON), lambda _line, notice: told.append(notice["notice_no"]))
        assert again.read("SELECT * FROM fines ORDER BY notice_no") == before
        assert fine["notice_no"] not in told
    finally:
        again.close()


def test_canaries_stand_in_every_other_column(registry: Registry, server_url: str) -> None:
    """What a service reads is not a canary, and everything else that is text is one."""
    router, _ = vehicles.create_vehicles(registry, FakeClock(NOON), lambda _line, _notice: None)
    listed = set(Client(router).get("/_sandbox/canaries").get_json())
    with closing(open_reader(server_url, "vehicles", "vehicle_reader")) as reader:
        rows = ask(reader, "SELECT owner_identity_no, owner_phone, vin, engine_no FROM vehicles")
        more = ask(reader, "SELECT officer, camera_no, decision_no FROM fines")
        read = ask(reader, "SELECT plate_no, owner_name, owner_address FROM vehicles")
    assert {value for row in (*rows, *more) for value in row} <= listed
    assert not {value for row in read for value in row} & listed
    assert all(len(canary) >= 6 for canary in listed)


def test_a_database_without_rights(registry: Registry, server_url: str) -> None:
    """Rights withdrawn, twice, and given back."""
    router, _ = vehicles.create_vehicles(registry, FakeClock(NOON), lambda _line, _notice: None)
    client = Client(router)
    for behaviour, seen in (("server_error", False), ("server_error", False), ("none", True), ("none", True)):
        arrange(client, behaviour)
        assert can_read(server_url) is seen


def test_a_database_that_is_silent(registry: Registry, server_url: str) -> None:
    """A locked table lets a statement wait; the lock goes with ``none``, and by itself."""
    router, _ = vehicles.create_vehicles(registry, FakeClock(NOON), lambda _line, _notice: None)
    client = Client(router)
    arrange(client, "silent", 30)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(can_read(server_url)))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    arrange(client, "none")
    waiting.join(10)
    assert answers == [True]
    arrange(client, "silent", 0.3)
    started = time.monotonic()
    assert can_read(server_url)
    assert time.monotonic() - started < 10


def test_a_database_that_is_gone(registry: Registry, server_url: str) -> None:
    """The connections of the reader end; new ones are welcome."""
    router, _ = vehicles.create_vehicles(registry, FakeClock(NOON), lambda _line, _notice: None)
    with closing(open_reader(server_url, "vehicles", "vehicle_reader")) as reader:
        ask(reader, "SELECT 1 FROM vehicles")
        arrange(Client(router), "gone")
        with pytest.raises((psycopg.Error, pymysql.Error)):
            ask(reader, "SELECT 1 FROM vehicles")
    assert can_read(server_url)


@pytest.mark.parametrize(
    "told",
    [
        {"operation": "order", "behaviour": "silent"},
        {"operation": "database", "behaviour": "html"},
        {"operation": "database", "behaviour": "silent", "seconds": -1},
        {"operation": "database", "behaviour": "silent", "seconds": "1"},
        {"behaviour": "silent"},
    ],
)
def test_what_a_database_cannot_do(registries_url: str, told: dict[str, Any]) -> None:
    """Another operation, a behaviour of a wire, a time that is none: refused, and nothing happens."""
    opened = vehicles.open_registry(registries_url, {"reader": "vehicle_reader", "password": PASSWORD})
    try:
        router, _ = vehicles.create_vehicles(opened, FakeClock(NOON), lambda _line, _notice: None)
        assert Client(router).post("/_sandbox/control/behaviour", json=told).status_code == 400
    finally:
        opened.close()


def arrange(client: Client, behaviour: str, seconds: float | None = None) -> None:
    told = {"operation": "database", "behaviour": behaviour} | ({} if seconds is None else {"seconds": seconds})
    assert client.post("/_sandbox/control/behaviour", json=told).status_code == 200


def can_read(server_url: str) -> bool:
    """Whether a fresh connection of the reader may read a table."""
    try:
        with closing(open_reader(server_url, "vehicles", "vehicle_reader")) as reader:
            ask(reader, "SELECT 1 FROM vehicles")
    except (psycopg.errors.InsufficientPrivilege, pymysql.err.OperationalError):
        return False
    return True


def test_a_password_is_no_statement(registries_url: str) -> None:
    """A password that could end a literal is refused before it is in one."""
    with pytest.raises(ValueError, match="letters and digits"):
        vehicles.open_registry(registries_url, {"reader": "vehicle_reader", "password": "x'; DROP ROLE guitai; --"})
