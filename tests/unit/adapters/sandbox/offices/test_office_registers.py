"""The registers that say who a company is and who is whose: what they know, what a tester can change, who may ask."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from stdnum.cn import ric, uscc

from adapters.sandbox.agencies import MARKET_OFFICE, PROVINCE
from adapters.sandbox.applications.companies import COMPANIES
from adapters.sandbox.applications.persons import KINSHIP, RELATIVES, RESIDENTS, complete_credit_code
from adapters.sandbox.bindings import make_bindings
from adapters.sandbox.office import Place, find_offices
from adapters.sandbox.offices.elder_care import count_years
from tests.fakes import FakeClock
from tests.unit.adapters.sandbox.offices.errands import CARD, ERRANDS, LICENCE, NO, OUYANG, Errand, Reply, ask
from tests.unit.adapters.sandbox.offices.street import Street

CODES = {one.story: one.credit_code for one in COMPANIES.values()}
ORGANISATIONS = pytest.mark.parametrize("office", ["organisations"])
SEALS = pytest.mark.parametrize("office", ["seal-register"])
REPORTS = pytest.mark.parametrize("office", ["capital-verification"])
ELDER = pytest.mark.parametrize("office", ["elder-care"])


def find(street: Street, office: str, code: str) -> Reply:
    """The first errand of an office, about another company."""
    errand = ERRANDS[office][1][0]
    body = errand.body.replace(CODES["shunda"].encode(), code.encode()) if errand.body else None
    if body is not None:
        name = COMPANIES[code].name if code in COMPANIES else "无"
        body = body.replace(COMPANIES[CODES["shunda"]].name.encode(), name.encode())
    return street.run(office, Errand(errand.operation, errand.method, errand.path.replace(CODES["shunda"], code), body))


def test_numbers_and_codes_have_their_check_characters() -> None:
    """Every company and every relative by another implementation of the two standards."""
    assert all(uscc.is_valid(code) for code in COMPANIES)
    assert all(ric.calc_check_digit(number) == number[-1] for number in RELATIVES)
    assert not RELATIVES.keys() & RESIDENTS.keys()
    assert {number for pair in KINSHIP for number in pair} <= RELATIVES.keys() | RESIDENTS.keys()


@ORGANISATIONS
def test_each_kind_of_company_is_there(street: Street, office: str) -> None:
    """In business, cancelled and revoked; the list of the stories is the register's own."""
    listed = {one["story"]: one for one in street.control(office, "companies")}
    assert {story: one["status"] for story, one in listed.items()} == {
        "shunda": "OPEN", "qingyun": "OPEN", "jiucheng": "CANCELLED", "yuanshan": "REVOKED", "mingyue": "OPEN",
        "hongtu": "OPEN", "xintian": "OPEN",
    }  # fmt: skip
    for one in listed.values():
        said = find(street, office, one["credit_code"]).json()
        assert (said["name"], said["status"]) == (one["name"], one["status"])
        assert said["legalRepresentative"]["identityNumber"] == one["representative_number"]
    unknown = find(street, office, complete_credit_code("91110101MA0000000"))
    assert (unknown.status, unknown.json()["code"]) == (404, "NO_SUCH_ORGANISATION")


@ORGANISATIONS
def test_a_tester_changes_a_company(street: Street, office: str) -> None:
    """A new legal representative, a cancellation, a company of one's own; anything else is refused."""
    changed = {"representative_name": "李秀英", "representative_number": "110101198505120029"}
    street.control(office, "companies", {"credit_code": CODES["shunda"], **changed})
    head = find(street, office, CODES["shunda"]).json()["legalRepresentative"]
    assert head == {"name": "李秀英", "identityNumber": "110101198505120029"}
    own: dict[str, Any] = {
        "credit_code": complete_credit_code("91110101MA08WWWW1"), "name": "演示市自家有限公司", "status": "OPEN",
        "registered_capital": "1.00", "address": "某处", **changed,
    }  # fmt: skip
    street.control(office, "companies", own)
    assert find(street, office, own["credit_code"]).json()["name"] == own["name"]
    for wrong in (
        {"credit_code": "91110101MA01ABCD18"},
        {"credit_code": CODES["shunda"], "status": "ASLEEP"},
        {"credit_code": complete_credit_code("91110101MA08WWWW2"), "name": "演示市缺项有限公司"},
        {**own, "more": "1"},
    ):
        assert ask(street.url(office), "POST", "/_sandbox/companies", wrong).status == 400


