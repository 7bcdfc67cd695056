"""How Chinese text is broken into lines: anywhere between two characters, but not before a closing mark nor after an opening one.

Words and numbers in Latin letters stay whole where a line can hold them (GB/T 15834 5.1.1: no mark at the head of a line).
"""

from __future__ import annotations

import re
from collections.abc import Callable

NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕］｝”’…—～·%,.;:?!)]}>")
NOT_LAST = frozenset("（《〈「『【〔［｛“‘([{<")
_PIECES = re.compile(r"[A-Za-z0-9@#&_+=/\\.,:;'%~\-]+|.", re.DOTALL)
Measure = Callable[[str], float]


def break_lines(text: str, measure: Measure, width: float, indent: float = 0.0) -> list[str]:
    """Lines of at most ``width``, the first shorter by ``indent``; a paragraph a line break. Only a single piece may be wider."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _break_paragraph(paragraph, measure, width, indent)
    return lines


def _break_paragraph(text: str, measure: Measure, width: float, indent: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in _split(text, measure, width):
        room = width - (indent if not lines else 0.0)
        if line and measure(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _split(text: str, measure: Measure, width: float) -> list[str]:
    """Pieces that must not be broken: what may not stand first goes with what is before it, what may not stand last with what follows."""
    pieces: list[str] = []
    glued = False
    for found in _PIECES.findall(text):
        for part in _cut(found, measure, width):
            if pieces and (glued or part[0] in NOT_FIRST) and measure(pieces[-1] + part) <= width:
                pieces[-1] += part
            else:
                pieces.append(part)
            glued = part[-1] in NOT_LAST
    return pieces


def _cut(piece: str, measure: Measure, width: float) -> list[str]:
    """A word that no line can hold, in parts that one can."""
    if len(piece) == 1 or measure(piece) <= width:
        return [piece]
    parts = [""]
    for one in piece:
        if parts[-1] and measure(parts[-1] + one) > width:
            parts.append("")
        parts[-1] += one
    return parts
