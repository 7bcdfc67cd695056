"""Queues by urgency, claims, reassignments, and the same act on selected cases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendar_record import Calendar, NamedDay
from services.case_errors import CaseInOtherHands, CaseMoved, OwnMatter
from services.case_file import CaseFile
from services.case_record import CaseState
from services.clock import Clock, ClockKind, compute
from services.counter_permits import BULK, PERMITS
from services.counter_queue import PAGE, QueueFilter, choose_colour, count_days_left
from services.errors import GuitaiError, InputRefused, NotFound, NotPermitted
from services.staffing import Role
from tests.counter_office import APPLICANT_NUMBER, BRANCH, CITY, FINE, OFFICE, REASON, SIBLING, TAX, CounterOffice

CALENDAR = Calendar(
    "CN", 1, {date(2026, 10, 1): NamedDay(False, "国庆节", "n"), date(2026, 10, 10): NamedDay(True, "调休", "n")},
    date(2026, 1, 1), date(2026, 12, 31),
)  # fmt: skip


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def rule_of(raised: pytest.ExceptionInfo[Any]) -> str:
    return str((raised.value.detail or {}).get("rule"))


def test_the_most_urgent_case_comes_first_with_the_time_left(office: CounterOffice) -> None:
    """Working days and a colour; nothing personal."""
    first = office.receive()
    office.pass_days(4)
    second = office.receive()
    lines = office.counter.list_queue(office.clerk)
    assert [line.line.case_id for line in lines] == [first.case.case_id, second.case.case_id]
    assert [(line.days_left, line.colour) for line in lines] == [(1, "orange"), (5, "green")]
    assert "王秀英" not in str(lines)
    office.pass_days(4)
    late = office.counter.list_queue(office.clerk)[0]
    assert (late.days_left, late.colour) == (-1, "red")


def test_a_queue_reaches_as_far_as_the_role(office: CounterOffice) -> None:
    """The office's own and those below it; the city above sees all, a sibling and the branch below nothing."""
    file = office.receive()
    seen = {
        agency: len(office.counter.list_queue(office.hire(agency, Role.CLERK)))
        for agency in (CITY, OFFICE, BRANCH, SIBLING, TAX)
    }
    assert seen == {CITY: 1, OFFICE: 1, BRANCH: 0, SIBLING: 0, TAX: 0}
    assert file.state is CaseState.RECEIVED


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CLERK, Role.HEAD)])
def test_other_roles_have_no_queue(office: CounterOffice, role: Role) -> None:
    """Cases are the clerks' and the heads'."""
    with pytest.raises(NotPermitted):
        office.counter.list_queue(office.hire(OFFICE, role))


def test_a_joint_step_stands_on_the_other_agencys_desk(office: CounterOffice) -> None:
    """As soon as its turn has come."""
    file = office.accept()
    assert office.counter.list_queue(office.tax) == []
    office.counter.finish_step(office.clerk, file.case.case_id, file.version, 0, "齐全")
    (line,) = office.counter.list_queue(office.tax)
    assert (line.line.step, line.line.waits_for, line.line.lead_agency_id) == (2, "clerk", OFFICE)


def test_a_queue_is_filtered_by_hand_and_state(office: CounterOffice) -> None:
    """Mine, unclaimed, closed, in a state."""
    mine, free = office.receive(), office.receive()
    office.take(office.clerk, mine.case.case_id)
    done = office.receive()
    version = office.take(office.second, done.case.case_id)
    office.counter.refuse_acceptance(office.second, done.case.case_id, version, "not_required", "依法不需许可")

    def ids(**wanted: Any) -> set[UUID]:
        return {line.line.case_id for line in office.counter.list_queue(office.clerk, QueueFilter(**wanted))}

    assert ids(mine=True) == {mine.case.case_id}
    assert ids(unclaimed=True) == {free.case.case_id}
    assert ids(closed=True) == {done.case.case_id}
    assert ids(states=("accepted",)) == set()
    assert ids(service="other") == set()


@given(st.dates(date(2026, 9, 1), date(2026, 11, 30)), st.integers(1, 30), st.integers(-20, 40))
def test_days_left_agree_with_the_clocks(start_on: date, budget: int, shift: int) -> None:
    """What the queue counts from the due day alone is what the deadline itself says."""
    deadline = compute(Clock(ClockKind.STATUTORY, start_on, budget), CALENDAR)
    today = max(start_on, deadline.due_on + timedelta(days=shift))
    assert count_days_left(deadline.due_on, today, CALENDAR) == deadline.days_left(today)


