"""What no role may do to a case, asked of PostgreSQL itself; and what lies there of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from adapters.stores.connection import StoreFault
from services.case_record import CaseEvent, CaseState, Hand
from services.errors import VersionTaken
from tests.case_samples import MORNING, make_case, make_case_event, make_draft, make_line
from tests.contract.case_book_samples import (
    make_attempt,
    make_complaint,
    make_file,
    make_mandate,
    make_organisation,
    make_rating,
)
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database
from tests.unit.adapters.stores.test_at_rest import read_everything

ROLES = ("public", "console", "worker")
APPENDED = ("case_events", "complaint_events", "notice_attempts", "ratings", "complaints", "revoked_slips")


@pytest.fixture(scope="module")
def houses(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores under each role."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.mark.parametrize("table", APPENDED)
@pytest.mark.parametrize("statement", ["UPDATE {} SET agency_id = agency_id", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("role", ROLES)
def test_what_was_written_down_stays(database: Database, role: str, statement: str, table: str) -> None:
    """No role changes or removes an event, an attempt, a rating, a complaint or a revocation."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table).encode())


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        *((role, "DELETE FROM cases") for role in ROLES),
        *((role, "UPDATE cases SET inputs_cipher = inputs_cipher") for role in ROLES),
        *((role, "UPDATE cases SET case_no = case_no") for role in ROLES),
        *((role, "DELETE FROM organisations") for role in ROLES),
        *((role, "DELETE FROM mandates") for role in ROLES),
        *((role, "UPDATE mandates SET valid_until = NULL") for role in ROLES),
        *((role, "UPDATE desk_lines SET received_at = received_at") for role in ROLES),
        *((role, "UPDATE stored_files SET digest = digest") for role in ROLES),
        *((role, "SELECT reason_cipher FROM revoked_slips") for role in ROLES),
        ("console", "SELECT chain_cipher FROM cases"),
        ("console", "SELECT principal_chain_cipher FROM cases"),
        ("console", "SELECT chain_cipher FROM organisations"),
        ("console", "SELECT principal_chain_cipher FROM mandates"),
        ("console", "SELECT person_id FROM ratings"),
        ("console", "SELECT * FROM case_drafts"),
        ("public", "UPDATE cases SET chain_cipher = NULL"),
        ("public", "INSERT INTO notice_attempts DEFAULT VALUES"),
        ("public", "INSERT INTO revoked_slips DEFAULT VALUES"),
        ("public", "SELECT * FROM staff_identities"),
        ("worker", "INSERT INTO cases DEFAULT VALUES"),
        ("worker", "INSERT INTO ratings DEFAULT VALUES"),
        ("worker", "INSERT INTO complaint_events DEFAULT VALUES"),
        ("worker", "INSERT INTO mandates DEFAULT VALUES"),
        ("worker", "UPDATE case_drafts SET version = version"),
        ("worker", "SELECT * FROM staff_identities"),
        ("worker", "SELECT * FROM case_counters"),
    ],
)
def test_roles_have_no_more_than_they_need(database: Database, role: str, statement: str) -> None:
    """Each of these is refused for want of a right, not for want of rows."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("task", ["refund_payment", "confirm_payment", "submit_application", "tell_new_login"])
def test_the_console_sets_off_nothing_but_work_on_cases(houses: Houses, task: str) -> None:
    """A clerk's process can neither enqueue nor schedule a job that gives money back or speaks for an account."""
    with pytest.raises(StoreFault), houses.console.begin([houses.gas]) as tx:
        tx.jobs.enqueue(task, houses.gas, uuid4())
    with pytest.raises(StoreFault), houses.console.begin([houses.gas]) as tx:
        tx.jobs.schedule(task, houses.gas, uuid4(), MORNING)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("task", ["work_on_case", "watch_case", "tell_case"])
def test_work_on_a_case_follows_from_every_process(database: Database, houses: Houses, role: str, task: str) -> None:
    """Whoever moves a case causes its work, at once or at a moment, and the later schedule counts; only for their agencies."""
    subject = uuid4()
    with houses.role(role).begin([houses.gas]) as tx:
        tx.jobs.enqueue(task, houses.gas, subject)
        tx.jobs.enqueue(task, houses.gas, subject)
        tx.jobs.schedule(task, houses.gas, subject, MORNING)
        tx.jobs.schedule(task, houses.gas, subject, MORNING.replace(year=2027))
    with psycopg.connect(database.owner_url) as owner:
        jobs = owner.execute("SELECT task_name FROM procrastinate_jobs WHERE lock = %s", [str(subject)]).fetchall()
        due = owner.execute("SELECT due_at FROM due_work WHERE subject_id = %s", [subject]).fetchall()
    assert jobs == [(task,)]
    assert due == [(MORNING.replace(year=2027),)]
    with pytest.raises(StoreFault), houses.role(role).begin([houses.gas]) as tx:
        tx.jobs.enqueue(task, houses.water, subject)


