"""Every clock that a case ever had: each run of it with its start, its suspensions, its extension, and when it ended. Pure.

``services/case_limits.py`` says which clocks run *now*; this says it of the whole life of a case, under the same names as its alerts:
``promised``, ``statutory``, ``completeness`` (``completeness:2`` after the first correction), ``step:0``, ``delivery``. The applicant's
own terms (correction, gap, special procedure) are not the office's clocks and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from services.calendar_record import Calendar
from services.case_file import ACCEPTING, CaseFile
from services.case_limits import business_day, decision_clocks, delivery_clock, materials_received_on, step_clock
from services.case_record import CaseEvent, CaseState
from services.clock import Clock, ClockKind
from services.counter_terms import CounterTerms

ENDING = ("granted", "refused", "withdrawn", "terminated")
"""What ends the decision clock (办结)."""
DELIVERING = ("handed_over", "collected_online", "delivery_proven")
RECEIVING_ENDED = ("correction_asked", *ACCEPTING, "not_accepted", "withdrawn")


@dataclass(frozen=True, slots=True)
class ClockRun:
    """One run of a clock. ``ended`` is the event that ended it, None while it runs."""

    key: str
    clock: Clock
    ended: CaseEvent | None

    @property
    def ended_at(self) -> datetime | None:
        return self.ended.at if self.ended else None

    @property
    def ended_on(self) -> date | None:
        """The day in China on which it ended."""
        return business_day(self.ended.at) if self.ended else None


def name_clock(kind: ClockKind, *, step: int = -1, run: int = 1) -> str:
    """The name of one run of a clock of a case."""
    if kind is ClockKind.STEP:
        return f"{kind}:{step}"
    return str(kind) if run == 1 else f"{kind}:{run}"


def list_runs(file: CaseFile, terms: CounterTerms, calendar: Calendar) -> tuple[ClockRun, ...]:
    """All runs of the office's clocks: completeness, then statutory and promised, steps, delivery."""
    return (
        *_completeness_runs(file, terms, calendar),
        *_decision_runs(file, terms),
        *_step_runs(file, terms),
        *_delivery_runs(file, terms),
    )


def _completeness_runs(file: CaseFile, terms: CounterTerms, calendar: Calendar) -> Iterator[ClockRun]:
    run = 0
    for index, event in enumerate(file.events):
        if event.state is not CaseState.RECEIVED or event.name not in ("case_received", "corrected"):
            continue
        run += 1
        start_on = materials_received_on(CaseFile(file.case, file.events[: index + 1]), terms, calendar)
        ended = next((one for one in file.events[index + 1 :] if one.name in RECEIVING_ENDED), None)
        clock = Clock(ClockKind.COMPLETENESS, start_on, terms.completeness_days)
        yield ClockRun(name_clock(ClockKind.COMPLETENESS, run=run), clock, ended)


def find_ending(file: CaseFile) -> CaseEvent | None:
    """The event that ended the decision clock of an accepted case (办结)."""
    return file.last(*ENDING) if file.accepted is not None else None


def _decision_runs(file: CaseFile, terms: CounterTerms) -> Iterator[ClockRun]:
    ended = find_ending(file)
    for clock in decision_clocks(file, terms):
        yield ClockRun(name_clock(clock.kind), clock, ended)


def _step_runs(file: CaseFile, terms: CounterTerms) -> Iterator[ClockRun]:
    finished = {int(event.data["step"]): event for event in file.all_of("step_finished")}
    for index in range(len(terms.steps)):
        clock = step_clock(file, terms, index)
        if clock is not None:
            yield ClockRun(name_clock(ClockKind.STEP, step=index), clock, finished.get(index) or find_ending(file))


def _delivery_runs(file: CaseFile, terms: CounterTerms) -> Iterator[ClockRun]:
    if file.last("granted") is not None:
        yield ClockRun(name_clock(ClockKind.DELIVERY), delivery_clock(file, terms), file.last(*DELIVERING))
