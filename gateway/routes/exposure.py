"""What this platform saw of the caller."""

from __future__ import annotations

from typing import Any

from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.exposure import ExposureQuery, ExposureReply
from services.doors import limit_to
from services.exposure_survey import SeenChoice, SeenGroup
from services.exposure_view import say_limits
from services.model import PlatformName

blueprint = Blueprint("exposure", __name__, description="平台所见")


@blueprint.get("/exposure")
@exposed("view_exposure", in_room("exposure-view", "view_exposure"), asks_query=ExposureQuery, shows=ExposureReply)
@blueprint.arguments(ExposureQuery, location="query")
@blueprint.response(200, ExposureReply)
def view_exposure(asked: dict[str, Any]) -> dict[str, Any]:
    """本平台看到了我的什么、何时、为何、依据哪部法律 · What this platform may have seen of me."""
    caller, desk = current_caller(), current_desk().exposure
    choice = read_choice(asked)
    page = desk.list_seen(caller, asked.get("cursor"), choice)
    survey = desk.survey_seen(caller, choice) if asked.get("group_by") else None
    return {
        "platform": limit_to(caller.app.platform) or "all",
        "note": say_limits(caller.app.platform, caller.language),
        "records": page.items,
        "groups": [describe_group(group) for group in survey.groups] if survey else [],
        "groups_whole": survey.whole if survey else True,
        "next_cursor": page.next_cursor,
    }


def read_choice(asked: dict[str, Any]) -> SeenChoice:
    """Which records the query asks for."""
    platform = PlatformName(asked["platform"]) if "platform" in asked else None
    names = ("service", "purpose", "direction", "since", "until")
    return SeenChoice(platform, **{name: asked.get(name) for name in names})


def describe_group(group: SeenGroup) -> dict[str, Any]:
    """A group as the reply tells it; by platform only on the government's own pages."""
    return {
        "purpose": group.purpose, "purpose_label": group.label, "count": group.count, "services": group.services,
        "fields": group.fields, "legal_bases": group.legal_bases, "first_at": group.first_at, "last_at": group.last_at,
    }  # fmt: skip
