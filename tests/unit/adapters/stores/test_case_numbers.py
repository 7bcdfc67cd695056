"""Case numbers on real PostgreSQL: counted in the transaction that opens the case, so none is twice and none is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.case_record import Case
from services.errors import StoreUnavailable, VersionTaken
from tests.case_samples import MORNING, make_case, make_case_event, make_line
from tests.contract.case_houses import AccidentError, Houses, open_sql_houses
from tests.databases import Database
from tests.fakes import FakeClock

AT_ONCE = 50


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """One keyring for all stores of a module."""
    path = tmp_path_factory.mktemp("keys") / "ring.json"
    create_keyring(path)
    return Keyring.load(path)


@pytest.fixture(scope="module")
def houses(database: Database, ring: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores under each role."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house"), ring) as made:
        yield made


@pytest.fixture
def crowd(database: Database, ring: Keyring) -> Iterator[SqlStore]:
    """The public role's store with a connection for everybody."""
    with closing(SqlStore(database.urls["public"], ring, FakeClock(MORNING), AT_ONCE)) as store:
        yield store


def hand_in(store: SqlStore, houses: Houses, case: Case, period: str, before_commit: Callable[[], object]) -> int:
    """Open a case under the next number; ``before_commit`` may fail."""
    with store.begin(houses.all) as tx:
        number = tx.cases.next_number(houses.gas, period)
        numbered = make_case(houses.gas, case_id=case.case_id, case_no=f"{period}-{number}")
        event = make_case_event(numbered)
        tx.cases.open(numbered, event, [make_line(numbered, event)])
        before_commit()
    return number


def all_at_once(act: Callable[[int], int | None]) -> list[int | None]:
    """Fifty threads that begin together; what each gave."""
    start = threading.Barrier(AT_ONCE)

    def run(index: int) -> int | None:
        start.wait(timeout=30)
        return act(index)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


def test_fifty_at_once_of_whom_some_fail(houses: Houses, crowd: SqlStore) -> None:
    """Of fifty that open a case at once every third fails before its commit: the others have 1, 2, 3 … without a gap or a double."""
    period = uuid4().hex

    def fail() -> None:
        raise AccidentError

    def act(index: int) -> int | None:
        case = make_case(houses.gas)
        try:
            return hand_in(crowd, houses, case, period, fail if index % 3 == 0 else lambda: None)
        except AccidentError:
            return None

    numbers = [number for number in all_at_once(act) if number is not None]
    assert len(numbers) == AT_ONCE - len(range(0, AT_ONCE, 3))
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    with houses.public.begin(houses.all) as tx:
        kept = [tx.cases.find_by_number(f"{period}-{number}") for number in range(1, AT_ONCE + 1)]
    assert [row is not None for row in kept] == [number in numbers for number in range(1, AT_ONCE + 1)]


def test_a_draft_handed_in_fifty_times_has_one_number(houses: Houses, crowd: SqlStore) -> None:
    """Whoever hands in the same draft at once gets one case, and the refused ones use up no number."""
    period, case = uuid4().hex, make_case(houses.gas)

    def act(index: int) -> int | None:
        try:
            return hand_in(crowd, houses, case, period, lambda: index)
        except VersionTaken:
            return None

    assert [number for number in all_at_once(act) if number is not None] == [1]
    assert hand_in(crowd, houses, make_case(houses.gas), period, lambda: None) == 2


def test_a_number_whose_process_died_is_the_next_one(database: Database, houses: Houses, crowd: SqlStore) -> None:
    """A connection that is lost between the number and the commit takes the number with it."""
    period = uuid4().hex

    def lose_the_connection() -> None:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guitai'"
                " AND datname = current_database() AND state = 'idle in transaction'"
            )

    with pytest.raises(StoreUnavailable):
        hand_in(crowd, houses, make_case(houses.gas), period, lose_the_connection)
    assert hand_in(crowd, houses, make_case(houses.gas), period, lambda: None) == 1


@pytest.mark.parametrize("role", ["public", "console"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_counters SET number = number + 2",
        "UPDATE case_counters SET number = number - 1",
        "INSERT INTO case_counters VALUES ({gas}, {fresh}, 7)",
    ],
)
def test_the_counter_only_counts_on(database: Database, houses: Houses, role: str, statement: str) -> None:
    """The database itself refuses a number that is not the next one, so a gap or a double cannot be made by hand either."""
    with houses.public.begin(houses.all) as tx:
        tx.cases.next_number(houses.gas, uuid4().hex)
    query = sql.SQL(statement).format(gas=sql.Literal(houses.gas), fresh=sql.Literal(uuid4().hex))
    with psycopg.connect(database.urls[role]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(houses.gas)])
        with pytest.raises(psycopg.errors.RaiseException, match="one by one"):
            connection.execute(query)


@pytest.mark.parametrize("role", ["public", "console", "worker"])
def test_nobody_forgets_a_counter(database: Database, houses: Houses, role: str) -> None:
    """No role deletes a counter or begins it anew."""
    with psycopg.connect(database.urls[role]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(houses.gas)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM case_counters")