@SEALS
def test_seals_are_in_use_lost_destroyed_or_none(street: Street, office: str) -> None:
    """By the company's code and its very name; a tester reports one lost."""

    def status_of(story: str) -> str:
        body = find(street, office, CODES[story]).body.decode()
        return body.split("<SealStatus>")[1][:2] if "<SealStatus>" in body else body.split("<RespCode>")[1][:4]

    assert [status_of(story) for story in ("shunda", "mingyue", "jiucheng", "xintian")] == ["01", "02", "03", "4041"]
    street.control(office, "seals", {"credit_code": CODES["shunda"], "status": "02"})
    assert status_of("shunda") == "02"
    errand = ERRANDS[office][1][0]
    other_name = Errand("find", "POST", "/seals", errand.body.replace("顺达".encode(), "顺利".encode()))
    assert b"<RespCode>4041</RespCode>" in street.run(office, other_name).body
    assert ask(street.url(office), "POST", "/_sandbox/seals", {"credit_code": "new", "status": "01"}).status == 400


@REPORTS
def test_reports_are_valid_withdrawn_or_none(street: Street, office: str) -> None:
    """The newest report of a company; a tester files and withdraws."""
    said = {story: find(street, office, CODES[story]) for story in ("shunda", "qingyun", "hongtu", "xintian")}
    assert [said[story].json().get("status", said[story].json().get("code")) for story in said] == [
        "VALID", "VALID", "WITHDRAWN", "NO_SUCH_REPORT",
    ]  # fmt: skip
    assert said["qingyun"].json()["verifiedCapital"] == "5000000.00"
    filed = {"credit_code": CODES["xintian"], "status": "VALID", "verified": "300000.00"}
    street.control(office, "reports", filed)
    assert find(street, office, CODES["xintian"]).json()["verifiedCapital"] == "300000.00"
    for wrong in ({**filed, "verified": "3"}, {**filed, "status": "01"}, {**filed, "credit_code": "1"}):
        assert ask(street.url(office), "POST", "/_sandbox/reports", wrong).status == 400


@REPORTS
def test_a_token_of_the_platform_ends(street: Street, office: str, clock: FakeClock) -> None:
    """After ten minutes of the shared clock, or when the platform has forgotten it."""
    dress, (errand,) = ERRANDS[office]
    headers = dress(street.running.credentials[office], street.url(office), b"")
    assert ask(street.url(office), "GET", errand.path, None, headers).status == 200
    clock.advance(600)
    assert ask(street.url(office), "GET", errand.path, None, headers).status == 401
    street.arrange(office, "find", "expired_token")
    assert street.run(office, errand).status == 401
    assert street.run(office, errand).status == 200


@pytest.mark.parametrize(
    ("office", "path", "content", "change"),
    [
        ("company-register", "/v1/licences/", LICENCE, {"address": "演示市东城区朝阳门内大街10号"}),
        ("elder-care", "/v1/cards/", CARD, {"certificateNo": "LN202611240002"}),
    ],
)
def test_a_case_number_names_one_entry(
    street: Street, office: str, path: str, content: dict[str, Any], change: dict[str, Any]
) -> None:
    """The same content gives the same answer, other content and another number in the address a refusal; one entry is kept."""
    put = Errand("record", "PUT", f"{path}{NO}", content)
    first = street.run(office, put)
    assert street.run(office, put).body == first.body
    assert street.run(office, Errand("find", "GET", f"{path}{NO}")).body == first.body
    reused = street.run(office, Errand("record", "PUT", f"{path}{NO}", content | change))
    assert (reused.status, reused.json()["code"]) == (409, "NUMBER_REUSED")
    elsewhere = street.run(office, Errand("record", "PUT", f"{path}{NO}1", content))
    assert (elsewhere.status, elsewhere.json()["code"]) == (400, "BAD_REQUEST")
    assert street.run(office, Errand("find", "GET", f"{path}{NO}1")).status == 404
    assert [one["caseNo"] for one in street.control(office, "records")] == [NO]


