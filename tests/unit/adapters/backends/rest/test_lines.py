"""Rules of adapters/backends/rest/lines.py: RFC 4180 to the letter, pipes without quoting, the declared columns and no other."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.rest.lines import MAX_ROWS, read_lines
from adapters.backends.wire import ReplyUnreadable

COLUMNS = ("a", "b", "c")
PLAIN = st.text(st.characters(codec="gbk", exclude_categories=["Cc", "Cs"]), max_size=12)
CELLS = st.lists(st.lists(PLAIN, min_size=3, max_size=3), max_size=6)


def rows(body: bytes, form: str = "csv", encoding: str = "UTF-8") -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in read_lines(body, form, COLUMNS, encoding)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", [("aaa", "bbb", "ccc"), ("zzz", "yyy", "xxx")]),
        (b"aaa,bbb,ccc\r\nzzz,yyy,xxx", [("aaa", "bbb", "ccc"), ("zzz", "yyy", "xxx")]),
        (b'"aaa","bbb","ccc"\r\nzzz,yyy,xxx', [("aaa", "bbb", "ccc"), ("zzz", "yyy", "xxx")]),
        (b'"aaa","b\r\nbb","ccc"\r\nzzz,yyy,xxx', [("aaa", "b\r\nbb", "ccc"), ("zzz", "yyy", "xxx")]),
        (b'"aaa","b""bb","ccc"', [("aaa", 'b"bb', "ccc")]),
        (b"a,b,c\r\naaa,bbb,ccc\r\n", [("aaa", "bbb", "ccc")]),
        (b"a b , c,\r\n", [("a b ", " c", "")]),
        (b"", []),
        (b"a,b,c\r\n", []),
        (b"\xef\xbb\xbfaaa,bbb,ccc\r\n", [("aaa", "bbb", "ccc")]),
    ],
)
def test_the_definition_of_rfc_4180(body: bytes, expected: list[tuple[str, ...]]) -> None:
    """§2, rules 1 to 7: line ends, a last line without one, a header, spaces that count, quotes, line ends and quotes inside them."""
    assert rows(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"aaa,bbb\r\n", b"aaa,bbb,ccc,ddd\r\n", b"aaa,bbb,ccc\r\n\r\nzzz,yyy,xxx\r\n", b'aaa,"bbb,ccc\r\n', b'aaa,"b"bb,ccc\r\n',
        b"aaa,b\x00b,ccc\r\n", b"\xff\xfea,b,c", "名,b,c".encode("gbk"), b"<html><body>Maintenance</body></html>",
        b"a,b,c\r\na,b,c\r\nx\r\n", b"a,b,c\n" * (MAX_ROWS + 2),
    ],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
def test_lines_that_are_not_as_agreed(body: bytes) -> None:
    """A cell too few or too many, an empty line, a quote that does not end, a control character, another charset, HTML, too many rows."""
    with pytest.raises(ReplyUnreadable):
        rows(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"aaa|bbb|ccc\nzzz||xxx\n", [("aaa", "bbb", "ccc"), ("zzz", "", "xxx")]),
        (b"aaa|bbb|ccc\r\n", [("aaa", "bbb", "ccc")]),
        (b'"a|b"|c\n', [('"a', 'b"', "c")]),
        (b"a|b|c\n", []),
        (b"", []),
    ],
)
def test_pipes(body: bytes, expected: list[tuple[str, ...]]) -> None:
    """One line a row, nothing is quoted."""
    assert rows(body, "pipe") == expected


@pytest.mark.parametrize(
    "body", [b"aaa|bbb|ccc", b"aaa|bbb|ccc\nzzz|y", b"aaa|bbb\n", b"aaa|bbb|ccc\n\n", b"\n", b"a|b\x00|c\n"]
)
def test_a_file_that_was_cut_off(body: bytes) -> None:
    """Its last line does not end, or has too few cells: then none of it counts."""
    with pytest.raises(ReplyUnreadable):
        rows(body, "pipe")


def test_gbk() -> None:
    """As the mapping says."""
    assert rows("王|二|\n".encode("gbk"), "pipe", "GBK") == [("王", "二", "")]
    with pytest.raises(ReplyUnreadable):
        rows(b"\x81|a|b\n", "pipe", "GBK")


@given(CELLS, st.sampled_from(["UTF-8", "GBK"]))
def test_round_trip(cells: list[list[str]], encoding: str) -> None:
    """What another writer writes by RFC 4180 is read cell by cell; pipes too, where no cell has one."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows(cells)
    expected = [tuple(row) for row in cells]
    kept = expected[1:] if expected[:1] == [COLUMNS] else expected
    text = target.getvalue()
    if not text.startswith("\ufeff"):
        assert rows(text.encode(encoding), "csv", encoding) == kept
    lines = "".join("|".join(row) + "\n" for row in cells)
    if lines.count("|") == 2 * len(cells) and not lines.startswith("\ufeff"):
        assert rows(lines.encode(encoding), "pipe", encoding) == kept


@given(st.binary(max_size=200), st.sampled_from(["csv", "pipe"]), st.sampled_from(["UTF-8", "GBK"]))
def test_any_bytes(body: bytes, form: str, encoding: str) -> None:
    """They are rows of three cells, or unreadable."""
    with contextlib.suppress(ReplyUnreadable):
        assert all(len(row) == 3 for row in rows(body, form, encoding))
