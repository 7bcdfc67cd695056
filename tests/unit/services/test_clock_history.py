"""Every clock that a case ever had: its runs by name, their starts and ends."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from adapters.calendar_seed import load_shipped_calendar
from services.alert_plan import LATER_RUNGS
from services.case_file import CaseFile
from services.case_limits import business_day, clocks_of
from services.case_record import CaseState, Hand
from services.clock import ClockKind
from services.clock_history import ClockRun, find_ending, list_runs, name_clock
from services.counter_terms import Step
from tests.case_samples import make_case, make_case_event, make_terms, say
from tests.year.calendars import DAY, moment_on
from tests.year.lives import LIVES, list_prefixes, tell_life

CALENDAR = load_shipped_calendar()
TERMS = make_terms(
    steps=(Step(say("受理"), "clerk", 7), Step(say("审查"), "clerk", 5), Step(say("决定"), "clerk", None))
)
STATES = {
    "corrected": CaseState.RECEIVED, "correction_asked": CaseState.CORRECTION_ASKED, "accepted": CaseState.ACCEPTED,
    "deemed_accepted": CaseState.ACCEPTED, "step_finished": CaseState.ACCEPTED, "granted": CaseState.GRANTED,
    "refused": CaseState.REFUSED, "withdrawn": CaseState.WITHDRAWN, "certificate_issued": CaseState.ISSUED,
    "posted": CaseState.POSTED, "delivery_failed": CaseState.ISSUED, "delivery_proven": CaseState.DELIVERED,
    "terminated": CaseState.TERMINATED,
}  # fmt: skip
MONDAY = date(2026, 11, 2)


def make_life(*moves: tuple[int, str]) -> CaseFile:
    """A case received on Monday 2026-11-02, with these events so many days later at ten in the morning."""
    case = make_case(UUID(int=1))
    file = CaseFile(case, (make_case_event(case),))
    for days, what in moves:
        name, _, step = what.partition(":")
        on = MONDAY + DAY * days
        data: dict[str, Any] = {"on": on.isoformat()} | ({"step": int(step)} if step else {})
        at = moment_on(on, 10 * 3600)
        event = make_case_event(case, file.version + 1, name, STATES[name], Hand.CLERK, at=at, **data)
        file = CaseFile(case, (*file.events, event))
    return file


def tell(file: CaseFile) -> dict[str, tuple[int, int, str, int | None]]:
    """By name: the day of its start (0 is Monday), the budget, the event that ended it, and the day of that."""
    return {run.key: _tell_run(run) for run in list_runs(file, TERMS, CALENDAR)}


def _tell_run(run: ClockRun) -> tuple[int, int, str, int | None]:
    ended = (run.ended_on - MONDAY).days if run.ended_on else None
    return (run.clock.start_on - MONDAY).days, run.clock.budget_days, run.ended.name if run.ended else "", ended


def test_the_names_of_clocks() -> None:
    """The first run bears the clock's own name, each later one its number; a step bears its index."""
    assert name_clock(ClockKind.PROMISED) == "promised"
    assert name_clock(ClockKind.COMPLETENESS) == "completeness"
    assert name_clock(ClockKind.COMPLETENESS, run=2) == "completeness:2"
    assert name_clock(ClockKind.STEP, step=0) == "step:0"


def test_a_whole_life() -> None:
    """Two corrections make three runs of the five days; each step begins where the one before ended; the delivery ends with its proof."""
    file = make_life(
        (1, "correction_asked"), (3, "corrected"), (4, "correction_asked"), (7, "corrected"), (8, "accepted"),
        (9, "step_finished:0"), (11, "step_finished:1"), (14, "step_finished:2"), (14, "granted"),
        (15, "certificate_issued"), (15, "posted"), (17, "delivery_failed"), (18, "posted"), (21, "delivery_proven"),
    )  # fmt: skip
    assert tell(file) == {
        "completeness": (0, 5, "correction_asked", 1),
        "completeness:2": (3, 5, "correction_asked", 4),
        "completeness:3": (7, 5, "accepted", 8),
        "statutory": (8, 20, "granted", 14),
        "promised": (8, 15, "granted", 14),
        "step:0": (8, 7, "step_finished", 9),
        "step:1": (9, 5, "step_finished", 11),
        "delivery": (14, 10, "delivery_proven", 21),
    }