@pytest.mark.parametrize("office", ["company-register"])
def test_the_registrar_knows_the_companies(street: Street, office: str) -> None:
    """What is decided about a company that nobody has registered is not taken."""
    unknown = LICENCE | {"creditCode": complete_credit_code("91110101MA0000000")}
    reply = street.run(office, Errand("record", "PUT", f"/v1/licences/{NO}", unknown))
    assert (reply.status, reply.json()["code"]) == (404, "NO_SUCH_ORGANISATION")
    assert street.control(office, "records") == []


@ELDER
@pytest.mark.parametrize(
    ("on", "decision", "age"),
    [("2022-11-24", "NOT_ELIGIBLE", 59), ("2022-11-25", "ELIGIBLE", 60), ("2026-11-24", "ELIGIBLE", 63)],
)
def test_the_rule_of_age(street: Street, office: str, on: str, decision: str, age: int) -> None:
    """Sixty full years on the day asked for, with the facts that were used and the reason in words."""
    said = street.run(office, Errand("judge", "POST", "/v1/eligibility", {**OUYANG, "on": on})).json()
    assert (said["decision"], said["age"], said["ageNeeded"], said["rule"]["id"]) == (
        decision,
        age,
        60,
        "elder-card-age",
    )
    assert said["reasons"] == (["年满六十周岁"] if decision == "ELIGIBLE" else ["未满六十周岁"])


@ELDER
def test_the_dead_get_no_card(street: Street, office: str) -> None:
    """A tester reports a death, and takes it back."""
    judge = Errand("judge", "POST", "/v1/eligibility", {**OUYANG, "on": "2026-11-24"})
    street.control(office, "residents", {"identity_number": OUYANG["identityNumber"], "alive": False})
    assert street.run(office, judge).json()["decision"] == "NOT_ELIGIBLE"
    assert street.run(office, Errand("find_resident", "POST", "/v1/residents", OUYANG)).json()["alive"] is False
    street.control(office, "residents", {"identity_number": OUYANG["identityNumber"], "alive": True})
    assert street.run(office, judge).json()["decision"] == "ELIGIBLE"
    unknown = {"identity_number": "110101196001010011", "alive": True}
    assert ask(street.url(office), "POST", "/_sandbox/residents", unknown).status == 400
    stranger = street.run(office, Errand("find_resident", "POST", "/v1/residents", {**OUYANG, "name": "欧阳"}))
    assert (stranger.status, stranger.json()["code"]) == (404, "NO_SUCH_PERSON")
    no_day = street.run(office, Errand("judge", "POST", "/v1/eligibility", {**OUYANG, "on": "2026-02-30"}))
    assert no_day.status == 400


def test_full_years() -> None:
    """Ages are counted to the birthday."""
    assert [count_years("11010119621125003X", date(2022, 11, day)) for day in (24, 25)] == [59, 60]


def test_the_counters_own_line_to_the_register_is_the_roots_alone() -> None:
    """No agency below the root is given the address under which the counter asks who a legal representative is."""
    offices = find_offices()
    bound = make_bindings(offices, {"organisations": Place({"token": "t"}, "http://127.0.0.1:1")})["back_ends"]
    owners = {(entry["name"], entry["agency"]) for entry in bound}
    assert ("organisation-register", PROVINCE.slug) in owners
    assert {agency for name, agency in owners if name.startswith("organisation-register")} == {PROVINCE.slug}
    assert {name for name, agency in owners if agency == MARKET_OFFICE.slug} == {
        "market-entities",
        "market-entities-test",
    }
