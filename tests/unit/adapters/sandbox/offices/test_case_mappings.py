"""Every operation of the shipped mappings of kind case, by the counter's real connectors on real sockets: registers, a rule, the records."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from tests.fakes import ROOT, FakeClock
from tests.unit.adapters.sandbox.offices.street import Street, load_mapping, open_street, read_own

CASE_NO, CASES = "110101202611240000017", ("company-certificate", "elder-card", "labour-dispatch")
SHUNDA, QINGYUN = "91110101MA01ABCD19", "91110105MA03HXKJ5R"
WANG = {"name": "王小明", "identity_number": "110101199003070011", "phone": "13800138001"}
LI = {"name": "李秀英", "identity_number": "110101198505120029", "phone": "13800138002"}
OUYANG = {"name": "欧阳建国", "identity_number": "11010119621125003X", "phone": "13800138003"}
OFFICES = {
    "organisations", "seal-register", "capital-verification", "company-register", "elder-care", "labour-office",
}  # fmt: skip
OFFICE_OF_CALL: Mapping[tuple[str, str], tuple[str, str]] = {
    ("company-certificate", "fetch_business_licence"): ("organisations", "find"),
    ("company-certificate", "fetch_seal_record"): ("seal-register", "find"),
    ("company-certificate", "fetch_capital_report"): ("capital-verification", "find"),
    ("company-certificate", "record"): ("company-register", "record"),
    ("labour-dispatch", "fetch_business_licence"): ("organisations", "find"),
    ("labour-dispatch", "fetch_capital_report"): ("capital-verification", "find"),
    ("labour-dispatch", "record"): ("labour-office", "submit"),
    ("elder-card", "fetch_household_record"): ("elder-care", "find_resident"),
    ("elder-card", "decide"): ("elder-care", "judge"),
    ("elder-card", "record"): ("elder-care", "record"),
}
"""(service, operation) → office and its operation that is called last."""


@pytest.fixture
def street(tmp_path: Path, clock: FakeClock) -> Iterator[Street]:
    """The offices that cases speak to."""
    with open_street(tmp_path / "home", clock, OFFICES) as opened:
        yield opened


def company(code: str, name: str, phone: str) -> dict[str, str]:
    return {"kind": "organisation", "name": name, "credit_code": code, "phone": phone}


ASKED: Mapping[str, dict[str, Any]] = {
    "company-certificate": {
        "applicant": company(QINGYUN, "演示市青云商贸有限公司", LI["phone"]),
        "agent": {**LI, "as": "legal_representative"},
        "inputs": {"new_capital": 500_000_000, "resolution_on": "2026-11-20", "contribution": "CASH"},
    },
    "labour-dispatch": {
        "applicant": company(SHUNDA, "演示市顺达人力资源有限公司", WANG["phone"]),
        "agent": {**WANG, "as": "legal_representative"},
        "inputs": {"workplace": "演示市东城区朝阳门内大街9号", "staff_count": 5},
    },
    "elder-card": {"applicant": {"kind": "person", **OUYANG}, "agent": None, "inputs": {}},
}


def ask(street: Street, service: str, operation: str, **changes: Any) -> Any:
    values = {**ASKED[service], "case_no": CASE_NO, "business_on": "2026-11-24"}
    if operation == "record":
        values |= {"decided_on": "2026-11-24", "certificate_no": "YY2026000017"}
    if operation == "find_record":
        values = {"case_no": CASE_NO, "business_on": "2026-11-24"}
    return street.connect(service).call(operation, values | changes, "r-1", purpose="submit_case", case_no=CASE_NO)


def checks(answer: Any) -> dict[str, bool]:
    return {check["what"]: check["ok"] for check in answer["checks"]}


def test_a_licence_is_fetched(street: Street) -> None:
    """Number, register, day, and what was checked: the name, the state, that the new capital is the higher one."""
    assert ask(street, "company-certificate", "fetch_business_licence") == {
        "found": True,
        "number": f"{QINGYUN[2:8]}{QINGYUN[9:17]}",
        "issued_by": "演示市市场监督管理局",
        "issued_on": "2019-09-02",
        "expires_on": None,
        "checks": [
            {"what": "名称与申请人一致", "ok": True},
            {"what": "登记状态为开业", "ok": True},
            {"what": "变更后的注册资本高于现注册资本", "ok": True},
        ],
        "values": {
            "registered_capital_fen": 100_000_000,
            "legal_representative": "李秀英",
            "address": "演示市朝阳区团结湖路6号",
        },
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"name": "演示市他人商贸有限公司"}, "名称与申请人一致"),
        ({"status": "REVOKED"}, "登记状态为开业"),
        ({"registered_capital": "5000000.00"}, "变更后的注册资本高于现注册资本"),
    ],
)
def test_a_licence_with_a_fault(street: Street, change: dict[str, str], what: str) -> None:
    """One fault in the register is one check that is not good; the others stay good."""
    street.control("organisations", "companies", {"credit_code": QINGYUN, **change})
    assert [name for name, ok in checks(ask(street, "company-certificate", "fetch_business_licence")).items() if not ok] == [
        what
    ]  # fmt: skip


def test_a_seal_is_fetched_by_xml(street: Street) -> None:
    """The seal in use is found; a lost one is found too, and its check is not good; another name has none."""
    answer = ask(street, "company-certificate", "fetch_seal_record")
    assert (answer["found"], set(checks(answer).values())) == (True, {True})
    street.control("seal-register", "seals", {"credit_code": QINGYUN, "status": "02"})
    assert checks(ask(street, "company-certificate", "fetch_seal_record"))["印章在用，未挂失、未注销"] is False
    other = company(QINGYUN, "演示市他人商贸有限公司", LI["phone"])
    assert ask(street, "company-certificate", "fetch_seal_record", applicant=other)["found"] is False


@pytest.mark.parametrize(
    ("service", "verified", "status", "good"),
    [
        ("company-certificate", "5000000.00", "VALID", [True, True]),
        ("company-certificate", "4999999.99", "VALID", [True, False]),
        ("company-certificate", "5000000.00", "WITHDRAWN", [False, True]),
        ("labour-dispatch", "2000000.00", "VALID", [True, True]),
        ("labour-dispatch", "1999999.99", "VALID", [True, False]),
    ],
)
def test_a_capital_report(street: Street, service: str, verified: str, status: str, good: list[bool]) -> None:
    """To the fen: what is verified must reach the new capital, or the two million yuan of the law."""
    code = ASKED[service]["applicant"]["credit_code"]
    street.control("capital-verification", "reports", {"credit_code": code, "status": status, "verified": verified})
    assert list(checks(ask(street, service, "fetch_capital_report")).values()) == good


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("company-certificate", "fetch_business_licence"),
        ("company-certificate", "fetch_seal_record"),
        ("company-certificate", "fetch_capital_report"),
        ("labour-dispatch", "fetch_business_licence"),
        ("labour-dispatch", "fetch_capital_report"),
        ("elder-card", "fetch_household_record"),
    ],
)
def test_a_register_that_does_not_know_the_applicant(street: Street, service: str, operation: str) -> None:
    """Not found is an answer, with no check good: nobody is refused by it, a clerk or the applicant sees it."""
    unknown = {
        **ASKED[service]["applicant"],
        "name": "演示市无名有限公司",
        "credit_code": "91110101MA07XTKX4X",
    }
    answer = ask(street, service, operation, applicant=unknown)
    assert (answer["found"], set(checks(answer).values())) == (False, {False})


def test_a_household_record(street: Street) -> None:
    """The old person is found with both checks good; one who has died has one that is not."""
    answer = ask(street, "elder-card", "fetch_household_record")
    assert (answer["found"], list(checks(answer).values()), answer["values"]) == (
        True, [True, True], {"district": "110102"},
    )  # fmt: skip
    street.control("elder-care", "residents", {"identity_number": OUYANG["identity_number"], "alive": False})
    assert checks(ask(street, "elder-card", "fetch_household_record"))["户籍状态正常"] is False


@pytest.mark.parametrize(
    ("person", "on", "decision", "age", "reason"),
    [
        (OUYANG, "2022-11-24", "refused", 59, "未满六十周岁"),
        (OUYANG, "2022-11-25", "granted", 60, "年满六十周岁"),
        (WANG, "2026-11-24", "refused", 36, "未满六十周岁"),
    ],
)
def test_the_rule_decides(
    street: Street, person: dict[str, str], on: str, decision: str, age: int, reason: str
) -> None:
    """The office's own rule says yes or no on that day, names itself, its facts and its reason."""
    answer = ask(street, "elder-card", "decide", applicant={"kind": "person", **person}, business_on=on)
    district = answer["facts"].pop("district")
    assert len(district) == 6
    assert answer == {
        "decision": decision,
        "rule_id": "elder-card-age",
        "rule_version": "2024-1",
        "reasons": [reason],
        "facts": {"age": age, "age_needed": 60},
    }


