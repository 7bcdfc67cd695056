"""Rules of services/mapping_trial.py: a trial asks as the counter would, writes only when it is told to, and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.mapping_schema import APPLICANT
from services.catalogue import read_mappings, read_vocabulary
from services.errors import BackEndRefused, ConfigurationFault, InputRefused
from services.exposure import Direction
from services.mapping_trial import TrialReport, Wishes, try_mapping
from services.model import Assurance, JsonValue, PlatformName

CONFIG = Path(__file__).parents[3] / "config"
VOCABULARY, _ = read_vocabulary(CONFIG / "vocabulary.yaml")
assert VOCABULARY is not None
SERVICES, _ = read_mappings(sorted((CONFIG / "mappings").glob("*.yaml")), VOCABULARY)
NOW = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
BILLS = {"bills": [{"bill_no": "B1", "amount_fen": 8640}, {"bill_no": "B2", "amount_fen": 1}]}


@dataclass
class ScriptedBackEnd:
    """Answers each operation as the script says; an exception is raised."""

    script: Mapping[str, Any]
    asked: list[tuple[str, Mapping[str, JsonValue]]] = field(default_factory=list)

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        self.asked.append((operation, values))
        answer = self.script[operation]
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(service: str, back_end: ScriptedBackEnd, **wishes: Any) -> TrialReport:
    return try_mapping(SERVICES[service], back_end, Wishes(**wishes), now=NOW, number="n" * 32, request_id="r-1")


def test_a_bill_is_found_and_nothing_is_paid() -> None:
    """The account and its bills are asked for; the write-off is shown as it would be sent, and is not sent."""
    back_end = ScriptedBackEnd({"find_household": {"holder_name": "王小明", "address": "x"}, "list_bills": BILLS})
    report = run("gas-bill", back_end, entered={"household_no": "10086001"})
    assert [operation for operation, _ in back_end.asked] == ["find_household", "list_bills"]
    plan = report.planned[0]
    assert (plan.operation, plan.method, plan.document["billNo"], plan.document["amountYuan"]) == (
        "write_off",
        "POST",
        "B1",
        "86.40",
    )
    assert "bill_amount" in report.exposure[PlatformName.WECHAT][Direction.SHOWN_IN_CLIENT]


def test_a_write_is_wished_for() -> None:
    """With the wish to write, the first bill is written off under the trial's own number."""
    script = {"find_household": {}, "list_bills": BILLS, "write_off": {"reference": "R"}}
    back_end = ScriptedBackEnd(script)
    report = run("gas-bill", back_end, entered={"household_no": "10086001"}, write=True)
    values = back_end.asked[-1][1]
    assert (values["bill_no"], values["amount_fen"], values["sequence_no"]) == ("B1", 8640, "n" * 32)
    assert values["business_on"] == "2026-12-01", "the legal day is that of China"
    assert report.tried[-1].result == {"reference": "R"}
    assert report.planned == ()


def test_a_chosen_amount() -> None:
    """Where the payer chooses, the amount is named; without one nothing can be written."""
    back_end = ScriptedBackEnd({"find_household": {}})
    assert run("power-topup", back_end, entered={"household_no": "30086001"}).planned == ()
    assert run("power-topup", back_end, entered={"household_no": "30086001"}, amount_fen=5000).planned
    with pytest.raises(ConfigurationFault, match="name an amount"):
        run("power-topup", back_end, entered={"household_no": "30086001"}, write=True)


def test_what_is_known_is_filled_in() -> None:
    """The back end is asked for what it has before anything is submitted, and the account gives what is proven."""
    given = {
        "tax_year": "2025",
        "income_amount": "1.50",
        "social_insurance_deduction": "0.00",
        "additional_deduction": "0.00",
        "tax_withheld": "0.10",
    }
    back_end = ScriptedBackEnd({"prefill": {"values": given}, "submit": {"reference": "R", "state": "accepted"}})
    run("tax-declaration", back_end, write=True, applicant={"name": "王小明", "identity_number": "1", "phone": "2"})
    assert back_end.asked[0] == ("prefill", {"applicant": {"name": "王小明", "identity_number": "1", "phone": "2"}})
    inputs = back_end.asked[1][1]["inputs"]
    assert (inputs["income_amount"], inputs["tax_withheld"]) == (150, 10), "money is whole fen"


def test_an_applicant_is_told_as_far_as_it_is_proven() -> None:
    """At a lower level of assurance the mapping gets less of who asks."""
    mapping = replace(SERVICES["tax-declaration"], assurance=Assurance.PHONE)
    back_end = ScriptedBackEnd({"prefill": BackEndRefused("no_such_record")})
    try_mapping(mapping, back_end, Wishes(), now=NOW, number="n", request_id="r")
    assert set(back_end.asked[0][1]["applicant"]) == {"phone"}


