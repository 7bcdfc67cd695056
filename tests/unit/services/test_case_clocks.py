"""Which desk has which line of a case, whom it waits for, what is due, and when the clock looks again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from adapters.calendar_seed import load_shipped_calendar
from services.calendar_record import Calendar
from services.case_clocks import calendar_of, deadlines_of, decision_deadlines, make_lines, next_watch, terms_of
from services.case_desk import CaseDesk
from services.case_file import CaseFile
from services.case_record import DeskLine
from services.counter_terms import Step
from services.errors import ConfigurationFault
from tests.case_samples import make_case_mapping, say
from tests.fake_cases import FakeCaseHouse, make_case_desk
from tests.fakes import FakeClock
from tests.unit.services.told_cases import accept, add, at, begin, day, suspend

SHIPPED = load_shipped_calendar()
JOINT = (
    Step(say("受理"), "clerk", 2),
    Step(say("税务意见"), "clerk", 3, agency="demo-tax-office", together="a"),
    Step(say("现场"), "clerk", 4, together="a"),
    Step(say("决定"), "head", 3, "clerk"),
)


def open_desk(today: date = date(2026, 3, 9), **terms: Any) -> CaseDesk:
    """A desk at 10:00 of this day with the shipped calendar, over the trial service with these terms."""
    house = FakeCaseHouse()
    house.tables.counter.calendars["CN", 1] = SHIPPED
    return make_case_desk(make_case_mapping(**terms), house=house, clock=FakeClock(at(today)))


def lines(desk: CaseDesk, file: CaseFile) -> list[DeskLine]:
    mapping = desk.catalogue.services[file.case.service]
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        return make_lines(desk, tx, file, mapping)


def watch(desk: CaseDesk, file: CaseFile) -> datetime | None:
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        return next_watch(desk, tx, file, desk.catalogue.services[file.case.service])


def issue(delivery: str) -> CaseFile:
    file = accept()
    file = replace(file, case=replace(file.case, delivery=delivery))
    return add(add(file, "granted", day(20), on="2026-03-20"), "certificate_issued", day(23))


@pytest.mark.parametrize(
    ("file", "waits_for", "due_clock", "due_on"),
    [
        (begin(), "clerk", "completeness", day(9)),
        (add(begin(), "correction_asked", day(4), until_on="2026-03-25"), "applicant", "correction", day(25)),
        (accept(), "clerk", "step", day(10)),
        (add(add(accept(), "step_finished", day(9), step=0), "step_finished", day(10), step=1), "head", "step", day(13)),
        (add(accept(), "extension_asked", day(9), days=5), "head", "step", day(10)),
        (suspend(accept(), day(9), day(11)), "clerk", "special", day(11)),
        (add(accept(), "granted", day(20), on="2026-03-20"), "house", "delivery", date(2026, 4, 3)),
        (issue("window"), "applicant", "delivery", date(2026, 4, 3)),
        (issue("electronic"), "applicant", "delivery", date(2026, 4, 3)),
        (issue("post"), "clerk", "delivery", date(2026, 4, 3)),
        (add(issue("post"), "posted", day(24)), "clerk", "delivery", date(2026, 4, 3)),
        (add(begin(), "not_accepted", day(4)), "nobody", "", None),
        (add(accept(), "withdrawn", day(9)), "nobody", "", None),
    ],
)  # fmt: skip
def test_a_line_says_whom_the_case_waits_for_and_what_is_due(
    file: CaseFile, waits_for: str, due_clock: str, due_on: date | None
) -> None:
    """In each state: who must do something, and the nearest clock that runs."""
    (line,) = lines(open_desk(), file)
    assert (line.waits_for, line.due_clock, line.due_on, line.provisional) == (waits_for, due_clock, due_on, False)
    assert (line.version, line.state, line.agency_id) == (file.version, file.state, file.case.agency_id)


def finish(file: CaseFile, *steps: int) -> CaseFile:
    for step in steps:
        file = add(file, "step_finished", day(9), step=step)
    return file


@pytest.mark.parametrize(
    ("terms", "waits_for"),
    [
        ({}, "clerk"),
        ({"steps": (*JOINT[:1], replace(JOINT[2], hands_over_to="head"))}, "head"),
        ({"steps": (), "decided_by": "back_end"}, "house"),
        ({"steps": ()}, "clerk"),
    ],
)  # fmt: skip
def test_when_all_steps_are_finished_it_waits_for_whoever_decides(terms: dict[str, Any], waits_for: str) -> None:
    """The one to whom the last step hands over, the back end where that decides, else a clerk."""
    (line,) = lines(open_desk(**terms), finish(accept(), 0, 1, 2))
    assert (line.waits_for, line.step) == (waits_for, -1)


def test_a_gap_that_is_left_waits_for_the_applicant() -> None:
    """Everything else is done: the result is not decided before what was promised is there."""
    gap = add(begin(), "accepted_with_gap", day(6), on="2026-03-06", missing=["floor_plan"], until_on="2026-03-20")
    (line,) = lines(open_desk(steps=()), gap)
    assert (line.waits_for, line.due_clock) == ("applicant", "gap")


def test_a_joint_case_has_a_line_on_the_other_agency_s_desk_when_its_turn_comes() -> None:
    """Side by side, each with its own step and its own nearest clock; the lead waits for nobody of its own when its part is done."""
    desk = open_desk(steps=JOINT)
    tax = desk.directory.agency_id("demo-tax-office")
    assert [line.agency_id == tax for line in lines(desk, accept())] == [False]
    lead, theirs = lines(desk, finish(accept(), 0))
    assert (theirs.agency_id, theirs.lead_agency_id) == (tax, lead.agency_id)
    assert (theirs.waits_for, theirs.step, theirs.due_clock, theirs.due_on) == ("clerk", 1, "step", day(12))
    assert (lead.waits_for, lead.step, lead.due_clock, lead.due_on) == ("clerk", 2, "step", day(13))
    lead, theirs = lines(desk, finish(accept(), 0, 2))
    assert (lead.waits_for, lead.step, lead.due_clock) == ("nobody", -1, "promised")
    lead, theirs = lines(desk, finish(accept(), 0, 2, 1))
    assert (lead.waits_for, lead.step) == ("head", 3)
    assert (theirs.waits_for, theirs.step) == ("nobody", -1)


def test_nobody_of_another_agency_is_waited_for_while_the_procedure_stands() -> None:
    """A special procedure is the lead's; and a decided case waits for nobody else."""
    desk = open_desk(steps=JOINT)
    assert lines(desk, suspend(finish(accept(), 0), day(9), day(11)))[1].waits_for == "nobody"


