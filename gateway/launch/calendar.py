"""The shipped calendar of working days into a store that has none yet."""

from __future__ import annotations

from adapters.calendar_seed import seed_calendar
from adapters.stores.calendars import SqlCalendarStore
from adapters.stores.connection import open_engine, scoped
from services.calendar_record import Calendar
from services.ports import Clock


def seed_shipped_calendar(owner_url: str, clock: Clock) -> Calendar | None:
    """Sow it as the store's owner; gives it, or None if the store has a calendar: then that is the truth. Raises ``StoreUnavailable``."""
    engine = open_engine(owner_url, 1)
    try:
        with scoped(engine, ()) as connection:
            return seed_calendar(SqlCalendarStore(connection), clock.now())
    finally:
        engine.dispose()


def describe_calendar(calendar: Calendar) -> str:
    """One line for the report of a run."""
    return (
        f"working days of {calendar.region}: calendar version {calendar.version},"
        f" published from {calendar.published_from} to {calendar.published_until}"
    )
