"""Payments that are counted while others are: nobody waits for who adds up, nothing is lost or counted twice whoever commits first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event

import psycopg
import pytest

from adapters.stores.overview import SqlOverview
from services.model import PaymentState
from tests.contract.samples import NOW, Bench, make_event, make_payment
from tests.contract.stores import open_sql_bench
from tests.databases import Database

MANY = 70
"""More events than lie between two that add up."""
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
ROLES = ("public", "console", "worker", "sequencer", "watch")


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    """The store under the citizens' role."""
    with open_sql_bench(database, tmp_path) as opened:
        yield opened


def count(database: Database, bench: Bench, service: str) -> dict[str, int]:
    """What the first page says of one service."""
    with closing(SqlOverview(database.urls["console"], lambda: bench.all)) as overview:
        found = overview.count_payments(NOW - timedelta(days=30))
    return {state: number for name, state, number, _ in found if name == service}


@pytest.mark.parametrize("kept", [True, False])
def test_nobody_waits_for_who_adds_up(database: Database, bench: Bench, kept: bool) -> None:
    """One transaction adds everything up and stays open; others open, pay and commit meanwhile; all are counted once, taken back or not."""
    service, adding, go_on = f"waiting-{kept}", Event(), Event()

    class TakenBackError(Exception):
        """The slow transaction fails."""

    def add_up() -> None:
        with bench.store.begin(bench.all) as tx:
            for _ in range(MANY):
                payment = make_payment(bench, at=NOW, service=service)
                tx.payments.open(payment, make_event(payment, 1))
            adding.set()
            assert go_on.wait(60)
            if not kept:
                raise TakenBackError

    def pay(_: int) -> None:
        payment = make_payment(bench, at=NOW, service=service)
        with bench.store.begin(bench.all) as tx:
            tx.payments.open(payment, make_event(payment, 1))
            tx.payments.append(bench.gas, make_event(payment, 2, PaymentState.CLOSED))

    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(add_up)
        assert adding.wait(60)
        try:
            with psycopg.connect(database.owner_url) as owner:
                row = owner.execute(HELD).fetchone()
            assert row is not None
            assert row[0] >= 1, "somebody adds up just now"
            list(pool.map(pay, range(MANY)))
            assert count(database, bench, service) == {"closed": MANY}
        finally:
            go_on.set()
        if kept:
            slow.result(60)
        else:
            with pytest.raises(TakenBackError):
                slow.result(60)
    first = make_event(make_payment(bench, at=NOW), 1).state
    assert count(database, bench, service) == {"closed": MANY, **({str(first): MANY} if kept else {})}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT guitai_add_payment_moves()",
        "DELETE FROM payment_moves",
        "INSERT INTO payment_sums SELECT * FROM payment_sums",
        "UPDATE payment_sums SET count = 0",
        "TRUNCATE payment_moves",
        "DELETE FROM looks_to_audit",
        "UPDATE looks_to_audit SET kind = 'bare'",
        "INSERT INTO struck_ratings SELECT * FROM struck_ratings",
        "DELETE FROM struck_ratings",
        "LOCK TABLE payment_moves IN ACCESS EXCLUSIVE MODE",
        "CREATE TABLE payment_moves_of_mine (a integer)",
        "CREATE TEMPORARY TABLE payment_events (a integer)",
    ],
)
def test_no_role_writes_what_triggers_keep(database: Database, role: str, statement: str) -> None:
    """Nor adds up at will, nor holds the tables, nor puts a table of its own before them."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