@pytest.mark.parametrize(("left", "colour"), [(None, "grey"), (-1, "red"), (0, "orange"), (3, "orange"), (4, "green")])
def test_a_colour_says_how_near_it_is(left: int | None, colour: str) -> None:
    """Orange within three days, red after."""
    assert choose_colour(left, 3) == colour


def test_one_clerk_at_a_time_has_a_case(office: CounterOffice) -> None:
    """The second is told whose turn it is not; the first may claim again without harm."""
    file = office.receive()
    claimed = office.counter.claim(office.clerk, file.case.case_id, file.version)
    assert office.counter.claim(office.clerk, file.case.case_id, file.version).version == claimed.version
    with pytest.raises(CaseInOtherHands):
        office.counter.claim(office.second, file.case.case_id, claimed.version)
    released = office.counter.release(office.clerk, file.case.case_id, claimed.version)
    assert (
        office.counter.claim(office.second, file.case.case_id, released.version).claimed_by
        == office.second.member.staff_id
    )


def test_a_case_that_moved_is_looked_at_before_it_is_claimed(office: CounterOffice) -> None:
    """The queue showed something else."""
    file = office.receive()
    version = office.take(office.clerk, file.case.case_id)
    office.counter.release(office.clerk, file.case.case_id, version)
    with pytest.raises(CaseMoved):
        office.counter.claim(office.second, file.case.case_id, file.version)


def test_nobody_releases_what_is_not_in_their_hands(office: CounterOffice) -> None:
    """Not even the head: they reassign."""
    file = office.receive()
    version = office.take(office.clerk, file.case.case_id)
    for who in (office.second, office.head):
        with pytest.raises(CaseInOtherHands):
            office.counter.release(who, file.case.case_id, version)


def race(*acts: Callable[[], object]) -> list[object]:
    """What becomes of acts that begin at the same moment: a file, or the refusal."""
    start, told = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        start.wait(5)
        try:
            told.append(act())
        except GuitaiError as refused:
            told.append(type(refused))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    return told


def test_of_two_who_claim_at_the_same_moment_one_gets_it(office: CounterOffice) -> None:
    """The other is told that it is in other hands."""
    file = office.receive()
    told = race(
        lambda: office.counter.claim(office.clerk, file.case.case_id, file.version),
        lambda: office.counter.claim(office.second, file.case.case_id, file.version),
    )
    assert CaseInOtherHands in told
    assert len(office.load(file.case.case_id).all_of("claimed")) == 1


def test_of_two_identical_acceptances_at_the_same_moment_one_accepts(office: CounterOffice) -> None:
    """One event, one Act."""
    file = office.receive()
    version = office.take(office.clerk, file.case.case_id)
    told = race(*[lambda: office.counter.accept(office.clerk, file.case.case_id, version, FINE)] * 2)
    assert CaseMoved in told
    assert len(office.load(file.case.case_id).all_of("accepted")) == 1
    assert sum(act.act == "case.accept" for act in office.acts) == 1


def reassign(office: CounterOffice, file: CaseFile, to: UUID, who: Any = None) -> CaseFile:
    return office.counter.reassign(
        who or office.head, file.case.case_id, office.load(file.case.case_id).version, to, "同事休假"
    )


def test_the_head_gives_a_case_to_a_colleague_and_no_clock_stops(office: CounterOffice) -> None:
    """Who has it changes, its deadline does not."""
    file = office.receive()
    office.take(office.clerk, file.case.case_id)
    (before,) = office.counter.list_queue(office.head)
    after = reassign(office, file, office.second.member.staff_id)
    assert after.claimed_by == office.second.member.staff_id
    assert after.events[-1].data["from"] == str(office.clerk.member.staff_id)
    (line,) = office.counter.list_queue(office.head)
    assert line.line.due_on == before.line.due_on
    with pytest.raises(CaseInOtherHands):
        office.counter.release(office.clerk, file.case.case_id, after.version)


def test_a_clerk_reassigns_nothing(office: CounterOffice) -> None:
    """The head does."""
    with pytest.raises(NotPermitted):
        reassign(office, office.receive(), office.second.member.staff_id, office.clerk)


