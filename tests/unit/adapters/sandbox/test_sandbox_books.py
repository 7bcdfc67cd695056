"""The utilities' books: once per serial number, once per bill, to the fen, whoever asks at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.model import BillLine, BooksRefused, RefusedBecause, WriteOffEntry, WriteOffOrder
from adapters.sandbox.utilities.prices import price_water, read_yuan, total_fen, write_yuan
from adapters.sandbox.utilities.seeds import make_household

NOW = "2026-11-24T16:00:00+08:00"


@pytest.fixture
def books(tmp_path: Path) -> Books:
    made = Books(tmp_path / "books.sqlite", "XX")
    made.enter_household(make_household("1", "甲", "一号"))
    return made


def enter(books: Books, amount_fen: int = 8640) -> str:
    return books.enter_bill("1", "202610", amount_fen, "20261210", "MT1", [BillLine("本期", amount_fen)])


def order(bill_no: str, sequence_no: str = "S1", amount_fen: int = 8640, household_no: str = "1") -> WriteOffOrder:
    return WriteOffOrder(sequence_no, household_no, bill_no, amount_fen, NOW, "wechat")


def refusal(books: Books, wanted: WriteOffOrder) -> RefusedBecause:
    with pytest.raises(BooksRefused) as refused:
        books.write_off(wanted, NOW)
    return refused.value.reason


def test_the_same_serial_number_is_the_same_write_off(books: Books) -> None:
    """A repeated serial number with the same content gives the first entry and books nothing."""
    bill_no = enter(books)
    assert books.write_off(order(bill_no), NOW) == books.write_off(order(bill_no), "2026-11-25T00:00:00+08:00")
    assert len(books.list_write_offs()) == 1


def test_a_serial_number_with_other_content_is_refused(books: Books) -> None:
    """A serial number names one write-off for ever."""
    first, second = enter(books), enter(books)
    books.write_off(order(first), NOW)
    assert refusal(books, order(second)) is RefusedBecause.SERIAL_REUSED
    assert refusal(books, order(first, amount_fen=1)) is RefusedBecause.SERIAL_REUSED


def test_refuses_what_cannot_be_booked(books: Books) -> None:
    """Unknown household, no such bill, somebody else's bill, another amount, paid at the hall: each has its reason."""
    bill_no = enter(books)
    books.enter_household(make_household("2", "乙", "二号"))
    assert refusal(books, order(bill_no, household_no="9")) is RefusedBecause.NO_SUCH_HOUSEHOLD
    assert refusal(books, order("XX0")) is RefusedBecause.NOTHING_OWED
    assert refusal(books, order(bill_no, household_no="2")) is RefusedBecause.NOTHING_OWED
    assert refusal(books, order(bill_no, amount_fen=8639)) is RefusedBecause.AMOUNT_MISMATCH
    books.pay_at_hall(bill_no)
    assert refusal(books, order(bill_no)) is RefusedBecause.ALREADY_PAID
    assert books.list_write_offs() == []


def test_a_changed_bill_still_adds_up(books: Books) -> None:
    """A corrected amount comes with a line for the difference, and the old amount is refused."""
    bill_no = enter(books)
    books.change_amount(bill_no, 9000)
    bill = books.find_bill(bill_no)
    assert (bill.amount_fen, total_fen(bill.lines)) == (9000, 9000)
    assert refusal(books, order(bill_no)) is RefusedBecause.AMOUNT_MISMATCH


def test_one_serial_number_at_the_same_moment_books_once(books: Books) -> None:
    """Sixteen requests with one serial number make one entry and all learn its reference."""
    bill_no = enter(books)
    with ThreadPoolExecutor(16) as pool:
        entries = list(pool.map(lambda _: books.write_off(order(bill_no), NOW), range(16)))
    assert len({entry.reference for entry in entries}) == 1
    assert len(books.list_write_offs()) == 1


def test_one_bill_at_the_same_moment_is_paid_once(books: Books) -> None:
    """Sixteen serial numbers for one bill: one is booked, the others are told that it is paid."""
    bill_no = enter(books)

    def attempt(number: int) -> WriteOffEntry | RefusedBecause:
        try:
            return books.write_off(order(bill_no, f"S{number}"), NOW)
        except BooksRefused as refused:
            return refused.reason

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(attempt, range(16)))
    assert sum(isinstance(result, WriteOffEntry) for result in results) == 1
    assert results.count(RefusedBecause.ALREADY_PAID) == 15


def test_books_survive_a_restart(books: Books, tmp_path: Path) -> None:
    """Another process that opens the file finds the write-off under its serial number."""
    entry = books.write_off(order(enter(books)), NOW)
    assert Books(tmp_path / "books.sqlite", "XX").find_write_off("S1") == entry


def test_the_water_tariff_is_the_published_one() -> None:
    """20 t at 2.80, 15 t at 3.73 and 7 t at 6.50 yuan, sewage included."""
    assert total_fen(price_water(Decimal(42))) == 2000 * 28 // 10 + 15 * 373 + 7 * 650


@given(st.integers(1, 10**11 - 1))
def test_yuan_and_fen_are_the_same_money(amount_fen: int) -> None:
    """Writing yuan and reading them back loses nothing."""
    assert read_yuan(write_yuan(amount_fen)) == amount_fen


@pytest.mark.parametrize(
    "text", ["", "1.234", "-1.00", "+1", "1e2", " 1", "1.", ".5", "01.00", "１.00", "1,000.00", "NaN"]
)
def test_what_is_no_yuan_is_refused(text: str) -> None:
    """Signs, exponents, a third decimal, separators and full-width digits are not amounts."""
    assert read_yuan(text) is None
