"""The employee of the month with the whole rule; to a clerk what stood against themselves, to keepers what stood against each."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.statistics import WORDS, note_export, read_export, show_nothing
from gateway.console.statistics_choice import open_room, read_choice
from gateway.console.statistics_files import write_honours
from gateway.console.statistics_people import is_keeper
from gateway.console.statistics_words import AGAINST
from gateway.console.supervision import name_staff
from gateway.console.words import Words
from services.month_comparison import MINIMUM
from services.month_honours import RULE
from services.months import read_month
from services.statistics_exports import EXPORT_HONOURS
from services.statistics_room import READERS

TITLE: Words = ("每月之星", "Employee of the month")
BEFORE = 12
"""So many months are listed with who was named in them."""
blueprint = Blueprint("statistics_honours", __name__)


@room(blueprint, "/statistics/honours", title=TITLE, roles=READERS, place=47)
def show_honours() -> Response:
    """Who is named in an agency for a month, often nobody, and the rule with what was met of it."""
    choice = read_choice(request.args, alone=True)
    if choice is None:
        return show_nothing(TITLE)
    use, agency_id = open_room(), choice.place.agency_id
    honour = use.honour(choice.actor, read_month(choice.month.month), agency_id)
    named = use.list_named(choice.actor, list(reversed(choice.months(BEFORE))), agency_id)
    me = choice.actor.member.staff_id
    names = name_staff(
        {*honour.named, *(one.manager for one in honour.candidates), *(w for one in named.values() for w in one)}
    )
    return show_page(
        "statistics_honours.html", title=TITLE, choice=choice, honour=honour, named=named, names=names, rule=RULE, against=AGAINST,
        keeper=is_keeper(choice), mine=next((one for one in honour.candidates if one.manager == me), None), me=me, minimum=MINIMUM,
        **WORDS,
    )  # fmt: skip


@room(blueprint, "/statistics/honours/export", title=TITLE, roles=READERS, methods=["POST"], act=EXPORT_HONOURS)
def export_honours() -> Response:
    """The same as a file; the act names everybody who stands in it."""
    choice, kind = read_export(alone=True)
    honour = open_room().honour(choice.actor, read_month(choice.month.month), choice.place.agency_id)
    people = {*honour.named, *(one.manager for one in honour.candidates)}
    note_export(choice, EXPORT_HONOURS, kind, people=people)
    shown = people if is_keeper(choice) else {choice.actor.member.staff_id}
    return write_honours(choice, kind, honour, name_staff(people), shown)
