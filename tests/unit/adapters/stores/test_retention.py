"""What may go goes, what may not stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from adapters.stores.transaction import SqlStore
from services.application_record import ApplicationState
from services.model import PaymentState
from tests.contract.mapping_samples import make_application, make_application_event
from tests.contract.samples import NOW, Bench, make_event, make_payment
from tests.contract.stores import open_sql_bench
from tests.databases import Database

UNTIL = NOW - timedelta(days=30)
BEFORE, AFTER = UNTIL - timedelta(days=1), UNTIL + timedelta(days=1)


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    """The store under the public role, empty of claims and keys."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM claims")
        owner.execute("DELETE FROM idempotency_keys")
    with open_sql_bench(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def worker(database: Database, bench: Bench, tmp_path: Path) -> Iterator[SqlStore]:
    with open_sql_bench(database, tmp_path, role="worker") as opened:
        assert isinstance(opened.store, SqlStore)
        yield opened.store


def claim(bench: Bench, kind: str, at: datetime) -> UUID:
    owner = uuid4()
    with bench.store.begin(bench.all) as tx:
        tx.claims.take(bench.gas, kind, str(owner), owner, at)
    return owner


def take_key(bench: Bench, at: datetime, *steps: tuple[PaymentState, datetime]) -> UUID:
    """A key claimed at ``at`` for a payment with these later states and moments; no payment if there is none."""
    payment = make_payment(bench, at=at)
    with bench.store.begin(bench.all) as tx:
        tx.idempotency.take(bench.city, payment.person_id, "k", "d", payment.payment_id, at)
        if steps:
            tx.payments.open(payment, make_event(payment, 1, at=at))
        for version, (state, moment) in enumerate(steps, 2):
            tx.payments.append(bench.gas, make_event(payment, version, state, moment))
        tx.idempotency.record_reply(bench.city, payment.person_id, "k", b"reply")
    return payment.payment_id


def list_left(database: Database, table: str, column: str) -> set[UUID]:
    with psycopg.connect(database.owner_url) as owner:
        query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
        return {row[0] for row in owner.execute(query)}


def test_old_notices_go_and_other_claims_stay(database: Database, bench: Bench, worker: SqlStore) -> None:
    """A written-off bill, an order number: claimed for ever. A notice: for the time that is kept."""
    old = claim(bench, "notice", BEFORE)
    kept = {claim(bench, kind, BEFORE) for kind in ("open_order", "order_no", "write_off", "login")}
    kept.add(claim(bench, "notice", AFTER))
    assert worker.forget_finished(UNTIL, 100) == 1
    assert list_left(database, "claims", "owner_id") == kept
    assert old not in kept


S = PaymentState
GOES: dict[str, tuple[tuple[PaymentState, datetime], ...]] = {
    "no payment": (),
    "written off long ago": ((S.PAID, BEFORE), (S.WRITTEN_OFF, BEFORE)),
    "refunded long ago": ((S.REFUNDED, BEFORE),),
    "closed long ago": ((S.CLOSED, BEFORE),),
    "refused long ago": ((S.REFUSED, BEFORE),),
}
STAYS: dict[str, tuple[tuple[PaymentState, datetime], ...]] = {
    "written off of late": ((S.PAID, BEFORE), (S.WRITTEN_OFF, AFTER)),
    "closed long ago, paid in vain of late": ((S.CLOSED, BEFORE), (S.REFUND_DUE, AFTER)),
    "refunded of late": ((S.CLOSED, BEFORE), (S.REFUND_DUE, BEFORE), (S.REFUNDED, AFTER)),
    "never written off": ((S.PAID, BEFORE), (S.WRITE_OFF_UNKNOWN, BEFORE)),
    "refund fails": ((S.PAID, BEFORE), (S.REFUND_ABNORMAL, BEFORE)),
}


def test_a_key_goes_when_its_payment_has_been_final_for_long(
    database: Database, bench: Bench, worker: SqlStore
) -> None:
    """However old the key: while its payment is under way, or was until lately, the same request gets the same reply."""
    goes = {name: take_key(bench, BEFORE, *steps) for name, steps in GOES.items()}
    stays = {name: take_key(bench, BEFORE, *steps) for name, steps in STAYS.items()}
    stays["young"] = take_key(bench, AFTER)
    before = [list_left(database, table, "payment_id") for table in ("payments", "payment_events")]
    assert worker.forget_finished(UNTIL, 100) == len(goes)
    left = list_left(database, "idempotency_keys", "payment_id")
    assert {name for name, payment_id in goes.items() if payment_id in left} == set()
    assert {name for name, payment_id in stays.items() if payment_id not in left} == set()
    assert [list_left(database, table, "payment_id") for table in ("payments", "payment_events")] == before


A = ApplicationState


@pytest.mark.parametrize(
    ("steps", "goes"),
    [
        (((A.ACCEPTED, BEFORE),), True),
        (((A.SUBMITTING, BEFORE), (A.DECLINED, BEFORE)), True),
        (((A.GRANTED, BEFORE),), True),
        (((A.PENDING, BEFORE),), True),
        (((A.PENDING, BEFORE), (A.GRANTED, AFTER)), False),
        (((A.SUBMITTING, BEFORE),), False),
        (((A.SUBMISSION_UNKNOWN, BEFORE),), False),
        ((), False),
    ],
)
def test_a_key_goes_when_its_application_is_surely_at_the_back_end(
    database: Database, bench: Bench, worker: SqlStore, steps: tuple[tuple[ApplicationState, datetime], ...], goes: bool
) -> None:
    """However old the key: while nobody knows whether the back end has it, the same request is the same application."""
    application = make_application(bench.gas, at=BEFORE)
    with bench.store.begin(bench.all) as tx:
        key = application.person_id, "k"
        tx.idempotency.take(bench.city, *key, "d", application.application_id, BEFORE)
        tx.applications.open(application, replace(make_application_event(application, 1), at=BEFORE))
        for version, (state, at) in enumerate(steps, 2):
            tx.applications.append(bench.gas, replace(make_application_event(application, version, state), at=at))
    worker.forget_finished(UNTIL, 100)
    left = application.application_id in list_left(database, "idempotency_keys", "payment_id")
    assert left is not goes


def test_batches_are_bounded_and_the_oldest_go_first(database: Database, bench: Bench, worker: SqlStore) -> None:
    """No more than was asked for of each kind, until nothing is left to forget."""
    owners = [claim(bench, "notice", BEFORE - timedelta(minutes=step)) for step in range(5)]
    for _ in range(3):
        take_key(bench, BEFORE)
    assert worker.forget_finished(UNTIL, 2) == 4
    assert list_left(database, "claims", "owner_id") == set(owners[:3])
    assert [worker.forget_finished(UNTIL, 2) for _ in range(3)] == [3, 1, 0]


def test_one_worker_at_a_time_forgets(database: Database, bench: Bench, worker: SqlStore) -> None:
    """A second one does not wait: it says that there was nothing for it."""
    claim(bench, "notice", BEFORE)
    with psycopg.connect(database.owner_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('guitai_forget_finished'))")
        assert worker.forget_finished(UNTIL, 100) == 0
    assert worker.forget_finished(UNTIL, 100) == 1
