"""Every operation of every mapping of this street, by the counter's real connector on real sockets: exact results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from tests.unit.adapters.sandbox.offices.errands import NO, WANG
from tests.unit.adapters.sandbox.offices.street import OFFICE_OF, Street, load_mapping

ADDRESS = "演示市东城区和平里西街12号院3号楼2单元501室"
INPUTS: Mapping[str, dict[str, Any]] = {
    "tax-declaration": {
        "tax_year": "2025",
        "income_amount": 18_600_000,
        "social_insurance_deduction": 3_348_000,
        "additional_deduction": 3_600_000,
        "tax_withheld": 348_000,
    },
    "business-certificate": {
        "business_name": "演示市东城区小明面馆",
        "trade": "62",
        "premises": "演示市东城区朝内大街77号",
        "business_funds": 5_000_000,
    },
    "social-benefits": {
        "contact_phone": "13800138001",
        "household_size": 3,
        "household_income": 180_000,
        "hardship": "ILLNESS",
    },
    "hospital-reimbursement": {
        "hospital": "演示市第一人民医院",
        "admitted_on": "2026-10-08",
        "discharged_on": "2026-10-16",
        "invoice_no": "1100262026",
        "hospital_costs": 1_230_000,
    },
    "birth-permit": {
        "spouse_name": "李秀英",
        "spouse_identity_number": "110101198505120029",
        "expected_on": "2027-03-18",
        "birth_order": "1",
        "assessment_no": "JK2026110017",
    },
    "address-change": {
        "present_address": ADDRESS,
        "new_district": "110108",
        "new_address": "学院路甲5号院2号楼1单元603室",
        "move_reason": "HOUSE",
        "moved_on": "2026-11-20",
    },
}
"""What a citizen entered, and what the gateway filled in, as a mapping gets it."""
SUBMITTED: Mapping[str, tuple[str, str, str]] = {
    "tax-declaration": ("GS", "accepted", "申报已受理。应纳税额3132.00元，已预缴税额3480.00元，应退税额348.00元。"),
    "business-certificate": ("DJ", "accepted", "申请材料已收到，正在审查。"),
    "social-benefits": ("DB", "accepted", "已受理，工作人员将入户调查。"),
    "hospital-reimbursement": ("YB", "accepted", "已受理，请在承诺期限内出示票据原件。"),
    "birth-permit": ("SY", "granted", "已登记，可凭登记编号在助产机构建档、分娩。"),
    "address-change": ("HZ", "pending", "已受理，派出所核实后通知办理结果。"),
}


def submission(service: str, **change: Any) -> dict[str, Any]:
    values = {
        "applicant": WANG,
        "inputs": INPUTS[service],
        "application_no": NO,
        "submitted_at": "2026-11-24T08:00:00+00:00",
        "channel": "wechat",
        "business_on": "2026-11-24",
    }
    return values | change


def asked(**more: Any) -> dict[str, Any]:
    return {"application_no": NO, "business_on": "2026-11-24", **more}


@pytest.mark.parametrize("service", sorted(SUBMITTED))
def test_submitting(street: Street, service: str) -> None:
    """Submitted, the same again, and asked for: the same reference, state and message, under the office's own prefix."""
    prefix, state, message = SUBMITTED[service]
    back_end = street.connect(service)
    expected = {"reference": f"{prefix}20261124000001", "state": state, "message": message}
    assert back_end.call("submit", submission(service), "r-1") == expected
    assert back_end.call("submit", submission(service), "r-2", purpose="submit_application", case_no=NO) == expected
    assert back_end.call("find_submission", asked(), "r-3") == expected


@pytest.mark.parametrize("service", sorted(SUBMITTED))
def test_what_was_not_submitted(street: Street, service: str) -> None:
    """An office says of an application that it does not have: no such application."""
    with pytest.raises(BackEndRefused) as refused:
        street.connect(service).call("find_submission", asked(), "r-1")
    assert refused.value.reason == "no_such_application"


