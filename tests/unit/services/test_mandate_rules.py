"""Rules of services/mandate_rules.py: ages, terms, credit codes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from services.case_record import MandateKind
from services.errors import InputRefused
from services.mandate_rules import LONGEST_YEARS, begin_day, birthday, is_aged, read_credit_code, read_last_day
from services.till import business_day

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


def number_of(born_on: date) -> str:
    body = f"110101{born_on:%Y%m%d}001"
    return body + str(ric.calc_check_digit(body + "0"))


@pytest.mark.parametrize(
    ("born_on", "years", "on"),
    [
        (date(2008, 2, 29), 18, date(2026, 2, 28)),
        (date(2008, 2, 29), 60, date(2068, 2, 29)),
        (date(2008, 3, 1), 18, date(2026, 3, 1)),
        (date(1966, 11, 2), 60, date(2026, 11, 2)),
    ],
)
def test_a_year_is_completed_on_the_birthday(born_on: date, years: int, on: date) -> None:
    """Where the day is missing, on the last day of that month (Civil Code art. 202)."""
    assert birthday(number_of(born_on), years) == on
    assert is_aged(number_of(born_on), years, on)
    assert not is_aged(number_of(born_on), years, on - timedelta(days=1))


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 120))
def test_ages_are_those_of_the_calendar(born_on: date, years: int) -> None:
    """Whoever is aged n on a day is aged n on every later day, and one more year only after n."""
    number = number_of(born_on)
    assert birthday(number, years) < birthday(number, years + 1)
    assert birthday(number, years).year == born_on.year + years


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_a_day_begins_in_shanghai(day: date) -> None:
    """Its first moment belongs to it, the moment before does not."""
    first = begin_day(day)
    assert business_day(first) == day
    assert business_day(first - timedelta(microseconds=1)) == day - timedelta(days=1)


@given(st.sampled_from([MandateKind.AGENT, MandateKind.FAMILY]), st.integers(-400, 2200))
def test_a_mandate_lasts_through_its_last_day(kind: MandateKind, days: int) -> None:
    """Any last day from today to the longest term is taken, with all of its hours; any other is refused at ``until``."""
    until = date(2026, 11, 2) + timedelta(days=days)
    longest = date(2026 + LONGEST_YEARS[kind], 11, 2)
    if date(2026, 11, 2) <= until <= longest:
        ends_at = read_last_day(until, kind, NOW)
        assert business_day(ends_at - timedelta(seconds=1)) == until
        assert business_day(ends_at) == until + timedelta(days=1)
    else:
        with pytest.raises(InputRefused) as caught:
            read_last_day(until, kind, NOW)
        assert caught.value.detail == {"until": "past" if days < 0 else "too_far"}


def judge(text: str) -> str:
    """The rule that a text breaks, or the code that it is."""
    try:
        return read_credit_code(text)
    except InputRefused as refused:
        return str((refused.detail or {})["credit_code"])


@given(
    st.text(CHARACTERS, min_size=2, max_size=2), st.integers(0, 999_999), st.text(CHARACTERS, min_size=9, max_size=9)
)
def test_credit_codes_have_one_check_character(head: str, region: int, body: str) -> None:
    """Of all characters in the last place exactly the published algorithm's is right (GB 32100, MOD 31)."""
    first = f"{head}{region:06d}{body}"
    right = first + uscc.calc_check_digit(first)
    assert {judge(first + last) for last in CHARACTERS} == {right, "checksum"}


@given(st.text(max_size=30))
def test_any_text_is_a_credit_code_or_refused(text: str) -> None:
    """Nothing else can happen, and what was read is read the same again."""
    found = judge(text)
    assert found in ("form", "checksum") or judge(found) == found


def test_one_digit_changed_is_noticed() -> None:
    """A published code (of the standard's register) passes; with one digit of its region changed it does not."""
    code = "91110000600037341L"
    assert read_credit_code(code) == code
    for place, (left, _right) in enumerate(pairwise(code)):
        if left.isdigit() and place > 1:
            wrong = f"{code[:place]}{(int(left) + 1) % 10}{code[place + 1 :]}"
            with pytest.raises(InputRefused):
                read_credit_code(wrong)
