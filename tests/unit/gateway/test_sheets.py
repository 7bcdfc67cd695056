"""What is taken out opens as what it is: numbers, days, text; nothing computes; any name arrives whole."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from werkzeug.http import parse_options_header

from gateway.sheets import (
    CSV,
    MOST_LETTERS,
    XLSX,
    Cell,
    Sheet,
    attach_file,
    clean_text,
    name_sheet,
    write_tables,
    write_xlsx,
)
from services.spreadsheet_text import FORMULA_STARTS, guard_text, write_csv


def read_sheet(body: bytes, name: str | None = None) -> list[list[Any]]:
    """The cells of a sheet, read by another library, formulas as formulas."""
    book = load_workbook(io.BytesIO(body))
    paper = book[name] if name else book.worksheets[0]
    assert {cell.data_type for row in paper.iter_rows() for cell in row} <= {"s", "n", "d", "inlineStr"}
    return [[cell.value for cell in row] for row in paper.iter_rows()]


def read_csv(body: bytes) -> list[list[str]]:
    """The lines of a CSV."""
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_cells_keep_what_they_are() -> None:
    """Whole numbers, fractions, days and nothing come back as such from a workbook."""
    rows: list[list[Cell]] = [["事项", 12, Fraction(1, 3), Decimal("2.5"), 0.125, date(2026, 10, 31), None]]
    read = read_sheet(write_xlsx("统计", [Sheet("甲", list("abcdefg"), rows)]))
    assert read == [list("abcdefg"), ["事项", 12, 0.3333, 2.5, 0.125, datetime(2026, 10, 31), None]]  # noqa: DTZ001 (days of a sheet have no zone)


def test_a_share_is_a_number_shown_as_percent() -> None:
    """The number stays a part of one; the cell says how it is shown."""
    body = write_xlsx("统计", [Sheet("甲", ["a", "b"], [["x", 0.25]], shares=frozenset({1}))])
    cell = load_workbook(io.BytesIO(body)).worksheets[0]["B2"]
    assert (cell.value, cell.number_format) == (0.25, "0.0%")


@pytest.mark.parametrize("start", [*FORMULA_STARTS, " =", "　=", "http://", "mailto:", "{=", "0012"])
def test_no_text_computes_links_or_becomes_a_number(start: str) -> None:
    """Whatever a title begins with, a workbook has it as text, and a CSV with an apostrophe where it would be computed."""
    text = f"{start}1+1"
    body = write_xlsx("统计", [Sheet("甲", [text], [[text]])])
    assert read_sheet(body) == [[clean_text(text)], [clean_text(text)]]
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        paper = packed.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in paper
    assert b"hyperlink" not in paper
    told = read_csv(write_csv([text], [[text]]))
    assert told == [[guard_text(text)]] * 2
    assert told[0][0].startswith("'") == start.strip(" 　").startswith(FORMULA_STARTS)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_is_written_and_read_again(cells: list[str]) -> None:
    """Any characters at all, also such as no XML and no UTF-8 holds: a file that opens, with as many cells."""
    read = read_csv(write_csv(["a"], [cells]))
    assert [len(row) for row in read[1:]] == [len(cells)] or cells == [""]
    assert not [cell for cell in read[1] if cell.lstrip(" 　").startswith(FORMULA_STARTS)] if len(read) > 1 else True
    assert len(read_sheet(write_xlsx("t", [Sheet("s", ["a"] * len(cells), [cells])]))[0]) == len(cells)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", '"=', "＝"])
@pytest.mark.parametrize("separator", [";", "\t", "|", "\n"])
def test_no_text_begins_a_cell_elsewhere(separator: str, start: str) -> None:
    """Read with another separator, or by lines, no part of a text is a formula, also in a cell that is not the first."""
    whole = write_csv(["a", "b"], [["x", f"x{separator}{start}1+1"]]).decode("utf-8-sig").split("\r\n", 1)[1]
    assert next(csv.reader(io.StringIO(whole, newline="")))[1].startswith(f"x{separator}")
    lines = whole.splitlines() if separator == "\n" else [whole]
    cells = [cell for row in csv.reader(lines, delimiter=";" if separator == "\n" else separator) for cell in row]
    assert len(cells) == 2
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(FORMULA_STARTS)]


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_numbers_of_a_csv_are_plain(part: int, whole: int) -> None:
    """No exponent, no more than four digits after the point, never protected as if they were text."""
    cell = read_csv(write_csv(["a"], [[Fraction(part, whole)]]))[1][0]
    assert abs(Fraction(cell) - Fraction(part, whole)) <= Fraction(1, 20_000)
    assert set(cell) <= set("-.0123456789")


def test_notes_stand_beside_the_table() -> None:
    """Below it after an empty line in CSV, on a sheet of their own in a workbook."""
    sheets, notes = [Sheet("甲", ["a"], [[1]])], [("摘要 digest", "ab" * 32), ("=说明", "-1")]
    assert read_csv(write_tables(CSV, "t", sheets, notes)) == [
        ["a"],
        ["1"],
        [],
        ["摘要 digest", "ab" * 32],
        ["'=说明", "'-1"],
    ]
    assert read_sheet(write_tables(XLSX, "t", sheets, notes), "说明 Notes")[1:] == [list(note) for note in notes]


def test_equal_tables_are_equal_bytes() -> None:
    """Whoever takes out the same twice gets the same file."""
    sheet = Sheet("甲", ["a"], [["x"], [1]])
    assert write_xlsx("t", [sheet]) == write_xlsx("t", [sheet])


def test_names_of_sheets_are_such_as_excel_takes() -> None:
    """Without forbidden letters, at most 31 long; two of one name are refused, and so is none."""
    assert name_sheet("甲[乙]:*?/\\丙") == "甲_乙______丙"
    assert len(name_sheet("长" * 40)) == 31
    assert name_sheet("''") == "_"
    for sheets in ([], [Sheet("A", ["a"], []), Sheet("a", ["a"], [])]):
        with pytest.raises(ValueError, match="at least one sheet"):
            write_xlsx("t", sheets)


def test_a_text_that_is_too_long_is_cut_and_says_so() -> None:
    """No more than a cell holds, counted as Excel counts, and a mark where it was cut."""
    for text in ("长" * (MOST_LETTERS + 1), "𠮷" * MOST_LETTERS):
        cut = clean_text(text)
        assert cut.endswith("…")
        assert len(cut.encode("utf-16-le")) // 2 <= MOST_LETTERS
        assert text.startswith(cut[:-1])
    assert clean_text("长" * MOST_LETTERS) == "长" * MOST_LETTERS


@pytest.mark.parametrize("name", ["统计 2026-10 演示市", 'a"b;c\r\nX: 1', "甲/乙"])
def test_a_file_is_saved_under_its_name(name: str) -> None:
    """Chinese letters arrive as they are (RFC 8187), and no name ends the header."""
    reply = attach_file(b"x", XLSX, name, name)
    header = reply.headers["Content-Disposition"]
    kind, options = parse_options_header(header)
    assert kind == "attachment"
    assert options["filename"] == f"{name}.xlsx"
    assert unquote(header.split("filename*=UTF-8''")[1]) == f"{name}.xlsx"
    assert header.isascii()
    assert "\r" not in header
    assert header.split(";")[1].strip(" ").startswith('filename="')
