"""What of a case counts for a pattern: the four kinds, for whom, where the limits of each lie, and that no honest story hits by its make."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.calendar_seed import load_shipped_calendar
from services.case_file import CaseFile
from services.case_record import CaseState, Hand
from services.counter_terms import Step
from services.months import Month
from services.slowness_record import Kind, read_course, write_course
from services.slowness_rules import Sign, find_longest, make_evidence, read_signs
from tests.case_samples import make_case, make_case_event, make_terms, say
from tests.year.calendars import load_calendars, moment_on
from tests.year.lives import LIVES, tell_life

CALENDAR = load_shipped_calendar()
OFFICE, ANN, BEN, HEAD = (UUID(int=number) for number in (1, 11, 12, 13))
MONDAY = date(2026, 6, 1)
JUNE, JULY = Month(2026, 6), Month(2026, 7)
STEPS = (Step(say("受理"), "clerk"), Step(say("决定"), "clerk"))
TERMS = make_terms(promised_days=10, statutory_days=20, steps=STEPS)
AFTER = {
    "special_began": CaseState.SPECIAL_PROCEDURE, "correction_asked": CaseState.CORRECTION_ASKED, "corrected": CaseState.RECEIVED,
    "granted": CaseState.GRANTED, "withdrawn": CaseState.WITHDRAWN, "not_accepted": CaseState.NOT_ACCEPTED,
}  # fmt: skip
Move = tuple[int, str, UUID | None, dict[str, Any]]


def tell(*moves: Move) -> CaseFile:
    """A case received on a Monday; each move so many working weekdays of June later (no holiday but Dragon Boat lies in it)."""
    case = make_case(OFFICE, moment_on(MONDAY, 36000), received_on=MONDAY, received_at=moment_on(MONDAY, 36000))
    events = [make_case_event(case, at=moment_on(MONDAY, 36000))]
    state = CaseState.RECEIVED
    for version, (day, name, who, data) in enumerate(moves, 2):
        on = find_day(day)
        state = AFTER.get(name, state if name in ("claimed", "reassigned", "released", "step_finished", "material_checked", "document_made") else CaseState.ACCEPTED)  # fmt: skip
        hand = Hand.HOUSE if name == "document_made" else Hand.CLERK if who else Hand.APPLICANT
        told = {"on": on.isoformat(), **data}
        events.append(
            replace(
                events[0],
                version=version,
                name=name,
                state=state,
                hand=hand,
                at=moment_on(on, 36000 + version),
                staff_id=who,
                data=told,
            )
        )
    return CaseFile(case, tuple(events))


def find_day(number: int) -> date:
    """The so many-th working day after that Monday."""
    on = MONDAY
    while number:
        on += timedelta(days=1)
        number -= CALENDAR.is_working(on)
    return on


def read(file: CaseFile, kind: Kind, month: Month = JUNE) -> Sign | None:
    """The sign of one kind."""
    return next((sign for sign in read_signs(file, TERMS, CALENDAR, month) if sign.kind is kind), None)


def accept(day: int = 0) -> list[Move]:
    """Ann claims and accepts."""
    return [(day, "claimed", ANN, {}), (day, "accepted", ANN, {})]


def finish(first: int, second: int, end: int, who: UUID = ANN) -> list[Move]:
    """Both steps and the decision."""
    return [
        (first, "step_finished", who, {"step": 0}),
        (second, "step_finished", who, {"step": 1}),
        (end, "granted", who, {}),
    ]


def stop(day: int, who: UUID = ANN, days: int = 3) -> list[Move]:
    """A special procedure of some working days."""
    told = {"code": "inspection", "days": days, "until_on": find_day(day + days).isoformat()}
    return [(day, "special_began", who, told), (day + days, "special_ended", who, {})]


@pytest.mark.parametrize(("day", "left"), [(7, None), (8, None), (9, 1), (10, 0), (11, None)])
def test_a_clock_is_stopped_just_before_the_limit(day: int, left: int | None) -> None:
    """On the last day of ten or the day before; earlier or later is another matter."""
    sign = read(tell(*accept(), *stop(day), *finish(day + 3, day + 3, day + 3)), Kind.STOPPED)
    assert sign is not None
    assert (sign.hit, sign.manager_id) == (left is not None, ANN)
    assert sign.numbers.get("days_left") == left


def test_the_statutory_limit_counts_too() -> None:
    """Two days of twenty: a stop just before the law's own limit, though the promise is broken long since."""
    sign = read(tell(*accept(), *stop(18, days=1), *finish(19, 19, 19)), Kind.STOPPED)
    assert sign is not None
    assert sign.hit
    assert sign.numbers["days_left"] == 2


