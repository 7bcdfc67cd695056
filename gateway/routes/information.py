"""Public information of an office."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, show
from gateway.routes.lookups import describe_found
from gateway.schemas.applications import FoundReply
from gateway.schemas.services import filters_schema, result_schema
from gateway.service_tellers import tell_service
from services.errors import InputRefused
from services.information import read_information

blueprint = Blueprint("information", __name__, description="公开信息")
READINGS_A_MINUTE = 60
"""Per person, over all services."""
FILTERS = {
    "name": "filters", "in": "query", "required": False, "style": "form", "explode": True,
    "description": "筛选条件：该服务 inputs 的各项，均为文本 · filters: the service's own inputs, all as texts",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}  # fmt: skip


@blueprint.get("/services/<string:service>/information")
@exposed(
    "read_information", tell_service("read_information", "information"), shows=FoundReply,
    asks_query_of=filters_schema, shows_of=result_schema,
)  # fmt: skip
@blueprint.doc(parameters=[FILTERS])
@blueprint.response(200, FoundReply)
def read(service: str) -> Response:  # noqa: ARG001 - the teller read it
    """公开信息，注明数据时点 · Public information, with the moment at which it was current."""
    desk, caller = current_desk(), current_caller()
    desk.limiter.spend("information", str(caller.person_id), READINGS_A_MINUTE, 60)
    return show(describe_found(read_information(desk.till, desk.shelf, caller, g.service, read_filters())))


def read_filters() -> dict[str, str]:
    """The query by name; names that stand twice were refused before. Raises ``InputRefused`` for one that is no list of pairs."""
    query = current_arrival().query
    try:
        return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")) if query else {}
    except ValueError:
        raise InputRefused(detail={"query": "form"}) from None
