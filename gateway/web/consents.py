"""What the reader agreed to, on both platforms: seen with its history, given, withdrawn with one click."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import page, see_other
from gateway.web.words import DOORS, Words
from services.consent_record import ConsentMatter, ConsentName
from services.consents import NOTE, ConsentLine, Saying, tell_text
from services.doors import PLATFORMS
from services.errors import Conflict, InputRefused, NotFound
from services.exposure import Direction
from services.model import Language, PlatformName

TITLE = ("授权同意", "Consents")
NAMES = {
    ConsentName.GIVEN: ("同意", "agreed"),
    ConsentName.WITHDRAWN: ("撤回同意", "withdrew"),
    ConsentName.REFUSED: ("不同意", "refused"),
    ConsentName.ASKED_AGAIN: ("文本有变化，需重新同意", "the text changed: asked again"),
}
CHANNELS = {str(door): words for door, words in DOORS.items()} | {"house": ("本系统", "the system")}
blueprint = Blueprint("consents", __name__)


@page(blueprint, "/consents", title=TITLE, place=52)
def show_consents() -> Response:
    """Every purpose that asks for consent, how it stands, and what was said of it."""
    return _show()


def _show(fault: Words | None = None, status: int = 200) -> Response:
    web, caller = current_web(), current_citizen()
    lines = [one for one in web.citizen.consents.list_lines(caller.person_id, None) if one.text is not None]
    notes = NOTE[Language.ZH_CN], NOTE[Language.EN]
    return show_page(
        "consents.html", status, title=TITLE, lines=lines, tell=tell_line, names=NAMES, channels=CHANNELS, notes=notes,
        fault=fault, directions=list(Direction), direction_words=_say_direction,
    )  # fmt: skip


def tell_line(line: ConsentLine) -> tuple[object, object]:
    """The text in Chinese and in English."""
    assert line.text is not None  # noqa: S101 - such lines are left out
    return tell_text(line.text, Language.ZH_CN), tell_text(line.text, Language.EN)


def _say_direction(direction: str) -> Words:
    catalogue = current_web().citizen.catalogue
    return catalogue.direction(direction, Language.ZH_CN), catalogue.direction(direction, Language.EN)


@page(blueprint, "/consents/<service>/<purpose>/<platform>/agree", title=TITLE, methods=["POST"])
def agree(service: str, purpose: str, platform: str) -> Response:
    """Agree to the text that was on the page."""
    saying, after = _say(service, purpose, platform), request.form.get("after", "")
    if not (after.isascii() and after.isdecimal() and len(after) < 10):
        raise InputRefused(detail={"after": "form"})
    try:
        current_web().citizen.consents.give(saying, request.form.get("version", ""), int(after))
    except Conflict as refused:
        return _show(say_fault(refused), 409)
    return see_other("/consents")


@page(blueprint, "/consents/<service>/<purpose>/<platform>/withdraw", title=TITLE, methods=["POST"])
def withdraw(service: str, purpose: str, platform: str) -> Response:
    """Withdraw, or refuse."""
    current_web().citizen.consents.end(_say(service, purpose, platform))
    return see_other("/consents")


def _say(service: str, purpose: str, platform: str) -> Saying:
    if platform not in PLATFORMS:
        raise NotFound
    return Saying(current_citizen().person_id, ConsentMatter(service, purpose, platform), str(PlatformName.WEB))
