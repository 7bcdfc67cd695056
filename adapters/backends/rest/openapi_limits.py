"""What an OpenAPI document may ask of us: no pattern that could take for ever, no schemas that multiply, no long comparisons.

Values that citizens type and replies of up to a megabyte are held against it in the public process, so its author must not be able to
hold that process, by malice or by the patterns that people copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from services.errors import ConfigurationFault
from services.pattern_rules import LONGEST_TEXT, find_slowness
from services.reply_shape import MAX_LISTED

MOST_SCHEMAS = 2000
"""Schemas that may have to be looked at for one value, counted each time that one is used."""
PARTS = ("allOf", "anyOf", "oneOf")
SINGLE_PARTS = ("not", "if", "then", "else")


def require_bounded(file: str, root: Mapping[str, Any]) -> None:
    """Raise ``ConfigurationFault`` for a slow pattern, and for a schema that is put together from itself or from too many others."""
    weights: dict[int, int | None] = {}
    for node in _list_tables(root):
        for pattern in _list_patterns(node):
            _require_quick(file, pattern)
        try:
            _weigh(file, root, node, weights)
        except RecursionError:
            raise ConfigurationFault(f"{file}: schemas put together from too many others") from None


def _list_tables(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            yield at
            waiting.extend(at.values())
        elif isinstance(at, list):
            waiting.extend(at)


def _list_patterns(node: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(node.get("pattern"), str):
        yield node["pattern"]
    if isinstance(node.get("patternProperties"), dict):
        yield from node["patternProperties"]


def _require_quick(file: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning):
        raise ConfigurationFault(f"{file}: a pattern that does not compile") from None
    if why := find_slowness(pattern):
        raise ConfigurationFault(f"{file}: a pattern with {why}")


def _weigh(file: str, root: Mapping[str, Any], node: Mapping[str, Any], weights: dict[int, int | None]) -> int:
    """How many schemas are looked at for one value; each schema is weighed once. None marks one that is being weighed."""
    known = weights.get(id(node), 0)
    if known is None:
        raise ConfigurationFault(f"{file}: a schema that is put together from itself")
    if not known:
        weights[id(node)] = None
        known = 1 + sum(_weigh(file, root, part, weights) for part in _list_parts(root, node))
        if known > MOST_SCHEMAS:
            raise ConfigurationFault(f"{file}: schemas that multiply")
        weights[id(node)] = known
    return known


def _list_parts(root: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = [part for key in PARTS if isinstance(node.get(key), list) for part in node[key]]
    listed += [node[key] for key in SINGLE_PARTS if key in node]
    if isinstance(node.get("$ref"), str):
        listed.append(_follow(root, node["$ref"]))
    yield from (part for part in listed if isinstance(part, dict))


def _follow(root: Any, pointer: str) -> Any:
    """Where a reference leads; None where nothing stands: whoever uses it says so."""
    place = root
    for part in pointer.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    return place


def limit_validator(kind: Any) -> Any:
    """The same validator, that runs no pattern on a text and compares no list longer than those that they were judged for."""
    theirs = {name: check for name in LIMITED if (check := kind.VALIDATORS.get(name)) is not None}
    return extend(kind, {name: _limit(check, name) for name, check in theirs.items()})


def _limit(check: Any, name: str) -> Any:
    too_long = LIMITED[name]

    def limited(validator: Any, keyword: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if too_long(instance):
            yield ValidationError(f"too long for {name}")
        else:
            yield from check(validator, keyword, instance, schema) or ()

    return limited


LIMITED: Mapping[str, Callable[[Any], bool]] = {
    "pattern": lambda value: isinstance(value, str) and len(value) > LONGEST_TEXT,
    "patternProperties": lambda value: isinstance(value, dict) and any(len(name) > LONGEST_TEXT for name in value),
    "uniqueItems": lambda value: isinstance(value, list) and len(value) > MAX_LISTED,
}
