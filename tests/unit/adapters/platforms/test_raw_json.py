"""Rules of finding a value's exact text in a JSON object."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.raw_json import scan_object

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
spaces = st.text(" \t\n\r", max_size=3)


@given(st.dictionaries(st.text(), values, max_size=5), st.booleans(), st.lists(spaces, min_size=4, max_size=4))
def test_each_text_stands_for_its_value(members: dict[str, object], ascii_only: bool, gaps: list[str]) -> None:
    """However members are spaced and escaped, the text found is the one that was written, braces in strings included."""
    texts = {name: json.dumps(value, ensure_ascii=ascii_only) for name, value in members.items()}
    pairs = [f"{gaps[0]}{json.dumps(name)}{gaps[1]}:{gaps[2]}{text}{gaps[3]}" for name, text in texts.items()]
    found = scan_object(gaps[0] + "{" + ",".join(pairs) + gaps[1] + "}" + gaps[2])
    assert {name: raw.text for name, raw in found.items()} == texts
    assert {name: raw.value for name, raw in found.items()} == {name: json.loads(text) for name, text in texts.items()}


@given(st.text(max_size=60) | st.text('{}[]":,\\ a1', max_size=30))
def test_it_reads_what_json_reads_or_refuses(text: str) -> None:
    """Whatever text comes, it gives what ``json`` gives for an object, or ``ValueError``."""
    try:
        found = scan_object(text)
    except ValueError:
        return
    assert {name: raw.value for name, raw in found.items()} == json.loads(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":{"s":"a}b"},"sign":"x"}', '{"s":"a}b"}'),
        ('{"sign":"x","a":{"s":"{\\"a\\""}}', '{"s":"{\\"a\\""}'),
        ('{"a":{"u":"https:\\/\\/x\\/"},"sign":"x"}', '{"u":"https:\\/\\/x\\/"}'),
        ('{"a": {"s":"\\u738b"} ,"sign":"x"}', '{"s":"\\u738b"}'),
        ('{"a":"c2VjcmV0","sign":"x"}', '"c2VjcmV0"'),
    ],
)
def test_texts_that_break_other_scanners(text: str, expected: str) -> None:
    """Braces and quotes inside strings, escaped slashes, escapes, spaces, an encrypted text with its quotes."""
    assert scan_object(text)["a"].text == expected


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}x", '{"a":1}{"a":1}', '{"a":1,"a":2}', '{"a":1,}', '{"a" 1}', "{a:1}", '{"a":NaN}', '{"a":' + "[" * 100_000, "\ufeff{}", "{1:1}"],
)  # fmt: skip
def test_what_is_not_one_object_is_refused(text: str) -> None:
    """Anything before, after, twice or half is refused."""
    with pytest.raises(ValueError):
        scan_object(text)
