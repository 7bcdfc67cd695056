"""Whose case it is: everybody else's looks like none, a revoked mandate ends all sight, another platform's shop has another window."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from services.case_record import MandateKind
from tests.case_city import ALIPAY, LI, WANG, WEB, WECHAT, ZHAO, CaseCity
from tests.unit.gateway.test_routes import SESSION_ROUTES

JSON = "application/json"
OF_A_CASE = [(method, rule) for method, rule, _ in SESSION_ROUTES if "case_id>" in rule or "draft_id>" in rule]
BODIES = {
    "corrections": {"version": 1}, "gap": {"version": 1}, "fixes": {"version": 1}, "withdraw": {"version": 1},
    "submit": {"version": 1}, "<uuid:draft_id>": {"version": 1},
}  # fmt: skip


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


@pytest.fixture(scope="module")
def whole_town() -> CaseCity:
    return CaseCity()


@pytest.fixture
def town(whole_town: CaseCity) -> CaseCity:
    """One city for a whole walk; every step comes a day later, so that no limit of the one before counts."""
    whole_town.clock.advance(86_400)
    return whole_town


def call(city: CaseCity, token: str, method: str, rule: str, matter: str, file_id: str = "") -> Any:
    """A request of the right form about this draft or case."""
    path = re.sub(r"<uuid:(case|draft)_id>", matter, rule)
    path = re.sub(r"<uuid:file_id>", file_id or str(uuid4()), path)
    path = re.sub(r"<string:material>", "floor_plan", path)
    if path.endswith("/files"):
        return city.send(method, path, raw=b"PNG", kind="image/png", token=token)
    body = BODIES.get(rule.rsplit("/", 1)[-1]) if method == "POST" else None
    return city.send(method, path, body, token=token, headers={"Idempotency-Key": uuid4().hex})


def make_matters(city: CaseCity, token: str, **content: Any) -> dict[str, str]:
    """A draft and a case of one person, by the word in the rule."""
    return {"draft": city.begin(token, **content)["draft_id"], "case": city.open(token, **content)}


def test_every_route_of_cases_is_walked() -> None:
    """The walk knows all of them."""
    assert len(OF_A_CASE) >= 19


@pytest.mark.parametrize(("method", "rule"), OF_A_CASE)
def test_somebody_elses_matter_looks_like_none(town: CaseCity, method: str, rule: str) -> None:
    """The same answer, to the byte but for the number of the request, as for a matter that there is not; nothing is written."""
    matters = make_matters(town, town.enter(WANG))
    stranger, before, known = town.enter(LI), town.house.tables.snapshot(), len(town.log.records)
    theirs = call(town, stranger, method, rule, matters["draft" if "draft_id" in rule else "case"])
    nobodys = call(town, stranger, method, rule, str(uuid4()))
    assert (theirs.status, theirs.json["code"]) == (404, "not_found")
    assert hide(theirs.body) == hide(nobodys.body)
    assert theirs.headers.keys() == nobodys.headers.keys()
    after = town.house.tables.snapshot()
    assert (after.counter, after.queue) == (before.counter, before.queue)
    wang = next(one for one in town.house.tables.persons.values() if one.identity_number == WANG)
    assert all(wang.chain_id not in one.disclosure.concerned for _, one in town.log.records[known:])


def hide(body: bytes) -> str:
    return re.sub(r'"request_id":"[^"]+"', "", body.decode())


def test_somebody_elses_file_looks_like_none(city: CaseCity) -> None:
    """Also under a draft of one's own."""
    token, stranger = city.enter(WANG), city.enter(LI)
    draft, own = city.begin(token)["draft_id"], city.begin(stranger)["draft_id"]
    file_id = city.upload(token, f"drafts/{draft}").json["file_id"]
    assert city.send("DELETE", f"/v1/drafts/{own}/files/{file_id}", token=stranger).status == 404
    assert len(city.house.tables.counter.files) == 1


def employ(city: CaseCity, number: str = LI, platform: Any = WECHAT) -> tuple[str, Any, Any]:
    """An agent of the company: session, mandate, company."""
    company = next(iter(city.house.tables.counter.organisations.values()), None) or city.counter.add_company(ZHAO)
    token = city.enter(number, platform)
    person = city.house.tables.logins[city.sessions.saved[token].login_id].person_id
    caller = type("Agent", (), {"person_id": person})()
    return token, city.counter.authorise(company, caller, number, MandateKind.AGENT), company


def for_company(company: Any) -> dict[str, Any]:
    return {"applicant": {"kind": "organisation", "organisation_id": str(company.organisation_id)}}


def test_colleagues_see_one_case_and_the_company_is_concerned(city: CaseCity) -> None:
    """Whoever acts and whose matter it is stand in every record; the list says for another, the page for whom."""
    li, mandate, company = employ(city, LI)
    case_id = city.open(li, **for_company(company))
    wang, _, _ = employ(city, WANG)
    seen = city.see(wang, case_id)
    assert (seen["applicant"], seen["organisation"], seen["acting_as"]) == ("organisation", company.name, "agent")
    disclosed = city.shown.disclosure
    assert mandate.principal_chain_id in disclosed.concerned
    assert disclosed.actor in disclosed.concerned
    assert len(disclosed.concerned) == 3
    (line,) = city.send("GET", "/v1/cases", token=wang).json["cases"]
    assert (line["case_id"], line["for_another"]) == (case_id, True)
    assert company.chain_id in city.shown.disclosure.concerned
    assert "organisation_name" not in city.shown.disclosure.fields