def test_a_case_goes_to_somebody_who_may_work_on_it(office: CounterOffice) -> None:
    """Not to a stranger, a suspended clerk, one of finance, of a sibling, or whose own matter it is."""
    file = office.receive()
    gone = office.hire(OFFICE, Role.CLERK).member
    office.house.books.members[gone.staff_id] = replace(gone, suspended_at=office.clock.now())
    others = [office.hire(OFFICE, Role.FINANCE), office.hire(SIBLING, Role.CLERK), office.hire(BRANCH, Role.CLERK)]
    for to in (uuid4(), gone.staff_id, *(one.member.staff_id for one in others)):
        with pytest.raises(InputRefused):
            reassign(office, file, to)
    own = office.hire(OFFICE, Role.CLERK, number=APPLICANT_NUMBER)
    with pytest.raises(OwnMatter):
        reassign(office, file, own.member.staff_id)


def test_all_cases_of_a_colleague_go_to_another(office: CounterOffice) -> None:
    """Each by itself, and what could not be given on is told."""
    files = [office.receive() for _ in range(3)]
    own = office.receive(
        applicant={"kind": "person", "name": "张", "identity_number": "11010119900307001X", "phone": ""}
    )
    for file in (*files, own):
        office.take(office.clerk, file.case.case_id)
    office.house.books.identities[office.second.member.staff_id] = "11010119900307001X"
    told = office.counter.reassign_all(
        office.head, office.clerk.member.staff_id, office.second.member.staff_id, "同事休假"
    )
    assert {one.case_id: one.code for one in told} == {
        **{file.case.case_id: "" for file in files}, own.case.case_id: "own_matter",
    }  # fmt: skip
    assert len(office.counter.list_queue(office.second, QueueFilter(mine=True))) == 3


def test_only_a_heads_reach_is_reassigned(office: CounterOffice) -> None:
    """A head of a sibling finds nothing of this colleague, a clerk may not ask."""
    office.take(office.clerk, office.receive().case.case_id)
    to, of = office.second.member.staff_id, office.clerk.member.staff_id
    assert office.counter.reassign_all(office.hire(SIBLING, Role.HEAD), of, to, REASON) == []
    with pytest.raises(NotPermitted):
        office.counter.reassign_all(office.clerk, of, to, REASON)


def test_the_same_act_on_selected_cases_keeps_every_rule_of_each(office: CounterOffice) -> None:
    """Those that fit are done, of the others the refusal is told."""
    files = [office.receive() for _ in range(3)]
    office.take(office.second, files[1].case.case_id)
    selected = [(file.case.case_id, file.version) for file in files] + [(uuid4(), 1)]
    told = office.counter.act_on_selected(office.clerk, "claim", selected)
    assert [one.code for one in told] == ["", "case_in_other_hands", "", "not_found"]
    versions = [(one.case.case_id, office.load(one.case.case_id).version) for one in files]
    accepted = office.counter.act_on_selected(office.clerk, "accept", versions, checks=FINE)
    assert [(one.code, one.rule) for one in accepted] == [
        ("case_moved", "open_first"), ("case_in_other_hands", "claimed_by_another"), ("case_moved", "open_first"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*sorted(set(PERMITS) - BULK), "reassign_all", "search", "__class__", ""])
def test_what_needs_a_look_is_never_done_to_many(office: CounterOffice, name: str) -> None:
    """A decision above all."""
    file = office.examine()
    with pytest.raises(InputRefused):
        office.counter.act_on_selected(office.head, name, [(file.case.case_id, file.version)], outcome="granted")
    assert office.load(file.case.case_id).decision is None


def test_no_bulk_act_decides() -> None:
    """Neither decision nor refusal, extension, hand-over nor correction."""
    assert {"claim", "release", "accept", "begin_special", "end_special", "finish_step"} == BULK


@pytest.mark.parametrize("count", [0, PAGE + 1])
def test_many_is_a_page(office: CounterOffice, count: int) -> None:
    """At least one, at most a page."""
    with pytest.raises(InputRefused):
        office.counter.act_on_selected(office.clerk, "claim", [(uuid4(), 1)] * count)


def test_an_act_that_cannot_be_noted_does_not_happen(office: CounterOffice) -> None:
    """The book of acts refuses, and the case stays as it was."""
    file = office.receive()
    office.house.acts_down = True
    with pytest.raises(GuitaiError):
        office.counter.claim(office.clerk, file.case.case_id, file.version)
    assert office.load(file.case.case_id).claimed_by is None


def test_the_queue_does_not_tell_of_another_agency(office: CounterOffice) -> None:
    """A sibling's clerk who guesses an id is told that there is no such case."""
    file = office.receive()
    with pytest.raises(NotFound):
        office.counter.claim(office.hire(SIBLING, Role.CLERK), file.case.case_id, file.version)
