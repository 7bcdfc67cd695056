"""Charts as SVG that the server writes: console, web door and files use the same. ``docs/statistics.md`` shows each.

Every chart has its numbers in a table beside it (``Chart.heads``, ``Chart.rows``); nothing is told by colour alone.
"""

from gateway.charts.lines import Line, Panel, draw_lines, draw_multiples
from gateway.charts.marks import Chart, Words, write_number
from gateway.charts.rows import Bar, Dot, draw_bars, draw_dots

__all__ = [
    "Bar", "Chart", "Dot", "Line", "Panel", "Words", "draw_bars", "draw_dots", "draw_lines", "draw_multiples", "write_number",
]  # fmt: skip
