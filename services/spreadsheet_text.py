"""Tables as CSV that a spreadsheet takes for what they are: text as text, never as a formula. Pure.

CSV by RFC 4180 in UTF-8 with a mark, without which Excel takes Chinese for another encoding. A cell that a spreadsheet would compute gets an
apostrophe before it (OWASP, CSV injection), also in the middle of a text behind what separates cells with other settings: there quotes are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

SAFE_START = "'"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would take for a formula, also written full-width as a Chinese keyboard does."""
SEPARATORS = frozenset(',;|\t\r\n"')
"""What ends a cell here, or with other settings of the spreadsheet."""
_BEHIND_SEPARATOR = re.compile('([;|\t\r\n][ \u3000"]*)(?=[=+@＝＋－＠-])')
Cell = str | int | float | Decimal | Fraction | date | None
"""What may stand in a table; None: nothing is known."""
PLACES = Decimal("0.0001")


def write_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Iterable[Sequence[Cell]] = ()) -> bytes:
    """A table with its heads; ``notes`` follow after an empty line. Numbers have at most four digits after the point, dates are ISO 8601."""
    lines = [_write_line(heads), *(_write_line(row) for row in rows)]
    told = [_write_line(note) for note in notes]
    if told:
        lines += ["", *told]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig", "replace")


def guard_text(text: str) -> str:
    """The text, unless a spreadsheet would compute it: then with an apostrophe before it, also behind spaces, and behind a separator."""
    inner = _BEHIND_SEPARATOR.sub(rf"\1{SAFE_START}", text)
    return SAFE_START + inner if text.lstrip(" \u3000").startswith(FORMULA_STARTS) else inner


def round_number(number: float | Decimal | Fraction) -> Decimal:
    """A number with at most four digits after the point, half even. Raises ``ValueError`` or ``OverflowError`` for what is no number."""
    exact = Fraction(number)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(PLACES)


def _write_line(cells: Sequence[Cell]) -> str:
    return ",".join(_quote(_write_cell(cell)) for cell in cells)


def _write_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return guard_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int) else _drop_zeros(f"{round_number(cell):f}")


def _drop_zeros(number: str) -> str:
    short = number.rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if SEPARATORS.intersection(text) else text
