"""Durable work: enqueued with the fact, once while it waits, only listed tasks, only for agencies of the transaction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

from adapters.queue import TASKS, make_queue_app
from adapters.stores.connection import StoreFault, scoped
from adapters.stores.transaction import SqlStore
from services.errors import NotFound
from tests.contract.samples import NOW, Bench
from tests.contract.stores import open_sql_bench
from tests.databases import Database


@pytest.fixture(scope="module")
def real(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The store under the public role."""
    with open_sql_bench(database, tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture(scope="module")
def worker(database: Database, real: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """The store under the worker's role."""
    with open_sql_bench(database, tmp_path_factory.mktemp("keys"), role="worker") as made:
        assert isinstance(made.store, SqlStore)
        yield made.store


def list_jobs(database: Database, subject: UUID) -> list[tuple[object, ...]]:
    """The jobs of one subject."""
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT task_name, lock, queueing_lock, args, status::text FROM procrastinate_jobs WHERE lock = %s ORDER BY id"
        return owner.execute(query, [str(subject)]).fetchall()


def test_waiting_job_stands_once(database: Database, real: Bench) -> None:
    """The same job asked for twice while it waits stands once; its arguments are ids and nothing else."""
    subject = uuid4()
    for _ in range(2):
        with real.store.begin([real.gas]) as tx:
            tx.jobs.enqueue("write_off_payment", real.gas, subject)
            tx.jobs.enqueue("write_off_payment", real.gas, subject)
    arguments = {"agency_id": str(real.gas), "subject_id": str(subject)}
    expected = ("write_off_payment", str(subject), f"write_off_payment:{subject}", arguments, "todo")
    assert list_jobs(database, subject) == [expected]


def test_job_goes_with_its_transaction(database: Database, real: Bench) -> None:
    """A rollback leaves no job and no schedule."""
    subject = uuid4()

    def enqueue_and_fail() -> None:
        with real.store.begin(real.all) as tx:
            tx.jobs.enqueue("write_off_payment", real.gas, subject)
            tx.jobs.schedule("confirm_payment", real.gas, subject, NOW)
            tx.persons.load(subject)

    with pytest.raises(NotFound):
        enqueue_and_fail()
    assert list_jobs(database, subject) == []


def test_tasks_are_listed(database: Database, real: Bench) -> None:
    """Only the tasks that the code names exist, in the code and in the database."""
    with pytest.raises(ValueError, match="no such task"), real.store.begin([real.gas]) as tx:
        tx.jobs.enqueue("shell", real.gas, uuid4())
    with psycopg.connect(database.owner_url) as owner:
        assert {row[0] for row in owner.execute("SELECT task FROM job_tasks")} == TASKS
    with psycopg.connect(database.urls["public"]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(real.gas)])
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("SELECT guitai_enqueue('shell', %s, %s)", [real.gas, uuid4()])


def test_job_of_another_agency_is_refused(real: Bench) -> None:
    """A transaction enqueues work of its own agencies alone, also through the function with the owner's rights."""
    with pytest.raises(StoreFault), real.store.begin([real.water]) as tx:
        tx.jobs.enqueue("write_off_payment", real.gas, uuid4())


def test_due_work_becomes_a_job_at_its_time(database: Database, real: Bench, worker: SqlStore) -> None:
    """The latest schedule counts; what is due becomes a job once, what is not due stays."""
    early, late = uuid4(), uuid4()
    with real.store.begin(real.all) as tx:
        tx.jobs.schedule("confirm_payment", real.gas, early, NOW + timedelta(hours=5))
        tx.jobs.schedule("confirm_payment", real.gas, early, NOW)
        tx.jobs.schedule("expire_order", real.water, late, NOW)
        tx.jobs.schedule("expire_order", real.water, late, NOW + timedelta(seconds=1))
    assert worker.move_due(NOW - timedelta(seconds=1), 10) == 0
    assert worker.move_due(NOW, 10) == 1
    assert [job[0] for job in list_jobs(database, early)] == ["confirm_payment"]
    assert list_jobs(database, late) == []
    assert worker.move_due(NOW + timedelta(seconds=1), 10) == 1
    assert worker.move_due(NOW + timedelta(seconds=1), 10) == 0
    assert [job[0] for job in list_jobs(database, late)] == ["expire_order"]


def test_two_sweepers_share_the_work(database: Database, real: Bench, worker: SqlStore) -> None:
    """Sweepers at the same moment take each piece once."""
    subjects = [uuid4() for _ in range(40)]
    with real.store.begin(real.all) as tx:
        for subject in subjects:
            tx.jobs.schedule("confirm_payment", real.gas, subject, NOW)
    moved: list[int] = []
    threads = [
        threading.Thread(target=lambda: moved.extend(worker.move_due(NOW, 7) for _ in range(4))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moved.append(worker.move_due(NOW, 100))
    assert sum(moved) == 40
    assert all(len(list_jobs(database, subject)) == 1 for subject in subjects)


def test_worker_role_runs_jobs(database: Database, real: Bench) -> None:
    """Procrastinate itself, on the worker's role, fetches a job by its name, runs it with its ids and marks it done."""
    subject, seen = uuid4(), []
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM procrastinate_jobs")
    with real.store.begin([real.gas]) as tx:
        tx.jobs.enqueue("refund_payment", real.gas, subject)
    app = make_queue_app(database.urls["worker"])

    @app.task(name="refund_payment")
    def refund(agency_id: str, subject_id: str) -> None:
        seen.append((agency_id, subject_id))

    async def work() -> None:
        async with app.open_async():
            await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(work())
    assert seen == [(str(real.gas), str(subject))]
    assert [job[4] for job in list_jobs(database, subject)] == ["succeeded"]


def test_public_role_cannot_sweep(real: Bench) -> None:
    """Moving due work is the worker's: the public role may schedule and not take away."""
    assert isinstance(real.store, SqlStore)
    with pytest.raises(StoreFault):
        real.store.move_due(NOW, 1)


def test_scope_ends_with_its_transaction(real: Bench) -> None:
    """A connection that goes back to the pool keeps no agency."""
    assert isinstance(real.store, SqlStore)
    with scoped(real.store.engine, real.all) as connection:
        assert connection.execute(text("SELECT cardinality(guitai_agencies())")).scalar() == 3
    with real.store.engine.connect() as connection:
        assert connection.execute(text("SELECT guitai_agencies()")).scalar() is None
