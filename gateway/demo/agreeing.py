"""What a person in the demo agrees to before they apply: the purposes that their story names, in the words that the app shows."""

from __future__ import annotations

from typing import Any

from gateway.demo.examination import Matter
from gateway.demo.journey import require


def agree(matter: Matter) -> None:
    """Read the text, agree, take it back, agree again: each is one call, and each counts at once."""
    phone, service = matter.applicant.phone, matter.applicant.play.service.id
    for purpose in matter.applicant.play.story.agrees:
        shown = _read(matter, purpose)
        if shown["in_force"]:
            continue
        with matter.journey.step("reads what is asked for, agrees, takes it back, agrees again") as told:
            place = f"/consents/{service}/{purpose}"
            number = shown["number"]
            given = phone.call("POST", place, {"version": shown["version"], "after": number})
            require(given["in_force"] and _read(matter, purpose)["in_force"], "the consent is not in force")
            ended = phone.call("DELETE", place)
            require(not _read(matter, purpose)["in_force"], "a withdrawn consent is still in force")
            phone.call("POST", place, {"version": shown["version"], "after": ended["number"]})
            told.append(f"{shown['name']}; to {shown['recipient']}")
            told.append(f"text {shown['version'][:12]}, {len(_read(matter, purpose)['history'])} entries of history")


def _read(matter: Matter, purpose: str) -> dict[str, Any]:
    answer = matter.applicant.phone.call("GET", "/consents")
    wanted = matter.applicant.play.service.id, purpose
    found: list[dict[str, Any]] = [one for one in answer["consents"] if (one["service"], one["purpose"]) == wanted]
    require(len(found) == 1, f"{purpose} does not ask for consent")
    return found[0]
