"""The stores of cases keep what they are given, once, for the agencies of the transaction only; on PostgreSQL and on the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from adapters.ids import make_id
from services.case_ports import CaseTransaction
from services.case_record import Case, CaseState, DeskLine
from services.case_stores import NO_CHAIN
from services.errors import VersionTaken
from tests.case_samples import MORNING, make_case, make_case_event, make_line
from tests.contract.case_houses import Houses


def read_desk(houses: Houses, *agencies: UUID, **chosen: object) -> list[DeskLine]:
    """What a clerk sees of these desks."""
    with houses.console.begin(agencies) as tx:
        return tx.cases.list_desk(agencies, **chosen)  # type: ignore[arg-type] # whatever the test asks


@pytest.mark.parametrize("role", ["public", "worker"])
def test_a_case_reads_as_it_was_written(houses: Houses, role: str) -> None:
    """Everything of a case and its events comes back, with its chains, for those who may read them."""
    agent = {"name": "李娜", "identity_number": "110101199003077777", "phone": "13800000002", "as": "agent"}
    case, event = houses.open_case(agent=agent, organisation_id=uuid4(), opened_by=uuid4())
    moved = make_case_event(case, 2, "claimed", staff_id=uuid4(), note="等")
    with houses.console.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, moved, [make_line(case, moved)])
    with houses.role(role).begin(houses.all) as tx:
        assert tx.cases.load(case.case_id) == (case, [event, moved])
        assert tx.cases.find_by_number(case.case_no) == (case, [event, moved])
        assert tx.cases.load(uuid4()) is None
        assert tx.cases.find_by_number("none") is None


def test_the_console_reads_no_chain(houses: Houses) -> None:
    """A clerk reads the whole file but for the links to the ledger's chains."""
    case, event = houses.open_case()
    with houses.console.begin([houses.gas]) as tx:
        found = tx.cases.load(case.case_id)
    hidden = case if houses.reads_chains else replace(case, chain_id=NO_CHAIN, principal_chain_id=NO_CHAIN)
    assert found == (hidden, [event])


def test_a_walk_ins_chains_come_from_the_worker(houses: Houses) -> None:
    """A case that the console opened without chains gets them from the worker, once they are known."""
    case = make_case(houses.gas, person_id=None, login_id=None, chain_id=NO_CHAIN, principal_chain_id=NO_CHAIN)
    event, mine, theirs = make_case_event(case), uuid4(), uuid4()
    with houses.console.begin([houses.gas]) as tx:
        tx.cases.open(case, event, [make_line(case, event)])
    with houses.worker.begin([houses.gas]) as tx:
        assert tx.cases.load(case.case_id) == (case, [event])
        tx.cases.assign_chains(houses.gas, case.case_id, mine, theirs)
    with houses.public.begin([houses.gas]) as tx:
        found = tx.cases.load(case.case_id)
    assert found == (replace(case, chain_id=mine, principal_chain_id=theirs), [event])


def test_a_case_and_its_number_exist_once(houses: Houses) -> None:
    """A second case with the id or with the number of a first is refused, at whatever agency."""
    case, event = houses.open_case()
    again = make_case(houses.water, case_no=case.case_no)
    for taken in (case, replace(case, case_no=uuid4().hex), again):
        with pytest.raises(VersionTaken), houses.public.begin(houses.all) as tx:
            tx.cases.open(taken, make_case_event(taken), [])
    with houses.public.begin(houses.all) as tx:
        assert tx.cases.load(case.case_id) == (case, [event])
        assert tx.cases.load(again.case_id) is None


def test_one_of_two_events_of_a_version_is_taken(houses: Houses) -> None:
    """Whoever comes second with a version is told, and leaves nothing; a version that is left out is a fault of ours."""
    case, event = houses.open_case()
    second = houses.move(case, 2, CaseState.ACCEPTED)
    for version in (1, 2):
        late = make_case_event(case, version, "withdrawn", CaseState.WITHDRAWN)
        with pytest.raises(VersionTaken), houses.public.begin(houses.all) as tx:
            tx.cases.append(case.agency_id, late, [make_line(case, late)])
    with pytest.raises(ValueError, match="gap"), houses.public.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, make_case_event(case, 4), [])
    with houses.public.begin(houses.all) as tx:
        assert tx.cases.load(case.case_id) == (case, [event, second])
        assert [line.version for line in tx.cases.load_lines(case.case_id)] == [2]


