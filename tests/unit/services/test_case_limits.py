"""Which clocks a case has, read from its events; what time forbids."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from adapters.calendar_seed import load_shipped_calendar
from services.case_errors import CorrectionLate, ExtensionSpent, NotAllowedNow
from services.case_file import CaseFile
from services.case_limits import (
    clocks_of,
    decision_clocks,
    materials_received_on,
    nearest,
    require_correction_in_time,
    require_extension,
    require_special,
    steps_in_hand,
    suspensions_of,
)
from services.clock import ClockKind, Deadline, Suspension, compute
from services.counter_terms import CounterTerms, SpecialProcedure, Step
from tests.case_samples import make_terms, say
from tests.unit.services.told_cases import accept, add, at, begin, day, suspend

CALENDAR = load_shipped_calendar()
TERMS = make_terms()


def deadlines(file: CaseFile, terms: CounterTerms = TERMS) -> dict[str, date]:
    """Kind of each running clock: its last day."""
    return {str(clock.kind): compute(clock, CALENDAR).due_on for clock in clocks_of(file, terms, CALENDAR)}


def test_before_acceptance_the_completeness_clock_runs_alone() -> None:
    """Five working days from the day of receipt (AL art. 32)."""
    assert deadlines(begin(day(6))) == {"completeness": day(13)}


def test_a_correction_stops_no_clock_it_begins_its_own() -> None:
    """The term that was told is the applicant's; the office's clock begins again when the corrected materials are there."""
    asked = add(begin(), "correction_asked", day(4), until_on="2026-03-25")
    assert deadlines(asked) == {"correction": day(25)}
    corrected = add(asked, "corrected", day(20))
    assert materials_received_on(corrected, TERMS, CALENDAR) == day(20)
    assert deadlines(corrected) == {"completeness": day(27)}


def test_corrected_materials_are_received_by_the_office_s_hours() -> None:
    """Handed in on a Friday evening: received on Monday."""
    asked = add(begin(), "correction_asked", day(4), until_on="2026-03-25")
    assert materials_received_on(add(asked, "corrected", day(6), hour=12), TERMS, CALENDAR) == day(9)


def test_an_acceptance_by_lapse_is_back_dated() -> None:
    """Told nothing in five days: the decision clock starts on the day of receipt, not on the day on which it lapsed."""
    lapsed = add(begin(day(6)), "deemed_accepted", day(16), on="2026-03-06")
    assert [clock.start_on for clock in decision_clocks(lapsed, TERMS)] == [day(6), day(6)]
    assert deadlines(lapsed)["statutory"] == date(2026, 4, 3)


def test_after_acceptance_both_limits_and_the_step_run() -> None:
    """Statutory twenty, promised fifteen, the first step's two."""
    assert deadlines(accept()) == {"statutory": date(2026, 4, 3), "promised": day(27), "step": day(10)}


def test_a_step_begins_when_the_one_before_it_is_finished() -> None:
    """And a step without a limit has no clock."""
    second = add(accept(), "step_finished", day(9), step=0, opinion="ok")
    assert deadlines(second)["step"] == day(16)
    third = add(second, "step_finished", day(11), step=1, opinion="ok")
    assert deadlines(third)["step"] == day(16)
    assert "step" not in deadlines(add(third, "step_finished", day(12), step=2, opinion="ok"))
    assert "step" not in deadlines(accept(), make_terms(steps=(Step(say("审查"), "clerk"),)))


JOINT = (
    Step(say("受理"), "clerk", 2),
    Step(say("税务意见"), "clerk", 3, agency="demo-tax-office", together="a"),
    Step(say("现场"), "clerk", 4, together="a"),
    Step(say("决定"), "head", 3),
)


