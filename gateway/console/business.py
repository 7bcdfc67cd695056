"""The business environment: what the services of one's agencies take a company, each figure with its source; and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.effort_view import LabelShown, draw_labels, find_standing
from services.business_environment import (
    FEWEST_CASES,
    BusinessLine,
    describe_agency,
    list_agencies,
    read_last_year,
    say_fee,
    sum_lived,
    write_table,
)
from services.effort_rules import Standing
from services.errors import NotFound
from services.mapping import ServiceMapping
from services.mapping_desk import READERS as CATALOGUE_READERS
from services.planning import place_agencies
from services.staffing import Role

TITLE = ("营商环境", "Business environment")
READERS = (Role.HEAD, Role.SUPERVISOR, Role.AUDITOR, Role.IT)
blueprint = Blueprint("business", __name__)


@dataclass(frozen=True, slots=True)
class AgencyShown:
    """An agency with its services for companies, and the closed months that their days come from."""

    agency_id: UUID
    slug: str
    lines: tuple[BusinessLine, ...]


@room(blueprint, "/business", title=TITLE, roles=READERS, place=54)
def show_business() -> Response:
    """Every agency in reach that has services for companies, in the order of their short names."""
    agencies = _describe(_list_mine())
    lived = [line.lived for agency in agencies for line in agency.lines if line.lived is not None]
    return show_page(
        "business.html", title=TITLE, agencies=agencies, fewest=FEWEST_CASES, say_fee=say_fee,
        months=lived[0].months if lived else (), links=bool(current_actor().agencies_as(*CATALOGUE_READERS)),
    )  # fmt: skip


@room(blueprint, "/business/<slug>/table", title=TITLE, roles=READERS)
def load_table(slug: str) -> Response:
    """The same as CSV."""
    known = _list_mine()
    if slug not in known:
        raise NotFound
    (agency,) = _describe({slug: known[slug]})
    body = write_table(agency.lines)
    named = {"Content-Disposition": f'attachment; filename="business-{slug}.csv"'}
    return Response(body, content_type="text/csv; charset=utf-8", headers=named)


def _list_mine() -> dict[str, UUID]:
    actor = current_actor()
    slugs = {actor.tree.slugs[agency]: agency for agency in actor.agencies_as(*READERS)}
    served = list_agencies(current_console().catalogue.services.values())
    return {slug: slugs[slug] for slug in served if slug in slugs}


def _describe(wanted: Mapping[str, UUID]) -> list[AgencyShown]:
    """These agencies, by one reading of what is told of the whole tree."""
    desk, tree = current_console(), current_actor().tree
    services, places = desk.catalogue.services, place_agencies(tree.parents, tree.parents.get)
    with desk.store.begin(tuple(tree.parents)) as tx:
        told = read_last_year(tx.months, places)
    return [
        AgencyShown(agency, slug, describe_agency(services.values(), slug, sum_lived(told, places[agency], services)))
        for slug, agency in wanted.items()
    ]


def label_effort(mapping: ServiceMapping) -> tuple[LabelShown, ...]:
    """The effort label of a version, for the templates of the catalogue."""
    return draw_labels(mapping)


def place_among_neighbours(mapping: ServiceMapping) -> Standing | None:
    """How a version stands among the services of its kind that are in force."""
    return find_standing(mapping, current_console().catalogue.services.values())
