"""When the supervision office will be told: the rungs of the clocks that run now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.calendar_seed import load_shipped_calendar
from services.alert_plan import find_rungs, plan_alerts
from services.alert_record import PlannedAlert, Rung
from services.case_file import CaseFile
from services.case_record import CaseState, Hand
from services.clock import Clock, ClockKind, Suspension
from services.clock_history import list_runs
from services.counter_terms import CounterTerms, Step
from tests.case_samples import make_case, make_case_event, make_terms, say
from tests.year.export import list_clocks
from tests.year.lives import LIVES, find_agency, list_prefixes, tell_life
from tests.year.recount import Clock as NaiveClock
from tests.year.recount import midnight

CALENDAR = load_shipped_calendar()
START = date(2026, 2, 10)
OFFICE, FIRE, ANNA = UUID(int=1), UUID(int=2), UUID(int=3)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def find(clock: Clock, percent: int = 80) -> dict[str, datetime]:
    return {str(rung): due for rung, due in find_rungs(clock, CALENDAR, percent)}


PROMISED = Clock(ClockKind.PROMISED, START, 15)
"""Days 1 to 4 are 11 to 14 February (a Saturday that is worked), 5 to 9 the 24th to the 28th, 10 to 15 March 2 to 6 and 9."""


def test_orange_and_red_over_the_spring_festival() -> None:
    """Orange is due at 00:00 in Beijing of the twelfth of fifteen days, red at 00:00 of the day after the fifteenth."""
    assert find(PROMISED) == {"orange": at("2026-03-03T16:00"), "red": at("2026-03-09T16:00")}


@pytest.mark.parametrize(
    ("percent", "due"),
    [
        (1, "2026-02-10T16:00"),  # the first day
        (26, "2026-02-13T16:00"),  # 3.9 days: the fourth, a Saturday that is worked
        (27, "2026-02-23T16:00"),  # 4.05 days: the fifth, after nine days off
        (100, "2026-03-08T16:00"),  # the last day itself
    ],
)
def test_part_of_a_day_is_a_day(percent: int, due: str) -> None:
    """The share of the budget is rounded up to whole days."""
    assert find(PROMISED, percent)["orange"] == at(due)


@given(st.integers(1, 100), st.integers(1, 60))
def test_the_orange_day_is_exact(percent: int, budget: int) -> None:
    """No share and no budget loses a day to rounding: the day is that of exact fractions, and never after the limit."""
    clock = replace(PROMISED, budget_days=budget)
    share = -(-(Fraction(percent, 100) * budget).numerator // (Fraction(percent, 100) * budget).denominator)
    alone = find(replace(PROMISED, budget_days=share), 100)
    assert find(clock, percent)["orange"] == alone["orange"] < find(clock, percent)["red"]


def test_an_extension_moves_both() -> None:
    """Orange goes by the budget then in force: 80 % of 25 days is the twentieth."""
    longer = replace(PROMISED, extension_days=10, extended_on=date(2026, 2, 25))
    assert find(longer) == {"orange": at("2026-03-15T16:00"), "red": at("2026-03-23T16:00")}


def test_an_extension_after_the_limit_moves_nothing() -> None:
    """What was granted on the last day counts, what was granted on the day after does not."""
    last, over = (replace(PROMISED, extension_days=10, extended_on=date(2026, 3, day)) for day in (9, 10))
    assert find(last)["red"] == at("2026-03-23T16:00")
    assert find(over) == find(PROMISED)


def test_a_suspension_that_began_moves_what_lies_ahead() -> None:
    """The day on which it begins still counts, its end does not: orange on that day stays, red waits."""
    on_orange = replace(PROMISED, suspensions=(Suspension("inspection", date(2026, 3, 4), date(2026, 3, 6)),))
    assert find(on_orange) == {"orange": at("2026-03-03T16:00"), "red": at("2026-03-11T16:00")}
    before = replace(PROMISED, suspensions=(Suspension("inspection", date(2026, 3, 3), date(2026, 3, 6)),))
    assert find(before)["orange"] == at("2026-03-08T16:00")


def test_an_open_suspension_leaves_out_what_nobody_knows() -> None:
    """Without a told end there is no red; orange only if its day came before."""
    standing = replace(PROMISED, suspensions=(Suspension("inspection", date(2026, 3, 5), None),))
    assert find(standing) == {"orange": at("2026-03-03T16:00")}
    assert find(replace(PROMISED, suspensions=(Suspension("inspection", date(2026, 3, 2), None),))) == {}


@pytest.mark.parametrize(
    ("kind", "rung"),
    [
        (ClockKind.STATUTORY, "passed"), (ClockKind.COMPLETENESS, "late"), (ClockKind.STEP, "late"), (ClockKind.DELIVERY, "late"),
    ],
)  # fmt: skip
def test_only_the_promise_has_orange(kind: ClockKind, rung: str) -> None:
    """Every other clock has one rung, at 00:00 of the day after its limit, be that a day off."""
    assert find(Clock(kind, START, 4)) == {rung: at("2026-02-14T16:00")}


JOINT = make_terms(
    steps=(Step(say("受理"), "clerk", 7), Step(say("规划"), "clerk", 5, together="x"), Step(say("消防"), "clerk", 3, agency="fire", together="x"))
)  # fmt: skip


def make_file(*names: str) -> CaseFile:
    """A case of ``OFFICE`` of 2026-11-02 with these events on that day, taken by Anna where she claims it."""
    case = make_case(OFFICE)
    file = CaseFile(case, (make_case_event(case),))
    states = {
        "accepted": CaseState.ACCEPTED,
        "granted": CaseState.GRANTED,
        "correction_asked": CaseState.CORRECTION_ASKED,
    }
    states |= {"corrected": CaseState.RECEIVED, "refused": CaseState.REFUSED, "not_accepted": CaseState.NOT_ACCEPTED}
    for what in names:
        name, _, step = what.partition(":")
        data: dict[str, Any] = {"on": "2026-11-02", "until_on": "2026-11-20"} | ({"step": int(step)} if step else {})
        event = make_case_event(
            case, file.version + 1, name, states.get(name, file.state), Hand.CLERK, staff_id=ANNA, **data
        )
        file = CaseFile(case, (*file.events, event))
    return file


def plan(file: CaseFile, terms: CounterTerms = JOINT) -> dict[tuple[str, str], PlannedAlert]:
    found = plan_alerts(file, terms, CALENDAR, {"fire": FIRE}.__getitem__, 80)
    assert len({(one.clock, one.rung) for one in found}) == len(found)
    return {(one.clock, str(one.rung)): one for one in found}


def test_what_is_planned_of_a_case_that_waits_for_acceptance() -> None:
    """One notice that can be late; it says whose case it is and that nobody has it in hand."""
    file = make_file()
    (only,) = plan(file).values()
    assert only == PlannedAlert(
        OFFICE, OFFICE, file.case.case_id, "completeness", Rung.LATE, at("2026-11-09T16:00"), file.case.service,
        file.case.case_no, None,
    )  # fmt: skip


def test_after_a_correction_the_notice_has_another_name() -> None:
    """Each run of the five days is told for itself; while the applicant corrects, nothing of the office's runs."""
    assert plan(make_file("correction_asked")) == {}
    assert set(plan(make_file("correction_asked", "corrected"))) == {("completeness:2", "late")}
    twice = make_file("correction_asked", "corrected", "correction_asked", "corrected")
    assert set(plan(twice)) == {("completeness:3", "late")}


