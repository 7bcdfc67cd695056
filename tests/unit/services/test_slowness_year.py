"""The clerks of the simulated year: whoever stops clocks, idles, asks in pieces or favours is shown, and nobody who works as people do."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from uuid import UUID, uuid5

import pytest

from services.case_file import DECIDING, CaseFile
from services.counter_terms import CounterTerms
from services.months import Month
from services.slowness_record import Finding
from services.slowness_tally import REGULAR, MonthTally, judge_all, list_quarter
from tests.year.arrivals import list_arrivals, make_case, seat_staff
from tests.year.calendars import WorkingDays, load_calendars
from tests.year.city import CLERKS, NAMES, make_services
from tests.year.story import Life

SEEDS = (3, 21)
JUNE = Month(2025, 6)
SHOWN = {"stopper": "stopped", "deliberate": "idle", "piecemeal": "pieces", "favouring": "favoured"}
"""By the habit of a clerk what is to be shown of them, and nothing else."""
Told = tuple[CaseFile, CounterTerms]


@cache
def live_quarter(seed: int) -> list[Told]:
    """The cases that one district received in five months of a year of 60,000 cases: three clerks of each ten have a bad habit."""
    days, staff, services = WorkingDays(load_calendars()[1]), seat_staff(), make_services()
    agencies = {slug: uuid5(NAMES, slug) for slug in CLERKS}
    told = []
    for arrival in list_arrivals(60_000, seed, days, staff):
        service = services[arrival.service]
        if service.agency == "east" and 2 <= arrival.day.month <= JUNE.number:
            case = make_case(arrival, service, agencies, seed)
            told.append((CaseFile(case, Life(arrival, case, service, staff, days, seed).tell()), service.terms))
    return told


def find_all(told: list[Told], month: Month) -> list[Finding]:
    """The patterns of a month; applicants are told apart as the store does."""
    span, regulars = list_quarter(month), defaultdict[object, list[UUID]](list)
    for file, _ in told:
        if any(event.name in DECIDING and span[0].begins_at <= event.at < month.ends_at for event in file.events):
            regulars[file.case.service, file.case.organisation_id].append(file.case.case_id)
    many = [cases for cases in regulars.values() if len(cases) >= REGULAR]
    numbers = {case_id: number for number, cases in enumerate(many, 1) for case_id in cases}
    tallies = [MonthTally(one) for one in span]
    for tally in tallies:
        for file, terms in told:
            tally.add_case(file, terms, load_calendars()[1], numbers.get)
    return judge_all(tallies)[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_habits_are_found_and_honest_clerks_are_not(seed: int) -> None:
    """In a quarter each clerk with a habit is shown for it; fast, steady, slow and uneven ones are not, nor anybody for something else."""
    habits = {one.staff_id: one.habit.name for one in seat_staff().clerks["east"]}
    found = {
        (habits[one.manager_id], str(one.kind))
        for month in list_quarter(JUNE)
        for one in find_all(live_quarter(seed), month)
    }
    assert found == set(SHOWN.items())


def test_without_habits_nobody_is_shown() -> None:
    """The same quarter without the cases of those clerks: comparisons are made, nobody is shown."""
    habits = {one.staff_id: one.habit.name for one in seat_staff().clerks["east"]}
    bad = {staff_id for staff_id, habit in habits.items() if habit in SHOWN}
    honest = [one for one in live_quarter(SEEDS[0]) if not bad & {event.staff_id for event in one[0].events}]
    assert len(honest) > 2000
    assert [find_all(honest, month) for month in list_quarter(JUNE)] == [[], [], []]


def test_every_case_of_the_evidence_is_the_persons_own() -> None:
    """Whoever is shown stands in each of these cases, and each of them ended within the span."""
    told = {file.case.case_id: file for file, _ in live_quarter(SEEDS[0])}
    found = find_all(live_quarter(SEEDS[0]), JUNE)
    assert found
    for one in found:
        assert len(one.evidence) == min(one.own.hits, len(one.evidence)) > 0
        for case in one.evidence:
            assert one.manager_id in {event.staff_id for event in told[case.case_id].events}
            assert one.first_month <= case.course.ended_on.strftime("%Y-%m") <= one.month
