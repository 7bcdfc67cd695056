"""The lives of the simulated year keep the rules that the counter keeps."""

from __future__ import annotations

import math
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.case_graph import CLOSED, follow
from services.case_limits import require_correction_in_time, require_extension, require_special
from services.clock_history import find_ending
from tests.year.arrivals import CLOSES, OPENS, list_arrivals
from tests.year.calendars import BEIJING, day_of, load_calendars, moment_on
from tests.year.city import make_services, make_staff
from tests.year.lives import LIVES, list_prefixes, list_sample, tell_life
from tests.year.outages import is_out, list_outages

CALENDAR = load_calendars()[1]
NUMBERS = st.integers(0, LIVES - 1)


@given(NUMBERS)
def test_a_life_follows_the_graph_to_its_end(index: int) -> None:
    """Every event is an edge by a hand that may make it; versions have no gap; the case is accepted, decided or ended by staff, closed."""
    file, _ = tell_life(index)
    for before, event in zip(file.events, file.events[1:], strict=False):
        assert event.state is follow(before.state, event.name, event.hand)
        assert event.version == before.version + 1
    ending = find_ending(file)
    assert ending is not None
    assert ending.staff_id is not None
    assert file.state in CLOSED


@given(NUMBERS)
def test_people_work_in_office_hours(index: int) -> None:
    """In order, in whole seconds, on working days between opening and closing; only the clock acts at midnight."""
    file, _ = tell_life(index)
    assert [event.at for event in file.events] == sorted(event.at for event in file.events)
    for event in file.events:
        local = event.at + BEIJING
        seconds = int((event.at - moment_on(local.date(), 0)).total_seconds())
        assert local.microsecond == 0
        if event.name == "deemed_accepted":
            assert 0 < seconds < 60
        else:
            assert CALENDAR.is_working(local.date())
            assert OPENS <= seconds < CLOSES


@given(NUMBERS)
def test_what_the_counter_would_refuse_does_not_happen(index: int) -> None:
    """Extensions, special procedures and corrections stand the use cases' own rules at their moment; silence lasts exactly five days."""
    file, terms = tell_life(index)
    for before, event in zip(list_prefixes(file), file.events[1:], strict=False):
        today = day_of(event.at)
        if event.name == "extension_granted":
            require_extension(before, terms, CALENDAR, today, int(event.data["days"]))
        elif event.name == "special_began":
            until = date.fromisoformat(str(event.data["until_on"]))
            require_special(before, terms, CALENDAR, str(event.data["code"]), today, until)
        elif event.name == "corrected":
            require_correction_in_time(before, terms, CALENDAR, event.at)


def test_the_same_seed_tells_the_same_year() -> None:
    """Arrivals, their clerks and outages depend on the seed alone."""
    arrivals, _, staff, days = list_sample()
    assert list_arrivals(LIVES, 5, days, staff) == arrivals
    assert list_arrivals(LIVES, 6, days, staff) != arrivals
    assert list_outages(5, 3600) == list_outages(5, 3600)


@given(st.integers(0, 10_000), st.sampled_from([900, 3600, 8 * 3600]))
def test_outages_lie_off_the_grid(seed: int, every: int) -> None:
    """Their ends are never a sweep's moment, they do not touch, and some midnight falls into one."""
    outages = list_outages(seed, every)
    ends = [end for outage in outages for end in outage]
    assert ends == sorted(set(ends))
    assert all(int(end.timestamp()) % every and end.microsecond == 0 for end in ends)
    assert is_out(moment_on(date(2025, 2, 8), 0), outages)
    assert is_out(moment_on(date(2026, 1, 1), 0), outages)


def test_no_deemed_acceptance_finds_its_orange_day_in_the_past() -> None:
    """Every budget is long enough that three quarters of it, and each first step, end after the five days of silence."""
    for service in make_services():
        terms = service.terms
        assert -(-3 * terms.promised_days // 4) > terms.completeness_days + 1
        assert terms.promised_days <= terms.statutory_days
        first = terms.steps[0].limit_days if terms.steps else None
        assert first is None or first > terms.completeness_days
        for budget in (
            terms.promised_days,
            terms.promised_days + terms.extension_days,
            terms.promised_days + terms.extension_days // 2,
        ):
            assert -(-3 * budget // 4) == math.ceil(0.75 * budget)


def test_the_staff_has_its_characters() -> None:
    """Among the clerks are some who idle, stop clocks, ask piecemeal or favour; everybody's name is unique."""
    staff = make_staff()
    clerks = [one for one in staff if one.role == "clerk"]
    assert len({one.login for one in staff}) == len(staff)
    assert len(clerks) == 60
    assert {"deliberate", "stopper", "piecemeal", "favouring", "slow", "fast"} <= {one.habit.name for one in clerks}


@given(NUMBERS)
def test_the_favoured_applicant_is_served_at_once(index: int) -> None:
    """Of whoever favours: the regular applicant's cases are decided within two days, unless something stands in the way."""
    arrivals, *_ = list_sample()
    arrival = arrivals[index]
    if arrival.regular and arrival.clerk.habit.favours:
        file, _ = tell_life(index)
        ending = find_ending(file)
        assert ending is not None
        plain = not file.all_of("special_began", "extension_granted")
        assert not plain or day_of(ending.at) <= list_sample()[3].after(arrival.day, 2)
