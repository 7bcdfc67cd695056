"""The demo's own count of working days, by days that anybody can look up."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.demo.workdays import at_office, count_on, is_working, list_between, move_on, next_working


@pytest.mark.parametrize(
    ("start", "days", "ends"),
    [
        ("2026-02-10", 20, "2026-03-16"),  # over the Spring Festival, with its make-up days
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-11-27", 3, "2026-12-02"),
        ("2026-11-27", 0, "2026-11-27"),
        ("2028-01-07", 1, "2028-01-10"),  # a year whose notice is not out
    ],
)
def test_a_count_without_gaps(start: str, days: int, ends: str) -> None:
    """The day on which it begins is not counted; holidays are not, make-up days are."""
    assert count_on(date.fromisoformat(start), days) == date.fromisoformat(ends)


def test_a_gap_leaves_out_the_days_after_its_begin_till_its_end() -> None:
    """Monday to Wednesday: Monday counts, Tuesday and Wednesday do not, Thursday does."""
    monday, wednesday, before = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 20)
    assert count_on(before, 2, [(monday, wednesday)]) == date(2026, 11, 26)
    assert list_between(monday, wednesday) == [date(2026, 11, 24), wednesday]
    assert list_between(monday, monday) == []


def test_days_off_are_moved_over() -> None:
    """A day that was told and is none becomes the next working day; a working day stays."""
    saturday, monday = date(2026, 11, 28), date(2026, 11, 30)
    assert not is_working(saturday)
    assert move_on(saturday) == next_working(saturday) == monday
    assert move_on(monday) == monday


def test_an_office_morning_is_one_in_china() -> None:
    """Ten o'clock in Beijing."""
    assert at_office(date(2026, 11, 30)).isoformat() == "2026-11-30T10:00:00+08:00"
