"""For anybody: closed months in numbers of which none is about few people; delays of telling; digests in the ledger and how to check them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request

from gateway.planning_view import (
    FILE_HEADS,
    HEADS,
    RULE,
    WITHHELD,
    draw_closed,
    draw_months,
    list_cells,
    list_rows,
    name_period,
    write_tenths,
)
from gateway.sheets import CSV, attach_file, write_csv
from gateway.web.desk import current_web
from gateway.web.frame import show_page
from gateway.web.gate import page
from gateway.web.words import Words
from services.delay_rules import DelayCount, sum_delays
from services.errors import NotFound
from services.month_record import ClosedMonth
from services.months import read_month
from services.planning import MOST_MONTHS, Publication, place_agencies, read_publication

TITLE: Words = ("办件统计", "Statistics")
CHECK = "python -m gateway stats check"
LOOKS_OF_ADDRESS = 600
"""In ten minutes: such a page asks the store for the months of every agency."""
blueprint = Blueprint("statistics", __name__)


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of the year of a period. ``years``: the latest closed month of each. ``delays``: of each month, of all agencies
    together, the latest month first.
    """

    period: str
    years: tuple[str, ...]
    publication: Publication
    closed: tuple[ClosedMonth, ...]
    delays: tuple[tuple[str, DelayCount], ...]


@page(blueprint, "/statistics", title=TITLE, public=True)
def show_statistics() -> Response:
    """The latest closed month; that there is none yet, if so."""
    found = _read(None)
    return _show(found) if found is not None else show_page("statistics_none.html", title=TITLE)


@page(blueprint, "/statistics/<period>", title=TITLE, public=True)
def show_period(period: str) -> Response:
    """A month (``2026-10``), a quarter (``2026-Q4``) or a year (``2026``) that is over."""
    return _show(_find(period))


@page(blueprint, "/statistics/<period>/table", title=TITLE, public=True)
def load_statistics(period: str) -> Response:
    """The same as CSV."""
    found, web = _find(period), current_web().citizen
    rows = list_rows(found.publication, period, web.directory.agency_names(), web.catalogue)
    notes = [("未公布 not told", " ".join(RULE)), *((f"{one.month} SHA-256", one.digest) for one in found.closed)]
    return attach_file(
        write_csv(FILE_HEADS, list_cells(rows), notes), CSV, f"办件统计-{period}", f"statistics-{period}"
    )


def _show(found: Published) -> Response:
    web, publication = current_web().citizen, found.publication
    names, catalogue = web.directory.agency_names(), web.catalogue
    rows = list_rows(publication, found.period, names, catalogue)
    return show_page(
        "statistics.html", title=TITLE, found=found, rows=rows, heads=HEADS, rule=RULE, withheld=WITHHELD, check=CHECK,
        months=draw_months(publication, names, catalogue), closed_chart=draw_closed(rows, found.period),
        name_period=name_period, write_tenths=write_tenths,
    )  # fmt: skip


def _find(period: str) -> Published:
    found = _read(period)
    if found is None:
        raise NotFound
    return found


def _read(period: str | None) -> Published | None:
    """None for a period that is not over, or that never was."""
    web = current_web().citizen
    web.limiter.spend("web-statistics", request.remote_addr or "", LOOKS_OF_ADDRESS, 600)
    agencies = web.directory.all_agencies()
    with web.store.begin(agencies) as tx:
        closed = tx.months.list_closed(MOST_MONTHS)
        wanted = period or (closed[0].month if closed else "")
        mine = tuple(one for one in closed if one.month[:4] == wanted[:4])
        if not mine:
            return None
        places, names = place_agencies(agencies, web.directory.parent_of), sorted(one.month for one in closed)
        publication = read_publication(tx.months, places, wanted[:4], names)
        if publication is None or wanted not in publication.periods:
            return None
        first, last = read_month(mine[-1].month), read_month(mine[0].month)
        files = tx.readings.delays_between(agencies, first.begins_at, last.ends_at)
    months = [read_month(one.month) for one in mine]
    delays = tuple((str(one), sum_delays(files, one.begins_at, one.ends_at)) for one in months)
    latest = {one.month[:4]: one.month for one in reversed(closed)}
    return Published(wanted, tuple(latest.values()), publication, mine, delays)
