"""Organisations and mandates from the phone: what registers bear out, whom the ledger names, what nobody learns."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.identity import ATTEMPTS_AN_HOUR
from services.model import RegisterEntry
from tests.case_city import ALIPAY, CODE, NAMES, WANG, WEB, WECHAT, ZHAO, CaseCity

YEAR = "2027-10-31"
CHILD = "110101201506010010"
LI = "110101198505120029"
"""Whose name is 李丽 too, with a number that can be."""


@pytest.fixture
def city() -> CaseCity:
    made = CaseCity()
    made.people.entries[LI] = RegisterEntry("李丽", None)
    return made


def name_of(number: str) -> str:
    return NAMES.get(number, "李丽")


def enter(city: CaseCity, number: str) -> str:
    """A session of somebody with a proven name, also of whom the counter's tests do not know."""
    if number in NAMES:
        return city.enter(number)
    token, now = city.enter(None), city.clock.now()
    with city.house.begin(city.counter.directory.all_agencies()) as tx:
        tx.persons.record_identity(city.sessions.saved[token].person_id, name_of(number), number, now)
    return token


def found_company(city: CaseCity, number: str = ZHAO) -> tuple[str, Any]:
    """The legal representative proves it."""
    city.record_company(number)
    token = city.enter(number)
    answer = city.send("POST", "/v1/organisations", {"credit_code": CODE}, token=token)
    assert answer.status == 201, answer.body
    return token, answer.json


def give(city: CaseCity, token: str, number: str = LI, name: str = "", **changes: Any) -> Any:
    """Authorise somebody till next year."""
    body = {"kind": "agent", "agent": {"real_name": name or name_of(number), "identity_number": number}, "until": YEAR}
    return city.send("POST", "/v1/mandates", body | changes, token=token)


def chains_of(city: CaseCity, number: str) -> set[Any]:
    """Every chain of a person or number."""
    tables = city.house.tables
    return {one.chain_id for one in tables.persons.values() if one.identity_number == number} | {
        chain for key, chain in tables.chains.items() if number in str(key)
    }


def test_a_representative_records_the_company_once(city: CaseCity) -> None:
    """A second time gives what is recorded; the company is concerned, and listed."""
    token, told = found_company(city)
    assert (told["name"], told["credit_code"], told["acting_as"]) == (
        "演示市小明餐饮有限公司",
        CODE,
        "legal_representative",
    )
    assert city.entered.disclosure.fields == {"credit_code"}
    company = next(iter(city.house.tables.counter.organisations.values()))
    assert company.chain_id in city.shown.disclosure.concerned
    again = city.send("POST", "/v1/organisations", {"credit_code": CODE}, token=token).json
    assert again == told
    assert company.chain_id in city.entered.disclosure.concerned
    assert city.send("GET", "/v1/organisations", token=token).json["organisations"] == [told]


@pytest.mark.parametrize(
    ("code", "status", "rule"),
    [
        (CODE, 403, "not_permitted"),
        ("91110101MA01ABCD18", 422, "checksum"),
        ("x", 422, "form"),
        ("911101050000000003", 422, ""),
    ],
)
def test_nobody_else_records_it(city: CaseCity, code: str, status: int, rule: str) -> None:
    """Not whom the register does not name, not a code that cannot be; nothing of the company is told."""
    city.record_company(ZHAO)
    answer = city.send("POST", "/v1/organisations", {"credit_code": code}, token=enter(city, LI))
    assert answer.status == status
    assert "小明" not in answer.body.decode()
    assert NAMES[ZHAO] not in answer.body.decode()
    assert city.house.tables.counter.organisations == {}
    if status == 422 and rule:
        assert answer.json["detail"]["fields"] == [{"path": "credit_code", "rule": rule}]


def test_a_mandate_is_given_seen_by_both_and_ended(city: CaseCity) -> None:
    """Names are masked, the agent's chain is concerned before they ever log in; who holds it acts till it is ended."""
    token, company = found_company(city)
    answer = give(city, token, organisation_id=company["organisation_id"], services=["trial-licence"])
    assert answer.status == 201, answer.body
    given = answer.json
    assert (given["kind"], given["state"], given["given"]) == ("agent", "in_force", True)
    assert given["principal"] == {"kind": "organisation", "organisation": company["name"], "person": None}
    assert (given["agent"], given["services"][0]["title"]) == ("*丽", "经营许可")
    assert city.entered.disclosure.fields == {
        "mandate_info", "real_name", "identity_number", "reference", "service_choice",
    }  # fmt: skip
    assert chains_of(city, LI) & set(city.entered.disclosure.concerned)
    agent = enter(city, LI)
    (held,) = city.send("GET", "/v1/mandates", token=agent).json["mandates"]
    assert (held["given"], held["mandate_id"]) == (False, given["mandate_id"])
    case_id = city.open(agent, applicant={"kind": "organisation", "organisation_id": company["organisation_id"]})
    assert city.see(token, case_id)["acting_as"] == "agent"
    path = f"/v1/mandates/{given['mandate_id']}/revoke"
    ended = city.send("POST", path, token=token)
    assert (ended.status, ended.json["state"]) == (200, "revoked")
    assert [one["event"] for one in ended.json["history"]] == ["recorded", "revoked"]
    assert city.send("GET", f"/v1/cases/{case_id}", token=agent).status == 404
    assert city.see(token, case_id)["state"] == "received"


