"""Rating a visit by the code on its receipt, without signing in: whoever holds the paper was there."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, g, request

from gateway.web.desk import current_web
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import VISIT, page, read_cookie, set_cookie
from gateway.web.words import LEVELS, SLIP_REASONS, Words, say_rules
from services.case_errors import SlipRefused
from services.errors import Conflict, InputRefused
from services.model import PlatformName
from services.rating_rules import read_rating
from services.ratings import rate_by_receipt, read_receipt

TITLE = ("评价本次服务", "Rate this visit")
RATINGS_OF_ADDRESS = 60
"""In ten minutes, from one address: a hall of people may share one."""
NO_VISIT = ("这张凭证当天没有窗口办理记录，不能评价。", "Nobody came to the window for this on the day of the slip.")
blueprint = Blueprint("visits", __name__)


@page(blueprint, "/v/<text>/rate", title=TITLE, public=True)
def ask_for_rating(text: str) -> Response:
    """Five levels; who it is, nobody asks."""
    current_web().citizen.limiter.spend("web-verify", request.remote_addr or "", RATINGS_OF_ADDRESS, 600)
    try:
        read_receipt(current_web().applicants.desk, text)
    except SlipRefused as refused:
        return _show(text, [_say_slip(refused)], 422, good=False)
    return _show(text)


@page(blueprint, "/v/<text>/rate", title=TITLE, public=True, methods=["POST"])
def rate_visit(text: str) -> Response:
    """Once per visit."""
    web, level = current_web(), request.form.get("level", "")
    web.citizen.limiter.spend("web-rate", request.remote_addr or "", RATINGS_OF_ADDRESS, 600)
    try:
        given = read_rating(int(level) if level in ("1", "2", "3", "4", "5") else 0, (), request.form.get("words", ""))
        rate_by_receipt(web.applicants.desk, text, given, PlatformName.WEB)
    except InputRefused as refused:
        return _show(text, say_rules(refused.detail), 422)
    except SlipRefused as refused:
        return _show(text, [_say_slip(refused)], 422, good=False)
    except Conflict as refused:
        no_visit = (refused.detail or {}).get("rule") == "no_visit"
        return _show(text, [NO_VISIT if no_visit else say_fault(refused)], 409, good=False)
    return _show(text, done=True, good=False)


def _say_slip(refused: SlipRefused) -> Words:
    return SLIP_REASONS.get(refused.reason, SLIP_REASONS["form"])


def _show(
    text: str, faults: list[Words] | None = None, status: int = 200, *, good: bool = True, done: bool = False
) -> Response:
    g.visit = read_cookie(VISIT) or secrets.token_urlsafe(32)
    reply = show_page(
        "visit.html",
        status,
        title=TITLE,
        text=text,
        faults=faults or [],
        levels=LEVELS,
        typed=request.form,
        good=good,
        done=done,
    )
    set_cookie(reply, VISIT, g.visit)
    return reply