def test_steps_side_by_side_are_in_hand_together() -> None:
    """Whichever is finished first, the next begins when both are."""
    first = accept()
    assert steps_in_hand(first, JOINT) == (0,)
    both = add(first, "step_finished", day(9), step=0)
    assert steps_in_hand(both, JOINT) == (1, 2)
    assert [
        (clock.step, clock.start_on)
        for clock in clocks_of(both, make_terms(steps=JOINT), CALENDAR)
        if clock.kind is ClockKind.STEP
    ] == [
        (1, day(9)),
        (2, day(9)),
    ]
    later = add(both, "step_finished", day(11), step=2)
    assert steps_in_hand(later, JOINT) == (1,)
    last = add(later, "step_finished", day(12), step=1)
    assert steps_in_hand(last, JOINT) == (3,)
    assert [
        clock.start_on for clock in clocks_of(last, make_terms(steps=JOINT), CALENDAR) if clock.kind is ClockKind.STEP
    ] == [day(12)]


def test_a_special_procedure_excludes_its_days_and_has_a_term_of_its_own() -> None:
    """The decision clocks and the step's are moved by the days of the procedure; its own told end runs."""
    standing = suspend(accept(), day(9), day(11))
    assert suspensions_of(standing) == (Suspension("inspection", day(9), day(11)),)
    assert deadlines(standing) == {
        "statutory": date(2026, 4, 8), "promised": day(31), "special": day(11), "step": day(12),
    }  # fmt: skip


def test_a_procedure_that_ends_early_gives_its_days_back() -> None:
    """The real end counts if it came before the told one."""
    ended = add(suspend(accept(), day(9), day(20)), "special_ended", day(10), on="2026-03-10", result="ok")
    assert suspensions_of(ended) == (Suspension("inspection", day(9), day(10)),)


def test_a_procedure_excludes_no_more_than_was_told_in_writing() -> None:
    """One that takes longer than the applicant was told does not hold the clock any longer (AL art. 45)."""
    ended = add(suspend(accept(), day(9), day(11)), "special_ended", day(18), on="2026-03-18", result="ok")
    assert suspensions_of(ended) == (Suspension("inspection", day(9), day(11)),)


def test_a_procedure_that_ends_on_its_first_day_excludes_nothing() -> None:
    """Not even if its end was written with an earlier day than its beginning."""
    ended = add(suspend(accept(), day(9), day(11)), "special_ended", day(9), on="2026-03-06", result="ok")
    assert suspensions_of(ended) == (Suspension("inspection", day(9), day(9)),)
    assert deadlines(ended)["statutory"] == date(2026, 4, 3)


def test_an_acceptance_with_a_gap_has_the_applicant_s_term() -> None:
    """Until what was promised is supplied."""
    gap = add(
        begin(), "accepted_with_gap", day(6), on="2026-03-06", missing=["proof_of_premises"], until_on="2026-03-20"
    )
    assert deadlines(gap)["gap"] == day(20)
    supplied = add(gap, "gap_supplied", day(9), materials={"proof_of_premises": {"files": [], "vouched": False}})
    assert "gap" not in deadlines(supplied)


def test_after_the_decision_the_delivery_clock_runs_until_it_is_delivered() -> None:
    """Ten working days (AL art. 44); none after a refusal, which ends the case."""
    granted = add(accept(), "granted", day(20), on="2026-03-20", by="clerk", reasons=[])
    assert deadlines(granted) == {"delivery": date(2026, 4, 3)}
    issued = add(granted, "certificate_issued", day(23), number="1")
    posted = add(issued, "posted", day(24), carrier="EMS", number="1")
    assert deadlines(posted) == {"delivery": date(2026, 4, 3)}
    assert deadlines(add(posted, "delivery_proven", day(26), on="2026-03-26")) == {}
    assert deadlines(add(accept(), "refused", day(20), on="2026-03-20", by="clerk", reasons=[])) == {}


def test_an_extension_extends_both_limits() -> None:
    """Ten days, granted by the head."""
    asked = add(accept(), "extension_asked", day(20), days=10, reason="复杂")
    granted = add(asked, "extension_granted", day(23), days=10, reason="复杂")
    assert deadlines(granted)["statutory"] == date(2026, 4, 20)
    assert deadlines(granted)["promised"] == date(2026, 4, 13)


def test_an_extension_does_not_heal_a_promise_that_was_broken() -> None:
    """Granted after the promised limit, in time for the statutory one: the promise stays late."""
    late = add(add(accept(), "extension_asked", day(30), days=10), "extension_granted", day(30), days=10)
    assert deadlines(late)["promised"] == day(27)
    assert deadlines(late)["statutory"] == date(2026, 4, 20)


