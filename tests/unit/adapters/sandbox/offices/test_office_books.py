"""The applications book, the numbers of companies, the tax table: what the offices compute."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from adapters.sandbox.applications.book import ApplicationsBook, Refused, digest_content
from adapters.sandbox.applications.persons import RESIDENTS, complete_credit_code, find_resident, is_credit_code
from adapters.sandbox.offices.tax_declarations import BRACKETS, compute_tax
from adapters.sandbox.offices.tax_records import list_payments
from adapters.sandbox.register import complete_identity_number
from adapters.sandbox.shelf import Shelf
from tests.fakes import FakeClock

WANG = "110101199003070011"
USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.fixture
def book(tmp_path: Path) -> ApplicationsBook:
    return ApplicationsBook(Shelf(tmp_path / "book.sqlite3"), FakeClock(), "GS")


def test_many_threads_one_application(book: ApplicationsBook) -> None:
    """Of many that hand in the same number at once, all get the same reference, and one reference is used."""
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(book.accept("n-1", {"a": "1"}).reference)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {"GS20261102000001"}
    assert book.accept("n-2", {"a": "1"}).reference == "GS20261102000002"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5))
def test_content_is_compared_by_what_it_says(content: dict[str, str]) -> None:
    """The order of fields does not matter; another value of any field does."""
    turned = dict(reversed(content.items()))
    assert digest_content(content) == digest_content(turned)
    for name, value in content.items():
        assert digest_content(content) != digest_content({**content, name: value + "x"})


def test_the_first_decision_stays(book: ApplicationsBook) -> None:
    """An open application may be moved on; a decided one may not, and its day is that of the decision."""
    book.accept("n-1", {})
    assert book.decide("n-1", "pending", lambda _: ("", {})).decided_on == ""
    assert book.decide("n-1", "refused", lambda _: ("no", {})).decided_on == "2026-11-02"
    with pytest.raises(Refused) as refused:
        book.decide("n-1", "granted", lambda _: ("", {}))
    assert refused.value.code == "ALREADY_DECIDED"
    assert book.find("n-1").state == "refused"


def test_residents_are_those_of_the_register() -> None:
    """Each number has its right check character, and a wrong name is an unknown person."""
    for number, resident in RESIDENTS.items():
        assert complete_identity_number(number[:17]) == number
        assert find_resident(number, resident.name) is resident
        with pytest.raises(Refused):
            find_resident(number, resident.name + "明")


@given(st.text(USCC_CHARACTERS, min_size=17, max_size=17))
def test_credit_codes(first_seventeen: str) -> None:
    """The check character is that of GB 32100 as another implementation computes it."""
    code = complete_credit_code(first_seventeen)
    assert uscc.calc_check_digit(first_seventeen) == code[-1]
    assert is_credit_code(code)
    assert not is_credit_code(code[:-1] + ("0" if code[-1] != "0" else "1"))


@pytest.mark.parametrize(
    ("taxable_fen", "tax_fen"),
    [
        (0, 0),
        (3_600_000, 108_000),
        (3_600_100, 108_010),
        (5_652_000, 313_200),
        (14_400_000, 1_188_000),
        (30_000_000, 4_308_000),
        (42_000_000, 7_308_000),
        (66_000_000, 14_508_000),
        (96_000_000, 25_008_000),
        (100_000_000, 26_808_000),
    ],
)
def test_tax_table(taxable_fen: int, tax_fen: int) -> None:
    """The tax by annex 1 of 个人所得税法, at the edges of its brackets."""
    assert compute_tax(taxable_fen) == tax_fen


@given(st.integers(0, 200_000_000))
def test_tax_is_the_sum_over_brackets(taxable_fen: int) -> None:
    """The quick deductions of the table are right: the tax is what each part of the income bears, to the fen."""
    total, low = 0, 0
    for limit, percent, _ in BRACKETS:
        total += max(0, min(taxable_fen, limit) - low) * percent
        low = limit
    assert compute_tax(taxable_fen) == (total + 50) // 100


@given(st.integers(0, 60), st.integers(0, 35))
def test_payments_of_a_range(start: int, length: int) -> None:
    """A range of months gives the payments of these months and no other, newest first."""
    first, last = (f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in (start, start + length))
    periods = [payment["period"] for payment in list_payments(WANG, first, last)]
    assert periods == sorted(periods, reverse=True)
    assert set(periods) == {f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(start, start + length + 1)}
