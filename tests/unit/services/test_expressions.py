"""Rules of services/expressions.py: exact money, exact dates, expressions refused at load."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.expressions import (
    ExpressionFault,
    ValueUntranslatable,
    compile_expression,
    read_money,
    rewrite_moment,
    write_moment,
    write_money,
)

FEN = st.integers(min_value=-(10**11), max_value=10**11)


@given(FEN, st.sampled_from(["yuan", "fen"]))
def test_money_round_trip(amount_fen: int, unit: str) -> None:
    """What is written in a unit is read back to the fen."""
    assert read_money(write_money(amount_fen, unit), unit) == amount_fen


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_yuan_is_exact(yuan: Decimal) -> None:
    """Yuan with two decimals become exactly a hundred times as many fen."""
    assert read_money(f"{yuan:.2f}", "yuan") == int(yuan * 100)


@pytest.mark.parametrize(
    ("text", "fen"), [("86.40", 8640), ("86.4", 8640), ("86", 8600), ("0.05", 5), ("-3.10", -310), ("0", 0)]
)
def test_yuan_forms(text: str, fen: int) -> None:
    """At most two decimals, a minus sign for a rebate."""
    assert read_money(text, "yuan") == fen


@pytest.mark.parametrize(
    "value",
    ["86.400", "86.405", "1e3", "1,000.00", "٨٦", "８６.４０", "+1", " 1", "1 ", "01.00", ".5", "5.", "", "NaN", "-",
     86.4, Decimal("86.4"), 86, True, None, [], "99999999999.00", "1\n"],
)  # fmt: skip
def test_yuan_refused(value: Any) -> None:
    """A fraction of JSON, a third decimal, an exponent, a separator or another script is not money."""
    with pytest.raises(ValueUntranslatable):
        read_money(value, "yuan")


@pytest.mark.parametrize("value", ["86.40", 86.0, Decimal(86), True, None, "", "1e3", 10**12, "０"])
def test_fen_refused(value: Any) -> None:
    """Fen are whole numbers or their plain digits."""
    with pytest.raises(ValueUntranslatable):
        read_money(value, "fen")


@pytest.mark.parametrize("value", [86.4, "8640", True, None])
def test_only_whole_fen_are_written(value: Any) -> None:
    """Nothing but a whole number of fen becomes money."""
    with pytest.raises(ValueUntranslatable):
        write_money(value, "yuan")


@given(st.dates(min_value=date(1900, 1, 1)))
def test_dates_round_trip(day: date) -> None:
    """A date survives being rewritten and rewritten back."""
    iso = day.isoformat()
    assert rewrite_moment(rewrite_moment(iso, "%Y-%m-%d", "%Y%m%d"), "%Y%m%d", "%Y-%m-%d") == iso


@pytest.mark.parametrize(
    "text", ["2026121", "20261301", "2026-12-01", "", "２０２６１２０１", " 20261201", 20261201, None]
)
def test_dates_refused(text: Any) -> None:
    """A date that is not exactly of the form is refused, also where strptime would be lenient."""
    with pytest.raises(ValueUntranslatable):
        rewrite_moment(text, "%Y%m%d", "%Y-%m-%d")


def test_moments_are_written_in_china_time() -> None:
    """A moment is written in China Standard Time, whatever its own zone: the day may change."""
    assert write_moment("2026-11-30T16:00:01.5+00:00", "%Y%m%d%H%M%S") == "20261201000001"
    for wrong in ("2026-11-30T16:00:01", "yesterday", 5):
        with pytest.raises(ValueUntranslatable):
            write_moment(wrong, "%Y")


def test_functions_in_an_expression() -> None:
    """The functions work inside an expression, and null stays null where a value is optional."""
    compiled = compile_expression("{a: fen(x), b: read_moment(d, '%Y%m', '%Y-%m'), c: fen(gone), e: money(y)}", "yuan")
    assert compiled.search({"x": "1.50", "d": "202610", "y": 5}) == {"a": 150, "b": "2026-10", "c": None, "e": "0.05"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a.", "character"),
        ("a[", "compile"),
        ("", "compile"),
        ("fan(a)", "unknown function"),
        ("a[?nope(b)]", "unknown function"),
        ("{b: " * 2000, "compile"),
    ],
)
def test_expressions_refused_at_load(source: str, words: str) -> None:
    """An expression that cannot compile, or calls what does not exist, is refused when the mapping is read."""
    with pytest.raises(ExpressionFault, match=words):
        compile_expression(source, "fen")


@pytest.mark.parametrize("document", [{"a": 5}, {"a": Decimal("1.5")}, {"a": None}])
def test_wrong_types_are_untranslatable(document: Any) -> None:
    """A function that meets another type fails as untranslatable, without repeating the value."""
    with pytest.raises(ValueUntranslatable, match="another type"):
        compile_expression("starts_with(a, 'x')", "fen").search(document)