@pytest.mark.parametrize("service", sorted(SUBMITTED))
def test_a_number_with_other_content_is_in_doubt(street: Street, service: str) -> None:
    """A refusal because the number is taken leaves open what happened: the question for it finds what was taken."""
    back_end = street.connect(service)
    taken = back_end.call("submit", submission(service), "r-1")
    other = INPUTS[service] | _other(service)
    with pytest.raises(BackEndOutcomeUnknown):
        back_end.call("submit", submission(service, inputs=other), "r-2")
    assert back_end.call("find_submission", asked(), "r-3") == taken


def _other(service: str) -> dict[str, Any]:
    """The same form with one other value that its office accepts."""
    changes: Mapping[str, dict[str, Any]] = {
        "tax-declaration": {"income_amount": 18_600_100},
        "business-certificate": {"business_funds": 6_000_000},
        "social-benefits": {"household_size": 4},
        "hospital-reimbursement": {"hospital_costs": 1_230_001},
        "birth-permit": {"birth_order": "2"},
        "address-change": {"move_reason": "RENT"},
    }
    return changes[service]


@pytest.mark.parametrize(
    ("service", "change", "reason"),
    [
        ("tax-declaration", {"tax_withheld": 348_001}, "not_eligible"),
        ("tax-declaration", {"tax_year": "2024"}, "past_period"),
        ("business-certificate", {"business_name": "中国小明面馆"}, "not_eligible"),
        ("social-benefits", {"household_income": 435_000}, "not_eligible"),
        ("hospital-reimbursement", {"discharged_on": "2026-10-07"}, "not_eligible"),
        ("birth-permit", {"expected_on": "2028-01-01"}, "not_eligible"),
        ("birth-permit", {"assessment_no": "JK2026110000"}, "not_eligible"),
        ("address-change", {"present_address": "演示市东城区别处1号"}, "not_eligible"),
        ("address-change", {"moved_on": "2026-11-25"}, "not_eligible"),
    ],
)
def test_an_office_refuses(street: Street, service: str, change: dict[str, Any], reason: str) -> None:
    """What an office refuses by its law is a definite no with the mapping's reason, and nothing was taken."""
    with pytest.raises(BackEndRefused) as refused:
        street.connect(service).call("submit", submission(service, inputs=INPUTS[service] | change), "r-1")
    assert refused.value.reason == reason
    assert street.control(OFFICE_OF[service], "applications") == []


@pytest.mark.parametrize("service", sorted(SUBMITTED))
def test_an_unknown_person(street: Street, service: str) -> None:
    """Name and number that do not belong together are no such record, at every office."""
    with pytest.raises(BackEndRefused) as refused:
        street.connect(service).call("submit", submission(service, applicant=WANG | {"name": "李秀英"}), "r-1")
    assert refused.value.reason == "no_such_record"


def test_prefilled_declaration(street: Street) -> None:
    """The bureau gives year, income, deductions and tax withheld as texts, and nothing else of what it sends along."""
    assert street.connect("tax-declaration").call("prefill", {"applicant": WANG}, "r-1") == {
        "values": {
            "tax_year": "2025",
            "income_amount": "186000.00",
            "social_insurance_deduction": "33480.00",
            "additional_deduction": "36000.00",
            "tax_withheld": "3480.00",
        }
    }


def test_prefilled_address(street: Street) -> None:
    """The register gives the present address and nothing else."""
    found = street.connect("address-change").call("prefill", {"applicant": WANG}, "r-1")
    assert found == {"values": {"present_address": ADDRESS}}


