"""Around the log-in, the one route that has no session when it begins and one when it ends.

What was entered is recorded for the app that it names. Success is recorded; so is the reply that names a refused field. Every
other answer is a published body. A request that names no platform is recorded for each: inside which app it was typed is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g

from gateway.arrival import Arrival, Audience, Told, current_arrival
from gateway.desk import Desk
from gateway.exposing import Spoken, current_desk, mark, refuse_unasked
from gateway.schemas.sessions import SessionReply, SignInRequest
from services.doors import PLATFORMS
from services.errors import InputRefused
from services.model import PlatformName

REFUSALS_A_MINUTE = 120
"""Refused fields at log-in, over all callers: each is a record, and nobody is to fill the ledger from outside."""
SPOKEN = Spoken("sign_in", SignInRequest, None, SessionReply, open=True)


def exposed_sign_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make the log-in view; stands directly under ``route``."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        arrival, desk = current_arrival(), current_desk()
        arrival.caller, arrival.audience = None, ()
        arrival.asks, arrival.shows = SignInRequest, SessionReply
        try:
            greet(desk, arrival)
            refuse_unasked(arrival, SPOKEN)
            reply = view(*args, **kwargs)
        except InputRefused:
            address_refusal(desk, arrival)
            raise
        except Exception:
            arrival.audience = ()
            raise
        return reply

    return mark(answer, SPOKEN)


def greet(desk: Desk, arrival: Arrival) -> None:
    """Find the app that asks, spend its limit, record what was entered. Raises ``InputRefused``, ``TooManyRequests``."""
    platform, app_id = read_app(arrival)
    if platform is None or app_id is None:
        refuse_unasked(arrival, SPOKEN)
        missing = "platform" if platform is None else "app_id"
        raise InputRefused(detail={missing: "form" if missing in arrival.read_object() else "required"})
    app = desk.sessions.find_app(platform, app_id)
    g.app_row = app
    arrival.audience = (Audience(platform, app.app),)
    arrival.tell([Told(desk.catalogue.room("sign-in"), app.agency_id, "sign_in", lenient=True)])
    desk.recorder.record_entered(arrival)


def address_refusal(desk: Desk, arrival: Arrival) -> None:
    """Say inside whose app the refusal is shown, and record what was entered unless that happened before."""
    desk.limiter.spend("sign-in-refused", "all", REFUSALS_A_MINUTE, 60)
    if arrival.audience:
        return
    platform, _ = read_app(arrival)
    arrival.audience = tuple(Audience(name, "unknown") for name in ([platform] if platform else list(PLATFORMS)))
    arrival.tell([Told(desk.catalogue.room("sign-in"), desk.directory.root_agency(), "sign_in", lenient=True)])
    desk.recorder.record_entered(arrival)


def read_app(arrival: Arrival) -> tuple[PlatformName | None, str | None]:
    """Platform and app id as the body states them, None for what is not readable."""
    asked = arrival.read_object()
    platform, app_id = asked.get("platform"), asked.get("app_id")
    known = PlatformName(platform) if isinstance(platform, str) and platform in set(PLATFORMS) else None
    return known, app_id if isinstance(app_id, str) and 0 < len(app_id) <= 64 else None
