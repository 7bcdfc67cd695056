"""Two versions of a mapping side by side: line by line, as in any diff, and by what changed in meaning, place by place.

A list of plain words is a set: its order means nothing. A list of named tables (calls, further back ends) is compared by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.strict_yaml import read_document

MAX_SHOWN = 120
"""Characters of a value in a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """One place that means something else: empty ``was`` is new, empty ``now`` is gone."""

    path: str
    was: str
    now: str

    def __str__(self) -> str:
        if not self.was:
            return f"+ {self.path}: {self.now}"
        return f"~ {self.path}: {self.was} → {self.now}" if self.now else f"- {self.path}: {self.was}"


@dataclass(frozen=True, slots=True)
class MappingDiff:
    """What differs: ``lines`` as a unified diff (empty if the bytes are equal), ``changes`` in the order of the new file's places."""

    lines: tuple[str, ...]
    changes: tuple[Change, ...]


def diff_mappings(old: bytes, new: bytes, old_name: str = "published", new_name: str = "file") -> MappingDiff:
    """Compare two files; never raises for what stands in them. A file that is no YAML has no meaning to compare, only lines."""
    before, after = (content.decode("utf-8", "replace").splitlines() for content in (old, new))
    lines = difflib.unified_diff(before, after, old_name, new_name, lineterm="", n=3)
    left, right = read_document(old_name, old), read_document(new_name, new)
    readable = not left.faults and not right.faults
    return MappingDiff(tuple(lines), tuple(_compare("", left.value, right.value)) if readable else ())


def _compare(path: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _compare(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(path, old, new)
    elif old != new or type(old) is not type(new):
        yield from _tell(path, old, new)


def _compare_lists(path: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    if all(isinstance(item, str) for item in (*old, *new)):
        yield from (Change(f"{path}[]", "", _show(item)) for item in new if item not in old)
        yield from (Change(f"{path}[]", _show(item), "") for item in old if item not in new)
        return
    before, after = _by_name(old), _by_name(new)
    for name in [*after, *(name for name in before if name not in after)]:
        yield from _compare(f"{path}[{name}]", before.get(name), after.get(name))


def _by_name(items: list[Any]) -> dict[str, Any]:
    """By the items' own names where all of them have one that is unlike the others, else by position."""
    names = [_name_item(item) if isinstance(item, dict) else None for item in items]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {str(name): item for name, item in zip(names, items, strict=True)}
    return {str(index): item for index, item in enumerate(items)}


def _name_item(item: dict[str, Any]) -> Any:
    """A call's or back end's name, a choice's value, the code of a special procedure or of a ready-made reason."""
    return item.get("name") or item.get("value") or item.get("code")


def _tell(path: str, old: Any, new: Any) -> Iterator[Change]:
    """What came or went as a whole is told leaf by leaf, so that a new block says what is in it."""
    if old is None or new is None:
        sign = old if new is None else new
        if isinstance(sign, dict) and sign:
            for key, item in sign.items():
                inner = f"{path}.{key}"
                yield from _tell(inner, item, None) if new is None else _tell(inner, None, item)
            return
    yield Change(path, "" if old is None else _show(old), "" if new is None else _show(new))


def _show(value: Any) -> str:
    text = ", ".join(_show(item) for item in value) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
