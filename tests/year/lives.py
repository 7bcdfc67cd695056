"""Lives of cases for tests: those of the simulated year, by number."""

from __future__ import annotations

from functools import cache
from uuid import UUID, uuid5

from services.case_file import CaseFile
from services.counter_terms import CounterTerms
from tests.year.arrivals import Arrival, Staff, list_arrivals, make_case, seat_staff
from tests.year.calendars import WorkingDays, load_calendars
from tests.year.city import CLERKS, NAMES, Service, make_services
from tests.year.story import Life

LIVES = 3000


@cache
def list_sample() -> tuple[list[Arrival], tuple[Service, ...], Staff, WorkingDays]:
    """Three thousand arrivals of one seed, and what their lives need."""
    days, staff = WorkingDays(load_calendars()[1]), seat_staff()
    return list_arrivals(LIVES, 5, days, staff), make_services(), staff, days


def find_agency(slug: str) -> UUID:
    """The id of an agency of the year."""
    return uuid5(NAMES, slug)


def tell_life(index: int) -> tuple[CaseFile, CounterTerms]:
    """The whole file of one case, and its service's terms."""
    arrivals, services, staff, days = list_sample()
    service = services[arrivals[index].service]
    case = make_case(arrivals[index], service, {slug: find_agency(slug) for slug in CLERKS}, 5)
    events = Life(arrivals[index], case, service, staff, days, 5).tell()
    return CaseFile(case, events), service.terms


def list_prefixes(file: CaseFile) -> list[CaseFile]:
    """The file as it was after each of its events."""
    return [CaseFile(file.case, file.events[:count]) for count in range(1, len(file.events) + 1)]
