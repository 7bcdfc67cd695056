"""The services on offer inside this platform's app."""

from __future__ import annotations

from typing import Any

from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.catalogue import ServiceDetailReply, ServicesReply
from services.errors import ServiceUnknown
from services.mapping import ServiceMapping
from services.model import Language

blueprint = Blueprint("catalogue", __name__, description="服务目录")


@blueprint.get("/services")
@exposed("browse_services", in_room("catalogue", "browse_services"), shows=ServicesReply)
@blueprint.response(200, ServicesReply)
def list_services() -> dict[str, Any]:
    """本平台提供的服务 · The services offered on this platform."""
    caller = current_caller()
    offered = current_desk().catalogue.services_on(caller.app.platform)
    return {"services": [describe_service(mapping, caller.language) for mapping in offered]}


@blueprint.get("/services/<string:service>")
@exposed("browse_services", in_room("catalogue", "browse_services"), shows=ServiceDetailReply)
@blueprint.response(200, ServiceDetailReply)
def show_service(service: str) -> dict[str, Any]:
    """一项服务的说明 · One service, with what it asks for."""
    caller = current_caller()
    mapping = current_desk().catalogue.service(service)
    if not mapping.is_on(caller.app.platform):
        raise ServiceUnknown
    return {
        **describe_service(mapping, caller.language),
        "legal_basis": mapping.legal_basis,
        "inputs": [
            {
                "name": one.name,
                "label": one.label[caller.language],
                "help": one.help.get(caller.language),
                "pattern": one.pattern.pattern if one.pattern else None,
            }
            for one in mapping.inputs.values()
        ],
    }


def describe_service(mapping: ServiceMapping, language: Language) -> dict[str, Any]:
    """A service in the reader's language."""
    return {
        "service": mapping.id,
        "version": mapping.version,
        "kind": mapping.kind,
        "title": mapping.title[language],
        "summary": mapping.summary.get(language),
        "assurance": mapping.assurance.label,
        "payee": mapping.payee_name.get(language),
    }
