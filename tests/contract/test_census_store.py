"""The store of the census keeps what it is given, once, for the agencies of the transaction only; on PostgreSQL and on the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from adapters.stores.census import SqlCensusStore
from adapters.stores.connection import StoreFault
from adapters.stores.tables.census import turned_away
from services.census_record import (
    CensusLine,
    CensusStore,
    Finding,
    Ground,
    Indicator,
    IndicatorKind,
    Occasion,
    Question,
    TurnedAway,
)
from services.errors import VersionTaken
from services.model import PlatformName
from tests.case_samples import MORNING
from tests.contract.case_houses import Houses

WECHAT, ALIPAY = PlatformName.WECHAT, PlatformName.ALIPAY
DAY = date(2026, 11, 24)
FOUND = (Finding(Question.REACHABLE, "no_answer", "gas-company"), Finding(Question.FAULTLESS, "dead_link", "summary"))


def census_of(tx: object) -> CensusStore:
    """The store of a transaction, whoever's it is."""
    return cast("CensusStore", tx.census)  # type: ignore[attr-defined]  # every role's transaction has it


def make_line(agency_id: UUID, run_id: UUID, **changes: object) -> CensusLine:
    """One service on one platform."""
    line = CensusLine(agency_id, run_id, "gas-bill", WECHAT, 3, MORNING)
    return replace(line, **changes)  # type: ignore[arg-type]  # whatever the test asks


def record(houses: Houses, *lines: CensusLine) -> None:
    """As the census does: under the worker's role."""
    with houses.worker.begin(houses.all) as tx:
        census_of(tx).record_run(lines)


def test_a_run_reads_as_it_was_written(houses: Houses) -> None:
    """Each line comes back with what was found, in the order of services and platforms, for its agencies only."""
    run = uuid4()
    lines = [
        make_line(houses.gas, run, findings=FOUND), make_line(houses.gas, run, platform=ALIPAY),
        make_line(houses.water, run, service="water-bill"),
    ]  # fmt: skip
    record(houses, *reversed(lines))
    with houses.console.begin(houses.all) as tx:
        assert census_of(tx).list_lines(houses.all, run) == lines
        assert census_of(tx).list_lines([houses.gas], run) == lines[:2]
    with houses.console.begin([houses.water]) as tx:
        assert census_of(tx).list_lines(houses.all, run) == lines[2:]


def test_everybody_reads_the_answers(houses: Houses) -> None:
    """The citizens' role reads yes and no of several runs, oldest first."""
    first, second = uuid4(), uuid4()
    record(houses, make_line(houses.gas, second, at=MORNING + timedelta(days=1)))
    record(houses, make_line(houses.gas, first, findings=FOUND))
    with houses.public.begin(houses.all) as tx:
        found = census_of(tx).list_answers([houses.gas], [second, first])
    assert [one.run_id for one in found] == [first, second]
    assert found[0].holds == {Question.REACHABLE: False, Question.CURRENT: True, Question.FAULTLESS: False}
    assert set(found[1].holds.values()) == {True}


def test_runs_are_listed_newest_first(houses: Houses) -> None:
    """The latest runs come first, none before the asked moment, and no more than asked."""
    later, runs = MORNING + timedelta(days=400), [uuid4() for _ in range(4)]
    for number, run in enumerate(runs):
        record(houses, make_line(houses.gas, run, at=later + timedelta(days=number)))
    with houses.public.begin(houses.all) as tx:
        listed = census_of(tx).list_runs([houses.gas], later + timedelta(days=1), 2)
        assert listed == [(runs[3], later + timedelta(days=3)), (runs[2], later + timedelta(days=2))]
        assert len(census_of(tx).list_runs([houses.gas], later + timedelta(days=1), 9)) == 3


def test_a_line_is_recorded_once(houses: Houses) -> None:
    """A second line of the same run, service and platform is refused, and nothing of that run is added."""
    run = uuid4()
    record(houses, make_line(houses.gas, run))
    with pytest.raises(VersionTaken):
        record(houses, make_line(houses.water, run), make_line(houses.gas, run, findings=FOUND))
    with houses.console.begin(houses.all) as tx:
        assert census_of(tx).list_lines(houses.all, run) == [make_line(houses.gas, run)]


