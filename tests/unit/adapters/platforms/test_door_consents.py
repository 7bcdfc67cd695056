"""What rests on consent leaves the door only while the person agrees: asked before the record, and again before the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import responses

from adapters.http import HttpClient
from adapters.platforms.door import Door
from services.errors import ConsentMissing, GuitaiError, StoreUnavailable
from services.exposure import Disclosure, Outcome
from services.model import PlatformName
from tests.unit.adapters.platforms.desk import EVERYTHING, WECHAT_URL, Desk, explain
from tests.unit.adapters.platforms.test_door import DECLARED, request


@dataclass
class Answers:
    """A gate that says these things one after the other, and then yes."""

    says: list[type[GuitaiError] | None] = field(default_factory=list)
    asked: list[Disclosure] = field(default_factory=list)

    def require(self, disclosure: Disclosure) -> None:
        self.asked.append(disclosure)
        fault = self.says.pop(0) if self.says else None
        if fault is not None and disclosure.consent:
            raise fault


def send(desk: Desk, gate: Answers, consent: str = "v") -> int:
    """One call through a door with this gate; how many requests arrived."""
    door = Door(HttpClient(frozenset({WECHAT_URL})), desk.log, gate)
    told = replace(explain(PlatformName.WECHAT, EVERYTHING).declaring(DECLARED), consent=consent)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.add("POST", f"{WECHAT_URL}/pay", json={"prepay_id": "1"})
        try:
            door.send(request(), told)
        finally:
            arrived = len(mocked.calls)
            desk.arrived = arrived  # type: ignore[attr-defined] # read by the test
    return arrived


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_with_consent_it_goes_out(desk: Desk) -> None:
    """The gate is asked twice, and what it is told names the text's version."""
    gate = Answers()
    assert send(desk, gate) == 1
    assert [one.consent for one in gate.asked] == ["v", "v"]
    assert [one[1] for one in desk.log.outcomes] == [Outcome.SENT]


@pytest.mark.parametrize("fault", [ConsentMissing, StoreUnavailable])
def test_without_it_nothing_is_recorded_and_nothing_leaves(desk: Desk, fault: type[GuitaiError]) -> None:
    """Nobody has seen anything, so the ledger says nothing; a store that cannot say is a no."""
    with pytest.raises(fault):
        send(desk, Answers([fault]))
    assert (desk.arrived, desk.log.records) == (0, [])  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", [ConsentMissing, StoreUnavailable])
def test_a_withdrawal_before_the_record_is_committed_wins(desk: Desk, fault: type[GuitaiError]) -> None:
    """The record stands and says that nothing was sent."""
    with pytest.raises(fault):
        send(desk, Answers([None, fault]))
    assert desk.arrived == 0  # type: ignore[attr-defined]
    assert len(desk.log.records) == 1
    assert [one[1] for one in desk.log.outcomes] == [Outcome.REFUSED]


def test_a_door_without_a_gate_is_shut(desk: Desk) -> None:
    """Whoever forgets it lets nothing out that rests on consent, and everything else as before."""
    told = replace(explain(PlatformName.WECHAT, EVERYTHING).declaring(DECLARED), consent="v")
    with pytest.raises(ConsentMissing):
        desk.context.door.send(request(), told)
    assert send(desk, Answers([ConsentMissing, ConsentMissing]), consent="") == 1