@pytest.mark.parametrize(("method", "rule"), OF_A_CASE)
def test_a_revoked_mandate_is_gone(town: CaseCity, method: str, rule: str) -> None:
    """Also for whoever handed the case in or wrote the draft: nothing is seen, nothing is done, nothing of the company leaves."""
    li, mandate, company = employ(town, LI)
    matters = make_matters(town, li, **for_company(company))
    town.counter.revoke(mandate)
    before = town.house.tables.snapshot()
    answer = call(town, li, method, rule, matters["draft" if "draft_id" in rule else "case"])
    assert (answer.status, answer.json["code"]) in {(404, "not_found"), (409, "mandate_ended")}
    assert company.name not in answer.body.decode()
    assert town.house.tables.snapshot().counter == before.counter
    assert town.send("GET", "/v1/cases", token=li).json["cases"] == []
    assert town.send("GET", "/v1/drafts", token=li).json["drafts"] == []


def test_a_mandate_that_runs_out_between_two_looks(city: CaseCity) -> None:
    """The moment decides, not the session."""
    li, mandate, company = employ(city, LI)
    case_id = city.open(li, **for_company(company))
    assert mandate.valid_until is not None
    city.clock.at = mandate.valid_until
    assert city.send("GET", f"/v1/cases/{case_id}", token=li).status == 404


def test_an_organisation_that_somebody_made_up_is_nobodys(city: CaseCity) -> None:
    """A number typed into a draft gives no sight of the company and puts nothing into its records."""
    city.record_company()
    _, _, company = employ(city, LI)
    stranger = city.enter(WANG)
    before = len(city.log.records)
    draft = city.begin(stranger, **for_company(company))
    assert all(company.chain_id not in one.disclosure.concerned for _, one in city.log.records[before:])
    for name in ("floor_plan", "proof_of_premises"):
        city.upload(stranger, f"drafts/{draft['draft_id']}", name)
    answer = city.submit(stranger, draft["draft_id"])
    assert (answer.status, answer.json["code"]) == (403, "not_permitted")
    nobodys = city.begin(stranger, applicant={"kind": "organisation", "organisation_id": str(uuid4())})["draft_id"]
    for name in ("floor_plan", "proof_of_premises"):
        city.upload(stranger, f"drafts/{nobodys}", name)
    assert hide(city.submit(stranger, nobodys).body) == hide(answer.body)


@pytest.mark.parametrize(("method", "rule"), OF_A_CASE)
def test_the_other_platforms_shop_has_none_of_it(town: CaseCity, method: str, rule: str) -> None:
    """One's own matter, begun in the other app: not found here, and not in the lists."""
    matters = make_matters(town, town.enter(WANG, WECHAT))
    elsewhere = town.enter(WANG, ALIPAY)
    answer = call(town, elsewhere, method, rule, matters["draft" if "draft_id" in rule else "case"])
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert town.send("GET", "/v1/cases", token=elsewhere).json["cases"] == []
    assert town.send("GET", "/v1/drafts", token=elsewhere).json["drafts"] == []


def test_at_the_governments_own_door_everything_goes_on(city: CaseCity) -> None:
    """Matters of both apps are listed, seen and acted on there; and one begun there is followed in an app. No ledger is written there."""
    first, second = city.open(city.enter(WANG, WECHAT)), city.open(city.enter(WANG, ALIPAY))
    token, before = city.enter(WANG, WEB), len(city.log.records)
    third = city.open(token)
    listed = city.send("GET", "/v1/cases", token=token).json["cases"]
    assert {one["case_id"] for one in listed} == {first, second, third}
    version = city.see(token, second)["version"]
    assert city.send("POST", f"/v1/cases/{second}/withdraw", {"version": version}, token=token).status == 200
    assert len(city.log.records) == before
    shop = city.enter(WANG, ALIPAY)
    assert {one["case_id"] for one in city.send("GET", "/v1/cases", token=shop).json["cases"]} == {second, third}
    assert city.see(shop, third)["state"] == "received"
    assert city.send("GET", f"/v1/cases/{first}", token=shop).status == 404


def test_a_service_that_is_not_on_a_platform_is_not_shown_there(city: CaseCity) -> None:
    """What began at the window of a service without a budget for this app does not exist in the app."""
    token = city.enter(WANG, WEB)
    case_id = city.open(token)
    services = city.desk.catalogue.services
    object.__setattr__(services["trial-licence"], "channels", ("alipay", "web", "window"))
    assert city.send("GET", f"/v1/cases/{case_id}", token=city.enter(WANG, WECHAT)).status == 404
    assert city.send("GET", f"/v1/cases/{case_id}", token=city.enter(WANG, ALIPAY)).status == 200
