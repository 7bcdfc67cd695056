"""Rules of services/mapping_diff.py: line by line, and what changed in meaning."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.mapping_diff import diff_mappings

OLD = b"""id: gas-bill # a comment
version: 1
channels: [wechat]
exposure:
  wechat: {shown_in_client: [amount, payee]}
calls:
  - {name: first, path: /a}
  - {name: second, path: /b}
limits: {promised_days: 5}
"""


def changes(new: bytes) -> list[str]:
    return [str(change) for change in diff_mappings(OLD, new).changes]


def test_equal_files() -> None:
    """Nothing differs, in no way."""
    found = diff_mappings(OLD, OLD)
    assert (found.lines, found.changes) == ((), ())


def test_only_the_lines_differ() -> None:
    """A comment, the order of keys and of a set, and the way in which a text is quoted mean nothing."""
    new = b'version: 1\nid: "gas-bill"\n' + OLD.split(b"\n", 2)[2].replace(b"[amount, payee]", b"[payee, amount]")
    found = diff_mappings(OLD, new)
    assert found.lines
    assert found.changes == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"version: 1", b"version: 2", "~ version: 1 → 2"),
        (b"[wechat]", b"[wechat, alipay]", "+ channels[]: alipay"),
        (b"[amount, payee]", b"[amount]", "- exposure.wechat.shown_in_client[]: payee"),
        (b"path: /b", b"path: /c", "~ calls[second].path: /b → /c"),
        (b"  - {name: first, path: /a}\n", b"", "- calls[first].name: first"),
        (b"limits: {promised_days: 5}\n", b"", "- limits.promised_days: 5"),
        (b"promised_days: 5", b"promised_days: 5, statutory_days: 9", "+ limits.statutory_days: 9"),
        (b"version: 1", b"version: '1'", "~ version: 1 → 1"),
    ],
)
def test_changes(old: bytes, new: bytes, told: str) -> None:
    """Each change is told with its place, what was, and what is."""
    assert told in changes(OLD.replace(old, new))


def test_a_file_that_is_no_yaml_has_lines_only() -> None:
    """What cannot be read has no meaning to compare."""
    found = diff_mappings(OLD, b"a: [")
    assert found.lines
    assert found.changes == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "value", "a", "b"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.dictionaries(st.text(max_size=5), VALUES, max_size=4)
)
def test_any_two_files(old: dict[str, object], new: dict[str, object]) -> None:
    """Never an exception; and a file means the same as itself."""
    left, right = (yaml.safe_dump(value, allow_unicode=True).encode() for value in (old, new))
    diff_mappings(left, right)
    assert diff_mappings(left, left).changes == ()


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes(old: bytes, new: bytes) -> None:
    """Never an exception."""
    diff_mappings(old, new)
