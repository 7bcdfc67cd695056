"""The effort label is what a phone and the web door really do: walked click by click, and held against the people of the demo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
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
from services.effort import EffortLine, Sort, When, label_at
from services.mapping import ServiceMapping
from services.model import Assurance, PlatformName
from services.service_words import is_typed
from services.stories import Story
from tests.case_city import PHOTO, WEB, WECHAT, CaseCity
from tests.case_samples import LICENSING
from tests.fake_applicants import CONTENT
from tests.fake_counter import FORM
from tests.fakes import FakeBill, load_catalogue
from tests.unit.gateway.fakes_edge import build_city
from tests.unit.gateway.small_city import SmallCity, build_small_city

HOUSEHOLD = {"service": "gas-bill", "household_no": "10086001"}
SHIPPED = load_catalogue().services
GAS = SHIPPED["gas-bill"]
Send = Callable[..., Any]
Acts = Mapping[str, Callable[["Walk"], Any]]


@dataclass
class Walk:
    """Somebody on the way through a service. ``known``: what replies have shown; a request that cannot be sent yet ends the walk."""

    send: Send
    token: str
    known: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, *, key: bool = False, **more: Any) -> Any:
        """One request; a refusal ends the walk."""
        headers = {"Idempotency-Key": uuid4().hex} if key else {}
        answer = self.send(method, path, body, token=self.token, headers=headers, **more)
        if answer.status >= 400:
            raise StoppedError(f"{method} {path}: {answer.status}")
        return answer.json if answer.body else None

    def go(self, clicks: list[EffortLine], acts: Acts) -> bool:
        """Click after click; whether the result was reached."""
        try:
            for line in clicks:
                acts[line.request or line.code](self)
        except (StoppedError, KeyError):
            return False
        return bool(self.known.get("done"))


class StoppedError(Exception):
    """The counter did not go along."""


def list_clicks(mapping: ServiceMapping, door: str, *, asked: bool = True) -> list[EffortLine]:
    """The clicks of a label that send something, in its order, without who somebody is."""
    lines = label_at(mapping, door).lines
    sent = [one for one in lines if one.sort is Sort.CLICK and one.count and one.when is not When.KNOWN]
    return [one for one in sent if one.request or one.code == "till"] if asked else sent


def walk_and_leave_out(begin: Callable[[], Walk], clicks: list[EffortLine], acts: Acts) -> None:
    """All clicks lead to the result; with any of them left out there is none."""
    assert begin().go(clicks, acts)
    for at in range(len(clicks)):
        assert not begin().go([*clicks[:at], *clicks[at + 1 :]], acts), f"not needed: {clicks[at].code}"


# A bill: seen masked, bound, ordered, paid in the till.


def see_holder(walk: Walk) -> None:
    walk.known["holder"] = walk.ask("POST", "/v1/households/lookup", HOUSEHOLD)["holder_name_masked"]


def bind(walk: Walk) -> None:
    """Nobody confirms a holder whom they did not see."""
    assert walk.known["holder"].startswith("*")
    walk.known["household"] = walk.ask("POST", "/v1/households", HOUSEHOLD)["household_id"]


def order(walk: Walk) -> None:
    """The bills are shown without a click: they belong to the screen that follows."""
    household = walk.known["household"]
    bill = walk.ask("GET", f"/v1/households/{household}/bills")["bills"][0]
    body = {"household_id": household, "bill_ref": bill["bill_ref"], "amount_fen": bill["amount_fen"]}
    walk.known["till"] = walk.ask("POST", "/v1/payments", body, key=True)["client_parameters"]


def confirm(walk: Walk) -> None:
    """The payer confirms in the platform's till what was ordered."""
    assert walk.known["till"]
    shop = walk.known["shop"]
    walk.known["done"] = shop.pay(list(shop.orders)[-1])


BILL_ACTS: Acts = {
    "POST /v1/households/lookup": see_holder, "POST /v1/households": bind, "POST /v1/payments": order, "till": confirm,
}  # fmt: skip


