"""Every fault that an editor of mappings can be told in a fixed phrase is told in Chinese first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from gateway.console.fault_words import FOUND, say_expected, say_found

ROOT = Path(__file__).resolve().parents[4]
SOURCES = [file for room in ("services", "config") for file in sorted((ROOT / room).glob("*.py"))]


def list_phrases() -> Iterator[tuple[str, str]]:
    """The fixed findings and expectations of every ``Mismatch`` in the code; empty where a phrase is put together."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Mismatch":
                found, expected = (one.value if isinstance(one, ast.Constant) else "" for one in node.args[1:3])
                yield str(found), str(expected)


def test_every_fixed_phrase_has_its_chinese() -> None:
    """Whoever adds a check adds its Chinese."""
    phrases = list(list_phrases())
    assert len(phrases) > 80
    assert {found for found, _ in phrases if found and not say_found(found)} == set()
    assert {expected for _, expected in phrases if expected and not say_expected(expected)} == set()


def test_no_phrase_is_left_that_nothing_says() -> None:
    """A translation of words that no check uses any more would never be read."""
    text = "".join(file.read_text("utf-8") for file in [*SOURCES, *sorted((ROOT / "gateway").glob("*.py"))])
    assert [phrase for phrase in FOUND if phrase not in text] == []


def test_names_inside_an_expectation_stay() -> None:
    """What a file must say literally is not translated."""
    assert say_expected("this key (kind bill)") == "补上这个键（kind bill）"
    assert say_expected("a number from 3 on, above any that the service ever had").startswith("不小于 3 ")
    assert say_expected("something that nobody says") == ""
