"""The effort label is what the people of the demo really do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from gateway.demo import applications, bills, forms, questions
from gateway.demo.applicant import Applicant
from gateway.demo.due import Due
from gateway.demo.journey import Journey
from gateway.demo.phone import Person, Phone
from gateway.demo.stage import Play
from gateway.launch.loopback import Reply
from services.effort import When, label_at
from services.model import PlatformName
from services.service_words import is_typed
from services.stories import Story
from tests.case_city import PHOTO, CaseCity
from tests.fake_counter import FORM
from tests.unit.gateway.effort_walk import (
    GAS,
    SHIPPED,
    list_clicks,
    owe,
)
from tests.unit.gateway.small_city import build_small_city


class Pocket(Phone):
    """A phone of the demo in front of the app of a test: it keeps what it sent that changes something."""

    platform = "wechat"

    def __init__(self, city: Any, token: str) -> None:
        super().__init__("", "", "wx1", Person("wang", "王小明", "110101199003070011", "13800138001"))
        self.city, self.token = city, token
        self.sent: list[tuple[str, str, str]] = []
        self.tills = 0

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Reply:
        """To the app; a repetition under its key is the same act."""
        act = (method, path.partition("?")[0], key or uuid4().hex)
        if act not in self.sent and (method == "POST" or "/information" in path):
            self.sent.append(act)
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.city.send(method, f"/v1{path}", body, token=self.token, headers=headers)
        return Reply(answer.status, answer.headers, answer.body)

    def upload(self, path: str, content: bytes, media_type: str) -> Reply:
        """A file."""
        self.sent.append(("POST", path.partition("?")[0], ""))
        answer = self.city.send("POST", f"/v1{path}", raw=PHOTO + path.encode(), kind=media_type, token=self.token)
        return Reply(answer.status, answer.headers, answer.body)

    def make_phone_evidence(self) -> str:
        """A code."""
        return "13800138001"

    def open_till(self, parameters: Mapping[str, Any]) -> str:
        """Confirmed."""
        self.tills += bool(parameters)
        return "requestPayment:ok"


def watch(platform: str = "wechat") -> Journey:
    """A journey that nobody reads."""
    return Journey("x", platform, lambda _line: None, list)


def test_the_demo_pays_a_bill_by_the_label() -> None:
    """Its phone sends each request of the label once, and opens the till once."""
    walk = owe()
    phone = Pocket(walk.known["city"], walk.token)
    play = Play(GAS, Story("wang", (PlatformName.WECHAT,), {"household_no": "10086001"}), phone, "")
    household = bills.bind_household(watch(), play)
    due = bills.see_bill(watch(), play, household, Due(8640), "2026-10")
    bills.pay(watch(), phone, household, due)
    label = list_clicks(GAS, "wechat")
    assert [f"{method} /v1{path}" for method, path, _ in phone.sent] == [one.request for one in label if one.request]
    assert phone.tills == len([one for one in label if one.code == "till"])


def test_the_demo_applies_and_asks_by_the_label() -> None:
    """One request each, whatever the form holds."""
    city = build_small_city()
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in FORM.items()}
    for name, story in (("pet-licence", texts), ("pet-record", {"pet_kind": "DOG"})):
        mapping, phone = city.services[name], Pocket(city, city.log_in())
        play = Play(mapping, Story("wang", (PlatformName.WECHAT,), story), phone, "")
        form = phone.call("GET", f"/services/{name}")
        if mapping.kind == "application":
            applications.apply(watch(), play, form)
        else:
            found = phone.call("POST", f"/services/{name}/lookups", {"inputs": forms.read_entries(play, form)})
            assert questions.tell_found(play, form, found)
        (click,) = list_clicks(mapping, "wechat")
        assert [f"{method} /v1{path}" for method, path, _ in phone.sent] == [click.request.format(service=name)]


def test_the_demo_hands_a_case_in_by_the_label() -> None:
    """Draft, a file for each paper, hand-in, and the certificate: as many requests as the label has clicks that send something."""
    city = CaseCity()
    mapping, token = city.counter.mapping, city.enter()
    phone = Pocket(city, token)
    story = Story(
        "wang", (PlatformName.WECHAT,), {"company_name": "小明早点"}, delivery="electronic",
        materials={"proof_of_premises": "sample", "floor_plan": "sample", "promise": "promise"},
    )  # fmt: skip
    applicant = Applicant(Play(mapping, story, phone, ""))
    draft = applicant.begin_draft(applicant.open_form())
    for name in ("proof_of_premises", "floor_plan"):
        applicant.upload_to(f"/drafts/{draft['draft_id']}", name)
    applicant.hand_in(draft["draft_id"], 1)
    case_id = applicant.case_id
    city.move(case_id, "accepted", on="2026-11-02")
    city.move(case_id, "granted", on="2026-11-03", by="clerk", reasons=["符合条件"], legal_ground="测试法第一条")
    city.counter.run_jobs()
    applicant.collect_online()
    fill = {"service": mapping.id, "draft": draft["draft_id"], "case": case_id}
    wanted = [one.request.format(**fill) for one in list_clicks(mapping, "wechat")]
    assert [f"{method} /v1{path}" for method, path, _ in phone.sent] == wanted


@pytest.mark.parametrize("service", sorted(SHIPPED))
def test_the_stories_enter_what_the_label_counts(service: str) -> None:
    """Whoever plays a shipped service enters each counted input, and ticks and uploads each counted material unless it comes later."""
    mapping = SHIPPED[service]
    lines = [one for one in label_at(mapping, "wechat").lines if one.count and one.when is not When.KNOWN]
    needed = {name for name, one in mapping.inputs.items() if any(line.what is one.label for line in lines)}
    spared = {name for name, one in mapping.inputs.items() if one.prefilled_from or one.optional}
    assert needed == {name for name, one in mapping.inputs.items() if is_typed(one)} - spared
    told = mapping.raw["demo"]
    for story in told["stories"] if isinstance(told, dict) else []:
        assert set(story.get("inputs", {})) - spared == needed
        assert ("amount_fen" in story) == any(line.code == "type_amount" for line in lines)
        if mapping.counter is not None:
            titles = {name: one.title for name, one in mapping.counter.materials.items()}
            counted = {name: line.code for name, title in titles.items() for line in lines if line.what is title}
            brought = {name for name, code in counted.items() if code != "upload_secondary"}
            assert brought <= set(story["materials"]) <= set(counted)
