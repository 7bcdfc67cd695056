"""Which clocks a case has, read from its events and its service's terms; and what time forbids. Pure; ``docs/clocks.md``."""

from __future__ import annotations

from datetime import date, datetime

from services.calendar_record import Calendar
from services.case_errors import CorrectionLate, ExtensionSpent, NotAllowedNow
from services.case_file import CaseFile
from services.case_record import CaseEvent, CaseState
from services.clock import (
    SHANGHAI_OFFSET,
    Clock,
    ClockKind,
    Deadline,
    Suspension,
    compute,
    find_overlap,
    received_day,
)
from services.counter_terms import CounterTerms, Step

EXAMINED = (CaseState.ACCEPTED, CaseState.SPECIAL_PROCEDURE)
"""States in which the decision clocks run (or stand)."""
DELIVERING = (CaseState.GRANTED, CaseState.ISSUED, CaseState.POSTED)
COMPLAINT_DAYS = 5
"""A complaint or a bad rating is answered within five working days (case rules, a common local rule)."""


def clocks_of(file: CaseFile, terms: CounterTerms, calendar: Calendar) -> tuple[Clock, ...]:
    """The clocks that run now; none for a closed case."""
    if file.state is CaseState.RECEIVED:
        start_on = materials_received_on(file, terms, calendar)
        return (Clock(ClockKind.COMPLETENESS, start_on, terms.completeness_days),)
    if file.state is CaseState.CORRECTION_ASKED:
        return (correction_clock(file, terms),)
    if file.state in EXAMINED:
        return (
            *decision_clocks(file, terms),
            *_gap_clocks(file, terms),
            *_special_clocks(file),
            *step_clocks(file, terms),
        )
    if file.state in DELIVERING:
        return (delivery_clock(file, terms),)
    return ()


def materials_received_on(file: CaseFile, terms: CounterTerms, calendar: Calendar) -> date:
    """The legal day on which the materials as they now are were received: the case's, or that of the latest correction.

    If the office says nothing in time, the case counts as accepted from this day (AL art. 32(1)(4)).
    """
    corrected = file.last("corrected")
    if corrected is None:
        return file.case.received_on
    return _told_day(corrected, "on") or received_day(corrected.at, terms.receiving, calendar)


def decision_clocks(file: CaseFile, terms: CounterTerms) -> tuple[Clock, ...]:
    """The statutory and the promised clock of an accepted case, also after its end; none before acceptance."""
    if file.accepted_on is None:
        return ()
    suspensions, extended = suspensions_of(file), file.last("extension_granted")
    days = int(extended.data["days"]) if extended else 0
    on = _day_of(extended) if extended else None
    return tuple(
        Clock(kind, file.accepted_on, budget, suspensions, days, on)
        for kind, budget in (
            (ClockKind.STATUTORY, terms.statutory_days),
            (ClockKind.PROMISED, terms.promised_days),
        )
    )


def suspensions_of(file: CaseFile) -> tuple[Suspension, ...]:
    """The ledger: each special procedure till the day that was told in writing, or till its real end if that came earlier."""
    ledger: list[Suspension] = []
    for event in file.all_of("special_began", "special_ended"):
        if event.name == "special_began":
            from_on = _told_day(event, "on") or _day_of(event)
            ledger.append(Suspension(str(event.data["code"]), from_on, _told_day(event, "until_on")))
        elif ledger:
            ended_on, last = _told_day(event, "on") or _day_of(event), ledger[-1]
            until_on = min(ended_on, last.until_on or ended_on)
            ledger[-1] = Suspension(last.kind, last.from_on, max(until_on, last.from_on))
    return tuple(ledger)


def correction_clock(file: CaseFile, terms: CounterTerms) -> Clock:
    """The term of the latest correction notice: the day that was told."""
    asked = file.last("correction_asked") or file.events[0]
    return Clock(ClockKind.CORRECTION, _day_of(asked), terms.correction_days, until_on=_told_day(asked, "until_on"))


def delivery_clock(file: CaseFile, terms: CounterTerms) -> Clock:
    """Ten days from the decision (AL art. 44)."""
    decided = file.decision or file.events[-1]
    return Clock(ClockKind.DELIVERY, _told_day(decided, "on") or _day_of(decided), terms.delivery_days)


def _gap_clocks(file: CaseFile, terms: CounterTerms) -> tuple[Clock, ...]:
    gap = file.gap
    if gap is None:
        return ()
    start_on = file.accepted_on or _day_of(gap)
    return (Clock(ClockKind.GAP, start_on, terms.gap_days or terms.promised_days, until_on=_told_day(gap, "until_on")),)


def _special_clocks(file: CaseFile) -> tuple[Clock, ...]:
    if file.state is not CaseState.SPECIAL_PROCEDURE:
        return ()
    began = file.last("special_began") or file.events[-1]
    from_on = _told_day(began, "on") or _day_of(began)
    return (Clock(ClockKind.SPECIAL, from_on, int(began.data.get("days") or 0), until_on=_told_day(began, "until_on")),)


