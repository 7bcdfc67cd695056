"""What may be told of closed months as pages and files show it: rows of places and services, charts, cells of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from gateway.charts import Bar, Chart, Line, Words, draw_bars, draw_lines
from services.catalogue import Catalogue
from services.model import Language
from services.planning import Publication, Told
from services.planning_rules import FEWEST, Node
from services.spreadsheet_text import Cell

ZH, EN = Language.ZH_CN, Language.EN
Names = Mapping[UUID, tuple[str, str]]
WITHHELD: Words = ("未公布", "not told")
RULE: Words = (
    f"未公布：不足 {FEWEST} 件（含 0 件），或者公布后可以推算出不足 {FEWEST} 件的数字。",
    f"Not told: fewer than {FEWEST} cases (0 too), or a number from which such a one could be computed.",
)
HEADS: tuple[Words, ...] = (
    ("机构或事项", "agency or service"), ("收件", "received"), ("办结", "closed"), ("其中超过承诺时限", "of these after the promised limit"),
    ("平均用时（工作日）", "mean working days"), ("承诺（工作日）", "promised"),
)  # fmt: skip
MOST_BARS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """An agency (``service`` empty) or a service in a period; ``promised``: working days as its mapping promises now."""

    place: Node
    name: Words
    service: str
    told: Told
    promised: int | None

    @property
    def depth(self) -> int:
        """How deep it lies below the root."""
        return len(self.place) - 1

    @property
    def is_slow(self) -> bool:
        """Whether the mean is above the promise."""
        return (
            self.told.mean_tenths is not None
            and self.promised is not None
            and self.told.mean_tenths > 10 * self.promised
        )


def list_rows(publication: Publication, period: str, names: Names, catalogue: Catalogue) -> list[Row]:
    """Every agency and service with figures in the year, each before what is below it."""
    services = set(publication.services)
    return [
        Row(
            place, name_place(place, names, catalogue), place[-1] if place in services else "", publication.read(period, place),
            _find_promise(catalogue, place[-1]) if place in services else None,
        )
        for place in publication.list_places()
    ]  # fmt: skip


def name_place(place: Node, names: Names, catalogue: Catalogue) -> Words:
    """Of a service its title, of an agency its name."""
    try:
        return names[UUID(place[-1])]
    except (ValueError, KeyError):
        return catalogue.title(place[-1], ZH), catalogue.title(place[-1], EN)


def _find_promise(catalogue: Catalogue, service: str) -> int | None:
    mapping = catalogue.services.get(service)
    days = mapping.limits.get("promised_days") if mapping else None
    return days if isinstance(days, int) else None


def write_tenths(tenths: int | None) -> str:
    """A mean with one place after the point."""
    return "" if tenths is None else f"{tenths // 10}.{tenths % 10}"


def name_period(period: str) -> Words:
    """A period as people write it."""
    if "Q" in period:
        return f"{period[:4]} 年第{'一二三四'[int(period[-1]) - 1]}季度", f"quarter {period[-1]} of {period[:4]}"
    return (
        (f"{period} 年", f"the year {period}")
        if len(period) == 4
        else (f"{period[:4]} 年 {int(period[5:])} 月", period)
    )


def draw_months(publication: Publication, names: Names, catalogue: Catalogue) -> Chart:
    """Cases received and closed by month, of everything."""
    top = next(publication.list_places(), ())
    told = [publication.read(month, top) for month in publication.months]
    lines = [
        Line(("收件", "received"), tuple(one.received for one in told)),
        Line(("办结", "closed"), tuple(one.closed for one in told)),
    ]
    title = name_place(top, names, catalogue) if top else ("", "")
    return draw_lines(
        "planning-months",
        (f"{title[0]}：每月收件与办结", f"{title[1]}: received and closed by month"),
        publication.months,
        lines,
    )


def draw_closed(rows: Sequence[Row], period: str) -> Chart:
    """Cases closed by service, those that are told, the most first."""
    told = sorted(
        (row for row in rows if row.service and row.told.closed), key=lambda row: (-(row.told.closed or 0), row.service)
    )
    bars = [Bar(row.name[0], row.told.closed or 0) for row in told[:MOST_BARS]]
    words = name_period(period)
    return draw_bars(
        "planning-closed", (f"{words[0]}办结件数", f"closed in {words[1]}"), bars, heads=(("事项", "service"), ("办结", "closed"))
    )  # fmt: skip


def list_cells(rows: Sequence[Row]) -> Iterator[list[Cell]]:
    """The rows of a file: level, ids, names and numbers; None where nothing is told."""
    for row in rows:
        told = row.told
        mean = None if told.mean_tenths is None else Fraction(told.mean_tenths, 10)
        yield [
            row.depth,
            row.service,
            row.name[0],
            row.name[1],
            told.received,
            told.closed,
            told.late,
            mean,
            row.promised,
        ]


FILE_HEADS = ("级别 level", "事项编号 service", "名称 name", "name in English", *(f"{zh} {en}" for zh, en in HEADS[1:]))
