"""The figures of a month: what each counts, to whose account, and that time belongs to whoever held the case."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.calendar_seed import load_shipped_calendar
from services.case_file import CaseFile
from services.case_record import CaseState, Complaint, Hand, Rating
from services.clock import DAY
from services.counter_terms import Step
from services.model import PlatformName
from services.month_figures import (
    FIGURES,
    add_up,
    count_case,
    count_complaint,
    count_dismissed,
    count_ratings,
    count_struck,
    cut_file,
    list_managers,
    list_touched,
)
from services.month_record import Figures
from services.months import Month
from tests.case_samples import LICENSING, MORNING, make_case, make_case_event, make_terms, say
from tests.year.calendars import load_calendars, moment_on
from tests.year.lives import LIVES, tell_life

CALENDAR = load_shipped_calendar()
OFFICE, ANN, BEN, HEAD = (UUID(int=number) for number in (1, 11, 12, 13))
MONDAY = date(2026, 11, 2)
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
TERMS = make_terms(promised_days=5, statutory_days=8, steps=(Step(say("受理"), "clerk"), Step(say("决定"), "clerk")))
AFTER = {
    "accepted": CaseState.ACCEPTED, "deemed_accepted": CaseState.ACCEPTED, "granted": CaseState.GRANTED,
    "refused": CaseState.REFUSED, "withdrawn": CaseState.WITHDRAWN, "special_began": CaseState.SPECIAL_PROCEDURE,
    "special_ended": CaseState.ACCEPTED, "correction_asked": CaseState.CORRECTION_ASKED, "corrected": CaseState.RECEIVED,
    "not_accepted": CaseState.NOT_ACCEPTED, "terminated": CaseState.TERMINATED,
}  # fmt: skip
Move = tuple[int, str, UUID | None, dict[str, Any]]


def make_life(*moves: Move, hour: int = 10) -> CaseFile:
    """A case received on Monday 2026-11-02 and what happened so many days later."""
    case = make_case(OFFICE)
    events = [make_case_event(case)]
    for days, name, staff_id, data in moves:
        on = MONDAY + DAY * days
        state = AFTER.get(name, events[-1].state)
        told = {"on": on.isoformat()} | data
        at = moment_on(on, hour * 3600) + timedelta(seconds=len(events))
        events.append(make_case_event(case, len(events) + 1, name, state, Hand.CLERK, at, staff_id, **told))
    return CaseFile(case, tuple(events))


def count(file: CaseFile, month: Month = NOVEMBER, **changes: Any) -> Figures:
    """Its figures in a month."""
    return add_up(count_case(file, make_terms(**changes) if changes else TERMS, CALENDAR, month))


def read(figures: Figures, manager: UUID | None, *names: str) -> tuple[int, ...]:
    """Some figures of one account."""
    return tuple(figures.get((OFFICE, LICENSING, manager), {}).get(name, 0) for name in names)


def test_a_closing_goes_to_who_made_it_and_its_days_to_who_held_the_case() -> None:
    """Ann held it for two of four days and gave it to Ben, who held two; the head decided."""
    file = make_life(
        (0, "accepted", ANN, {}), (0, "claimed", ANN, {}), (3, "released", ANN, {}), (3, "claimed", BEN, {}),
        (4, "granted", HEAD, {}),
    )  # fmt: skip
    figures = count(file)
    assert read(figures, HEAD, "closed", "granted", "working_days", "squared_days", "held_days") == (1, 1, 4, 16, 0)
    assert read(figures, ANN, "held_cases", "held_days", "squared_held") == (1, 2, 4)
    assert read(figures, BEN, "held_cases", "held_days", "closed") == (1, 2, 0)


def test_what_the_head_gives_to_another_is_theirs_from_that_day() -> None:
    """Days after a reassignment are of whoever the case was given to, those before it of whoever had it till then."""
    given = {"to": str(BEN)}
    file = make_life(
        (0, "accepted", ANN, {}), (0, "claimed", ANN, {}), (4, "reassigned", HEAD, given), (8, "granted", BEN, {})
    )
    figures = count(file)
    assert read(figures, ANN, "held_days") == (3,)
    assert read(figures, BEN, "held_days", "late", "passed") == (3, 1, 0)


def test_a_case_that_nobody_holds_is_nobodys_time() -> None:
    """Days in the queue are on the account without a manager."""
    figures = count(make_life((0, "accepted", ANN, {}), (3, "claimed", ANN, {}), (4, "granted", ANN, {})))
    assert read(figures, None, "held_days") == (2,)
    assert read(figures, ANN, "held_days") == (2,)


def test_days_at_another_agency_are_not_the_holders() -> None:
    """While only another agency's step was in hand, the time is nobody's of the lead agency."""
    steps = (Step(say("受理"), "clerk"), Step(say("会办"), "clerk", agency="fire"), Step(say("决定"), "clerk"))
    file = make_life(
        (0, "accepted", ANN, {}), (0, "claimed", ANN, {}), (1, "step_finished", ANN, {"step": 0}),
        (3, "step_finished", BEN, {"step": 1}), (4, "granted", ANN, {}),
    )  # fmt: skip
    figures = count(file, steps=steps, promised_days=5, statutory_days=8)
    assert read(figures, None, "held_days") == (2,)
    assert read(figures, ANN, "held_days") == (2,)


def test_suspended_days_do_not_count_but_are_told() -> None:
    """An inspection of two working days is taken off the days, and stands among the suspended ones."""
    until = {"code": "inspection", "days": 2, "until_on": (MONDAY + DAY * 3).isoformat()}
    file = make_life(
        (0, "accepted", ANN, {}),
        (1, "special_began", BEN, until),
        (3, "special_ended", BEN, {}),
        (4, "granted", ANN, {}),
    )
    figures = count(file)
    assert read(figures, ANN, "working_days", "suspended_days") == (2, 2)
    assert read(figures, BEN, "suspensions") == (1,)


def test_late_is_after_the_limit_then_in_force() -> None:
    """The fifth day is in time, the sixth is late; an extension granted in time moves the limit, one after it does not."""
    accepted: tuple[int, str, UUID, dict[str, Any]] = (0, "accepted", ANN, {})
    extended = {"days": 2}
    assert read(count(make_life(accepted, (7, "granted", ANN, {}))), ANN, "late", "promised_days") == (0, 5)
    assert read(count(make_life(accepted, (8, "granted", ANN, {}))), ANN, "late", "passed") == (1, 0)
    asked = make_life(
        accepted,
        (1, "extension_asked", BEN, extended),
        (2, "extension_granted", HEAD, extended),
        (9, "granted", ANN, {}),
    )
    assert read(count(asked), ANN, "late", "promised_days", "statutory_days") == (0, 7, 10)
    assert read(count(asked), BEN, "extensions") == (1,)
    too_late = make_life(accepted, (8, "extension_granted", HEAD, extended), (9, "granted", ANN, {}))
    assert read(count(too_late), ANN, "late", "promised_days") == (1, 5)


def test_what_ends_before_acceptance_is_no_closing() -> None:
    """Withdrawn while it was complete or not: no days, no closing."""
    figures = count(make_life((1, "withdrawn", None, {})))
    assert read(figures, None, "received", "ended_before", "closed", "withdrawn") == (1, 1, 0, 0)


def test_a_lapsed_notice_is_on_the_account_of_who_held_the_case() -> None:
    """Counted as accepted because nobody said anything in five days: of whoever had it in hand."""
    figures = count(make_life((1, "claimed", ANN, {}), (8, "deemed_accepted", None, {"on": MONDAY.isoformat()})))
    assert read(figures, ANN, "deemed_accepted") == (1,)


def test_an_event_after_the_month_changes_nothing_in_it() -> None:
    """What November says is the same before and after everything that December brought."""
    accepted: tuple[int, str, UUID, dict[str, Any]] = (0, "accepted", ANN, {})
    before = make_life(accepted, (1, "claimed", ANN, {}))
    after = make_life(accepted, (1, "claimed", ANN, {}), (35, "granted", BEN, {}))
    after = CaseFile(before.case, (*before.events, replace(after.events[-1], case_id=before.case.case_id)))
    assert count(before) == count(after)
    assert read(count(after, DECEMBER), BEN, "closed") == (1,)


def test_the_last_second_of_a_month_is_its_own() -> None:
    """23:59:59 in Beijing is November, midnight is December."""
    case = make_case(OFFICE)
    received = make_case_event(case, at=NOVEMBER.ends_at - timedelta(seconds=1))
    moved = make_case_event(case, 2, "claimed", staff_id=ANN, at=NOVEMBER.ends_at)
    file = CaseFile(case, (received, moved))
    assert list_touched(file) == (NOVEMBER, DECEMBER)
    assert cut_file(file, NOVEMBER.ends_at) == CaseFile(case, (received,))
    assert read(count(file), None, "received") == (1,)


def make_rating(number: int, level: int = 5, at: Any = MORNING, staff_id: UUID | None = ANN) -> Rating:
    """A rating of Ann's."""
    return Rating(
        UUID(int=number), OFFICE, "case", UUID(int=number), LICENSING, PlatformName.WECHAT, level, (), "", None, staff_id, at
    )  # fmt: skip


