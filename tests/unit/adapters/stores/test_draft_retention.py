"""Drafts that nobody touches go after their time, with the index of their files; whatever was handed in stays."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from adapters.stores.transaction import SqlStore
from services.case_record import Draft
from tests.case_samples import MORNING, make_draft
from tests.contract.case_book_samples import make_file
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database

UNTIL = MORNING - timedelta(days=90)
BEFORE, AFTER = UNTIL - timedelta(days=1), UNTIL + timedelta(days=1)


@pytest.fixture(scope="module")
def made(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores under each role."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house")) as houses:
        yield houses


@pytest.fixture
def houses(database: Database, made: Houses) -> Houses:
    """Without drafts."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM case_drafts")
        owner.execute("DELETE FROM stored_files")
    return made


@pytest.fixture
def worker(houses: Houses) -> SqlStore:
    """The worker's role."""
    assert isinstance(houses.worker, SqlStore)
    return houses.worker


def save(houses: Houses, updated_at: datetime, submitted_at: datetime | None = None) -> Draft:
    """A draft with a file."""
    draft = make_draft(houses.gas, BEFORE - timedelta(days=9), updated_at=updated_at, submitted_at=submitted_at)
    with houses.public.begin([houses.gas]) as tx:
        tx.drafts.save(draft)
        tx.files.add(make_file(houses.gas, draft.draft_id, digest=draft.draft_id.hex * 2))
    return draft


@pytest.mark.parametrize(
    ("updated_at", "submitted_at", "goes"),
    [(BEFORE, None, True), (AFTER, None, False), (BEFORE, BEFORE, False)],
    ids=["untouched", "touched since", "handed in"],
)
def test_only_what_nobody_touches_goes(
    houses: Houses, worker: SqlStore, updated_at: datetime, submitted_at: datetime | None, goes: bool
) -> None:
    """A draft goes with its files' rows if it was neither touched nor handed in; else it stays with all of them."""
    draft = save(houses, updated_at, submitted_at)
    assert worker.forget_drafts(UNTIL, 10) == int(goes)
    with houses.public.begin([houses.gas]) as tx:
        assert (tx.drafts.load(draft.draft_id) is None) is goes
        assert (tx.files.list_of(draft.draft_id) == []) is goes


def test_scans_for_a_case_that_was_never_opened_go(houses: Houses, worker: SqlStore) -> None:
    """What the window scanned goes after the same time if no case came of it; what is younger, of a case or a paper of ours stays."""
    coming, case = uuid4(), houses.open_case()[0]
    old = make_file(houses.gas, coming, uploaded_at=BEFORE, uploaded_by="staff:1")
    young = make_file(houses.gas, coming, uploaded_at=AFTER, uploaded_by="staff:1")
    opened = make_file(case.agency_id, case.case_id, uploaded_at=BEFORE, uploaded_by="staff:1")
    paper = make_file(houses.gas, coming, uploaded_at=BEFORE, uploaded_by="house", material="")
    with houses.console.begin(houses.all) as tx:
        for file in (old, young, opened, paper):
            tx.files.add(file)
    assert worker.forget_drafts(UNTIL, 10) == 1
    with houses.console.begin(houses.all) as tx:
        assert tx.files.load(old.file_id) is None
        assert [tx.files.load(file.file_id) for file in (young, opened, paper)] == [young, opened, paper]


def test_scans_go_in_batches_beside_the_drafts(houses: Houses, worker: SqlStore) -> None:
    """The oldest first, at most as many as asked, and whatever the drafts left of a batch."""
    files = [
        make_file(houses.gas, uuid4(), uploaded_at=BEFORE - timedelta(days=days), uploaded_by="staff:1")
        for days in range(3)
    ]
    save(houses, BEFORE)
    with houses.console.begin([houses.gas]) as tx:
        for file in files:
            tx.files.add(file)
    assert [worker.forget_drafts(UNTIL, 2) for _ in range(3)] == [3, 1, 0]


@pytest.mark.parametrize("role", ["public", "worker"])
def test_the_worker_alone_takes_what_is_of_nothing(houses: Houses, role: str) -> None:
    """The door of the citizens cannot remove what the window scanned for a case that is not there yet."""
    scanned = make_file(houses.gas, uuid4(), uploaded_by="staff:1")
    with getattr(houses, role).begin([houses.gas]) as tx:
        tx.files.add(scanned)
        tx.files.remove(scanned.file_id)
        assert (tx.files.load(scanned.file_id) is None) is (role == "worker")


def test_batches_are_bounded_and_the_oldest_go_first(houses: Houses, worker: SqlStore) -> None:
    """No more than was asked for, until nothing is left to forget."""
    drafts = [save(houses, BEFORE - timedelta(days=days)) for days in range(3)]
    assert worker.forget_drafts(UNTIL, 2) == 2
    with houses.public.begin([houses.gas]) as tx:
        assert [tx.drafts.load(draft.draft_id) is None for draft in drafts] == [False, True, True]
    assert [worker.forget_drafts(UNTIL, 2) for _ in range(2)] == [1, 0]


def test_a_draft_that_is_saved_meanwhile_keeps_its_files(houses: Houses, worker: SqlStore) -> None:
    """Whoever comes back to a draft at the very moment in which it would go finds it and its files."""
    draft = save(houses, BEFORE)
    with ThreadPoolExecutor(1) as thread, houses.public.begin([houses.gas]) as tx:
        tx.drafts.save(replace(draft, version=2, updated_at=MORNING))
        forgetting = thread.submit(worker.forget_drafts, UNTIL, 10)
        with pytest.raises(TimeoutError):  # it waits for the row
            forgetting.result(timeout=0.5)
    assert forgetting.result(timeout=10) == 0
    with houses.public.begin([houses.gas]) as tx:
        assert len(tx.files.list_of(draft.draft_id)) == 1


def test_the_index_names_what_the_file_store_keeps(houses: Houses, worker: SqlStore) -> None:
    """Agency and digest of every file of every agency, each content once; what was forgotten is not among them."""
    kept, gone = save(houses, AFTER), save(houses, BEFORE)
    with houses.public.begin([houses.water]) as tx:
        for _ in range(2):
            tx.files.add(make_file(houses.water, kept.draft_id, digest="cd" * 32))
    assert len(list(worker.list_contents())) == 3
    worker.forget_drafts(UNTIL, 10)
    assert set(worker.list_contents()) == {(houses.gas, kept.draft_id.hex * 2), (houses.water, "cd" * 32)}
    assert gone.draft_id != kept.draft_id
