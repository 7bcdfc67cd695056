"""The frame of every page of the web door: layout with navigation, faults in the same layout, strict headers. No script at all."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import segno
from flask import Response, current_app, g, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from gateway.errors import explain_error
from gateway.logging import describe_exception, get_logger
from gateway.metrics import REQUESTS
from gateway.web.desk import current_visitor, current_web
from gateway.web.gate import SESSION as SESSION_COOKIE
from gateway.web.gate import drop_cookie, form_token, list_places, read_next, see_other
from gateway.web.words import Words, say_rules
from gateway.words import load_wording
from services.errors import GuitaiError, InputRefused, NotSignedIn
from services.masking import mask_name
from services.model import Language

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ZH, EN = Language.ZH_CN, Language.EN
_log = get_logger("web")


def show_page(template: str, status: int = 200, **cells: Any) -> Response:
    """A page of ours. ``title`` is a pair of Chinese and English; every template has what ``fill_frame`` gives."""
    return Response(render_template(template, **fill_frame(), **cells), status=status)


def fill_frame() -> dict[str, Any]:
    """What the layout needs, whoever is in front of it."""
    desk, caller = current_web(), current_visitor()
    places = list_places(current_app) if caller is not None else []
    return {
        "who": name_visitor(),
        "places": [(declared.rule, declared.title, endpoint == request.endpoint) for endpoint, declared in places],
        "token": form_token(),
        "release": desk.release,
        "language": str(caller.language if caller else ZH),
        "now": desk.citizen.clock.now(),
        "service_title": lambda service: (desk.citizen.catalogue.title(service, ZH), desk.citizen.catalogue.title(service, EN)),
    }  # fmt: skip


def name_visitor() -> str:
    """The name of whoever is in front, masked: others may be looking over their shoulder. Empty without a session."""
    caller = current_visitor()
    if caller is None:
        return ""
    try:
        person = current_web().citizen.sessions.load_person(caller)
    except GuitaiError:
        return ""
    return mask_name(person.real_name or "") if person.real_name else ""


def answer_fault(error: Exception) -> Response:
    """Any fault as a page of ours: what happened in two languages, the request's number, no word of the exception."""
    if isinstance(error, NotSignedIn):
        return turn_away()
    status, code = (error.code or 500, "") if isinstance(error, HTTPException) else explain_error(error)
    if status >= 500:
        _log.error("web_failed", request_id=g.get("request_id", ""), status=status, **describe_exception(error))
    detail = error.detail if isinstance(error, GuitaiError) else None
    reply = show_page(
        "fault.html", status, title=("未能办理", "Not done"), sentence=_say(error, code, status), status_code=status,
        request_id=g.get("request_id", ""), rules=say_rules(detail) if isinstance(error, InputRefused) else [],
    )  # fmt: skip
    if detail and "retry_after_seconds" in detail:
        reply.headers["Retry-After"] = str(detail["retry_after_seconds"])
    return reply


def _say(error: Exception, code: str, status: int) -> Words:
    if isinstance(error, GuitaiError) and error.detail and "form" in error.detail:
        return (
            "页面已失效，请返回后重新打开再提交。",
            "This form is no longer good: go back, open it again and send it.",
        )
    named = code or {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}.get(status, "internal")
    wording = load_wording()
    return wording.say_error(named, ZH), wording.say_error(named, EN)


def turn_away() -> Response:
    """To the sign-in, and from there back to the page that was asked for. A cookie that opens nothing is taken back."""
    asked = read_next(request.path) if request.method == "GET" else None
    reply = see_other(f"/sign-in?next={asked}" if asked and asked != "/" else "/sign-in")
    drop_cookie(reply, SESSION_COOKIE)
    return reply


def say_fault(error: GuitaiError) -> Words:
    """The sentence of an error in two languages, for a form that is shown again."""
    return _say(error, explain_error(error)[1], 0)


def finish_reply(reply: Response) -> Response:
    """The same strict headers on every answer; a file brings its own policy, which is stricter still. Counts the request."""
    for name, value in HEADERS.items():
        reply.headers.setdefault(name, value)
    route = request.url_rule.rule if request.url_rule is not None else "-"
    method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "OTHER"
    REQUESTS.labels("web-pages", route, method, reply.status_code).inc()
    reply.headers["X-Request-Id"] = g.get("request_id", "")
    return reply


def draw_code(text: str, title: str) -> Markup:
    """A QR code as inline SVG without a style in it, which the policy would refuse."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind="svg", border=4, omitsize=True, xmldecl=False, svgns=True, title=title, svgclass="qr", lineclass=None,
        nl=False,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn here: every character of the text is in its squares


def write_day(on: date | None) -> str:
    """A day as people write it: 2026年11月2日."""
    return f"{on.year}年{on.month}月{on.day}日" if on else "—"


def write_moment(at: datetime | None) -> str:
    """A moment in the time of China, to the minute."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else "—"


def write_yuan(fen: int) -> str:
    """An amount of money."""
    return f"{fen // 100}.{fen % 100:02d}"
