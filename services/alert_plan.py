"""When the supervision office will be told of a case, if nothing happens before: the rungs of the clocks that run now. Pure.

- Orange is due at 00:00 Beijing time of the working day on which ceil(share × the budget then in force) days are used; only the promised
  limit has it.
- Every later rung is due at 00:00 of the day after the limit: red after the promised limit, ``passed`` after the statutory one, ``late``
  for a step, the completeness notice and the delivery.

What fell due before a case moved on stays due: the plan is written anew at every event, for the time ahead only
(``AlertStore.replan``). So an extension that is granted after orange was due does not take it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from services.alert_record import PlannedAlert, Rung
from services.calendar_record import Calendar
from services.case_file import CaseFile
from services.case_limits import clocks_of
from services.clock import DAY, Clock, ClockKind, compute, end_of_day
from services.clock_history import name_clock
from services.counter_terms import CounterTerms

ORANGE_PERCENT = 80
"""The share of the promised budget at which orange is due, where the settings name no other."""
LATER_RUNGS = {
    ClockKind.PROMISED: Rung.RED,
    ClockKind.STATUTORY: Rung.PASSED,
    ClockKind.COMPLETENESS: Rung.LATE,
    ClockKind.STEP: Rung.LATE,
    ClockKind.DELIVERY: Rung.LATE,
}


def plan_alerts(
    file: CaseFile, terms: CounterTerms, calendar: Calendar, agency_of: Callable[[str], UUID], orange_percent: int
) -> tuple[PlannedAlert, ...]:
    """Every rung of every clock of the office that runs now, also those whose moment has passed.

    ``agency_of`` gives the id of a step's agency by its slug.
    """
    case, run = file.case, len(file.all_of("corrected")) + 1
    planned: list[PlannedAlert] = []
    for clock in clocks_of(file, terms, calendar):
        if clock.kind not in LATER_RUNGS:
            continue
        slug = terms.steps[clock.step].agency if clock.kind is ClockKind.STEP else ""
        whose = agency_of(slug) if slug else case.agency_id
        key = name_clock(clock.kind, step=clock.step, run=run if clock.kind is ClockKind.COMPLETENESS else 1)
        holder = file.claimed_by if whose == case.agency_id else None
        for rung, due_at in find_rungs(clock, calendar, orange_percent):
            planned.append(
                PlannedAlert(whose, case.agency_id, case.case_id, key, rung, due_at, case.service, case.case_no, holder)
            )
    return tuple(planned)


def find_rungs(clock: Clock, calendar: Calendar, orange_percent: int) -> Iterator[tuple[Rung, datetime]]:
    """The rungs of one clock and when each is due; what a suspension without an end keeps open is left out."""
    deadline = compute(clock, calendar)
    if clock.kind is ClockKind.PROMISED:
        in_force = clock.budget_days
        if deadline.standing or len(deadline.counted) > clock.budget_days:
            in_force += clock.extension_days
        used = -(-orange_percent * in_force // 100)
        if 0 < used <= len(deadline.counted):
            yield Rung.ORANGE, end_of_day(deadline.counted[used - 1] - DAY)
    if not deadline.standing:
        yield LATER_RUNGS[clock.kind], end_of_day(deadline.due_on)
