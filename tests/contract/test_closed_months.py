"""Months are counted from what the store holds and closed once, on each PostgreSQL under the worker's role and on the fake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.case_record import CaseState
from services.case_stores import NO_CHAIN
from services.errors import ExposureUnavailable, InputRefused, NotFound
from services.month_document import digest_document, write_document
from services.month_record import ClosedMonth
from services.months import Month
from services.staffing import Actor, AgencyTree, Role, RoleHeld, StaffMember
from services.statistics import (
    GRACE,
    check_month,
    close_due,
    close_month,
    count_month,
    list_closed,
    list_open_months,
    load_month,
)
from services.statistics_room import StatisticsRoom
from tests.case_samples import make_case_event
from tests.conftest import KINDS
from tests.contract.month_office import (
    ANN,
    BEN,
    NOVEMBER,
    OCTOBER,
    TUESDAY,
    MonthOffice,
    open_office,
)
from tests.databases import Clusters


@pytest.fixture(params=[*KINDS, "fake"])
def office(request: pytest.FixtureRequest, clusters: Clusters, tmp_path: Path) -> Iterator[MonthOffice]:
    """A fresh one for each test: what was closed stays closed."""
    with open_office(request.param, clusters, tmp_path) as made:
        yield made


def test_a_month_is_counted_from_what_happened_in_it(office: MonthOffice) -> None:
    """Cases, ratings by the five, complaints and what was struck; nothing of the month before or after."""
    office.grant(3)
    office.grant(40, BEN)
    for number in range(6):
        office.rate(TUESDAY + timedelta(minutes=number))
    bad = office.rate(TUESDAY + timedelta(days=1), 1)
    office.dismiss(office.complain(TUESDAY, "bad_rating", bad), TUESDAY + timedelta(days=2))
    office.dismiss(office.complain(TUESDAY), NOVEMBER.begins_at)
    october, november = count_month(office.desk, OCTOBER), count_month(office.desk, NOVEMBER)
    assert office.read(october.figures, ANN, "accepted", "closed", "working_days", "ratings_5") == (1, 1, 3, 5)
    assert office.read(october.figures, None, "received", "complaints", "closed") == (2, 1, 0)
    assert office.read(october.figures, ANN, "ratings_struck", "complaints_against", "complaints_dismissed") == (
        1,
        1,
        0,
    )
    assert office.read(november.figures, BEN, "closed", "late", "complaints_dismissed") == (1, 1, 1)
    assert october.calendars == {"CN": 1}
    assert list(october.mappings.values()) == [(1,)]


def test_nothing_personal_comes_out_of_a_walk(office: MonthOffice) -> None:
    """Each case of the span comes once, whole, without anybody in it; ratings and complaints without who gave them."""
    case, late = office.grant(3), office.grant(40)
    office.rate(TUESDAY)
    office.complain(TUESDAY)
    since, until = OCTOBER.begins_at, OCTOBER.ends_at
    with office.houses.worker.begin(office.houses.all) as tx:
        rows = list(tx.months.walk_cases(since, until))
        (rating,), (complaint,) = tx.months.walk_ratings(since, until), tx.months.walk_complaints(since, until)
        later = [row[0].case_id for row in tx.months.walk_cases(NOVEMBER.begins_at, NOVEMBER.ends_at)]
    found = {row[0].case_id: row for row in rows}
    bare, events = found[case.case_id]
    assert (len(rows), set(found), later) == (2, {case.case_id, late.case_id}, [late.case_id])
    assert (bare.applicant, bare.agent, bare.inputs, bare.person_id, bare.chain_id) == ({}, None, {}, None, NO_CHAIN)
    assert [event.name for event in events] == ["case_received", "accepted", "claimed", "granted"]
    assert (rating.person_id, rating.words, complaint.person_id, complaint.words) == (None, "", None, "")


def test_many_cases_come_in_pieces(office: MonthOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one piece of the cursor, each case once."""
    cases = {office.live().case_id for _ in range(40)}
    monkeypatch.setattr("adapters.stores.months.PIECE", 7)
    with office.houses.worker.begin(office.houses.all) as tx:
        found = [row[0].case_id for row in tx.months.walk_cases(OCTOBER.begins_at, OCTOBER.ends_at)]
    assert len(found) == 40
    assert set(found) == cases


