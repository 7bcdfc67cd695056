"""What applications, look-ups and information have in common: the form, what is entered, what must be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.demo.journey import Journey, require
from gateway.demo.stage import Play

OUTPUTS = "outputs."
LATER = "later."


def open_form(journey: Journey, play: Play) -> dict[str, Any]:
    """The form as a client renders it: everything that must be typed is in the story, nothing else is."""
    with journey.step("opens the form") as told:
        form: dict[str, Any] = play.phone.call("GET", f"/services/{play.service.id}")
        require(form["off"] is None, "the service is paused")
        require(form["assurance"]["enough"] is True, "the caller is not known well enough")
        asked = {one["name"]: one for one in form["inputs"]}
        typed = {name for name, one in asked.items() if one["editable"]}
        require(set(play.story.inputs) <= typed, "the story enters what nobody may type")
        given = {*play.story.inputs, *form["prefilled"]}
        lacking = [name for name, one in asked.items() if name not in given and not one["optional"]]
        require(not lacking, f"neither entered nor prefilled: {', '.join(lacking)}")
        told += [f"{one['label']}: {form['prefilled'][name]} (prefilled)" for name, one in asked.items()
                 if name in form["prefilled"]]  # fmt: skip
    return form


def read_entries(play: Play, form: Mapping[str, Any]) -> dict[str, object]:
    """What the person enters, each as the API takes it: a number, a truth or a text."""
    kinds = {one["name"]: one["type"] for one in form["inputs"]}
    return {name: _read_entry(kinds[name], text) for name, text in play.story.inputs.items()}


def _read_entry(kind: str, text: str) -> object:
    if kind == "whole":
        return int(text)
    return text == "true" if kind == "flag" else text


def check_expected(play: Play, shown: Mapping[str, object], prefix: str = "") -> list[str]:
    """Everything that the story expects under ``prefix``, compared as texts; what was seen, as lines.

    ``state`` and ``office_message`` are members of ``shown``, ``outputs.NAME`` those of its ``outputs``. Raises ``StepFailed``.
    """
    seen = []
    for key, wanted in play.story.expect.items():
        if key.startswith(LATER) != (prefix == LATER):
            continue
        place = key.removeprefix(prefix)
        outputs = shown.get("outputs")
        if place.startswith(OUTPUTS):
            found = outputs.get(place.removeprefix(OUTPUTS)) if isinstance(outputs, Mapping) else None
        else:
            found = shown.get(place)
        require(write_text(found) == wanted, f"{place} is {write_text(found)}, the story expects {wanted}")
        seen.append(f"{place}: {wanted}")
    return seen


def write_text(value: object) -> str:
    """A value of a reply as the text that a story compares with."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