def test_a_step_of_the_lead_s_own_slug_is_the_lead_s() -> None:
    """A mapping may name the agency that has the case anyway: it gets one line, not two."""
    desk = open_desk(steps=(Step(say("审查"), "clerk", 2, agency="demo-office"),))
    file = accept()
    file = replace(file, case=replace(file.case, agency_id=desk.directory.agency_id("demo-office")))
    assert [(line.waits_for, line.step) for line in lines(desk, file)] == [("clerk", 0)]


def test_a_line_names_the_clerk_who_has_the_case_in_hand() -> None:
    """At the lead agency; another's desk has hands of its own."""
    claimed = add(accept(), "claimed", day(9))
    assert lines(open_desk(), claimed)[0].claimed_by == claimed.events[-1].staff_id


def test_the_clock_looks_again_when_the_nearest_day_has_ended() -> None:
    """The first moment of the next day in Beijing, so that what lapsed is seen; what has run out already is not waited for again."""
    assert watch(open_desk(), begin()) == datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    assert watch(open_desk(), accept()) == datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
    assert watch(open_desk(date(2026, 3, 11)), accept()) == datetime(2026, 3, 27, 16, 0, tzinfo=UTC)
    assert watch(open_desk(date(2026, 4, 30)), accept()) is None
    assert watch(open_desk(), add(begin(), "not_accepted", day(4))) is None


def test_a_deadline_beyond_the_calendar_is_provisional_on_the_desk() -> None:
    """Accepted in December 2026: the statutory day lies in a year that is not announced."""
    file = add(begin(date(2026, 12, 7)), "accepted", date(2026, 12, 7), on="2026-12-07")
    desk = open_desk(date(2026, 12, 8), steps=())
    (line,) = lines(desk, file)
    assert (line.due_clock, line.due_on, line.provisional) == ("promised", date(2026, 12, 28), False)
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        mapping = desk.catalogue.services[file.case.service]
        told = {str(one.kind): one.provisional for one in deadlines_of(desk, tx, file, mapping)}
        assert told == {"statutory": True, "promised": False}
        ended = add(file, "withdrawn", date(2026, 12, 8))
        assert deadlines_of(desk, tx, ended, mapping) == ()
        assert [str(one.kind) for one in decision_deadlines(tx, ended, mapping)] == ["statutory", "promised"]


def test_a_region_goes_by_its_own_calendar_else_by_the_country_s() -> None:
    """And without either by one that knows nothing: no case is refused for it, and no day is certain."""
    desk = open_desk()
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        assert calendar_of(tx, "CN-65") == SHIPPED
        own = Calendar("CN-65", 1, {}, date(2026, 1, 1), date(2026, 12, 31))
        tx.calendars.add(own, "a test", at(day(9)))
        assert calendar_of(tx, "CN-65") == own
        assert (calendar_of(tx, "XX").version, calendar_of(tx, "XX").published_until) == (0, date.min)


def test_a_service_that_is_no_case_has_no_clocks() -> None:
    """A fault of configuration, not a deadline of zero."""
    with pytest.raises(ConfigurationFault):
        terms_of(replace(make_case_mapping(), counter=None))


def test_agencies_that_were_never_imported_are_a_fault_of_configuration() -> None:
    """The mapping names an agency that this environment does not know."""
    desk = open_desk(steps=(Step(say("审查"), "clerk", 2, agency="demo-tax-office"),))
    bare = replace(desk, directory=make_case_desk().directory)
    with pytest.raises((ConfigurationFault, KeyError)):
        lines(bare, accept())


def test_ids_of_lines_are_of_their_own_desk() -> None:
    """Every line of a case names the same case and lead."""
    desk = open_desk(steps=JOINT)
    file = finish(accept(), 0)
    found: set[UUID] = {line.case_id for line in lines(desk, file)}
    assert found == {file.case.case_id}