def test_a_joint_step_is_late_at_its_own_desk() -> None:
    """The fire brigade's step concerns its supervision, and nobody of the leading office; the holder is told where the case is theirs."""
    planned = plan(make_file("claimed", "accepted", "step_finished:0"))
    assert set(planned) == {
        ("statutory", "passed"),
        ("promised", "orange"),
        ("promised", "red"),
        ("step:1", "late"),
        ("step:2", "late"),
    }
    fire, own = planned["step:2", "late"], planned["step:1", "late"]
    assert (fire.agency_id, fire.lead_agency_id, fire.staff_id) == (FIRE, OFFICE, None)
    assert (own.agency_id, own.lead_agency_id, own.staff_id) == (OFFICE, OFFICE, ANNA)
    assert set(plan(make_file("accepted", "step_finished:0", "step_finished:2"))) >= {("step:1", "late")}
    assert ("step:2", "late") not in plan(make_file("accepted", "step_finished:0", "step_finished:2"))


def test_after_the_decision_only_the_delivery_can_be_late() -> None:
    """A grant leaves the delivery; a refusal and a case that was not accepted leave nothing."""
    assert set(plan(make_file("accepted", "granted"))) == {("delivery", "late")}
    assert plan(make_file("accepted", "refused")) == {} == plan(make_file("not_accepted"))


@given(st.integers(0, LIVES - 1))
def test_planning_at_every_event_tells_what_the_whole_history_tells(index: int) -> None:
    """What had fallen due at each event, under the plan that was in force then, is what a naive count of the whole life finds."""
    file, terms = tell_life(index)
    told: set[tuple[str, str, datetime]] = set()
    ahead: tuple[PlannedAlert, ...] = ()
    for known in list_prefixes(file):
        now = known.updated_at
        told |= {(one.clock, str(one.rung), one.due_at) for one in ahead if one.due_at <= now}
        names = {one[:2] for one in told}
        planned = plan_alerts(known, terms, CALENDAR, find_agency, 75)
        assert all(one.due_at > now or (one.clock, str(one.rung)) in names for one in planned)
        ahead = tuple(one for one in planned if (one.clock, str(one.rung)) not in names)
    assert ahead == ()
    assert told == count_naively(file, terms)


def count_naively(file: CaseFile, terms: CounterTerms) -> set[tuple[str, str, datetime]]:
    """Day by day, from what ``clocks.csv`` says of the case."""
    names = ("case", "clock", "budget", "started", "ended", "extended_on", "extended_by", "suspensions")
    found: set[tuple[str, str, datetime]] = set()
    for line in list_clocks(file, terms, CALENDAR):
        clock = NaiveClock(dict(zip(names, map(str, line), strict=True)), NAIVE_CALENDAR)
        found |= {(clock.name, rung, midnight(day)) for rung, day in clock.list_dues(Fraction(3, 4))}
    return found


NAIVE_CALENDAR = {
    date.fromordinal(day): CALENDAR.is_working(date.fromordinal(day))
    for day in range(date(2025, 1, 1).toordinal(), date(2027, 1, 1).toordinal())
}


@given(st.integers(0, LIVES - 1))
def test_what_is_planned_is_of_a_clock_that_runs(index: int) -> None:
    """At each moment of a life the plan names runs that have begun and not ended, the agency of each, and who holds the case."""
    file, terms = tell_life(index)
    for known in list_prefixes(file):
        running = {run.key for run in list_runs(known, terms, CALENDAR) if run.ended is None}
        planned = plan_alerts(known, terms, CALENDAR, find_agency, 75)
        assert {one.clock for one in planned} == running
        for one in planned:
            own = one.agency_id == file.case.agency_id
            assert one.staff_id == (known.claimed_by if own else None)
            assert own or one.clock.startswith("step:")
