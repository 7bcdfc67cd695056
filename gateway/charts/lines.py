"""Values over months: a chart of some lines, and small multiples with one scale for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gateway.charts.marks import (
    COLOURS,
    GRID,
    INK,
    SOFT,
    TEXT,
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
    write_path,
    write_text,
)

DASHES = ("", "8 4", "2 4", "12 4 2 4", "4 2", "1 3")
HEIGHT, ABOVE, BELOW, LEFT = 300, 16, 34, 54
PANEL_COLUMNS, PANEL_HEIGHT = 3, 150
MOST_LINES = len(COLOURS)
"""More lines than this nobody tells apart: use small multiples."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a value for each label, None where there is none (the line is broken there)."""

    name: Words
    values: tuple[Number | None, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the small charts."""

    name: str
    values: tuple[Number | None, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where one drawing of lines lies: x of the first and of the last label, and the scale of heights."""

    first: float
    last: float
    scale: Scale
    count: int

    def place(self, index: int) -> float:
        """The x of a label; a single one stands in the middle."""
        if self.count == 1:
            return (self.first + self.last) / 2
        return self.first + (self.last - self.first) * index / (self.count - 1)

    def points(self, values: Sequence[Number | None]) -> list[tuple[float, float] | None]:
        return [None if value is None else (self.place(i), self.scale.place(value)) for i, value in enumerate(values)]


def draw_lines(
    name: str, title: Words, labels: Sequence[str], lines: Sequence[Line], *, unit: str = "", limit: tuple[Number, Words] | None = None,
    head: Words = ("月份", "month"),
) -> Chart:  # fmt: skip
    """Lines over the same labels (months), each with its own dash and mark, named at its end.

    ``limit`` is a level to compare with, ``head`` says what the labels are. Raises ``ValueError`` for more lines than can be told apart, or of another length.
    """
    if len(lines) > MOST_LINES or any(len(line.values) != len(labels) for line in lines):
        raise ValueError("a chart of lines has at most six of them, each with a value for every label")
    known = [value for line in lines for value in line.values if value is not None]
    if not known:
        return Chart(name, title, Markup(), (), ())
    right = min(190.0, max(measure(line.name[0]) for line in lines) * 1.1 + 24)
    scale = make_scale([*known, *([limit[0]] if limit else [])], HEIGHT - BELOW, ABOVE)
    frame = _Frame(LEFT + 8, WIDTH - right - 8, scale, len(labels))
    parts = [*_draw_axes(frame, labels, WIDTH - right, unit)]
    if limit is not None:
        level = scale.place(limit[0])
        parts.append(write_line(LEFT, level, WIDTH - right, level, stroke=INK, width=1.5, dash="6 4"))
        parts.append(write_text(LEFT + 6, level - 5, limit[1][0], fill=INK))
    for index, line in enumerate(lines):
        parts += _draw_line(frame.points(line.values), index)
    parts += _name_ends(frame, lines, right)
    heads = (head, *(line.name for line in lines))
    rows = tuple(
        (label, *(write_number(line.values[index], unit) for line in lines)) for index, label in enumerate(labels)
    )
    told = f"{labels[0]} – {labels[-1]}: " + "; ".join(f"{line.name[0]} ({line.name[1]})" for line in lines)
    return Chart(name, title, wrap_drawing(name, title, told, HEIGHT, parts), heads, rows)


def draw_multiples(
    name: str, title: Words, labels: Sequence[str], panels: Sequence[Panel], *, unit: str = "", head: Words = ("名称", "name")
) -> Chart:  # fmt: skip
    """A small chart for each, three in a row, all with the same scale: who differs is seen at once."""
    known = [value for panel in panels for value in panel.values if value is not None]
    if not known:
        return Chart(name, title, Markup(), (), ())
    width = WIDTH / PANEL_COLUMNS
    parts: list[Markup] = []
    for index, panel in enumerate(panels):
        x, y = index % PANEL_COLUMNS * width, index // PANEL_COLUMNS * PANEL_HEIGHT
        scale = make_scale(known, y + PANEL_HEIGHT - 30, y + 30, most=2)
        frame = _Frame(x + 44, x + width - 14, scale, len(labels))
        parts.append(write_text(x + 44, y + 18, shorten(panel.name, width - 60), fill=INK, weight="700"))
        for tick in scale.ticks:
            parts.append(write_line(x + 40, scale.place(tick), x + width - 10, scale.place(tick)))
            parts.append(write_text(x + 36, scale.place(tick) + 5, write_number(tick), anchor="end"))
        parts += _draw_line(frame.points(panel.values), 0)
        parts.append(write_text(x + 40, y + PANEL_HEIGHT - 10, labels[0]))
        parts.append(write_text(x + width - 10, y + PANEL_HEIGHT - 10, labels[-1], anchor="end"))
    heads = (head, *((label, label) for label in labels))
    rows = tuple((panel.name, *(write_number(value, unit) for value in panel.values)) for panel in panels)
    height = PANEL_HEIGHT * -(-len(panels) // PANEL_COLUMNS)
    told = f"{len(panels)} × {labels[0]} – {labels[-1]}"
    return Chart(name, title, wrap_drawing(name, title, told, height, parts), heads, rows)


def _draw_axes(frame: _Frame, labels: Sequence[str], right: float, unit: str) -> Iterator[Markup]:
    for tick in frame.scale.ticks:
        y = frame.scale.place(tick)
        yield write_line(LEFT, y, right, y, stroke=SOFT if tick == 0 else GRID)
        yield write_text(LEFT - 8, y + 5, write_number(tick, unit), anchor="end")
    room = max(measure(label) for label in labels) + 12
    every = max(1, -(-int(room * len(labels)) // max(1, int(frame.last - frame.first))))
    for index, label in enumerate(labels):
        if index % every == 0:
            yield write_text(frame.place(index), HEIGHT - 10, label, anchor="middle")


def _draw_line(points: Sequence[tuple[float, float] | None], index: int) -> Iterator[Markup]:
    """The pieces between gaps, and a mark at each value."""
    colour, piece = COLOURS[index], list[tuple[float, float]]()
    for point in (*points, None):
        if point is not None:
            piece.append(point)
            continue
        if len(piece) > 1:
            yield write_path(piece, stroke=colour, dash=DASHES[index])
        piece = []
    yield from (write_mark(index, *point, colour) for point in points if point is not None)


def _name_ends(frame: _Frame, lines: Sequence[Line], right: float) -> Iterator[Markup]:
    """The name of each line beside its last value, moved apart where they would lie on each other."""
    ends = []
    for index, line in enumerate(lines):
        last = next((point for point in reversed(frame.points(line.values)) if point is not None), None)
        if last is not None:
            ends.append((last[1], index, line.name[0]))
    y = 0.0
    lowest = HEIGHT - BELOW - (len(ends) - 1) * (TEXT + 3)
    for number, (wanted, index, words) in enumerate(sorted(ends)):
        y = max(min(wanted + 5, lowest + number * (TEXT + 3)), y + TEXT + 3)
        yield write_mark(index, WIDTH - right + 5, y - 5, COLOURS[index])
        yield write_text(WIDTH - right + 14, y, shorten(words, right - 14), fill=COLOURS[index], weight="700")