def test_a_walk_keeps_to_its_agencies(office: MonthOffice) -> None:
    """A case of another agency is not in it, nor are its figures."""
    office.grant(3)
    other = office.live(agency_id=office.houses.water)
    with office.houses.worker.begin([office.houses.water]) as tx:
        assert [row[0].case_id for row in tx.months.walk_cases(OCTOBER.begins_at, OCTOBER.ends_at)] == [other.case_id]
    close_month(office.desk, OCTOBER)
    with office.houses.console.begin([office.houses.water]) as tx:
        figures = tx.months.load_figures(office.houses.all, ["2026-10"])
        assert {account[0] for account in figures["2026-10"]} == {office.houses.water}
        closed = tx.months.load("2026-10")
    assert closed is not None


def test_a_closed_month_stands_with_its_digest_in_the_ledger(office: MonthOffice) -> None:
    """Its figures, its digest and the leaf say the same, and counting again gives the same bytes."""
    office.grant(3)
    closed = close_month(office.desk, OCTOBER)
    assert closed.digest == digest_document(write_document(count_month(office.desk, OCTOBER)))
    assert load_month(office.desk, OCTOBER) == closed
    with office.houses.worker.begin(office.houses.all) as tx:
        (leaf,) = tx.months.list_leaves("2026-10")
        figures = tx.months.load_figures(office.houses.all, ["2026-10"])["2026-10"]
        sums = tx.months.load_sums(office.houses.all, ["2026-10"])["2026-10"]
    assert (leaf.record_id, leaf.digest) == (closed.record_id, closed.digest)
    assert office.read(figures, ANN, "closed") == office.read(sums, None, "closed") == (1,)
    assert check_month(office.desk, OCTOBER).holds


def test_a_clerk_of_any_office_sees_what_the_ledger_says(office: MonthOffice) -> None:
    """By the console's role, of an agency below the root: the kept digest under its record; a second one is told."""
    office.grant(3)
    closed = close_month(office.desk, OCTOBER)
    houses = office.houses
    tree = AgencyTree({houses.city: None, houses.water: houses.city}, {houses.city: "city", houses.water: "water"})
    member = StaffMember(ANN, houses.water, "ann", "安", TUESDAY)
    clerk = Actor(member, (RoleHeld(BEN, ANN, houses.water, Role.CLERK, TUESDAY),), tree, "")
    room = StatisticsRoom(houses.console)
    assert room.list_months(clerk) == [closed]
    assert room.ask_ledger(clerk, [closed])["2026-10"].holds
    office.desk.ledger.append_statistics(closed.agency_id, "2026-10", "f" * 64)
    said = room.ask_ledger(clerk, [closed])["2026-10"]
    assert (said.leaf, [leaf.digest for leaf in said.others]) == (True, ["f" * 64])
    assert room.load_sums(clerk, [OCTOBER]) == {}
    assert room.find_first_closing(clerk) is None


def test_the_citizens_role_reads_sums_and_no_names(office: MonthOffice) -> None:
    """What is published is read without anybody's name."""
    office.grant(3)
    close_month(office.desk, OCTOBER)
    with office.houses.public.begin(office.houses.all) as tx:
        assert office.read(tx.months.load_sums(office.houses.all, ["2026-10"])["2026-10"], None, "closed") == (1,)
        assert [one.month for one in tx.months.list_closed(5)] == ["2026-10"]


def test_a_month_that_runs_is_counted_but_not_closed(office: MonthOffice) -> None:
    """Till an hour after its end it may still change: closing it is refused, and nothing is written."""
    office.clock.at = OCTOBER.ends_at + GRACE - timedelta(seconds=1)
    office.grant(3)
    first = write_document(count_month(office.desk, OCTOBER))
    with pytest.raises(InputRefused):
        close_month(office.desk, OCTOBER)
    assert list_open_months(office.desk) == []
    office.grant(4)
    assert write_document(count_month(office.desk, OCTOBER)) != first
    office.clock.advance(1)
    assert list_open_months(office.desk) == [OCTOBER]
    assert close_month(office.desk, OCTOBER).month == "2026-10"


