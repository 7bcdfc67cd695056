"""The worker's duty to the supervision office: it sweeps again and again, and no trouble of it stops anything else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from structlog.testing import capture_logs

from gateway.jobs.alert_duty import sweep_on_duty, sweep_once
from gateway.metrics import read_metrics
from services.case_desk import CaseWorkshop
from tests.fake_applicants import FakePrinter
from tests.unit.services.swept import Office, day


def make_workshop(office: Office) -> CaseWorkshop:
    """What the duty needs of it: the desk alone."""
    nothing = cast("Any", None)
    return CaseWorkshop(office.desk, FakePrinter(), {}, nothing, nothing)


def read_count(name: str, **labels: str) -> float:
    """The sample of one counter."""
    return sum(value for found, known, value in read_metrics(name) if found == name and known == labels)


def test_a_sweep_is_counted_and_leaves_how_far_it_came() -> None:
    """By rung; an alert that goes up is another counter."""
    office = Office(steps=())
    office.accept()
    office.on(day(18))
    before = (
        read_count("guitai_alerts_total", rung="orange"),
        read_count("guitai_alert_escalations_total", rung="orange"),
    )
    sweep_once(office.sweeper, None)
    office.on(day(20))
    sweep_once(office.sweeper, None)
    after = (
        read_count("guitai_alerts_total", rung="orange"),
        read_count("guitai_alert_escalations_total", rung="orange"),
    )
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert read_count("guitai_alerts_swept_until_seconds") == office.clock.now().timestamp()


def test_cases_from_before_supervision_are_planned_before_the_first_sweep_only() -> None:
    """A store that was updated has open cases without a plan; afterwards events plan them."""
    office = Office(steps=())
    office.accept()
    office.house.tables.counter.planned.clear()
    office.on(day(18))
    assert sweep_once(office.sweeper, make_workshop(office)).told == 1
    office.house.tables.counter.planned.clear()
    office.on(day(25))
    assert sweep_once(office.sweeper, make_workshop(office)).told == 0


def test_a_case_that_cannot_be_planned_keeps_nobody_else_from_being_told() -> None:
    """Its service is nowhere to be found: it is named in the log, the others are planned and told."""
    office = Office(steps=())
    lost, found = office.accept(), office.accept()
    tables = office.house.tables.counter
    tables.cases[lost] = replace(tables.cases[lost], service="gone")
    tables.planned.clear()
    office.on(day(18))
    with capture_logs() as logs:
        assert sweep_once(office.sweeper, make_workshop(office)).told == 1
    assert [one.planned.case_id for one in office.alerts] == [found]
    assert [line["record_id"] for line in logs if line["log_level"] == "warning"] == [str(lost)]


def test_a_sweep_that_fails_is_logged_and_tried_again() -> None:
    """The store is down: no exception leaves the duty; when it is back, what was due is told."""
    office = Office(steps=())
    office.accept()
    office.on(day(18))
    office.house.down = True
    with capture_logs() as logs:
        asyncio.run(sweep_on_duty(office.sweeper, None))
    assert [line["event"] for line in logs] == ["what is due was not told to the supervision office"]
    office.house.down = False
    with capture_logs() as logs:
        asyncio.run(sweep_on_duty(office.sweeper, None))
    assert [(line["event"], line["told"]) for line in logs] == [("the supervision office was told what was due", 1)]


def test_a_quiet_sweep_writes_no_line() -> None:
    """Once a minute, all day: nothing was due, nothing is said."""
    office = Office(steps=())
    with capture_logs() as logs:
        asyncio.run(sweep_on_duty(office.sweeper, None))
    assert logs == []
