"""A new calendar over the open cases: whose deadline moves is set anew and told, once; nobody else hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.calendar_seed import load_shipped_calendar
from services.calendar_record import Calendar, NamedDay
from services.case_clocks import make_lines
from services.case_desk import CaseDesk
from services.case_file import CaseFile
from services.case_recompute import PAGE, Touched, add_calendar, recompute_cases
from services.case_record import Hand
from services.counter_terms import Step
from services.errors import VersionTaken
from tests.case_samples import make_case_mapping, say
from tests.fake_cases import FakeCaseHouse, make_case_desk
from tests.fakes import FakeClock
from tests.unit.services.told_cases import add, at, begin

TODAY = date(2026, 12, 9)
JOINT = (Step(say("审查"), "clerk", 2), Step(say("税务意见"), "clerk", 3, agency="demo-tax-office"))
NEW_YEAR = {date(2027, 1, number): NamedDay(False, "元旦", "2027年的通知") for number in (1, 2, 3)}


@pytest.fixture
def desk() -> CaseDesk:
    """A counter in December 2026, with the shipped calendar, over a service with a joint step."""
    house = FakeCaseHouse()
    house.tables.counter.calendars["CN", 1] = load_shipped_calendar()
    return make_case_desk(make_case_mapping(steps=JOINT), house=house, clock=FakeClock(at(TODAY)))


def publish(desk: CaseDesk, named: dict[date, NamedDay] | None = None) -> Calendar:
    """The notice for 2027 comes out."""
    former = load_shipped_calendar()
    days = {**former.named, **(NEW_YEAR if named is None else named)}
    calendar = replace(former, version=2, named=days, published_until=date(2027, 12, 31))
    add_calendar(desk, calendar, "a test")
    return calendar


def open_case(desk: CaseDesk, received: date, accepted: date | None = None, number: str = "") -> CaseFile:
    """A case in the store, as far as this."""
    file = begin(received, desk.directory.agency_id("demo-office"), case_no=number or f"NO{received:%m%d}")
    if accepted is not None:
        file = add(file, "accepted", accepted, on=accepted.isoformat())
        file = add(file, "step_finished", accepted, step=0)
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        mapping = desk.catalogue.services[file.case.service]
        tx.cases.open(file.case, file.events[0], make_lines(desk, tx, replace(file, events=file.events[:1]), mapping))
        for length in range(2, len(file.events) + 1):
            part = replace(file, events=file.events[:length])
            tx.cases.append(file.case.agency_id, part.events[-1], make_lines(desk, tx, part, mapping))
    return file


def reload(desk: CaseDesk, file: CaseFile) -> CaseFile:
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        found = tx.cases.load(file.case.case_id)
    assert found is not None
    return CaseFile(found[0], tuple(found[1]))


def recompute(desk: CaseDesk) -> list[Touched]:
    return list(recompute_cases(desk, "CN", 2))


def test_a_deadline_that_moves_is_an_event_with_before_and_after(desk: CaseDesk) -> None:
    """By the hand of the clock, in the state that it was; the desks' lines follow, and the applicant is told."""
    file = open_case(desk, date(2026, 12, 7), date(2026, 12, 7))
    publish(desk)
    (touched,) = recompute(desk)
    event = reload(desk, file).events[-1]
    assert (event.name, event.hand, event.state, event.staff_id) == ("clock_recomputed", Hand.CLOCK, file.state, None)
    statutory = {"clock": "statutory", "step": -1}
    assert event.data["before"] == [{**statutory, "due_on": "2027-01-04", "provisional": True, "calendar_version": 1}]
    assert event.data["after"] == [{**statutory, "due_on": "2027-01-05", "provisional": False, "calendar_version": 2}]
    assert event.data["calendar_version"] == 2
    agencies = {desk.directory.agency_id("demo-office"), desk.directory.agency_id("demo-tax-office")}
    assert (touched.case_no, set(touched.desks)) == ("NO1207", agencies)
    house = desk.house
    assert isinstance(house, FakeCaseHouse)
    assert ("tell_case", file.case.case_id) in house.jobs