def owe(platform: PlatformName = PlatformName.WECHAT) -> Walk:
    """Somebody with a proven telephone and one bill."""
    city = build_city()
    company = city.back_ends["gas-bill"]
    company.households["10086001"] = ("王小明", "北京市朝阳区1号")
    company.bills["G-1"] = FakeBill("10086001", 8640)
    token = city.log_in(platform)
    assert city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token).status == 200
    return Walk(city.send, token, {"city": city, "shop": city.platforms[platform]})


@pytest.mark.parametrize("platform", [PlatformName.WECHAT, PlatformName.ALIPAY])
def test_a_bill_takes_the_clicks_of_its_label(platform: PlatformName) -> None:
    """Four acts and one number the first time; two acts as soon as the household is bound."""
    clicks = list_clicks(GAS, platform)
    walk_and_leave_out(lambda: owe(platform), clicks, BILL_ACTS)
    assert clicks == list_clicks(GAS, platform, asked=False)
    walk = owe(platform)
    assert walk.go(clicks, BILL_ACTS)
    company = walk.known["city"].back_ends["gas-bill"]
    company.bills = {"G-2": FakeBill("10086001", 1230, "2026-11")}
    walk.known["done"] = False
    again = [one for one in clicks if one.when is When.EACH]
    assert walk.go(again, BILL_ACTS)
    assert len(again) == 2


@pytest.mark.parametrize("field", ["household_no"])
def test_the_typed_field_of_a_bill_is_needed(field: str) -> None:
    """What the label counts as typed is what the first request refuses to do without."""
    typed = [
        one.what
        for one in label_at(GAS, "wechat").lines
        if one.sort is Sort.FIELD and one.count and one.when is When.FIRST
    ]
    assert typed == [GAS.inputs[field].label]
    with pytest.raises(StoppedError):
        owe().ask("POST", "/v1/households/lookup", {name: one for name, one in HOUSEHOLD.items() if name != field})


def test_who_somebody_is_takes_what_stands_apart() -> None:
    """A session of a platform becomes a proven name by exactly the requests that the label names, and with fewer it does not."""
    mapping = SHIPPED["water-bill"]
    assert mapping.assurance is Assurance.REAL_NAME
    lines = [one for one in label_at(mapping, "wechat").lines if one.when is When.KNOWN]
    clicks = [one for one in lines if one.sort is Sort.CLICK]
    name = {"real_name": "王小明", "identity_number": "110101199003070011"}
    assert len([one for one in lines if one.sort is Sort.FIELD]) == len(name)
    bodies: dict[str, object] = {
        "POST /v1/identity/phone": {"evidence": "13800138001"},
        "POST /v1/identity/real-name": name,
    }

    def prove(walk: Walk, request: str) -> None:
        method, path = request.split(" ")
        walk.known["done"] = walk.ask(method, path, bodies[request])["assurance"] == "real-name"

    acts: Acts = {request: partial(prove, request=request) for request in bodies}

    def arrive() -> Walk:
        city = build_city()
        return Walk(city.send, city.log_in())

    assert arrive().go(clicks, acts)
    assert not arrive().go(clicks[:-1], acts)


# Applications, look-ups, information: one confirmation, with all that must be entered in it.


def enter(city: SmallCity) -> Walk:
    """Somebody with a proven name."""
    return Walk(city.send, city.log_in())


def entered(mapping: ServiceMapping) -> set[str]:
    """The inputs that the label counts, as clicks or fields."""
    needed = [one.what for one in label_at(mapping, "wechat").lines if one.code in ("choose", "type") and one.count]
    return {name for name, one in mapping.inputs.items() if one.label in needed}


def test_an_application_takes_its_counted_inputs_and_one_confirmation() -> None:
    """A form with exactly these is accepted; without any one of them it is not."""
    mapping = build_small_city().services["pet-licence"]
    needed = entered(mapping)
    assert needed == set(FORM)
    (submit,) = list_clicks(mapping, "wechat")

    def send(form: Mapping[str, Any]) -> bool:
        walk = enter(build_small_city())

        def act(walk: Walk) -> None:
            path = submit.request.split(" ")[1].format(service=mapping.id)
            walk.known["done"] = walk.ask("POST", path, {"inputs": dict(form)}, key=True)["application_no"]

        return walk.go([submit], {submit.request: act})

    assert send(FORM)
    for name in needed:
        assert not send({one: value for one, value in FORM.items() if one != name}), name


