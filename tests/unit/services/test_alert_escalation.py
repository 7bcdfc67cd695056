"""The sweep on a counter in memory: what nobody looks at goes up a level; and sweeping late tells the same as sweeping all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alert_record import Alert, AlertEvent, AlertState, PlannedAlert, Rung
from services.alert_sweep import sweep_alerts
from services.case_events import Move, load_case, write_move
from services.case_record import Hand
from services.errors import StoreUnavailable
from services.escalation_rule import EscalationRule
from services.payment_graph import EdgeUnknown
from tests.unit.services.swept import HOUR, MONDAY, Office, day, extend_once, midnight


def test_nobody_looks_and_it_goes_up_to_the_root() -> None:
    """Eight office hours for orange at the office, then at the city; there it stays. Each step is an event, and is mailed."""
    office = Office(steps=())
    office.accept()
    office.on(day(18)).sweep()
    (alert,) = office.alerts
    assert alert.escalate_at == midnight(day(19)) + 10 * HOUR
    office.at(alert.escalate_at - timedelta(seconds=1))
    assert sweep_alerts(office.sweeper).escalated == 0
    office.at(alert.escalate_at)
    assert sweep_alerts(office.sweeper).escalated == 1
    (moved,) = office.alerts
    assert (moved.level_agency_id, moved.escalations, moved.escalate_at, moved.version) == (office.city, 1, None, 2)
    (told, up) = office.house.tables.counter.alert_events[alert.alert_id]
    assert (told.name, up.name, up.staff_id, up.at) == ("told", "escalated", None, office.clock.now())
    assert up.data == {"from": str(office.own), "to": str(office.city)}
    assert office.mailed == [(office.own, 0), (office.city, 1)]
    office.on(day(30))
    assert sweep_alerts(office.sweeper).escalated == 0


def test_what_somebody_has_in_hand_stays() -> None:
    """Acknowledged in time: it does not go up."""
    office = Office(steps=())
    office.accept()
    office.on(day(18)).sweep()
    (alert,) = office.alerts
    hand = replace(alert, state=AlertState.ACKNOWLEDGED, escalate_at=None, version=2)
    with office.house.begin(office.desk.directory.all_agencies()) as tx:
        tx.alerts.append(
            hand, AlertEvent(alert.alert_id, 2, "acknowledged", hand.state, office.clock.now(), office.own)
        )
    office.on(day(20))
    assert sweep_alerts(office.sweeper).escalated == 0


def test_each_level_has_its_full_time() -> None:
    """After an outage an alert goes up one level at a time, not from the district to the province at once."""
    office = Office(steps=())
    office.parents[office.city] = office.tax
    office.parents[office.tax] = None
    office.accept()
    office.on(day(18)).sweep()
    office.on(day(20))
    assert [sweep_alerts(office.sweeper).escalated for _ in range(2)] == [1, 0]
    assert [one.level_agency_id for one in office.alerts] == [office.city]
    office.on(day(23))
    assert sweep_alerts(office.sweeper).escalated == 1
    assert [one.level_agency_id for one in office.alerts] == [office.tax]


def test_a_level_that_an_agency_was_moved_away_from_has_nothing_of_it_any_more() -> None:
    """The district left its old city with an alert on the old city's desk: it goes up to the new one, not to what is above the old."""
    office = Office(steps=())
    province, new = UUID(int=901), UUID(int=902)
    office.parents |= {office.city: province, new: province, province: None}
    office.accept()
    office.on(day(18)).sweep()
    first = office.alerts[0].alert_id

    def go_up(on: date) -> UUID:
        """On whose desk it lies after the sweep of a day."""
        office.on(on)
        sweep_alerts(office.sweeper)
        return next(one.level_agency_id for one in office.alerts if one.alert_id == first)

    assert go_up(day(20)) == office.city
    office.parents[office.own] = new
    assert go_up(day(23)) == new
    assert go_up(day(26)) == province


