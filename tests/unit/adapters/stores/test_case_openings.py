"""Handing in on real PostgreSQL: fifty at once, some twice, some in vain; numbers without a gap or a double, and the worker goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.case_drafts import discard_draft, list_drafts, save_draft
from services.case_errors import MaterialsMissing
from services.case_events import Move
from services.case_graph import START
from services.case_numbers import is_well_formed
from services.case_opening import UNNUMBERED, open_case
from services.case_record import Case, CaseState, Hand
from services.case_stores import NO_CHAIN
from services.case_views import list_cases, view_case
from services.case_work import work_on_case
from tests.case_samples import MORNING
from tests.contract.case_book_samples import make_organisation
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database
from tests.fake_applicants import CONTENT, LI, NAMES, Counter
from tests.fakes import FakeClock, FakeDirectory

AT_ONCE = 50


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """One keyring for all stores of the module."""
    path = tmp_path_factory.mktemp("keys") / "ring.json"
    create_keyring(path)
    return Keyring.load(path)


@pytest.fixture(scope="module")
def houses(database: Database, ring: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores under each role."""
    folder: Path = tmp_path_factory.mktemp("house")
    with open_sql_houses(database, folder, ring) as made:
        yield made


@pytest.fixture
def counter(database: Database, ring: Keyring, houses: Houses) -> Iterator[Counter]:
    """The counter on the public role's store, with a connection for everybody."""
    directory = FakeDirectory({"demo-city": houses.city, "demo-office": houses.gas})
    with closing(SqlStore(database.urls["public"], ring, FakeClock(MORNING), AT_ONCE)) as store:
        made = Counter(house=store, directory=directory)
        for left in list_drafts(made.door, made.wang):
            discard_draft(made.door, made.wang, left.draft_id)
        yield made


def all_at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Threads that begin together; what each gave, or its error."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=60)
        try:
            return act()
        except MaterialsMissing as missing:
            return missing

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def count_so_far(database: Database) -> int:
    """How many cases have a number today."""
    with psycopg.connect(database.owner_url) as owner:
        return int(owner.execute("SELECT count(*) FROM cases").fetchone()[0])  # type: ignore[index]  # count gives a row


def list_counts(counter: Counter, replies: list[Any]) -> list[int]:
    """The counts in the numbers of these cases."""
    numbers = {reply["case_id"]: reply["case_no"] for reply in replies}
    assert all(is_well_formed(counter.desk.number_format, number) for number in numbers.values())
    assert len(set(numbers.values())) == len(numbers)
    return sorted(int(number[17:-1]) for number in numbers.values())


def test_fifty_hand_in_at_once(counter: Counter, database: Database) -> None:
    """Every third of them in vain: the others have the next numbers, each once, and nobody's number is missing."""
    before = count_so_far(database)
    drafts = [
        save_draft(counter.door, counter.wang, counter.mapping.id, CONTENT).draft.draft_id for _ in range(AT_ONCE)
    ]
    for index in range(AT_ONCE):
        for name in ("floor_plan", "proof_of_premises") if index % 3 else ():
            counter.add_file(drafts[index], name)
    replies = all_at_once([partial(counter.submit, draft, key=str(draft)) for draft in drafts])
    opened = [reply for reply in replies if isinstance(reply, dict)]
    assert len(replies) - len(opened) == len(range(0, AT_ONCE, 3))
    assert list_counts(counter, opened) == list(range(before + 1, before + len(opened) + 1))


def test_one_draft_handed_in_fifty_times_at_once_is_one_case(counter: Counter, database: Database) -> None:
    """By fifty keys: one case, one number, one first event, and the same answer for everybody."""
    before, draft = count_so_far(database), counter.draft()
    replies = all_at_once([partial(counter.submit, draft, key=str(index)) for index in range(AT_ONCE)])
    assert all(reply == replies[0] for reply in replies)
    assert count_so_far(database) == before + 1
    assert counter.names(draft) == ["case_received"]