def test_a_decision_ends_the_step_in_hand_and_later_ones_never_were() -> None:
    """A step that nobody finished ends with the case; one that never came in hand has no run."""
    ended = tell(make_life((1, "accepted"), (4, "withdrawn")))
    assert ended["step:0"] == (1, 7, "withdrawn", 4)
    assert "step:1" not in ended
    assert "delivery" not in ended


def test_silence_counts_from_the_receipt() -> None:
    """Deemed accepted: the notice was late, and the decision clock starts on the day of receipt that the event names."""
    case = make_case(UUID(int=1))
    told: dict[str, Any] = {"on": MONDAY.isoformat()}
    at = moment_on(date(2026, 11, 10), 0)
    events = (
        make_case_event(case),
        make_case_event(case, 2, "deemed_accepted", CaseState.ACCEPTED, Hand.CLOCK, at=at, **told),
    )
    found = tell(CaseFile(case, events))
    assert found["completeness"] == (0, 5, "deemed_accepted", 8)
    assert (found["promised"][0], found["step:0"][0]) == (0, 0)


def test_what_ends_before_acceptance_closes_no_decision_clock() -> None:
    """Withdrawn before acceptance: there was no decision clock, so nothing was closed in the sense of 办结."""
    file = make_life((1, "withdrawn"))
    assert tell(file) == {"completeness": (0, 5, "withdrawn", 1)}
    assert find_ending(file) is None
    never_corrected = make_life((1, "correction_asked"), (30, "terminated"))
    assert tell(never_corrected) == {"completeness": (0, 5, "correction_asked", 1)}
    assert find_ending(never_corrected) is None


def test_what_ended_the_decision_clock() -> None:
    """The grant, the refusal, the withdrawal, the end without a decision; not the delivery after it."""
    for name in ("granted", "refused", "withdrawn", "terminated"):
        found = find_ending(make_life((1, "accepted"), (4, name)))
        assert found is not None
        assert (found.name, business_day(found.at)) == (name, date(2026, 11, 6))
    assert find_ending(make_life((1, "accepted"))) is None
    delivered = make_life(
        (1, "accepted"), (4, "granted"), (5, "certificate_issued"), (6, "posted"), (8, "delivery_proven")
    )
    assert getattr(find_ending(delivered), "name", None) == "granted"


@given(st.integers(0, LIVES - 1))
def test_what_runs_now_is_what_has_not_ended(index: int) -> None:
    """At every moment of a life the runs without an end are the office's clocks that run now, with the same terms."""
    file, terms = tell_life(index)
    for known in list_prefixes(file):
        running = [run.clock for run in list_runs(known, terms, CALENDAR) if run.ended is None]
        now = [clock for clock in clocks_of(known, terms, CALENDAR) if clock.kind in LATER_RUNGS]
        assert sorted(running, key=repr) == sorted(now, key=repr)


@given(st.integers(0, LIVES - 1))
def test_a_name_stands_for_one_run(index: int) -> None:
    """No two runs of a case share a name; none ends before it starts; a run that has ended never changes its start or its end again."""
    file, terms = tell_life(index)
    ended: dict[str, tuple[date, object]] = {}
    for known in list_prefixes(file):
        runs = list_runs(known, terms, CALENDAR)
        assert len({run.key for run in runs}) == len(runs)
        for run in runs:
            if run.ended_on is not None:
                assert run.ended_on >= run.clock.start_on
                assert ended.setdefault(run.key, (run.clock.start_on, run.ended)) == (run.clock.start_on, run.ended)
    assert all(run.ended is not None for run in list_runs(file, terms, CALENDAR))
