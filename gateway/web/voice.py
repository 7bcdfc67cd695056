"""Rating a matter of the reader's, and complaining about it. Who is rated never learns by whom; somebody else answers a complaint."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.routes.ratings import SAID_AN_HOUR
from gateway.web.desk import current_citizen, current_web, spend_as_citizen
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import page, see_other
from gateway.web.words import COMPLAINTS, LEVELS, Words, say_rules
from services.case_errors import AlreadyRated
from services.complaints import file_complaint
from services.errors import Conflict, InputRefused, NotFound, TooManyRequests
from services.rating_rules import MATTERS, read_rating
from services.ratings import rate_matter, show_voice

TITLE = ("评价和投诉", "Rate or complain")
PLACES = {"case": "/cases", "payment": "/payments", "application": "/applications"}
blueprint = Blueprint("voice", __name__)


@page(blueprint, "/voice/<about>/<uuid:subject>", title=TITLE)
def show_own_voice(about: str, subject: UUID) -> Response:
    """What was said so far, and the two forms."""
    return _show(about, subject)


def _show(about: str, subject: UUID, faults: list[Words] | None = None, status: int = 200) -> Response:
    voice = show_voice(current_web().applicants, current_citizen(), subject)
    if about not in MATTERS or voice.matter.about != about:
        raise NotFound
    return show_page(
        "voice.html", status, title=TITLE, voice=voice, about=about, subject=subject, faults=faults or [], levels=LEVELS,
        states=COMPLAINTS, typed=request.form, back=f"{PLACES[about]}/{subject}",
    )  # fmt: skip


@page(blueprint, "/voice/<about>/<uuid:subject>/rate", title=TITLE, methods=["POST"])
def rate(about: str, subject: UUID) -> Response:
    """One of five levels, with words or none; once per matter."""
    level = request.form.get("level", "")
    try:
        given = read_rating(int(level) if level in ("1", "2", "3", "4", "5") else 0, (), request.form.get("words", ""))
        spend_as_citizen("voices", SAID_AN_HOUR, 3600)
        rate_matter(current_web().applicants, current_citizen(), about, subject, given)
    except InputRefused as refused:
        return _show(about, subject, say_rules(refused.detail), 422)
    except (AlreadyRated, Conflict) as refused:
        return _show(about, subject, [say_fault(refused)], 409)
    except TooManyRequests as refused:
        return _show(about, subject, [say_fault(refused)], 429)
    return see_other(f"/voice/{about}/{subject}")


@page(blueprint, "/voice/<about>/<uuid:subject>/complain", title=TITLE, methods=["POST"])
def complain(about: str, subject: UUID) -> Response:
    """A complaint; somebody who had no part in the matter answers it."""
    form = request.form
    try:
        spend_as_citizen("voices", SAID_AN_HOUR, 3600)
        file_complaint(
            current_web().applicants,
            current_citizen(),
            about,
            subject,
            form.get("complaint", ""),
            form.get("contact", ""),
        )
    except InputRefused as refused:
        return _show(about, subject, say_rules(refused.detail), 422)
    except Conflict as refused:
        return _show(about, subject, [say_fault(refused)], 409)
    except TooManyRequests as refused:
        return _show(about, subject, [say_fault(refused)], 429)
    return see_other(f"/voice/{about}/{subject}")
