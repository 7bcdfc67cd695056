"""Case numbers: unique, countable, checked."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from services.case_numbers import (
    LONGEST,
    code_agency,
    compute_check_digit,
    is_well_formed,
    name_period,
    require_distinct_codes,
    shorten,
    write_certificate_no,
    write_number,
)
from services.case_ports import NumberFormat
from services.errors import ConfigurationFault

AGENCY = UUID("01900000-0000-7000-8000-000000000001")
DAY = date(2026, 2, 28)
PLAIN = NumberFormat()


def write(form: NumberFormat = PLAIN, number: int = 1, agency: UUID = AGENCY, service: str = "trial-licence") -> str:
    return write_number(form, agency_id=agency, service=service, on=DAY, number=number)


@pytest.mark.parametrize(("number", "check"), [("0794", "5"), ("79462", "3"), ("00200667308", "5")])
def test_the_check_digit_is_that_of_iso_7064(number: str, check: str) -> None:
    """MOD 11,10, by the examples of the standard and of python-stdnum."""
    assert compute_check_digit(number) == check


@given(st.from_regex(r"[0-9]{1,40}", fullmatch=True))
def test_the_check_digit_agrees_with_another_library(digits: str) -> None:
    """Whatever the number."""
    assert compute_check_digit(digits) == mod_11_10.calc_check_digit(digits)
    assert mod_11_10.is_valid(digits + compute_check_digit(digits))


@given(st.integers(1, 10**9), st.integers(0, 23), st.integers(1, 9))
def test_one_wrong_digit_is_found(number: int, place: int, by: int) -> None:
    """A number with one digit mistyped is none of ours."""
    good = write(number=number)
    assert is_well_formed(PLAIN, good)
    place %= len(good)
    bad = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    assert not is_well_formed(PLAIN, bad)


def test_the_default_number() -> None:
    """Agency, day, count of six digits, check digit: 24 digits."""
    number = write()
    assert number == f"{code_agency(AGENCY)}20260228000001{number[-1]}"
    assert len(number) == 24
    assert number.isdigit()


@given(st.lists(st.tuples(st.uuids(), st.integers(1, 10**8)), min_size=2, max_size=20, unique=True))
def test_two_counts_are_two_numbers(counted: list[tuple[UUID, int]]) -> None:
    """Another agency or another count is another number, also beyond six digits."""
    known = {code_agency(agency): agency for agency, _ in counted}
    distinct = {(code_agency(agency), number) for agency, number in counted}
    assert len({write(number=number, agency=known[code]) for code, number in distinct}) == len(distinct)


@pytest.mark.parametrize(
    ("pattern", "period"),
    [("{agency}{date}{number}", "20260228"), ("{agency}{year}{number}", "2026"), ("{agency}{number}", ""),
     ("{agency}{year}{date}{number}", "20260228")],
)  # fmt: skip
def test_the_period_is_what_the_number_shows(pattern: str, period: str) -> None:
    """A count begins anew only where the number says when."""
    assert name_period(NumberFormat(pattern), DAY) == period


def test_a_format_may_have_letters_and_hyphens() -> None:
    """They stand in the number and count for nothing in its check digit."""
    form = NumberFormat("QY-{agency}-{year}-{number}-{check}")
    number = write(form)
    assert number.startswith(f"QY-{code_agency(AGENCY)}-2026-000001-")
    assert number[-1] == compute_check_digit(number[:-1])
    assert is_well_formed(form, number)


def test_a_number_that_is_too_long_is_a_fault_of_the_settings() -> None:
    """No number has more characters than the national exchange tables have room for."""
    with pytest.raises(ConfigurationFault, match="GUITAI_CASE_NO_FORMAT"):
        write(NumberFormat("{agency}{service}{date}{number}"), service="s" * 30)
    assert len(write(NumberFormat("{agency}{service}{date}{number}"), service="s" * 27)) == LONGEST


@pytest.mark.parametrize("typed", ["", "x", "1" * 51, "１２３", "12345²", "0x1"])
def test_what_is_typed_may_be_anything(typed: str) -> None:
    """Nothing that is typed is a fault of ours."""
    assert not is_well_formed(PLAIN, typed)


def test_without_a_check_digit_only_the_length_is_looked_at() -> None:
    """A format may do without."""
    assert is_well_formed(NumberFormat("{agency}{number}"), "123")


def test_agencies_with_one_code_are_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them could give two cases one number."""
    require_distinct_codes(uuid4() for _ in range(1000))
    monkeypatch.setattr("services.case_numbers.code_agency", lambda _: "000000001")
    with pytest.raises(ConfigurationFault, match="the same code"):
        require_distinct_codes([uuid4(), uuid4()])


def test_the_certificate_has_the_number_of_its_case() -> None:
    """Derived, never drawn."""
    assert write_certificate_no("YYZZ", "123") == "YYZZ123"
    assert shorten("540255787202602010000032") == "0032"
