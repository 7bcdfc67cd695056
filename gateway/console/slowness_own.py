"""What is shown of oneself: the very page that the supervision office sees, and a form to answer. Also a line on the first pages."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.counter_refusals import HANDLED
from gateway.console.desk import current_actor
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.slowness import WORDS, describe, find_desk
from gateway.console.slowness_words import DONE, say_no
from gateway.console.words import Words
from gateway.errors import explain_error
from gateway.logging import describe_exception, get_logger
from services.errors import NotFound, StoreUnavailable
from services.slowness_desk import ANSWERERS, WORKERS
from services.slowness_record import Pattern

TITLE: Words = ("本人的规律提示", "Shown of me")
_log = get_logger("console")
blueprint = Blueprint("slowness_own", __name__)


@room(blueprint, "/own/patterns", title=TITLE, roles=WORKERS, place=49)
def show_own_patterns() -> Response:
    """Everything that is or was shown of oneself, and which months were looked at."""
    desk, actor = find_desk(), current_actor()
    return show_page(
        "slowness_own.html", title=TITLE, patterns=desk.list_own(actor), runs=desk.list_runs(actor), **WORDS
    )  # fmt: skip


@room(blueprint, "/own/patterns/<uuid:pattern_id>", title=TITLE, roles=ANSWERERS)
def show_own_pattern(pattern_id: UUID) -> Response:
    """One of them, as the supervision office sees it."""
    return show_own(pattern_id)


def show_own(
    pattern_id: UUID, status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = ()
) -> Response:  # fmt: skip
    """The page, after an answer; one that was refused is still in its field."""
    opened = find_desk().open_own(current_actor(), pattern_id)
    return show_page(
        "slowness_pattern.html", status, title=TITLE, own=True, here=f"/own/patterns/{pattern_id}", done=done, fault=fault, told=told,
        given=request.form if fault else {}, **describe(opened),
    )  # fmt: skip


@room(
    blueprint, "/own/patterns/<uuid:pattern_id>/answer", title=TITLE, roles=ANSWERERS, methods=["POST"],
    act="pattern.answer",
)  # fmt: skip
def answer_pattern(pattern_id: UUID) -> Response:
    """Write beside it."""
    try:
        find_desk().answer(current_actor(), pattern_id, request.form.get("text", ""))
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        return show_own(pattern_id, explain_error(refused)[0], fault=words, told=told)
    return show_own(pattern_id, done=DONE["answer"])


def list_waiting_patterns() -> list[Pattern]:
    """What waits for a word of the reader, for the line on the first pages; nothing if the store does not answer."""
    actor = current_actor()
    if not actor.roles:
        return []
    try:
        return find_desk().list_waiting(actor)
    except StoreUnavailable as error:
        _log.warning("patterns cannot be read", **describe_exception(error))
        return []