@pytest.mark.parametrize("service", CASES)
def test_recording(street: Street, service: str) -> None:
    """Recorded, the same again, and asked for by its number: one entry, with the outputs that the mapping names."""
    with pytest.raises(BackEndRefused) as absent:
        ask(street, service, "find_record")
    assert absent.value.reason == "no_such_record"
    entered = ask(street, service, "record")
    assert ask(street, service, "record") == entered == ask(street, service, "find_record")
    assert set(entered["outputs"]) == set(load_mapping(service).outputs)


@pytest.mark.parametrize("service", CASES)
def test_a_number_with_other_content_is_in_doubt(street: Street, service: str) -> None:
    """A number that is taken leaves open what happened: the question for it finds what was entered."""
    entered = ask(street, service, "record")
    other: Mapping[str, dict[str, Any]] = {
        "company-certificate": {"certificate_no": "YY2026000018"},
        "labour-dispatch": {"inputs": {**ASKED["labour-dispatch"]["inputs"], "staff_count": 6}},
        "elder-card": {"certificate_no": "YY2026000018"},
    }
    with pytest.raises(BackEndOutcomeUnknown):
        ask(street, service, "record", **other[service])
    assert ask(street, service, "find_record") == entered


def test_the_labour_office_refuses_by_its_law(street: Street) -> None:
    """Less than two million yuan is a definite no of the office's own system, and nothing was entered."""
    report = {"credit_code": SHUNDA, "status": "VALID", "verified": "1999999.99"}
    street.control("capital-verification", "reports", report)
    with pytest.raises(BackEndRefused) as refused:
        ask(street, "labour-dispatch", "record")
    assert refused.value.reason == "not_eligible"
    assert street.control("labour-office", "applications") == []


