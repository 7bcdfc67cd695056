"""What a back end's reply may hold, as a tree made from the paths of a mapping.

A reply is compared with it before anything is taken from it: a field that nobody declared, or a missing one, means that the
two sides no longer agree, and then no amount in it is believed either. A fault names the declared place, never what came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.model import JsonValue

MAX_LISTED = 1000
"""More bills, items or rows than this in one list is no answer to a question about one household."""


class ReplyUnacceptable(Exception):
    """The reply does not have the declared shape; the message names the place."""


@dataclass(slots=True)
class ReplyNode:
    """One declared place: a value (no ``children``), a table, or with ``many`` a list of either."""

    many: bool = False
    optional: bool = False
    children: dict[str, ReplyNode] = field(default_factory=dict)


def plant_reply(paths: Iterable[str]) -> ReplyNode:
    """The tree of paths like ``bills[].dueDate?``. Raises ``ValueError`` where one place is declared in two ways."""
    root = ReplyNode()
    leaves: list[ReplyNode] = []
    for text in paths:
        node = root
        for part in text.removesuffix("?").split("."):
            node = _grow(node, part)
        node.optional = text.endswith("?")
        leaves.append(node)
    if any(leaf.children for leaf in leaves) or len({id(leaf) for leaf in leaves}) != len(leaves):
        raise ValueError("one place declared twice, or as a value and as a table")
    _mark_optional(root)
    return root


def _grow(node: ReplyNode, part: str) -> ReplyNode:
    child = node.children.setdefault(part.removesuffix("[]"), ReplyNode(many=part.endswith("[]")))
    if child.many != part.endswith("[]"):
        raise ValueError("one place declared as a list and as one value")
    return child


def _mark_optional(node: ReplyNode) -> bool:
    """A table is optional if everything in it is."""
    if node.children:
        inner = [_mark_optional(child) for child in node.children.values()]
        node.optional = all(inner)
    return node.optional


def require_reply(node: ReplyNode, value: JsonValue) -> None:
    """Raise ``ReplyUnacceptable`` unless a reply body holds everything declared and nothing else."""
    for fault in _find_faults(node, value, "body"):
        raise ReplyUnacceptable(fault)


def _find_faults(node: ReplyNode, value: JsonValue, path: str) -> Iterator[str]:
    if not node.children:
        if isinstance(value, dict | list):
            yield f"{path} is not one value"
        return
    if not isinstance(value, dict):
        yield f"{path} is not a table"
        return
    if value.keys() - node.children.keys():
        yield f"{path} holds an unknown field"
    for name, child in node.children.items():
        yield from _find_child_faults(child, value.get(name), f"{path}.{name}")


def _find_child_faults(child: ReplyNode, value: JsonValue, path: str) -> Iterator[str]:
    if value is None:
        if not child.optional:
            yield f"{path} is missing"
    elif not child.many:
        yield from _find_faults(child, value, path)
    elif not isinstance(value, list):
        yield f"{path} is not a list"
    elif len(value) > MAX_LISTED:
        yield f"{path} is longer than {MAX_LISTED}"
    else:
        for item in value:
            yield from _find_faults(child, item, f"{path}[]")
