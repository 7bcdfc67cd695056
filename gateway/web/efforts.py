"""For anybody: what each service takes, with every entry's reason; and what the services of an agency take a company."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from gateway.effort_view import draw_labels, find_standing
from gateway.web.desk import current_web
from gateway.web.frame import show_page
from gateway.web.gate import page
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
from services.errors import NotFound
from services.mapping import ServiceMapping
from services.model import Language
from services.planning import place_agencies

EFFORTS = ("办事负担标签", "What each service takes")
EFFORT = ("办事负担标签", "What it takes")
BUSINESS = ("营商环境", "The business environment")
LOOKS_OF_ADDRESS = 600
"""In ten minutes: such a page asks the store for the months of an agency."""
blueprint = Blueprint("efforts", __name__)


def _list_services() -> Mapping[str, ServiceMapping]:
    return current_web().citizen.catalogue.services


@page(blueprint, "/efforts", title=EFFORTS, public=True)
def show_efforts() -> Response:
    """Every service with its label at its first door."""
    services = [(mapping, draw_labels(mapping)[0]) for _, mapping in sorted(_list_services().items())]
    return show_page("efforts.html", title=EFFORTS, services=services)


@page(blueprint, "/efforts/<service>", title=EFFORT, public=True)
def show_effort(service: str) -> Response:
    """One service: the label of each door, unfolded entry by entry."""
    services = _list_services()
    mapping = services.get(service)
    if mapping is None:
        raise NotFound
    title = (mapping.title[Language.ZH_CN], mapping.title[Language.EN])
    return show_page(
        "effort.html", title=title, mapping=mapping, labels=draw_labels(mapping),
        standing=find_standing(mapping, services.values()),
    )  # fmt: skip


@page(blueprint, "/business", title=BUSINESS, public=True)
def show_agencies() -> Response:
    """Agencies with services for companies."""
    return show_page("business_agencies.html", title=BUSINESS, agencies=list_agencies(_list_services().values()))


@page(blueprint, "/business/<slug>", title=BUSINESS, public=True)
def show_agency(slug: str) -> Response:
    """One agency: days, trips, materials and fees of each service, with their sources."""
    lines = _describe(slug)
    lived = [line.lived for line in lines if line.lived is not None]
    cells: dict[str, Any] = {"lines": lines, "slug": slug, "fewest": FEWEST_CASES, "say_fee": say_fee}
    owners = list_agencies(_list_services().values())[slug]
    return show_page(
        "business_agency.html", title=BUSINESS, owners=owners, months=lived[0].months if lived else (), **cells
    )


@page(blueprint, "/business/<slug>/table", title=BUSINESS, public=True)
def load_agency_table(slug: str) -> Response:
    """The same as CSV."""
    named = {"Content-Disposition": f'attachment; filename="business-{slug}.csv"'}
    return Response(write_table(_describe(slug)), content_type="text/csv; charset=utf-8", headers=named)


def _describe(slug: str) -> tuple[BusinessLine, ...]:
    web, services = current_web(), _list_services()
    if slug not in list_agencies(services.values()):
        raise NotFound
    web.citizen.limiter.spend("web-business", request.remote_addr or "", LOOKS_OF_ADDRESS, 600)
    directory = web.citizen.directory
    agencies = directory.all_agencies()
    with web.citizen.store.begin(agencies) as tx:
        places = place_agencies(agencies, directory.parent_of)
        told = read_last_year(tx.months, places)
    lived = sum_lived(told, places[directory.agency_id(slug)], services)
    return describe_agency(services.values(), slug, lived)
