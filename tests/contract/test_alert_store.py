"""The store of alerts plans anew, tells each rung once and keeps what people did; on PostgreSQL and on the fake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.ids import make_id
from services.alert_record import Alert, AlertEvent, AlertState, PlannedAlert, Rung, SweepRun
from services.errors import VersionTaken
from tests.case_samples import LICENSING, MORNING
from tests.contract.case_houses import Houses

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAST = datetime(1990, 1, 1, tzinfo=MORNING.tzinfo)


def make_plan(agency_id: UUID, case_id: UUID | None = None, due_at: datetime = MORNING, **changes: Any) -> PlannedAlert:
    """Orange of a promised limit, with whatever a test changes."""
    plan = PlannedAlert(
        agency_id, agency_id, case_id or make_id(MORNING), "promised", Rung.ORANGE, due_at, LICENSING, uuid4().hex[:20],
        uuid4(),
    )  # fmt: skip
    return replace(plan, **changes)


def make_alert(plan: PlannedAlert, sent_at: datetime | None = None, **changes: Any) -> tuple[Alert, AlertEvent]:
    """The alert of a plan as the sweeper tells it, and its first event."""
    at = sent_at or plan.due_at
    alert = Alert(make_id(at), plan, at, AlertState.OPEN, plan.agency_id, 0, at + DAY, 1)
    alert = replace(alert, **changes)
    return alert, AlertEvent(alert.alert_id, 1, "told", AlertState.OPEN, at)


def plan_all(houses: Houses, plans: Iterable[PlannedAlert], now: datetime = PAST, role: str = "public") -> None:
    """Plan for one case, as the event of a transaction does."""
    plans = list(plans)
    with houses.role(role).begin(houses.all) as tx:
        tx.alerts.replan(plans[0].case_id, plans, now)


def tell(houses: Houses, plan: PlannedAlert, **changes: Any) -> Alert:
    """Tell one alert."""
    alert, event = make_alert(plan, **changes)
    with houses.worker.begin(houses.all) as tx:
        assert tx.alerts.tell(alert, event)
    return alert


def list_plans(houses: Houses, case_id: UUID, until: datetime = MORNING + 99 * DAY) -> list[PlannedAlert]:
    """What is due of one case by then and not told, by paging through everything that is due."""
    found: list[PlannedAlert] = []
    after = None
    with houses.worker.begin(houses.all) as tx:
        while page := tx.alerts.list_due(until, 2, after):
            found += page
            last = page[-1]
            after = (last.due_at, last.case_id, last.clock, str(last.rung))
    assert found == sorted(found, key=lambda one: (one.due_at, one.case_id, one.clock, one.rung))
    return [one for one in found if one.case_id == case_id]


@pytest.mark.parametrize("role", ["public", "worker", "console"])
def test_a_plan_reads_as_it_was_written(houses: Houses, role: str) -> None:
    """Whoever moves a case plans its alerts; the sweeper reads them as they were, the earliest first."""
    plan = make_plan(houses.gas)
    later = replace(plan, agency_id=houses.water, clock="step:0", rung=Rung.LATE, due_at=MORNING + HOUR, staff_id=None)
    plan_all(houses, [later, plan], role=role)
    assert list_plans(houses, plan.case_id) == [plan, later]
    assert list_plans(houses, plan.case_id, until=MORNING) == [plan]
    assert list_plans(houses, plan.case_id, until=MORNING - timedelta(microseconds=1)) == []


def test_a_case_that_moves_on_takes_what_lies_ahead_with_it(houses: Houses) -> None:
    """Planning again replaces what is not due yet: other moments, other holders, what is not planned any more."""
    plan = make_plan(houses.gas, due_at=MORNING + DAY)
    red, late = replace(plan, rung=Rung.RED), replace(plan, clock="step:0", rung=Rung.LATE)
    plan_all(houses, [plan, red, late])
    moved = replace(red, due_at=MORNING + 3 * DAY, staff_id=None)
    plan_all(houses, [plan, moved], MORNING)
    assert list_plans(houses, plan.case_id) == [plan, moved]
    with houses.public.begin(houses.all) as tx:
        tx.alerts.replan(plan.case_id, [], MORNING)
    assert list_plans(houses, plan.case_id) == []


def test_what_fell_due_stays_whatever_happens_after(houses: Houses) -> None:
    """A plan whose moment has come is told as it was due, although the case was extended, handed on or closed since."""
    plan = make_plan(houses.gas)
    plan_all(houses, [plan])
    for planned in ([], [replace(plan, due_at=MORNING + 9 * DAY, staff_id=None)]):
        with houses.console.begin(houses.all) as tx:
            tx.alerts.replan(plan.case_id, planned, MORNING)
        assert list_plans(houses, plan.case_id) == [plan]


def test_what_was_due_before_it_was_planned_is_planned_all_the_same(houses: Houses) -> None:
    """A clock that the law dates back is late from its first moment on."""
    plan = make_plan(houses.gas)
    plan_all(houses, [plan], MORNING + 5 * DAY)
    assert list_plans(houses, plan.case_id) == [plan]


def test_another_case_is_left_alone(houses: Houses) -> None:
    """Planning for one case changes nothing of another."""
    mine, other = make_plan(houses.gas), make_plan(houses.gas)
    plan_all(houses, [mine])
    plan_all(houses, [other])
    with houses.public.begin(houses.all) as tx:
        tx.alerts.replan(mine.case_id, [], PAST)
    assert (list_plans(houses, mine.case_id), list_plans(houses, other.case_id)) == ([], [other])


def test_a_rung_is_told_once(houses: Houses) -> None:
    """The second who tells the same rung of the same clock leaves nothing, also after the case was planned anew."""
    plan = make_plan(houses.gas)
    plan_all(houses, [plan])
    alert = tell(houses, plan)
    plan_all(houses, [plan, replace(plan, due_at=MORNING + DAY, rung=Rung.RED)], MORNING)
    assert [one.rung for one in list_plans(houses, plan.case_id)] == [Rung.RED]
    again, event = make_alert(plan, sent_at=MORNING + HOUR)
    with houses.worker.begin(houses.all) as tx:
        assert not tx.alerts.tell(again, event)
        assert tx.alerts.load(again.alert_id) is None
        assert tx.alerts.list_of_case(plan.case_id) == [alert]


def test_another_clock_or_rung_or_desk_is_another_alert(houses: Houses) -> None:
    """What is told once is (agency, case, clock, rung): a difference in one of them is a matter of its own."""
    plan = make_plan(houses.gas)
    others = [
        replace(plan, agency_id=houses.water), replace(plan, case_id=make_id(MORNING)), replace(plan, rung=Rung.RED),
        replace(plan, clock="statutory"),
    ]  # fmt: skip
    assert len({tell(houses, one).alert_id for one in (plan, *others)}) == 5


def test_telling_takes_the_plan_with_it(houses: Houses) -> None:
    """What was told is due no more; what is told together with others is one transaction with them."""
    plan = make_plan(houses.gas)
    plan_all(houses, [plan])
    alert, event = make_alert(plan)
    houses.attempt(houses.worker, lambda tx: tx.alerts.tell(alert, event))
    assert list_plans(houses, plan.case_id) == [plan]
    tell(houses, plan)
    assert list_plans(houses, plan.case_id) == []


def test_an_alert_reads_as_it_was_told(houses: Houses) -> None:
    """All of an alert and of its events comes back, for the supervision office and for the worker."""
    plan = make_plan(houses.water)
    alert = tell(houses, plan, sent_at=MORNING + HOUR, level_agency_id=houses.gas, escalate_at=None)
    told = AlertEvent(alert.alert_id, 1, "told", AlertState.OPEN, MORNING + HOUR)
    for store in (houses.console, houses.worker):
        with store.begin([houses.water]) as tx:
            assert tx.alerts.load(alert.alert_id) == (alert, [told])
            assert tx.alerts.load(uuid4()) is None
    with houses.console.begin([houses.gas]) as tx:
        assert tx.alerts.load(alert.alert_id) is None
        assert tx.alerts.list_of_case(plan.case_id) == []


def test_what_people_did_is_appended(houses: Houses) -> None:
    """Every event stands with its words; the alert is as the last one left it, and what it is about never changes."""
    alert = tell(houses, make_plan(houses.gas))
    staff, asked = uuid4(), uuid4()
    moved = replace(
        alert, state=AlertState.ACKNOWLEDGED, version=2, handler=staff, asked_of=asked, asked_at=MORNING + HOUR,
        escalate_at=None, level_agency_id=houses.water, escalations=1,
    )  # fmt: skip
    event = AlertEvent(alert.alert_id, 2, "contacted", AlertState.ACKNOWLEDGED, MORNING, staff, {"note": "请说明"})
    with houses.console.begin([houses.gas, houses.water]) as tx:
        tx.alerts.append(moved, event)
        found = tx.alerts.load(alert.alert_id)
    assert found is not None
    assert (found[0], found[1][1:]) == (moved, [event])


def test_one_of_two_who_append_is_taken(houses: Houses) -> None:
    """Whoever comes second with a version is told, and leaves nothing."""
    alert = tell(houses, make_plan(houses.gas))
    for version in (2, 3, 2, 5):
        event = AlertEvent(alert.alert_id, version, "noted", AlertState.OPEN, MORNING, uuid4())
        with houses.console.begin([houses.gas]) as tx:
            before = tx.alerts.load(alert.alert_id)
            assert before is not None
            if version == before[0].version + 1:
                tx.alerts.append(replace(alert, version=version), event)
                continue
            with pytest.raises(VersionTaken):
                tx.alerts.append(replace(alert, version=version), event)
    with houses.console.begin([houses.gas]) as tx:
        found = tx.alerts.load(alert.alert_id)
    assert found is not None
    assert [one.version for one in found[1]] == [1, 2, 3]


def test_the_inbox_is_read_page_by_page(houses: Houses) -> None:
    """Newest first, no alert twice and none left out, over several agencies."""
    told = [tell(houses, make_plan(agency)) for agency in (houses.gas, houses.water, houses.gas)]
    found: list[Alert] = []
    before = None
    with houses.console.begin(houses.all) as tx:
        while page := tx.alerts.list_inbox(houses.all, limit=2, before=before):
            found += page
            before = page[-1].alert_id
    assert [one for one in found if one in told] == sorted(told, key=lambda one: one.alert_id, reverse=True)
    assert len({one.alert_id for one in found}) == len(found)


def test_the_inbox_shows_what_is_asked_for(houses: Houses) -> None:
    """By state, level, rung, service and case manager, alone and together; and of the named agencies only."""
    service, clerk = uuid4().hex, uuid4()
    orange = tell(houses, make_plan(houses.gas, service=service, staff_id=clerk))
    red = tell(houses, make_plan(houses.water, service=service, rung=Rung.RED), level_agency_id=houses.gas)
    done = tell(houses, make_plan(houses.gas, service=service), state=AlertState.CLOSED)
    closed = {"states": [AlertState.CLOSED]}
    both = {"states": [AlertState.OPEN, AlertState.CLOSED]}
    asked: list[tuple[dict[str, Any], set[UUID]]] = [
        ({}, {orange.alert_id, red.alert_id}), (closed, {done.alert_id}),
        (both, {orange.alert_id, red.alert_id, done.alert_id}), ({"rungs": [Rung.RED]}, {red.alert_id}),
        ({"rungs": [Rung.RED, Rung.ORANGE]}, {orange.alert_id, red.alert_id}), ({"rungs": [Rung.FACT]}, set()),
        ({"levels": [houses.gas]}, {orange.alert_id, red.alert_id}), ({"levels": [houses.water]}, set()),
        ({"levels": []}, set()), ({"staff_id": clerk}, {orange.alert_id}), ({"staff_id": uuid4()}, set()),
        ({"staff_id": clerk, **closed}, set()), ({"staff_id": clerk, "levels": [houses.water]}, set()),
        ({"staff_id": clerk, "rungs": [Rung.ORANGE]}, {orange.alert_id}),
        ({"levels": [houses.gas], "rungs": [Rung.RED], **both}, {red.alert_id}),
    ]  # fmt: skip
    with houses.console.begin(houses.all) as tx:
        for chosen, wanted in asked:
            found = tx.alerts.list_inbox(houses.all, service=service, limit=10, **chosen)
            assert {one.alert_id for one in found} == wanted, chosen
            wide = tx.alerts.list_inbox(houses.all, limit=500, **chosen)
            assert {one.alert_id for one in wide if one.planned.service == service} == wanted, chosen
        mine = tx.alerts.list_inbox([houses.gas], service=service)
        assert [one.alert_id for one in mine] == [orange.alert_id]
        assert tx.alerts.list_inbox([], service=service) == []


def test_what_waits_for_an_answer_is_found_by_whom_it_is_asked_of(houses: Houses) -> None:
    """The longest asked first: what is asked of me, and what is asked of nobody by name at my agency."""
    me, moments = uuid4(), (MORNING + 2 * HOUR, MORNING + HOUR, MORNING, None)
    asked = [
        tell(houses, make_plan(houses.gas), asked_of=who, asked_at=at)
        for who, at in zip((me, None, uuid4(), me), moments, strict=True)
    ]
    with houses.console.begin(houses.all) as tx:
        found = tx.alerts.list_asked([houses.gas], me, 500)
        assert [one for one in found if one in asked] == [asked[1], asked[0]]
        assert not any(one in asked for one in tx.alerts.list_asked([houses.water], me, 500))
        assert len(tx.alerts.list_asked(houses.all, me, 1)) == 1


def test_an_open_alert_goes_up_when_its_moment_has_come(houses: Houses) -> None:
    """The earliest first; what somebody has in hand, what has no moment and what is ahead stays."""
    moments = {"late": PAST + HOUR, "early": PAST, "ahead": MORNING + 99 * DAY, "never": None, "in hand": PAST}
    told = {
        name: tell(
            houses, make_plan(houses.gas), escalate_at=at,
            state=AlertState.ACKNOWLEDGED if name == "in hand" else AlertState.OPEN,
        )
        for name, at in moments.items()
    }  # fmt: skip
    with houses.worker.begin(houses.all) as tx:
        for hold in (False, True):
            found = tx.alerts.list_to_escalate(PAST + HOUR, 500, hold=hold)
            assert [one for one in found if one in told.values()] == [told["early"], told["late"]]
        assert tx.alerts.list_to_escalate(PAST - HOUR, 500) == []


def test_two_sweepers_never_hold_the_same(houses: Houses) -> None:
    """What one transaction holds, the other leaves out instead of waiting; afterwards it is due again."""
    plan = make_plan(houses.gas)
    plan_all(houses, [plan])
    with houses.worker.begin(houses.all) as tx:
        assert plan in tx.alerts.list_due(MORNING, 500, hold=True)
        if houses.reads_chains:
            return
        with houses.worker.begin(houses.all) as other:
            assert plan not in other.alerts.list_due(MORNING, 500, hold=True)
            assert plan in other.alerts.list_due(MORNING, 500)
    with houses.worker.begin(houses.all) as tx:
        assert plan in tx.alerts.list_due(MORNING, 500, hold=True)


def test_the_sweep_leaves_its_sign_of_life(houses: Houses) -> None:
    """The latest sweep is kept; a sweep that was late to write it does not take it back."""
    first = SweepRun(MORNING, MORNING, 3, 1)
    latest = SweepRun(MORNING + HOUR, MORNING + HOUR, 0, 0)
    for run in (first, latest, first):
        with houses.worker.begin(houses.all) as tx:
            tx.alerts.note_sweep(run)
    with houses.console.begin([houses.gas]) as tx:
        assert tx.alerts.last_sweep() == latest


def test_a_case_is_held_till_its_plan_stands(houses: Houses) -> None:
    """Holding an open case, or one that is not there, changes nothing."""
    case, event = houses.open_case()
    with houses.worker.begin(houses.all) as tx:
        tx.alerts.hold(case.case_id)
        tx.alerts.hold(uuid4())
        assert tx.cases.load(case.case_id) == (case, [event])


def test_an_answer_is_the_latest_till_something_is_done_with_it(houses: Houses) -> None:
    """Of the alerts shown, those whose latest event is the case manager's answer; a note after it takes it off the list."""
    answered, asked = (tell(houses, make_plan(houses.gas)) for _ in range(2))
    steps = {"acknowledged": 2, "contacted": 3, "answered": 4, "noted": 5}
    shown = [answered, asked]

    def go_on(alert: Alert, name: str) -> Alert:
        after = replace(alert, state=AlertState.ACKNOWLEDGED, version=steps[name])
        with houses.console.begin(houses.all) as tx:
            tx.alerts.append(after, AlertEvent(alert.alert_id, after.version, name, after.state, MORNING))
        return after

    def list_answered() -> set[UUID]:
        with houses.console.begin(houses.all) as tx:
            return tx.alerts.list_answered(shown)

    for name in ("acknowledged", "contacted"):
        shown = [go_on(one, name) for one in shown]
    assert list_answered() == set()
    shown[0] = go_on(shown[0], "answered")
    assert list_answered() == {answered.alert_id}
    shown[0] = go_on(shown[0], "noted")
    assert list_answered() == set()
