"""The reader's rights over their own data: a copy, a correction, a deletion, closing the account; what is kept how long, and why."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import SESSION, drop_cookie, page, see_other
from gateway.web.words import Words
from services.errors import Conflict, GuitaiError, InputRefused, NotFound
from services.model import Language
from services.rights import About, RightsDesk
from services.rights_record import RequestKind, RightsName
from services.rights_words import ABOUT, KINDS, NAMES, OBSTACLES, ON_CLOSING, SECTIONS

TITLE: Words = ("我的个人信息权利", "Rights over my data")
CLOSED: Words = ("账户正在注销", "Your account is being closed")
ASKABLE = {"correction": RequestKind.CORRECTION, "deletion": RequestKind.DELETION}
FAULTS: dict[str, Words] = {
    "words": ("请用4至500字写明要求。", "Say what you ask for in 4 to 500 characters."),
    "about": ("请选择要求涉及什么。", "Choose what it is about."),
    "understood": ("请先确认您已了解注销的后果。", "Confirm first that you understand what closing does."),
}
blueprint = Blueprint("rights", __name__)


@page(blueprint, "/rights", title=TITLE, place=53)
def show_rights() -> Response:
    """Requests with their clock, the forms, and the table of what is kept."""
    return _show()


def _desk() -> RightsDesk:
    desk = current_web().citizen.rights
    if desk is None:
        raise NotFound
    return desk


def _show(fault: Words | None = None, status: int = 200) -> Response:
    desk = _desk()
    return show_page(
        "rights.html", status, title=TITLE, fault=fault, given=request.form, requests=desk.list_requests(current_citizen()),
        kinds=KINDS, names=NAMES, obstacles=OBSTACLES, on_closing=ON_CLOSING, rules=desk.rules, zh=Language.ZH_CN, en=Language.EN,
        about=[(one.value, " ".join(ABOUT[one])) for one in About], about_words={one.value: ABOUT[one] for one in About},
        waits=RightsName.WAITS,
    )  # fmt: skip


@page(blueprint, "/rights/copy", title=TITLE, methods=["POST"])
def give_copy() -> Response:
    """Everything that is held, as one file for people and machines."""
    web, caller = current_web(), current_citizen()
    try:
        asked, found = _desk().give_copy(caller)
    except GuitaiError as refused:
        return _refuse(refused)
    made_at = web.citizen.clock.now()
    told = {
        "format": "guitai copy of personal data", "version": 1, "made_at": made_at.isoformat(),
        "request": str(asked.request_id), "law": "个人信息保护法 第四十五条",
        "what_platforms_saw": "/seen/file",
        "sections": [
            {"name": name, "title": dict(zip(("zh-CN", "en"), SECTIONS.get(name, (name, name)), strict=True)), "rows": rows}
            for name, rows in found.items()
        ],
    }  # fmt: skip
    content = json.dumps(told, ensure_ascii=False, indent=1).encode()
    return Response(
        content, content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="my-data-{made_at:%Y%m%d}.json"', "Cache-Control": "no-store"},
    )  # fmt: skip


@page(blueprint, "/rights/ask/<kind>", title=TITLE, methods=["POST"])
def ask(kind: str) -> Response:
    """A correction or a deletion, which somebody judges."""
    if kind not in ASKABLE:
        raise NotFound
    form = request.form
    try:
        _desk().ask(current_citizen(), ASKABLE[kind], form.get("about", ""), form.get("words", ""))
    except GuitaiError as refused:
        return _refuse(refused)
    return see_other("/rights")


@page(blueprint, "/rights/<uuid:request_id>/withdraw", title=TITLE, methods=["POST"])
def withdraw(request_id: UUID) -> Response:
    """Take back what nobody has answered yet."""
    _desk().withdraw(current_citizen(), request_id)
    return see_other("/rights")


@page(blueprint, "/rights/close", title=TITLE, methods=["POST"])
def close_account() -> Response:
    """Close the account. This browser is signed out at once."""
    web, caller = current_web(), current_citizen()
    try:
        asked = _desk().close_account(caller, understood=request.form.get("understood") == "yes")
    except GuitaiError as refused:
        return _refuse(refused)
    web.citizen.sessions.sign_out(caller)
    reply = show_page("rights_closed.html", title=CLOSED, asked=asked)
    drop_cookie(reply, SESSION)
    return reply


def _refuse(refused: GuitaiError) -> Response:
    if isinstance(refused, InputRefused):
        place = next(iter(refused.detail or {}), "")
        return _show(FAULTS.get(place) or say_fault(refused), 422)
    if isinstance(refused, Conflict) or refused.code in ("assurance_too_low", "too_many_requests"):
        return _show(say_fault(refused), 409)
    raise refused
