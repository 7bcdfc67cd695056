"""The vehicle office's registration over SOAP 1.2 and the insurance centre's database, by the counter's real connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.sandbox.vehicles.registration import complete_vin
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused
from tests.unit.adapters.sandbox.offices.errands import WANG
from tests.unit.adapters.sandbox.offices.street import Street

LI = {"name": "李秀英", "identity_number": "110101198505120029", "phone": "13800138002"}


def submission(number: str, serial: str, **change: Any) -> dict[str, Any]:
    inputs = {
        "vin": complete_vin("LFV2A21K", f"H{serial:0>7}"),
        "engine_no": "DKX123456",
        "plate_kind": "02",
        "invoice_no": "26110000000012345678",
        "insurance_policy_no": "PDZA202611010000123456",
        "inspect_on": "2026-12-01",
    }
    return {
        "applicant": WANG,
        "inputs": inputs | change,
        "application_no": number,
        "submitted_at": "2026-11-24T04:00:00+00:00",
        "channel": "wechat",
        "business_on": "2026-11-24",
    }


def asked(number: str, **more: Any) -> dict[str, Any]:
    return {"application_no": number, "business_on": "2026-11-24", **more}


def refusal_of(back_end: Any, operation: str, values: Mapping[str, Any]) -> str:
    with pytest.raises(BackEndRefused) as refused:
        back_end.call(operation, values, "r")
    return str(refused.value.reason)


def test_a_published_vin_has_its_check_character() -> None:
    """The example that 49 CFR 565 and every textbook use: X in the ninth place."""
    assert complete_vin("1M8GDM9A", "KP042788") == "1M8GDM9AXKP042788"


def test_a_vehicle_is_registered(quarter: Street) -> None:
    """Submitted, the same again, asked for, decided: a plate, and nothing of the office's own business."""
    back_end = quarter.connect("vehicle-registration")
    accepted = back_end.call("submit", submission("N1", "1"), "r")
    assert accepted["state"] == "accepted"
    assert "2026-12-01" in accepted["message"]
    assert back_end.call("submit", submission("N1", "1"), "r") == accepted
    assert back_end.call("find_submission", asked("N1"), "r") == accepted
    open_still = back_end.call("find_result", asked("N1", reference=accepted["reference"]), "r")
    assert (open_still["state"], open_still["outputs"]) == ("accepted", None)
    quarter.control("vehicle-registration", "applications/N1/result", {"state": "granted"})
    result = back_end.call("find_result", asked("N1", reference=accepted["reference"]), "r")
    assert result["state"] == "granted"
    assert result["outputs"].keys() == {"plate_no", "certificate_no", "registered_on"}
    assert result["outputs"]["plate_no"].startswith("京A")
    assert result["outputs"]["registered_on"] == "2026-11-24"


def test_what_the_vehicle_office_refuses(quarter: Street) -> None:
    """A wrong check character, a vehicle twice, a stranger's name, a number with other content, an application that never was."""
    back_end = quarter.connect("vehicle-registration")
    back_end.call("submit", submission("R1", "2"), "r")
    assert refusal_of(back_end, "submit", submission("R2", "2")) == "already_submitted"
    assert refusal_of(back_end, "submit", submission("R3", "3", vin="LFV2A21K9H0000003")) == "not_eligible"
    stranger = submission("R4", "4") | {"applicant": WANG | {"name": "王大明"}}
    assert refusal_of(back_end, "submit", stranger) == "no_such_record"
    assert refusal_of(back_end, "find_submission", asked("R9")) == "no_such_application"
    with pytest.raises(BackEndOutcomeUnknown):
        back_end.call("submit", submission("R1", "2", engine_no="OTHER1"), "r")


def test_a_lost_answer_is_found(quarter: Street) -> None:
    """The office had committed: the question for the application finds it."""
    back_end = quarter.connect("vehicle-registration")
    quarter.arrange("vehicle-registration", "submit", "timeout_after_commit")
    with pytest.raises(BackEndOutcomeUnknown):
        back_end.call("submit", submission("L1", "5"), "r")
    assert back_end.call("find_submission", asked("L1"), "r")["state"] == "accepted"


