"""A service of kind case at the citizen API: materials, who decides, days, delivery, and the request that comes next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.model import Language
from tests.unit.gateway.fakes_edge import CATALOGUE
from tests.unit.gateway.small_city import SmallCity, build_small_city

CASES = sorted(name for name, mapping in CATALOGUE.services.items() if mapping.kind == "case")


@pytest.fixture
def city() -> SmallCity:
    """The small city with the shipped cases beside its own services, at its own agency."""
    city = build_small_city()
    agency = city.services["pet-licence"].agency
    city.services.update({name: replace(CATALOGUE.services[name], agency=agency) for name in CASES})
    return city


def see(city: SmallCity, service: str) -> dict[str, Any]:
    answer = city.send("GET", f"/v1/services/{service}", token=city.log_in())
    assert answer.status == 200, answer.body
    form: dict[str, Any] = answer.json
    return form


@pytest.mark.parametrize("service", CASES)
def test_everything_that_the_form_says_is_in_its_budget(city: SmallCity, service: str) -> None:
    """The form of a case is shown as every form: what is said of the counter is public, and counts as the form."""
    form = see(city, service)
    told = city.city.shown()[-1].disclosure
    assert (told.service, told.purpose) == (service, "see_service")
    assert told.fields == {"service_info", "form_info", "assurance"}
    assert form["next"] == {"method": "POST", "path": f"/v1/services/{service}/drafts"}


def test_a_company_sees_what_is_fetched_and_what_it_brings(city: SmallCity) -> None:
    """Level A names its register and takes no upload; C says what may be uploaded and how much; D what is vouched for."""
    counter = see(city, "company-certificate")["counter"]
    materials = {one["name"]: one for one in counter["materials"]}
    licence, proof, vouched = (
        materials[name] for name in ("business_licence", "proof_of_premises", "change_statement")
    )
    assert (licence["level"], licence["fetched_from"], licence["accepts"], licence["maximum_files"]) == (
        "A", "市场主体登记系统", [], None,
    )  # fmt: skip
    assert (proof["level"], proof["secondary"], proof["maximum_files"], proof["maximum_megabytes"]) == (
        "C",
        True,
        5,
        10,
    )
    assert proof["accepts"] == ["application/pdf", "image/jpeg", "image/png"]
    assert proof["legal_ground"].startswith("市场主体登记管理条例")
    assert (vouched["level"], vouched["accepts"]) == ("D", [])
    assert vouched["standard"].startswith("本公司申请")
    assert (counter["applicants"], counter["mandates"]) == (["organisation"], ["agent"])


def test_who_decides_and_by_when(city: SmallCity) -> None:
    """Two clerks, a joint step of another agency side by side, the special procedures with their law, the way of appeal."""
    form = see(city, "company-certificate")
    counter = form["counter"]
    assert counter["deciding"] == {
        "by": "clerk", "back_end": None, "organ": "演示市市场监督管理局", "accepted_by": "clerk", "two_hands": True,
    }  # fmt: skip
    assert counter["days"] == {"completeness": 5, "correction": 10, "extension": 3, "gap": 2, "delivery": 10}
    assert [(one["code"], one["days"]) for one in counter["special"]] == [("inspection", 10), ("appraisal", 15)]
    assert "第四十五条" in counter["special"][0]["legal_ground"]
    assert "行政复议" in counter["appeal"]
    assert (counter["delivery"], counter["certificate"]) == (["electronic", "window", "post"], "营业执照")
    assert [(step["agency"], step["together"]) for step in form["steps"]] == [
        (None, "checks"), ("demo-tax-bureau", "checks"), (None, None),
    ]  # fmt: skip


def test_a_rule_that_decides_is_named(city: SmallCity) -> None:
    """Where a back end decides, people see which office's rule it is; nothing can be handed in later."""
    counter = see(city, "elder-card")["counter"]
    assert counter["deciding"] == {
        "by": "back_end", "back_end": "elder-care", "organ": "演示市东湖区民政局", "accepted_by": "checks", "two_hands": False,
    }  # fmt: skip
    assert (counter["days"]["gap"], counter["special"]) == (None, [])


def test_other_kinds_say_nothing_of_the_counter(city: SmallCity) -> None:
    """What is no case has no such part."""
    assert see(city, "pet-licence")["counter"] is None


@pytest.mark.parametrize("service", CASES)
def test_in_english_too(city: SmallCity, service: str) -> None:
    """Every text of a case has its English words."""
    token = city.log_in()
    answer = city.send("GET", f"/v1/services/{service}", token=token, headers={"Accept-Language": "en"})
    said = answer.json["counter"]
    texts = [said["appeal"], said["certificate"], *(one["title"] for one in said["materials"])]
    assert all(text.isascii() for text in texts), texts


def test_a_paused_case_has_no_next(city: SmallCity) -> None:
    """While a service is switched off nobody is sent on; what it says of itself stays."""
    city.switched_off["elder-card"] = {Language.ZH_CN: "暂停。", Language.EN: "Paused."}
    form = see(city, "elder-card")
    assert (form["next"], form["off"]) == (None, "暂停。")
    assert form["counter"]["materials"]
