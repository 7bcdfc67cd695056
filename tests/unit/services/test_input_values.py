"""One value of a form: exactly what its input declares, money to the fen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.input_values import ValueRefusedError, limit_length, read_value, read_yuan, write_value, write_yuan
from services.mapping import Input
from services.model import Language
from tests.small_services import make_application

LABEL = dict.fromkeys(Language, "标签")
INPUTS = make_application().inputs
TEXT = Input("a", "text", LABEL)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)  # fmt: skip


def refuse(asked: Input, sent: Any, **more: Any) -> str:
    """The rule by which a value is refused."""
    with pytest.raises(ValueRefusedError) as caught:
        read_value(asked, sent, **more)
    return caught.value.rule


@given(st.sampled_from(sorted(INPUTS)), ANYTHING)
def test_whatever_is_sent_a_value_is_inside_its_declaration_or_refused(name: str, sent: Any) -> None:
    """No value outside type, pattern, choices and limits is ever accepted, whatever JSON comes."""
    asked = INPUTS[name]
    try:
        value = read_value(asked, sent)
    except ValueRefusedError:
        return
    if value is None:
        assert asked.optional
    elif asked.type in ("money", "whole"):
        assert type(value) is int
        assert (asked.minimum or 0) <= value <= (asked.maximum or 10**12)
    elif asked.type == "flag":
        assert type(value) is bool
    else:
        assert isinstance(value, str)
        assert value == value.strip()
        assert asked.accepts(value)
        assert len(value) <= 500
        assert asked.type != "choice" or value in asked.choices


@given(st.integers(0, 10**12 - 1))
def test_money_is_exact(fen: int) -> None:
    """What is written is read again to the fen, for every amount."""
    assert read_yuan(write_yuan(fen)) == fen
    assert read_yuan(write_yuan(fen)) == int(Decimal(write_yuan(fen)) * 100)


@pytest.mark.parametrize(
    ("text", "fen"), [("0", 0), ("0.1", 10), ("0.01", 1), ("19.9", 1990), ("1234.50", 123450), ("17.29", 1729)]
)
def test_yuan_is_read_as_written(text: str, fen: int) -> None:
    """One or two decimals or none."""
    assert read_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "+1",
        "01",
        "1.",
        ".5",
        "1.234",
        "1e3",
        "1,000",
        "１.00",
        "1 0",
        "¥1",
        "NaN",
        "Infinity",
        "0x1",
        "1.0.0",
        "٣",
        "9" * 12,
    ],
)
def test_other_ways_to_write_money_are_refused(text: str) -> None:
    """Signs, exponents, separators, other digits, three decimals: none of them is guessed at."""
    assert refuse(replace(INPUTS["price"], minimum=None, maximum=None), text) in {"form", "maximum"}


@pytest.mark.parametrize("sent", [1, 1.5, True, ["1.00"], {"yuan": "1.00"}])
def test_money_is_a_text(sent: Any) -> None:
    """A JSON number may have lost its last digit before it came here."""
    assert refuse(INPUTS["price"], sent) == "type"


@pytest.mark.parametrize(("name", "sent", "rule"), [
    ("price", "0.00", "minimum"), ("price", "10000.01", "maximum"), ("legs", 5, "maximum"), ("legs", -1, "minimum"),
    ("legs", True, "type"), ("legs", "4", "type"), ("legs", 4.0, "type"), ("legs", 10**40, "maximum"),
    ("vaccinated", 1, "type"), ("vaccinated", "true", "type"), ("pet_kind", "COW", "choice"), ("pet_kind", "dog", "choice"),
    ("born_on", "2026-02-30", "form"), ("born_on", "20260201", "form"), ("born_on", "2026-2-1", "form"), ("born_on", "0000-01-01", "form"),
    ("since_month", "2026-13", "form"), ("since_month", "2026-1", "form"), ("chip_no", "12345678901234", "form"),
    ("chip_no", "１２３４５６７８９０１２３４５", "form"), ("chip_no", "1" * 65, "too_long"), ("pet_name", "旺" * 21, "too_long"),
    ("pet_name", "", "required"), ("pet_name", "   ", "required"), ("pet_name", None, "required"), ("pet_name", ["旺财"], "type"),
    ("pet_name", "旺\u202e财", "characters"), ("pet_name", "旺\u200b财", "characters"), ("pet_name", "旺\x00财", "characters"),
    ("pet_name", "旺\n财", "characters"), ("pet_name", "\ud800", "characters"), ("pet_name", "旺\u2028财", "characters"),
])  # fmt: skip
def test_what_is_refused_is_told_by_its_rule(name: str, sent: Any, rule: str) -> None:
    """Each way of being wrong has a name that a client can show; tricks with characters are among them."""
    assert refuse(INPUTS[name], sent) == rule


def test_text_around_is_dropped_and_rare_characters_stay() -> None:
    """A space typed by chance is no fault, and a name with a rare character (also one without a place in Unicode yet) is a name."""
    assert read_value(INPUTS["pet_name"], " 旺财 ") == "旺财"
    assert read_value(INPUTS["pet_name"], "\U00020bb7\U000323af\ue000") == "\U00020bb7\U000323af\ue000"


def test_a_short_text_is_refused_where_the_input_says_so() -> None:
    """For texts the limits are characters."""
    asked = replace(TEXT, minimum=2, maximum=3)
    assert (refuse(asked, "一"), read_value(asked, "一二"), refuse(asked, "一二三四")) == (
        "too_short",
        "一二",
        "too_long",
    )
    assert (limit_length(TEXT), limit_length(asked)) == (500, 3)


@pytest.mark.parametrize(
    ("name", "sent", "value"), [("legs", "4", 4), ("vaccinated", "true", True), ("vaccinated", "false", False)]
)
def test_in_a_query_everything_is_text(name: str, sent: str, value: Any) -> None:
    """Numbers and flags are read from their one written form."""
    assert read_value(INPUTS[name], sent, as_text=True) == value


@pytest.mark.parametrize(
    ("name", "sent"),
    [("legs", "04"), ("legs", "4.0"), ("legs", " 4"), ("legs", "٤"), ("vaccinated", "True"), ("vaccinated", "1")],
)
def test_in_a_query_no_other_form_is_read(name: str, sent: str) -> None:
    """A second way to write a value would be a second place in the cache."""
    assert refuse(INPUTS[name], sent, as_text=True) == "type"


def test_a_value_is_shown_as_it_would_be_sent() -> None:
    """Money as yuan text, all else as it is."""
    assert (write_value(INPUTS["price"], 123450), write_value(INPUTS["legs"], 4), write_yuan(-5)) == (
        "1234.50",
        4,
        "-0.05",
    )
