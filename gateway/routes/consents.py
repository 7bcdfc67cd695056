"""What a citizen agreed to on this platform: seen, given, withdrawn. What was agreed to elsewhere is not shown here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.arrival import Arrival, Told
from gateway.desk import Desk
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.catalogue import NAME, SERVICE_ID
from gateway.schemas.consents import ConsentRequest, ConsentsReply, ConsentStateReply
from services.consent_record import ConsentMatter, ConsentState
from services.consents import NOTE, ConsentLine, Saying, tell_text
from services.doors import limit_to
from services.errors import NotFound
from services.model import Caller

ROOM, PURPOSE = "consents", "manage_consents"
FORMS = re.compile(SERVICE_ID), re.compile(NAME)
blueprint = Blueprint("consents", __name__, description="授权同意")


@blueprint.get("/consents")
@exposed(PURPOSE, in_room(ROOM, PURPOSE), shows=ConsentsReply)
@blueprint.response(200, ConsentsReply)
def show_consents() -> dict[str, Any]:
    """哪些用途需要我的同意、我同意了什么 · Which purposes ask for my consent, and what I agreed to."""
    desk, caller = current_desk(), current_caller()
    lines = desk.consents.list_lines(caller.person_id, limit_to(caller.app.platform))
    return {"note": NOTE[caller.language], "consents": [describe_line(one) for one in lines if one.text is not None]}


def tell_consent(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """The room; what is no name of a service or purpose is not found. Raises ``NotFound``."""
    if not all(form.fullmatch(values[name]) for form, name in zip(FORMS, ("service", "purpose"), strict=True)):
        raise NotFound
    return in_room(ROOM, PURPOSE)(desk, caller, arrival, values)


@blueprint.post("/consents/<string:service>/<string:purpose>")
@exposed(PURPOSE, tell_consent, asks=ConsentRequest, shows=ConsentStateReply)
@blueprint.arguments(ConsentRequest)
@blueprint.response(200, ConsentStateReply)
def give_consent(asked: dict[str, Any], service: str, purpose: str) -> dict[str, Any]:
    """同意这一用途的这一版文本 · Agree to this purpose in these words."""
    state = current_desk().consents.give(_say(service, purpose), asked["version"], asked["after"])
    return describe_state(state, asked["version"])


@blueprint.delete("/consents/<string:service>/<string:purpose>")
@exposed(PURPOSE, tell_consent, shows=ConsentStateReply)
@blueprint.response(200, ConsentStateReply)
def end_consent(service: str, purpose: str) -> dict[str, Any]:
    """撤回同意，或者不同意 · Withdraw the consent, or refuse it."""
    return describe_state(current_desk().consents.end(_say(service, purpose)), "")


def _say(service: str, purpose: str) -> Saying:
    caller = current_caller()
    platform = str(caller.app.platform)
    return Saying(caller.person_id, ConsentMatter(service, purpose, platform), platform)


def describe_state(state: ConsentState, version: str) -> dict[str, Any]:
    """What the schema names."""
    return {"state": state.name, "in_force": state.allows(version), "number": state.number}


def describe_line(line: ConsentLine) -> dict[str, Any]:
    """One matter in the caller's language."""
    caller = current_caller()
    assert line.text is not None  # noqa: S101 - such lines are left out
    told = tell_text(line.text, caller.language)
    return {
        "service": line.matter.service, "purpose": line.matter.purpose, "title": told.title, "name": told.name,
        "because": told.because, "legal_basis": told.legal_basis, "recipient": told.recipient, "kept": told.kept,
        "separate": told.separate, "version": told.version,
        "seen": [{"direction": one.direction, "name": one.name, "label": one.label} for one in told.fields],
        "offered": line.offered is not None, "in_force": line.in_force, "state": line.state.name, "number": line.state.number,
        "history": [
            {"name": one.name, "at": one.at, "channel": one.channel, "version": one.version or None} for one in line.history
        ],
    }  # fmt: skip