def test_a_stranger_ends_nothing(city: CaseCity) -> None:
    """A mandate of others looks like none."""
    token, company = found_company(city)
    given = give(city, token, organisation_id=company["organisation_id"]).json
    answer = city.send("POST", f"/v1/mandates/{given['mandate_id']}/revoke", token=city.enter(WANG))
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert next(iter(city.house.tables.counter.mandates.values())).revoked_at is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"until": "2026-11-01"}, {"path": "until", "rule": "past"}),
        ({"until": "2040-01-01"}, {"path": "until", "rule": "too_far"}),
        ({"kind": "guardian"}, {"path": "kind", "rule": "form"}),
        ({"kind": "legal_representative"}, {"path": "kind", "rule": "form"}),
        ({"agent": {"real_name": "王小明", "identity_number": WANG}}, {"path": "agent.identity_number", "rule": "own"}),
        (
            {"agent": {"real_name": "李某", "identity_number": LI}},
            {"path": "agent.identity_number", "rule": "not_confirmed"},
        ),
        ({"services": ["nothing-known"]}, {"path": "services", "rule": "unknown"}),
    ],
)
def test_faults_are_named_by_place(city: CaseCity, changes: dict[str, Any], fault: dict[str, str]) -> None:
    """Nothing is recorded of a mandate that cannot be; name or number, which of both is wrong stays unsaid."""
    answer = give(city, city.enter(WANG), **changes)
    assert answer.status == 422
    told = answer.json["detail"]["fields"]
    assert told[0]["path"] == fault["path"]
    assert told[0]["rule"] in (fault["rule"], "unknown_service")
    assert city.house.tables.counter.mandates == {}


def test_names_are_not_found_by_trying(city: CaseCity) -> None:
    """So many attempts an hour, at one number too; each was seen and concerns its holder."""
    token = city.enter(WANG)
    answers = [give(city, token, name=f"李{number}") for number in range(ATTEMPTS_AN_HOUR + 1)]
    assert [one.status for one in answers] == [422] * ATTEMPTS_AN_HOUR + [429]
    assert chains_of(city, LI) & set(city.entered.disclosure.concerned)
    assert give(city, city.enter(ZHAO)).status == 429


def test_a_parent_is_recorded_as_the_register_says(city: CaseCity) -> None:
    """The child is concerned; the child's name comes back masked."""
    city.people.entries[CHILD] = RegisterEntry("王小雨", None)
    token = city.enter(WANG)
    body = {"child": {"real_name": "王小雨", "identity_number": CHILD}}
    answer = city.send("POST", "/v1/mandates/guardianships", body, token=token)
    assert answer.status == 201, answer.body
    assert (answer.json["kind"], answer.json["principal"]["person"], answer.json["given"]) == (
        "guardian",
        "**雨",
        False,
    )
    assert chains_of(city, CHILD) & set(city.shown.disclosure.concerned)
    assert (
        city.send("POST", "/v1/mandates/guardianships", body, token=token).json["mandate_id"]
        == answer.json["mandate_id"]
    )


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/organisations"), ("GET", "/v1/mandates"), ("POST", "/v1/organisations")]
)
def test_who_is_not_proven_acts_for_nobody(city: CaseCity, method: str, path: str) -> None:
    """The level is named."""
    body = {"credit_code": CODE} if method == "POST" else None
    answer = city.send(method, path, body, token=city.enter(None))
    assert (answer.status, answer.json["detail"]) == (403, {"required": "real-name"})


@pytest.mark.parametrize("platform", [WECHAT, ALIPAY, WEB])
def test_mandates_are_the_persons_at_every_door(city: CaseCity, platform: Any) -> None:
    """They belong to no platform: seen at each, and recorded in each platform's shop."""
    _, company = found_company(city)
    token = city.enter(ZHAO, platform)
    assert city.send("GET", "/v1/organisations", token=token).json["organisations"] == [company]


def test_no_number_and_no_full_name_leaves(city: CaseCity) -> None:
    """Whatever is listed: no identity number, no person's name, no register's or clerk's."""
    token, company = found_company(city)
    give(city, token, organisation_id=company["organisation_id"])
    agent = enter(city, LI)
    for reader in (token, agent):
        for path in ("/v1/mandates", "/v1/organisations"):
            body = city.send("GET", path, token=reader).body.decode()
            assert not re.search(r"\d{17}[\dX]", body.replace(CODE, ""))
            assert not any(name in body for name in NAMES.values())
            assert "staff" not in body
