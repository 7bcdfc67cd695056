"""Calendars are kept in versions that never change, belong to no agency, and are read once by each process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

from adapters.calendar_seed import load_shipped_calendar, seed_calendar
from adapters.stores.calendars import SqlCalendarStore, digest_calendar
from adapters.stores.connection import driver_url
from services.calendar_record import Calendar, NamedDay
from services.errors import VersionTaken
from tests.databases import Database

AT = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


@pytest.fixture
def owner(database: Database) -> Iterator[Engine]:
    """The owner's engine: who imports calendars."""
    engine = create_engine(driver_url(database.owner_url), poolclass=NullPool)
    yield engine
    engine.dispose()


def make_calendar(region: str, version: int = 1) -> Calendar:
    """Two named days of one year."""
    named = {
        date(2026, 2, 14): NamedDay(True, "春节", "通知"),
        date(2026, 2, 16): NamedDay(False, "春节", "通知"),
    }
    return Calendar(region, version, named, date(2026, 1, 1), date(2026, 12, 31))


def name_region() -> str:
    return f"T-{uuid4().hex[:8]}"


def test_a_calendar_comes_back_as_it_went_in(owner: Engine) -> None:
    """Span, days, names and sources."""
    wanted = make_calendar(name_region())
    with owner.begin() as connection:
        SqlCalendarStore(connection).add(wanted, "a test", AT)
    with owner.begin() as connection:
        found = SqlCalendarStore(connection).current(wanted.region)
    assert found is not None
    assert (found, dict(found.named)) == (replace(wanted, named=found.named), wanted.named)


def test_the_highest_version_is_in_force_and_older_ones_stay(owner: Engine) -> None:
    """A deadline names the version by which it was computed, so that version can be looked at again."""
    first = make_calendar(name_region())
    second = replace(first, version=2, named={}, published_until=date(2027, 12, 31))
    with owner.begin() as connection:
        store = SqlCalendarStore(connection)
        store.add(first, "a test", AT)
        assert store.current(first.region) == first
        store.add(second, "a notice", AT)
        assert store.current(first.region) == second
        assert store.load(first.region, 1) == first
        assert store.load(first.region, 3) is None


def test_a_version_is_never_written_twice(owner: Engine) -> None:
    """Two who import at the same moment: one of them is told."""
    calendar = make_calendar(name_region())
    with owner.begin() as connection:
        SqlCalendarStore(connection).add(calendar, "a test", AT)
    with pytest.raises(VersionTaken), owner.begin() as connection:
        SqlCalendarStore(connection).add(replace(calendar, named={}), "another", AT)


def test_a_region_without_a_calendar_has_none(owner: Engine) -> None:
    """Nothing is guessed here."""
    with owner.begin() as connection:
        assert SqlCalendarStore(connection).current(name_region()) is None


def test_days_are_read_once_by_each_process(owner: Engine) -> None:
    """An event of a case asks for one row, not for hundreds; the days of a version are read when it is first met."""
    calendar = make_calendar(name_region())
    with owner.begin() as connection:
        SqlCalendarStore(connection).add(calendar, "a test", AT)
    asked: list[str] = []
    event.listen(owner, "before_cursor_execute", lambda *call: asked.append(str(call[2])))
    for _ in range(3):
        with owner.begin() as connection:
            assert SqlCalendarStore(connection).current(calendar.region) == calendar
    assert sum("FROM calendar_days" in statement for statement in asked) == 1
    assert sum("FROM calendar_versions" in statement for statement in asked) == 3


def test_the_digest_is_of_what_the_calendar_says() -> None:
    """Another day, name, source or span is another digest; the version's number alone is not."""
    calendar = make_calendar("T")
    assert digest_calendar(calendar) == digest_calendar(replace(calendar, version=2))
    other = {**calendar.named, date(2026, 2, 17): NamedDay(False, "春节", "通知")}
    assert digest_calendar(calendar) != digest_calendar(replace(calendar, named=other))
    assert digest_calendar(calendar) != digest_calendar(replace(calendar, published_until=date(2027, 12, 31)))


def test_the_shipped_calendar_is_sown_once(owner: Engine) -> None:
    """The store is the truth after the first start: a second seeding changes nothing."""
    with owner.begin() as connection:
        store = SqlCalendarStore(connection)
        before = store.current("CN")
        sown = seed_calendar(store, AT)
        assert (sown is None) == (before is not None)
        assert seed_calendar(store, AT) is None
        current = store.current("CN")
        assert current is not None
        assert current.named[date(2026, 2, 14)].working
        connection.rollback()


@pytest.mark.parametrize("role", ["public", "worker", "console"])
def test_roles_read_calendars_and_write_none(database: Database, role: str) -> None:
    """Whoever could add a day could move every deadline."""
    with psycopg.connect(database.urls[role]) as connection:
        connection.execute("SELECT count(*) FROM calendar_versions")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE calendar_days SET working = true")


def test_the_shipped_calendar_is_one_table_over_all_years() -> None:
    """A notice for N names days in N-1: New Year's make-up day of 2018-12-29 is the notice of 2019's."""
    shipped = load_shipped_calendar()
    assert (shipped.published_from, shipped.published_until) == (date(2004, 1, 1), date(2026, 12, 31))
    day = shipped.named[date(2018, 12, 29)]
    assert day.working
    assert "2019年" in day.source
    assert shipped.named[date(2015, 9, 3)].name.startswith("中国人民抗日战争")
