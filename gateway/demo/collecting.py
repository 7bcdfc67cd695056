"""How the result comes to the applicant: opened on the web, handed over against a code at the window, or by post till it is proven."""

from __future__ import annotations

import hashlib
import io
import re

from pypdf import PdfReader

from gateway.demo.agenda import Scene
from gateway.demo.examination import Matter
from gateway.demo.journey import StepFailed, require
from gateway.demo.pages import Page
from gateway.demo.slips import verify_slip
from gateway.demo.workdays import at_office, next_working

CLOSED = "delivered"
PAPERS = "/files/"
RULE = re.compile(r"规则[^（]{1,60}（版本[^）]{1,20}）")
"""How a letter names the rule by which a decision was made."""


def collect(matter: Matter) -> Scene:
    """By whatever way the story chose; the case is closed afterwards."""
    ways = {"electronic": collect_online, "window": collect_at_window, "post": collect_by_post}
    check_certificate(matter)
    yield from ways[matter.applicant.play.story.delivery](matter)
    with matter.journey.step("the matter is closed"):
        case = matter.applicant.view()
        require(case["state"] == CLOSED, f"the case is {case['state']}")


def check_certificate(matter: Matter) -> None:
    """Its number, and its slip by the published keys alone."""
    with matter.journey.step("the certificate is issued") as told:
        certificate = matter.applicant.read("certificate")
        claims = verify_slip(matter.stage.stack, certificate["slip"], matter.stage.clock.now(), spoil=True)
        require(claims["number"] == certificate["number"], "the slip names another certificate")
        require(claims["case_no"] == matter.applicant.case_no, "the slip names another case")
        told.append(f"{certificate['title']} {certificate['number']}, its slip holds offline by the published keys")


def collect_online(matter: Matter) -> Scene:
    """Opened: that is the delivery. The document itself is read at the government's own door."""
    with matter.journey.step("collects the certificate online"):
        done = matter.applicant.collect_online()
        require(done["state"] == CLOSED, f"the case is {done['state']}")
    download(matter)
    yield from ()


def download(matter: Matter) -> None:
    """On the web, signed in: the letter of decision and the certificate, the same bytes each time."""
    visitor = matter.stage.visit(matter.applicant.phone.person)
    with matter.journey.step("downloads decision and certificate on the web") as told:
        page = visitor.open_page(f"/cases/{matter.case_id}")
        papers = [one for one, _ in page.links if PAPERS in one]
        require(len(papers) >= 2, f"the page of the case offers {len(papers)} papers")
        for address in dict.fromkeys(papers):
            told.append(read_paper(visitor.open_page(address), visitor.open_page(address)))


def read_rule(matter: Matter) -> str:
    """Rule and version as the letter of decision names them. Raises ``StepFailed`` if it does not."""
    visitor = matter.stage.visit(matter.applicant.phone.person)
    page = visitor.open_page(f"/cases/{matter.case_id}")
    for address in dict.fromkeys(one for one, _ in page.links if PAPERS in one):
        text = read_text(visitor.open_page(address).body)
        found = RULE.search(text)
        if found:
            return found[0]
    raise StepFailed("no letter names the rule")


def read_text(paper: bytes) -> str:
    """The text of a PDF, without spaces."""
    pages = PdfReader(io.BytesIO(paper)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def read_paper(first: Page, second: Page) -> str:
    """A signed PDF, twice the same; its digest. Raises ``StepFailed``."""
    require(first.body.startswith(b"%PDF-"), f"{first.address} is no PDF")
    require(
        b"/ByteRange" in first.body and b"ETSI.CAdES.detached" in first.body, f"{first.address} is not signed (PAdES)"
    )
    require(first.body == second.body, f"{first.address} is not the same document each time")
    return f"{len(first.body)} bytes, SHA-256 {hashlib.sha256(first.body).hexdigest()[:16]}…"


def collect_at_window(matter: Matter) -> Scene:
    """A code on the phone, scanned at the window; a second time it opens nothing."""
    yield at_office(next_working(matter.stage.today))
    matter.come_back()
    with matter.journey.step("hands the certificate over against the code") as told:
        code, clerk = matter.applicant.make_code(), matter.clerk
        page = clerk.open_case(matter.case_id)
        clerk.act(page, matter.case_id, "hand-over", {"slip": code})
        again = clerk.browser.submit(page, f"/{matter.case_id}/hand-over", {"slip": code})
        require(again.status >= 400, "the same code was taken twice")
        told.append("the code was taken once, and refused the second time")


def collect_by_post(matter: Matter) -> Scene:
    """Posted; the delivery clock runs till the carrier's proof."""
    journey, clerk = matter.journey, matter.clerk
    with journey.step("posts the certificate"):
        number = f"EX{int(matter.stage.clock.now().timestamp()) % 10**9:09d}CN"
        clerk.work(matter.case_id, "post", lambda _: {"carrier": "中国邮政", "number": number})
        case = matter.applicant.view()
        clocks = {one["clock"] for one in case["deadlines"]}
        require(case["state"] == "posted" and "delivery" in clocks, "on its way, and no clock of delivery runs")
    yield at_office(next_working(next_working(matter.stage.today)))
    matter.come_back()
    with journey.step("the carrier proves the delivery"):
        entered = {"on": matter.stage.today.isoformat(), "proof": "本人签收"}
        clerk.work(matter.case_id, "prove-delivery", lambda _: entered)
