"""A walk-in at the window: the clerk sees the card, opens the case, scans what is brought, prints the receipt."""

from __future__ import annotations

import re

from gateway.demo.clerk import CASES
from gateway.demo.examination import Matter
from gateway.demo.journey import require
from gateway.demo.pages import Page, Upload, Value
from gateway.demo.samples import make_sample

NUMBER = re.compile(r"办件编号 (\S+)")
"""Where the printed receipt has the number of the case."""
ACTS = {"corrections": "bring-corrections", "gap": "bring-gap"}
"""What the clerk's page calls what the applicant's API calls so."""


def open_walk_in(matter: Matter) -> None:
    """Opened by the clerk for whoever stands there; sent twice it is one case; the receipt comes out of the printer."""
    play, clerk = matter.applicant.play, matter.clerk
    with matter.journey.step("the clerk opens a case at the window and prints the receipt") as told:
        shelf = clerk.open("/window")
        form = clerk.browser.open(shelf.find_link(f"/window/new/{play.service.id}/"))
        entered = fill_in(matter)
        receipt = clerk.browser.submit(form, "/open", entered)
        require(receipt.status == 200 and not receipt.alerts, f"no case was opened: {' '.join(receipt.alerts)}")
        again = clerk.browser.submit(form, "/open", entered)
        matter.applicant.case_id, matter.applicant.case_no = read_receipt(receipt)
        require(read_receipt(again) == read_receipt(receipt), "the same page sent twice opened two cases")
        told.append(f"case {matter.applicant.case_no}; sent twice it is one case")


def fill_in(matter: Matter) -> dict[str, Value]:
    """What the clerk types, ticks and scans."""
    story, person = matter.applicant.play.story, matter.applicant.phone.person
    papers = [name for name, how in story.materials.items() if how == "sample"]
    scans: dict[str, Value] = {f"file.{name}": scan(matter, name) for name in papers}
    typed: dict[str, Value] = {f"input.{name}": value for name, value in story.inputs.items()}
    later = [name for name, one in matter.terms.materials.items() if one.secondary and name not in story.materials]
    whose: dict[str, Value] = {"whose": "self"}
    if story.organisation:
        whose = {"whose": "organisation", "credit_code": story.organisation["credit_code"]}
    card: dict[str, Value] = {
        "card.name": person.real_name, "card.identity_number": person.identity_number, "card_seen": "yes",
        "phone": person.phone, "delivery": story.delivery, "original": papers,
        "promise": [name for name, how in story.materials.items() if how == "promise"],
    }  # fmt: skip
    place: dict[str, Value] = {"address": story.address} if story.address else {}
    return card | whose | typed | scans | place | ({"later": later} if later else {})


def scan(matter: Matter, material: str) -> Upload:
    """A fresh sample of a paper."""
    matter.applicant.uploaded.append(material)
    return make_sample(material, list(matter.terms.materials[material].accepts))


def read_receipt(page: Page) -> tuple[str, str]:
    """Id and number of the case, as the printed page has them. Raises ``StepFailed``."""
    found = NUMBER.search(page.text)
    require(found is not None, "the receipt has no number")
    address = page.find_link(CASES)
    return address.rpartition(CASES)[2], found[1] if found else ""


def bring_to_window(matter: Matter, act: str, materials: list[str]) -> None:
    """What was asked for, scanned by the clerk, then taken in."""
    page = matter.clerk.open_case(matter.case_id)
    for material in materials:
        page = matter.clerk.act(page, matter.case_id, "scan", {"material": material, "file": scan(matter, material)})
    matter.clerk.act(page, matter.case_id, ACTS[act], {"original": materials})
