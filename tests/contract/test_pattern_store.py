"""Patterns of slowness: found and kept once, appended only; on each PostgreSQL under the real roles, and on the fake of the unit tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.ids import make_id
from adapters.stores.connection import StoreFault
from adapters.stores.keyring import CiphertextRefused
from services.errors import VersionTaken
from services.months import Month
from services.slowness import LOOK_BACK, find_patterns, list_due, show_due, show_month
from services.slowness_record import (
    Course,
    Evidence,
    Finding,
    Kind,
    Pattern,
    PatternEvent,
    PatternRun,
    PatternState,
    Share,
)
from services.statistics import close_due
from tests.case_samples import LICENSING
from tests.conftest import KINDS
from tests.contract.month_office import ANN, BEN, OCTOBER, MonthOffice, open_office
from tests.databases import Clusters

CEM = UUID(int=13)
COURSE = Course(
    date(2026, 10, 13), date(2026, 10, 14), date(2026, 11, 2), date(2026, 11, 3), ((date(2026, 10, 14), "accepted"),),
    ((date(2026, 10, 16), date(2026, 10, 20)),), (date(2026, 10, 21), date(2026, 10, 30)),
)  # fmt: skip


@pytest.fixture(params=[*KINDS, "fake"])
def office(request: pytest.FixtureRequest, clusters: Clusters, tmp_path: Path) -> Iterator[MonthOffice]:
    """A fresh one for each test: what was shown stays shown."""
    with open_office(request.param, clusters, tmp_path) as made:
        yield made


def make_pattern(
    office: MonthOffice, manager: UUID = ANN, *, month: str = "2026-10", agency: UUID | None = None, **changes: Any
) -> Pattern:
    """A pattern with two cases as evidence."""
    now = office.clock.now()
    evidence = tuple(Evidence(uuid4(), f"4401202610{number:08}", COURSE, {"days_left": number}) for number in (1, 2))
    finding = Finding(
        agency or office.houses.gas, LICENSING, manager, Kind.STOPPED, 0, "2026-10", month, Share(15, 30), Share(5, 300), 4, Share(),
        312, 688, 5, 39, "3e-12", evidence,
    )  # fmt: skip
    return replace(Pattern(make_id(now), finding, 1, {"minimum": 20}, 416, now), **changes)


def keep(office: MonthOffice, *patterns: Pattern, month: str = "2026-10") -> bool:
    """Keep them as the worker does."""
    run = PatternRun(office.houses.city, month, 1, 416, len(patterns), office.clock.now())
    with office.houses.worker.begin(office.houses.all) as tx:
        return tx.slowness.keep(run, patterns)


def write(
    office: MonthOffice, pattern: Pattern, version: int, name: str, state: PatternState, **data: str
) -> PatternEvent:
    """An event of somebody in the console."""
    event = PatternEvent(pattern.pattern_id, version, name, state, office.clock.now(), BEN, data)
    with office.houses.console.begin(office.houses.all) as tx:
        tx.slowness.append(pattern.finding.agency_id, event)
    return event


def live_month(office: MonthOffice) -> None:
    """Sixty closed cases of three people who work alike, each of another applicant."""
    for number in range(20):
        for person in (ANN, BEN, CEM):
            who = {"kind": "person", "name": "甲", "identity_number": f"{person.int}{number:015}", "phone": ""}
            office.grant(4, person, applicant=who)


def test_a_pattern_comes_back_as_it_was_kept(office: MonthOffice) -> None:
    """Figures, thresholds, evidence in its order, its first event; without evidence in a list."""
    pattern = make_pattern(office)
    assert keep(office, pattern)
    with office.houses.console.begin(office.houses.all) as tx:
        row = tx.slowness.load(pattern.pattern_id)
        listed = tx.slowness.list_of([office.houses.gas], states=tuple(PatternState))
        runs = tx.slowness.list_runs(5)
    assert row is not None
    assert row[0] == pattern
    assert [(event.name, event.state, event.staff_id) for event in row[1]] == [("shown", PatternState.SHOWN, None)]
    assert listed == [replace(pattern, finding=replace(pattern.finding, evidence=()))]
    assert [(one.month, one.tests, one.shown) for one in runs] == [("2026-10", 416, 1)]


def test_a_month_is_shown_once(office: MonthOffice) -> None:
    """The second who computes it keeps nothing, also if both are at it at the same moment."""
    one, two = make_pattern(office), make_pattern(office, BEN)
    told: list[bool] = []
    threads = [threading.Thread(target=lambda made=made: told.append(keep(office, made))) for made in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, True]
    with office.houses.console.begin(office.houses.all) as tx:
        assert len(tx.slowness.list_of(office.houses.all, states=tuple(PatternState))) == 1


def test_what_is_written_stands_beside_it(office: MonthOffice) -> None:
    """Events in their order with what was written; the state is the last one's; a version is taken once."""
    pattern = make_pattern(office)
    keep(office, pattern)
    answered = write(office, pattern, 2, "answered", PatternState.ANSWERED, text="等待现场核查")
    write(office, pattern, 3, "closed", PatternState.CLOSED, text="核实属实", outcome="explained")
    with pytest.raises(VersionTaken):
        write(office, pattern, 3, "answered", PatternState.ANSWERED, text="后到")
    with office.houses.console.begin(office.houses.all) as tx:
        row = tx.slowness.load(pattern.pattern_id)
        states = {state: len(tx.slowness.list_of(office.houses.all, states=(state,))) for state in PatternState}
    assert row is not None
    assert (row[0].state, row[0].version, row[1][1]) == (PatternState.CLOSED, 3, answered)
    assert states == {PatternState.SHOWN: 0, PatternState.ANSWERED: 0, PatternState.CLOSED: 1}


