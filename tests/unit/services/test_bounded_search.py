"""Rules of services/bounded_search.py: an expression that would fill the memory or never end is given up, and no other."""

from __future__ import annotations

import time

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.expressions import ValueUntranslatable, compile_expression
from services.model import JsonValue

DOUBLINGS = [
    "`[1, 2]`" + " | [@, @][]" * 40,
    "`[1]`" + " | [@, @]" * 60 + " | to_string(@)",
    '`"long"`' + " | join('', [@, @])" * 60,
    "`[1]`" + " | {a: @, b: @}" * 60 + " | to_string(@)",
]


@pytest.mark.parametrize("source", DOUBLINGS)
def test_what_doubles_again_and_again_is_given_up(source: str) -> None:
    """A few hundred characters of a draft would otherwise take the console's whole machine."""
    began = time.monotonic()
    with pytest.raises(ValueUntranslatable):
        compile_expression(source, "fen").search({})
    assert time.monotonic() - began < 30


def test_a_list_against_itself_again_and_again_is_given_up() -> None:
    """A projection inside a projection inside a projection takes the third power of a list's length."""
    rows: list[JsonValue] = [list(range(300))] * 300
    document: JsonValue = [rows] * 300
    began = time.monotonic()
    with pytest.raises(ValueUntranslatable):
        compile_expression("[*][*][*].[@, @]", "fen").search(document)
    assert time.monotonic() - began < 60


def test_the_largest_reply_that_is_believed_is_translated() -> None:
    """A thousand bills of twenty items each."""
    items = [{"label": "x" * 20, "fee": "1.00"}] * 20
    body = {"bills": [{"no": str(number), "items": [dict(item) for item in items]} for number in range(1000)]}
    found = compile_expression("{bills: body.bills[].{no: no, items: items[].{l: label, f: fen(fee)}}}", "yuan").search(
        {"body": body}
    )
    assert len(found["bills"]) == 1000
    assert found["bills"][999]["items"][19] == {"l": "x" * 20, "f": 100}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=20,
)


@given(
    VALUES, st.sampled_from(["a[].b", "[a, b, c]", "{x: a, y: b.c}", "a[?b].c[]", "length(@)", "sort(keys(@))", "@"])
)
def test_everything_else_is_as_jmespath_says(value: JsonValue, source: str) -> None:
    """The same results, and a refusal where JMESPath refuses."""
    try:
        expected = jmespath.search(source, value)
    except jmespath.exceptions.JMESPathError:
        with pytest.raises(ValueUntranslatable):
            compile_expression(source, "fen").search(value)
        return
    assert compile_expression(source, "fen").search(value) == expected
