"""One's own account: the duties of the first sign-in (own password, authenticator), the roles that one holds."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, Response, g, request
from markupsafe import Markup

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import SESSION, read_cookie, see_other, set_cookie
from gateway.console.registry import Entry, room
from gateway.console.words import Words, say_rule
from services.errors import InputRefused

TITLE = ("我的账号", "My account")
blueprint = Blueprint("account", __name__)


@room(blueprint, "/account", title=TITLE, entry=Entry.OWN, place=90)
def show_account() -> Response:
    """What is still to be done, the roles, the form for another password."""
    return show_own()


def show_own(fault: Words | None = None, status: int = 200) -> Response:
    """The page, with what went wrong."""
    admission, desk = g.admission, current_console()
    enrolment = None
    if admission.must_enrol and not admission.must_set_password:
        secret, address, sealed = desk.sign_in.start_enrolment(admission, read_cookie(SESSION))
        enrolment = {"secret": secret, "sealed": sealed, "picture": draw_code(address)}
    return show_page(
        "account.html", status, title=TITLE, admission=admission, roles=current_actor().roles, enrolment=enrolment, fault=fault
    )  # fmt: skip


def draw_code(address: str) -> Markup:
    """A QR code as inline SVG without a style in it, which the policy would refuse; as large as the page makes it."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", scale=5, border=3, xmldecl=False, svgns=True, title="QR", svgclass="qr", lineclass=None, nl=False,
        omitsize=True,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn here, from an address whose every character is escaped in modules


@room(blueprint, "/account/password", title=TITLE, entry=Entry.OWN, methods=["POST"], act="staff.set_own_password")
def set_password() -> Response:
    """Set one's own password; every other session of this person ends."""
    form = request.form
    if form.get("password", "") != form.get("again", ""):
        return show_own(("两次输入的新密码不一致。", "The two new passwords differ."), 422)
    try:
        token = current_console().sign_in.change_password(
            g.admission, form.get("current", ""), form.get("password", "")
        )
    except InputRefused as refused:
        return show_own(say_rule(refused.detail), 422)
    reply = see_other("/account")
    set_cookie(reply, SESSION, token)
    return reply


@room(blueprint, "/account/authenticator", title=TITLE, entry=Entry.OWN, methods=["POST"], act="staff.enrol")
def enrol() -> Response:
    """Keep the secret of the authenticator, once it has given a right code."""
    form = request.form
    try:
        current_console().sign_in.finish_enrolment(
            g.admission, read_cookie(SESSION), form.get("secret", ""), form.get("sealed", ""), form.get("code", "")
        )
    except InputRefused:
        return show_own(("验证码不正确，请用新二维码重试。", "The code is not right; scan the new picture."), 422)
    return see_other("/")
