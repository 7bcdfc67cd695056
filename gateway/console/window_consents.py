"""At the window: what whoever stands there agreed to, and what they say now, upon a signed paper."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_refusals import HANDLED, say_refusal
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.window_papers import find_agency
from gateway.console.words import Words
from gateway.errors import explain_error
from services.consent_record import ConsentMatter, ConsentName
from services.consents import NOTE, ConsentLine, ToldText, tell_text
from services.counter_permits import CLERK
from services.errors import InputRefused, NotFound
from services.model import Language
from services.window_consents import Holder

TITLE = ("授权同意", "Consents")
NAMES = {
    ConsentName.GIVEN: ("同意", "agreed"),
    ConsentName.WITHDRAWN: ("撤回同意", "withdrew"),
    ConsentName.REFUSED: ("不同意", "refused"),
    ConsentName.ASKED_AGAIN: ("文本有变化，需重新同意", "the text changed: asked again"),
}
VERSION = re.compile("[0-9a-f]{64}")
blueprint = Blueprint("window_consents", __name__)


@room(
    blueprint, "/window/consents", title=TITLE, roles=CLERK, methods=["GET", "POST"], act="consent.look_up",
    asks_reason=True, place=25,
)  # fmt: skip
def look_up() -> Response:
    """The consents of whoever shows this card."""
    if request.method == "GET":
        return _show()
    form = request.form
    try:
        found = current_console().rooms.consents.list_lines(
            current_actor(), find_agency(), forms.read_shown(form), form.get("reason", "")
        )
    except NotFound:
        return _show(404, fault=("没有此人的账户。", "There is no account of this person."))
    except HANDLED as refused:
        words, lines = say_refusal(refused)
        return _show(explain_error(refused)[0], fault=words, lines=lines)
    return _show(found=found)


@room(blueprint, "/window/consents/agree", title=TITLE, roles=CLERK, methods=["POST"], act="consent.give")
def agree() -> Response:
    """Write down that they agree to the text which they signed."""
    return _say(agree=True)


@room(blueprint, "/window/consents/withdraw", title=TITLE, roles=CLERK, methods=["POST"], act="consent.withdraw")
def withdraw() -> Response:
    """Write down that they withdraw or refuse."""
    return _say(agree=False)


def _say(*, agree: bool) -> Response:
    form = request.form
    matter = ConsentMatter(form.get("service", ""), form.get("purpose", ""), form.get("platform", ""))
    try:
        after = forms.read_whole(form, "after")
        if agree and not VERSION.fullmatch(form.get("version", "")):
            raise InputRefused(detail={"version": "form"})
        found = current_console().rooms.consents.say(
            current_actor(), find_agency(), forms.read_shown(form), form.get("reason", ""), matter,
            version=form.get("version", ""), after=after, agree=agree, paper_signed=form.get("paper_signed") == "yes",
        )  # fmt: skip
    except NotFound:
        return _show(404, fault=("没有此人的账户，或者没有这一项。", "There is no such account, or no such purpose."))
    except HANDLED as refused:
        withhold_given()  # it was read to judge the form; the page says only that it is refused
        words, lines = say_refusal(refused)
        return _show(explain_error(refused)[0], fault=words, lines=lines)
    return _show(found=found, done=("已登记，即时生效。", "It is recorded and in force."))


def _show(
    status: int = 200, *, found: Holder | None = None, fault: Words | None = None, lines: tuple[str, ...] = (),
    done: Words | None = None,
) -> Response:  # fmt: skip
    cells: dict[str, Any] = {"found": found, "fault": fault, "lines": lines, "done": done, "given": request.form}
    return show_page(
        "window_consents.html", status, title=TITLE, tell=_tell, names=NAMES, note=NOTE[Language.ZH_CN], **cells
    )


def _tell(line: ConsentLine) -> ToldText | None:
    return tell_text(line.text, Language.ZH_CN) if line.text is not None else None
