"""What time alone does to a case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.case_record import CaseState, Hand
from services.cases import Brought, correct_case
from services.clock import end_of_day
from services.errors import NotFound
from tests.fake_applicants import Counter
from tests.fakes import FakeClock

DAY = 86_400.0


@pytest.fixture
def counter() -> Counter:
    return Counter()


def due_at(counter: Counter, case_id: UUID) -> datetime:
    """When the clock will look."""
    due: datetime = counter.house.tables.due["watch_case", counter.agency, case_id]
    return due


def test_silence_for_five_working_days_is_acceptance(counter: Counter) -> None:
    """Back-dated to the day of receipt (AL art. 32(1)(4)): the decision clock has been running since."""
    case_id = counter.open()
    assert due_at(counter, case_id) == end_of_day(date(2026, 11, 9))
    counter.clock.at = due_at(counter, case_id) - timedelta(seconds=1)
    counter.run_jobs()
    counter.watch(case_id)
    assert counter.file(case_id).state is CaseState.RECEIVED
    counter.wait(1)
    file = counter.file(case_id)
    accepted = file.accepted
    assert accepted is not None
    assert (accepted.name, accepted.hand, accepted.staff_id) == ("deemed_accepted", Hand.CLOCK, None)
    assert file.accepted_on == file.case.received_on == date(2026, 11, 2)
    assert ("tell_case", case_id) not in counter.house.jobs


def test_the_acceptance_gets_its_voucher(counter: Counter) -> None:
    """Like any other: the house makes the document."""
    case_id = counter.open()
    counter.wait(8 * DAY)
    made = counter.file(case_id).all_of("document_made")
    assert [event.data["kind"] for event in made] == ["acceptance"]


def test_after_a_correction_the_days_count_from_what_was_brought(counter: Counter) -> None:
    """The office has five days from the corrected materials, and silence accepts from their day."""
    case_id = counter.open()
    counter.move(case_id, "correction_asked", items=[{"about": "company_name", "words": "x"}], until_on="2026-11-23")
    counter.wait(5 * DAY)
    assert counter.file(case_id).state is CaseState.CORRECTION_ASKED
    counter.clock.at = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
    correct_case(counter.door, counter.wang, case_id, counter.file(case_id).version, Brought({"company_name": "明记"}))
    counter.wait(6 * DAY)
    assert counter.file(case_id).state is CaseState.RECEIVED
    counter.wait(2 * DAY)
    assert counter.file(case_id).accepted_on == date(2026, 11, 10)


@pytest.mark.parametrize("event", ["correction_asked", "accepted", "not_accepted", "withdrawn"])
def test_a_word_in_time_leaves_nothing_to_the_clock(counter: Counter, event: str) -> None:
    """Whatever the office said: the five days have no consequence any more."""
    case_id = counter.open()
    counter.move(case_id, event, items=[], until_on="2026-12-31", on="2026-11-02", reason="x", ground="x")
    state = counter.file(case_id).state
    counter.wait(40 * DAY)
    counter.watch(case_id)
    assert counter.file(case_id).state is state


def test_no_deadline_decides_anything(counter: Counter) -> None:
    """Term of correction, limits of steps, promised and statutory limit, delivery: all of them pass, and nothing happens by itself."""
    waiting = counter.open()
    counter.move(waiting, "correction_asked", items=[], until_on="2026-11-10")
    late = counter.open()
    counter.move(
        late, "accepted_with_gap", on="2026-11-02", missing=["proof_of_premises"], until_on="2026-11-10", promise="x"
    )
    granted = counter.open()
    counter.move(granted, "accepted", on="2026-11-02")
    counter.move(granted, "granted", on="2026-11-03", reasons=[], legal_ground="x")
    for _ in range(60):
        counter.wait(2 * DAY)
    states = [counter.file(case).state for case in (waiting, late, granted)]
    assert states == [CaseState.CORRECTION_ASKED, CaseState.ACCEPTED, CaseState.ISSUED]


def test_a_day_that_is_only_presumed_to_count_has_no_consequence(counter: Counter) -> None:
    """Beyond the published calendar nobody knows which days are working days: the case waits, and the clock looks each day."""
    counter.clock.at = datetime(2030, 1, 7, 2, 0, tzinfo=UTC)
    case_id = counter.open()
    counter.wait(30 * DAY)
    counter.watch(case_id)
    assert counter.file(case_id).state is CaseState.RECEIVED
    assert due_at(counter, case_id) == counter.clock.now() + timedelta(days=1)


def test_the_clock_may_look_as_often_as_it_likes(counter: Counter) -> None:
    """At the same time too: the case is accepted once."""
    case_id = counter.open()
    counter.clock.at = due_at(counter, case_id)
    for _ in range(4):
        counter.watch(case_id)
    assert counter.names(case_id).count("deemed_accepted") == 1


def test_a_case_that_is_not_there_is_told(counter: Counter) -> None:
    """The job ends."""
    with pytest.raises(NotFound):
        counter.watch(uuid4())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 329 * 24 * 60), st.integers(1, 5))
def test_whenever_it_was_handed_in_silence_accepts_after_the_fifth_day(minutes: int, days: int) -> None:
    """For any moment of a year and any term: not on the last day, and on the first day after it, from the legal day of receipt."""
    counter = Counter(completeness_days=days)
    clock: Any = counter.clock
    assert isinstance(clock, FakeClock)
    clock.at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minutes)
    case_id = counter.open()
    end = due_at(counter, case_id)
    clock.at = end - timedelta(seconds=1)
    assert counter.watch(case_id) is CaseState.RECEIVED
    clock.at = end
    assert counter.watch(case_id) is CaseState.ACCEPTED
    file = counter.file(case_id)
    assert file.accepted_on == file.case.received_on
