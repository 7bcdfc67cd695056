"""Breaking Chinese text into lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.printing.lines import NOT_FIRST, NOT_LAST, break_lines


def measure(text: str) -> float:
    """Wide characters are 2, narrow ones 1."""
    return sum(1.0 if ord(one) < 0x2000 else 2.0 for one in text)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("行政许可决定", 6, ["行政许", "可决定"]),
        ("决定准予。申请", 8, ["决定准", "予。申请"]),
        ("根据《许可法》", 6, ["根据", "《许可", "法》"]),
        ("编号20260001号", 8, ["编号", "20260001", "号"]),
        ("第一段\n第二段", 20, ["第一段", "第二段"]),
        ("", 10, [""]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("Valid until 15 March", 11, ["Valid until", "15 March"]),
    ],
)  # fmt: skip
def test_lines_are_broken_as_people_do(text: str, width: float, lines: list[str]) -> None:
    """No mark begins a line, no bracket ends one, numbers and words stay whole."""
    assert break_lines(text, measure, width) == lines


def test_the_first_line_is_shorter_by_its_indent() -> None:
    """A paragraph begins two characters to the right."""
    assert break_lines("一二三四五六", measure, 8, 4) == ["一二", "三四五六"]


TEXTS = st.text(alphabet="行政许可法第条，。（）《》“”、：；0123456789abc ", max_size=80)


@given(text=TEXTS, width=st.integers(16, 60))
def test_nothing_is_lost_and_marks_stand_where_they_may(text: str, width: int) -> None:
    """Whatever the text, its characters come out in order, within the width, with no mark at the head of a line."""
    lines = break_lines(text, measure, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(measure(line) <= width for line in lines)
    longest = max((len(run) for run in split_runs(text)), default=0)
    if longest <= 4:
        assert not any(line[:1] in NOT_FIRST for line in lines[1:] if line)


def split_runs(text: str) -> list[str]:
    """Runs of marks and brackets, with words: what may have to be broken though it should not."""
    runs, run = [], ""
    for one in text:
        if one in NOT_FIRST or one in NOT_LAST or one.isascii():
            run += one
        else:
            runs.append(run)
            run = ""
    return [*runs, run]
