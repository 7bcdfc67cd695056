"""What every chart is made of: scales with round ticks, texts that are escaped, and the SVG around them.

Attributes only, no style: the pages' policy forbids inline styles. An SVG is an image with a title and a description (WAI-ARIA
``role="img"``), so that a screen reader says what it shows and then reads the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from markupsafe import Markup, escape

Words = tuple[str, str]
"""Chinese first, English second."""
Number = int | Fraction | Decimal | float
WIDTH = 720
TEXT = 16
"""Height of the letters in units of the drawing, which is as wide as the column it stands in."""
INK, SOFT, GRID, PAPER = "#1c2b33", "#4c5d67", "#d5dee4", "#ffffff"
COLOURS = ("#0b6e4f", "#1f5fa8", "#a61b14", "#6f4200", "#5b3a8c", "#37474f")
"""Each has a contrast of 4.5:1 or more on white."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and its numbers as a table: one head for each column, every cell as text."""

    name: str
    title: Words
    svg: Markup
    heads: tuple[Words, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: show a sentence instead."""
        return not self.rows


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to a place: 0 or ``bottom`` at ``start``, ``top`` at ``end``; ``ticks`` are round numbers in it."""

    bottom: Fraction
    top: Fraction
    start: float
    end: float
    ticks: tuple[Fraction, ...]

    def place(self, value: Number) -> float:
        """Where a value lies, never outside the frame."""
        share = (Fraction(value) - self.bottom) / (self.top - self.bottom)
        return self.start + float(min(max(share, Fraction(0)), Fraction(1))) * (self.end - self.start)


def make_scale(values: Sequence[Number], start: float, end: float, *, most: int = 5) -> Scale:
    """A scale from 0 (or below, if a value is) to the first round number that is not passed, with at most ``most`` steps."""
    highest = max([Fraction(value) for value in values] + [Fraction(0)])
    lowest = min([Fraction(value) for value in values] + [Fraction(0)])
    if highest == lowest:
        highest = lowest + 1
    step = _round_step((highest - lowest) / most)
    first, last = lowest // step, -(-highest // step)
    ticks = tuple(step * number for number in range(int(first), int(last) + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def _round_step(least: Fraction) -> Fraction:
    """The smallest of 1, 2, 5 times a power of ten that is not less."""
    power = Fraction(1)
    while power * 10 <= least:
        power *= 10
    while power > least:
        power /= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def write_number(value: Number | None, unit: str = "") -> str:
    """A whole number as it is, any other with one digit after the point, half up; a dash for nothing."""
    if value is None:
        return "—"
    exact = Fraction(value)
    if exact.denominator == 1:
        return f"{exact.numerator}{unit}"
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded}{unit}"


def write_text(
    x: float, y: float, words: str, *, anchor: str = "start", fill: str = SOFT, weight: str = "400", size: int = TEXT
) -> Markup:
    """One line of text, escaped."""
    return Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}" font-weight="{}" font-size="{}">{}</text>').format(
        _at(x), _at(y), anchor, fill, weight, size, words
    )


def write_line(
    x1: float, y1: float, x2: float, y2: float, *, stroke: str = GRID, width: float = 1, dash: str = ""
) -> Markup:
    """A straight line."""
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"{}/>').format(
        _at(x1), _at(y1), _at(x2), _at(y2), stroke, width, _dash(dash)
    )


def write_path(points: Sequence[tuple[float, float]], *, stroke: str, dash: str = "") -> Markup:
    """A line through these points."""
    path = "M" + " L".join(f"{_at(x)} {_at(y)}" for x, y in points)
    return Markup('<path d="{}" fill="none" stroke="{}" stroke-width="2.5"{}/>').format(path, stroke, _dash(dash))


def write_mark(shape: int, x: float, y: float, colour: str, *, hollow: bool = False) -> Markup:
    """A point: circle, square, triangle, diamond in turn, so that lines differ without their colours."""
    paint = Markup('fill="{}" stroke="{}" stroke-width="2"').format(PAPER if hollow else colour, colour)
    if shape % 4 == 0:
        return Markup('<circle cx="{}" cy="{}" r="4" {}/>').format(_at(x), _at(y), paint)
    corners = (
        ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        ((0, -5), (5, 4), (-5, 4)),
        ((0, -6), (6, 0), (0, 6), (-6, 0)),
    )[shape % 4 - 1]
    points = " ".join(f"{_at(x + dx)},{_at(y + dy)}" for dx, dy in corners)
    return Markup('<polygon points="{}" {}/>').format(points, paint)


def wrap_drawing(name: str, title: Words, description: str, height: float, parts: Sequence[Markup]) -> Markup:
    """The SVG with its title and description. ``name`` is unique on the page: letters, digits and dashes."""
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {width} {height}"'
        ' xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"><title id="{name}-title">{title}</title>'
        '<desc id="{name}-desc">{description}</desc>{hatch}{parts}</svg>'
    ).format(
        name=name, title=" · ".join(title), description=description, width=WIDTH, height=_at(height), hatch=_hatch(name),
        parts=Markup().join(parts),
    )  # fmt: skip


def _hatch(name: str) -> Markup:
    """Stripes for what stands out, so that it does so without its colour."""
    return Markup(
        '<defs><pattern id="{}-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="8" height="8" fill="#fbeceb"/><rect width="4" height="8" fill="#a61b14"/></pattern></defs>'
    ).format(name)


def shorten(words: str, units: float) -> str:
    """Words that fit into so many units of the drawing; the table has them in full."""
    kept, used = "", 0.0
    for letter in words:
        used += TEXT if ord(letter) > 0x2E7F else TEXT * 0.56
        if used > units:
            return kept[:-1] + "…" if kept else "…"
        kept += letter
    return kept


def measure(words: str) -> float:
    """About how wide words are drawn."""
    return sum(TEXT if ord(letter) > 0x2E7F else TEXT * 0.56 for letter in words)


def _dash(dash: str) -> Markup:
    return Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup()


def _at(value: float) -> str:
    """A coordinate with one digit after the point."""
    return str(escape(f"{value:.1f}".removesuffix(".0")))
