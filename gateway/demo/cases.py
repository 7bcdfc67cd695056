"""The journeys of a case: applied for on any door, lived through day by day, decided by clerk and head or by a rule, collected.

Nothing here knows a service: what is asked, fetched, corrected and told comes from the mapping in force, who plays from its stories.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

from gateway.demo import collecting, examination, telling
from gateway.demo.agenda import Scene
from gateway.demo.applicant import Applicant, find_deadline, find_words
from gateway.demo.applying import authorise, begin
from gateway.demo.examination import Matter, await_registers
from gateway.demo.forms import check_expected
from gateway.demo.journey import Journey, StepFailed, require
from gateway.demo.looking_back import view_exposure
from gateway.demo.rating import rate
from gateway.demo.slips import verify_slip
from gateway.demo.stage import A_MINUTE, Play, Stage
from gateway.demo.window import bring_to_window
from gateway.demo.workdays import at_office, is_working, list_between, next_working
from services.doors import is_own
from services.model import PlatformName

ACCEPTS, DECIDES = "main.clerk", "main.head"
EVENING, AFTERNOON = timedelta(hours=10), timedelta(hours=4)
"""After ten in the morning: an office has closed; a text message has followed the platform's of a day before."""
SPECIAL_DAYS = 3
"""Working days that a special procedure of the demo really takes."""


def play_case(journey: Journey, stage: Stage, play: Play, door: PlatformName) -> Scene:
    """One case through one door. Raises at the first step that does not hold."""
    terms = play.service.counter
    if terms is None:
        raise StepFailed(f"{play.service.id} says nothing of the counter")
    matter = Matter(journey, stage, Applicant(play), terms, stage.call_clerk(ACCEPTS), stage.call_clerk(DECIDES))
    yield find_morning(stage)
    if terms.decided_by == "back_end":
        yield from play_by_rule(matter, door)
    else:
        yield from play_by_clerk(matter, door)


def find_morning(stage: Stage) -> datetime:
    """Ten o'clock of the next day on which offices work."""
    return at_office(next_working(stage.today))


def play_by_clerk(matter: Matter, door: PlatformName) -> Scene:
    """Applied, corrected, accepted, examined with a special procedure, decided, collected."""
    late = door is PlatformName.ALIPAY
    if late:  # the office has closed: it counts as received on the next working day
        yield matter.stage.clock.now() + EVENING
    since = matter.stage.clock.now()
    begin(matter, door)
    await_registers(matter, since)
    if late:
        yield find_morning(matter.stage)
        matter.come_back()
    yield from play_correction(matter, door)
    missing = list_missing(matter)
    examination.accept(matter, missing)
    see_acceptance(matter)
    if missing:
        supply(matter, door, missing)
    yield from play_special(matter)
    examination.finish_steps(matter)
    examination.decide(matter)
    see_decision(matter)
    yield from collecting.collect(matter)
    finish(matter)


def list_missing(matter: Matter) -> list[str]:
    """What the story brings later, against a promise."""
    brought = matter.applicant.play.story.materials
    return [name for name, one in matter.terms.materials.items() if one.secondary and name not in brought]


def play_correction(matter: Matter, door: PlatformName) -> Scene:
    """Asked for once, told by the ladder, answered, not told again."""
    material, code = find_correction(matter)
    matter.stage.pass_time(A_MINUTE)  # by its minute a message is known from that of the receipt
    begun, reachable = matter.stage.clock.now(), bool(telling.list_phones(matter))
    examination.ask_correction(matter, material, code)
    notice = telling.Notice(matter, begun, matter.stage.clock.now(), reachable)
    telling.await_first(notice)
    yield at_office(next_working(matter.stage.today)) + AFTERNOON
    telling.check_told_once(notice)
    matter.come_back()
    with matter.journey.step("reads what is to be put right") as told:
        case = matter.applicant.view()
        asked = [entry for entry in find_words(case, "correction_asked") if entry["words"]]
        require(len(asked) == 1, f"corrections were told {len(asked)} times")
        told.extend(asked[0]["words"])
        until = find_deadline(case, "correction")
        told.append(f"till {until}")
    since = matter.stage.clock.now()
    bring(matter, door, "corrections", [material])
    await_registers(matter, since)


def find_correction(matter: Matter) -> tuple[str, str]:
    """The first material that was uploaded and has ready-made reasons, with the first of them."""
    for name, one in matter.terms.materials.items():
        if one.corrections and name in matter.applicant.uploaded:
            return name, one.corrections[0].code
    raise StepFailed("no material of the story has a ready-made correction")


