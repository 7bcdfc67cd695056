"""The console's first pages: sign in, overview, sign out. Server-rendered, Chinese first, no script, no personal data."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from gateway.console.gate import Gate
from gateway.console.overview import Overview, read_overview
from gateway.logging import describe_exception, get_logger
from gateway.routes.health import RollCall
from services.catalogue import Catalogue
from services.errors import CacheUnavailable, StoreUnavailable, TooManyRequests
from services.ports import Clock, OverviewReader, RateLimiter

SESSION_COOKIE, VISIT_COOKIE = "guitai_console", "guitai_visit"
REFUSALS_A_MINUTE = 10
STYLE = files("gateway").joinpath("console/static/console.css").read_bytes()
OPEN_ENDPOINTS = frozenset({"console.show_sign_in", "console.sign_in", "console.show_style"})
"""Everything else needs a session: a page that is added is closed until it stands here."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_log = get_logger("console")
blueprint = Blueprint("console", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class ConsoleDesk:
    """What the console is made of. ``secure_cookies`` is off only where the console is plain HTTP on loopback."""

    overview: OverviewReader
    catalogue: Catalogue
    roll: RollCall
    gate: Gate
    limiter: RateLimiter
    clock: Clock
    release: str
    secure_cookies: bool


def current_console() -> ConsoleDesk:
    """The dependencies of this app."""
    desk: ConsoleDesk = current_app.extensions["guitai-console"]
    return desk


@blueprint.before_app_request
def require_key() -> Response | None:
    """Default deny: only the named endpoints answer somebody without a session, or with one that cannot be checked."""
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    try:
        admitted = current_console().gate.admits(request.cookies.get(SESSION_COOKIE, ""))
    except CacheUnavailable:
        _log.warning("console_cache_unavailable")
        return Response("503", status=503, content_type="text/plain; charset=utf-8")
    return None if admitted else see_other("/sign-in")


@blueprint.get("/sign-in")
def show_sign_in(fault: str = "", status: int = 200) -> Response:
    """The form for the key."""
    desk = current_console()
    visit = desk.gate.random(16).hex()
    page = render_template("sign_in.html", fault=fault, token=desk.gate.form_token(visit), open=desk.gate.is_open())
    reply = Response(page, status=status)
    set_cookie(reply, VISIT_COOKIE, visit)
    return reply


@blueprint.post("/sign-in")
def sign_in() -> Response:
    """Compare the key; the form must come from the page above.

    The key comes first and only wrong ones are counted: whoever sends those must not keep out who has the right one. What keeps
    the key from being guessed is that it is random and long (``MIN_KEY_BYTES``), not how often somebody may try.
    """
    desk = current_console()
    if not desk.gate.accepts_form(request.cookies.get(VISIT_COOKIE, ""), request.form.get("token", "")):
        return show_sign_in("页面已过期，请重试。 · The page had expired; please try again.", 403)
    if not desk.gate.accepts(request.form.get("key", "")):
        return refuse_key(desk)
    reply = see_other("/")
    set_cookie(reply, SESSION_COOKIE, desk.gate.issue())
    return reply


def refuse_key(desk: ConsoleDesk) -> Response:
    """The answer to a wrong key; beyond a few a minute it says so and writes no further line into the log."""
    try:
        desk.limiter.spend("console-key-refused", "all", REFUSALS_A_MINUTE, 60)
    except TooManyRequests:
        return show_sign_in("钥匙不正确，且尝试过于频繁。 · This is not the key, and there are too many attempts.", 429)
    except CacheUnavailable:
        return show_sign_in("系统繁忙，请稍后再试。 · The system is busy; please try again later.", 503)
    _log.warning("console_key_refused")
    return show_sign_in("钥匙不正确。 · This is not the key.", 403)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session, on this browser and wherever a copy of its cookie may be; if that fails, the browser keeps it to try again."""
    desk = current_console()
    cookie = request.cookies.get(SESSION_COOKIE, "")
    if not desk.gate.accepts_form(cookie, request.form.get("token", "")):
        return Response("", status=403)
    try:
        desk.gate.end(cookie)
    except CacheUnavailable:
        return Response("503", status=503, content_type="text/plain; charset=utf-8")
    reply = see_other("/sign-in")
    reply.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Strict", secure=desk.secure_cookies)
    return reply


@blueprint.get("/")
def show_overview() -> Response:
    """Payments by service and state, what each platform saw in the last day, the health of the dependencies."""
    desk = current_console()
    overview: Overview | None = None
    try:
        overview = read_overview(desk.overview, desk.catalogue, desk.roll, desk.clock.now())
    except StoreUnavailable:
        _log.warning("console_store_unavailable")
    token = desk.gate.form_token(request.cookies.get(SESSION_COOKIE, ""))
    page = render_template("overview.html", overview=overview, token=token, release=desk.release, now=desk.clock.now())
    return Response(page, status=200 if overview else 503)


@blueprint.get("/static/console.css")
def show_style() -> Response:
    """The one style sheet."""
    return Response(STYLE, content_type="text/css; charset=utf-8")


@blueprint.after_app_request
def add_headers(reply: Response) -> Response:
    """The same strict headers on every page."""
    for name, value in HEADERS.items():
        reply.headers[name] = value
    return reply


def answer_fault(error: Exception) -> Response:
    """A fault or a page that does not exist: a bare status, no words from the exception."""
    status = error.code if isinstance(error, HTTPException) and error.code else 500
    if status >= 500:
        _log.error("console_failed", **describe_exception(error))
    return Response(f"{status}", status=status, content_type="text/plain; charset=utf-8")


def see_other(path: str) -> Response:
    """A redirect within the console."""
    return Response("", status=303, headers={"Location": path})


def set_cookie(reply: Response, name: str, value: str) -> None:
    """A cookie that no script reads and no other site sends."""
    reply.set_cookie(name, value, httponly=True, samesite="Strict", secure=current_console().secure_cookies, path="/")
