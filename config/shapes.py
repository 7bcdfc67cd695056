"""The small language in which the shape of a configuration document, or of a back end's mapped result, is written down.

Pure data and one walk over it. A fault names the place and the kind of thing that was found there, never the value itself:
the value may be a secret in the wrong place, or personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from config.strict_yaml import nearest_name

LANGUAGES = ("zh-CN", "en")
UNKNOWN_KEY = "an unknown key"


@dataclass(frozen=True, slots=True)
class Text:
    """A text without control characters or lone surrogates; ``pattern`` must match the whole of it."""

    pattern: str = ""
    rule: str = "a text"
    max_length: int = 2000
    min_length: int = 1


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number (never a boolean) within limits."""

    minimum: int = 0
    maximum: int = 10**12


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits, for spans in seconds; never for money."""

    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date: YAML's own or a text YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of one shape, without repetition of texts."""

    item: Shape
    minimum: int = 0
    maximum: int = 1000
    distinct: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Free keys of one pattern, values of one shape."""

    value: Shape
    key: str = r"[A-Za-z0-9_.\-]{1,80}"
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """Named keys: all of ``required``, any of ``optional``, nothing else."""

    required: Mapping[str, Shape] = field(default_factory=dict)
    optional: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value of a shape, or null."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Anything:
    """Not looked at here."""


Shape: TypeAlias = Text | Whole | Number | Flag | Day | Choice | Listing | Table | Record | Maybe | Anything

TEXTS = Record({language: Text(max_length=400) for language in LANGUAGES})
"""The same sentence in every language."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A place that does not have its shape."""

    path: str
    found: str
    expected: str
    nearest: str = ""

    @property
    def place_found(self) -> str:
        """Place and rule for a message about somebody else's data: an unknown key is not repeated, it may hold anything."""
        if self.found == UNKNOWN_KEY:
            return f"{self.path.rpartition('.')[0] or '(top)'} holds an unknown key"
        return f"{self.path or '(top)'} is not {self.expected}"


Check: TypeAlias = Callable[[Any, Any, str], Iterator[Mismatch]]


def check_shape(shape: Shape, value: Any, path: str = "") -> Iterator[Mismatch]:
    """Every place where ``value`` departs from ``shape``."""
    check: Check = CHECKS.get(type(shape), _check_scalar)
    yield from check(shape, value, path)


def _check_maybe(shape: Maybe, value: Any, path: str) -> Iterator[Mismatch]:
    if value is not None:
        yield from check_shape(shape.shape, value, path)


def _check_anything(_shape: Anything, _value: Any, _path: str) -> Iterator[Mismatch]:
    return iter(())


def _check_choice(shape: Choice, value: Any, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, str):
        yield Mismatch(path, describe(value), _one_of(shape.words))
    elif value not in shape.words:
        yield Mismatch(path, "another word", _one_of(shape.words), nearest_name(value, shape.words))


def _check_scalar(shape: Whole | Number | Flag | Day, value: Any, path: str) -> Iterator[Mismatch]:
    expected = _fault_of_scalar(shape, value)
    if expected:
        yield Mismatch(path, describe(value), expected)


def _check_record(shape: Record, value: Any, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, dict):
        yield Mismatch(path, describe(value), "a table with keys")
        return
    known = {**shape.required, **shape.optional}
    for key in shape.required:
        if key not in value:
            yield Mismatch(join_path(path, key), "nothing", "this key")
    for key, item in value.items():
        if key in known:
            yield from check_shape(known[key], item, join_path(path, key))
        else:
            absent = [name for name in known if name not in value]
            yield Mismatch(join_path(path, printable(key)), UNKNOWN_KEY, _one_of(known), nearest_name(key, absent))


def _check_table(shape: Table, value: Any, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, dict):
        yield Mismatch(path, describe(value), "a table with keys")
        return
    if len(value) < shape.minimum:
        yield Mismatch(path, f"{len(value)} keys", f"at least {shape.minimum}")
    for key, item in value.items():
        inner = join_path(path, printable(key))
        if not re.fullmatch(shape.key, key):
            yield Mismatch(inner, "a key of another form", f"a key like {shape.key}")
        yield from check_shape(shape.value, item, inner)


def _check_listing(shape: Listing, value: Any, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, list):
        yield Mismatch(path, describe(value), "a list")
        return
    if not shape.minimum <= len(value) <= shape.maximum:
        yield Mismatch(path, f"{len(value)} items", f"{shape.minimum} to {shape.maximum} items")
        return
    texts = [item for item in value if isinstance(item, str)]
    if shape.distinct and len(set(texts)) != len(texts):
        yield Mismatch(path, "an item twice", "each item once")
    for index, item in enumerate(value):
        yield from check_shape(shape.item, item, f"{path}[{index}]")


def _check_text(shape: Text, value: Any, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, str):
        yield Mismatch(path, describe(value), shape.rule)
    elif not shape.min_length <= len(value) <= shape.max_length:
        yield Mismatch(path, f"{len(value)} characters", f"{shape.min_length} to {shape.max_length} characters")
    elif not is_printable(value):
        yield Mismatch(path, "control characters", shape.rule)
    elif shape.pattern and not re.fullmatch(shape.pattern, value):
        yield Mismatch(path, "a text of another form", shape.rule)


def _fault_of_scalar(shape: Whole | Number | Flag | Day, value: Any) -> str:
    if isinstance(shape, Flag):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(shape, Day):
        return "" if is_day(value) else "a date like 2026-12-31"
    number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(shape, Whole):
        fits = number and shape.minimum <= value <= shape.maximum
        return "" if fits else f"a whole number from {shape.minimum} to {shape.maximum}"
    fits = (number or isinstance(value, float)) and shape.minimum <= value <= shape.maximum
    return "" if fits else f"a number from {shape.minimum} to {shape.maximum}"


def is_day(value: Any) -> bool:
    """Whether a value is a date, or a text YYYY-MM-DD that names one."""
    if isinstance(value, str):
        try:
            return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None and bool(date.fromisoformat(value))
        except ValueError:
            return False
    return isinstance(value, date) and not isinstance(value, datetime)


UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but the line feed, and lone surrogates."""


def is_printable(value: str) -> bool:
    """Whether a text holds no control characters (line ends are fine) and can be written in UTF-8."""
    return UNPRINTABLE.search(value) is None


def describe(value: Any) -> str:
    """The kind of a value in plain words."""
    kinds = {dict: "a table", list: "a list", str: "a text", bool: "true or false", int: "a whole number"}
    if value is None:
        return "nothing"
    return kinds.get(type(value), "a date" if isinstance(value, date) else "a number")


def join_path(path: str, key: str) -> str:
    """The path of a key inside ``path``."""
    return f"{path}.{key}" if path else key


def printable(key: str) -> str:
    """A key as it may stand in a message: ASCII and Chinese, at most 60 characters."""
    return "".join(character if character.isprintable() else "?" for character in key)[:60]


def _one_of(words: Any) -> str:
    return "one of " + ", ".join(words)


CHECKS: Mapping[type, Check] = {
    Record: _check_record,
    Table: _check_table,
    Listing: _check_listing,
    Maybe: _check_maybe,
    Text: _check_text,
    Choice: _check_choice,
    Anything: _check_anything,
}
"""One check per kind of shape; what is not named here is a scalar."""