def test_a_result_is_shown_masked() -> None:
    """What a look-up gives is shown as a citizen would see it; what each platform sees of it follows from that."""
    back_end = ScriptedBackEnd({"fetch": {"vacancy_count": 1, "jobs": []}})
    report = run("local-jobs", back_end, entered={"job_category": "technology"})
    assert report.shown == {"vacancy_count": 1, "jobs": []}
    for seen in report.exposure.values():
        assert "vacancies" in seen[Direction.SHOWN_IN_CLIENT]
        assert seen[Direction.ENTERED_IN_CLIENT] == {"job_category"}


def test_a_refusal_ends_the_trial() -> None:
    """A back end's no is told by its name, and nothing more is asked."""
    back_end = ScriptedBackEnd({"find_household": BackEndRefused("no_such_household")})
    report = run("gas-bill", back_end, entered={"household_no": "10086001"}, write=True)
    assert [(tried.operation, tried.error) for tried in report.tried] == [
        ("find_household", "back_end_refused: no_such_household")
    ]


def test_one_operation_alone() -> None:
    """Only the operation that is wished for is run."""
    back_end = ScriptedBackEnd({"list_bills": BILLS})
    run("gas-bill", back_end, entered={"household_no": "10086001"}, operation="list_bills")
    assert [operation for operation, _ in back_end.asked] == ["list_bills"]
    with pytest.raises(ConfigurationFault, match="has no operation pay"):
        run("gas-bill", back_end, operation="pay")


@pytest.mark.parametrize(
    ("entered", "told"),
    [
        ({}, {"household_no": "required"}),
        ({"household_no": "a b"}, {"household_no": "form"}),
        ({"no": "1"}, {"no": "unknown_field"}),
    ],
)
def test_inputs_are_held_against_their_declarations(entered: dict[str, str], told: dict[str, str]) -> None:
    """An input that is missing, refused or unknown is named with the rule, and nothing is sent."""
    back_end = ScriptedBackEnd({})
    with pytest.raises(InputRefused) as caught:
        run("gas-bill", back_end, entered=entered)
    assert caught.value.detail == told
    assert back_end.asked == []


FOUND = {"found": True, "checks": [{"what": "名称一致", "ok": True}]}


def test_a_case_is_asked_about_for_the_organisation_of_its_story() -> None:
    """Every register is asked for the story's company, by whoever tries as its representative; the record is planned, not made."""
    fetches = ("fetch_business_licence", "fetch_seal_record", "fetch_capital_report")
    back_end = ScriptedBackEnd(dict.fromkeys(fetches, FOUND))
    entered = {"new_capital": "5000000.00", "resolution_on": "2026-11-20", "contribution": "CASH"}
    report = run("company-certificate", back_end, entered=entered)
    assert [name for name, _ in back_end.asked] == list(fetches)
    asked = back_end.asked[0][1]
    assert asked["applicant"] == {
        "kind": "organisation", "name": "演示市青云商贸有限公司", "credit_code": "91110105MA03HXKJ5R", "phone": "13800138001",
    }  # fmt: skip
    assert (asked["agent"]["as"], asked["inputs"]["new_capital"]) == ("legal_representative", 500_000_000)
    assert [(plan.operation, plan.back_end) for plan in report.planned] == [("record", "market-entities")]
    seen = report.exposure[PlatformName.WECHAT]
    assert {"material_title", "case_no", "deadline"} <= seen[Direction.SHOWN_IN_CLIENT]
    assert "new_licence_no" not in seen[Direction.SHOWN_IN_CLIENT], "nothing was recorded yet"
    assert {"new_capital", "material_file"} <= seen[Direction.ENTERED_IN_CLIENT]


def test_a_case_for_another_organisation() -> None:
    """Who tries may name another company."""
    back_end = ScriptedBackEnd({"fetch_business_licence": FOUND})
    who = {**APPLICANT, "organisation": "演示市新天科技有限公司", "credit_code": "91110101MA07XTKX4R"}
    run("labour-dispatch", back_end, entered={"workplace": "演示市1号楼", "staff_count": "5"}, applicant=who,
        operation="fetch_business_licence")  # fmt: skip
    assert back_end.asked[0][1]["applicant"]["credit_code"] == "91110101MA07XTKX4R"


def test_a_rule_is_asked_and_the_record_shows_its_outputs() -> None:
    """Where a back end decides, its rule is asked after the registers; what a record gives is what a citizen would see."""
    decided = {
        "decision": "granted",
        "rule_id": "r",
        "rule_version": "1",
        "reasons": ["年满六十周岁"],
        "facts": {"age": 63},
    }
    outputs = {"elder_card_no": "N-1", "elder_card_issued_on": "2026-12-01"}
    back_end = ScriptedBackEnd(
        {"fetch_household_record": FOUND, "decide": decided, "record": {"reference": "LN1", "outputs": outputs}}
    )
    report = run("elder-card", back_end, write=True)
    assert [name for name, _ in back_end.asked] == ["fetch_household_record", "decide", "record"]
    assert back_end.asked[0][1]["agent"] is None
    assert back_end.asked[-1][1]["decided_on"] == "2026-12-01", "the legal day is that of China"
    assert "elder_card_no" in report.exposure[PlatformName.ALIPAY][Direction.SHOWN_IN_CLIENT]
