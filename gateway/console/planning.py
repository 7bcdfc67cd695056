"""Statistics for planning: a year of every district, agency and service, without numbers about few people; and as a file.

It is what the public reads too (``gateway/web/statistics.py``), over the whole tree of agencies, so that taking it out is no act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.charts import Bar, Chart, Line, draw_bars, draw_lines
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.planning_view import RULE, WITHHELD, Names, name_period, name_place, write_tenths
from gateway.sheets import CSV, XLSX, Cell, Sheet, attach_file, write_tables
from services.errors import NotFound
from services.planning import Publication, Told, list_closed_months, list_years, place_agencies, read_publication
from services.planning_rules import Node
from services.statistics_room import READERS

TITLE: Words = ("规划统计", "Statistics for planning")
COUNTS: Mapping[str, Words] = {
    "closed": ("办结", "closed"),
    "received": ("收件", "received"),
    "late": ("超过承诺时限", "after the promised limit"),
    "days": ("平均用时（工作日）", "mean working days"),
}
READ: Mapping[str, Callable[[Told], int | None]] = {
    "closed": lambda told: told.closed,
    "received": lambda told: told.received,
    "late": lambda told: told.late,
    "days": lambda told: told.mean_tenths,
}
STEPS: Mapping[str, Words] = {"quarter": ("按季度", "by quarter"), "month": ("按月", "by month")}
DEPTHS: Mapping[str, Words] = {
    "service": ("到事项", "down to services"),
    "agency": ("到机构", "down to agencies"),
    "district": ("到区县", "down to districts"),
}
"""How far down the table goes. A district is an agency that has others below it, or lies right below the root."""
FORMATS: Mapping[str, str] = {"csv": CSV, "xlsx": XLSX}
MOST_LINES, MOST_BARS, MOST_DEEP = 6, 20, 2
blueprint = Blueprint("planning", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for, and the year that has it."""

    years: tuple[str, ...]
    publication: Publication
    names: Names
    count: str
    step: str
    depth: str

    @property
    def periods(self) -> tuple[str, ...]:
        """The columns: the year if it is over, then its quarters or months."""
        told = self.publication.periods
        return tuple(one for one in told if len(one) == 4 or ("Q" in one) == (self.step == "quarter"))

    @property
    def places(self) -> tuple[Node, ...]:
        """The rows."""
        if self.depth == "service":
            return tuple(self.publication.list_places())
        agencies = self.agencies
        if self.depth == "agency":
            return agencies
        above = {one[:-1] for one in agencies}
        return tuple(one for one in agencies if len(one) <= MOST_DEEP or one in above)

    @property
    def agencies(self) -> tuple[Node, ...]:
        """Places without services."""
        services = set(self.publication.services)
        return tuple(one for one in self.publication.list_places() if one not in services)

    def read(self, period: str, place: Node) -> int | None:
        """The chosen number; a mean in tenths."""
        return READ[self.count](self.publication.read(period, place))

    def name(self, place: Node) -> Words:
        """What a row is called."""
        return name_place(place, self.names, current_console().catalogue)

    def write(self, number: int | None) -> str:
        """A number as it is shown; empty where it is withheld."""
        return "" if number is None else write_tenths(number) if self.count == "days" else f"{number:,}"


@room(blueprint, "/statistics/planning", title=TITLE, roles=READERS, place=47)
def show_planning() -> Response:
    """One count of a year as a table of places and periods, with its course and its sizes."""
    choice = _read_choice()
    if choice is None:
        return show_page("planning.html", title=TITLE, choice=None)
    return show_page(
        "planning.html", title=TITLE, choice=choice, counts=COUNTS, steps=STEPS, depths=DEPTHS, rule=RULE, withheld=WITHHELD,
        services=frozenset(choice.publication.services), course=draw_course(choice), sizes=draw_sizes(choice), name_period=name_period,
    )  # fmt: skip


@room(blueprint, "/statistics/planning/file", title=TITLE, roles=READERS)
def load_planning() -> Response:
    """The year with every count: a sheet for each in a workbook; in CSV one row for each place and period."""
    choice, kind = _read_choice(), FORMATS.get(request.args.get("format", ""))
    if choice is None or kind is None:
        raise NotFound
    notes: list[tuple[str, Cell]] = [("未公布 not told", " ".join(RULE)), ("年份 year", choice.publication.year)]
    sheets = [make_list(choice)] if kind == CSV else [make_table(choice, count) for count in COUNTS]
    year = choice.publication.year
    return attach_file(write_tables(kind, TITLE[0], sheets, notes), kind, f"规划统计-{year}", f"planning-{year}")


