"""Replies that are lines: comma-separated by RFC 4180, or fields between vertical bars as Chinese back ends send them in files.

Every row has exactly the declared columns, every cell is a text. A row too many or a cell too few makes all of it unreadable: a file
that was cut off in transfer must not pass for a short one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from adapters.backends.wire import ReplyUnreadable
from services.model import JsonValue

MAX_ROWS = 10_000
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MEDIA_TYPES = {"csv": "text/csv", "pipe": "text/plain"}


def read_lines(body: bytes, form: str, columns: Sequence[str], encoding: str) -> list[dict[str, JsonValue]]:
    """Rows by column name. A first row that repeats the column names is a header and no row. Raises ``ReplyUnreadable``."""
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise ReplyUnreadable(f"not {encoding}") from None
    text = text.removeprefix("﻿") if encoding == "UTF-8" else text
    rows = _split_csv(text) if form == "csv" else _split_pipes(text)
    if rows and rows[0] == list(columns):
        rows = rows[1:]
    if len(rows) > MAX_ROWS:
        raise ReplyUnreadable(f"more than {MAX_ROWS} rows")
    if any(len(row) != len(columns) for row in rows):
        raise ReplyUnreadable("a row with another number of columns")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _split_csv(text: str) -> list[list[str]]:
    """RFC 4180 §2: double quotes around a field, doubled inside it; line ends may stand inside. Nothing else is lenient."""
    if CONTROL.search(text.replace("\r\n", "\n")):
        raise ReplyUnreadable("a control character")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        raise ReplyUnreadable("not comma-separated values") from None
    if any(not row for row in rows):
        raise ReplyUnreadable("an empty line")
    return rows


def _split_pipes(text: str) -> list[list[str]]:
    """One line a row; the last line ends too (a file without its last line end was cut off). There is no quoting."""
    if not text:
        return []
    plain = text.replace("\r\n", "\n")
    if CONTROL.search(plain):
        raise ReplyUnreadable("a control character")
    if not plain.endswith("\n"):
        raise ReplyUnreadable("a last line that does not end")
    return [line.split("|") for line in plain[:-1].split("\n")]
