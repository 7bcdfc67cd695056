"""Rules of config/strict_yaml.py: every fault with its line, no bombs, no loops."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.strict_yaml import MAX_BYTES, line_of, nearest_name, read_document


def read(text: str) -> tuple[object, list[tuple[int, str, str]]]:
    document = read_document("x.yaml", text.encode())
    return document.value, [(fault.line, fault.path, fault.found) for fault in document.faults]


def test_plain_document() -> None:
    """Plain values come as Python values, with the line of every path."""
    document = read_document("x.yaml", b"a: 1\nb:\n  - yes it is\n  - c: 2.5\n    d: 2027-06-30\n")
    assert document.faults == ()
    assert document.value["b"][0] == "yes it is"
    assert document.lines["b[1].d"] == 5
    assert line_of(document.lines, "b[1].d.e.f") == 5
    assert line_of(document.lines, "z") == 1


def test_duplicate_keys() -> None:
    """A key that stands twice is a fault at its second place, at any depth; the first value stays."""
    value, faults = read("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert faults == [(2, "b.c", "the key a second time"), (3, "a", "the key a second time")]
    assert value == {"a": 1, "b": {"c": 1}}


def test_alias_is_a_copy() -> None:
    """An ordinary alias gives the same value again."""
    assert read("a: &x [1, 2]\nb: *x\n") == ({"a": [1, 2], "b": [1, 2]}, [])


def test_alias_bomb() -> None:
    """Aliases that multiply are refused once, quickly, and without the memory that they ask for."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    started = time.monotonic()
    _, faults = read("\n".join(lines))
    assert [found for _, _, found in faults] == ["aliases that expand without end"]
    assert time.monotonic() - started < 5


def test_alias_loop() -> None:
    """A value that holds itself is refused with its place."""
    _, faults = read("a: &x\n  b: *x\n")
    assert [(path, found) for _, path, found in faults] == [("a.b", "an alias inside its own value")]


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: b: c", "--- 1\n--- 2\n", "", "a: *gone", "%YAML 9.9\n--- a", "[" * 100_000, "{a: " * 5_000, "\t- a"],
)
def test_unreadable(text: str) -> None:
    """What is not one YAML document is one fault, never an exception."""
    value, faults = read(text)
    assert value is None
    assert len(faults) == 1


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system [id]", "a: !env SECRET", "a: !!binary aGk="])
def test_tags(text: str) -> None:
    """No tag makes anything but a plain value."""
    _, faults = read(text)
    assert faults


@pytest.mark.parametrize("text", ["1: a", "yes: a", "~: a", "[a]: b", "<<: {a: 1}"])
def test_keys_are_texts(text: str) -> None:
    """A key is a text: YAML's numbers, truth values, null and merge keys are refused."""
    _, faults = read(text)
    assert [found for _, _, found in faults] == ["a key that is not text"]


def test_wrong_bytes() -> None:
    """Another encoding and a file without end are refused before they are parsed."""
    assert read_document("x", "名: 值".encode("gbk")).faults[0].found == "bytes that are not UTF-8"
    assert read_document("x", b"#" * (MAX_BYTES + 1)).faults[0].expected.startswith("at most")


def test_impossible_scalar() -> None:
    """A date that does not exist is a fault, not an exception."""
    assert read("a: 2026-13-45\n")[1] == [(1, "a", "a value that cannot be read")]


@given(st.text(alphabet="ab:-[]{}&*!'\"\n #,|>", max_size=60))
def test_any_text(text: str) -> None:
    """Whatever the file holds, reading it gives a document."""
    read_document("x", text.encode())


def test_nearest_name() -> None:
    """The hint is a valid name that looks alike, or nothing."""
    assert nearest_name("bil_amount", ["bill_amount", "amount"]) == "bill_amount"
    assert nearest_name("zzz", ["bill_amount"]) == ""