def _read_choice() -> Choice | None:
    """None while no month is closed. Raises ``NotFound`` for a year without any, or for what is no choice."""
    tree, asked = current_actor().tree, request.args
    with current_console().store.begin(tuple(tree.parents)) as tx:
        closed = list_closed_months(tx.months)
        years = list_years(closed)
        if not years:
            return None
        wanted = asked.get("year") or years[0]
        places = place_agencies(tree.parents, tree.parents.get)
        publication = read_publication(tx.months, places, wanted, closed) if wanted in years else None
    count, step, depth = asked.get("count", "closed"), asked.get("by", ""), asked.get("depth", "service")
    step = step or ("quarter" if publication is not None and len(publication.ended) > 1 else "month")
    if publication is None or count not in COUNTS or step not in STEPS or depth not in DEPTHS:
        raise NotFound
    names: dict[UUID, tuple[str, str]] = {one: (tree.name(one), tree.name(one, "en")) for one in tree.parents}
    return Choice(tuple(years), publication, names, count, step, depth)


def _list_parts(choice: Choice) -> list[Node]:
    """The top and what lies right below it, the top first."""
    return [one for one in choice.agencies if len(one) <= MOST_DEEP][:MOST_LINES]


def draw_course(choice: Choice) -> Chart:
    """The chosen count month by month: of everything, and of the parts right below."""
    months, parts = choice.publication.months, _list_parts(choice)
    scale = 10 if choice.count == "days" else 1
    lines = [
        Line(choice.name(part), tuple(None if (number := choice.read(month, part)) is None else Fraction(number, scale) for month in months))
        for part in parts
    ]  # fmt: skip
    words = COUNTS[choice.count]
    return draw_lines("planning-course", (f"{words[0]}：逐月", f"{words[1]}, by month"), months, lines)


def draw_sizes(choice: Choice) -> Chart:
    """The services by the chosen count in the longest period that is over, of which something is told; the largest first."""
    scale = 10 if choice.count == "days" else 1
    services = choice.publication.services
    for period in choice.periods or choice.publication.months:
        told = [(number, one) for one in services if (number := choice.read(period, one)) is not None]
        if told:
            break
    else:
        period, told = choice.publication.year, []
    told.sort(key=lambda one: (-one[0], one[1]))
    bars = [Bar(_name_apart(choice, place), Fraction(number, scale)) for number, place in told[:MOST_BARS]]
    words, when = COUNTS[choice.count], name_period(period)
    title = (f"{when[0]}各事项：{words[0]}", f"{words[1]} by service, {when[1]}")
    return draw_bars("planning-sizes", title, bars, heads=(("事项", "service"), words))


def _name_apart(choice: Choice, place: Node) -> str:
    """A service's name, with its agency where others have the same service."""
    name = choice.name(place)[0]
    alike = sum(one[-1] == place[-1] for one in choice.publication.services)
    return f"{name}（{choice.name(place[:-1])[0]}）" if alike > 1 else name


def _name_cells(choice: Choice, place: Node) -> list[Cell]:
    service = place[-1] if place in choice.publication.services else ""
    return [len(place) - 1, *(choice.name(one)[0] for one in (place[:-1], place) if one), service] if len(place) > 1 else [
        0, "", choice.name(place)[0], service]  # fmt: skip


def make_table(choice: Choice, count: str) -> Sheet:
    """One count: every place, every period."""
    publication = choice.publication
    rows = [
        [*_name_cells(choice, place), *(_write_number(count, READ[count](publication.read(period, place))) for period in publication.periods)]
        for place in publication.list_places()
    ]  # fmt: skip
    return Sheet(
        " ".join(COUNTS[count]),
        ("级别 level", "上级 above", "名称 name", "事项编号 service", *publication.periods),
        rows,
    )


def make_list(choice: Choice) -> Sheet:
    """Every place in every period with all counts."""
    heads = (
        "级别 level",
        "上级 above",
        "名称 name",
        "事项编号 service",
        "时段 period",
        *(" ".join(words) for words in COUNTS.values()),
    )
    return Sheet("规划统计 Planning", heads, list(_list_rows(choice)))


def _list_rows(choice: Choice) -> Iterator[list[Cell]]:
    for place in choice.publication.list_places():
        for period in choice.publication.periods:
            told = choice.publication.read(period, place)
            yield [*_name_cells(choice, place), period, *(_write_number(count, READ[count](told)) for count in COUNTS)]


def _write_number(count: str, number: int | None) -> Cell:
    return Fraction(number, 10) if number is not None and count == "days" else number
