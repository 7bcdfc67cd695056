"""Who saw what of whom: one person's records across the platforms, for a ground of the law and a reason, noted before anything is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.privacy_words import GROUNDS, KEYS, NOT_KNOWN, PLATFORMS, say_ground, say_no
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.errors import explain_error
from services.case_errors import OwnMatter
from services.errors import InputRefused
from services.privacy_looks import ARTICLES, LOOK, MOST, Asked, Ground, LookKey, PrivacyLooks, SeenLine
from services.privacy_room import OFFICERS

TITLE: Words = ("查某人被平台所见", "Who saw what of whom")
blueprint = Blueprint("privacy_looks", __name__)


def open_looks() -> PrivacyLooks:
    """The use case, with the reader of the window and the limiter of its look-ups."""
    desk = current_console()
    return PrivacyLooks(
        desk.store, desk.rooms.people.reader, desk.rooms.uploads.limiter, desk.clock, desk.new_id, desk.catalogue
    )


@room(
    blueprint, "/privacy/people", title=TITLE, roles=OFFICERS, methods=["GET", "POST"], act=LOOK, asks_reason=True, place=72,
)  # fmt: skip
def look_at_person() -> Response:
    """Ask whom and why; note it, for them too; then show what each platform may have seen."""
    if request.method == "GET":
        return show_form()
    try:
        asked = read_asked()
        found = open_looks().look(current_actor(), asked)
    except (InputRefused, OwnMatter) as refused:
        withhold_given()
        return show_form(explain_error(refused)[0], say_no(refused))
    if not found:
        withhold_given()
    return show_form(found=found, asked=asked)


def read_asked() -> Asked:
    """The form. Raises ``InputRefused``."""
    form = request.form
    try:
        key = LookKey(form.get("key", ""))
    except ValueError:
        raise InputRefused(detail={"key": "not_a_choice"}) from None
    try:
        ground = Ground(form.get("ground", ""))
    except ValueError:
        raise InputRefused(detail={"ground": "not_a_choice"}) from None
    return Asked(key, form.get("value", ""), ground, form.get("reason", ""), form.get("whole") == "1")


def show_form(
    status: int = 200, fault: Words | None = None, found: Mapping[str, Sequence[SeenLine]] | None = None,
    asked: Asked | None = None,
) -> Response:  # fmt: skip
    """The page: the form, and what was found."""
    return show_page(
        "privacy_people.html", status, title=TITLE, fault=fault, found=found, looked=asked, given=request.form,
        keys=[(key.value, " ".join(words)) for key, words in KEYS.items()],
        grounds=[(ground.value, say_ground(ground)) for ground in Ground], ground_words=GROUNDS, articles=ARTICLES,
        platform_words=PLATFORMS, not_known=NOT_KNOWN, most=MOST,
    )  # fmt: skip