def test_whoever_stops_it_is_whose_it_is() -> None:
    """Ben stops, Ann ends the case: it is Ben's; without a stop it is whoever ended it."""
    stopped = read(tell(*accept(), *stop(9, BEN), *finish(12, 12, 12)), Kind.STOPPED)
    plain = read(tell(*accept(), *finish(3, 5, 6, BEN)), Kind.STOPPED)
    assert stopped is not None
    assert plain is not None
    assert (stopped.manager_id, stopped.hit, plain.manager_id, plain.hit) == (BEN, True, BEN, False)


@pytest.mark.parametrize(
    ("first", "second", "end", "hit"),
    [(8, 8, 8, True), (8, 9, 9, True), (8, 9, 10, False), (7, 7, 7, False), (2, 9, 9, False), (2, 10, 10, True), (12, 12, 13, True)],
)  # fmt: skip
def test_long_idle_and_then_everything(first: int, second: int, end: int, hit: bool) -> None:
    """Seven of ten days (66 %) without anything, then a step and the end within two counted days."""
    sign = read(tell(*accept(), *finish(first, second, end)), Kind.IDLE)
    assert sign is not None
    assert sign.hit is hit


def test_work_in_between_is_no_idleness() -> None:
    """A material that was checked, or something from the applicant, breaks the stretch; what the house does by itself does not."""
    for name, who, hit in (
        ("material_checked", ANN, False),
        ("gap_supplied", None, False),
        ("document_made", None, True),
    ):
        moves = [*accept(), (5, name, who, {"name": "floor_plan"}), *finish(9, 9, 9)]
        sign = read(tell(*moves), Kind.IDLE)
        assert sign is not None
        assert sign.hit is hit, name


@pytest.mark.parametrize(("end", "hit"), [(10, True), (9, False), (12, True)])
def test_a_finished_case_that_is_kept_is_idle(end: int, hit: bool) -> None:
    """All steps done on the second day, and then nothing for seven days till the decision that waited for nothing."""
    sign = read(tell(*accept(), *finish(1, 2, end)), Kind.IDLE)
    assert sign is not None
    assert sign.hit is hit
    one_left = read(tell(*accept(), (1, "step_finished", ANN, {"step": 0}), (end, "granted", ANN, {})), Kind.IDLE)
    assert one_left is not None
    assert not one_left.hit, "whoever decides without the last step works beside the screen"


@pytest.mark.parametrize(("told", "hit"), [({}, True), ({"words": "看过"}, False), ({"ok": False}, False)])
def test_checking_the_same_again_is_no_work(told: dict[str, Any], hit: bool) -> None:
    """A tick that was there already, again every few days, breaks no stretch; a new finding does, and so does what the applicant brought."""
    check = {"name": "floor_plan", "ok": True, "words": ""}
    moves = [*accept(), (1, "material_checked", ANN, check), (4, "material_checked", ANN, {**check, **told})]
    sign = read(tell(*moves, *finish(9, 9, 9)), Kind.IDLE)
    assert sign is not None
    assert sign.hit is hit
    brought = [
        *accept(),
        (1, "material_checked", ANN, check),
        (4, "gap_supplied", None, {}),
        (5, "material_checked", ANN, check),
    ]
    again = read(tell(*brought, *finish(12, 12, 12)), Kind.IDLE)
    assert again is not None
    assert again.numbers["idle_days"] == 6


@pytest.mark.parametrize(("back", "hit"), [(5, True), (6, False)])
def test_a_night_in_the_queue_gives_nothing_away(back: int, hit: bool) -> None:
    """Laid down in the evening and taken again on the morrow: the stretch goes on; two days in the queue, where anybody could have it, end it."""
    moves = [*accept(), (4, "released", ANN, {}), (back, "claimed", ANN, {}), *finish(9, 9, 9)]
    sign = read(tell(*moves), Kind.IDLE)
    assert sign is not None
    assert sign.hit is hit


def test_idleness_of_another_is_not_passed_on() -> None:
    """Eight days with Ann, then the head gives it to Ben, who does all of it at once: nothing is shown of Ben."""
    moves = [*accept(), (8, "reassigned", HEAD, {"to": str(BEN), "from": str(ANN)}), *finish(9, 9, 9, BEN)]
    sign = read(tell(*moves), Kind.IDLE)
    assert sign is not None
    assert (sign.manager_id, sign.hit) == (BEN, False)


def test_days_that_the_law_excludes_are_not_idle() -> None:
    """A special procedure of eight days: four counted days in all."""
    sign = read(tell(*accept(), *stop(2, days=8), *finish(12, 12, 12)), Kind.IDLE)
    assert sign is not None
    assert not sign.hit


