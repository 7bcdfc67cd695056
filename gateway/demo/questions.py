"""The journeys of a look-up and of information: asked, answered, shown with the moment at which it was current."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from gateway.demo.forms import check_expected, open_form, read_entries
from gateway.demo.journey import Journey, require
from gateway.demo.looking_back import view_exposure
from gateway.demo.signing_in import sign_in
from gateway.demo.stage import Play, Stage

_A_MOMENT = timedelta(seconds=30)


def play_lookup(journey: Journey, stage: Stage, play: Play) -> None:
    """What an office has of the caller. Raises at the first step that does not hold."""
    sign_in(journey, play.phone, play.service.assurance, stage.clock.now())
    form = open_form(journey, play)
    with journey.step("looks it up at the office") as told:
        body = {"inputs": read_entries(play, form)}
        found = play.phone.call("POST", f"/services/{play.service.id}/lookups", body)
        told.extend(tell_found(play, form, found))
        require(abs(stage.clock.now() - read_moment(found)) < _A_MOMENT, "the office was not asked now")
    view_exposure(journey, play.phone)


def play_information(journey: Journey, stage: Stage, play: Play) -> None:
    """Public information. Raises at the first step that does not hold."""
    sign_in(journey, play.phone, play.service.assurance, stage.clock.now())
    form = open_form(journey, play)
    with journey.step("reads it") as told:
        filters = urlencode(play.story.inputs)
        found = play.phone.call("GET", f"/services/{play.service.id}/information" + (f"?{filters}" if filters else ""))
        told.extend(tell_found(play, form, found))
        age = stage.clock.now() - read_moment(found)
        require(age < timedelta(seconds=play.service.cache_seconds) + _A_MOMENT, "it is older than it may be")
    view_exposure(journey, play.phone)


def tell_found(play: Play, form: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is shown, as lines; lists by their length. Raises ``StepFailed`` if it is not what the story expects."""
    require(not found["stale"], "it is stale")
    lines = [f"current at {found['current_at']}"]
    for output in form["outputs"]:
        value = found["outputs"].get(output["name"])
        lines.append(f"{output['label']}: {f'{len(value)} entries' if isinstance(value, list) else value}")
    check_expected(play, found)
    return lines


def read_moment(found: dict[str, Any]) -> datetime:
    """When it was current."""
    return datetime.fromisoformat(found["current_at"])