def test_tax_statement(street: Street) -> None:
    """Seven payments of six months over two pages, newest first, and their sum in fen."""
    inputs = {"from_month": "2026-01", "to_month": "2026-06"}
    found = street.connect("tax-statement").call("look_up", {"applicant": WANG, "inputs": inputs}, "r-1")
    assert isinstance(found, dict)
    assert (found["tax_total"], len(found["tax_payments"])) == (238_000, 7)
    assert found["tax_payments"][0] == {
        "tax_kind": "个人所得税（工资薪金所得）",
        "tax_period": "2026-06",
        "tax_amount": 29_000,
        "paid_on": "2026-07-12",
    }
    assert found["tax_payments"][4]["tax_kind"] == "个人所得税（劳务报酬所得）"


@pytest.mark.parametrize(
    ("first", "last", "reason"), [("2026-06", "2026-01", "not_permitted"), ("2020-01", "2026-01", "not_permitted")]
)
def test_tax_statement_refuses_ranges(street: Street, first: str, last: str, reason: str) -> None:
    """Months the wrong way round, or too many of them, are refused."""
    values = {"applicant": WANG, "inputs": {"from_month": first, "to_month": last}}
    with pytest.raises(BackEndRefused) as refused:
        street.connect("tax-statement").call("look_up", values, "r-1")
    assert refused.value.reason == reason


def test_a_polled_result(street: Street) -> None:
    """Asked again after the decision, the register gives the licence; before it, none."""
    back_end = street.connect("business-certificate")
    reference = back_end.call("submit", submission("business-certificate"), "r-1")["reference"]
    values = asked(reference=reference)
    before = back_end.call("find_result", values, "r-2")
    street.control("business-register", f"applications/{NO}/result", {"state": "granted"})
    after = back_end.call("find_result", values, "r-3")
    assert before == {
        "reference": reference,
        "state": "accepted",
        "message": "申请材料已收到，正在审查。",
        "outputs": None,
    }
    assert after == {
        "reference": reference,
        "state": "granted",
        "message": "准予登记，营业执照已签发。",
        "outputs": {
            "credit_code": "92110101MA4000001X",
            "licence_name": "演示市东城区小明面馆",
            "licence_issued_on": "2026-11-24",
        },
    }


def test_results_in_a_file(street: Street) -> None:
    """A day without decisions is an empty file; a decision stands in the file of its day, and in no other."""
    back_end = street.connect("hospital-reimbursement")
    back_end.call("submit", submission("hospital-reimbursement"), "r-1")
    assert back_end.call("list_results", {"business_on": "2026-11-24"}, "r-2") == {"results": []}
    street.control("medical-claims", f"applications/{NO}/result", {"state": "granted"})
    assert back_end.call("list_results", {"business_on": "2026-11-23"}, "r-3") == {"results": []}
    assert back_end.call("list_results", {"business_on": "2026-11-24"}, "r-4") == {
        "results": [
            {
                "application_no": NO,
                "reference": "YB20261124000001",
                "state": "granted",
                "message": "审核通过，款项将拨付至社会保障卡账户。",
                "outputs": {"total_costs": 1_230_000, "fund_payment": 935_000},
            }
        ]
    }


def test_vacancies(street: Street) -> None:
    """All vacancies over four pages; with both filters the two that fit."""
    back_end = street.connect("local-jobs")
    everything = back_end.call("fetch", {"inputs": {"job_category": None, "job_district": None}}, "r-1")
    chosen = back_end.call("fetch", {"inputs": {"job_category": "technology", "job_district": "110108"}}, "r-2")
    assert isinstance(everything, dict)
    assert isinstance(chosen, dict)
    assert (everything["vacancy_count"], len(everything["jobs"])) == (13, 13)
    assert [job["title"] for job in chosen["jobs"]] == ["软件测试工程师", "前端开发工程师"]
    assert set(chosen["jobs"][0]) == set(load_mapping("local-jobs").outputs["jobs"].of)


