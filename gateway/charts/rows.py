"""One row for each: horizontal bars, and dots with the interval in which the true value lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gateway.charts.marks import (
    COLOURS,
    GRID,
    INK,
    SOFT,
    WIDTH,
    Chart,
    Number,
    Scale,
    Words,
    make_scale,
    measure,
    shorten,
    wrap_drawing,
    write_line,
    write_mark,
    write_number,
    write_text,
)

ROW, ABOVE, BELOW = 30, 8, 28
MOST_LABEL, VALUE_ROOM = 260.0, 66


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``loud``: it stands out, and is striped; ``note`` says why, or what belongs to it."""

    label: str
    value: Number
    note: str = ""
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A value with its interval (both None: too few to say) and of how many it was computed. ``loud``: hollow and red."""

    label: str
    value: Number | None
    low: Number | None
    high: Number | None
    count: int
    loud: bool = False


def draw_bars(
    name: str, title: Words, bars: Sequence[Bar], *, unit: str = "", heads: tuple[Words, Words] = (("名称", "name"), ("数值", "value"))
) -> Chart:  # fmt: skip
    """Horizontal bars in the order given, each with its value at its end."""
    if not bars:
        return Chart(name, title, Markup(), (), ())
    left, height = _left([bar.label for bar in bars]), ABOVE + ROW * len(bars) + BELOW
    scale = make_scale([bar.value for bar in bars], left, WIDTH - VALUE_ROOM)
    parts = [*_draw_grid(scale, height, unit)]
    for index, bar in enumerate(bars):
        y, end = ABOVE + ROW * index, scale.place(bar.value)
        zero = scale.place(0)
        fill = f"url(#{name}-hatch)" if bar.loud else COLOURS[0]
        parts.append(_label(left, y, bar.label))
        parts.append(
            Markup('<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" fill="{}" stroke="{}"/>').format(
                min(zero, end), y + 5, abs(end - zero), ROW - 10, fill, COLOURS[2] if bar.loud else COLOURS[0]
            )
        )
        parts.append(write_text(max(zero, end) + 6, y + 20, write_number(bar.value, unit), fill=INK))
    noted = any(bar.note for bar in bars)
    rows = tuple((bar.label, write_number(bar.value, unit), *((bar.note,) if noted else ())) for bar in bars)
    all_heads = (*heads, ("说明", "note")) if noted else heads
    return Chart(name, title, wrap_drawing(name, title, _tell(heads, len(bars)), height, parts), all_heads, rows)


def draw_dots(
    name: str, title: Words, dots: Sequence[Dot], *, unit: str = "", line: tuple[Number, Words] | None = None,
    heads: tuple[Words, Words] = (("名称", "name"), ("数值", "value")),
) -> Chart:  # fmt: skip
    """A dot for each with its interval as a whisker, and ``line``, to compare with (the mean of all). Too few: no dot."""
    if not dots:
        return Chart(name, title, Markup(), (), ())
    left, height = _left([dot.label for dot in dots]), ABOVE + ROW * len(dots) + BELOW
    known = [value for dot in dots for value in (dot.value, dot.low, dot.high) if value is not None]
    scale = make_scale([*known, *([line[0]] if line else [])], left, WIDTH - 20)
    parts = [*_draw_grid(scale, height, unit)]
    if line is not None:
        x = scale.place(line[0])
        parts.append(write_line(x, ABOVE, x, height - BELOW, stroke=INK, width=1.5, dash="6 4"))
    for index, dot in enumerate(dots):
        parts += _draw_dot(dot, index, left, scale)
    all_heads = (*heads, ("区间", "interval"), ("件数", "cases"))
    rows = tuple((dot.label, write_number(dot.value, unit), _interval(dot, unit), str(dot.count)) for dot in dots)
    told = _tell(heads, len(dots)) + (f"; {line[1][0]} ({line[1][1]}) {write_number(line[0], unit)}" if line else "")
    return Chart(name, title, wrap_drawing(name, title, told, height, parts), all_heads, rows)


def _draw_dot(dot: Dot, index: int, left: float, scale: Scale) -> Iterator[Markup]:
    y, colour = ABOVE + ROW * index, COLOURS[2] if dot.loud else COLOURS[0]
    middle = y + ROW / 2
    yield _label(left, y, dot.label)
    if dot.low is not None and dot.high is not None:
        low, high = scale.place(dot.low), scale.place(dot.high)
        yield write_line(low, middle, high, middle, stroke=colour, width=2)
        yield write_line(low, middle - 5, low, middle + 5, stroke=colour, width=2)
        yield write_line(high, middle - 5, high, middle + 5, stroke=colour, width=2)
    if dot.value is None:
        yield write_text(left + 8, y + 20, "—", fill=SOFT)
    else:
        yield write_mark(3 if dot.loud else 0, scale.place(dot.value), middle, colour, hollow=dot.loud)


def _draw_grid(scale: Scale, height: float, unit: str) -> Iterator[Markup]:
    for tick in scale.ticks:
        x = scale.place(tick)
        yield write_line(x, ABOVE, x, height - BELOW, stroke=SOFT if tick == 0 else GRID)
        yield write_text(x, height - 8, write_number(tick, unit), anchor="middle")


def _label(left: float, y: float, words: str) -> Markup:
    return write_text(left - 10, y + 20, shorten(words, left - 14), anchor="end", fill=INK)


def _left(labels: Sequence[str]) -> float:
    return min(MOST_LABEL, max(measure(label) for label in labels) + 24)


def _interval(dot: Dot, unit: str) -> str:
    if dot.low is None or dot.high is None:
        return "—"
    return f"{write_number(dot.low, unit)} – {write_number(dot.high, unit)}"


def _tell(heads: tuple[Words, Words], count: int) -> str:
    return f"{heads[0][0]} × {heads[1][0]} ({heads[0][1]} × {heads[1][1]}): {count}"
