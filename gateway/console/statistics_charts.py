"""The drawings of the pages of statistics, each with its table beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from uuid import UUID

from gateway.charts import Bar, Chart, Dot, Line, Panel, draw_bars, draw_dots, draw_lines, draw_multiples
from gateway.console.statistics_words import FIGURE_WORDS, STANDINGS, say_value
from gateway.console.words import Words
from services.month_comparison import Comparison
from services.month_record import Figures
from services.months import Month
from services.statistics_tables import SHARES, Value, sum_all, sum_services
from services.statistics_tables import Line as Row

MOST_BARS, MOST_PANELS = 20, 9
COURSES: tuple[tuple[str, Words, tuple[str, ...], str], ...] = (
    ("course-closed", ("收件与办结", "Received and closed"), ("received", "closed"), ""),
    ("course-days", ("平均用时与承诺期限（工作日）", "Mean days and what was promised"), ("mean_days", "mean_promised"), ""),
    ("course-late", ("超过期限办结的比例", "Share closed late"), ("late_share", "passed_share"), "%"),
)  # fmt: skip


def draw_courses(months: Sequence[Month], sums: Mapping[str, Figures], agencies: Sequence[UUID]) -> list[Chart]:
    """What became of received and closed cases, of days and of delays over these months."""
    rows = [sum_all(sums.get(str(month), {}), agencies) for month in months]
    labels = [str(month) for month in months]
    charts = []
    for name, title, codes, unit in COURSES:
        lines = [Line(FIGURE_WORDS[code], tuple(_scale(code, row.read(code)) for row in rows)) for code in codes]
        charts.append(draw_lines(name, title, labels, lines, unit=unit))
    return charts


def draw_services(lines: Sequence[Row], name: Callable[[str], str]) -> Chart:
    """How much of the promised time the closed cases of each service took; striped where it was more than all of it."""
    bars = [
        Bar(
            name(line.service or ""),
            _scale("used", line.read("used")) or 0,
            f"办结 {say_value('closed', line.read('closed'))} 件，平均 {say_value('mean_days', line.read('mean_days'))} 日",
            line.is_over,
        )
        for line in lines
        if line.read("used") is not None
    ]
    bars.sort(key=lambda bar: -Fraction(bar.value))
    title = ("各事项平均用时占承诺期限", "Mean time of each service as a share of what was promised")
    return draw_bars(
        "services-used", title, bars[:MOST_BARS], unit="%", heads=(("事项", "service"), ("占承诺", "of promised"))
    )


def draw_panels(
    months: Sequence[Month], sums: Mapping[str, Figures], agencies: Sequence[UUID], name: Callable[[str], str]
) -> Chart:
    """The mean days of the services with the most closed cases, month by month, all on one scale."""
    by_month = [
        {line.service: line for line in sum_services(sums.get(str(month), {}), agencies)} for month in months
    ]  # fmt: skip
    newest = by_month[-1] if by_month else {}
    chosen = [service for service, line in newest.items() if service and line.read("closed")][:MOST_PANELS]
    panels = [
        Panel(name(service), tuple(lines[service].read("mean_days") if service in lines else None for lines in by_month))
        for service in chosen
    ]  # fmt: skip
    title = ("主要事项平均用时（工作日）", "Mean days of the services with the most cases")
    return draw_multiples(
        "services-course", title, [str(month) for month in months], panels, head=("事项", "service")
    )  # fmt: skip


def draw_people(compared: Comparison, names: Mapping[UUID, str]) -> Chart:
    """The days for which cases lay with each, with intervals, and the mean of all as a line."""
    dots = [
        Dot(names.get(line.manager, "—"), line.mean, _tidy(line.low), _tidy(line.high), line.sample.count)
        for line in compared.lines
    ]
    level = (compared.mean, ("全体平均", "everybody's mean")) if compared.mean is not None else None
    title = ("每件在手的工作日与 95% 区间", "Working days in hand of one case, with 95 % intervals")
    return draw_dots("people", title, dots, line=level, heads=(("人员", "person"), ("在手工作日", "days in hand")))


def say_standing(standing: object) -> Words:
    """What can be said of somebody's time."""
    return next(words for known, words in STANDINGS.items() if known is standing)


def _scale(code: str, value: Value) -> Value:
    return value * 100 if value is not None and code in SHARES else value


def _tidy(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
