"""What an applicant does with a case from the phone: correct, supply, put right, withdraw; and what they hold of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.case_record import Hand
from tests.case_city import PHOTO, CaseCity


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


def opened(city: CaseCity, **changes: Any) -> tuple[str, str]:
    """A session and its case."""
    token = city.enter()
    return token, city.open(token, **changes)


def act(city: CaseCity, token: str, case_id: str, name: str, **body: Any) -> Any:
    """An act on the case as it stands, unless a version is named."""
    version = body.pop("version", None) or city.see(token, case_id)["version"]
    return city.send("POST", f"/v1/cases/{case_id}/{name}", {"version": version, **body}, token=token)


def test_a_correction_answers_the_whole_notice(city: CaseCity) -> None:
    """Half of it is refused by name; all of it is taken once, and a second sending does nothing."""
    token, case_id = opened(city)
    city.ask_correction(case_id, "floor_plan", "company_name")
    seen = city.see(token, case_id)
    assert seen["wanted"]["needed"] == ["company_name", "floor_plan"]
    assert seen["timeline"][-1]["words"] == ["平面图：请补正 floor_plan", "字号：请补正 company_name"]
    half = act(city, token, case_id, "corrections", inputs={"company_name": "二号店"})
    assert half.json["detail"]["fields"] == [{"path": "materials.floor_plan", "rule": "required"}]
    assert city.upload(token, f"cases/{case_id}", content=PHOTO + b"new").json["waiting"] is True
    version = city.see(token, case_id)["version"]
    done = act(city, token, case_id, "corrections", version=version, inputs={"company_name": "二号店"})
    assert (done.status, done.json["state"]) == (200, "received")
    assert city.entered.disclosure.fields == {"company_name", "reference"}
    again = act(city, token, case_id, "corrections", version=version, inputs={"company_name": "二号店"})
    assert again.json["code"] == "case_moved"
    assert city.counter.names(UUID(case_id)).count("corrected") == 1


def test_a_late_correction_is_told_so(city: CaseCity) -> None:
    """After its term nothing is taken from the phone."""
    token, case_id = opened(city)
    city.ask_correction(case_id, "company_name")
    city.clock.advance(60 * 86_400)
    answer = act(city, token, case_id, "corrections", inputs={"company_name": "二号店"})
    assert (answer.status, answer.json["code"]) == (409, "correction_late")


def test_nobody_changes_what_was_not_asked_for(city: CaseCity) -> None:
    """An input beside the notice, an input that there is not, a promise that is a file."""
    token, case_id = opened(city)
    city.ask_correction(case_id, "company_name")
    for body, rule in (
        ({"inputs": {"premises": "二路"}}, {"path": "inputs.premises", "rule": "not_asked"}),
        ({"inputs": {"surprise": "1"}}, {"path": "inputs", "rule": "unknown_field"}),
        ({"promises": ["floor_plan"]}, {"path": "promises", "rule": "unknown_field"}),
    ):
        answer = act(city, token, case_id, "corrections", **body)
        assert answer.status == 422
        assert rule in answer.json["detail"]["fields"]


@pytest.mark.parametrize("name", ["corrections", "gap", "fixes", "withdraw"])
def test_an_act_that_does_not_fit_says_in_which_state_the_case_is(city: CaseCity, name: str) -> None:
    """After the decision none of them does."""
    token, case_id = opened(city)
    city.move(case_id, "accepted", on="2026-11-02")
    city.move(case_id, "granted", on="2026-11-03", by="clerk", reasons=["符合条件"])
    answer = act(city, token, case_id, name)
    assert (answer.status, answer.json["code"]) == (409, "not_allowed_now")
    assert answer.json["detail"] == {"state": "granted"}


def test_a_gap_is_supplied_and_something_put_right(city: CaseCity) -> None:
    """Before anybody asks a value is put right; what an acceptance with a gap left out is brought."""
    token, case_id = opened(city)
    fixed = act(city, token, case_id, "fixes", inputs={"company_name": "三号店"})
    assert (fixed.status, fixed.json["timeline"][-1]["message"]) == (200, "您当场更正了：字号。")
    city.move(
        case_id,
        "accepted_with_gap",
        on="2026-11-02",
        missing=["proof_of_premises"],
        until_on="2026-11-16",
        promise="十日内补交",
    )
    assert "supply_gap" in city.see(token, case_id)["acts"]
    assert city.upload(token, f"cases/{case_id}", "proof_of_premises", PHOTO + b"late").status == 201
    assert act(city, token, case_id, "gap").status == 200
    assert "gap_supplied" in city.counter.names(UUID(case_id))


def test_what_is_not_handed_in_can_be_taken_back(city: CaseCity) -> None:
    """What was handed in cannot."""
    token, case_id = opened(city)
    file_id = city.upload(token, f"cases/{case_id}", content=PHOTO + b"x").json["file_id"]
    assert city.send("DELETE", f"/v1/cases/{case_id}/files/{file_id}", token=token).status == 204
    plan = next(one for one in city.see(token, case_id)["materials"] if one["name"] == "floor_plan")
    handed_in = plan["files"][0]["file_id"]
    answer = city.send("DELETE", f"/v1/cases/{case_id}/files/{handed_in}", token=token)
    assert (answer.status, answer.json["code"]) == (409, "not_allowed_now")


def test_an_application_is_withdrawn(city: CaseCity) -> None:
    """Before the decision, at any time, once."""
    token, case_id = opened(city)
    answer = act(city, token, case_id, "withdraw")
    assert (answer.status, answer.json["state"], answer.json["acts"]) == (200, "withdrawn", [])
    assert act(city, token, case_id, "withdraw").json["detail"] == {"state": "withdrawn"}


def test_the_receipt_has_number_moments_and_deadlines(city: CaseCity) -> None:
    """First the day by which the office must speak, then both deadlines; its slip is read by the press that signed it."""
    token, case_id = opened(city)
    receipt = city.send("GET", f"/v1/cases/{case_id}/receipt", token=token).json
    assert (receipt["told_by_on"], receipt["promised_on"], receipt["accepted_on"]) == ("2026-11-09", None, None)
    assert city.counter.desk.slips.read(receipt["slip"], city.clock.now()).kind == "case_receipt"
    assert "slip" in city.shown.disclosure.fields
    city.move(case_id, "accepted", on="2026-11-02")
    later = city.send("GET", f"/v1/cases/{case_id}/receipt", token=token).json
    assert (later["promised_on"], later["statutory_on"]) == ("2026-11-23", "2026-11-30")


def issue(city: CaseCity, case_id: str) -> None:
    """Accepted, granted, issued by the house."""
    city.move(case_id, "accepted", on="2026-11-02")
    city.move(case_id, "granted", on="2026-11-03", by="clerk", reasons=["符合条件"], legal_ground="测试法第一条")
    city.counter.run_jobs()


def test_an_electronic_certificate_is_seen_and_collected(city: CaseCity) -> None:
    """Number, slip and where it is read; collecting it twice is collecting it once."""
    token, case_id = opened(city, delivery="electronic")
    early = city.send("GET", f"/v1/cases/{case_id}/certificate", token=token)
    assert (early.status, early.json["detail"]) == (409, {"state": "received"})
    issue(city, case_id)
    seen = city.send("GET", f"/v1/cases/{case_id}/certificate", token=token).json
    assert (seen["title"], seen["state"], seen["revoked"]) == ("经营许可证", "issued", False)
    assert seen["number"].startswith("SYXK")
    assert seen["read_at"].endswith(f"/cases/{case_id}")
    assert city.counter.desk.slips.read(seen["slip"], city.clock.now()).kind == "certificate"
    for _ in range(2):
        collected = city.send("POST", f"/v1/cases/{case_id}/collect", token=token)
        assert (collected.status, collected.json["state"]) == (200, "delivered")
    documents = city.send("GET", f"/v1/cases/{case_id}/documents", token=token).json["documents"]
    assert "certificate" in {one["kind"] for one in documents}


def test_a_certificate_on_paper_is_collected_with_a_code(city: CaseCity) -> None:
    """No code before it lies ready, none that outlives its minutes, and nobody collects it on the phone."""
    token, case_id = opened(city, delivery="window")
    path = f"/v1/cases/{case_id}/collection-codes"
    assert city.send("POST", path, token=token).json["code"] == "not_allowed_now"
    issue(city, case_id)
    code = city.send("POST", path, token=token)
    assert code.status == 201
    assert city.counter.desk.slips.read(code.json["slip"], city.clock.now()).kind == "collection_code"
    assert city.send("POST", f"/v1/cases/{case_id}/collect", token=token).json["code"] == "not_allowed_now"
    city.move(case_id, "handed_over", identity_seen=True, to="applicant")
    assert city.send("POST", path, token=token).json["code"] == "not_allowed_now"


def test_a_certificate_that_is_being_made_is_not_ready(city: CaseCity) -> None:
    """Between decision and certificate the applicant is told to come back."""
    token, case_id = opened(city)
    city.move(case_id, "accepted", on="2026-11-02")
    city.move(case_id, "granted", on="2026-11-03", by="clerk", reasons=["符合条件"])
    answer = city.send("GET", f"/v1/cases/{case_id}/certificate", token=token)
    assert (answer.status, answer.json["code"]) == (409, "document_not_ready")


def test_a_revoked_certificate_says_so(city: CaseCity) -> None:
    """It is still seen, and holds no longer; no code takes it."""
    token, case_id = opened(city, delivery="window")
    issue(city, case_id)
    city.move(case_id, "certificate_revoked", Hand.HEAD, reason="以欺骗手段取得", legal_ground="行政许可法第六十九条")
    assert city.send("GET", f"/v1/cases/{case_id}/certificate", token=token).json["revoked"] is True
    assert city.send("POST", f"/v1/cases/{case_id}/collection-codes", token=token).status == 409


def test_a_refusal_is_read_with_its_reasons_and_the_way_to_appeal(city: CaseCity) -> None:
    """The words are the office's own, on one line each whatever was typed."""
    token, case_id = opened(city)
    city.move(case_id, "accepted", on="2026-11-02")
    city.move(case_id, "refused", on="2026-11-03", by="clerk", reasons=["场所\n不符\x07合", "[1]"], legal_ground="测试法第二条",
              appeal={"zh-CN": "可以申请行政复议", "en": "may appeal"})  # fmt: skip
    words = city.see(token, case_id)["timeline"][-1]["words"]
    assert words == ["场所 不符 合", "[1]", "测试法第二条", "可以申请行政复议"]
    assert "notice_text" in city.shown.disclosure.fields
