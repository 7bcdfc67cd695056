"""The effort label is what a phone and the web door really do: walked click by click, and held against the people of the demo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from services.effort import Sort, When, label_at
from services.mapping import ServiceMapping
from services.model import Assurance, PlatformName
from tests.case_city import PHOTO, WEB, WECHAT, CaseCity
from tests.case_samples import LICENSING
from tests.fake_applicants import CONTENT
from tests.fake_counter import FORM
from tests.fakes import FakeBill
from tests.unit.gateway.effort_walk import (
    BILL_ACTS,
    GAS,
    HOUSEHOLD,
    SHIPPED,
    Acts,
    StoppedError,
    Walk,
    list_clicks,
    owe,
    walk_and_leave_out,
)
from tests.unit.gateway.fakes_edge import build_city
from tests.unit.gateway.small_city import SmallCity, build_small_city


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
