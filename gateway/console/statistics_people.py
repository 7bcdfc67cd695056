"""People within one service of one agency, by the time for which cases lay with them: keepers see all, a clerk their own line and the mean."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.statistics import WORDS, load_sums, note_export, read_export, show_nothing
from gateway.console.statistics_charts import draw_people
from gateway.console.statistics_choice import Choice, open_room, read_choice
from gateway.console.statistics_files import write_people
from gateway.console.statistics_words import PEOPLE_COLUMNS, STANDINGS
from gateway.console.supervision import name_staff
from gateway.console.words import Words
from services.errors import NotFound
from services.month_comparison import MINIMUM, Comparison, Standing
from services.months import Month
from services.statistics_exports import EXPORT_PEOPLE
from services.statistics_room import KEEPERS, READERS
from services.statistics_tables import Line, sum_services

TITLE: Words = ("人员比较", "People compared")
SPANS = (1, 3, 6, 12)
"""So many months may be taken together: one has seldom enough cases."""
USUAL = 3
blueprint = Blueprint("statistics_people", __name__)


@room(blueprint, "/statistics/people", title=TITLE, roles=READERS, place=46)
def show_people() -> Response:
    """One service of one agency over some months."""
    choice = read_choice(request.args, alone=True)
    if choice is None:
        return show_nothing(TITLE)
    months, keeper = choice.months(read_span(request.args.get("span", ""))), is_keeper(choice)
    services = list_services(choice, months)
    service = request.args.get("service", "") or (services[0] if services else "")
    compared = compare(choice, months, service) if service else None
    lines = compared.lines if compared else ()
    names = name_staff({one.manager for one in lines})
    return show_page(
        "statistics_people.html", title=TITLE, choice=choice, months=months, span=len(months), spans=SPANS, services=services,
        service=service, compared=compared, keeper=keeper, names=names, columns=PEOPLE_COLUMNS, minimum=MINIMUM,
        rows=[(one, Line(None, None, one.figures)) for one in lines], standings=STANDINGS, TOO_FEW=Standing.TOO_FEW,
        chart=draw_people(compared, names) if compared else None,
        judged=sum(one.standing is not Standing.TOO_FEW for one in lines), me=choice.actor.member.staff_id, **WORDS,
    )  # fmt: skip


@room(blueprint, "/statistics/people/export", title=TITLE, roles=READERS, methods=["POST"], act=EXPORT_PEOPLE)
def export_people() -> Response:
    """The same as a file; the act names everybody whose figures stand in it."""
    choice, kind = read_export(alone=True)
    months, service = choice.months(read_span(request.form.get("span", ""))), request.form.get("service", "")
    compared = compare(choice, months, service)
    if compared is None:
        raise NotFound
    people = {one.manager for one in compared.lines}
    note_export(choice, EXPORT_PEOPLE, kind, service=service, months=len(months), people=people)
    return write_people(choice, kind, compared, months, name_staff(people))


def compare(choice: Choice, months: list[Month], service: str) -> Comparison | None:
    """The comparison as this reader may see it; None where nothing was held."""
    try:
        return open_room().compare(choice.actor, months, choice.place.agency_id, service)
    except NotFound:
        return None


def list_services(choice: Choice, months: list[Month]) -> list[str]:
    """The services of which cases were closed at this agency, the busiest first."""
    found: dict[str, int] = {}
    for figures in load_sums(choice, months).values():
        for line in sum_services(figures, [choice.place.agency_id]):
            if line.service and line.numbers.get("held_cases"):
                found[line.service] = found.get(line.service, 0) + line.numbers["held_cases"]
    return sorted(found, key=lambda service: (-found[service], service))


def is_keeper(choice: Choice) -> bool:
    """Whether the reader sees everybody of the chosen agency."""
    return current_actor().holds_any(KEEPERS, choice.place.agency_id)


def read_span(text: str) -> int:
    """How many months are taken together."""
    return next((one for one in SPANS if str(one) == text), USUAL)