def test_ratings_are_counted_by_the_five_in_the_month_of_the_fifth() -> None:
    """Four of November and one of December are five of December; what does not fill a five is nowhere."""
    given = [make_rating(number, 2 if number == 0 else 5, MORNING + timedelta(minutes=number)) for number in range(4)]
    given += [make_rating(number, 4, DECEMBER.begins_at + timedelta(minutes=number)) for number in range(4, 9)]
    november, december = (add_up(count_ratings(given, month)) for month in (NOVEMBER, DECEMBER))
    assert november == {}
    assert read(december, ANN, "ratings_2", "ratings_4", "ratings_5") == (1, 1, 3)


@given(
    some.lists(some.tuples(some.integers(1, 5), some.sampled_from([ANN, BEN, None]), some.integers(0, 59)), max_size=60)
)
def test_no_figure_tells_of_fewer_than_five(given_: list[tuple[int, UUID | None, int]]) -> None:
    """In every month and account the ratings are a whole number of fives."""
    moments = sorted(MORNING + timedelta(days=days) for _, _, days in given_)
    ratings = [make_rating(i, one[0], at, one[1]) for i, (one, at) in enumerate(zip(given_, moments, strict=True))]
    for month in (NOVEMBER, DECEMBER):
        for numbers in add_up(count_ratings([one for one in ratings if one.rated_at < month.ends_at], month)).values():
            assert sum(numbers.values()) % 5 == 0