def test_lists_are_of_agencies_and_of_people(office: MonthOffice) -> None:
    """Newest first, page by page; of one person; nothing outside the transaction's agencies, whatever is asked for."""
    patterns = [make_pattern(office), make_pattern(office, BEN), make_pattern(office, ANN, agency=office.houses.water)]
    keep(office, *patterns)
    newest = sorted((one.pattern_id for one in patterns), reverse=True)
    states = tuple(PatternState)
    with office.houses.console.begin(office.houses.all) as tx:
        assert [one.pattern_id for one in tx.slowness.list_of(office.houses.all, states=states)] == newest
        assert [
            one.pattern_id for one in tx.slowness.list_of(office.houses.all, states=states, limit=1, before=newest[0])
        ] == newest[1:2]
        assert {
            one.finding.manager_id for one in tx.slowness.list_of(office.houses.all, states=states, manager_id=BEN)
        } == {BEN}
    with office.houses.console.begin([office.houses.water]) as tx:
        assert [one.pattern_id for one in tx.slowness.list_of(office.houses.all, states=states)] == [
            patterns[2].pattern_id
        ]
        assert tx.slowness.load(patterns[0].pattern_id) is None
        assert len(tx.slowness.list_runs(5)) == 1


def test_applicants_are_told_apart_and_not_named(office: MonthOffice) -> None:
    """The cases of who has many at one agency and service, decided in the span; of who has no number, nobody's."""
    same = {"kind": "person", "name": "王", "identity_number": "110101199003070011", "phone": ""}
    mine = [office.grant(4, applicant=same) for _ in range(3)]
    office.grant(4, applicant=same, agency_id=office.houses.water)
    office.grant(60, applicant=same)
    for number in range(3):
        office.grant(
            4, applicant={"kind": "person", "name": "王", "identity_number": f"11010119900307{number:04}", "phone": ""}
        )
        office.grant(4, applicant={"kind": "person", "name": "无", "identity_number": "", "phone": ""})
    with office.houses.worker.begin(office.houses.all) as tx:
        found = list(tx.slowness.walk_regulars(OCTOBER.begins_at, OCTOBER.ends_at, 3))
        many = list(tx.slowness.walk_regulars(OCTOBER.begins_at, OCTOBER.ends_at, 4))
    assert [sorted(ids) for ids in found] == [sorted(case.case_id for case in mine)]
    assert many == []


def test_the_duty_finds_nothing_where_people_work_alike(office: MonthOffice) -> None:
    """A closed month is computed once, its comparisons are counted, and nobody is shown; the second look has nothing to do."""
    live_month(office)
    assert show_due(office.desk, lambda: make_id(office.clock.now())) == 0
    close_due(office.desk)
    told: list[PatternRun] = []
    assert show_due(office.desk, lambda: make_id(office.clock.now()), told.append) == 1
    assert show_due(office.desk, lambda: make_id(office.clock.now())) == 0
    assert [(one.month, one.shown) for one in told] == [("2026-10", 0)]
    assert told[0].tests > 0


def test_one_applicant_always_fast_is_found_by_the_store(office: MonthOffice) -> None:
    """Nine cases of one applicant at once with Ann, all her others slowly: shown, the same each time, without a word of the applicant."""
    same = {"kind": "person", "name": "王秀英", "identity_number": "110101199003070011", "phone": "13800000001"}
    for _ in range(9):
        office.grant(0.2, applicant=same)
    for number in range(25):
        office.grant(15, applicant={"kind": "person", "name": "某", "identity_number": f"5{number:016}", "phone": ""})
    found = find_patterns(office.desk, OCTOBER)
    assert found == find_patterns(office.desk, OCTOBER)
    assert [(one.kind, one.manager_id, one.own, one.number) for one in found.findings] == [
        (Kind.FAVOURED, ANN, Share(9, 9), 1)
    ]
    assert not [secret for secret in same.values() if len(secret) > 6 and secret in str(found)]
    run = show_month(office.desk, OCTOBER, lambda: make_id(office.clock.now()))
    assert (run.month, run.shown) == ("2026-10", 1)
    assert show_month(office.desk, OCTOBER, uuid4) == run


