"""The recount by itself, on a desk calendar: days that anybody can count."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tests.year.recount import Clock, Sweeper, find_share, midnight, say

OFF = {date(2026, 2, day) for day in range(15, 24)}
WORKED = {date(2026, 2, 14), date(2026, 2, 28)}
CALENDAR = {
    on: on in WORKED or (on.weekday() < 5 and on not in OFF)
    for on in (date.fromordinal(day) for day in range(date(2026, 2, 1).toordinal(), date(2026, 6, 1).toordinal()))
}


def make(**changes: str) -> Clock:
    """A promise of fifteen days from 10 February 2026: the eighth to the twelfth are 27, 28 February, 2, 3, 4 March, the last is 9 March."""
    row = {
        "case": "1", "clock": "promised", "budget": "15", "started": "2026-02-10", "ended": "2026-04-30", "extended_on": "",
        "extended_by": "", "suspensions": "",
    }  # fmt: skip
    return Clock(row | changes, CALENDAR)


def tell(clock: Clock, share: Fraction = Fraction(4, 5)) -> dict[str, date]:
    return dict(clock.list_dues(share))


def test_the_published_number() -> None:
    """Twenty working days from 2026-02-10 end on 2026-03-16, over the Spring Festival: passed at 00:00 of the next day."""
    assert tell(make(clock="statutory", budget="20")) == {"passed": date(2026, 3, 17)}
    assert make(ended="2026-03-16").count_days() == 20


def test_orange_and_red() -> None:
    """Orange on the twelfth of fifteen days, red on the day after the last, also if that is a day off."""
    assert tell(make()) == {"orange": date(2026, 3, 4), "red": date(2026, 3, 10)}
    assert tell(make(budget="4")) == {"orange": date(2026, 2, 14), "red": date(2026, 2, 15)}


@pytest.mark.parametrize(
    ("extended_on", "orange", "red"),
    [
        ("2026-03-03", date(2026, 3, 16), date(2026, 3, 24)),  # before the orange day: twenty of twenty-five
        ("2026-03-04", date(2026, 3, 4), date(2026, 3, 24)),  # on it: at its 00:00 nothing more was granted
        ("2026-03-09", date(2026, 3, 4), date(2026, 3, 24)),  # on the last day
        ("2026-03-10", date(2026, 3, 4), date(2026, 3, 10)),  # too late
    ],
)
def test_more_time(extended_on: str, orange: date, red: date) -> None:
    """What counts at each 00:00 is the budget that was in force then."""
    assert tell(make(extended_on=extended_on, extended_by="10")) == {"orange": orange, "red": red}


def test_days_that_do_not_count() -> None:
    """First and last day of a suspension are left out with those between; two that touch are one."""
    apart = make(suspensions="2026-03-03/2026-03-04;2026-03-05/2026-03-06")
    assert apart.list_dues(Fraction(4, 5)).__next__() == ("orange", date(2026, 3, 10))
    assert make(suspensions="2026-03-03/2026-03-06").count_days() == apart.count_days()


def test_what_has_ended_is_told_only_of_what_was_due() -> None:
    """A clock that ended on the day at whose 00:00 a rung was due has it; one that ended the day before has not."""
    assert set(tell(make(ended="2026-03-04"))) == {"orange"}
    assert set(tell(make(ended="2026-03-03"))) == set()
    assert tell(make(started="2026-02-10", ended="2026-02-10")) == {}


def test_when_it_is_sent() -> None:
    """At the first multiple of the seconds since 1970 at or after it that lies in no outage, its ends included."""
    report = {"sweep_every_seconds": 3600, "outages": [["2026-03-03T15:30:00Z", "2026-03-03T18:00:01Z"]]}
    sweeper = Sweeper(report)
    assert say(sweeper.sent(midnight(date(2026, 3, 4)))) == "2026-03-03T19:00:00Z"
    assert say(sweeper.sent(midnight(date(2026, 3, 5)))) == "2026-03-04T16:00:00Z"
    other = Sweeper({"sweep_every_seconds": 7 * 3600, "outages": []}).sent(midnight(date(2026, 3, 5)))
    assert other.timestamp() % (7 * 3600) == 0
    assert 0 <= other.timestamp() - midnight(date(2026, 3, 5)).timestamp() < 7 * 3600


def test_the_share_is_read_as_it_is_written() -> None:
    """0.8 is four fifths, and 0.07 of a hundred days are seven, whatever a machine makes of it."""
    assert find_share(0.8) == Fraction(4, 5)
    assert -(-find_share(0.07) * 100 // 1) == 7