def make_entry(agency_id: UUID, **changes: object) -> Indicator:
    """How many people work on it."""
    entry = Indicator(uuid4(), agency_id, IndicatorKind.PEOPLE, 12, DAY, "机构编制文件〔2026〕3号", uuid4(), MORNING)
    return replace(entry, **changes)  # type: ignore[arg-type]  # the same


def test_an_entry_is_corrected_by_another_once(houses: Houses) -> None:
    """Both stay; a second correction of the same entry is refused."""
    first = make_entry(houses.gas)
    second = make_entry(
        houses.gas, value=11, corrects=first.entry_id, reason="多计一人", entered_at=MORNING + timedelta(1)
    )
    with houses.console.begin([houses.gas]) as tx:
        census_of(tx).enter_indicator(first)
        census_of(tx).enter_indicator(second)
    with pytest.raises(VersionTaken), houses.console.begin([houses.gas]) as tx:
        census_of(tx).enter_indicator(make_entry(houses.gas, corrects=first.entry_id))
    with houses.console.begin(houses.all) as tx:
        kept = [
            one
            for one in census_of(tx).list_indicators([houses.gas])
            if one.entry_id in (first.entry_id, second.entry_id)
        ]
    assert kept == [first, second]


def test_citizens_do_not_read_who_entered_a_figure(houses: Houses) -> None:
    """The citizens' role reads the figure and its source, not the member of the staff."""
    entry = make_entry(houses.water)
    with houses.console.begin([houses.water]) as tx:
        census_of(tx).enter_indicator(entry)
    with houses.public.begin(houses.all) as tx:
        found = next(one for one in census_of(tx).list_indicators([houses.water]) if one.entry_id == entry.entry_id)
    assert found == (entry if houses.reads_chains else replace(entry, entered_by=None))


def test_people_turned_away_are_counted_by_day(houses: Houses) -> None:
    """Each adds one to the day, platform, occasion and ground; days and agencies are apart."""
    first = date(2031, 1, 1)
    with houses.public.begin(houses.all) as tx:
        census = census_of(tx)
        for _ in range(3):
            census.count_turned_away(houses.gas, first, WECHAT, Occasion.PAYMENT, Ground.ACCOUNT)
        census.count_turned_away(houses.gas, first + timedelta(1), WECHAT, Occasion.SIGN_IN, Ground.REFUSED)
        census.count_turned_away(houses.water, first, WECHAT, Occasion.PAYMENT, Ground.ACCOUNT)
    with houses.console.begin(houses.all) as tx:
        census = census_of(tx)
        assert census.list_turned_away([houses.gas], first, first) == [
            TurnedAway(houses.gas, first, WECHAT, Occasion.PAYMENT, Ground.ACCOUNT, 3)
        ]
        found = census.list_turned_away(houses.all, first, first + timedelta(1))
        assert sorted((one.day, one.count) for one in found) == [(first, 1), (first, 3), (first + timedelta(1), 1)]


def set_count(tx: object, to: object) -> None:
    """What no code of ours does."""
    store = cast("SqlCensusStore", census_of(tx))
    store._connection.execute(update(turned_away).values(count=to))


def test_a_count_grows_by_one_and_never_shrinks(houses: Houses) -> None:
    """PostgreSQL itself refuses to let the citizens' role set a count to anything but one more."""
    if houses.reads_chains:
        return  # the fake has no other way to a count
    with houses.public.begin(houses.all) as tx:
        census_of(tx).count_turned_away(houses.gas, date(2032, 1, 1), ALIPAY, Occasion.PAYMENT, Ground.ACCOUNT)
    for wrong in (0, turned_away.c.count, turned_away.c.count + 2):
        with pytest.raises(StoreFault), houses.public.begin(houses.all) as tx:
            set_count(tx, wrong)
    with houses.console.begin(houses.all) as tx:
        assert [
            one.count for one in census_of(tx).list_turned_away([houses.gas], date(2032, 1, 1), date(2032, 1, 1))
        ] == [1]
