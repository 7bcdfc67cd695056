"""The lines of cases in time, one below the other on one scale of days: what was done when, which days did not count, where the limit lay.

Shapes tell what was done, never colours alone; nothing is red: a line shows and does not judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from gateway.charts.marks import (
    COLOURS,
    GRID,
    INK,
    SOFT,
    WIDTH,
    Chart,
    Words,
    measure,
    wrap_drawing,
    write_line,
    write_mark,
    write_text,
)

ROW, ABOVE, BELOW, LEFT, RIGHT = 34, 62, 32, 44, 26
COLOUR = COLOURS[1]
SHAPES: tuple[tuple[int, bool, Words], ...] = (
    (0, True, ("受理", "accepted")),
    (0, False, ("环节", "step")),
    (2, False, ("要求补正", "correction")),
    (2, True, ("补正", "corrected")),
    (1, False, ("中止计时", "clock stopped")),
    (1, True, ("恢复", "goes on")),
    (3, False, ("办结", "ended")),
)
"""Form, hollow or not, and what it stands for: the legend."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that was done on a day. ``shape``: the index in ``SHAPES``; ``words`` for the table."""

    on: date
    shape: int
    words: str


@dataclass(frozen=True, slots=True)
class Track:
    """One case. ``limit_on``: the last day of the limit; ``pauses``: days that did not count; ``idle``: days without anything."""

    label: str
    first_on: date
    last_on: date
    limit_on: date | None
    stops: tuple[Stop, ...]
    pauses: tuple[tuple[date, date], ...] = ()
    idle: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class _Days:
    """From days since the receipt to places."""

    most: int

    def place(self, track: Track, on: date) -> float:
        """Where a day of a case lies."""
        return LEFT + (WIDTH - LEFT - RIGHT) * max(0, (on - track.first_on).days) / self.most


def draw_courses(name: str, title: Words, tracks: Sequence[Track]) -> Chart:
    """A line for each case, all from their first day on; the table beside says every day in full."""
    if not tracks:
        return Chart(name, title, Markup(), (), ())
    ends = [max(track.last_on, track.limit_on or track.last_on) for track in tracks]
    days = _Days(max(1, *((end - track.first_on).days for end, track in zip(ends, tracks, strict=True))))
    height = ABOVE + ROW * len(tracks) + BELOW
    parts = [*_draw_legend(), *_draw_grid(days, height)]
    for index, track in enumerate(tracks):
        parts += _draw_track(track, ABOVE + ROW * index + ROW / 2, days)
    heads = (("序号", "no."), ("收件", "received"), ("期限", "limit"), ("办结", "ended"), ("经过", "what was done"))
    rows = tuple(
        (
            track.label, track.first_on.isoformat(), track.limit_on.isoformat() if track.limit_on else "—",
            track.last_on.isoformat(), _tell(track),
        )
        for track in tracks
    )  # fmt: skip
    told = (
        f"{len(tracks)} cases by days since they were received; shapes as in the legend; every day stands in the table"
    )
    return Chart(name, title, wrap_drawing(name, title, told, height, parts), heads, rows)


def _tell(track: Track) -> str:
    lines = [f"{stop.on:%m-%d} {stop.words}" for stop in track.stops]
    if track.idle:
        lines.append(f"{track.idle[0]:%m-%d} 至 {track.idle[1]:%m-%d} 无动静")
    return "；".join(lines)


def _draw_legend() -> Iterator[Markup]:
    x = float(LEFT)
    for shape, hollow, words in SHAPES:
        yield write_mark(shape, x + 5, 14, COLOUR, hollow=hollow)
        yield write_text(x + 14, 19, words[0])
        x += 30 + measure(words[0])
    yield _band(LEFT, 33, 26, "none", dash="3 3")
    yield write_text(LEFT + 32, 46, "无动静")
    yield _band(LEFT + 106, 33, 26, GRID)
    yield write_text(LEFT + 138, 46, "不计入期限")
    yield write_line(LEFT + 246, 31, LEFT + 246, 49, stroke=INK, width=3)
    yield write_text(LEFT + 256, 46, "承诺期限最后一日")


def _draw_grid(days: _Days, height: float) -> Iterator[Markup]:
    step = next((one for one in (5, 10, 20, 30, 60, 90, 180) if days.most / one <= 12), 365)
    for count in range(0, days.most + 1, step):
        x = LEFT + (WIDTH - LEFT - RIGHT) * count / days.most
        yield write_line(x, ABOVE, x, height - BELOW)
        yield write_text(x, height - 10, f"{count} 天", anchor="middle")


def _draw_track(track: Track, y: float, days: _Days) -> Iterator[Markup]:
    first, last = days.place(track, track.first_on), days.place(track, track.last_on)
    yield write_text(LEFT - 10, y + 5, track.label, anchor="end", fill=INK)
    for begin, end in track.pauses:
        x = days.place(track, begin)
        yield _band(x, y - 8, max(3.0, days.place(track, end) - x), GRID)
    if track.idle:
        x = days.place(track, track.idle[0])
        yield _band(x, y - 8, max(3.0, days.place(track, track.idle[1]) - x), "none", dash="3 3")
    yield write_line(first, y, last, y, stroke=SOFT, width=2)
    if track.limit_on is not None:
        x = days.place(track, track.limit_on)
        yield write_line(x, y - 11, x, y + 11, stroke=INK, width=3)
    for stop in track.stops:
        shape, hollow, _ = SHAPES[stop.shape]
        yield write_mark(shape, days.place(track, stop.on), y, COLOUR, hollow=hollow)


def _band(x: float, y: float, width: float, fill: str, *, dash: str = "") -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="16" fill="{}" stroke="{}"{}/>').format(
        x, y, width, fill, SOFT, Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup()
    )
