"""Patterns of inputs that would take for ever: Python's matcher goes back and tries every other way, so a text that somebody enters could
hold a process. The number of ways in which a pattern can read a text is bounded here, from above, and a pattern with too many is refused.

Concatenation multiplies ways, alternatives add them, a repetition of something with one way has as many ways as it has lengths, and a
repetition of something with several multiplies them once more for each round. Account numbers, codes and plates have a few hundred.
"""

from __future__ import annotations

from collections.abc import Iterator

LONGEST_TEXT = 500
"""Characters of the longest text that an input takes (``services/input_values.py``)."""
MOST_WAYS = 400_000
"""Two repetitions without limit in one row are just allowed, three are not."""


class _TooSlow(Exception):
    """The message says why."""


def find_slowness(pattern: str) -> str:
    """Why a pattern that compiles could take for ever; empty if it cannot. Look-around and references back are refused altogether."""
    try:
        _Reader(pattern).count_alternatives()
    except (_TooSlow, RecursionError) as fault:
        return str(fault) if isinstance(fault, _TooSlow) else "groups nested too deep"
    return ""


class _Reader:
    """Walks once over a pattern that ``re`` compiles. Not a parser of all of it: of groups, classes, escapes and repetitions."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def count_alternatives(self) -> int:
        """Ways of everything up to the end of a group."""
        total, ways = 0, 1
        while self._at < len(self._pattern) and self._peek() != ")":
            if self._peek() == "|":
                self._at += 1
                total, ways = total + ways, 1
            else:
                ways = _require_few(ways * self._count_repeated())
        return _require_few(total + ways)

    def _peek(self, length: int = 1) -> str:
        return self._pattern[self._at : self._at + length]

    def _count_repeated(self) -> int:
        ways = self._count_atom()
        for low, high in self._read_repetitions():
            ways = _repeat(ways, min(low, LONGEST_TEXT), min(high, LONGEST_TEXT))
        return ways

    def _read_repetitions(self) -> Iterator[tuple[int, int]]:
        while self._at < len(self._pattern):
            limits = self._read_limits()
            if limits is None:
                return
            if self._peek() in ("?", "+") and self._peek():
                self._at += 1  # lazy or possessive: as slow at worst
            yield limits

    def _read_limits(self) -> tuple[int, int] | None:
        simple = {"*": (0, LONGEST_TEXT), "+": (1, LONGEST_TEXT), "?": (0, 1)}.get(self._peek())
        if simple is not None:
            self._at += 1
            return simple
        end = self._pattern.find("}", self._at)
        if self._peek() != "{" or end < 0:
            return None
        low, sign, high = self._pattern[self._at + 1 : end].partition(",")
        if not (low + high).isdigit():
            return None  # a brace that stands for itself
        self._at = end + 1
        least = int(low or 0)
        return least, (int(high) if high else LONGEST_TEXT) if sign else least

    def _count_atom(self) -> int:
        sign = self._peek()
        if sign == "(":
            return self._count_group()
        if sign == "[":
            self._skip_class()
        elif sign == "\\":
            if self._peek(2)[1:] in tuple("123456789"):
                raise _TooSlow("a reference back")
            self._at += 2
        else:
            self._at += 1
        return 1

    def _count_group(self) -> int:
        self._at += 1
        if self._peek() == "?":
            if self._peek(2) != "?:":
                raise _TooSlow("a group of another kind than (…) and (?:…)")
            self._at += 2
        ways = self.count_alternatives()
        self._at += 1
        return ways

    def _skip_class(self) -> None:
        """A class in brackets; a bracket that closes right at the beginning stands for itself."""
        self._at += 1
        if self._peek() == "^":
            self._at += 1
        first = True
        while self._at < len(self._pattern) and (first or self._peek() != "]"):
            self._at += 2 if self._peek() == "\\" else 1
            first = False
        self._at += 1


def _repeat(ways: int, low: int, high: int) -> int:
    if ways == 1:
        return high - low + 1
    total, power = 0, 1
    for count in range(high + 1):
        total += power if count >= low else 0
        power *= ways
        _require_few(max(total, power if count < high else 1))
    return total


def _require_few(ways: int) -> int:
    if ways > MOST_WAYS:
        raise _TooSlow("repetitions that can be read in too many ways")
    return ways
