"""Who may call what. A blueprint is registered with one of two rules; there is no third and no default."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, request

from gateway.arrival import Arrival, current_arrival
from gateway.exposing import Spoken, current_desk, spoken_of
from services.errors import CacheUnavailable, NotSignedIn, SessionExpired, StoreUnavailable
from services.model import Caller

ALLOW = "GET, HEAD, POST, DELETE, OPTIONS"
RECEIVING = frozenset({"receive_notice", "receive_result"})
"""Routes for platforms and back ends: who calls them has no session, whatever stands in a header."""
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{43,128})")


def identify_caller() -> Response | None:
    """Before every request: name the route, find the session if a token came, then refuse a request that did not arrive whole.

    In this order, so that an error is recorded whenever there is a session. A route that ignores sessions (a notice) is let be.
    OPTIONS is answered here: the guard lets it through only where somebody may have typed something.
    """
    arrival = current_arrival()
    rule = request.url_rule
    arrival.route = rule.rule if rule is not None else "-"
    spoken = spoken_of(current_view())
    arrival.takes = spoken.takes if spoken is not None else None
    if spoken is not None and spoken.open:
        arrival.published = spoken.published
    if arrival.authorization and not (spoken is not None and spoken.purpose in RECEIVING):
        _look_up_session(arrival, spoken)
    if arrival.method == "OPTIONS":
        if arrival.caller is not None:
            _record_for(arrival, arrival.caller, spoken)
        return Response(status=204, headers={"Allow": ALLOW})
    if rule is None or arrival.fault is not None or (spoken is not None and spoken.published):
        _tell_of_no_service(arrival, published=spoken is not None and spoken.published)
    if arrival.fault is not None:
        raise arrival.fault
    return None


def _look_up_session(arrival: Arrival, spoken: Spoken | None) -> None:
    found = _BEARER.fullmatch(arrival.authorization)
    if found is None:
        return
    try:
        caller, lives = current_desk().sessions.look_up(found.group(1), arrival.language, arrival.request_id)
    except (NotSignedIn, CacheUnavailable, StoreUnavailable) as refusal:
        arrival.refusal = refusal
        return
    if lives:
        arrival.welcome(caller)
        return
    arrival.refusal = SessionExpired()
    if spoken is None or not spoken.open:
        _record_for(arrival, caller, spoken)


def _record_for(arrival: Arrival, caller: Caller, spoken: Spoken | None) -> None:
    """Record what somebody typed to whom nothing will be shown but a published body; it reached no service.

    Raises ``ExposureUnavailable``.
    """
    if spoken is not None:
        arrival.asks, arrival.asks_query = spoken.asks, spoken.asks_query
    recorder = current_desk().recorder
    arrival.welcome(caller)
    arrival.tell([recorder.tell_of_nothing()])
    try:
        recorder.record_entered(arrival)
    finally:
        arrival.dismiss()


def _tell_of_no_service(arrival: Arrival, *, published: bool) -> None:
    recorder = current_desk().recorder
    arrival.tell([recorder.tell_of_published() if published else recorder.tell_of_nothing()])
    if arrival.audience:
        recorder.record_entered(arrival)


def current_view() -> Callable[..., Any] | None:
    """The view function of the request, as it was registered, or None."""
    return current_app.view_functions.get(request.endpoint or "")


def require_session() -> None:
    """The rule of every blueprint that answers persons: no session, no answer."""
    arrival = current_arrival()
    if arrival.caller is None:
        raise arrival.refusal or NotSignedIn()


def allow_anonymous() -> None:
    """The rule of the few routes without a session: log-in, notices, documentation. What they answer is published or recorded."""


def protect(app: Flask) -> None:
    """Attach the look-up of sessions to an app."""
    app.before_request(identify_caller)