@pytest.mark.parametrize(("service", "operation"), OFFICE_OF_CALL)
def test_no_result_holds_a_canary(street: Street, service: str, operation: str) -> None:
    """What the mapping gives to the counter holds none of the values that lie outside the service's purpose."""
    given = str(ask(street, service, operation))
    canaries = [canary for office in OFFICES for canary in street.control(office, "canaries")]
    assert canaries
    assert not [canary for canary in canaries if canary in given]


@pytest.mark.parametrize("behaviour", ["html", "truncated", "unknown_field", "huge"])
@pytest.mark.parametrize(("service", "operation"), OFFICE_OF_CALL)
def test_answers_that_are_not_as_agreed(street: Street, service: str, operation: str, behaviour: str) -> None:
    """Nothing of a spoiled answer is used: a question is garbled or unreachable, a record in doubt."""
    office, at_office = OFFICE_OF_CALL[service, operation]
    street.arrange(office, at_office, behaviour)
    with pytest.raises((BackEndGarbled, BackEndOutcomeUnknown, BackEndUnreachable)):
        ask(street, service, operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("company-certificate", "fetch_business_licence"), ("company-certificate", "fetch_seal_record")],
)
def test_an_answer_in_another_charset(street: Street, service: str, operation: str) -> None:
    """What a register says in another charset than agreed is not used."""
    office, at_office = OFFICE_OF_CALL[service, operation]
    street.arrange(office, at_office, "wrong_charset")
    with pytest.raises(BackEndGarbled):
        ask(street, service, operation)


@pytest.mark.parametrize(("service", "operation"), OFFICE_OF_CALL)
def test_an_office_learns_number_purpose_and_case(street: Street, service: str, operation: str) -> None:
    """Request id, purpose and case number go along in the headers of every call."""
    ask(street, service, operation)
    office, at_office = OFFICE_OF_CALL[service, operation]
    heard = next(one for one in street.control(office, "requests") if one["operation"] == at_office)
    assert (heard["request_id"], heard["purpose"], heard["case_number"]) == ("r-1", "submit_case", CASE_NO)


def test_every_operation_is_called_here() -> None:
    """No operation of these mappings is left out of this file, and these are all mappings of kind case."""
    operations = {
        (service, name)
        for service in CASES
        for name in load_mapping(service).back_end.operations
        if name != "find_record"
    }
    assert operations == set(OFFICE_OF_CALL)
    kinds = {path.stem: yaml.safe_load(path.read_text())["kind"] for path in (ROOT / "config/mappings").glob("*.yaml")}
    assert {name for name, kind in kinds.items() if kind == "case"} == set(CASES)


def budget_cases() -> list[tuple[str, str, str, str]]:
    return [
        (service, platform, direction, field)
        for service in CASES
        for platform, budget in read_file(service)["exposure"].items()
        for direction, fields in budget.items()
        for field in fields
    ]


def read_file(service: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "config" / "mappings" / f"{service}.yaml").read_text())
    return read


@pytest.mark.parametrize(("service", "platform", "direction", "field"), budget_cases())
def test_a_field_less_is_refused(service: str, platform: str, direction: str, field: str) -> None:
    """Every field of every budget is needed: without it the mapping is refused, at that place."""
    value = copy.deepcopy(read_file(service))
    budget = {name: list(fields) for name, fields in value["exposure"][platform].items()}
    budget[direction].remove(field)
    value["exposure"] = {**value["exposure"], platform: budget}
    for purpose in value["purposes"].values():
        own = purpose.get("fields", {}).get(direction, [])
        if field in own:
            own.remove(field)
    mapping, faults = read_own(service, yaml.safe_dump(value, allow_unicode=True).encode())
    assert mapping is None
    assert {(fault.path, fault.found) for fault in faults} == {(f"exposure.{platform}.{direction}", f"no {field}")}
