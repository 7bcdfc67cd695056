"""What this platform saw of the caller."""

from __future__ import annotations

from typing import Any

from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.exposure import ExposureQuery, ExposureReply
from services.doors import limit_to
from services.exposure_view import say_limits

blueprint = Blueprint("exposure", __name__, description="平台所见")


@blueprint.get("/exposure")
@exposed("view_exposure", in_room("exposure-view", "view_exposure"), asks_query=ExposureQuery, shows=ExposureReply)
@blueprint.arguments(ExposureQuery, location="query")
@blueprint.response(200, ExposureReply)
def view_exposure(asked: dict[str, Any]) -> dict[str, Any]:
    """本平台看到了我的什么、何时、为何、依据哪部法律 · What this platform may have seen of me."""
    caller = current_caller()
    page = current_desk().exposure.list_seen(caller, asked.get("cursor"))
    return {
        "platform": limit_to(caller.app.platform) or "all",
        "note": say_limits(caller.app.platform, caller.language),
        "records": page.items,
        "next_cursor": page.next_cursor,
    }
