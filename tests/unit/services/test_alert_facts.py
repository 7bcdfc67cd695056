"""What is told at once: no reason given, a fee outside the catalogue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.alert_facts import FEE_OUTSIDE, NO_REASON, find_facts, is_in_catalogue, plan_facts
from services.alert_record import Rung
from services.case_record import CaseState
from services.model import JsonValue
from tests.case_samples import make_case_event
from tests.unit.services.told_cases import accept, add, begin

FREE = {"name": {"zh-CN": "换领户口簿", "en": "A new household book"}, "legal_ground": "试", "amount_fen": 0}
PRICED = {"name": {"zh-CN": "工本费", "en": "Cost"}, "legal_ground": "试", "amount_fen": 1000}
COMPUTED = {"name": {"zh-CN": "检验费", "en": "Test"}, "legal_ground": "试"}
LISTED = (FREE, PRICED, COMPUTED)
GROUNDED = {"legal_ground": "试"}


def find(name: str, data: dict[str, Any]) -> list[str]:
    """The facts of one event."""
    return list(find_facts(make_case_event(begin().case, 2, name, CaseState.REFUSED, **data), LISTED))


@pytest.mark.parametrize(
    "data",
    [
        {}, {"reasons": []}, {"reasons": [" ", "…"], **GROUNDED}, {"reasons": "——", **GROUNDED}, {"reasons": None, **GROUNDED},
        {"reasons": ["材料不实"]}, {"reasons": ["材料不实"], "legal_ground": " "}, {"reasons": [7], **GROUNDED},
    ],
)  # fmt: skip
def test_a_refusal_without_reason_or_ground_is_told(data: dict[str, Any]) -> None:
    """Also where dots stand in the place of words; the law asks for both."""
    assert find("refused", data) == [NO_REASON]


@pytest.mark.parametrize("reasons", [["材料不实"], "材料不实", ["", "不符合第5条"]])
def test_a_refusal_with_its_reason_is_no_matter_of_supervision(reasons: JsonValue) -> None:
    """Whoever wrote it, in whatever form."""
    assert find("refused", {"reasons": reasons, **GROUNDED}) == []


def test_so_is_a_refusal_to_accept() -> None:
    """Its reason and its ground."""
    told = {"reason": "不需要许可", "ground": "not_required"}
    assert find("not_accepted", told) == []
    assert [find("not_accepted", {**told, key: ""}) for key in told] == [[NO_REASON], [NO_REASON]]


def test_other_events_need_no_reason() -> None:
    """A grant, a withdrawal: nothing is missing."""
    assert [find(name, {}) for name in ("granted", "withdrawn", "accepted", "noted")] == [[], [], [], []]


@pytest.mark.parametrize(
    ("fee", "listed"),
    [
        ({"name": "工本费", "amount_fen": 1000}, True),
        ({"name": "Cost", "amount_fen": 1000}, True),
        ({"name": "工本费", "amount_fen": 1001}, False),
        ({"name": "检验费", "amount_fen": 77}, True),
        ({"name": "换领户口簿", "amount_fen": 1}, False),
        ({"name": "加急费", "amount_fen": 0}, False),
        ({"amount_fen": 0}, False),
        ("工本费", False),
        (None, False),
    ],
)
def test_a_fee_is_on_the_list_by_name_and_amount(fee: JsonValue, listed: bool) -> None:
    """In either language; where the list leaves the amount to a computation, any amount is."""
    assert is_in_catalogue(fee, LISTED) is listed
    assert is_in_catalogue(fee, ()) is False


@pytest.mark.parametrize(
    "charged", [5, 1.5, True, "工本费", {"name": "工本费", "amount_fen": 1000}, [["工本费", 1000]]]
)
def test_fees_in_another_form_are_outside(charged: JsonValue) -> None:
    """What cannot be held against the list is told, and keeps no event from being written."""
    assert find("granted", {"fees": charged}) == [FEE_OUTSIDE]


def test_a_fee_outside_the_catalogue_is_told_once_an_event() -> None:
    """However many there are; beside a missing reason it is another matter."""
    fees = [{"name": "加急费", "amount_fen": 5000}, {"name": "服务费", "amount_fen": 1}]
    assert find("granted", {"fees": fees}) == [FEE_OUTSIDE]
    assert find("refused", {"fees": fees}) == [NO_REASON, FEE_OUTSIDE]
    assert find("granted", {"fees": [{"name": "工本费", "amount_fen": 1000}]}) == []


def test_a_fact_is_due_at_its_event_and_names_it() -> None:
    """Whose case, which event, who did it."""
    file = add(accept(), "refused", date(2026, 3, 9), reasons=["—"])
    (plan,) = plan_facts(file, LISTED)
    event, case = file.events[-1], file.case
    assert (plan.clock, plan.rung, plan.due_at) == (f"no_reason:{event.version}", Rung.FACT, event.at)
    assert (plan.agency_id, plan.lead_agency_id, plan.case_id) == (case.agency_id, case.agency_id, case.case_id)
    assert (plan.service, plan.case_no, plan.staff_id) == (case.service, case.case_no, event.staff_id)
