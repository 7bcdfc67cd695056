"""Rules of config/shapes.py: places and kinds in messages, never values."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from config.shapes import (
    TEXTS,
    Anything,
    Choice,
    Day,
    Flag,
    Listing,
    Maybe,
    Number,
    Record,
    Shape,
    Table,
    Text,
    Whole,
    check_shape,
)

SECRET = "hunter2\x00"


def faults(shape: Shape, value: Any) -> list[str]:
    return [f"{found.path}: {found.found}" for found in check_shape(shape, value)]


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (Whole(1, 5), [1, 5], [0, 6, True, 1.0, "1", None]),
        (Number(0.1, 5), [0.1, 5, 1], [0, 6, True, "1", float("nan")]),
        (Flag(), [True, False], [0, "yes", None]),
        (Day(), ["2026-12-01", date(2026, 12, 1)], ["2026-13-01", "20261201", "2026-1-1", datetime(2026, 1, 1), 5]),  # noqa: DTZ001 - a naive moment is the case
        (Text("[a-z]+"), ["ab"], ["", "AB", "ab\n", 1, "a\x00"]),
        (Text(), ["甲\n乙"], ["\ud800", "a\x1bb", "a\x85"]),
        (Choice(("a", "b")), ["a"], ["c", 1, None, ["a"]]),
        (Listing(Whole(), 1, 2), [[1], [1, 1]], [[], [1, 2, 3], {}, "12"]),
        (Listing(Text()), [["a", "b"]], [["a", "a"]]),
        (Maybe(Whole()), [None, 1], ["a"]),
        (Table(Whole(), "[a-z]", 1), [{"a": 1}], [{}, {"A": 1}, {"a": "b"}, []]),
        (Record({"a": Whole()}, {"b": Whole()}), [{"a": 1}, {"a": 1, "b": 2}], [{}, {"a": 1, "c": 2}, [], None]),
        (Anything(), [None, object()], []),
        (TEXTS, [{"zh-CN": "甲", "en": "a"}], [{"zh-CN": "甲"}, {"zh-CN": "甲", "en": ""}]),
    ],
)
def test_shape(shape: Shape, good: list[Any], bad: list[Any]) -> None:
    """Each kind of shape accepts what it describes and refuses its neighbours."""
    assert [value for value in good if faults(shape, value)] == []
    assert [value for value in bad if not faults(shape, value)] == []


def test_all_faults_with_paths() -> None:
    """Every fault is told, each with its path."""
    shape = Record({"a": Whole(), "b": Listing(Record({"c": Text()}))})
    assert faults(shape, {"b": [{"c": "x"}, {"c": 1, "d": 2}], "e": 1}) == [
        "a: nothing",
        "b[1].c: a whole number",
        "b[1].d: an unknown key",
        "e: an unknown key",
    ]


def test_nearest_key() -> None:
    """An unknown key is answered with the absent key that looks like it."""
    found = list(check_shape(Record({"assurance": Text()}), {"asurance": "x"}))
    assert {mismatch.nearest for mismatch in found} == {"", "assurance"}


@pytest.mark.parametrize(
    "shape", [Whole(), Text("[a-z]+"), Choice(("a",)), Listing(Text()), Day(), Record({"a": Text()}), Table(Text())]
)
def test_no_values_in_messages(shape: Shape) -> None:
    """What stands in the wrong place may be a secret: a message does not repeat it."""
    for value in (SECRET, [SECRET], {"a": SECRET}):
        assert not [found for found in check_shape(shape, value) if "hunter2" in str(found)]


def test_unknown_key_of_somebody_elses_data() -> None:
    """A message about foreign data does not even repeat an unknown key."""
    found = next(check_shape(Record({}, {"a": Record()}), {"a": {"王小明": 1}}))
    assert found.place_found == "a holds an unknown key"
