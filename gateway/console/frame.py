"""The frame of every page: layout with navigation, messages, faults in the same layout, strict headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException

from gateway.console.audit_words import ACTS as AUDIT_ACTS
from gateway.console.census_words import ACTS as CENSUS_ACTS
from gateway.console.counter_words import ACTS as COUNTER_ACTS
from gateway.console.desk import current_admission, current_console
from gateway.console.gate import form_token, see_other, watch_door
from gateway.console.overview import STATES as PAYMENT_STATES
from gateway.console.privacy_words import ACTS as PRIVACY_ACTS
from gateway.console.registry import list_sections
from gateway.console.rights_words import ACTS as RIGHTS_ACTS
from gateway.console.slowness_words import ACTS as SLOWNESS_ACTS
from gateway.console.statistics_words import ACTS as STATISTICS_ACTS
from gateway.console.supervision_words import ACTS as SUPERVISION_ACTS
from gateway.console.voice_words import ACTS as VOICE_ACTS
from gateway.console.watch_lines import list_watch_lines
from gateway.console.words import ACTS, ERRORS, ROLES, STATES, Words, say_rule
from gateway.errors import explain_error
from gateway.logging import describe_exception, get_logger
from services.errors import GuitaiError
from services.model import Language
from services.opened_files import SANDBOX, VIEWER

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FILE_POLICIES = frozenset({SANDBOX, VIEWER})
"""A stored file has a policy of its own, stricter than a page's, and may stand in a frame of ours."""
HTMX_SETTINGS = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "responseHandling": [{"code": "204", "swap": False}, {"code": "[2345]..", "swap": True}],
    }
)
"""What the policy forbids is not even tried; a page with a fault in it is shown as well; nothing is kept in the browser's storage."""
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_log = get_logger("console")


def show_page(template: str, status: int = 200, **cells: Any) -> Response:
    """A page of ours. ``title`` is a pair of Chinese and English; every template has what ``fill_frame`` gives."""
    return Response(render_template(template, **fill_frame(), **cells), status=status)


def fill_frame() -> dict[str, Any]:
    """What the layout needs, whoever is in it."""
    desk, admission = current_console(), current_admission()
    sections = list_sections(current_app, admission.actor) if admission and not admission.has_duty else []
    return {
        "member": admission.actor.member if admission else None,
        "sections": [
            (title, [(declared.rule, declared.title, endpoint == request.endpoint) for endpoint, declared in places])
            for title, places in sections
        ],
        "token": form_token(),
        "release": desk.release,
        "now": desk.clock.now(),
        "role_words": ROLES,
        "state_words": STATES,
        "act_words": {
            **ACTS,
            **COUNTER_ACTS,
            **VOICE_ACTS,
            **SUPERVISION_ACTS,
            **AUDIT_ACTS,
            **CENSUS_ACTS,
            **SLOWNESS_ACTS,
            **STATISTICS_ACTS,
            **PRIVACY_ACTS,
            **RIGHTS_ACTS,
        },
        "agency_name": name_agency,
        "service_title": lambda service: desk.catalogue.title(service, Language.ZH_CN),
        "payment_words": lambda state: " ".join(PAYMENT_STATES.get(state, (state,))),
        "htmx_settings": HTMX_SETTINGS,
        "watch_lines": list_watch_lines,
    }


def name_agency(agency_id: UUID, language: str = "zh-CN") -> str:
    """The name of an agency for whoever is in the page."""
    admission = current_admission()
    return admission.actor.tree.name(agency_id, language) if admission else ""


def guard_page() -> Response | None:
    """The gate, before every request of this app."""
    return watch_door(lambda: see_other("/sign-in"))


def answer_fault(error: Exception) -> Response:
    """Any fault as a page of ours: what happened in two languages, the request's number, no word of the exception."""
    status, detail = _explain(error)
    if status >= 500:
        _log.error("console_failed", request_id=g.get("request_id", ""), status=status, **describe_exception(error))
    sentence: Words = (
        say_rule(detail) if status in (409, 422) or (detail and "form" in detail) else ERRORS.get(status, ERRORS[400])
    )
    reply = show_page("fault.html", status, title=ERRORS.get(status, ERRORS[400]), sentence=sentence, status_code=status,
                      request_id=g.get("request_id", ""))  # fmt: skip
    if detail and "retry_after_seconds" in detail:
        reply.headers["Retry-After"] = str(detail["retry_after_seconds"])
    return reply


def _explain(error: Exception) -> tuple[int, dict[str, object] | None]:
    if isinstance(error, HTTPException):
        return error.code or 500, None
    if isinstance(error, GuitaiError):
        return explain_error(error)[0], error.detail
    return 500, None


def add_headers(reply: Response) -> Response:
    """The same strict headers on every answer."""
    for name, value in HEADERS.items():
        reply.headers.setdefault(name, value)
    if reply.headers["Content-Security-Policy"] in FILE_POLICIES:
        reply.headers["X-Frame-Options"] = "SAMEORIGIN"
    else:
        reply.headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"]
    return reply