def test_a_case_goes_through_the_store_whole(counter: Counter, database: Database, houses: Houses) -> None:
    """What was handed in is read back as it was, is in the applicant's list, and its jobs are queued for the worker."""
    case_id = counter.open(delivery="post", address="一路9号")
    file = view_case(counter.door, counter.wang, case_id).file
    assert file.case.applicant["name"] == "王小明"
    assert file.case.inputs == {"company_name": "小明早点", "premises": "一路1号"}
    assert file.events[0].data["address"] == "一路9号"
    assert set(file.materials) == {"floor_plan", "proof_of_premises", "promise"}
    assert case_id in {line.case.case_id for line in list_cases(counter.door, counter.wang, limit=1000).items}
    with psycopg.connect(database.owner_url) as owner:
        jobs = owner.execute(
            "SELECT task_name FROM procrastinate_jobs WHERE args->>'subject_id' = %s", [str(case_id)]
        ).fetchall()
        due = owner.execute("SELECT task FROM due_work WHERE subject_id = %s", [case_id]).fetchall()
    assert {row[0] for row in jobs} == {"work_on_case", "tell_case"}
    assert due == [("watch_case",)]
    with houses.console.begin(houses.all) as tx:
        assert [line.case_no for line in tx.cases.load_lines(case_id)] == [file.case.case_no]


def test_two_workers_on_real_stores_write_once(counter: Counter, houses: Houses) -> None:
    """Under the worker's role, side by side: the fetch is written once, and no version is taken twice."""
    case_id = counter.open()
    workshop = replace(counter.workshop, desk=replace(counter.desk, house=houses.worker))
    all_at_once([lambda: work_on_case(workshop, houses.gas, case_id, "job")] * 4)
    names = counter.names(case_id)
    assert names.count("material_fetched") == 1
    assert [event.version for event in counter.file(case_id).events] == list(range(1, len(names) + 1))


def work_on_walk_in(counter: Counter, houses: Houses, **changes: Any) -> Case:
    """A case opened by a clerk under the console's role, after the worker's first look at it."""
    pattern, clerk = counter.file(counter.open()).case, uuid4()
    case = replace(
        pattern, case_id=counter.desk.new_id(), case_no=UNNUMBERED, person_id=None, login_id=None, opened_by=clerk,
        chain_id=NO_CHAIN, principal_chain_id=NO_CHAIN, **changes,
    )  # fmt: skip
    console = replace(counter.desk, house=houses.console)
    with houses.console.begin((houses.gas,)) as tx:
        open_case(console, tx, case, Move(START, Hand.CLERK, {"materials": {}}, clerk))
    workshop = replace(counter.workshop, desk=replace(counter.desk, house=houses.worker))
    assert work_on_case(workshop, houses.gas, case.case_id, "job") is CaseState.RECEIVED
    with houses.worker.begin(houses.all) as tx:
        found = tx.cases.load(case.case_id)
    assert found is not None
    return found[0]


def test_a_walk_in_is_joined_to_their_chain_by_the_worker(counter: Counter, houses: Houses) -> None:
    """The console opens the case and knows no chain; the worker's role may name it."""
    of_li = {"kind": "person", "name": NAMES[LI], "identity_number": LI}
    case = work_on_walk_in(counter, houses, applicant=of_li)
    with houses.worker.begin(houses.all) as tx:
        chain: UUID = tx.mandates.find_chain(houses.city, LI, MORNING)
    assert case.principal_chain_id == case.chain_id == chain != NO_CHAIN


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_an_organisation_at_the_window_has_a_chain_of_its_own(counter: Counter, houses: Houses, known: bool) -> None:
    """The console records it, or its new name, without learning its chain; the worker finds that, and that of who stood there."""
    code = f"9144030012345678{'XY'[known]}U"
    named = make_organisation(houses.city, credit_code=code, recorded_at=MORNING)
    if known:
        with houses.public.begin(houses.all) as tx:
            tx.mandates.record_organisation(named)
    again = (
        replace(named, organisation_id=counter.desk.new_id(), name="新名有限公司", chain_id=uuid4()) if known else named
    )
    with houses.console.begin((houses.city,)) as tx:
        recorded = tx.mandates.record_organisation(again)
    assert (recorded.organisation_id, recorded.name) == (named.organisation_id, again.name)
    case = work_on_walk_in(
        counter, houses, organisation_id=recorded.organisation_id,
        applicant={"kind": "organisation", "name": recorded.name, "credit_code": code},
        agent={"name": NAMES[LI], "identity_number": LI, "as": "legal_representative"},
    )  # fmt: skip
    with houses.worker.begin(houses.all) as tx:
        acting: UUID = tx.mandates.find_chain(houses.city, LI, MORNING)
    assert (case.principal_chain_id, case.chain_id) == (named.chain_id, acting)