def test_at_the_root_nothing_goes_up() -> None:
    """An alert of the root's own case has nowhere to go."""
    office = Office(steps=())
    office.parents[office.own] = None
    office.accept()
    office.on(day(18)).sweep()
    assert [one.escalate_at for one in office.alerts] == [None]


def test_without_a_calendar_weekdays_count() -> None:
    """A store that has lost its calendar still tells and moves up."""
    office = Office(steps=())
    office.accept()
    office.house.tables.counter.calendars.clear()
    office.on(day(18)).sweep()
    assert [one.escalate_at for one in office.alerts] == [midnight(day(19)) + 10 * HOUR]


def test_by_the_clock_if_the_settings_say_so() -> None:
    """The rule is the settings', not the sweeper's."""
    office = Office(steps=())
    office.accept()
    office.on(day(18))
    sweep_alerts(replace(office.sweeper, rule=EscalationRule({Rung.ORANGE: 30}, office_time=False)))
    assert [one.escalate_at for one in office.alerts] == [office.clock.now() + 30 * HOUR]


def test_whoever_listens_hears_of_each_after_its_commit() -> None:
    """Counters count what was really told."""
    office, heard = Office(steps=()), list[Alert]()
    office.accept()
    office.on(day(18))
    sweep_alerts(office.sweeper, heard.append)
    office.on(day(20))
    sweep_alerts(office.sweeper, heard.append)
    assert [(one.planned.rung, one.escalations) for one in heard] == [(Rung.ORANGE, 0), (Rung.ORANGE, 1)]


Step_ = tuple[str, int]
MOVES: dict[str, Callable[[Office, UUID, date], object]] = {
    "claim": lambda office, case_id, _: office.do(case_id, "claimed", staff_id=office.own),
    "extend": lambda office, case_id, _: extend_once(office, case_id),
    "suspend": lambda office, case_id, on: office.do(
        case_id,
        "special_began",
        code="inspection",
        on=on.isoformat(),
        until_on=(on + timedelta(days=6)).isoformat(),
        days=4,
    ),
    "resume": lambda office, case_id, on: office.do(case_id, "special_ended", on=on.isoformat()),
    "sweep": lambda office, _case, _on: office.sweep(),
    "close": lambda office, case_id, _: office.do(case_id, "terminated", reason="试"),
}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 9)), max_size=12))
def test_sweeping_late_tells_what_sweeping_all_the_time_tells(moves: Sequence[Step_]) -> None:
    """Whatever a case lives through, an office swept every day and one swept once at the end are told the same, due at the same moments."""
    often, late = Office(), Office()
    cases = {id(office): office.accept() for office in (often, late)}
    today = MONDAY
    for name, wait in moves:
        for _ in range(wait):
            today += timedelta(days=1)
            often.at(midnight(today)).sweep()
        for office in (often, late):
            office.on(today)
            if office is often or name != "sweep":
                _try(MOVES[name], office, cases[id(office)], today)
    for _ in range(90):
        today += timedelta(days=1)
        often.at(midnight(today)).sweep()
    late.at(midnight(today)).sweep()
    assert often.rungs(cases[id(often)]) == late.rungs(cases[id(late)])
    assert all(sent == due for _, _, due, sent in often.told(cases[id(often)]))


def _try(move: Callable[[Office, UUID, date], object], office: Office, case_id: UUID, today: date) -> None:
    """A move that the graph forbids now does not happen."""
    try:
        move(office, case_id, today)
    except EdgeUnknown:
        return


def list_planned(office: Office) -> list[PlannedAlert]:
    return list(office.house.tables.counter.planned.values())


def test_an_event_that_is_rolled_back_leaves_the_plan() -> None:
    """The plan is part of the event's transaction."""
    office = Office(steps=())
    case_id = office.accept()
    before = list_planned(office)

    def fail() -> None:
        with office.house.begin(office.desk.directory.all_agencies()) as tx:
            write_move(office.desk, tx, load_case(tx, case_id), Move("terminated", Hand.CLERK, {"reason": "试"}))
            raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        fail()
    assert list_planned(office) == before != []
