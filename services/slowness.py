"""Patterns of a closed month: found by walking its events, kept and shown once. ``docs/slowness.md``.

A pattern that is kept is seen by the case manager and by the supervision office from the same commit on. Nothing else reads it:
no statistics, no employee of the month, no queue (a test keeps the list of who imports this).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.calendar_record import Calendar
from services.case_clocks import terms_of
from services.case_file import CaseFile
from services.case_ports import CaseTransaction
from services.counter_terms import CounterTerms
from services.errors import ConfigurationFault, ServiceUnknown
from services.month_record import UNREADABLE
from services.months import Month, month_of, read_month
from services.slowness_record import Finding, Pattern, PatternRun
from services.slowness_rules import RULE
from services.slowness_tally import REGULAR, MonthTally, judge_all, list_quarter, list_thresholds
from services.statistics import StatisticsDesk, find_calendar_at

LOOK_BACK = 3
"""So many closed months are looked at: nobody has to answer for what lies further back when this begins, or after a long outage."""
Progress = Callable[[int], None]
NewId = Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules give for a month: how many comparisons were made, and what is shown of them."""

    month: str
    tests: int
    findings: tuple[Finding, ...]


def find_patterns(desk: StatisticsDesk, month: Month, tell: Progress = lambda _: None) -> Found:
    """The patterns of a month as the events say them now; changes nothing.

    Memory grows with people, their hits (at most ``MOST_EVIDENCE`` of a month) and the cases of regular applicants, not with cases.
    ``tell`` gets the number of cases so far. Raises ``StoreUnavailable``.
    """
    months = list_quarter(month)
    numbers = _number_regulars(desk, months[0].begins_at, month.ends_at)
    tallies, read = [], 0
    for one in months:
        tally, read = _tally_month(desk, one, numbers, read, tell)
        tallies.append(tally)
    tests, findings = judge_all(tallies)
    return Found(str(month), tests, tuple(findings))


def _number_regulars(desk: StatisticsDesk, since: datetime, until: datetime) -> dict[UUID, int]:
    """Each case of an applicant with many cases, with a number for the applicant; numbered by their oldest case."""
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        regulars = sorted(tx.slowness.walk_regulars(since, until, REGULAR), key=min)
    return {case_id: number for number, cases in enumerate(regulars, 1) for case_id in cases}


def _tally_month(
    desk: StatisticsDesk, month: Month, numbers: dict[UUID, int], read: int, tell: Progress
) -> tuple[MonthTally, int]:
    tally, known = MonthTally(month), _Known(desk, month)
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        for case, events in tx.months.walk_cases(month.begins_at, month.ends_at):
            known.add_case(tx, tally, CaseFile(case, tuple(events)), numbers)
            read += 1
            tell(read)
    return tally, read


@dataclass(slots=True)
class _Known:
    """Terms and calendars of a month, each read once."""

    desk: StatisticsDesk
    month: Month
    terms: dict[tuple[str, int], CounterTerms] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)

    def add_case(self, tx: CaseTransaction, tally: MonthTally, file: CaseFile, numbers: dict[UUID, int]) -> None:
        """Count one case; one that was changed into something that no case can be says nothing here: statistics tell of it."""
        if any(UNREADABLE in event.data for event in file.events):
            return
        try:
            terms = self._find_terms(file.case.service, file.case.mapping_version)
            if terms.region not in self.calendars:
                self.calendars[terms.region] = find_calendar_at(tx.calendars, terms.region, self.month.ends_at)
            tally.add_case(file, terms, self.calendars[terms.region], numbers.get)
        except (ServiceUnknown, ConfigurationFault, LookupError, ValueError, TypeError):
            return

    def _find_terms(self, service: str, version: int) -> CounterTerms:
        if (service, version) not in self.terms:
            self.terms[service, version] = terms_of(self.desk.catalogue.service_at(service, version))
        return self.terms[service, version]


def show_month(desk: StatisticsDesk, month: Month, new_id: NewId, tell: Progress = lambda _: None) -> PatternRun:
    """Find the patterns of a month and show them, once: to those whom they are about and to their supervision at the same moment.

    A month that was computed before stays as it is. Raises ``StoreUnavailable``.
    """
    agencies = desk.directory.all_agencies()
    with desk.house.begin(agencies) as tx:
        before = tx.slowness.load_run(str(month))
    if before is not None:
        return before
    found = find_patterns(desk, month, tell)
    now, terms = desk.clock.now(), list_thresholds()
    run = PatternRun(desk.directory.root_agency(), found.month, RULE, found.tests, len(found.findings), now)
    patterns = [Pattern(new_id(), one, RULE, terms, found.tests, now) for one in found.findings]
    with desk.house.begin(agencies) as tx:
        if tx.slowness.keep(run, patterns):
            return run
        return tx.slowness.load_run(found.month) or run


def show_due(desk: StatisticsDesk, new_id: NewId, tell: Callable[[PatternRun], None] = lambda _: None) -> int:
    """Show the patterns of closed months that were not computed yet, the oldest first; how many months."""
    due = list_due(desk)
    for month in due:
        tell(show_month(desk, month, new_id))
    return len(due)


def list_due(desk: StatisticsDesk) -> list[Month]:
    """Closed months of the last ``LOOK_BACK`` without their patterns, the oldest first."""
    oldest = month_of(desk.clock.now())
    for _ in range(LOOK_BACK):
        oldest = oldest.preceding
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        closed = [read_month(one.month) for one in tx.months.list_closed(LOOK_BACK)]
        return sorted(one for one in closed if one >= oldest and tx.slowness.load_run(str(one)) is None)
