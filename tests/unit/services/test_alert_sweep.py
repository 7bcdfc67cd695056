"""The sweep on a counter in memory: told once, with its real moment, whatever came between; and up a level if nobody looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.ids import make_id
from services.alert_mail import MailTransaction
from services.alert_record import Alert
from services.alert_sweep import list_plans, sweep_alerts
from services.calendar_record import NamedDay
from services.case_recompute import add_calendar, recompute_cases, replan_open_cases
from services.case_record import Hand
from services.errors import StoreUnavailable
from tests.fake_case_books import make_calendar
from tests.unit.services.swept import HOUR, MONDAY, Office, day, extend, midnight


def test_an_accepted_case_that_nobody_touches_is_told_rung_by_rung() -> None:
    """Orange on the twelfth of fifteen days, red after the fifteenth, then the statutory limit; each step on its own desk."""
    office = Office()
    case_id = office.accept()
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id) == [
        ("step:0", "late", day(6)), ("promised", "orange", day(18)), ("promised", "red", day(24)),
        ("statutory", "passed", day(1, 12)),
    ]  # fmt: skip
    assert {one.planned.agency_id for one in office.alerts} == {office.own}


def test_a_step_of_another_agency_is_late_on_its_desk() -> None:
    """The alert is theirs, the case stays the lead's; nobody there is named."""
    office = Office()
    case_id, clerk = office.accept(), make_id(midnight(MONDAY))
    office.do(case_id, "claimed", staff_id=clerk)
    office.do(case_id, "step_finished", step=0, on=MONDAY.isoformat())
    office.on(day(5)).sweep()
    (alert,) = office.alerts
    assert (alert.planned.clock, alert.planned.agency_id, alert.planned.lead_agency_id) == (
        "step:1",
        office.tax,
        office.own,
    )
    assert (alert.planned.staff_id, alert.level_agency_id) == (None, office.tax)


def test_completeness_and_delivery_are_told_too() -> None:
    """Five days for the notice, ten from the decision till it is delivered."""
    office = Office()
    silent = office.open()
    office.on(day(10)).sweep()
    assert office.rungs(silent) == [("completeness", "late", day(10))]
    granted = office.accept()
    office.do(granted, "step_finished", step=0, on=day(10).isoformat())
    office.do(granted, "step_finished", step=1, on=day(10).isoformat())
    office.do(granted, "granted", on=day(10).isoformat(), reasons=["合格"])
    office.on(day(25)).sweep()
    assert office.rungs(granted) == [("delivery", "late", day(25))]


def test_what_is_not_due_yet_is_not_told() -> None:
    """A sweep one second before midnight tells nothing; at midnight it tells."""
    office = Office()
    case_id = office.accept()
    assert office.at(midnight(day(6)) - timedelta(seconds=1)).sweep() == 0
    assert office.at(midnight(day(6))).sweep() == 1
    assert office.told(case_id)[0][2:] == (midnight(day(6)), midnight(day(6)))


def test_every_alert_is_told_once_however_often_it_is_swept() -> None:
    """Sweeping again tells nothing more, and neither does the case moving on."""
    office = Office()
    case_id = office.accept()
    office.on(day(31, 12))
    assert [office.sweep(), office.sweep()] == [4, 0]
    office.do(case_id, "claimed", staff_id=office.own)
    assert office.sweep() == 0
    assert len(office.told(case_id)) == len({row[:2] for row in office.told(case_id)}) == 4


def test_an_outage_is_caught_up_with_the_moment_at_which_it_was_really_due() -> None:
    """One run after three weeks tells all of it: due then, sent now, the earliest first."""
    office = Office()
    case_id = office.accept()
    office.on(day(1, 12))
    run = sweep_alerts(office.sweeper)
    assert [row[2] for row in office.told(case_id)] == [
        midnight(day(6)),
        midnight(day(18)),
        midnight(day(24)),
        midnight(day(1, 12)),
    ]
    assert {row[3] for row in office.told(case_id)} == {office.clock.now()}
    assert (run.told, run.swept_until) == (4, office.clock.now())


