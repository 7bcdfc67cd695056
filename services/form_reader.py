"""What a citizen enters and what a result shows: inputs, outputs and a mapping's own words, built from what has its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.mapping import Input, Output, Texts
from services.model import Language
from services.pattern_rules import find_slowness


def read_texts(value: Mapping[str, Any]) -> dict[Language, str]:
    """A sentence in every language."""
    return {Language(language): text for language, text in value.items() if language in tuple(Language)}


def read_inputs(value: Mapping[str, Any]) -> dict[str, Input]:
    """The inputs of a mapping; a pattern that does not compile is left out (the sense checks tell of it)."""
    return {name: _read_input(name, entry) for name, entry in value.get("inputs", {}).items()}


def _read_input(name: str, entry: Mapping[str, Any]) -> Input:
    return Input(
        name=name,
        type=entry["type"],
        label=read_texts(entry["label"]),
        pattern=compile_pattern(entry.get("pattern")),
        help=read_texts(entry.get("help", {})),
        example=entry.get("example", ""),
        prefilled_from=entry.get("prefilled_from", ""),
        choices={choice["value"]: read_texts(choice["label"]) for choice in entry.get("choices", ())},
        optional=entry.get("optional", False),
        minimum=entry.get("minimum"),
        maximum=entry.get("maximum"),
        mask=entry.get("mask", ""),
        editable=entry.get("editable", False),
    )


def compile_pattern(pattern: str | None) -> re.Pattern[str] | None:
    """A compiled pattern, or None where there is none, it does not compile, or matching it could take for ever."""
    try:
        compiled = re.compile(pattern) if pattern is not None else None
        return compiled if pattern is not None and not find_slowness(pattern) else None
    except (re.error, RecursionError, OverflowError, Warning):
        return None


def read_outputs(value: Mapping[str, Any]) -> dict[str, Output]:
    """The outputs of a mapping by name."""
    return {name: _read_output(name, entry) for name, entry in value.get("outputs", {}).items()}


def _read_output(name: str, entry: Mapping[str, Any]) -> Output:
    return Output(
        name=name,
        type=entry["type"],
        label=read_texts(entry["label"]),
        word=entry.get("field", name),
        mask=entry.get("mask", ""),
        optional=entry.get("optional", False),
        of={inner: _read_output(inner, column) for inner, column in entry.get("of", {}).items()},
    )


def read_words(value: Mapping[str, Any]) -> tuple[dict[str, Texts], frozenset[str]]:
    """A mapping's own words, and those of them that are personal."""
    words = value.get("words", {})
    personal = frozenset(name for name, entry in words.items() if entry.get("personal"))
    return {name: read_texts(entry) for name, entry in words.items()}, personal
