"""The steps of publishing, one form each: publish, approve, refuse, roll back, off, on, review. The rules: ``services/publishing.py``."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from gateway.console.catalogue import show_one
from gateway.console.desk import current_actor, current_console
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.console.words import say_rule
from services.errors import Conflict, InputRefused, NotPermitted
from services.mapping_record import MappingEvent
from services.model import Language
from services.staffing import Role

IT, BOTH = (Role.IT,), (Role.IT, Role.PRIVACY)
TITLE = ("发布", "Publishing")
blueprint = Blueprint("catalogue_steps", __name__)
Step = Callable[[], MappingEvent]


@room(blueprint, "/catalogue/<service>/publish", title=TITLE, roles=IT, methods=["POST"], act="mapping.publish")
def publish(service: str) -> Response:
    """Put what somebody else proposed in force."""
    desk, actor = current_console().publishing, current_actor()
    return take(service, lambda: desk.publish(actor, service, read_version(), reason=read_reason()))


@room(
    blueprint, "/catalogue/<service>/approve", title=TITLE, roles=[Role.PRIVACY], methods=["POST"],
    act="mapping.approve_privacy",
)  # fmt: skip
def approve(service: str) -> Response:
    """Agree to what a version lets platforms see more."""
    desk, actor = current_console().publishing, current_actor()
    return take(service, lambda: desk.approve_privacy(actor, service, read_version(), reason=read_reason()))


@room(blueprint, "/catalogue/<service>/refuse", title=TITLE, roles=BOTH, methods=["POST"], act="mapping.refuse")
def refuse(service: str) -> Response:
    """Take a proposal off the table, with a reason."""
    desk, actor = current_console().publishing, current_actor()
    return take(service, lambda: desk.refuse(actor, service, read_version(), reason=read_reason()))


@room(blueprint, "/catalogue/<service>/roll-back", title=TITLE, roles=IT, methods=["POST"], act="mapping.roll_back")
def roll_back(service: str) -> Response:
    """Back to a version that was in force before, at once."""
    desk, actor = current_console().publishing, current_actor()
    return take(service, lambda: desk.roll_back(actor, service, read_version(), reason=read_reason()))


@room(blueprint, "/catalogue/<service>/off", title=TITLE, roles=IT, methods=["POST"], act="mapping.switch_off")
def switch_off(service: str) -> Response:
    """No new business, with a sentence to citizens in two languages, at once."""
    desk, actor = current_console().publishing, current_actor()
    sentence = {
        Language.ZH_CN: request.form.get("sentence_zh", ""),
        Language.EN: request.form.get("sentence_en", ""),
    }
    return take(service, lambda: desk.switch_off(actor, service, sentence, reason=read_reason()))


@room(blueprint, "/catalogue/<service>/on", title=TITLE, roles=IT, methods=["POST"], act="mapping.switch_on")
def switch_on(service: str) -> Response:
    """New business again."""
    desk, actor = current_console().publishing, current_actor()
    return take(service, lambda: desk.switch_on(actor, service, reason=read_reason()))


@room(blueprint, "/catalogue/<service>/review", title=TITLE, roles=BOTH, methods=["POST"], act="mapping.review")
def review(service: str) -> Response:
    """Say that one has looked at what somebody else did alone."""
    desk, actor = current_console().publishing, current_actor()
    return take(service, lambda: desk.review(actor, service, read_number("number"), reason=read_reason()))


def take(service: str, step: Step) -> Response:
    """Take a step and go back to the service; a rule that forbids it is said on the service's page.

    Whoever may not see the service learns nothing of it: ``NotFound``.
    """
    current_console().mappings.open_service(current_actor(), service)
    try:
        step()
    except InputRefused as refused:
        return show_one(service, say_rule(refused.detail), 422)
    except Conflict as refused:
        return show_one(service, say_rule(refused.detail), 409)
    except NotPermitted as refused:
        if refused.detail is None:
            raise
        return show_one(service, say_rule(refused.detail), 409)
    return see_other(f"/catalogue/{service}")


def read_version() -> int:
    """The version that a form names. Raises ``InputRefused``."""
    return read_number("version")


def read_number(field: str) -> int:
    """A whole number of a form. Raises ``InputRefused``."""
    text = request.form.get(field, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InputRefused(detail={field: "not_a_choice"})
    return int(text)


def read_reason() -> str:
    """What somebody wrote as a reason; the use case says whether there must be one."""
    return " ".join(request.form.get("reason", "").split())