def test_numbers_are_counted_by_agency_and_period(houses: Houses) -> None:
    """Each agency counts for itself in each period, and a number that was rolled back is the next one again."""
    period, later = uuid4().hex, uuid4().hex
    with houses.public.begin(houses.all) as tx:
        assert [tx.cases.next_number(houses.gas, period) for _ in range(3)] == [1, 2, 3]
        assert tx.cases.next_number(houses.water, period) == 1
        assert tx.cases.next_number(houses.gas, later) == 1
    counted: list[int] = []
    houses.attempt(houses.console, lambda tx: counted.append(tx.cases.next_number(houses.gas, period)))
    assert counted == [4]
    with houses.console.begin(houses.all) as tx:
        assert tx.cases.next_number(houses.gas, period) == 4


def test_lines_are_put_in_the_place_of_those_before(houses: Houses) -> None:
    """Each event brings all lines of its case: the new ones stand, one that it leaves out is gone, another case's stays."""
    case, event = houses.open_case()
    other, told = houses.open_case()
    joint = make_case_event(case, 2, "accepted", CaseState.ACCEPTED)
    lead = make_line(case, joint, waits_for="nobody", step=1, due_on=None, due_clock="", claimed_by=uuid4())
    theirs = make_line(case, joint, agency_id=houses.water, step=2, provisional=True)
    with houses.worker.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, joint, [lead, theirs])
        assert {line.agency_id: line for line in tx.cases.load_lines(case.case_id)} == {
            houses.gas: lead, houses.water: theirs,
        }  # fmt: skip
    back = make_case_event(case, 3, "step_finished", CaseState.ACCEPTED)
    with houses.console.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, back, [make_line(case, back)])
        assert tx.cases.load_lines(case.case_id) == [make_line(case, back)]
        assert tx.cases.load_lines(other.case_id) == [make_line(other, told)]
    assert event.version == 1


def test_another_agencys_clerk_finishes_a_step(houses: Houses) -> None:
    """In joint handling a clerk sees their own line, and with both agencies in the transaction the whole case, and may add to it."""
    case, event = houses.open_case()
    joint = make_case_event(case, 2, "accepted", CaseState.ACCEPTED)
    lines = [make_line(case, joint), make_line(case, joint, agency_id=houses.water)]
    with houses.worker.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, joint, lines)
    [line] = [one for one in read_desk(houses, houses.water) if one.case_id == case.case_id]
    with houses.console.begin([houses.water]) as tx:
        assert tx.cases.load(case.case_id) is None
        assert tx.cases.load_lines(case.case_id) == [line]
        name = case.applicant["name"]
        assert line in tx.cases.find_by_name([houses.water], name, 50)
    done = make_case_event(case, 3, "step_finished", CaseState.ACCEPTED, step=0)
    with houses.console.begin([line.agency_id, line.lead_agency_id]) as tx:
        found = tx.cases.load(case.case_id)
        assert found is not None
        assert found[1] == [event, joint]
        tx.cases.append(line.lead_agency_id, done, [replace(one, version=3) for one in lines])
    assert [one.version for one in read_desk(houses, houses.water) if one.case_id == case.case_id] == [3]


def open_queue(houses: Houses, agency_id: UUID, *dues: date | None) -> list[Case]:
    """Cases of a fresh service on one desk, received a minute after each other, due on these days."""
    service, made = f"queue-{uuid4().hex}", []
    for index, due_on in enumerate(dues):
        at = MORNING + timedelta(minutes=index)
        case = make_case(agency_id, at, service=service)
        event = make_case_event(case)
        with houses.public.begin(houses.all) as tx:
            tx.cases.open(case, event, [make_line(case, event, due_on=due_on)])
        made.append(case)
    return made


