"""Rules of services/window_mandates.py: a clerk records what both said, and ends what one of them ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.case_errors import OwnMatter
from services.case_ports import RegisteredOrganisation, Registers
from services.case_record import Mandate, MandateKind
from services.errors import BackEndUnreachable, InputRefused, NotFound, NotPermitted, StoreUnavailable
from services.mandate_deeds import Grant
from services.model import RegisterEntry
from services.staffing import Actor, Role
from services.window_mandates import MandateRoom, Shown
from tests.counter_office import CITY, OFFICE, REASON, SIBLING, CounterOffice
from tests.fake_families import (
    LI,
    NAMES,
    OLD_WANG,
    OUYANG,
    SHUNDA,
    TEENAGER,
    WANG,
    YOUNG_WANG,
    FakeBusinessRegister,
    FakeFamilyRegister,
    FakePeopleRegister,
    FakeTownRegisters,
)


class Window:
    """A window of the market office, and the town's registers."""

    def __init__(self) -> None:
        self.office = CounterOffice()
        self.book = FakeTownRegisters(
            {number: RegisterEntry(name, None) for number, name in NAMES.items()},
            {(OLD_WANG, WANG), (WANG, YOUNG_WANG), (LI, TEENAGER)},
            {SHUNDA: RegisteredOrganisation(SHUNDA, "演示市顺达人力资源有限公司", "in_business", "王小明", WANG)},
        )
        registers = Registers(
            FakeBusinessRegister(self.book), FakeFamilyRegister(self.book), FakePeopleRegister(self.book)
        )
        self.room = MandateRoom(replace(self.office.desk, registers=registers), self.office.house)
        self.clerk = self.office.clerk

    def record(self, principal: str, agent: str, **changes: Any) -> Mandate:
        """Both stand there with their cards."""
        told: dict[str, Any] = {"kind": MandateKind.FAMILY, "cards_seen": True, "credit_code": "", "by": self.clerk}
        told |= changes
        grant = Grant(told["kind"], told.get("agent_name", NAMES[agent]), agent, date(2027, 11, 1))
        shown = Shown(told.get("name", NAMES[principal]), principal)
        return self.room.record(
            told["by"], OFFICE, shown, grant, cards_seen=told["cards_seen"], credit_code=told["credit_code"]
        )

    def kept(self) -> int:
        """How many mandates there are."""
        return len(self.office.house.tables.counter.mandates)


@pytest.fixture
def window() -> Window:
    return Window()


def test_a_clerk_records_an_old_parents_word(window: Window) -> None:
    """Both cards were seen, both names and the kinship confirmed; the Act is noted at the window's agency without a personal value."""
    mandate = window.record(OLD_WANG, WANG)
    assert (mandate.kind, mandate.agency_id) == (MandateKind.FAMILY, CITY)
    assert mandate.recorded_by == f"staff:{window.clerk.member.staff_id}"
    assert [(one["what"], one["register"]) for one in mandate.proof["checks"]] == [
        ("principal", "card"), ("agent", "card"), ("principal", "population"), ("agent", "population"),
        ("parent", "population"),
    ]  # fmt: skip
    (act,) = window.office.acts
    assert (act.act, act.subject_id, act.agency_id) == ("mandate.record", str(mandate.mandate_id), OFFICE)
    assert act.detail == {"kind": "family", "services": []}


def test_a_legal_representative_authorises_at_the_window(window: Window) -> None:
    """The business register names the one who is there; the organisation is recorded with it."""
    mandate = window.record(WANG, LI, kind=MandateKind.AGENT, credit_code=SHUNDA)
    assert (mandate.principal["kind"], mandate.principal["credit_code"]) == ("organisation", SHUNDA)
    assert mandate.organisation_id is not None
    with pytest.raises(NotPermitted):
        window.record(OUYANG, LI, kind=MandateKind.AGENT, credit_code=SHUNDA)
    with pytest.raises(InputRefused) as caught:
        window.record(OLD_WANG, WANG, credit_code=SHUNDA)
    assert caught.value.detail == {"kind": "not_given"}
    window.book.organisations[SHUNDA] = replace(window.book.organisations[SHUNDA], status="revoked")
    with pytest.raises(InputRefused) as closed:
        window.record(WANG, LI, kind=MandateKind.AGENT, credit_code=SHUNDA)
    assert closed.value.detail == {"credit_code": "not_in_business"}


@pytest.mark.parametrize(
    ("principal", "agent", "changes", "place", "rule"),
    [
        (OLD_WANG, WANG, {"cards_seen": False}, "cards_seen", "required"),
        (OLD_WANG, LI, {}, "agent.identity_number", "not_confirmed"),
        (OLD_WANG, WANG, {"name": "王长河"}, "principal.identity_number", "not_confirmed"),
        (OLD_WANG, WANG, {"agent_name": "王大明"}, "agent.identity_number", "not_confirmed"),
        (WANG, LI, {}, "kind", "not_old"),
        (OLD_WANG, YOUNG_WANG, {}, "agent.identity_number", "under_age"),
        (WANG, WANG, {}, "agent.identity_number", "own"),
    ],
)
def test_what_a_clerk_may_not_record(
    window: Window, principal: str, agent: str, changes: dict[str, Any], place: str, rule: str
) -> None:
    """The window has the same rules as the citizen's side, and keeps neither a mandate nor an Act."""
    with pytest.raises(InputRefused) as caught:
        window.record(principal, agent, **changes)
    assert caught.value.detail == {place: rule}
    assert (window.kept(), window.office.acts) == (0, [])