@pytest.mark.parametrize("kind", ["open_order", "order_no", "notice", "login"])
def test_the_console_claims_for_cases_alone(houses: Houses, kind: str) -> None:
    """A clerk's process cannot hold an order number or a platform's notice, nor a bill without a payment at the window."""
    with pytest.raises(StoreFault), houses.console.begin([houses.gas]) as tx:
        tx.claims.take(houses.gas, kind, "x", uuid4(), MORNING)
    mine = uuid4()
    with houses.console.begin([houses.gas]) as tx:
        assert tx.claims.take(houses.gas, f"case_{kind}", "x", mine, MORNING) == mine
        assert tx.claims.take(houses.gas, f"case_{kind}", "x", uuid4(), MORNING) == mine


def test_a_line_outside_the_transaction_is_refused(houses: Houses) -> None:
    """Whoever moves a joint case without naming the other agency is stopped, and nothing of the move is kept."""
    case, event = houses.open_case()
    joint = make_case_event(case, 2, "accepted", CaseState.ACCEPTED)
    lines = [make_line(case, joint), make_line(case, joint, agency_id=houses.water)]
    with pytest.raises(StoreFault), houses.console.begin([houses.gas]) as tx:
        tx.cases.append(case.agency_id, joint, lines)
    with houses.public.begin(houses.all) as tx:
        assert tx.cases.load(case.case_id) == (case, [event])


@pytest.mark.parametrize(
    ("role", "name", "state"),
    [
        ("public", "granted", CaseState.GRANTED),
        ("public", "refused", CaseState.REFUSED),
        ("public", "accepted", CaseState.ACCEPTED),
        ("public", "certificate_issued", CaseState.ISSUED),
        ("public", "certificate_issued", CaseState.RECEIVED),
        ("public", "rated", CaseState.GRANTED),
        ("worker", "granted", CaseState.GRANTED),
        ("worker", "refused", CaseState.REFUSED),
    ],
)
@pytest.mark.parametrize("hand", [Hand.CLERK, Hand.HEAD, Hand.APPLICANT])
def test_no_process_of_citizens_and_no_work_decides(
    houses: Houses, role: str, name: str, state: CaseState, hand: Hand
) -> None:
    """PostgreSQL itself refuses a decision by the citizens' role, under any name, and one in a person's name by the worker's."""
    case, event = houses.open_case()
    forged = make_case_event(case, 2, name, state, hand)
    with pytest.raises(StoreFault), houses.role(role).begin([houses.gas]) as tx:
        tx.cases.append(case.agency_id, forged, [make_line(case, forged)])
    with houses.console.begin([houses.gas]) as tx:
        found = tx.cases.load(case.case_id)
    assert found is not None
    assert found[1] == [event]


def test_citizens_write_in_nobodys_name(houses: Houses) -> None:
    """The citizens' role appends no event in the name of one of the staff: it would take that person's looks from the auditor's lists."""
    case, event = houses.open_case()
    forged = make_case_event(case, 2, "receipt_printed", CaseState.RECEIVED, staff_id=uuid4())
    with pytest.raises(StoreFault), houses.public.begin([houses.gas]) as tx:
        tx.cases.append(case.agency_id, forged, [make_line(case, forged)])
    with houses.console.begin([houses.gas]) as tx:
        found = tx.cases.load(case.case_id)
    assert found is not None
    assert found[1] == [event]


def test_a_value_of_a_back_end_and_a_clerk_decide(houses: Houses) -> None:
    """The two ways of deciding stay open: the worker by a back end's value, a person at the console."""
    for role, hand, staff_id in (("worker", Hand.BACK_END, None), ("console", Hand.CLERK, uuid4())):
        case, _ = houses.open_case()
        decided = make_case_event(case, 2, "granted", CaseState.GRANTED, hand, staff_id=staff_id)
        with houses.role(role).begin([houses.gas]) as tx:
            tx.cases.append(case.agency_id, decided, [make_line(case, decided)])


def test_a_line_without_its_case_is_refused(houses: Houses) -> None:
    """A line is written only where the case itself can be seen: its hashes are the case's."""
    case, _ = houses.open_case()
    other = make_case(houses.gas)
    moved = make_case_event(case, 2, "claimed")
    with pytest.raises(ValueError, match="needs its case"), houses.worker.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, moved, [make_line(other, moved)])