def test_without_steps_nobody_is_idle() -> None:
    """Where nothing is recorded between acceptance and decision, silence says nothing."""
    file = tell(*accept(), (9, "granted", ANN, {}))
    signs = read_signs(file, replace(TERMS, steps=()), CALENDAR, JUNE)
    assert [sign.hit for sign in signs if sign.kind is Kind.IDLE] == [False]


def ask(day: int, who: UUID, *things: str) -> list[Move]:
    """A notice of corrections, answered the next day."""
    items = [{"about": thing, "words": "…"} for thing in things]
    return [(day, "correction_asked", who, {"items": items}), (day + 1, "corrected", None, {})]


def test_corrections_in_pieces() -> None:
    """Asked twice by the same hand: a hit, with how many things were new; once, or the second time by a colleague: none."""
    twice = read(tell(*ask(1, ANN, "floor_plan"), *ask(3, ANN, "floor_plan", "lease"), *accept(5)), Kind.PIECES)
    once = read(tell(*ask(1, ANN, "floor_plan"), *accept(5)), Kind.PIECES)
    other = read(tell(*ask(1, BEN, "floor_plan"), *ask(3, ANN, "lease"), *accept(5)), Kind.PIECES)
    assert twice is not None
    assert once is not None
    assert other is not None
    assert (twice.manager_id, twice.hit, dict(twice.numbers)) == (ANN, True, {"notices": 2, "new_things": 1})
    assert (once.hit, other.manager_id, other.hit) == (False, BEN, False)


def test_who_gives_up_counts_for_who_asked() -> None:
    """An applicant who withdraws after the third notice is not lost."""
    moves = [*ask(1, ANN, "a"), *ask(3, ANN, "b"), (6, "withdrawn", None, {})]
    sign = read(tell(*moves), Kind.PIECES)
    assert sign is not None
    assert (sign.manager_id, sign.hit) == (ANN, True)


@pytest.mark.parametrize(("days", "fast"), [(0, True), (1, True), (2, True), (3, False), (9, False)])
def test_fast_is_a_fifth_of_the_promise(days: int, fast: bool) -> None:
    """Two of ten days, from the acceptance."""
    sign = read(tell(*accept(), *finish(days, days, days)), Kind.FAVOURED)
    assert sign is not None
    assert (sign.hit, sign.numbers["days"]) == (fast, days)


def test_a_case_counts_in_the_month_in_which_it_ended() -> None:
    """In one month alone; what came later changes nothing in it."""
    file = tell(*accept(), *stop(9), *finish(25, 25, 25))
    assert {sign.kind for sign in read_signs(file, TERMS, CALENDAR, JUNE)} == {Kind.PIECES}
    assert {sign.kind for sign in read_signs(file, TERMS, CALENDAR, JULY)} == {Kind.STOPPED, Kind.IDLE, Kind.FAVOURED}
    assert list(read_signs(file, TERMS, CALENDAR, Month(2026, 5))) == []


@given(some.lists(some.booleans(), max_size=30))
def test_the_longest_run(marks: list[bool]) -> None:
    """A run of marks, and none is longer."""
    first, last = find_longest(marks)
    assert all(marks[first:last])
    text = "".join("x" if mark else " " for mark in marks)
    assert last - first == max((len(run) for run in text.split()), default=0)


@settings(max_examples=60, deadline=None)
@given(some.integers(0, LIVES - 1))
def test_every_life_says_something_once(index: int) -> None:
    """Of any life of the simulated year: each kind at most once over all months, and evidence that survives JSON."""
    file, terms = tell_life(index)
    calendar = load_calendars()[1]
    seen: list[Kind] = []
    for number in range(1, 25):
        month = Month(2025 + (number - 1) // 12, (number - 1) % 12 + 1)
        for sign in read_signs(file, terms, calendar, month):
            seen.append(sign.kind)
            course = make_evidence(file, sign, terms, calendar, month).course
            assert read_course(write_course(course)) == course
            assert all(course.received_on <= on <= course.ended_on for on, _ in course.marks)
    assert len(seen) == len(set(seen))


def test_evidence_has_nothing_of_the_applicant() -> None:
    """Days, names of events and whole numbers; not what anybody wrote or is called."""
    file = tell(*ask(1, ANN, "secret-thing"), *accept(3), *stop(11), *finish(14, 14, 14))
    sign = read(file, Kind.STOPPED)
    assert sign is not None
    told = str(make_evidence(file, sign, TERMS, CALENDAR, JUNE))
    for secret in (
        "secret-thing",
        *map(str, file.case.applicant.values()),
        str(file.case.person_id),
        str(file.case.chain_id),
    ):
        assert secret not in told