def steps_in_hand(file: CaseFile, steps: tuple[Step, ...]) -> tuple[int, ...]:
    """Indices of the steps that somebody has to do now: the first open one, and those that run side by side with it."""
    if file.state not in EXAMINED or file.step >= len(steps):
        return ()
    first = file.step
    group = _group_of(first, steps)
    return tuple(index for index in group if index not in file.steps_done)


def _group_of(index: int, steps: tuple[Step, ...]) -> range:
    """The neighbouring steps with the same ``together``."""
    first = last = index
    mark = steps[index].together
    while mark and first > 0 and steps[first - 1].together == mark:
        first -= 1
    while mark and last + 1 < len(steps) and steps[last + 1].together == mark:
        last += 1
    return range(first, last + 1)


def step_clocks(file: CaseFile, terms: CounterTerms) -> tuple[Clock, ...]:
    """A clock for each step in hand that has a limit; it begins when the step before it was finished, and is suspended as the case is."""
    clocks = (step_clock(file, terms, index) for index in steps_in_hand(file, terms.steps))
    return tuple(clock for clock in clocks if clock is not None)


def step_clock(file: CaseFile, terms: CounterTerms, index: int) -> Clock | None:
    """The clock of a step that is, or was, in hand; None for one without a limit, or that never came in hand."""
    limit = terms.steps[index].limit_days
    before = _group_of(index, terms.steps).start
    if limit is None or file.accepted_on is None or not file.steps_done.issuperset(range(before)):
        return None
    return Clock(ClockKind.STEP, _step_start(file, terms.steps, index), limit, suspensions_of(file), step=index)


def _step_start(file: CaseFile, steps: tuple[Step, ...], index: int) -> date:
    before = _group_of(index, steps).start
    finished = [event for event in file.all_of("step_finished") if int(event.data["step"]) < before]
    if finished:
        return _told_day(finished[-1], "on") or _day_of(finished[-1])
    return file.accepted_on or _day_of(file.events[-1])


def require_extension(file: CaseFile, terms: CounterTerms, calendar: Calendar, today: date, days: int) -> None:
    """Raise ``ExtensionSpent`` unless the limit may be extended today by ``days`` (AL art. 42(1)).

    ``detail["rule"]``: ``extended_already`` (once only), ``limit_passed`` (on the last day it is still possible), ``too_long`` (more than
    the service allows), ``nothing_to_extend``. To be asked when it is requested and again when the head grants it.
    """
    clocks = decision_clocks(file, terms)
    if not clocks:
        raise ExtensionSpent(detail={"rule": "nothing_to_extend"})
    if file.last("extension_granted") is not None:
        raise ExtensionSpent(detail={"rule": "extended_already"})
    if compute(clocks[0], calendar).is_over(today):
        raise ExtensionSpent(detail={"rule": "limit_passed"})
    if not 1 <= days <= terms.extension_days:
        raise ExtensionSpent(detail={"rule": "too_long", "most": terms.extension_days})


def require_special(
    file: CaseFile, terms: CounterTerms, calendar: Calendar, code: str, on: date, until_on: date
) -> None:
    """Raise ``NotAllowedNow`` unless a special procedure may begin: only the grounds of AL art. 45 that the service names.

    ``detail["rule"]``: ``unknown_ground``, ``ends_before_it_begins``, ``before_acceptance``, ``suspension_overlaps`` (two grounds never
    exclude the same day), ``limit_passed`` (a limit that has run out cannot be stopped any more).
    """
    rule = _special_fault(file, terms, calendar, Suspension(code, on, until_on))
    if rule is not None:
        raise NotAllowedNow(detail={"state": str(file.state), "asked": "special_began", "rule": rule})


def _special_fault(file: CaseFile, terms: CounterTerms, calendar: Calendar, new: Suspension) -> str | None:
    if new.kind not in terms.special:
        return "unknown_ground"
    if new.until_on is None or new.until_on < new.from_on:
        return "ends_before_it_begins"
    if file.accepted_on is None or new.from_on < file.accepted_on:
        return "before_acceptance"
    if find_overlap(suspensions_of(file), new) is not None:
        return "suspension_overlaps"
    if compute(decision_clocks(file, terms)[0], calendar).is_over(new.from_on):
        return "limit_passed"
    return None


def require_correction_in_time(file: CaseFile, terms: CounterTerms, calendar: Calendar, at: datetime) -> None:
    """Raise ``CorrectionLate`` after the last day of the correction notice's term."""
    if compute(correction_clock(file, terms), calendar).is_over(business_day(at)):
        raise CorrectionLate


def nearest(deadlines: tuple[Deadline, ...]) -> Deadline | None:
    """The deadline that comes first; of two on one day, the one that is named first."""
    return min(deadlines, key=lambda one: one.due_on, default=None)


def business_day(at: datetime) -> date:
    """The legal day of a moment in China."""
    return (at + SHANGHAI_OFFSET).date()


def _day_of(event: CaseEvent) -> date:
    return business_day(event.at)


def _told_day(event: CaseEvent, key: str) -> date | None:
    told = event.data.get(key)
    return date.fromisoformat(str(told)) if told else None
