"""Tables that are taken out: CSV and workbooks (Office Open XML, ECMA-376) of the same cells, and the headers under which they are saved.

Numbers are numbers and dates are dates; a text is never a formula, a link or a number, whatever it begins with. Equal tables give equal
bytes. ``docs/statistics.md``, "Taken out".
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from urllib.parse import quote

import xlsxwriter
from flask import Response

from services.spreadsheet_text import Cell, round_number, write_csv

__all__ = ["CSV", "XLSX", "Cell", "Sheet", "attach_file", "write_csv", "write_tables", "write_xlsx"]
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS: Mapping[str, str] = {CSV: "csv", XLSX: "xlsx"}
MOST_ROWS, MOST_LETTERS, MOST_NAME = 1_048_576, 32_767, 31
"""What one sheet, one cell and the name of a sheet hold (Excel's specification and limits)."""
NARROWEST, WIDEST = 8.0, 60.0
FORMATS: Mapping[str, str] = {"whole": "#,##0", "share": "0.0%", "days": "0.0", "date": "yyyy-mm-dd"}
_SETTINGS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}  # fmt: skip
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML document holds (XML 1.0, 2.2)."""
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
CREATED = datetime(1980, 1, 1, tzinfo=UTC)
"""The moment in every workbook's properties, so that equal tables give equal bytes; when it was taken out stands in its notes."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: heads and rows. ``shares``: places of columns whose numbers are parts of one and shown as percent.

    A day is a ``date``; a moment is written as text, with its zone.
    """

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    shares: frozenset[int] = field(default_factory=frozenset)


def write_xlsx(title: str, sheets: Sequence[Sheet]) -> bytes:
    """A workbook. Raises ``ValueError`` for no sheet, two of one name, or more rows than a sheet holds."""
    names = [name_sheet(sheet.name) for sheet in sheets]
    if not names or len({name.casefold() for name in names}) < len(names):
        raise ValueError("a workbook has at least one sheet, each with a name of its own in its first 31 letters")
    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept, dict(_SETTINGS))
    book.set_properties({"title": clean_text(title), "created": CREATED})
    formats = {name: book.add_format({"num_format": code, "valign": "top"}) for name, code in FORMATS.items()}
    formats["text"] = book.add_format({"text_wrap": True, "valign": "top"})
    formats["head"] = book.add_format(
        {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8F2EE"}
    )
    for name, sheet in zip(names, sheets, strict=True):
        _Writer(book.add_worksheet(name), formats, sheet).write()
    book.close()
    return kept.getvalue()


def write_tables(media_type: str, title: str, sheets: Sequence[Sheet], notes: Sequence[tuple[str, Cell]]) -> bytes:
    """Tables with what belongs to them (digest, rules): in a workbook on a sheet of its own, in CSV, which has one table, below the first."""
    if media_type == CSV:
        return write_csv(sheets[0].heads, sheets[0].rows, notes)
    return write_xlsx(title, [*sheets, Sheet("说明 Notes", ("项目 item", "内容 content"), notes)])


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one sheet row by row, as constant memory asks."""

    paper: xlsxwriter.worksheet.Worksheet
    formats: Mapping[str, xlsxwriter.format.Format]
    sheet: Sheet

    def write(self) -> None:
        """Everything of the sheet."""
        sheet = self.sheet
        if len(sheet.rows) >= MOST_ROWS:
            raise ValueError(f"a sheet holds {MOST_ROWS} rows")
        self._lay_out()
        for column, head in enumerate(sheet.heads):
            self._write_text(0, column, head, "head")
        for row, cells in enumerate(sheet.rows, 1):
            self._write_row(row, cells)

    def _lay_out(self) -> None:
        """Widths, a head that stays, and how it is printed: across the page, its head on every one."""
        paper, sheet = self.paper, self.sheet
        for column, head in enumerate(sheet.heads):
            widest = max((_measure(row[column]) for row in sheet.rows[:500] if column < len(row)), default=0.0)
            paper.set_column(column, column, min(WIDEST, max(NARROWEST, widest + 2, _measure(head) / 2 + 3)))
        paper.freeze_panes(1, 1)
        paper.set_landscape()
        paper.set_paper(9)
        paper.fit_to_pages(1, 0)
        paper.repeat_rows(0)
        if sheet.heads and sheet.rows:
            paper.autofilter(0, 0, len(sheet.rows), len(sheet.heads) - 1)

    def _write_row(self, row: int, cells: Sequence[Cell]) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self._write_text(row, column, cell, "text")
            elif isinstance(cell, date):
                self.paper.write_datetime(row, column, cell, self.formats["date"])
            elif cell is not None:
                self._write_number(row, column, cell, share=column in self.sheet.shares)

    def _write_number(self, row: int, column: int, number: float | Decimal | Fraction, *, share: bool) -> None:
        kind = "share" if share else "whole" if isinstance(number, int) else "days"
        value = number if isinstance(number, int) else float(round_number(number))
        self.paper.write_number(row, column, value, self.formats[kind])

    def _write_text(self, row: int, column: int, text: str, kind: str) -> None:
        self.paper.write_string(row, column, clean_text(text), self.formats[kind])


def clean_text(text: str) -> str:
    """What a cell can hold: no character that XML has not, no more than Excel reads; a cut is shown by "…"."""
    clean = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    if len(clean.encode("utf-16-le")) <= 2 * MOST_LETTERS:
        return clean
    return clean.encode("utf-16-le")[: 2 * MOST_LETTERS - 2].decode("utf-16-le", "ignore") + "…"


def name_sheet(name: str) -> str:
    """A name that Excel takes for a sheet: without brackets, colon, star, question mark and slashes, at most 31 letters, no apostrophe at its ends."""
    return (_NO_NAME.sub("_", clean_text(name))[:MOST_NAME].strip("' ")) or "_"


def _measure(cell: Cell) -> float:
    """About how many letters wide a cell is; a Chinese one is two."""
    text = cell if isinstance(cell, str) else "" if cell is None else f"{float(cell):.1f}" if not isinstance(
        cell, int | date) else str(cell)  # fmt: skip
    return max((float(sum(2 if ord(one) > 0x2E7F else 1 for one in line)) for line in text.split("\n")), default=0.0)


def attach_file(body: bytes, media_type: str, name: str, plain: str) -> Response:
    """An answer that a browser saves under ``name`` (any letters), an old one under ``plain``; both without ending (RFC 6266, RFC 8187)."""
    ending = ENDINGS[media_type]
    letters = "".join(one if (one.isascii() and one.isalnum()) or one in "-_." else "_" for one in plain)
    whole = quote(f"{name}.{ending}", safe="")
    disposition = f"attachment; filename=\"{letters}.{ending}\"; filename*=UTF-8''{whole}"
    return Response(body, content_type=media_type, headers={"Content-Disposition": disposition})