def bring(matter: Matter, door: PlatformName, act: str, materials: list[str]) -> None:
    """What was asked for, at the door of the story."""
    with matter.journey.step(f"brings {', '.join(materials)}"):
        if door is PlatformName.WINDOW:
            bring_to_window(matter, act, materials)
        else:
            matter.applicant.bring(act, materials)


def supply(matter: Matter, door: PlatformName, missing: list[str]) -> None:
    """What was left out comes within the gap's days, and is looked at."""
    bring(matter, door, "gap", missing)
    examination.check_supplied(matter, missing)


def see_acceptance(matter: Matter) -> None:
    """Both deadlines as counted by hand, in the case and in a receipt that the office cannot back-date."""
    with matter.journey.step("sees both deadlines, day by day, and the dated receipt") as told:
        told.extend(matter.check_limits(matter.applicant.view()))
        receipt = matter.applicant.read("receipt")
        claims = verify_slip(matter.stage.stack, receipt["slip"], matter.stage.clock.now())
        for key, budget in (("statutory_on", matter.terms.statutory_days), ("promised_on", matter.terms.promised_days)):
            require(claims[key] == matter.reckon(budget).isoformat(), f"the slip has another day for {key}")
        require(claims["number"] == matter.applicant.case_no, "the slip names another case")
        told.append("the slip of the receipt holds offline by the published keys")
        check_days(matter)


def check_days(matter: Matter) -> None:
    """Each day of the explained limit is counted as the demo counts it."""
    explained = matter.applicant.read("deadline")["deadlines"]
    statutory = next(one for one in explained if one["clock"] == "statutory")
    counted = [one["on"] for one in statutory["days"] if one["counted"]]
    require(len(counted) == matter.terms.statutory_days, f"{len(counted)} days are counted")
    require(all(is_working(date.fromisoformat(one)) for one in counted), "a day off is counted")
    require(
        all(one["message"] and (one["source"] or one["provisional"]) for one in statutory["days"]),
        "a day has no reason",
    )


def play_special(matter: Matter) -> Scene:
    """The limits stand for exactly the working days of the procedure: first till its told end, then till its real one."""
    before = matter.reckon(matter.terms.statutory_days)
    examination.begin_special(matter, next(iter(matter.terms.special)))
    with matter.journey.step("both deadlines move by the days that were told"):
        matter.check_limits(matter.applicant.view())
    ends = matter.stage.today
    for _ in range(SPECIAL_DAYS):
        ends = next_working(ends)
    yield at_office(ends) + AFTERNOON
    matter.come_back()
    examination.end_special(matter)
    with matter.journey.step("both deadlines move back to the days that were needed") as told:
        told.extend(matter.check_limits(matter.applicant.view()))
        gone = [day for begins, until in matter.left_out for day in list_between(begins, until)]
        require(len(gone) == SPECIAL_DAYS, f"the procedure took {len(gone)} working days")
        told.append(f"before it: {before}; {len(gone)} working days did not count")


def see_decision(matter: Matter) -> None:
    """Granted, entered in the office's register, the certificate made."""
    with matter.journey.step("the decision is told, the certificate is made") as told:
        case = matter.await_case(lambda one: one["state"] == "issued", "the certificate")
        told.extend([entry["message"] for entry in case["timeline"][-2:]])
        told.extend(check_expected(matter.applicant.play, case))
        kinds = [one["kind"] for one in matter.applicant.read("documents")["documents"]]
        require(len(kinds) == len(set(kinds)), f"a paper was made twice: {kinds}")
        told.append(f"papers: {', '.join(kinds)}")


def play_by_rule(matter: Matter, door: PlatformName) -> Scene:
    """Decided within seconds by a value of a government back end, with rule and version; nobody looks at it."""
    if matter.applicant.play.story.parent:
        authorise(matter)
    began = time.monotonic()
    begin(matter, door)
    see_decision(matter)
    with matter.journey.step("reads by which rule it was decided") as told:
        told.append(f"{time.monotonic() - began:.1f} s after it was begun")
        told.append(f"rule {collecting.read_rule(matter)}")
    yield from collecting.collect(matter)
    finish(matter)


def finish(matter: Matter) -> None:
    """Rated; and where a platform looked on, what it saw."""
    rate(matter)
    if not is_own(PlatformName(matter.applicant.phone.platform)):
        view_exposure(matter.journey, matter.applicant.phone)
