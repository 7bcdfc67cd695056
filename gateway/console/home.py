"""The first page after signing in, and the health of what the counter depends on."""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.overview import Overview, read_overview
from gateway.console.registry import Entry, room
from gateway.console.supervision import find_desk
from gateway.console.supervision_words import RUNGS, SIGNS
from gateway.logging import get_logger
from services.errors import StoreUnavailable
from services.staffing import Role
from services.supervision_rules import SUPERVISORS

_log = get_logger("console")
blueprint = Blueprint("home", __name__, template_folder="templates")


@room(blueprint, "/", title=("总览", "Overview"), entry=Entry.MEMBER, place=10)
def show_overview() -> Response:
    """Payments by service and state, and what each platform saw in the last day, of the agencies that one's roles reach."""
    desk, actor = current_console(), current_actor()
    overview: Overview | None = None
    alerts: dict[str, object] = {}
    reader = desk.overview(actor.agencies_as(*Role))
    try:
        overview = read_overview(reader, desk.catalogue, desk.clock.now())
        alerts = count_alerts()
    except StoreUnavailable:
        _log.warning("console_store_unavailable")
    return show_page("overview.html", 200 if overview else 503, title=("总览", "Overview"), overview=overview, **alerts)


def count_alerts() -> dict[str, object]:
    """What waits on the desk of whoever supervises, by rung; nothing for anybody else. Raises ``StoreUnavailable``."""
    actor = current_actor()
    if not any(held.role in SUPERVISORS for held in actor.roles):
        return {}
    return {"alert_counts": find_desk().count_inbox(actor), "rung_words": RUNGS, "rung_signs": SIGNS}


@room(blueprint, "/health", title=("运行状况", "Health"), roles=[Role.OPERATOR, Role.IT], place=80)
def show_health() -> Response:
    """One question per dependency, asked now."""
    return show_page("health.html", title=("运行状况", "Health"), health=current_console().roll.ask())