def test_complaints_and_what_was_struck_go_to_their_accounts() -> None:
    """A complaint counts once for its service and once for each hand; a struck rating for whoever was rated."""
    complaint = Complaint(
        UUID(int=5), OFFICE, "complaint", "case", UUID(int=6), LICENSING, "1", PlatformName.WEB, None, (ANN, BEN), None, "",
        MORNING, MONDAY,
    )  # fmt: skip
    figures = add_up([*count_complaint(complaint), *count_dismissed(complaint), count_struck(make_rating(1, 1))])
    assert read(figures, None, "complaints", "complaints_against") == (1, 0)
    assert read(figures, BEN, "complaints_against", "complaints_dismissed", "ratings_struck") == (1, 1, 0)
    assert read(figures, ANN, "complaints_against", "ratings_struck") == (1, 1)


def test_managers_are_summed_over_services() -> None:
    """The closings of one manager are one line, whoever else has none is not in it."""
    figures: Figures = {
        (OFFICE, "a", ANN): Counter(closed=2, working_days=9, late=1), (OFFICE, "b", ANN): Counter(closed=1, working_days=3),
        (OFFICE, "b", BEN): Counter(held_days=3), (OFFICE, "b", None): Counter(closed=4),
    }  # fmt: skip
    assert list_managers(figures) == [{"manager": str(ANN), "closed": 3, "working_days": 12, "late": 1}]


@settings(max_examples=150)
@given(some.lists(some.integers(0, LIVES - 1), min_size=1, max_size=6))
def test_what_is_counted_is_neither_lost_nor_doubled(numbers: list[int]) -> None:
    """Over all months of whole lives: received once; closed at most once; held days are the counted days; every figure is known."""
    sums: Counter[str] = Counter()
    days = 0
    for number in set(numbers):
        file, terms = tell_life(number)
        for month in list_touched(file):
            for account, figure, added in count_case(file, terms, load_calendars()[1], month):
                assert account[:2] == (file.case.agency_id, file.case.service)
                assert added >= 0
                sums[figure] += added
        days += sum(event.name in ("granted", "refused", "withdrawn", "terminated") for event in file.events)
    assert set(sums) <= set(FIGURES)
    assert sums["received"] == len(set(numbers))
    assert sums["closed"] + sums["ended_before"] == days
    assert sums["closed"] == sums["granted"] + sums["refused"] + sums["withdrawn"] + sums["terminated"]
    assert sums["held_days"] == sums["working_days"]
    assert sums["passed"] <= sums["late"] <= sums["closed"]


@settings(max_examples=100)
@given(some.integers(0, LIVES - 1), some.randoms(use_true_random=False))
def test_the_order_of_cases_makes_no_difference(number: int, shuffle: Any) -> None:
    """Two cases in either order give the same sums."""
    lives = [tell_life(number), tell_life((number + 1) % LIVES)]
    counts = [
        one for file, terms in lives for one in count_case(file, terms, load_calendars()[1], list_touched(file)[-1])
    ]
    mixed = list(counts)
    shuffle.shuffle(mixed)
    assert add_up(counts) == add_up(mixed)
