"""Looking up one's own record at an office."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from gateway.exposing import Blueprint, current_caller, current_desk, exposed, show
from gateway.schemas.applications import FormRequest, FoundReply
from gateway.schemas.services import request_schema, result_schema
from gateway.service_tellers import tell_form
from services.lookups import Found, look_up

blueprint = Blueprint("lookups", __name__, description="查询")
LOOK_UPS_A_MINUTE = 10
"""Per person, over all services."""


@blueprint.post("/services/<string:service>/lookups")
@exposed(
    "look_up", tell_form("look_up", "lookup"), asks=FormRequest, shows=FoundReply, asks_of=request_schema,
    shows_of=result_schema,
)  # fmt: skip
@blueprint.arguments(FormRequest)
@blueprint.response(200, FoundReply)
def ask(asked: dict[str, Any], service: str) -> Response:  # noqa: ARG001 - the teller read it
    """查询本人在该单位的信息 · What an office has of the caller, asked now."""
    desk, caller = current_desk(), current_caller()
    desk.limiter.spend("lookups", str(caller.person_id), LOOK_UPS_A_MINUTE, 60)
    return show(describe_found(look_up(desk.till, caller, g.service, asked["inputs"])))


def describe_found(found: Found) -> dict[str, Any]:
    """What was found as the schema names it."""
    return {
        "service": found.service, "current_at": found.current_at, "stale": found.stale, "outputs": dict(found.outputs),
    }  # fmt: skip