@pytest.mark.parametrize("role", ["public", "worker", "console"])
def test_the_database_keeps_what_was_handed_in(database: Database, houses: Houses, role: str) -> None:
    """Whatever the code says: a draft that was handed in, its files and those of a case are not deleted by any role."""
    draft, case = make_draft(houses.gas), houses.open_case()[0]
    of_draft = make_file(houses.gas, draft.draft_id)
    of_case = make_file(case.agency_id, case.case_id, uploaded_at=case.received_at)
    with houses.public.begin(houses.all) as tx:
        tx.drafts.save(make_draft(houses.gas, draft_id=draft.draft_id, person_id=draft.person_id, submitted_at=MORNING))
        for file in (of_draft, of_case):
            tx.files.add(file)
    with psycopg.connect(database.urls[role]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(houses.gas)])
        drafts = [] if role == "console" else ["DELETE FROM case_drafts WHERE draft_id = %s"]
        for query in (*drafts, "DELETE FROM stored_files WHERE owner = %s"):
            assert connection.execute(query.encode(), [draft.draft_id]).rowcount == 0
        assert connection.execute("DELETE FROM stored_files WHERE owner = %s", [of_case.owner]).rowcount == 0


def test_a_revoked_mandate_is_not_revived(database: Database, houses: Houses) -> None:
    """Not even by a statement of its own does the citizens' or the clerks' role undo a revocation."""
    mandate = make_mandate(houses.gas)
    with houses.public.begin([houses.gas]) as tx:
        tx.mandates.add(mandate)
        tx.mandates.revoke(mandate.mandate_id, "person:x", MORNING)
    for role in ("public", "console"):
        with psycopg.connect(database.urls[role]) as connection:
            connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(houses.gas)])
            revived = "UPDATE mandates SET revoked_at = NULL, revoked_by = NULL WHERE mandate_id = %s"
            assert connection.execute(revived.encode(), [mandate.mandate_id]).rowcount == 0


def test_of_many_that_append_at_once_one_does(houses: Houses) -> None:
    """Clerk, worker and citizen act upon the same version at the same moment: one is written, the others are refused."""
    case, event = houses.open_case()
    start = threading.Barrier(6)

    def act(role: str) -> CaseEvent | None:
        moved = make_case_event(case, 2, "claimed", staff_id=None if role == "public" else uuid4())
        start.wait(timeout=30)
        try:
            with houses.role(role).begin([houses.gas]) as tx:
                tx.cases.append(case.agency_id, moved, [make_line(case, moved, claimed_by=moved.staff_id)])
        except VersionTaken:
            return None
        return moved

    with ThreadPoolExecutor(6) as threads:
        [written] = [moved for moved in threads.map(act, ROLES * 2) if moved is not None]
    with houses.public.begin([houses.gas]) as tx:
        assert tx.cases.load(case.case_id) == (case, [event, written])
        assert [line.claimed_by for line in tx.cases.load_lines(case.case_id)] == [written.staff_id]


CANARIES = (
    "欧阳秀英", "110101199003055555", "13855555555", "李代理", "110101199003066666", "金丝雀路一号", "意见金丝雀", "草稿金丝雀",
    "文件金丝雀.pdf", "户口簿金丝雀", "差评金丝雀", "投诉金丝雀", "答复金丝雀", "回执金丝雀", "撤销金丝雀",
)  # fmt: skip


def test_nothing_personal_lies_in_clear(database: Database, houses: Houses) -> None:
    """A search through the whole database for every personal value that went in finds none, nor a chain id."""
    (
        name,
        number,
        phone,
        agent,
        agents_number,
        address,
        opinion,
        draft,
        title,
        proof,
        bad,
        words,
        answer,
        receipt,
        why,
    ) = CANARIES
    whose = {"kind": "person", "name": name, "identity_number": number, "phone": phone}
    who = {"name": agent, "identity_number": agents_number, "phone": phone, "as": "agent"}
    case, _ = houses.open_case(applicant=whose, agent=who, inputs={"premises": address})
    body, mandate = (
        make_organisation(houses.gas),
        make_mandate(houses.gas, principal=whose, agent=who, proof={"seen": proof}),
    )
    complaint, filed = make_complaint(houses.gas, words=words)
    told = make_case_event(case, 2, "step_finished", opinion=opinion)
    with houses.public.begin(houses.all) as tx:
        tx.cases.append(houses.gas, told, [make_line(case, told)])
        tx.drafts.save(make_draft(houses.gas, content={"inputs": {"premises": draft}}))
        tx.files.add(make_file(houses.gas, case.case_id, title=title))
        tx.mandates.record_organisation(body)
        tx.mandates.add(mandate)
        tx.ratings.rate(make_rating(houses.gas, words=bad))
        tx.ratings.file_complaint(complaint, replace(filed, data={"answer": answer}))
    with houses.worker.begin(houses.all) as tx:
        tx.notices.add(make_attempt(houses.gas, case.case_id, proof={"receipt": receipt}))
        tx.slips.revoke(houses.gas, uuid4().hex, why, MORNING)
    everything = read_everything(database)
    assert case.case_no in everything
    assert [canary for canary in CANARIES if canary in everything] == []
    for chain in (case.chain_id, case.principal_chain_id, body.chain_id, mandate.principal_chain_id):
        assert str(chain) not in everything
        assert chain.bytes.decode("utf-8", "replace") not in everything