def test_a_limit_that_passed_during_an_outage_is_told_though_the_case_is_closed() -> None:
    """An outage is no way to be late without being seen."""
    office = Office()
    case_id = office.accept()
    office.on(day(25)).do(case_id, "terminated", reason="试")
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id) == [
        ("step:0", "late", day(6)),
        ("promised", "orange", day(18)),
        ("promised", "red", day(24)),
    ]


def test_a_case_that_is_closed_in_time_is_not_told() -> None:
    """The day before the step was late."""
    office = Office()
    case_id = office.accept()
    office.on(day(5)).do(case_id, "terminated", reason="试")
    assert office.on(day(31, 12)).sweep() == 0


def test_an_extension_after_orange_moves_red_and_takes_nothing_back() -> None:
    """Orange stands; red comes ten working days later, the statutory limit too; orange is not told a second time."""
    office = Office(steps=())
    case_id = office.accept()
    office.on(day(18)).sweep()
    extend(office, case_id)
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id) == [
        ("promised", "orange", day(18)), ("promised", "red", day(8, 12)), ("statutory", "passed", day(15, 12)),
    ]  # fmt: skip


def test_an_extension_before_orange_moves_it() -> None:
    """Twenty of the twenty-five days that are in force then."""
    office = Office(steps=())
    case_id = office.accept()
    office.on(day(4))
    extend(office, case_id)
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id)[0] == ("promised", "orange", day(30))


def test_an_extension_during_an_outage_leaves_the_orange_that_was_due() -> None:
    """It was due before the head granted it, whether a sweep was there to see it or not."""
    office = Office(steps=())
    case_id = office.accept()
    office.on(day(19))
    extend(office, case_id)
    office.on(day(20)).sweep()
    assert office.rungs(case_id) == [("promised", "orange", day(18))]


def test_a_suspension_moves_what_lies_ahead() -> None:
    """A special procedure of ten days after orange: red is later by the working days that it takes."""
    office = Office(steps=())
    case_id = office.accept()
    office.on(day(18)).sweep()
    office.do(
        case_id, "special_began", code="inspection", on=day(18).isoformat(), until_on=day(27).isoformat(), days=10
    )
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id)[:2] == [("promised", "orange", day(18)), ("promised", "red", day(3, 12))]


def test_a_special_procedure_that_ends_early_brings_it_forward_again() -> None:
    """The plan follows the real end."""
    office = Office(steps=())
    case_id = office.accept()
    office.on(day(3)).do(
        case_id, "special_began", code="inspection", on=day(3).isoformat(), until_on=day(27).isoformat(), days=19
    )
    office.on(day(5)).do(case_id, "special_ended", on=day(5).isoformat())
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id)[0] == ("promised", "orange", day(20))


def test_acceptance_by_silence_is_late_from_where_the_law_dates_it_back_to() -> None:
    """Accepted as of the day of receipt: what that means for the past is due at once, with its real moment."""
    office = Office()
    case_id = office.open()
    office.on(day(20)).do(case_id, "deemed_accepted", Hand.CLOCK, on=MONDAY.isoformat())
    office.sweep()
    assert office.rungs(case_id) == [
        ("step:0", "late", day(6)), ("completeness", "late", day(10)), ("promised", "orange", day(18)),
    ]  # fmt: skip


def test_who_holds_the_case_when_it_falls_due_is_named() -> None:
    """Handed on before: the new holder. Handed on after it was due: the old one."""
    office = Office(steps=())
    case_id = office.accept()
    first, second, third = (make_id(midnight(MONDAY)) for _ in range(3))
    office.do(case_id, "claimed", staff_id=first)
    office.do(case_id, "reassigned", Hand.HEAD, to=str(second))
    office.on(day(19)).do(case_id, "reassigned", Hand.HEAD, to=str(third))
    office.on(day(24)).sweep()
    named = {str(one.planned.rung): one.planned.staff_id for one in office.alerts}
    assert named == {"orange": second, "red": third}


