"""The services on offer inside this platform's app, and the form of each."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room, show
from gateway.schemas.catalogue import ServiceDetailReply, ServicesReply
from gateway.schemas.services import form_schema
from gateway.service_tellers import tell_service
from gateway.service_view import describe_form, describe_service
from services.forms import BACK_END, find_prefilled, load_person, show_prefilled
from services.model import JsonValue

blueprint = Blueprint("catalogue", __name__, description="服务目录")
FORMS_A_MINUTE = 20
"""Per person, of services whose form is prefilled by a back end: each is a question to it."""


@blueprint.get("/services")
@exposed("browse_services", in_room("catalogue", "browse_services"), shows=ServicesReply)
@blueprint.response(200, ServicesReply)
def list_services() -> dict[str, Any]:
    """本平台提供的服务 · The services offered on this platform."""
    caller, catalogue = current_caller(), current_desk().catalogue
    offered = catalogue.services_on(caller.app.platform)
    return {"services": [describe_service(catalogue, mapping, caller.language) for mapping in offered]}


@blueprint.get("/services/<string:service>")
@exposed("see_service", tell_service("see_service"), shows=ServiceDetailReply, shows_of=form_schema)
@blueprint.response(200, ServiceDetailReply)
def show_service(service: str) -> Response:  # noqa: ARG001 - the teller read it
    """一项服务的说明和表单，已掌握的内容预先填好 · One service with its form, prefilled with what is known."""
    desk, caller, mapping = current_desk(), current_caller(), g.service
    known: dict[str, JsonValue] = {}
    if any(asked.prefilled_from for asked in mapping.inputs.values()) and desk.catalogue.off(mapping.id) is None:
        if any(asked.prefilled_from.startswith(BACK_END) for asked in mapping.inputs.values()):
            desk.limiter.spend("forms", str(caller.person_id), FORMS_A_MINUTE, 60)
        known = show_prefilled(mapping, find_prefilled(desk.till, caller, mapping, load_person(desk.till, caller)))
    return show(describe_form(desk.catalogue, mapping, caller, known))