def test_old_months_are_left_alone(office: MonthOffice) -> None:
    """After a long outage only the last three closed months are looked at: nobody answers for what lies further back."""
    office.grant(3)
    office.clock.at = Month(2027, 4).begins_at + timedelta(days=1)
    close_due(office.desk)
    assert [str(one) for one in list_due(office.desk)] == ["2027-01", "2027-02", "2027-03"]
    assert LOOK_BACK == 3
    show_due(office.desk, lambda: make_id(office.clock.now()))
    assert list_due(office.desk) == []


@pytest.mark.parametrize("office", KINDS, indirect=True)
def test_a_case_that_was_changed_stops_nothing(office: MonthOffice) -> None:
    """An event that no longer opens leaves its case out; the others are compared."""
    live_month(office)
    before = find_patterns(office.desk, OCTOBER)
    assert office.database is not None
    office.execute("UPDATE case_events SET data_cipher = '\\x00' WHERE case_id = (SELECT case_id FROM cases LIMIT 1)")
    after = find_patterns(office.desk, OCTOBER)
    assert 0 < after.tests <= before.tests


ATTACKS = (
    "UPDATE slowness_events SET data_cipher = data_cipher", "DELETE FROM slowness_events", "UPDATE slowness_patterns SET figures = figures",
    "DELETE FROM slowness_patterns", "UPDATE slowness_evidence SET course = course", "DELETE FROM slowness_evidence",
    "DELETE FROM slowness_runs", "UPDATE slowness_runs SET shown = 0", "TRUNCATE slowness_events",
)  # fmt: skip


@pytest.mark.parametrize("office", KINDS, indirect=True)
@pytest.mark.parametrize("role", ["public", "console", "worker"])
def test_nobody_changes_what_was_shown_or_written(office: MonthOffice, role: str) -> None:
    """Under no role of ours an answer is edited, a pattern taken away or its evidence changed; citizens' role does not even read."""
    assert office.database is not None
    pattern = make_pattern(office)
    keep(office, pattern)
    write(office, pattern, 2, "answered", PatternState.ANSWERED, text="等待现场核查")
    with psycopg.connect(office.database.urls[role], autocommit=True) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, false)", (",".join(map(str, office.houses.all)),))
        reads = ("SELECT 1 FROM slowness_patterns", "SELECT 1 FROM slowness_events") if role == "public" else ()
        for attack in (*ATTACKS, *reads):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attack.encode())
    with office.houses.console.begin(office.houses.all) as tx:
        row = tx.slowness.load(pattern.pattern_id)
    assert row is not None
    assert [event.data.get("text") for event in row[1]] == [None, "等待现场核查"]


@pytest.mark.parametrize("office", KINDS, indirect=True)
def test_an_answer_that_is_moved_or_forged_does_not_open(office: MonthOffice) -> None:
    """Whoever has the database itself and moves an answer to another pattern, or writes one without our keys, is found out."""
    assert office.database is not None
    one, two = make_pattern(office), make_pattern(office, BEN)
    keep(office, one, two)
    write(office, one, 2, "answered", PatternState.ANSWERED, text="是我批的")
    office.execute(
        "INSERT INTO slowness_events SELECT agency_id, %s, version, name, state, at, staff_id, data_cipher FROM slowness_events"
        " WHERE pattern_id = %s AND version = 2", two.pattern_id, one.pattern_id,
    )  # fmt: skip
    with pytest.raises(CiphertextRefused), office.houses.console.begin(office.houses.all) as tx:
        tx.slowness.load(two.pattern_id)
    with office.houses.console.begin(office.houses.all) as tx:
        assert tx.slowness.load(one.pattern_id) is not None


@pytest.mark.parametrize("office", KINDS, indirect=True)
def test_an_event_of_the_rules_is_the_first_alone(office: MonthOffice) -> None:
    """The console cannot write in the name of the rules, nor a kind of event that is none."""
    pattern = make_pattern(office)
    keep(office, pattern)
    for name, staff_id in (("shown", BEN), ("answered", None), ("guilty", BEN)):
        event = PatternEvent(pattern.pattern_id, 2, name, PatternState.SHOWN, office.clock.now(), staff_id)
        with pytest.raises(StoreFault), office.houses.console.begin(office.houses.all) as tx:
            tx.slowness.append(pattern.finding.agency_id, event)
