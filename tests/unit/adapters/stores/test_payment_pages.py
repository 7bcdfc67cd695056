"""What a page of payments costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from adapters.stores.transaction import SqlStore
from services.model import PaymentState
from tests.contract.samples import NOW, Bench, make_event, make_payment
from tests.contract.stores import open_sql_bench
from tests.databases import Database


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    with open_sql_bench(database, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_page_is_two_queries(bench: Bench, size: int) -> None:
    """One for the payments, one for all their events, however many there are."""
    person_id = make_payment(bench).person_id
    with bench.store.begin([bench.gas]) as tx:
        for step in range(size):
            payment = make_payment(bench, person_id, NOW + timedelta(minutes=step))
            tx.payments.open(payment, make_event(payment, 1))
            tx.payments.append(bench.gas, make_event(payment, 2, PaymentState.PAID))
    assert isinstance(bench.store, SqlStore)
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        told.append(statement)

    with bench.store.begin(bench.all) as tx:
        event.listen(bench.store.engine, "before_cursor_execute", note)
        try:
            page = tx.payments.list_of_persons([person_id], 20, None)
        finally:
            event.remove(bench.store.engine, "before_cursor_execute", note)
    assert len(page) == size
    assert all(len(events) == 2 for _, events in page)
    assert len(told) == 2