@pytest.mark.parametrize(
    ("kind", "personal", "employer"), [("110", 78400, 156800), ("310", 19600, 96040), ("210", 4900, 4900)]
)
def test_a_year_of_contributions(quarter: Street, kind: str, personal: int, employer: int) -> None:
    """Twelve months before this one, newest first, with what each side paid of the base, in fen."""
    told = quarter.connect("social-insurance").call(
        "look_up", {"applicant": WANG, "inputs": {"insurance_kind": kind}}, "r"
    )
    assert (told["insured_state"], told["insured_since"]) == ("正常参保", "2012-07-01")
    assert (told["months_paid"], told["account_balance"]) == (172, 940_800)
    months = [one["paid_month"] for one in told["contributions"]]
    assert months == [f"2026-{month:02d}" for month in range(10, 0, -1)] + ["2025-12", "2025-11"]
    assert {(one["base"], one["personal"], one["employer"]) for one in told["contributions"]} == {
        (980_000, personal, employer)
    }


def test_a_record_belongs_to_a_number_and_a_name(quarter: Street) -> None:
    """Nobody sees a record by a number alone, and each person sees their own."""
    back_end = quarter.connect("social-insurance")
    wrong = {"applicant": WANG | {"name": LI["name"]}, "inputs": {"insurance_kind": "110"}}
    assert refusal_of(back_end, "look_up", wrong) == "no_such_record"
    other = back_end.call("look_up", {"applicant": LI, "inputs": {"insurance_kind": "110"}}, "r")
    assert (other["insured_since"], other["account_balance"]) == ("2008-03-01", 712_320)


@pytest.mark.parametrize(
    "hostile", ["110' OR '1'='1", "110; DROP TABLE insured", "110\\' OR 1=1 -- ", "%", "110'/**/UNION SELECT 1"]
)
def test_what_is_entered_is_a_value(quarter: Street, hostile: str) -> None:
    """A statement in place of a value finds nothing, and changes nothing."""
    back_end = quarter.connect("social-insurance")
    told = back_end.call("look_up", {"applicant": WANG, "inputs": {"insurance_kind": hostile}}, "r")
    assert told["contributions"] == []
    stranger = {"applicant": WANG | {"identity_number": hostile}, "inputs": {"insurance_kind": "110"}}
    assert refusal_of(back_end, "look_up", stranger) == "no_such_record"


def test_a_database_that_misbehaves(quarter: Street) -> None:
    """Connections that are gone are opened again; without rights there is no answer; afterwards it answers as before."""
    back_end = quarter.connect("social-insurance")
    values = {"applicant": WANG, "inputs": {"insurance_kind": "110"}}
    good = back_end.call("look_up", values, "r")
    quarter.arrange("social-insurance", "database", "gone")
    assert back_end.call("look_up", values, "r") == good
    quarter.arrange("social-insurance", "database", "server_error")
    try:
        with pytest.raises(BackEndGarbled):
            back_end.call("look_up", values, "r")
    finally:
        quarter.arrange("social-insurance", "database", "none")
    assert back_end.call("look_up", values, "r") == good


def test_control_of_vehicles(quarter: Street) -> None:
    """A vehicle is entered and changes hands; a stranger's plate is fined by nobody; a paid fine is told."""
    plate = {"household_no": "京A77777", "name": "赵铁柱", "address": "演示市朝阳区1号"}
    quarter.control("vehicles", "households", plate)
    quarter.control("vehicles", "households", plate | {"name": "钱多多"})
    found = quarter.connect("vehicle-fines").call("find_household", {"household_no": "京A77777"}, "r")
    assert found["holder_name"] == "钱多多"
    issued = quarter.control("vehicles", "bills", {"household_no": "京A77777"})
    quarter.control("treasury", f"notices/{issued['bill_no']}/pay-at-bank", {})
    assert issued["bill_no"] in [one["bill_no"] for one in quarter.control("vehicles", "write-offs")]
    assert quarter.connect("vehicle-fines").call("list_bills", {"household_no": "京A77777"}, "r") == {"bills": []}


def test_control_of_insurance(quarter: Street) -> None:
    """Somebody is insured once; a base that is none, and somebody twice, are refused."""
    person = {"identity_number": "11010119750101001X", "name": "赵铁柱", "joined_on": "2020-01-01", "base_fen": 500_000}
    quarter.control("social-insurance", "persons", person)
    values = {
        "applicant": {"name": "赵铁柱", "identity_number": person["identity_number"], "phone": "13800138009"},
        "inputs": {"insurance_kind": "210"},
    }
    told = quarter.connect("social-insurance").call("look_up", values, "r")
    assert {one["base"] for one in told["contributions"]} == {500_000}
    for change in ({"base_fen": 0}, {"base_fen": "1"}, {"joined_on": "1 January"}, {}):
        with pytest.raises(AssertionError, match="bad_request"):
            quarter.control("social-insurance", "persons", person | change)
