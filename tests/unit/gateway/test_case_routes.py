"""The citizen API of cases: from a draft to a case in hand, with what a platform saw of it."""

from __future__ import annotations

import pytest

from tests.case_city import CaseCity
from tests.case_samples import LICENSING


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


def test_a_draft_is_begun_incomplete_and_says_what_it_lacks(city: CaseCity) -> None:
    """What is there comes back, what is missing is named by place, and the platform is known to have seen both."""
    token = city.enter()
    answer = city.send("POST", f"/v1/services/{LICENSING}/drafts", {"inputs": {"premises": "一路1号"}}, token=token)
    assert answer.status == 201, answer.body
    told = answer.json
    assert (told["version"], told["inputs"]) == (1, {"premises": "一路1号"})
    assert {one["path"] for one in told["lacking"]} == {
        "inputs.company_name", "materials.proof_of_premises", "materials.floor_plan", "materials.promise",
    }  # fmt: skip
    assert city.entered.disclosure.fields == {"premises"}
    assert "premises" in city.shown.disclosure.fields
    assert "company_name" not in city.shown.disclosure.fields


def test_a_case_is_handed_in_once(city: CaseCity) -> None:
    """The same key gives the same bytes; another key of the same draft gives the same case."""
    token = city.enter()
    draft_id = city.begin(token)["draft_id"]
    for name in ("floor_plan", "proof_of_premises"):
        assert city.upload(token, f"drafts/{draft_id}", name).status == 201
    first = city.submit(token, draft_id, key="key-00001")
    assert (first.status, first.json["state"], first.json["received_on"]) == (201, "received", "2026-11-02")
    assert city.submit(token, draft_id, key="key-00001").body == first.body
    assert city.submit(token, draft_id, key="key-00002").json["case_no"] == first.json["case_no"]
    assert len(city.house.tables.counter.cases) == 1
    listed = city.send("GET", "/v1/cases", token=token).json["cases"]
    assert [one["case_no"] for one in listed] == [first.json["case_no"]]
    assert listed[0]["due"]["clock"] == "completeness"
    assert city.send("GET", "/v1/drafts", token=token).json["drafts"] == []


def test_a_case_shows_timeline_deadlines_and_what_may_be_done(city: CaseCity) -> None:
    """State, sentence, each event, the days that are left and the acts that fit."""
    token = city.enter()
    seen = city.see(token, city.open(token))
    assert seen["state"] == "received"
    assert [one["message"] for one in seen["timeline"]] == ["受理单位收到申请材料。"]
    (due,) = seen["deadlines"]
    assert (due["clock"], due["due_on"], due["days_left"], due["provisional"]) == (
        "completeness",
        "2026-11-09",
        5,
        False,
    )
    assert set(seen["acts"]) == {"fix", "withdraw"}
    assert {one["name"] for one in seen["materials"]} == {
        "business_licence",
        "proof_of_premises",
        "floor_plan",
        "promise",
    }
