"""Rules of services/pattern_rules.py: what passes ends soon, whatever is entered."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.pattern_rules import LONGEST_TEXT, find_slowness

ORDINARY = [
    "[0-9A-Za-z-]{1,35}",
    r"[\u4e00-\u9fa5][A-HJ-NP-Z][0-9A-HJ-NP-Z]{5,6}",
    r"([0-9]{1,3}\.){3}[0-9]{1,3}",
    "(JK|YB)[0-9]{10}",
    "[0-9]{17}[0-9X]",
    "[A-Z]+ [A-Z]+",
    r"[0-9]+(\.[0-9]{1,2})?",
    "[]a]{2,}",
    r"[\]]+x",
    r"a{,5}b{x}c{2}",
    "",
]


@pytest.mark.parametrize("pattern", ORDINARY)
def test_ordinary_patterns_pass(pattern: str) -> None:
    """What account numbers, codes, plates and amounts need."""
    re.compile(pattern)
    assert find_slowness(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*",
        "(a|a)*b",
        "(a|aa)+b",
        "(.*)*x",
        "([a-z]+[0-9]*)+x",
        "(a?){50}a{50}",
        "a?" * 40 + "a{40}",
        ".*.*.*x",
        "(x+x+)+y",
        "(?=a)b",
        r"(a)\1",
        "(?P<n>a)",
        "(?:a{1,20}){1,20}b",
        "(?:(?:a{1,9}){1,9}){1,9}b",
    ],
)
def test_slow_patterns_are_refused(pattern: str) -> None:
    """Choice inside choice, and long repetitions in a row."""
    re.compile(pattern)
    assert find_slowness(pattern)


ATOMS = st.sampled_from(["a", "b", "[ab]", ".", "[^a]", r"\w", "aa"])
REPEATED = st.tuples(ATOMS, st.sampled_from(["", "?", "*", "+", "{2}", "{1,9}", "{0,40}", "*?"])).map("".join)
PATTERNS = st.recursive(
    REPEATED,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda ways: "(" + "|".join(ways) + ")")
        | st.tuples(inner, st.sampled_from(["?", "*", "+", "{1,9}", "{3}"])).map(lambda pair: f"({pair[0]}){pair[1]}")
    ),
    max_leaves=8,
)
TEXTS = st.sampled_from(
    ["a" * LONGEST_TEXT, "ab" * (LONGEST_TEXT // 2), "a" * (LONGEST_TEXT - 1) + "!", "b" * LONGEST_TEXT]
)


@settings(max_examples=150, deadline=None)
@given(PATTERNS, TEXTS)
def test_what_passes_ends_soon(pattern: str, text: str) -> None:
    """A pattern without a fault reads or refuses the longest text in the twinkling of an eye."""
    if find_slowness(pattern):
        return
    compiled = re.compile(pattern)
    started = time.process_time()
    compiled.fullmatch(text)
    compiled.fullmatch(text + "\n")
    assert time.process_time() - started < 2


@given(st.text(alphabet="a()[]{}|?*+\\^$.,19:", max_size=30))
def test_any_pattern(text: str) -> None:
    """Whatever compiles is judged, and the judgement never raises."""
    try:
        re.compile(text)
    except (re.error, OverflowError, FutureWarning):
        return
    find_slowness(text)