def test_a_lookup_and_information_take_one_request() -> None:
    """The look-up with its one choice; information at once, with nothing entered."""
    city = build_small_city()
    record, news = city.services["pet-record"], city.services["pet-news"]
    (ask,), (read,) = list_clicks(record, "alipay"), list_clicks(news, "alipay")
    assert entered(record) == {"pet_kind"}
    assert entered(news) == set()
    walk = Walk(city.send, city.log_in(PlatformName.ALIPAY, "li"))
    method, path = ask.request.split(" ")
    assert walk.ask(method, path.format(service=record.id), {"inputs": {"pet_kind": "DOG"}})["outputs"]
    with pytest.raises(StoppedError):
        walk.ask(method, path.format(service=record.id), {"inputs": {}})
    method, path = read.request.split(" ")
    assert "outputs" in walk.ask(method, path.format(service=news.id))


# A case, at a platform's phone and at the web door.


def make_case_acts(city: CaseCity) -> Acts:
    """What each click of the trial service's label sends."""

    def save(walk: Walk) -> None:
        body = {**CONTENT, "delivery": "electronic"}
        walk.known["draft"] = walk.ask("POST", f"/v1/services/{LICENSING}/drafts", body)["draft_id"]

    def upload(material: str) -> Callable[[Walk], None]:
        def act(walk: Walk) -> None:
            path = f"/v1/drafts/{walk.known['draft']}/materials/{material}/files?title=a.png"
            walk.ask("POST", path, raw=PHOTO + material.encode(), kind="application/octet-stream")

        return act

    def hand_in(walk: Walk) -> None:
        draft = walk.known["draft"]
        walk.ask("POST", f"/v1/drafts/{draft}/submit", {"version": 1}, key=True)
        city.move(draft, "accepted", on="2026-11-02")
        city.move(draft, "granted", on="2026-11-03", by="clerk", reasons=["符合条件"], legal_ground="测试法第一条")
        city.counter.run_jobs()
        walk.known["case"] = draft

    def collect(walk: Walk) -> None:
        state = walk.ask("POST", f"/v1/cases/{walk.known['case']}/collect")["state"]
        walk.known["done"] = state == "delivered"

    return {
        "POST /v1/services/{service}/drafts": save,
        "POST /v1/drafts/{draft}/materials/floor_plan/files": upload("floor_plan"),
        "POST /v1/drafts/{draft}/materials/proof_of_premises/files": upload("proof_of_premises"),
        "POST /v1/drafts/{draft}/submit": hand_in,
        "POST /v1/cases/{case}/collect": collect,
    }


@pytest.mark.parametrize("door", [WECHAT, WEB])
def test_a_case_takes_the_clicks_of_its_label(door: PlatformName) -> None:
    """Save, a file for each paper, hand in, collect: none can be left out, at a phone as at the web door."""
    mapping = CaseCity().counter.mapping
    clicks = list_clicks(mapping, door)
    city = CaseCity()
    assert Walk(city.send, city.enter(platform=door)).go(clicks, make_case_acts(city))
    for at in range(len(clicks)):
        city = CaseCity()
        walk = Walk(city.send, city.enter(platform=door))
        assert not walk.go([*clicks[:at], *clicks[at + 1 :]], make_case_acts(city)), clicks[at].code


def test_what_a_case_enters_is_what_its_label_counts() -> None:
    """The draft lacks each counted input, tick and paper until it is there, and nothing else."""
    city = CaseCity()
    mapping = city.counter.mapping
    answer = city.send("POST", f"/v1/services/{LICENSING}/drafts", {}, token=city.enter())
    lacking = {one["path"] for one in answer.json["lacking"]}
    lines = [one for one in label_at(mapping, "wechat").lines if one.count and one.when is When.EACH]
    terms = mapping.counter
    assert terms is not None
    named = {id(one.title): f"materials.{name}" for name, one in terms.materials.items()}
    named |= {id(one.label): f"inputs.{name}" for name, one in mapping.inputs.items()}
    assert lacking == {named[id(line.what)] for line in lines if id(line.what) in named}
    assert [one.code for one in lines if one.code in ("for_whom", "choose_delivery")] == ["for_whom", "choose_delivery"]


# The people of the demo.


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
