"""When an alert goes up: so many hours in which the office is there, or by the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.alert_settings import ALERT_VARIABLES, RUNGS
from services.alert_record import Rung
from services.calendar_record import Calendar, NamedDay
from services.clock import SHANGHAI_OFFSET
from services.escalation_rule import DEFAULT_HOURS, EscalationRule
from tests.fake_case_books import make_calendar

HOLIDAY = Calendar(
    "CN", 1, {date(2026, 11, 4): NamedDay(False, "试日", "试"), date(2026, 11, 7): NamedDay(True, "调休", "试")},
    date(2026, 1, 1), date(2026, 12, 31),
)  # fmt: skip
"""Wednesday is off, Saturday is worked."""
HOUR, FIRST, LAST = timedelta(hours=1), datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)


def beijing(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026, of which the second is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - SHANGHAI_OFFSET


@pytest.mark.parametrize(
    ("since", "hours", "goes_up"),
    [
        (beijing(2, 9), 8, beijing(2, 17)),
        (beijing(2, 0), 8, beijing(2, 17)),
        (beijing(2, 10, 30), 8, beijing(3, 10, 30)),
        (beijing(2, 17), 4, beijing(3, 13)),
        (beijing(3, 16), 2, beijing(5, 10)),
        (beijing(6, 18), 8, beijing(7, 17)),
        (beijing(7, 16), 2, beijing(9, 10)),
        (beijing(8, 12), 1, beijing(9, 10)),
        (beijing(2, 9), 40, beijing(7, 17)),
    ],
)
def test_only_hours_of_the_office_count(since: datetime, hours: int, goes_up: datetime) -> None:
    """From nine to five of working days in Beijing, holidays left out, Saturdays that are worked in."""
    rule = EscalationRule({Rung.RED: hours})
    assert rule.find_moment(Rung.RED, since, HOLIDAY) == goes_up


def test_by_the_clock_every_hour_counts() -> None:
    """Nights and holidays too, where the settings say so."""
    rule = EscalationRule({Rung.RED: 24}, office_time=False)
    assert rule.find_moment(Rung.RED, beijing(3, 16), HOLIDAY) == beijing(4, 16)


def test_a_rung_without_hours_stays_where_it_is() -> None:
    """Zero, or not named: it never goes up by itself."""
    rule = EscalationRule({Rung.RED: 0})
    assert [rule.find_moment(rung, beijing(2, 9), HOLIDAY) for rung in (Rung.RED, Rung.ORANGE)] == [None, None]


@given(
    since=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
    hours=st.integers(1, 120),
    more=st.integers(1, 40),
)
def test_more_hours_are_never_sooner(since: datetime, hours: int, more: int) -> None:
    """It goes up within the office's hours, never before the span has passed, and later with more hours or a later start."""
    calendar, at = make_calendar(), since.replace(tzinfo=UTC)
    moment = EscalationRule({Rung.RED: hours}).find_moment(Rung.RED, at, calendar)
    later = EscalationRule({Rung.RED: hours + more}).find_moment(Rung.RED, at, calendar)
    after = EscalationRule({Rung.RED: hours}).find_moment(Rung.RED, at + HOUR, calendar)
    assert moment is not None
    assert later is not None
    assert after is not None
    local = moment + SHANGHAI_OFFSET
    assert calendar.is_working(local.date())
    assert 9 <= local.hour <= 17
    assert at + hours * HOUR <= moment < later
    assert moment <= after


def test_the_settings_name_every_rung_with_the_rule_s_own_hours() -> None:
    """The words and the defaults of the settings are those of the rule."""
    hours = ALERT_VARIABLES["escalate_hours"]
    assert [str(rung) for rung in Rung] == list(RUNGS)
    assert hours.default is not None
    assert hours.read(hours.default) == {str(rung): count for rung, count in DEFAULT_HOURS.items()}


@pytest.mark.parametrize(
    "text",
    ["", "orange=9", "orange=8,red=4,passed=4,late=8,fact=x", "orange=8,red=4,passed=4,late=8,fact=8,fact=9",
     "orange=8,red=4,passed=4,late=8,blue=8", "orange=-8,red=4,passed=4,late=8,fact=8", "orange=2001,red=4,passed=4,late=8,fact=8"],
)  # fmt: skip
def test_hours_that_are_none_are_refused(text: str) -> None:
    """With what was expected, and without what was given."""
    with pytest.raises(ValueError, match="must give each of orange, red") as refused:
        ALERT_VARIABLES["escalate_hours"].read(text)
    assert not text or text not in str(refused.value)