def test_a_desk_is_sorted_by_urgency(houses: Houses) -> None:
    """The nearest day first, among equals the oldest receipt, and last of all those for which no clock runs."""
    soon, late = date(2026, 11, 5), date(2026, 12, 5)
    made = open_queue(houses, houses.gas, None, late, soon, soon, None, late)
    found = read_desk(houses, houses.gas, service=made[0].service)
    assert [made.index(next(one for one in made if one.case_id == line.case_id)) for line in found] == [
        2,
        3,
        1,
        5,
        0,
        4,
    ]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_of_a_desk_lose_nothing(houses: Houses, size: int) -> None:
    """Page after page gives each line once, in the order of the whole, over several desks."""
    days = [date(2026, 11, 5), None, date(2026, 11, 4), date(2026, 11, 5), None]
    made = open_queue(houses, houses.gas, *days)
    other = [
        replace(case, agency_id=houses.water, case_id=make_id(case.received_at), case_no=uuid4().hex) for case in made
    ]
    for case, day in zip(other, days, strict=True):
        event = make_case_event(case)
        with houses.public.begin(houses.all) as tx:
            tx.cases.open(case, event, [make_line(case, event, due_on=day)])
    desks, service = (houses.gas, houses.water), made[0].service
    whole = read_desk(houses, *desks, service=service)
    assert len(whole) == 10
    paged: list[DeskLine] = []
    while True:
        after = (paged[-1].due_on or date.max, paged[-1].case_id) if paged else None
        page = read_desk(houses, *desks, service=service, limit=size, after=after)
        if not page:
            break
        paged += page
    assert paged == whole


def test_a_page_does_not_split_a_case(houses: Houses) -> None:
    """Where two desks have a line of the last case of a page, the page has both; the next one begins after them."""
    first, joint, last = open_queue(houses, houses.gas, date(2026, 11, 4), date(2026, 11, 5), date(2026, 11, 6))
    moved = make_case_event(joint, 2, "accepted", CaseState.ACCEPTED)
    lines = [
        make_line(joint, moved, due_on=date(2026, 11, 5), agency_id=agency) for agency in (houses.gas, houses.water)
    ]
    with houses.worker.begin(houses.all) as tx:
        tx.cases.append(houses.gas, moved, lines)
    desks, service = (houses.gas, houses.water), first.service
    page = read_desk(houses, *desks, service=service, limit=2)
    assert [line.case_id for line in page] == [first.case_id, joint.case_id, joint.case_id]
    rest = read_desk(houses, *desks, service=service, limit=2, after=(date(2026, 11, 5), joint.case_id))
    assert [line.case_id for line in rest] == [last.case_id]


def test_a_page_goes_on_where_a_line_has_gone(houses: Houses) -> None:
    """If the last line of the page before has left the desk, the next page begins with its day: nothing is passed over."""
    made = open_queue(houses, houses.gas, date(2026, 11, 4), date(2026, 11, 5), date(2026, 11, 6))
    after = (date(2026, 11, 5), uuid4())
    found = read_desk(houses, houses.gas, service=made[0].service, after=after)
    assert [line.case_id for line in found] == [made[1].case_id, made[2].case_id]


def test_a_desk_is_narrowed(houses: Houses) -> None:
    """By state, by whom it waits for, by who has it in hand, by whether it is closed; each narrows further."""
    clerk, (first, second, third, fourth) = uuid4(), open_queue(houses, houses.gas, *[date(2026, 11, 5)] * 4)
    houses.move(second, 2, CaseState.CORRECTION_ASKED, waits_for="applicant")
    houses.move(third, 2, CaseState.ACCEPTED, claimed_by=clerk)
    houses.move(fourth, 2, CaseState.WITHDRAWN, waits_for="nobody", due_on=None)

    def found(**chosen: object) -> list[UUID]:
        return [line.case_id for line in read_desk(houses, houses.gas, service=first.service, **chosen)]

    assert found() == [first.case_id, second.case_id, third.case_id]
    assert found(states=["correction_asked", "accepted"]) == [second.case_id, third.case_id]
    assert found(waits_for=["clerk"]) == [first.case_id, third.case_id]
    assert found(claimed_by=clerk) == [third.case_id]
    assert found(unclaimed=True) == [first.case_id, second.case_id]
    assert found(closed=True) == [fourth.case_id]
    assert found(closed=True, states=["terminated"]) == []
    assert found(waits_for=["applicant"], unclaimed=True, limit=1) == [second.case_id]


