"""Charts as SVG that the server writes: console, web door and files use the same. ``docs/statistics.md`` shows each.

Every chart has its numbers in a table beside it (``Chart.heads``, ``Chart.rows``); nothing is told by colour alone.
"""

from gateway.charts.courses import SHAPES, Stop, Track, draw_courses
from gateway.charts.lines import Line, Panel, draw_lines, draw_multiples
from gateway.charts.marks import Chart, Words, write_number
from gateway.charts.rows import Bar, Dot, draw_bars, draw_dots

__all__ = [
    "SHAPES", "Bar", "Chart", "Dot", "Line", "Panel", "Stop", "Track", "Words", "draw_bars", "draw_courses", "draw_dots",
    "draw_lines", "draw_multiples", "write_number",
]  # fmt: skip
