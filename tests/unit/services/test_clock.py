"""Budget, suspensions and extension in, deadline and explanation out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.calendar_seed import load_shipped_calendar
from services.calendar_record import Calendar, NamedDay
from services.clock import (
    Clock,
    ClockKind,
    Suspension,
    compute,
    count_on,
    end_of_day,
    explain,
    find_overlap,
    next_working_day,
    received_day,
)
from services.clock_words import REASONS, SOURCES, say_days_left, say_provisional, say_reason, say_source, tell_line
from services.counter_terms import Receiving
from services.model import Language
from tests.unit.services.naive_calendar import FIRST, count_naively

CALENDAR = load_shipped_calendar()
STATUTORY = ClockKind.STATUTORY
STARTS = st.dates(FIRST, date(2026, 6, 30))


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[date, tuple[Suspension, ...]]:
    """A start and up to four suspensions after it that do not overlap; neighbours may touch."""
    start = draw(STARTS)
    ledger, on = [], start
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), max_size=4)):
        begins = on + timedelta(days=gap)
        on = begins + timedelta(days=length)
        ledger.append(Suspension("inspection", begins, on))
    return start, tuple(ledger)


def list_excluded(ledger: tuple[Suspension, ...]) -> set[date]:
    """The days after each beginning, till and with its end: written out, not computed by what is tested."""
    excluded: set[date] = set()
    for one in ledger:
        assert one.until_on is not None
        excluded |= {date.fromordinal(day) for day in range(one.from_on.toordinal() + 1, one.until_on.toordinal() + 1)}
    return excluded


def test_the_published_number() -> None:
    """Acceptance on 2026-02-10 and 20 working days end on 2026-03-16, over the Spring Festival and its make-up days."""
    deadline = compute(Clock(STATUTORY, date(2026, 2, 10), 20), CALENDAR)
    assert (deadline.due_on, deadline.provisional, deadline.calendar_version) == (date(2026, 3, 16), False, 1)
    assert len(deadline.counted) == 20


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # the day before a week of holidays
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # a Saturday that is worked
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # that Saturday itself, before nine days off
        (date(2026, 10, 9), 1, date(2026, 10, 10)),  # the make-up Saturday after a festival
        (date(2026, 5, 1), 1, date(2026, 5, 6)),  # begins on a day off
        (date(2026, 3, 6), 0, date(2026, 3, 6)),  # no day at all: at once
        (date(2018, 12, 28), 1, date(2018, 12, 29)),  # named by the next year's notice
        (date(2018, 12, 29), 1, date(2019, 1, 2)),
    ],
)  # fmt: skip
def test_the_days_around_holidays(start: date, days: int, due: date) -> None:
    """Day 1 is the first working day after the start, whatever the start is."""
    assert count_on(start, days, CALENDAR) == due


def test_a_year_that_is_not_announced_is_provisional_and_says_so() -> None:
    """Accepted in late November 2026 with 20 + 10 days: Monday to Friday is presumed, marked, with the version, in words."""
    deadline = compute(Clock(STATUTORY, date(2026, 11, 27), 20, extension_days=10), CALENDAR)
    assert deadline.due_on == date(2027, 1, 8)
    assert deadline.provisional
    assert "日历版本 1" in say_provisional(deadline)[Language.ZH_CN]
    lines = explain(Clock(STATUTORY, date(2026, 11, 27), 30), CALENDAR, date(2026, 12, 1))
    assert {line.reason for line in lines if line.on.year == 2027} == {"presumed_working_day", "presumed_weekend"}
    assert all(line.provisional is (line.on.year == 2027) for line in lines)


def test_the_notice_that_comes_makes_it_certain() -> None:
    """The same clock by the next version of the calendar: computed again, no longer provisional."""
    named = {
        **CALENDAR.named,
        date(2027, 1, 1): NamedDay(False, "元旦", "通知"),
        date(2027, 1, 2): NamedDay(True, "元旦", "通知"),
    }
    known = replace(CALENDAR, version=2, named=named, published_until=date(2027, 12, 31))
    deadline = compute(Clock(STATUTORY, date(2026, 11, 27), 30), known)
    assert (deadline.due_on, deadline.provisional, deadline.calendar_version) == (date(2027, 1, 8), False, 2)


def test_a_calendar_that_knows_nothing_makes_everything_provisional() -> None:
    """No region is without a deadline, and none has a certain one by accident."""
    nothing = Calendar("XX", 0, {}, date.max, date.min)
    deadline = compute(Clock(STATUTORY, date(2026, 9, 30), 1), nothing)
    assert (deadline.due_on, deadline.provisional, deadline.calendar_version) == (date(2026, 10, 1), True, 0)
    assert explain(Clock(STATUTORY, date(2026, 9, 30), 1), nothing, date(2026, 9, 30))[-1].provisional


@given(ledgers(), st.integers(1, 60))
def test_suspensions_leave_out_their_days_and_no_others(case: tuple[date, tuple[Suspension, ...]], budget: int) -> None:
    """The deadline is that of a naive count without the days after each beginning till and with its end."""
    start, ledger = case
    assert compute(Clock(STATUTORY, start, budget, ledger), CALENDAR).counted == tuple(
        count_naively(start, budget, list_excluded(ledger))
    )


@given(ledgers(), st.integers(1, 60))
def test_a_suspension_never_brings_a_deadline_forward(case: tuple[date, tuple[Suspension, ...]], budget: int) -> None:
    """Each one moves it back by as many working days as it excludes before it, or leaves it where it is."""
    start, ledger = case
    dues = [
        compute(Clock(STATUTORY, start, budget, ledger[:number]), CALENDAR).due_on for number in range(len(ledger) + 1)
    ]
    assert dues == sorted(dues)


@given(ledgers(), st.integers(1, 60))
def test_the_order_of_the_ledger_means_nothing(case: tuple[date, tuple[Suspension, ...]], budget: int) -> None:
    """Suspensions are a set of days."""
    start, ledger = case
    clock = Clock(STATUTORY, start, budget, ledger)
    assert compute(clock, CALENDAR) == compute(replace(clock, suspensions=ledger[::-1]), CALENDAR)


@given(STARTS, st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_nested_and_overlapping_suspensions_exclude_a_day_once(
    start: date, budget: int, first: int, second: int
) -> None:
    """Whatever stands in a ledger, no day is left out twice."""
    outer = Suspension("inspection", start + timedelta(days=3), start + timedelta(days=3 + first))
    inner = Suspension("hearing", start + timedelta(days=5), start + timedelta(days=5 + second))
    both = compute(Clock(STATUTORY, start, budget, (outer, inner)), CALENDAR)
    assert both.counted == tuple(count_naively(start, budget, list_excluded((outer, inner))))


def test_a_suspension_over_a_make_up_saturday_excludes_it() -> None:
    """2026-05-09 is a Saturday that is worked: a suspension over it moves the deadline by that day too."""
    clock = Clock(STATUTORY, date(2026, 5, 6), 5)
    plain = compute(clock, CALENDAR)
    assert date(2026, 5, 9) in plain.counted
    ledger = (Suspension("testing", date(2026, 5, 8), date(2026, 5, 9)),)
    assert compute(replace(clock, suspensions=ledger), CALENDAR).due_on == next_working_day(
        plain.due_on + timedelta(days=1), CALENDAR
    )


def test_the_day_on_which_a_suspension_begins_counts_and_its_last_does_not() -> None:
    """From Monday to Wednesday: Monday counts, Tuesday and Wednesday do not, Thursday does."""
    ledger = (Suspension("hearing", date(2026, 3, 9), date(2026, 3, 11)),)
    deadline = compute(Clock(STATUTORY, date(2026, 3, 6), 2, ledger), CALENDAR)
    assert deadline.counted == (date(2026, 3, 9), date(2026, 3, 12))


def test_a_suspension_without_an_end_lets_the_clock_stand() -> None:
    """No deadline is invented: it says that it stands."""
    deadline = compute(
        Clock(STATUTORY, date(2026, 3, 6), 5, (Suspension("hearing", date(2026, 3, 9), None),)), CALENDAR
    )
    assert deadline.standing
    assert deadline.counted == (date(2026, 3, 9),)
    extended = Clock(
        STATUTORY, date(2026, 3, 6), 5, (Suspension("hearing", date(2026, 3, 6), None),), extension_days=10
    )
    assert compute(extended, CALENDAR).standing


@given(STARTS, st.integers(1, 40), st.integers(1, 10))
def test_an_extension_adds_its_days(start: date, budget: int, more: int) -> None:
    """Twenty days and ten are thirty, on the same calendar."""
    extended = compute(Clock(STATUTORY, start, budget, extension_days=more), CALENDAR)
    assert extended.due_on == compute(Clock(STATUTORY, start, budget + more), CALENDAR).due_on


@given(STARTS, st.integers(1, 30), st.integers(-5, 5))
def test_an_extension_after_expiry_has_no_effect(start: date, budget: int, days: int) -> None:
    """On the last day it still has; a day later a limit that has passed is not made good."""
    plain = compute(Clock(STATUTORY, start, budget), CALENDAR)
    on = plain.due_on + timedelta(days=days)
    extended = compute(Clock(STATUTORY, start, budget, extension_days=10, extended_on=on), CALENDAR)
    assert (extended.due_on > plain.due_on) is (days <= 0)


@pytest.mark.parametrize(
    ("told", "due"),
    [
        (date(2026, 2, 12), date(2026, 2, 12)),
        (date(2026, 2, 14), date(2026, 2, 14)),  # a Saturday that is worked
        (date(2026, 2, 16), date(2026, 2, 24)),  # inside the Spring Festival
    ],
)
def test_a_day_that_was_told_holds_and_moves_off_a_day_off(told: date, due: date) -> None:
    """The last day of a term that is no working day is the next working day (Civil Code art. 203)."""
    assert compute(Clock(ClockKind.GAP, date(2026, 2, 2), 10, until_on=told), CALENDAR).due_on == due


@pytest.mark.parametrize(
    ("at", "on"),
    [
        (datetime(2026, 11, 4, 23, 0, tzinfo=UTC), date(2026, 11, 5)),  # 07:00 in Beijing: the day in UTC is another
        (datetime(2026, 11, 5, 1, 0, tzinfo=UTC), date(2026, 11, 5)),  # 09:00
        (datetime(2026, 11, 5, 8, 59, 59, tzinfo=UTC), date(2026, 11, 5)),
        (datetime(2026, 11, 5, 9, 0, tzinfo=UTC), date(2026, 11, 6)),  # 17:00: closed
        (datetime(2026, 11, 5, 15, 59, tzinfo=UTC), date(2026, 11, 6)),  # 23:59
        (datetime(2026, 11, 6, 9, 0, tzinfo=UTC), date(2026, 11, 9)),  # a Friday evening
        (datetime(2026, 11, 6, 23, 0, tzinfo=UTC), date(2026, 11, 9)),  # a Saturday morning
        (datetime(2026, 9, 30, 10, 0, tzinfo=UTC), date(2026, 10, 8)),  # the evening before a week of holidays
        (datetime(2026, 10, 10, 2, 0, tzinfo=UTC), date(2026, 10, 10)),  # a Saturday that is worked
    ],
)
def test_receipt_is_by_the_office_s_hours(at: datetime, on: date) -> None:
    """What comes outside the hours is received on the working day on which the office is next open."""
    assert received_day(at, Receiving(), CALENDAR) == on


def test_receipt_on_the_same_day_if_the_service_says_so() -> None:
    """``same_day``: the day in Shanghai, whatever it is."""
    receiving = Receiving(outside="same_day")
    assert received_day(datetime(2026, 11, 6, 23, 0, tzinfo=UTC), receiving, CALENDAR) == date(2026, 11, 7)


def test_a_day_ends_at_midnight_in_beijing() -> None:
    """The moment after the last one of 2026-03-16 is 16:00 UTC."""
    assert end_of_day(date(2026, 3, 16)) == datetime(2026, 3, 16, 16, 0, tzinfo=UTC)


@given(ledgers(), st.integers(0, 60))
def test_an_explanation_has_every_day_with_its_reason_and_source(
    case: tuple[date, tuple[Suspension, ...]], budget: int
) -> None:
    """From the start to the deadline without a hole, numbered 1 to the budget, in Chinese and English."""
    start, ledger = case
    clock = Clock(STATUTORY, start, budget, ledger)
    lines = explain(clock, CALENDAR, start + timedelta(days=3))
    assert [line.on for line in lines] == [start + timedelta(days=number) for number in range(len(lines))]
    assert lines[-1].on == compute(clock, CALENDAR).due_on
    assert [line.number for line in lines if line.counted] == list(range(1, budget + 1))
    assert lines[0].reason == "start"
    for line in lines:
        assert line.counted is (line.reason in ("working_day", "make_up_day"))
        assert set(say_reason(line)) == set(say_source(line)) == {Language.ZH_CN, Language.EN}
        assert all(say_reason(line).values())
        assert all(say_source(line).values())
    assert sum(line.when == "today" for line in lines) <= 1


def test_an_explanation_names_the_notice() -> None:
    """The make-up Saturday and the holiday say which, and by which notice."""
    told = {
        line.on: tell_line(line)
        for line in explain(Clock(STATUTORY, date(2026, 2, 10), 20), CALENDAR, date(2026, 2, 12))
    }
    assert told[date(2026, 2, 14)]["reason_zh"] == "调休上班（春节）"
    assert "2026年部分节假日安排的通知" in told[date(2026, 2, 14)]["source_zh"]
    assert told[date(2026, 2, 17)]["reason_en"] == "day off (Spring Festival)"
    assert told[date(2026, 2, 11)]["when"] == "past"
    assert told[date(2026, 2, 12)]["when"] == "today"
    assert told[date(2026, 2, 28)]["reason_zh"] == "调休上班（春节）"
    assert told[date(2026, 3, 1)]["source_zh"] == SOURCES["working_hours_7"][Language.ZH_CN]


def test_a_suspended_day_names_its_ground() -> None:
    """By art. 45, in words."""
    ledger = (Suspension("expert-review", date(2026, 3, 9), date(2026, 3, 11)),)
    line = explain(Clock(STATUTORY, date(2026, 3, 6), 5, ledger), CALENDAR, date(2026, 3, 6))[4]
    assert (line.on, line.reason) == (date(2026, 3, 10), "suspended")
    assert say_reason(line)[Language.ZH_CN] == "专家评审期间，不计入"
    assert say_source(line)[Language.EN] == "Administrative Licensing Law art. 45"


def test_every_reason_has_its_words() -> None:
    """The reasons that an explanation gives are those that have words."""
    clock = Clock(STATUTORY, date(2026, 2, 10), 20, (Suspension("hearing", date(2026, 3, 2), date(2026, 3, 3)),))
    ahead = Clock(STATUTORY, date(2027, 1, 1), 7)
    found = {line.reason for one in (clock, ahead) for line in explain(one, CALENDAR, date(2026, 3, 1))}
    assert found == set(REASONS)


@pytest.mark.parametrize(
    ("today", "left", "words"),
    [
        (date(2026, 2, 10), 20, "剩余 20 个工作日"),
        (date(2026, 3, 13), 1, "剩余 1 个工作日"),
        (date(2026, 3, 15), 1, "剩余 1 个工作日"),
        (date(2026, 3, 16), 0, "今天是最后一天"),
        (date(2026, 3, 17), -1, "已超期 1 个工作日"),
        (date(2026, 3, 23), -5, "已超期 5 个工作日"),
    ],
)
def test_the_time_left_is_told_in_working_days(today: date, left: int, words: str) -> None:
    """Before, on and after the last day."""
    deadline = compute(Clock(STATUTORY, date(2026, 2, 10), 20), CALENDAR)
    assert deadline.days_left(today) == left
    assert deadline.is_over(today) is (left < 0)
    assert say_days_left(deadline, today)[Language.ZH_CN] == words


@given(STARTS, st.integers(0, 30), st.integers(-40, 40))
def test_a_limit_is_late_exactly_when_it_is_over(start: date, budget: int, shift: int) -> None:
    """Days left are below zero from the day after the last one, and never before."""
    deadline = compute(Clock(STATUTORY, start, budget), CALENDAR)
    today = deadline.due_on + timedelta(days=shift)
    assert (deadline.days_left(today) < 0) is deadline.is_over(today) is (shift > 0)


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [(1, 5, False), (1, 11, True), (10, 20, True), (12, 13, True), (15, 30, True), (20, 25, False), (5, 30, True), (15, 15, True), (10, 10, False)],
)  # fmt: skip
def test_suspensions_that_share_a_day_are_found(first: int, last: int, overlaps: bool) -> None:
    """One that begins on the day on which another ends shares none with it; one inside another does."""
    ledger = (Suspension("inspection", date(2026, 3, 10), date(2026, 3, 20)),)
    new = Suspension("hearing", date(2026, 3, first), date(2026, 3, last))
    assert (find_overlap(ledger, new) is not None) is overlaps


def test_a_suspension_that_has_no_end_overlaps_all_that_follow() -> None:
    """Nothing else begins while it lasts."""
    open_end = Suspension("inspection", date(2026, 3, 10), None)
    assert find_overlap((open_end,), Suspension("hearing", date(2027, 1, 1), date(2027, 1, 2))) == open_end
    assert find_overlap((Suspension("hearing", date(2027, 1, 1), date(2027, 1, 2)),), open_end) is not None
