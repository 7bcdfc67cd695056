"""The shipped calendar: the State Council's notices of 2004 to 2026 as the package ``chinesecalendar`` has them.

It seeds the store's table at the first start; afterwards the store is the truth, and years come by ``clock import``. The package
raises for a year that it does not know, and reads each year alone; here all of its tables become one.
"""

from __future__ import annotations

from datetime import date, datetime
from importlib.metadata import version as version_of

from chinese_calendar import constants

from services.calendar_record import Calendar, CalendarStore, NamedDay

REGION = "CN"
VERSION = 1
"""The first version of every store; without a store, it is the only one."""
PACKAGE = "chinesecalendar"
NEW_YEAR = "元旦"
DECEMBER = 12


def load_shipped_calendar() -> Calendar:
    """What the notices name, merged over all years; ``published_until`` is the end of the last year with a notice."""
    edition = f"{PACKAGE} {version_of(PACKAGE)}"
    chinese = {one.value: one.chinese for one in constants.Holiday}
    named = {on: _name_day(on, False, chinese[name], edition) for on, name in constants.holidays.items()}
    named |= {on: _name_day(on, True, chinese[name], edition) for on, name in constants.workdays.items()}
    first, last = min(constants.holidays).year, max(constants.holidays).year
    return Calendar(REGION, VERSION, named, date(first, 1, 1), date(last, 12, 31))


def _name_day(on: date, working: bool, name: str, edition: str) -> NamedDay:
    """A notice for year N also names days at the end of N-1: New Year's days in December are next year's."""
    year = on.year + 1 if on.month == DECEMBER and name == NEW_YEAR else on.year
    return NamedDay(working, name, f"国务院办公厅关于{year}年部分节假日安排的通知（据 {edition}）")


def seed_calendar(calendars: CalendarStore, at: datetime) -> Calendar | None:
    """Put the shipped calendar into a store that has none; gives it, or None if there was one."""
    if calendars.current(REGION) is not None:
        return None
    shipped = load_shipped_calendar()
    calendars.add(shipped, f"shipped with this release ({PACKAGE} {version_of(PACKAGE)})", at)
    return shipped
