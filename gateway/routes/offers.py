"""What is offered inside a platform's app, for whoever asks, without a session: a published body, the same for everybody.

A mini-program shows it before anybody has signed in, and the census asks it as any client would (docs/census.md). It changes only with
the catalogue; the longer manifest is in the ledger before a new body leaves.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, Spoken, current_desk, mark
from gateway.publication import JSON
from gateway.schemas.offers import OffersReply
from gateway.service_view import describe_input, describe_output, describe_service
from services.catalogue import Catalogue
from services.doors import PLATFORMS
from services.errors import InputRefused, NotFound
from services.mapping import ServiceMapping
from services.model import Language, PlatformName

blueprint = Blueprint("offers", __name__, description="平台上的服务（公开）")
SPOKEN = Spoken("browse_services", open=True, published=True)


@blueprint.response(200, OffersReply)
def list_offers(platform: str) -> Response:
    """某平台应用内提供的全部服务及表单，无需登录 · All services on one platform with their forms, without signing in."""
    if platform not in set(PLATFORMS):
        raise NotFound
    arrival, desk = current_arrival(), current_desk()
    if arrival.query or arrival.body:
        raise InputRefused(detail={"query" if arrival.query else "body": "unknown_field"})
    found = describe_offers(desk.catalogue, PlatformName(platform), arrival.language)
    body = json.dumps(OffersReply().dump(found), ensure_ascii=False, separators=(",", ":")).encode()
    name = f"offers/{platform}/{arrival.language}"
    published = desk.recorder.publication.publish_later(name, 200, JSON, body)
    return Response(published.body, status=published.status, content_type=published.content_type)


def describe_offers(catalogue: Catalogue, platform: PlatformName, language: Language) -> dict[str, Any]:
    """Every service on a platform, in the reader's language."""
    offered = catalogue.services_on(platform)
    return {"platform": platform, "services": [describe_offer(catalogue, one, language) for one in offered]}


def describe_offer(catalogue: Catalogue, mapping: ServiceMapping, language: Language) -> dict[str, Any]:
    """A service with its form; nothing is known of anybody yet."""
    days = ("statutory_days", "promised_days")
    return {
        **describe_service(catalogue, mapping, language),
        "agency": mapping.agency,
        "legal_basis": mapping.legal_basis,
        "inputs": [describe_input(one, language) for one in mapping.inputs.values()],
        "outputs": [describe_output(one, language) for one in mapping.outputs.values()],
        "limits": {name: mapping.limits.get(name) for name in days},
    }


blueprint.add_url_rule(
    "/offers/<string(maxlength=20):platform>",
    endpoint="list_offers",
    view_func=mark(list_offers, SPOKEN),
    methods=["GET"],
)