def test_what_was_missed_is_closed_later_and_only_once(office: MonthOffice) -> None:
    """After three months without a worker all of them are closed, the oldest first; then there is nothing to do."""
    office.grant(3)
    office.clock.at = Month(2027, 1).begins_at + GRACE
    told: list[ClosedMonth] = []
    assert close_due(office.desk, told.append) == 3
    assert [one.month for one in told] == ["2026-10", "2026-11", "2026-12"]
    assert close_due(office.desk) == 0
    assert [one.month for one in list_closed(office.desk, limit=2)] == ["2026-12", "2026-11"]
    assert [one.month for one in list_closed(office.desk, "2026-12")] == ["2026-11", "2026-10"]
    assert close_month(office.desk, OCTOBER) == told[0]


def test_an_empty_store_has_no_months(office: MonthOffice) -> None:
    """Nothing ever happened: nothing is closed, and a month that was not closed cannot be checked."""
    assert close_due(office.desk) == 0
    with pytest.raises(NotFound):
        check_month(office.desk, OCTOBER)


def test_a_rating_struck_later_changes_nothing_that_was_closed(office: MonthOffice) -> None:
    """It counts in the month in which it was struck."""
    ratings = [office.rate(TUESDAY + timedelta(minutes=number), 1 if number == 4 else 5) for number in range(5)]
    follow_up = office.complain(TUESDAY, "bad_rating", ratings[-1])
    office.grant(3)
    close_month(office.desk, OCTOBER)
    office.dismiss(follow_up, NOVEMBER.begins_at + timedelta(days=3))
    assert check_month(office.desk, OCTOBER).holds
    assert office.read(count_month(office.desk, OCTOBER).figures, ANN, "ratings_1", "ratings_struck") == (1, 0)
    assert office.read(count_month(office.desk, NOVEMBER).figures, ANN, "ratings_1", "ratings_struck") == (0, 1)


def test_what_happens_later_changes_nothing_that_was_closed(office: MonthOffice) -> None:
    """Cases that go on, and new ones, leave a closed month as it is."""
    case = office.live((0, "accepted", CaseState.ACCEPTED, ANN))
    close_month(office.desk, OCTOBER)
    office.add(case, make_case_event(case, 3, "claimed", CaseState.ACCEPTED, at=NOVEMBER.begins_at, staff_id=BEN))
    assert check_month(office.desk, OCTOBER).holds


def test_two_closers_at_once_make_one_month_and_one_leaf(office: MonthOffice) -> None:
    """Whoever comes second finds what the first has closed."""
    office.grant(3)
    closed: list[ClosedMonth] = []
    gate = threading.Barrier(3)

    def close() -> None:
        gate.wait()
        closed.append(close_month(office.desk, OCTOBER))

    threads = [threading.Thread(target=close) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(closed) == 3
    assert len({(one.digest, one.record_id) for one in closed}) == 1
    assert check_month(office.desk, OCTOBER).holds


def test_without_the_ledger_nothing_is_kept(office: MonthOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that could not be appended closes no month; the next attempt does."""
    office.grant(3)

    def refuse(*_: object) -> None:
        raise ExposureUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(type(office.desk.ledger), "append_statistics", refuse)
        with pytest.raises(ExposureUnavailable):
            close_month(office.desk, OCTOBER)
    assert list_closed(office.desk) == []
    assert close_due(office.desk) == 1


def test_a_closer_that_died_after_the_leaf_finds_it_again(office: MonthOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaf without row: the next closer keeps the month under the same leaf, and there is no second one."""
    office.grant(3)

    def die(*_: object) -> bool:
        raise KeyboardInterrupt

    with office.houses.worker.begin(office.houses.all) as tx:
        store = type(tx.months)
    with monkeypatch.context() as broken:
        broken.setattr(store, "close", die)
        with pytest.raises(KeyboardInterrupt):
            close_month(office.desk, OCTOBER)
    with office.houses.worker.begin(office.houses.all) as tx:
        (leaf,) = tx.months.list_leaves("2026-10")
    assert close_month(office.desk, OCTOBER).record_id == leaf.record_id
    assert check_month(office.desk, OCTOBER).holds