def test_a_mark_that_goes_is_told_though_the_day_stays(desk: CaseDesk) -> None:
    """No longer provisional, on the same day."""
    file = open_case(desk, date(2026, 12, 7), date(2026, 12, 7))
    publish(desk, {})
    assert [one.case_no for one in recompute(desk)] == ["NO1207"]
    (after,) = reload(desk, file).events[-1].data["after"]
    assert (after["due_on"], after["provisional"]) == ("2027-01-04", False)


def test_a_make_up_day_in_the_year_before_moves_what_was_certain(desk: CaseDesk) -> None:
    """A notice for 2027 makes 2026-12-26 a working day: a deadline that was not provisional comes earlier, and is told."""
    file = open_case(desk, date(2026, 12, 7), date(2026, 12, 7))
    publish(desk, {date(2026, 12, 26): NamedDay(True, "元旦", "2027年的通知")})
    recompute(desk)
    moved = {one["clock"]: one["due_on"] for one in reload(desk, file).events[-1].data["after"]}
    assert moved == {"statutory": "2027-01-01", "promised": "2026-12-26"}


def test_a_case_that_nothing_moves_hears_nothing(desk: CaseDesk) -> None:
    """Received and not accepted: its five days end in December."""
    file = open_case(desk, date(2026, 12, 7))
    publish(desk)
    assert recompute(desk) == []
    assert reload(desk, file) == file


def test_a_closed_case_hears_nothing(desk: CaseDesk) -> None:
    """No clock runs for it."""
    file = add(open_case(desk, date(2026, 12, 7), date(2026, 12, 7)), "withdrawn", TODAY)
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        tx.cases.append(file.case.agency_id, file.events[-1], [])
    publish(desk)
    assert recompute(desk) == []


def test_a_run_that_broke_off_is_taken_up(desk: CaseDesk) -> None:
    """Whoever was set anew is not set anew again; the rest is."""
    first, second = (
        open_case(desk, date(2026, 12, 7), date(2026, 12, 7)),
        open_case(desk, date(2026, 12, 8), date(2026, 12, 8)),
    )
    publish(desk)
    broken = recompute_cases(desk, "CN", 2)
    assert next(broken).case_no == "NO1207"
    del broken
    assert [one.case_no for one in recompute(desk)] == ["NO1208"]
    assert recompute(desk) == []
    for file in (first, second):
        assert len(reload(desk, file).all_of("clock_recomputed")) == 1


def test_a_clock_that_began_under_the_new_calendar_is_left_alone(desk: CaseDesk) -> None:
    """Its applicant was never told another day."""
    publish(desk)
    moments = desk.clock
    assert isinstance(moments, FakeClock)
    later = TODAY + timedelta(days=5)
    file = open_case(desk, later, later)
    assert recompute(desk) == []
    assert reload(desk, file) == file


def test_a_calendar_of_elsewhere_moves_nothing_here(desk: CaseDesk) -> None:
    """A service goes by its region's calendar; one without goes by the country's."""
    open_case(desk, date(2026, 12, 7), date(2026, 12, 7))
    add_calendar(desk, Calendar("CN-65", 2, {}, date(2004, 1, 1), date(2027, 12, 31)), "a test")
    assert list(recompute_cases(desk, "CN-65", 2)) == []


def test_a_version_that_exists_is_not_added_again(desk: CaseDesk) -> None:
    """Two operators at once: one of them is told."""
    publish(desk)
    with pytest.raises(VersionTaken):
        publish(desk, {})


def test_a_version_that_does_not_exist_moves_nothing(desk: CaseDesk) -> None:
    """And is no crash."""
    open_case(desk, date(2026, 12, 7), date(2026, 12, 7))
    assert list(recompute_cases(desk, "CN", 9)) == []


def test_more_cases_than_a_page_are_all_set_anew(desk: CaseDesk) -> None:
    """The pages follow one another by the id of the last case."""
    for number in range(PAGE + 3):
        open_case(desk, date(2026, 12, 7), date(2026, 12, 7), f"NO{number}")
    publish(desk)
    assert len(recompute(desk)) == PAGE + 3
