"""The journey of an application: form, submission, the office's own books, and the result that comes later by whatever way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from gateway.demo.forms import LATER, check_expected, open_form, read_entries
from gateway.demo.journey import Journey, require
from gateway.demo.looking_back import view_exposure
from gateway.demo.phone import Phone
from gateway.demo.signing_in import sign_in
from gateway.demo.stage import Play, Stage
from gateway.launch.loopback import send

RESULT_SECONDS = 20.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Submitted:
    """An application whose result is still to come."""

    journey: Journey
    play: Play
    application_id: str
    application_no: str

    @property
    def waits_seconds(self) -> float:
        """How long the counter may take to learn of a decision: it is told, it asks every so often, or it reads a daily file."""
        late = self.play.service.late
        if late is None or late.arrives == "pushed":
            return 0.0
        return _DAY if late.arrives == "file" else late.every_minutes * 60 + 60.0


def play_application(journey: Journey, stage: Stage, play: Play) -> Submitted | None:
    """Up to what the office says at once; whether something is to come. Raises at the first step that does not hold."""
    sign_in(journey, play.phone, play.service.assurance, stage.clock.now())
    form = open_form(journey, play)
    application = apply(journey, play, form)
    follow(journey, play, application["application_id"])
    check_office(journey, play, application["application_no"], application["state"])
    view_exposure(journey, play.phone)
    if any(key.startswith(LATER) for key in play.story.expect):
        return Submitted(journey, play, application["application_id"], application["application_no"])
    return None


def apply(journey: Journey, play: Play, form: dict[str, Any]) -> dict[str, Any]:
    """Submit, and once more with the same key."""
    with journey.step("submits the application") as told:
        phone, path, key = play.phone, f"/services/{play.service.id}/applications", play.phone.make_key()
        body = {"inputs": read_entries(play, form)}
        first = phone.send("POST", path, body, key=key)
        require(first.status == 201, f"it was not accepted: status {first.status} {first.json().get('code')}")
        again = phone.send("POST", path, body, key=key)
        require(again.body == first.body, "the same Idempotency-Key gave other bytes")
        application: dict[str, Any] = first.json()
        told.append(f"{application['application_no']}: {application['state']}, {application['message']}")
        told.extend(check_expected(play, application))
    return application


def follow(journey: Journey, play: Play, application_id: str) -> None:
    """See how far it is, and that it stands in the list."""
    with journey.step("follows the application") as told:
        seen = play.phone.call("GET", f"/applications/{application_id}")
        told.extend(check_expected(play, seen))
        listed = play.phone.call("GET", "/applications")["applications"]
        require(application_id in [one["application_id"] for one in listed], "it is not in the list")


def check_office(journey: Journey, play: Play, application_no: str, state: str) -> None:
    """Ask the office's own book: there once, in the state that the citizen was told."""
    with journey.step("the office's own book agrees") as told:
        book = send("GET", f"{play.office}/_sandbox/applications").json()
        entries = [entry for entry in book if entry["number"] == application_no]
        require(len(entries) == 1, f"the office has it {len(entries)} times")
        require(entries[0]["state"] == state, f"the office says {entries[0]['state']}, the counter {state}")
        told.append(f"{entries[0]['reference']}: {entries[0]['state']}")


def decide(submitted: Submitted) -> None:
    """The office decides as the story expects."""
    play, wanted = submitted.play, submitted.play.story.expect.get(f"{LATER}state", "granted")
    with submitted.journey.step("the office decides") as told:
        address = f"{play.office}/_sandbox/applications/{submitted.application_no}/result"
        reply = send("POST", address, {"state": wanted})
        require(reply.status == 200, f"the office did not decide: status {reply.status}")
        told.append(f"{reply.json()['reference']}: {reply.json()['state']}")


def see_result(stage: Stage, submitted: Submitted) -> None:
    """The result has arrived, is shown, and is the one that stands in the office's book."""
    journey, play = submitted.journey, submitted.play
    sign_in(journey, play.phone, play.service.assurance, stage.clock.now())
    late = play.service.late
    with journey.step("the result arrives") as told:
        wanted = play.story.expect.get(f"{LATER}state", "granted")
        seen = await_state(play.phone, submitted.application_id, wanted)
        told.append(
            f"{late.arrives if late else 'at once'}: {seen['state']}, {seen['office_message'] or seen['message']}"
        )
        told.extend(check_expected(play, seen, LATER))
    check_office(journey, play, submitted.application_no, seen["state"])


def await_state(phone: Phone, application_id: str, wanted: str, seconds: float = RESULT_SECONDS) -> dict[str, Any]:
    """Read again until the application is in this state; the last answer."""
    deadline = time.monotonic() + seconds
    seen: dict[str, Any] = phone.call("GET", f"/applications/{application_id}")
    while seen["state"] != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
        seen = phone.call("GET", f"/applications/{application_id}")
    return seen