def refused(rule: str, file: CaseFile, today: date, days: int = 10) -> bool:
    with pytest.raises(ExtensionSpent) as caught:
        require_extension(file, TERMS, CALENDAR, today, days)
    return (caught.value.detail or {}).get("rule") == rule


def test_a_limit_is_extended_once_and_before_it_has_passed() -> None:
    """On the last day it still can be; never twice, never longer than the service says, never before acceptance."""
    require_extension(accept(), TERMS, CALENDAR, date(2026, 4, 3), 10)
    assert refused("limit_passed", accept(), date(2026, 4, 7))
    assert refused("too_long", accept(), day(9), 11)
    assert refused("too_long", accept(), day(9), 0)
    assert refused("nothing_to_extend", begin(), day(9))
    granted = add(add(accept(), "extension_asked", day(9), days=5), "extension_granted", day(9), days=5)
    assert refused("extended_already", granted, day(10), 5)


def test_an_extension_that_was_denied_may_be_asked_for_again() -> None:
    """Once is what is granted."""
    denied = add(add(accept(), "extension_asked", day(9), days=5), "extension_denied", day(9))
    require_extension(denied, TERMS, CALENDAR, day(10), 5)


@pytest.mark.parametrize(
    ("code", "first", "last", "rule"),
    [
        ("party", day(10), day(12), "unknown_ground"),
        ("hearing", day(10), day(12), "unknown_ground"),  # a legal ground, but not one of this service
        ("inspection", day(12), day(10), "ends_before_it_begins"),
        ("inspection", day(5), day(10), "before_acceptance"),
        ("inspection", day(10), day(12), "suspension_overlaps"),
        ("inspection", day(8), day(30), "suspension_overlaps"),
        ("inspection", date(2026, 4, 30), date(2026, 5, 8), "limit_passed"),
    ],
)
def test_a_suspension_is_refused_by_rule(code: str, first: date, last: date, rule: str) -> None:
    """Only the service's grounds, after acceptance, beside no other, while the limit has not passed."""
    file = add(suspend(accept(), day(9), day(11)), "special_ended", day(11), on="2026-03-11")
    with pytest.raises(NotAllowedNow) as caught:
        require_special(file, TERMS, CALENDAR, code, first, last)
    assert (caught.value.detail or {})["rule"] == rule


def test_a_suspension_may_begin_on_the_day_on_which_another_ended() -> None:
    """The two share no day; and it may span a make-up Saturday."""
    file = add(suspend(accept(), day(9), day(11)), "special_ended", day(11), on="2026-03-11")
    require_special(file, TERMS, CALENDAR, "inspection", day(11), date(2026, 5, 9))
    hearing = {"hearing": SpecialProcedure("hearing", say("听证"), "art. 45", 5)}
    require_special(file, make_terms(special=hearing), CALENDAR, "hearing", day(12), day(16))


def test_a_late_correction_is_refused_after_the_last_day_of_its_term() -> None:
    """The day on which the term ends lasts till midnight in Beijing; a term that ends on a day off ends on the next working day."""
    asked = add(begin(), "correction_asked", day(4), until_on="2026-03-20")
    require_correction_in_time(asked, TERMS, CALENDAR, datetime(2026, 3, 20, 15, 59, tzinfo=UTC))
    with pytest.raises(CorrectionLate):
        require_correction_in_time(asked, TERMS, CALENDAR, datetime(2026, 3, 20, 16, 0, tzinfo=UTC))
    weekend = add(begin(), "correction_asked", day(4), until_on="2026-03-21")
    require_correction_in_time(weekend, TERMS, CALENDAR, at(day(23)))


def test_the_nearest_deadline_is_the_first_to_come() -> None:
    """Of none, none."""
    first = Deadline(ClockKind.PROMISED, day(9), False, 1)
    assert nearest((Deadline(ClockKind.STATUTORY, day(12), False, 1), first)) == first
    assert nearest(()) is None
