"""Closed months of the agencies that one reaches: what a head reads in a minute, its courses, its digest, and the same as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import name_agency, show_page
from gateway.console.registry import room
from gateway.console.statistics_charts import draw_courses, draw_panels, draw_services
from gateway.console.statistics_choice import SPANS, Choice, open_room, read_choice
from gateway.console.statistics_files import FORMATS, name_title, write_month
from gateway.console.statistics_words import (
    CHECK,
    FIGURE_WORDS,
    GROUPS,
    NOTES,
    RECOUNT,
    SUPPRESSED,
    say_change,
    say_month,
    say_value,
)
from gateway.console.words import Words
from services.errors import NotFound
from services.month_record import Figures
from services.months import Month, read_month
from services.statistics_exports import EXPORT, StatisticsExports
from services.statistics_room import READERS
from services.statistics_tables import Line, sum_all, sum_levels, sum_services

TITLE: Words = ("月度统计", "Statistics of months")
TILES = ("closed", "mean_days", "late", "good_share", "complaints")
"""The figures that stand large, each beside the month before."""
WORDS: Mapping[str, Any] = {
    "figure_words": FIGURE_WORDS, "groups": GROUPS, "group_notes": NOTES, "say_value": say_value, "suppressed": SUPPRESSED,
}  # fmt: skip
blueprint = Blueprint("statistics", __name__)


@room(blueprint, "/statistics", title=TITLE, roles=READERS, place=45)
def show_statistics() -> Response:
    """The chosen month: sentence, tiles, tables by theme, courses, where it stands in the ledger."""
    choice = read_choice(request.args)
    if choice is None:
        return show_nothing(TITLE)
    months = choice.months(read_span())
    sums = load_sums(choice, months)
    figures = sums.get(choice.month.month, {})
    whole = sum_all(figures, choice.agencies)
    before = find_before(choice, sums)
    lines = sum_services(figures, choice.agencies)
    levels = sum_levels(figures, choice.groups)
    said = open_room().ask_ledger(choice.actor, choice.closed)
    return show_page(
        "statistics.html", title=TITLE, choice=choice, whole=whole, lines=lines, levels=levels if len(levels) > 1 else (),
        sentence=say_month(whole), tiles=[(code, whole.read(code), say_change(code, whole.read(code), before.read(code) if before else None)) for code in TILES],
        courses=draw_courses(months, sums, choice.agencies), services=draw_services(lines, name_title),
        panels=draw_panels(months, sums, choice.agencies, name_title), said=said, span=read_span(), spans=SPANS,
        doubted=[one.month for one in choice.closed if not said[one.month].holds],
        recount=RECOUNT.format(month=choice.month.month), check=CHECK.format(month=choice.month.month), export="/statistics/export",
        **WORDS,
    )  # fmt: skip


@room(blueprint, "/statistics/export", title=TITLE, roles=READERS, methods=["POST"], act=EXPORT)
def export_statistics() -> Response:
    """The chosen month as a file; that it was taken out is an act."""
    choice, kind = read_export()
    note_export(choice, EXPORT, kind)
    months = choice.months(SPANS[-1])
    return write_month(choice, kind, load_sums(choice, months), months)


def load_sums(choice: Choice, months: list[Month]) -> Mapping[str, Figures]:
    """The sums of these months, without people."""
    return open_room().load_sums(choice.actor, months)


def find_before(choice: Choice, sums: Mapping[str, Figures]) -> Line | None:
    """The month before the chosen one; None if there was nothing closed of it."""
    name = str(read_month(choice.month.month).preceding)
    return sum_all(sums[name], choice.agencies) if name in sums else None


def read_span() -> int:
    """Over how many months the courses go."""
    return SPANS[1] if request.args.get("span") == str(SPANS[1]) else SPANS[0]


def read_export(*, alone: bool = False) -> tuple[Choice, str]:
    """What is to be taken out, and in which form. Raises ``NotFound`` for anything that there is not."""
    choice, kind = read_choice(request.form, alone=alone), request.form.get("format", "")
    if choice is None or kind not in FORMATS:
        raise NotFound
    return choice, kind


def note_export(choice: Choice, act: str, kind: str, **detail: Any) -> None:
    """Write the act, before anything is given. ``people``: the ids of whose figures stand in the file."""
    desk, people = current_console(), detail.pop("people", ())
    told = {"agency": choice.place.slug, "format": kind, "only": choice.only, "digest": choice.month.digest, **detail}
    StatisticsExports(desk.store, desk.clock, desk.new_id).note(
        choice.actor, act, choice.place.agency_id, choice.month.month, told, people
    )


def show_nothing(title: Words) -> Response:
    """No month was closed yet: when the first one will be."""
    first = open_room().find_first_closing(current_actor())
    return show_page(
        "statistics_none.html", title=title, first=first, overdue=first is not None and first <= current_console().clock.now(),
        agency=name_agency(current_actor().member.agency_id),
    )  # fmt: skip
