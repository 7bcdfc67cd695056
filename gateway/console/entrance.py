"""Sign-in and sign-out: the form for login, password and code, and the way to the OpenID provider and back."""

from __future__ import annotations

import re

from flask import Blueprint, Response, g, request

from gateway.console.desk import current_console
from gateway.console.frame import show_page
from gateway.console.gate import (
    DEVICE,
    DEVICE_SECONDS,
    PROVIDER,
    PROVIDER_SECONDS,
    SESSION,
    VISIT,
    drop_cookie,
    read_cookie,
    see_other,
    set_cookie,
)
from gateway.console.registry import Entry, room
from gateway.console.words import Words
from gateway.logging import get_logger
from services.errors import BackEndError, NotSignedIn, TooManyRequests
from services.staff_sign_in import SignedIn

TITLE = ("登录", "Sign in")
REFUSED: Words = ("登录名、密码或验证码不正确。", "Login, password or code is not right.")
TOO_MANY: Words = ("尝试过于频繁，请 15 分钟后再试。", "Too many attempts; try again in 15 minutes.")
NOT_KNOWN: Words = (
    "统一身份登录未成功，或该身份未绑定本系统人员。",
    "The provider's sign-in failed, or nobody here is bound to it.",
)
PROVIDER_AWAY: Words = ("统一身份系统暂时不可用。", "The identity provider is not available at the moment.")
_VISIT = re.compile(r"[0-9a-f]{32}")
_log = get_logger("console")
blueprint = Blueprint("entrance", __name__)


@room(blueprint, "/sign-in", title=TITLE, entry=Entry.ANYONE)
def show_sign_in() -> Response:
    """The form."""
    return ask_to_sign_in()


def ask_to_sign_in(fault: Words | None = None, status: int = 200) -> Response:
    """The form. A visit keeps its cookie: a second window, or an icon that was asked for, must not spoil the first one's form."""
    desk, visit = current_console(), read_cookie(VISIT)
    g.visit = visit if _VISIT.fullmatch(visit) else desk.random(16).hex()
    sign_in = desk.sign_in
    reply = show_page(
        "sign_in.html", status, title=TITLE, fault=fault, local=sign_in.local, provider=sign_in.provider is not None
    )
    set_cookie(reply, VISIT, g.visit)
    return reply


@room(blueprint, "/sign-in", title=TITLE, entry=Entry.ANYONE, methods=["POST"])
def sign_in() -> Response:
    """Login, password and code; one answer to all that is wrong."""
    form, desk = request.form, current_console()
    try:
        done = desk.sign_in.sign_in(
            form.get("login", ""), form.get("password", ""), form.get("code", ""), request.remote_addr or "", read_cookie(DEVICE)
        )  # fmt: skip
    except NotSignedIn:
        _log.warning("console_sign_in_refused", method="local")
        return ask_to_sign_in(REFUSED, 403)
    except TooManyRequests:
        return ask_to_sign_in(TOO_MANY, 429)
    reply = see_other("/")
    let_in(reply, done)
    return reply


def let_in(reply: Response, done: SignedIn) -> None:
    """Give the browser its session, and what tells it from others the next time."""
    set_cookie(reply, SESSION, done.token)
    set_cookie(reply, DEVICE, done.device, seconds=DEVICE_SECONDS)
    drop_cookie(reply, VISIT)


@room(blueprint, "/sign-in/provider", title=TITLE, entry=Entry.ANYONE)
def go_to_provider() -> Response:
    """Off to the provider; a link, because the policy lets forms go nowhere but here."""
    desk = current_console()
    if desk.sign_in.provider is None:
        raise NotSignedIn
    seed = f"{int(desk.clock.now().timestamp())}.{desk.random(32).hex()}"
    try:
        address = desk.sign_in.provider.start(seed)
    except BackEndError:
        _log.warning("console_provider_away")
        return ask_to_sign_in(PROVIDER_AWAY, 503)
    reply = Response("", status=303, headers={"Location": address})
    set_cookie(reply, PROVIDER, seed, lax=True, seconds=PROVIDER_SECONDS)
    return reply


@room(blueprint, "/sign-in/provider/answer", title=TITLE, entry=Entry.ANYONE)
def come_from_provider() -> Response:
    """Back from the provider. A page, not a redirect: the chain began elsewhere, and a Strict cookie would not go along."""
    desk = current_console()
    try:
        done = desk.sign_in.sign_in_by_provider(
            read_cookie(PROVIDER), request.args.to_dict(flat=True), request.remote_addr or ""
        )
    except NotSignedIn:
        _log.warning("console_sign_in_refused", method="provider")
        reply = ask_to_sign_in(NOT_KNOWN, 403)
    except TooManyRequests:
        reply = ask_to_sign_in(TOO_MANY, 429)
    except BackEndError:
        _log.warning("console_provider_away")
        reply = ask_to_sign_in(PROVIDER_AWAY, 503)
    else:
        reply = show_page("signed_in.html", title=TITLE)
        let_in(reply, done)
    drop_cookie(reply, PROVIDER)
    return reply


@room(blueprint, "/sign-out", title=("退出", "Sign out"), entry=Entry.OWN, methods=["POST"])
def sign_out() -> Response:
    """End the session here and wherever a copy of its cookie may be; if that fails, the browser keeps it to try again."""
    current_console().sign_in.sign_out(read_cookie(SESSION))
    reply = see_other("/sign-in")
    drop_cookie(reply, SESSION)
    return reply