def test_no_clerk_records_a_matter_of_their_own(window: Window) -> None:
    """Neither as the principal nor as the agent, nor looks on while they end it."""
    for number in (OLD_WANG, WANG):
        own = window.office.hire(OFFICE, Role.CLERK, number=number)
        with pytest.raises(OwnMatter):
            window.record(OLD_WANG, WANG, by=own)
    mandate = window.record(OLD_WANG, WANG)
    own = window.office.hire(OFFICE, Role.CLERK, number=WANG)
    with pytest.raises(OwnMatter):
        window.room.revoke(own, OFFICE, mandate.mandate_id, OLD_WANG, REASON)
    assert window.kept() == 1


@pytest.mark.parametrize("role", [Role.HEAD, Role.AUDITOR, Role.IT])
def test_only_a_clerk_of_the_window_records(window: Window, role: Role) -> None:
    """Other roles, and clerks of another agency, may not."""
    others: list[Actor] = [window.office.hire(OFFICE, role), window.office.hire(SIBLING, Role.CLERK)]
    mandate = window.record(OLD_WANG, WANG)
    for other in others:
        with pytest.raises(NotPermitted):
            window.record(OLD_WANG, WANG, by=other)
        with pytest.raises(NotPermitted):
            window.room.look_up(other, OFFICE, OLD_WANG, REASON)
        with pytest.raises(NotPermitted):
            window.room.revoke(other, OFFICE, mandate.mandate_id, OLD_WANG, REASON)


def test_a_register_that_is_down_records_nothing(window: Window) -> None:
    """What a card says is not enough."""
    window.book.down = True
    with pytest.raises(BackEndUnreachable):
        window.record(OLD_WANG, WANG)
    assert window.kept() == 0


def test_without_its_act_nothing_is_recorded(window: Window) -> None:
    """The mandate and the Act stand or fall together."""
    window.office.house.acts_down = True
    with pytest.raises(StoreUnavailable):
        window.record(OLD_WANG, WANG)
    assert window.kept() == 0


def test_a_parent_is_recorded_at_the_window(window: Window) -> None:
    """Till the child's eighteenth birthday; somebody else's child is refused."""
    child = Shown(NAMES[YOUNG_WANG], YOUNG_WANG)
    mandate = window.room.record_guardian(window.clerk, OFFICE, Shown(NAMES[WANG], WANG), child, cards_seen=True)
    assert (mandate.kind, str(mandate.valid_until)) == (MandateKind.GUARDIAN, "2033-05-31 16:00:00+00:00")
    with pytest.raises(InputRefused) as caught:
        window.room.record_guardian(window.clerk, OFFICE, Shown(NAMES[LI], LI), child, cards_seen=True)
    assert caught.value.detail == {"child.identity_number": "not_confirmed"}
    with pytest.raises(InputRefused) as unseen:
        window.room.record_guardian(window.clerk, OFFICE, Shown(NAMES[WANG], WANG), child, cards_seen=False)
    assert unseen.value.detail == {"cards_seen": "required"}
    with pytest.raises(NotPermitted):
        window.room.revoke(window.clerk, OFFICE, mandate.mandate_id, YOUNG_WANG, REASON)


def test_it_ends_at_the_word_of_either(window: Window) -> None:
    """Whoever shows the principal's or the agent's card; nobody else's card does, and an unknown mandate is not found."""
    for number in (OLD_WANG, WANG):
        mandate = window.record(OLD_WANG, WANG)
        with pytest.raises(NotPermitted):
            window.room.revoke(window.clerk, OFFICE, mandate.mandate_id, LI, REASON)
        ended = window.room.revoke(window.clerk, OFFICE, mandate.mandate_id, number, REASON)
        assert (ended.revoked_at, ended.revoked_by) == (
            window.office.clock.now(), f"staff:{window.clerk.member.staff_id}",
        )  # fmt: skip
    with pytest.raises(NotFound):
        window.room.revoke(window.clerk, OFFICE, uuid4(), WANG, REASON)
    with pytest.raises(InputRefused):
        window.room.revoke(window.clerk, OFFICE, mandate.mandate_id, WANG, "")


def test_a_look_is_an_act_with_a_reason(window: Window) -> None:
    """Whoever shows a card hears of every mandate of theirs, on either side; the book says that somebody looked, and why."""
    mandate = window.record(OLD_WANG, WANG)
    assert [one.mandate_id for one in window.room.look_up(window.clerk, OFFICE, WANG, REASON)] == [mandate.mandate_id]
    assert [one.mandate_id for one in window.room.look_up(window.clerk, OFFICE, OLD_WANG, REASON)] == [
        mandate.mandate_id
    ]
    assert window.room.look_up(window.clerk, OFFICE, OUYANG, REASON) == []
    assert [(act.act, act.reason, act.detail) for act in window.office.acts[1:]] == [
        ("mandate.look_up", REASON, {"found": found}) for found in (1, 1, 0)
    ]
    with pytest.raises(InputRefused):
        window.room.look_up(window.clerk, OFFICE, WANG, "")
