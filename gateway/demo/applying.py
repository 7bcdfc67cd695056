"""How a case begins: at a phone, on the web or at the window; for oneself, an organisation or an old parent."""

from __future__ import annotations

from datetime import date, timedelta

from adapters.clock import SHANGHAI
from gateway.demo.agreeing import agree
from gateway.demo.examination import Matter
from gateway.demo.journey import require
from gateway.demo.phone import Person
from gateway.demo.signing_in import sign_in
from gateway.demo.window import open_walk_in
from gateway.demo.workdays import count_on, is_working, next_working
from services.doors import PLATFORMS
from services.model import PlatformName

A_YEAR = timedelta(days=365)


def begin(matter: Matter, door: PlatformName) -> None:
    """Applied for, at the door of the story."""
    if door is PlatformName.WINDOW:
        open_walk_in(matter)
        greet(matter)
    else:
        greet(matter)
        if door in PLATFORMS:
            agree(matter)
        apply(matter)
    check_receipt(matter)


def greet(matter: Matter) -> None:
    """Signed in, and known as who acts for the applicant."""
    play, journey = matter.applicant.play, matter.journey
    sign_in(journey, play.phone, play.service.assurance, matter.stage.clock.now())
    if play.story.organisation and matter.applicant.organisation_id is None:
        with journey.step("proves to be the legal representative") as told:
            found = matter.applicant.record_organisation()
            told.append(f"{found['name']}: {found['acting_as']}")


def apply(matter: Matter) -> None:
    """Draft, papers, come back, hand in twice with one key."""
    applicant, journey = matter.applicant, matter.journey
    with journey.step("fills in a draft and uploads the papers") as told:
        form = applicant.open_form()
        draft = applicant.begin_draft(form)
        place = f"/drafts/{draft['draft_id']}"
        papers = [name for name, how in applicant.play.story.materials.items() if how == "sample"]
        for name in papers:
            applicant.upload_to(place, name)
        told.append(f"uploaded: {', '.join(papers) or 'nothing'}")
    with journey.step("comes back to it and hands it in") as told:
        kept = applicant.phone.call("GET", place)
        require(kept["lacking"] == [], f"the draft lacks {kept['lacking']}")
        case = applicant.hand_in(draft["draft_id"], kept["version"])
        told.append(f"case {case['case_no']}; repeated with the same Idempotency-Key: the same bytes")


def check_receipt(matter: Matter) -> None:
    """The day of receipt by the office's hours, the day by which it must speak, and the receipt, all as counted by hand."""
    with matter.journey.step("the receipt says by when the office must speak") as told:
        matter.received_on = find_received_on(matter)
        receipt = matter.applicant.read("receipt")
        require(receipt["received_on"] == matter.received_on.isoformat(), f"received on {receipt['received_on']}")
        told.append(f"{receipt['case_no']}: received on {receipt['received_on']}")
        if receipt["told_by_on"] is not None:
            by = count_on(matter.received_on, matter.terms.completeness_days)
            require(receipt["told_by_on"] == by.isoformat(), f"told by {receipt['told_by_on']}, counted by hand {by}")
            told.append(f"the office speaks by {by}, as counted by hand")


def find_received_on(matter: Matter) -> date:
    """The legal day of receipt by the service's hours, as the demo reads them."""
    local, hours = matter.stage.clock.now().astimezone(SHANGHAI), matter.terms.receiving
    if hours.outside == "same_day" or (is_working(local.date()) and f"{local:%H:%M}" < hours.closes):
        return local.date()
    return next_working(local.date())


def authorise(matter: Matter) -> None:
    """An old parent, signed in on the web, lets the child act; the register is asked whether it is one."""
    play, told_of = matter.applicant.play, matter.applicant.play.story.parent
    parent = Person(f"parent-of-{play.story.person}", told_of["name"], told_of["identity_number"], told_of["phone"])
    visitor = matter.stage.visit(parent)
    with matter.journey.step("the parent lets the child act") as told:
        visitor.log_in()
        child = play.phone.person
        body = {
            "kind": "family",
            "agent": {"real_name": child.real_name, "identity_number": child.identity_number},
            "services": [play.service.id],
            "until": (matter.stage.today + A_YEAR).isoformat(),
        }
        given = visitor.call("POST", "/mandates", body, status=201)
        require(given["state"] == "in_force", f"the mandate is {given['state']}")
        matter.applicant.mandate_id = given["mandate_id"]
        told.append(f"{given['kind']}: {given['agent']} may act")
