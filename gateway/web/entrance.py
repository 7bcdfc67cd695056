"""Signing in and out: telephone, code, and where the register asks for it, name and identity number. One page for each step."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from gateway.logging import get_logger
from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import (
    CODE,
    CODE_SECONDS,
    SESSION,
    VISIT,
    current_language,
    drop_cookie,
    page,
    read_cookie,
    read_next,
    see_other,
    set_cookie,
)
from gateway.web.words import Words, say_rules
from services.errors import (
    AssuranceTooLow,
    BackEndError,
    ConfigurationFault,
    GuitaiError,
    IdentityNotProven,
    InputRefused,
    LoginCodeRefused,
    TooManyRequests,
)
from services.web_sign_in import Proof

TITLE = ("登录", "Sign in")
NOT_SENT: Words = (
    "短信暂时发不出去，请稍后再试，或到服务窗口办理。",
    "Text messages cannot be sent at the moment. Try later, or come to the window.",
)
WRONG_CODE: Words = (
    "验证码不正确或已失效。连续输错五次后须重新获取。",
    "The code is wrong or no longer good. After five tries ask for a new one.",
)
_log = get_logger("web")
blueprint = Blueprint("entrance", __name__)


@page(blueprint, "/sign-in", title=TITLE, public=True)
def show_sign_in() -> Response:
    """The telephone number."""
    return ask_for_phone()


def ask_for_phone(fault: Words | None = None, status: int = 200) -> Response:
    """A visit keeps its cookie: a second window must not spoil the first one's form."""
    g.visit = read_cookie(VISIT) or _make_visit()
    reply = show_page("sign_in.html", status, title=TITLE, fault=fault, following=_following())
    set_cookie(reply, VISIT, g.visit)
    return reply


@page(blueprint, "/sign-in", title=TITLE, public=True, methods=["POST"])
def send_code() -> Response:
    """Send the code. The answer is the same for every number."""
    try:
        sent = current_web().entrance.send_code(request.form.get("phone", "")[:40], request.remote_addr or "")
    except InputRefused as refused:
        return ask_for_phone(say_rules(refused.detail)[0], 422)
    except TooManyRequests as refused:
        return ask_for_phone(say_fault(refused), 429)
    except (BackEndError, ConfigurationFault) as fault:
        _log.error("web_code_not_sent", error=type(fault).__name__, request_id=g.request_id)
        return ask_for_phone(NOT_SENT, 503)
    following = _following()
    reply = see_other(f"/sign-in/code?next={following}" if following else "/sign-in/code")
    set_cookie(reply, CODE, sent.challenge, seconds=CODE_SECONDS)
    return reply


@page(blueprint, "/sign-in/code", title=TITLE, public=True)
def show_code_form() -> Response:
    """The code; without one under way, the telephone number."""
    return ask_for_code() if read_cookie(CODE) and read_cookie(VISIT) else see_other("/sign-in")


def ask_for_code(fault: Words | None = None, status: int = 200) -> Response:
    """The form for the code."""
    return show_page("sign_in_code.html", status, title=TITLE, fault=fault, following=_following())


@page(blueprint, "/sign-in/code", title=TITLE, public=True, methods=["POST"])
def check_code() -> Response:
    """In at once, or on to name and number."""
    code, last_six = request.form.get("code", "").strip()[:12], request.form.get("last_six", "").strip()[:12]
    try:
        return _let_in(Proof(read_cookie(CODE), code, last_six))
    except AssuranceTooLow:
        return ask_for_name(code)
    except LoginCodeRefused:
        return ask_for_code(WRONG_CODE, 403)


def ask_for_name(code: str, faults: list[Words] | None = None, status: int = 200) -> Response:
    """The form for name and number; the code goes along, so that it need not be typed again."""
    return show_page("sign_in_name.html", status, title=TITLE, faults=faults or [], following=_following(), code=code)


@page(blueprint, "/sign-in/name", title=TITLE, public=True, methods=["POST"])
def check_name() -> Response:
    """In, if the register bears it out. What was wrong stays unsaid."""
    form = request.form
    code = form.get("code", "")[:12]
    name, number = form.get("real_name", "").strip()[:50], form.get("identity_number", "").strip()[:40]
    if not name or not number:
        return ask_for_name(code, say_rules({"identity_number": "required"}), 422)
    try:
        return _let_in(Proof(read_cookie(CODE), code, real_name=name, identity_number=number))
    except InputRefused as refused:
        return ask_for_name(code, say_rules(refused.detail), 422)
    except IdentityNotProven as refused:
        return ask_for_name(code, [say_fault(refused)], 403)
    except LoginCodeRefused:
        return ask_for_phone(WRONG_CODE, 403)


def _let_in(proof: Proof) -> Response:
    """A new session under a new token: no cookie of before opens it."""
    try:
        signed = current_web().entrance.sign_in(proof, current_language(), g.request_id)
    except (AssuranceTooLow, LoginCodeRefused, InputRefused, IdentityNotProven):
        raise
    except GuitaiError as refused:
        _log.warning("web_sign_in_refused", error=type(refused).__name__, request_id=g.request_id)
        raise
    reply = see_other(_following() or "/")
    set_cookie(reply, SESSION, signed.token)
    drop_cookie(reply, VISIT)
    drop_cookie(reply, CODE)
    return reply


def _make_visit() -> str:
    return current_web().random(32).hex()


def _following() -> str:
    """Where to go on after signing in: a path of ours, or nothing."""
    return read_next(request.form.get("next") or request.args.get("next") or "") or ""


@page(blueprint, "/sign-out", title=("退出", "Sign out"), methods=["POST"])
def sign_out() -> Response:
    """End the session here and wherever a copy of its cookie may be; what the browser kept of it goes too."""
    current_web().citizen.sessions.sign_out(current_citizen())
    reply = see_other("/sign-in")
    drop_cookie(reply, SESSION)
    if current_web().secure:
        reply.headers["Clear-Site-Data"] = '"cache", "storage"'
    return reply