def test_notices(street: Street) -> None:
    """Six notices; of one kind two, with their dates rewritten."""
    back_end = street.connect("local-notices")
    everything = back_end.call("fetch", {"inputs": {"notice_kind": None}}, "r-1")
    chosen = back_end.call("fetch", {"inputs": {"notice_kind": "traffic"}}, "r-2")
    assert isinstance(everything, dict)
    assert isinstance(chosen, dict)
    assert (everything["notice_count"], len(everything["notices"])) == (6, 6)
    assert [notice["published_on"] for notice in chosen["notices"]] == ["2026-11-23", "2026-11-15"]


def first_call(service: str) -> tuple[str, str, dict[str, Any]]:
    """(operation of the mapping, operation of the office, values) of a call that goes out first."""
    calls: Mapping[str, tuple[str, str, dict[str, Any]]] = {
        "tax-statement": (
            "look_up",
            "find_taxpayer",
            {"applicant": WANG, "inputs": {"from_month": "2026-01", "to_month": "2026-02"}},
        ),
        "local-jobs": ("fetch", "list_vacancies", {"inputs": {}}),
        "local-notices": ("fetch", "list_notices", {"inputs": {}}),
    }
    return calls.get(service) or ("submit", "submit", submission(service))


@pytest.mark.parametrize("service", sorted(OFFICE_OF))
@pytest.mark.parametrize(
    "behaviour",
    ["html", "truncated", "cut_off", "garbled", "empty", "redirect", "huge", "unknown_field", "wrong_charset"],
)
def test_answers_that_are_not_as_agreed(street: Street, service: str, behaviour: str) -> None:
    """Nothing of a spoiled answer is used, and no message about it holds anything that the office said."""
    operation, at_office, values = first_call(service)
    back_end = street.connect(service)
    street.arrange(OFFICE_OF[service], at_office, behaviour)
    with pytest.raises((BackEndGarbled, BackEndOutcomeUnknown, BackEndUnreachable)) as failure:
        back_end.call(operation, values, "r-1")
    canaries = street.control(OFFICE_OF[service], "canaries")
    assert not [canary for canary in canaries if canary in str(failure.value) + str(failure.value.__dict__)]


@pytest.mark.parametrize("service", ["tax-declaration", "birth-permit"])
def test_a_dead_token_is_fetched_anew(street: Street, service: str) -> None:
    """Where the office has forgotten our token, a question is asked once more with a new one."""
    back_end = street.connect(service)
    taken = back_end.call("submit", submission(service), "r-1")
    street.arrange(OFFICE_OF[service], "find_submission", "expired_token")
    assert back_end.call("find_submission", asked(), "r-2") == taken


@pytest.mark.parametrize("service", sorted(OFFICE_OF))
def test_no_result_holds_a_canary(street: Street, service: str) -> None:
    """What the mapping gives to the counter holds none of the values that lie outside the service's purpose."""
    operation, _, values = first_call(service)
    given = str(street.connect(service).call(operation, values, "r-1"))
    assert not [canary for canary in street.control(OFFICE_OF[service], "canaries") if canary in given]


@pytest.mark.parametrize("service", sorted(OFFICE_OF))
def test_an_office_learns_number_purpose_and_case(street: Street, service: str) -> None:
    """Request id, purpose and case number go along in the headers; over the bus also its message id and issue."""
    operation, at_office, values = first_call(service)
    street.connect(service).call(operation, values, "r-77", purpose="see_service", case_no="C-5")
    heard = next(one for one in street.control(OFFICE_OF[service], "requests") if one["operation"] == at_office)
    assert (heard["request_id"], heard["purpose"], heard["case_number"]) == ("r-77", "see_service", "C-5")
    assert (bool(heard["message_id"]), heard["issue"]) == (
        (True, "C-5") if service == "address-change" else (False, "")
    )


def test_every_operation_is_called_here() -> None:
    """No operation of these mappings is left out of this file."""
    called = {"prefill", "submit", "find_submission", "find_result", "list_results", "look_up", "fetch"}
    operations = {name for service in OFFICE_OF for name in load_mapping(service).back_end.operations}
    assert operations == called
