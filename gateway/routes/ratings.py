"""Rating a matter (好差评) and complaining about it (投诉): cases, payments and applications of the caller's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from gateway.exposing import Blueprint, current_caller, current_desk, exposed
from gateway.rating_tellers import RATE, tell_said, tell_voice
from gateway.schemas.ratings import ComplaintRequest, RatingRequest, VoiceReply
from services.complaints import ComplaintView, file_complaint
from services.rating_rules import read_rating
from services.rating_words import say_complaint
from services.ratings import VoiceView, rate_matter, show_voice

blueprint = Blueprint("ratings", __name__, description="好差评和投诉")
SAID_AN_HOUR = 30
"""Ratings and complaints together, per person."""
SHOWN = ("complaint_id", "kind", "state", "words", "filed_at", "due_on", "overdue", "answer", "answered_at")


@blueprint.post("/ratings")
@exposed(RATE, tell_said, asks=RatingRequest, shows=VoiceReply)
@blueprint.arguments(RatingRequest)
@blueprint.response(201, VoiceReply)
def rate(asked: dict[str, Any]) -> dict[str, Any]:
    """评价一件办结或在办的事项，每件一次；实名差评五个工作日内回访 · Rate a matter, once; a bad rating under a proven name is followed up in five working days."""
    desk, caller = current_desk(), current_caller()
    given = read_rating(asked["level"], asked["tags"], asked["words"])
    desk.limiter.spend("voices", str(caller.person_id), SAID_AN_HOUR, 3600)
    return describe_voice(rate_matter(desk.applicants, caller, asked["about"], asked["subject"], given))


@blueprint.post("/complaints")
@exposed(RATE, tell_said, asks=ComplaintRequest, shows=VoiceReply)
@blueprint.arguments(ComplaintRequest)
@blueprint.response(201, VoiceReply)
def complain(asked: dict[str, Any]) -> dict[str, Any]:
    """投诉一件事项，由未经手的工作人员五个工作日内答复 · Complain about a matter; somebody who had no part in it answers in five working days."""
    desk, caller = current_desk(), current_caller()
    desk.limiter.spend("voices", str(caller.person_id), SAID_AN_HOUR, 3600)
    file_complaint(desk.applicants, caller, asked["about"], asked["subject"], asked["words"], asked["contact"])
    return describe_voice(show_voice(desk.applicants, caller, asked["subject"]))


@blueprint.get("/ratings/<uuid:subject>")
@exposed(RATE, tell_voice, shows=VoiceReply)
@blueprint.response(200, VoiceReply)
def follow_voice(subject: UUID) -> dict[str, Any]:
    """本人对一件事项的评价、投诉及答复 · What one has said of a matter, and the answers."""
    return describe_voice(show_voice(current_desk().applicants, current_caller(), subject))


def describe_voice(view: VoiceView) -> dict[str, Any]:
    """What the schema names."""
    return {
        "about": view.matter.about,
        "subject": view.matter.subject,
        "rated": view.rated,
        "level": view.level,
        "rated_at": view.rated_at,
        "complaints": [describe_complaint(one) for one in view.complaints],
    }


def describe_complaint(view: ComplaintView) -> dict[str, Any]:
    """A complaint with the fixed sentence of its state."""
    message = say_complaint(view.state, current_caller().language)
    return {name: getattr(view, name) for name in SHOWN} | {"message": message}
