"""YAML read strictly: every key once, every value with its line, no bombs, no loops, no surprises of type.

PyYAML accepts a key twice and expands aliases without limit; a mapping is a legal document, so neither is acceptable.
All faults are collected: a person mends a file once, not once per fault.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

MAX_BYTES = 512 * 1024
MAX_NODES = 20_000
"""Values after aliases are expanded: a bomb reaches this within milliseconds, the longest mapping uses a few hundred."""
MAX_DEPTH = 40
"""Tables and lists inside each other; the deepest mapping has a dozen."""
PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)
KEY_TWICE = "the key a second time"
STRING = "tag:yaml.org,2002:str"
LONGEST_KEPT = 40
"""Characters up to which the type of a plain scalar is remembered: names and numbers, which come again and again."""


@lru_cache(maxsize=20_000)
def _resolve_short(value: str, implicit: tuple[bool, bool]) -> str:
    return str(_resolve(yaml.ScalarNode, value, implicit))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # one of two classes
    """PyYAML's parser in C. It asks for the type of every scalar by regular expressions, in Python: answered here from memory."""

    def descend_resolver(self, *_: Any) -> None:
        """Types never depend on a path."""

    def ascend_resolver(self) -> None:
        """As above."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:
        """The tag of a node without one."""
        if kind is yaml.ScalarNode and len(value) <= LONGEST_KEPT:
            return _resolve_short(value, implicit)
        return str(_resolve(kind, value, implicit))


_resolve: Any = yaml.SafeLoader("").resolve


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a configuration file: where, what was found, what was expected, what was perhaps meant."""

    file: str
    line: int
    path: str
    found: str
    expected: str
    nearest: str = ""

    def __str__(self) -> str:
        hint = f", nearest {self.nearest}" if self.nearest else ""
        return f"{self.file}:{self.line}: {self.path or '(top)'}: found {self.found}, expected {self.expected}{hint}"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain values, the line of every path (``exposure.wechat.sent_to_server[2]``), and what was wrong."""

    file: str
    value: Any
    lines: dict[str, int]
    faults: tuple[Fault, ...]

    def fault(self, path: str, found: str, expected: str, nearest: str = "") -> Fault:
        """A fault at ``path``; the line is that of the path or of the closest enclosing value, 1 for a missing top-level key."""
        return Fault(self.file, line_of(self.lines, path), path, found, expected, nearest)


def line_of(lines: dict[str, int], path: str) -> int:
    """The line where ``path`` stands, else that of the nearest enclosing path, else 1."""
    while path:
        if path in lines:
            return lines[path]
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut] if cut > 0 else ""
    return 1


def nearest_name(name: str, valid: Iterable[str]) -> str:
    """The valid name that was perhaps meant, or an empty text."""
    return next(iter(difflib.get_close_matches(name, sorted(valid), n=1, cutoff=0.6)), "")


def read_document(file: str, content: bytes) -> Document:
    """Parse one YAML document. Never raises for what is in the file: it says so in ``faults`` and ``value`` is then None."""
    if len(content) > MAX_BYTES:
        return _unreadable(file, 1, f"{len(content)} bytes", f"at most {MAX_BYTES} bytes")
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError:
        return _unreadable(file, 1, "bytes that are not UTF-8", "a YAML file in UTF-8")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _unreadable(file, line, str(error.problem or "text that is not YAML"), "one YAML document")
    except (yaml.YAMLError, RecursionError):
        return _unreadable(file, 1, "text that is not YAML", "one YAML document")
    if node is None:
        return _unreadable(file, 1, "nothing", "one YAML document")
    builder = _Builder(file)
    value = builder.build(node, "")
    return Document(file, value, builder.lines, tuple(builder.faults))


def _unreadable(file: str, line: int, found: str, expected: str) -> Document:
    return Document(file, None, {}, (Fault(file, line, "", found, expected),))


class _Builder:
    """Turns a node graph into plain values, once, counting what it makes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[str, int] = {}
        self.faults: list[Fault] = []
        self._made = 0
        self._open: set[int] = set()
        self._scalars = yaml.SafeLoader("")

    def build(self, node: yaml.Node, path: str) -> Any:
        line = node.start_mark.line + 1
        if path:
            self.lines.setdefault(path, line)
        self._made += 1
        if self._made > MAX_NODES:
            if self._made == MAX_NODES + 1:
                self._refuse(line, path, "aliases that expand without end", f"at most {MAX_NODES} values")
            return None
        if len(self._open) >= MAX_DEPTH:
            self._refuse(line, path, "values nested too deep", f"at most {MAX_DEPTH} levels")
            return None
        if id(node) in self._open:
            self._refuse(line, path, "an alias inside its own value", "an alias to something that has ended")
            return None
        self._open.add(id(node))
        try:
            return self._build_kind(node, path, line)
        finally:
            self._open.discard(id(node))

    def _build_kind(self, node: yaml.Node, path: str, line: int) -> Any:
        if node.tag not in PLAIN_TAGS:
            self._refuse(line, path, "a YAML tag", "a plain value")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._build_table(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        if node.tag == STRING:
            return node.value
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            self._refuse(line, path, "a value that cannot be read", "a plain value")
            return None

    def _build_table(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if key_node.tag != STRING:
                self._refuse(line, path, "a key that is not text", "a text as key (put it in quotes)")
                continue
            inner = f"{path}.{key}" if path else str(key)
            if key in table:
                self._refuse(line, inner, KEY_TWICE, "each key once")
                continue
            self.lines.setdefault(inner, line)
            table[key] = self.build(value_node, inner)
        return table

    def _refuse(self, line: int, path: str, found: str, expected: str) -> None:
        self.faults.append(Fault(self.file, line, path, found, expected))
