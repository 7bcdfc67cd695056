"""What must never reach an applicant: who at the office did it, what the office says among itself, what a register told it, others' names."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_record import CaseEvent, Hand
from tests.case_city import CODE, LI, WANG, ZHAO, CaseCity
from tests.unit.gateway.test_case_route_strangers import employ, for_company
from tests.unit.gateway.test_no_route_decides import WAYS

SECRET, COLLEAGUE = "内部词语", "7e000000-0000-4000-8000-000000000001"
INTERNAL: dict[str, tuple[str, dict[str, Any]]] = {
    "claimed": ("clerk", {}),
    "released": ("clerk", {}),
    "reassigned": ("head", {"to": COLLEAGUE, "from": COLLEAGUE, "reason": SECRET}),
    "step_finished": ("clerk", {"step": 0, "opinion": SECRET}),
    "extension_asked": ("clerk", {"days": 5, "reason": SECRET}),
    "extension_denied": ("head", {"days": 5, "reason": SECRET, "asked_by": SECRET}),
    "receipt_printed": ("clerk", {"printer": SECRET}),
    "decision_awaited": ("back_end", {"attempt": SECRET}),
    "recording_delayed": ("house", {"error": SECRET}),
    "notice_told": ("house", {"notice": "2:accepted", "rung": "sms", "attempt": 1, "outcome": "sent", "proof": {"place": SECRET}}),
    "material_fetched": (
        "house",
        {"name": "business_licence", "found": True, "number": SECRET, "issued_by": SECRET, "checks": [],
         "values": {"legal_representative": SECRET}},
    ),
}  # fmt: skip
"""Events of the office's own, with words that an applicant never reads."""
PATHS = ("", "/deadline", "/receipt", "/documents", "/certificate")


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


def read_all(city: CaseCity, token: str, case_id: str) -> str:
    """Everything that the API says of this case."""
    replies = [city.send("GET", f"/v1/cases/{case_id}{path}", token=token) for path in PATHS]
    replies += [city.send("GET", path, token=token) for path in ("/v1/cases", "/v1/drafts", "/v1/mandates")]
    assert all(one.status in (200, 409) for one in replies), [
        one.body for one in replies if one.status not in (200, 409)
    ]
    return "".join(one.body.decode() for one in replies)


def append(city: CaseCity, case_id: str, name: str, hand: str, data: dict[str, Any], staff: UUID) -> None:
    """An event past the graph: what an applicant reads must hold for whatever stands in the file."""
    with city.house.begin(city.counter.directory.all_agencies()) as tx:
        file = city.counter.file(UUID(case_id))
        event = CaseEvent(
            file.case.case_id, file.version + 1, name, file.state, Hand(hand), city.clock.now(), staff, data
        )
        tx.cases.append(file.case.agency_id, event, [])


@pytest.mark.parametrize("state", sorted(WAYS))
def test_nobody_of_the_staff_is_named(city: CaseCity, state: Any) -> None:
    """In every state: no id of who did it, no internal word, and the case is shown all the same."""
    token, staff = city.enter(WANG), uuid4()
    case_id = city.open(token)
    for event, hand, data in WAYS[state]:
        city.move(case_id, event, hand, **data)
    for name, (hand_name, data) in INTERNAL.items():
        append(city, case_id, name, hand_name, data, staff)
    said = read_all(city, token, case_id)
    assert SECRET not in said
    assert COLLEAGUE not in said
    moved = {str(event.staff_id) for event in city.counter.file(UUID(case_id)).events if event.staff_id}
    assert not any(one in said for one in moved)
    assert not re.search("staff|claimed|reassigned|step_finished|opinion|register:", said)
    assert "request_id" not in said.replace('"request_id":', "", said.count('"code":'))


def test_no_number_leaves_and_another_persons_name_is_masked(city: CaseCity) -> None:
    """Neither the applicant's, nor the agent's, nor the representative's identity number; nor a telephone."""
    li, _, company = employ(city, LI)
    case_id = city.open(li, **for_company(company))
    wang, _, _ = employ(city, WANG)
    for token in (li, wang):
        said = read_all(city, token, case_id)
        assert not any(one in said for one in (WANG, LI, ZHAO, "13800138001", "李丽", "王小明", "赵刚"))
        assert CODE not in said


def test_steps_and_handlers_of_a_joint_case_are_the_offices_own(city: CaseCity) -> None:
    """A step that was finished is a sentence with its title; its opinion is not shown."""
    token = city.enter(WANG)
    case_id = city.open(token)
    city.move(case_id, "accepted", on="2026-11-02")
    city.move(case_id, "step_finished", step=0, opinion=SECRET)
    seen = city.see(token, case_id)
    assert seen["timeline"][-1] == {
        "version": 3, "state": "accepted", "at": "2026-11-02T02:00:00Z", "message": "已完成环节：受理。", "words": [],
    }  # fmt: skip


def test_what_leaves_stands_in_the_ledger_word_for_word(city: CaseCity) -> None:
    """Each reply of a case is recorded under the case, its service and version, and both whom it concerns."""
    li, mandate, company = employ(city, LI)
    case_id = city.open(li, **for_company(company))
    for path in PATHS[:4]:
        answer = city.send("GET", f"/v1/cases/{case_id}{path}", token=li)
        assert city.shown.content == answer.body
        told = city.shown.disclosure
        assert (str(told.subject), told.service, told.mapping_version, told.purpose) == (
            case_id,
            "trial-licence",
            1,
            "follow_case",
        )
        assert {told.actor, mandate.principal_chain_id} <= set(told.concerned)
