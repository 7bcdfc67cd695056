"""The citizen API of cases: from a draft to a case in hand, with what a platform saw of it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gateway.routes.drafts import SAVINGS_A_MINUTE, SUBMISSIONS_A_MINUTE
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


def test_a_draft_is_saved_under_its_version(city: CaseCity) -> None:
    """Whoever saves on a page that is no longer true is told so, and nothing is lost."""
    token = city.enter()
    draft = city.begin(token)
    path, body = f"/v1/drafts/{draft['draft_id']}", {"version": 1, "inputs": {"company_name": "二号店"}}
    assert city.send("POST", path, body, token=token).json["version"] == 2
    again = city.send("POST", path, body, token=token)
    assert (again.status, again.json["code"]) == (409, "case_moved")
    assert city.send("GET", path, token=token).json["inputs"] == {"company_name": "二号店"}
    listed = city.send("GET", "/v1/drafts", token=token).json["drafts"]
    assert [(one["draft_id"], one["version"], one["organisation"]) for one in listed] == [(draft["draft_id"], 2, False)]
    assert city.send("DELETE", path, token=token).status == 204
    assert city.send("GET", path, token=token).status == 404


def test_what_is_missing_is_named_when_it_is_handed_in(city: CaseCity) -> None:
    """A material without which the service takes nothing is named; nothing is opened."""
    token = city.enter()
    answer = city.submit(token, city.begin(token)["draft_id"])
    assert (answer.status, answer.json["code"]) == (409, "materials_missing")
    named = {one["path"] for one in answer.json["detail"]["fields"]}
    assert named == {"materials.floor_plan", "materials.proof_of_premises"}
    assert city.house.tables.counter.cases == {}


def test_faults_of_a_draft_are_named_by_place(city: CaseCity) -> None:
    """Every fault at once, never with the value that was typed."""
    token = city.enter()
    body = {"inputs": {"company_name": "名" * 41}, "promises": ["floor_plan"], "delivery": None}
    answer = city.send("POST", f"/v1/services/{LICENSING}/drafts", body, token=token)
    assert answer.status == 422
    assert {one["path"] for one in answer.json["detail"]["fields"]} == {"inputs.company_name", "promises"}
    assert "名名" not in answer.body.decode()


def test_a_text_that_reads_as_json_is_a_text(city: CaseCity) -> None:
    """A shop may be called ``[1]`` or ``{"a":1}``: it is saved, shown and handed in like any other."""
    token = city.enter()
    for name in ("[1]", '{"a":1}', "[]", "{}", "null"):
        draft = city.begin(token, inputs={"company_name": name})
        seen = city.send("GET", f"/v1/drafts/{draft['draft_id']}", token=token)
        assert (seen.status, seen.json["inputs"]) == (200, {"company_name": name})
        assert "company_name" in city.shown.disclosure.fields


def test_the_deadline_is_explained_day_by_day(city: CaseCity) -> None:
    """Each day with its reason and source; the step of the office is not the applicant's clock."""
    token = city.enter()
    case_id = city.open(token)
    city.move(case_id, "accepted", on="2026-11-02")
    explained = city.send("GET", f"/v1/cases/{case_id}/deadline", token=token).json["deadlines"]
    assert {one["clock"] for one in explained} == {"statutory", "promised"}
    first = explained[0]["days"][0]
    assert (first["on"], first["counted"], first["reason"], first["source"]) == (
        "2026-11-02", False, "start", "《民法典》第二百零一条",
    )  # fmt: skip
    weekend = next(day for day in explained[0]["days"] if day["on"] == "2026-11-07")
    assert (weekend["counted"], weekend["number"], weekend["reason"]) == (False, None, "weekend")
    assert {one["clock"] for one in city.see(token, case_id)["deadlines"]} == {"statutory", "promised"}


def test_english_is_spoken_to_whoever_asks_for_it(city: CaseCity) -> None:
    """State, deadline and reasons follow Accept-Language."""
    token = city.enter()
    case_id = city.open(token)
    seen = city.send("GET", f"/v1/cases/{case_id}", token=token, headers={"Accept-Language": "en"}).json
    assert seen["message"].startswith("The office has your documents")
    assert seen["deadlines"][0]["message"] == "5 working days left"


def test_a_list_goes_on_by_its_cursor(city: CaseCity) -> None:
    """Every case once, newest first."""
    token = city.enter()
    opened = []
    for _ in range(3):
        city.clock.advance(61)
        opened.append(city.open(token))
    first = city.send("GET", "/v1/cases", token=token).json
    assert [one["case_id"] for one in first["cases"]] == opened[::-1]
    assert first["next_cursor"] is None
    older = city.send("GET", f"/v1/cases?cursor={opened[1]}", token=token).json
    assert [one["case_id"] for one in older["cases"]] == opened[:1]


@pytest.mark.parametrize("version", [0, 2, 99])
def test_only_the_version_that_was_seen_is_handed_in(city: CaseCity, version: int) -> None:
    """A page that shows another version of the draft hands nothing in."""
    token = city.enter()
    draft_id = city.begin(token)["draft_id"]
    for name in ("floor_plan", "proof_of_premises"):
        city.upload(token, f"drafts/{draft_id}", name)
    assert city.submit(token, draft_id, version).json["code"] == "case_moved"


def test_one_key_for_two_drafts_is_refused(city: CaseCity) -> None:
    """The key belongs to what it was first sent with."""
    token = city.enter()
    city.submit(token, city.open(token), key="key-00009")
    other = city.begin(token)["draft_id"]
    assert city.submit(token, other, key="key-00009").json["code"] == "idempotency_key_reused"


def test_submissions_and_savings_have_limits(city: CaseCity) -> None:
    """Per person; the repeat of what was answered counts nothing."""
    token = city.enter()
    case_id = city.open(token)
    for _ in range(SUBMISSIONS_A_MINUTE + 2):
        city.submit(token, case_id, key="key-00001")
    codes = [city.submit(token, case_id, key=uuid4().hex).status for _ in range(SUBMISSIONS_A_MINUTE)]
    assert codes[-1] == 429
    statuses = [
        city.send("POST", f"/v1/services/{LICENSING}/drafts", {}, token=token).status for _ in range(SAVINGS_A_MINUTE)
    ]
    assert statuses[-1] in (409, 429)


def test_who_is_not_proven_begins_nothing(city: CaseCity) -> None:
    """The service says which level it needs."""
    answer = city.send("POST", f"/v1/services/{LICENSING}/drafts", {}, token=city.enter(None))
    assert (answer.status, answer.json["code"]) == (403, "assurance_too_low")