def test_a_notice_moves_orange_where_no_deadline_moves() -> None:
    """A holiday and a make-up Saturday after it: the last day stays, no event is written, orange is another day."""
    office = Office(steps=(), statutory_days=15)
    case_id = office.accept()
    before = len(office.house.tables.counter.events[case_id])
    named = {day(17): NamedDay(False, "试日", "试"), day(21): NamedDay(True, "调休", "试")}
    add_calendar(office.desk, replace(make_calendar(), version=2, named=named), "a test")
    assert list(recompute_cases(office.desk, "CN", 2)) == []
    assert len(office.house.tables.counter.events[case_id]) == before
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id)[:2] == [("promised", "orange", day(19)), ("promised", "red", day(24))]


def test_a_notice_moves_every_rung_that_lies_ahead() -> None:
    """With its event, as the deadline moves too; what was told before the notice stays told."""
    office = Office(steps=())
    case_id = office.accept()
    office.on(day(18)).sweep()
    add_calendar(
        office.desk, replace(make_calendar(), version=2, named={day(19): NamedDay(False, "试日", "试")}), "a test"
    )
    assert len(list(recompute_cases(office.desk, "CN", 2))) == 1
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id) == [
        ("promised", "orange", day(18)), ("promised", "red", day(25)), ("statutory", "passed", day(2, 12)),
    ]  # fmt: skip


def test_cases_from_before_supervision_are_planned() -> None:
    """A store without a plan gets one for its open cases; another share for orange moves what lies ahead."""
    office = Office(steps=())
    case_id = office.accept()
    office.house.tables.counter.planned.clear()
    assert replan_open_cases(replace(office.desk, orange_percent=50)) == 1
    office.on(day(31, 12)).sweep()
    assert office.rungs(case_id)[0] == ("promised", "orange", day(12))


def test_a_fact_is_told_by_the_next_sweep() -> None:
    """A refusal without a reason, at its moment; the case is closed and told of all the same."""
    office = Office(steps=())
    case_id = office.accept()
    at = office.clock.now()
    file = office.do(case_id, "refused", on=MONDAY.isoformat(), reasons=["—"], legal_ground="试")
    office.at(at + HOUR).sweep()
    assert office.told(case_id) == [(f"no_reason:{file.version}", "fact", at, at + HOUR)]


def test_a_batch_after_the_other_tells_everything() -> None:
    """With batches of one, five cases are told in one run, each in a transaction of its own."""
    office = Office(steps=())
    cases = [office.accept() for _ in range(5)]
    sweeper = replace(office.sweeper, batch=1)
    office.on(day(18))
    assert sweep_alerts(sweeper).told == 5
    assert {one.planned.case_id for one in office.alerts} == set(cases)


def test_a_sweep_that_breaks_off_is_taken_up_by_the_next() -> None:
    """What was committed stays told, the rest is told later with the same real moment; no sign of life is left by a broken one."""
    office = Office(steps=())
    for _ in range(3):
        office.accept()
    broken = iter((None, StoreUnavailable()))

    def fail(_tx: MailTransaction, _alert: Alert, _now: datetime) -> None:
        error = next(broken)
        if error is not None:
            raise error

    office.on(day(18))
    with pytest.raises(StoreUnavailable):
        sweep_alerts(replace(office.sweeper, batch=1, also_tell=fail))
    assert (len(office.alerts), office.house.tables.counter.sweeps) == (1, [])
    assert office.at(office.clock.now() + HOUR).sweep() == 2
    assert {one.planned.due_at for one in office.alerts} == {midnight(day(18))}


def test_the_plan_is_read_without_a_trace() -> None:
    """A dry run pages through what would be told by a moment, in order, and changes nothing."""
    office = Office()
    cases = [office.accept() for _ in range(3)]
    before = dict(office.house.tables.counter.planned)
    found = [list(list_plans(office.house, office.desk.directory, midnight(day(24)), size)) for size in (1, 2, 500)]
    assert found[0] == found[1] == found[2] == sorted(found[0], key=lambda one: (one.due_at, one.case_id, one.clock))
    assert [len([one for one in found[0] if one.case_id == case]) for case in cases] == [3, 3, 3]
    assert (office.house.tables.counter.planned, office.alerts) == (before, [])
