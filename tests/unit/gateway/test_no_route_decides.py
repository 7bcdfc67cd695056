"""No route of the citizen's apps can append a decision: every route is walked in every state, with every event that is written held in hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from gateway.web import pages
from services import case_events
from services.case_events import Move
from services.case_graph import DECISIONS, EDGES
from services.case_record import CaseState, Hand
from tests.case_city import WANG, WEB, WECHAT, CaseCity
from tests.unit.gateway.test_routes import ROUTES
from tests.web_door import WebDoor

ACCEPT = ("accepted", Hand.CLERK, {"on": "2026-11-02"})
GRANT = ("granted", Hand.CLERK, {"on": "2026-11-03", "by": "clerk", "reasons": ["符合条件"]})
ISSUE = (
    "certificate_issued", Hand.HOUSE,
    {"number": "SYXK1", "file_id": str(uuid4()), "digest": "0" * 64, "slip_id": "s", "slip": "https://x/s/1",
     "valid_until": None, "on": "2026-11-03"},
)  # fmt: skip
WAYS: dict[CaseState, tuple[tuple[str, Hand, dict[str, Any]], ...]] = {
    CaseState.RECEIVED: (),
    CaseState.CORRECTION_ASKED: (
        ("correction_asked", Hand.CLERK,
         {"items": [{"about": "company_name", "code": "x", "words": "请补正"}], "until_on": "2026-11-23"}),
    ),
    CaseState.ACCEPTED: (ACCEPT,),
    CaseState.SPECIAL_PROCEDURE: (
        ACCEPT,
        ("special_began", Hand.CLERK, {"code": "inspection", "legal_ground": "x", "days": 10, "reason": "检验",
                                       "on": "2026-11-03", "until_on": "2026-11-17"}),
    ),
    CaseState.GRANTED: (ACCEPT, GRANT),
    CaseState.ISSUED: (ACCEPT, GRANT, ISSUE),
    CaseState.POSTED: (ACCEPT, GRANT, ISSUE, ("posted", Hand.CLERK, {"carrier": "EMS", "number": "1"})),
    CaseState.NOT_ACCEPTED: (("not_accepted", Hand.CLERK, {"reason": "x", "ground": "y"}),),
    CaseState.REFUSED: (ACCEPT, ("refused", Hand.CLERK, {"on": "2026-11-03", "reasons": ["x"], "legal_ground": "y"})),
}  # fmt: skip
"""How a case comes to each state; the rest are reached by the applicant."""
MAY_WRITE = {
    Hand.APPLICANT: {"corrected", "gap_supplied", "fixed_on_the_spot", "withdrawn", "collected_online", "rated", "complained"},
    Hand.HOUSE: {"notice_told"},
}  # fmt: skip
"""All that can come of a citizen's request: acts of theirs, and that they read what they were told."""