def test_a_case_is_found_by_name_and_number(houses: Houses) -> None:
    """By the whole name and by the number of whose matter it is, within the desks that are asked, newest first."""
    name, number, credit = f"周{uuid4().hex[:6]}", uuid4().hex[:18], uuid4().hex[:18]
    person = {"kind": "person", "name": name, "identity_number": number, "phone": ""}
    body = {"kind": "organisation", "name": name, "credit_code": credit, "phone": ""}
    older, _ = houses.open_case(applicant=person)
    newer, _ = houses.open_case(applicant=body, received_at=MORNING + timedelta(days=1))
    theirs, _ = houses.open_case(houses.water, applicant=person)
    with houses.console.begin(houses.all) as tx:
        by_name = tx.cases.find_by_name([houses.gas], name, 50)
        assert [line.case_id for line in by_name] == [newer.case_id, older.case_id]
        assert [line.case_id for line in tx.cases.find_by_number_of([houses.gas], number, 50)] == [older.case_id]
        assert [line.case_id for line in tx.cases.find_by_number_of(houses.all, credit, 50)] == [newer.case_id]
        assert len(tx.cases.find_by_name([houses.gas], name, 1)) == 1
        assert tx.cases.find_by_name(houses.all, name[:-1], 50) == []
    with houses.public.begin(houses.all) as tx:
        own = tx.cases.list_of_numbers([number], 50)
        assert {row[0].case_id for row in own} == {older.case_id, theirs.case_id}
        assert len(tx.cases.list_of_numbers([number, credit], 1)) == 1
        assert tx.cases.list_of_numbers([], 50) == []


def test_cases_of_persons_and_organisations(houses: Houses) -> None:
    """Those that they handed in and those of their organisations, newest first, page by page, each once."""
    person, body = uuid4(), uuid4()
    cases = [
        houses.open_case(case_id=make_id(MORNING + timedelta(seconds=index)), **changes)[0]
        for index, changes in enumerate(
            ({"person_id": person}, {"organisation_id": body}, {"person_id": person, "organisation_id": body}, {})
        )
    ]
    with houses.public.begin(houses.all) as tx:
        found = tx.cases.list_of_persons([person], [body], 10, None)
        assert [row[0] for row in found] == [cases[2], cases[1], cases[0]]
        assert [row[0] for row in tx.cases.list_of_persons([person], [], 10, None)] == [cases[2], cases[0]]
        first = tx.cases.list_of_persons([person], [body], 2, None)
        rest = tx.cases.list_of_persons([person], [body], 2, first[-1][0].case_id)
        assert [row[0] for row in [*first, *rest]] == [cases[2], cases[1], cases[0]]
        assert tx.cases.list_of_persons([], [], 10, None) == []


def test_open_cases_are_walked_through(houses: Houses) -> None:
    """Every case that is not closed comes once, oldest id first, with its events; a closed one does not."""
    made = open_queue(houses, houses.water, *[date(2026, 11, 5)] * 3)
    houses.move(made[1], 2, CaseState.REFUSED)
    seen: list[UUID] = []
    with houses.worker.begin([houses.water]) as tx:
        while page := tx.cases.list_open(seen[-1] if seen else None, 2):
            assert all(events for _, events in page)
            seen += [case.case_id for case, _ in page]
    assert seen == sorted(seen)
    assert [one.case_id in seen for one in made] == [True, False, True]


def test_a_transaction_that_fails_leaves_nothing(houses: Houses) -> None:
    """Case, event, line, number, draft and job go together: an accident before the commit takes all of them back."""
    case, period = make_case(houses.gas), uuid4().hex
    event = make_case_event(case)

    def open_fully(tx: CaseTransaction) -> None:
        tx.cases.next_number(houses.gas, period)
        tx.cases.open(case, event, [make_line(case, event)])
        tx.jobs.enqueue("work_on_case", houses.gas, case.case_id)
        tx.jobs.schedule("watch_case", houses.gas, case.case_id, MORNING)

    houses.attempt(houses.public, open_fully)
    with houses.public.begin(houses.all) as tx:
        assert tx.cases.load(case.case_id) is None
        assert tx.cases.load_lines(case.case_id) == []
        assert tx.cases.next_number(houses.gas, period) == 1
