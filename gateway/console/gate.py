"""The gate of the console: cookies, the token of every form, and who may enter which room. Default deny.

All cookies are HttpOnly and ``Path=/``; in production Secure and ``__Host-``, so that no neighbouring host can plant one. The session's
is SameSite=Strict; only the cookie that carries a sign-in to the OpenID provider and back is Lax. A form's token is an HMAC under the
session's own token (before signing in: under the visit's), so a form of another page or session is worth nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from uuid import uuid4

from flask import Response, current_app, g, request

from gateway.console.desk import current_admission, current_console
from gateway.console.given import begin_request
from gateway.console.registry import COMMITTED, Entry, Room, find_room
from gateway.logging import get_logger
from services.errors import NotPermitted, NotSignedIn

SESSION, VISIT, DEVICE, PROVIDER = "guitai_console", "guitai_visit", "guitai_device", "guitai_provider"
DEVICE_SECONDS, PROVIDER_SECONDS = 90 * 86_400, 600
FIRST_STEPS = "/account"
_log = get_logger("console")


def read_cookie(name: str) -> str:
    """A cookie of ours, or the empty text."""
    return request.cookies.get(_full_name(name), "")


def set_cookie(reply: Response, name: str, value: str, *, lax: bool = False, seconds: int | None = None) -> None:
    """A cookie that no script reads and no other site sends."""
    secure = current_console().secure
    same_site = "Lax" if lax else "Strict"
    reply.set_cookie(
        _full_name(name), value, httponly=True, samesite=same_site, secure=secure, path="/", max_age=seconds
    )


def drop_cookie(reply: Response, name: str) -> None:
    """Take a cookie back."""
    secure = current_console().secure
    reply.delete_cookie(_full_name(name), httponly=True, samesite="Strict", secure=secure, path="/")


def _full_name(name: str) -> str:
    return f"__Host-{name}" if current_console().secure else name


def form_token() -> str:
    """The token that every form of this session, or of this visit before there is one, carries."""
    return seal_form(read_cookie(SESSION) if current_admission() is not None else g.get("visit", read_cookie(VISIT)))


def seal_form(cookie: str) -> str:
    """The token that belongs to a cookie; for no cookie there is none."""
    if not cookie:
        return ""
    return hmac.new(cookie.encode("utf-8", "replace"), b"console form v2", hashlib.sha256).hexdigest()


def require_form(cookie: str) -> None:
    """Raise ``NotPermitted`` for a POST without the token of this cookie."""
    given = request.form.get("token", "") or request.headers.get("X-Form-Token", "")
    if not cookie or not hmac.compare_digest(given.encode("utf-8", "replace"), seal_form(cookie).encode()):
        raise NotPermitted(detail={"form": "expired"})


def watch_door(turn_away: Callable[[], Response]) -> Response | None:
    """Before every request: nobody enters a room that does not say who may. ``turn_away`` answers whoever has no session.

    Raises ``NotPermitted``, ``CacheUnavailable``, ``StoreUnavailable``.
    """
    COMMITTED.set([])
    begin_request()
    g.request_id = str(uuid4())
    declared = find_room(current_app, request.endpoint)
    if declared is not None and declared.entry is Entry.ANYONE:
        if request.method == "POST":
            require_form(read_cookie(VISIT))
        return None
    try:
        g.admission = current_console().sign_in.admit(read_cookie(SESSION), g.request_id, active=not is_background())
    except NotSignedIn:
        return turn_away()
    if request.endpoint is None:
        return None  # not found, or not for this method: Flask says which
    if declared is None:
        _log.error("console_room_undeclared", endpoint=request.endpoint)
        raise NotPermitted
    return require_entry(declared)


def require_entry(declared: Room) -> Response | None:
    """The rest of the gate, for somebody with a session: the form's token, the duties of the first sign-in, the roles."""
    if request.method == "POST":
        require_form(read_cookie(SESSION))
    admission = g.admission
    if admission.has_duty and declared.entry is not Entry.OWN:
        return see_other(FIRST_STEPS)
    if not declared.admits(admission.actor):
        raise NotPermitted
    return None


def is_background() -> bool:
    """Whether a page asked by itself, without anybody doing anything: that does not keep a session alive."""
    return request.headers.get("HX-Request") == "true" and request.method == "GET"


def see_other(path: str) -> Response:
    """A redirect within the console; htmx is told to move the whole page."""
    if request.headers.get("HX-Request") == "true":
        return Response("", status=200, headers={"HX-Redirect": path})
    return Response("", status=303, headers={"Location": path})