class Witness:
    """Stands in the place of ``write_move`` everywhere, and beside the store: nothing is appended past it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moves: list[Move] = []
        self.watching = False
        real = case_events.write_move

        def write(desk: Any, tx: Any, file: Any, move: Move) -> Any:
            if self.watching:
                self.moves.append(move)
            return real(desk, tx, file, move)

        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").startswith("services") and getattr(module, "write_move", None) is real:
                monkeypatch.setattr(module, "write_move", write)


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    return Witness(monkeypatch)


def list_bodies(version: int) -> Iterator[dict[str, Any] | None]:
    """Bodies that a route may take; those of the wrong form are refused, which is no matter here."""
    yield None
    yield {"version": version}
    yield {"version": version, "inputs": {"company_name": "二号店"}}
    yield {"version": version, "inputs": {"company_name": "二号店"}, "promises": ["promise"]}
    for event in sorted(DECISIONS):
        yield {"version": version, "event": event, "state": event, "hand": "clerk", "decision": event}


@pytest.mark.parametrize("platform", [WECHAT, WEB])
@pytest.mark.parametrize("state", sorted(WAYS))
def test_no_route_writes_a_decision(witness: Witness, state: CaseState, platform: Any) -> None:
    """From each state, whatever is sent to whatever address by the applicant: only their own acts come of it."""
    city = CaseCity()
    for method, rule, _ in ROUTES:
        if not rule.startswith("/v1") or method == "GET":
            continue
        token = city.enter(WANG, platform)
        case_id, draft_id = city.open(token), city.begin(token)["draft_id"]
        for event, hand, data in WAYS[state]:
            city.move(case_id, event, hand, **data)
        before, known = count_events(city), len(witness.moves)
        witness.watching = True
        for body in list_bodies(city.counter.file(UUID(case_id)).version):
            path = fill(rule, case_id, draft_id)
            city.send(method, path, body, token=token, headers={"Idempotency-Key": uuid4().hex})
            city.clock.advance(61)
        witness.watching = False
        assert count_events(city) - before == len(witness.moves) - known
    assert {(one.hand, one.event) for one in witness.moves} <= {
        (hand, event) for hand, events in MAY_WRITE.items() for event in events
    }
    assert all(one.staff_id is None for one in witness.moves)
    decided = [one for events in city.house.tables.counter.events.values() for one in events if one.name in DECISIONS]
    assert all(one.staff_id is not None for one in decided)


def fill(rule: str, case_id: str, draft_id: str) -> str:
    """The address of a rule, about this case or draft; of anything else, about this case too."""
    path = rule.replace("<uuid:case_id>", case_id).replace("<uuid:draft_id>", draft_id)
    path = re.sub(r"<string[^>]*:material>", "floor_plan", path)
    path = re.sub(r"<string[^>]*:service>", "trial-licence", path)
    return re.sub(r"<(uuid|string)[^>]*>", case_id, path)


def count_events(city: CaseCity) -> int:
    """All that was ever appended, but the openings of cases."""
    return sum(len(events) - 1 for events in city.house.tables.counter.events.values())


PAGES = Flask("pages", static_folder=None)
pages.furnish(PAGES)
SENT_PAGES = sorted(rule.rule for rule in PAGES.url_map.iter_rules() if "POST" in (rule.methods or ()))


@pytest.mark.parametrize("state", [CaseState.ACCEPTED, CaseState.CORRECTION_ASKED])
def test_no_page_of_the_governments_own_door_writes_a_decision(witness: Witness, state: CaseState) -> None:
    """Every form of every page, sent by the applicant with words of a decision in it."""
    door = WebDoor()
    door.counter.clock.at = door.counter.clock.at.replace(year=2026)
    person, browser = door.counter.add_citizen(WANG, WEB), door.enter()
    for rule in SENT_PAGES:
        case_id, draft_id = door.counter.open(person), door.counter.draft(person)
        for event, hand, data in WAYS[state]:
            door.counter.move(case_id, event, hand, **data)
        witness.watching = True
        path = fill(rule, str(case_id), str(draft_id))
        for decision in sorted(DECISIONS):
            version = str(door.counter.file(case_id).version)
            browser.post(
                path, page="/", version=version, event=decision, state=decision, decision=decision, confirm="yes"
            )
        witness.watching = False
        if rule.startswith("/sign-"):
            browser = door.enter()
    assert witness.moves
    assert {(one.hand, one.event) for one in witness.moves} <= {
        (hand, event) for hand, events in MAY_WRITE.items() for event in events
    }


def test_the_walk_writes_what_an_applicant_may_write(witness: Witness) -> None:
    """The witness sees: a withdrawal goes past it."""
    city = CaseCity()
    token = city.enter(WANG)
    case_id = city.open(token)
    witness.watching = True
    city.send("POST", f"/v1/cases/{case_id}/withdraw", {"version": 1}, token=token)
    assert [(one.event, one.hand) for one in witness.moves] == [("withdrawn", Hand.APPLICANT)]


def test_the_graph_has_no_hand_of_an_applicant_on_a_decision() -> None:
    """What a route may write and what decides have nothing in common, by the table itself."""
    written = {event for events in MAY_WRITE.values() for event in events}
    assert not written & DECISIONS
    for edge in EDGES:
        if edge.event in DECISIONS:
            assert not set(edge.hands) & {Hand.APPLICANT, Hand.HOUSE, Hand.CLOCK}
