"""When an alert goes up to the level above unless somebody acknowledges it: so many hours, by the office's time or by the clock. Pure.

How long is a local rule: the settings say it per rung. Office time counts only the hours in which the supervision office is there
(working days, between opening and closing in Beijing), so that an alert of Friday evening is not three levels up on Monday morning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from services.alert_record import Rung
from services.calendar_record import Calendar
from services.clock import DAY, SHANGHAI_OFFSET
from services.counter_terms import Receiving

DEFAULT_HOURS: Mapping[Rung, int] = {Rung.ORANGE: 8, Rung.RED: 4, Rung.PASSED: 4, Rung.LATE: 8, Rung.FACT: 8}
"""Office hours: a working day of eight hours for a warning, half of one for what is late already."""


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """``hours`` per rung, a rung with 0 stays where it is; ``office_time``: only hours in which the office is there count."""

    hours: Mapping[Rung, int] = field(default_factory=lambda: dict(DEFAULT_HOURS))
    office_time: bool = True
    office: Receiving = field(default_factory=Receiving)

    def find_moment(self, rung: Rung, since: datetime, calendar: Calendar) -> datetime | None:
        """When an alert of this rung that reached a desk at ``since`` goes up; None: never."""
        span = timedelta(hours=self.hours.get(rung, 0))
        if not span:
            return None
        return _count_office(since, span, self.office, calendar) if self.office_time else since + span


def _count_office(since: datetime, span: timedelta, office: Receiving, calendar: Calendar) -> datetime:
    """The moment after ``span`` of office time; the last moment of a day rather than the first of the next."""
    on = (since + SHANGHAI_OFFSET).date()
    while True:
        opens, closes = _moment(on, office.opens), _moment(on, office.closes)
        begins = max(opens, since)
        if calendar.is_working(on) and begins < closes:
            if span <= closes - begins:
                return begins + span
            span -= closes - begins
        on += DAY


def _moment(on: date, at: str) -> datetime:
    """A time of the day in Beijing, as a moment."""
    return datetime.combine(on, time.fromisoformat(at), UTC) - SHANGHAI_OFFSET
