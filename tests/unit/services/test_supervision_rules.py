"""The order of an inbox: in whose hands a case lies, which of its alerts is gone on with, and who is told that they have it already."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.alert_record import Alert, AlertState, PlannedAlert, Rung
from services.case_errors import CaseMoved, NotAllowedNow
from services.staffing import Actor, AgencyTree, Role, RoleHeld, StaffMember
from services.supervision_rules import Hands, find_next_of, find_offers, require_offer, sort_by_hands

ME, OTHER, OFFICE = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def make(number: int, handler: UUID | None = None, rung: Rung = Rung.RED) -> Alert:
    """An alert that nobody has in hand, or this person."""
    planned = PlannedAlert(OFFICE, OFFICE, UUID(int=100 + number), "promised", rung, NOW, "service", str(number), None)
    state = AlertState.ACKNOWLEDGED if handler else AlertState.OPEN
    return Alert(UUID(int=number), planned, NOW, state, OFFICE, 0, None, 1, handler)


def test_what_nobody_has_in_hand_comes_first_then_answers_then_the_rest() -> None:
    """The cases stand by hands in a fixed order, within one as they came; hands without a case are left out."""
    others, mine, answered, free = make(1, OTHER), make(2, ME), make(3, ME), make(4)
    found = sort_by_hands([(others,), (mine,), (answered,), (free,)], ME, {answered.alert_id})
    assert list(found.items()) == [
        (Hands.NOBODY, [(free,)]), (Hands.ANSWERED, [(answered,)]), (Hands.MINE, [(mine,)]), (Hands.OTHERS, [(others,)]),
    ]  # fmt: skip
    assert list(sort_by_hands([(mine,)], ME, ())) == [Hands.MINE]


@pytest.mark.parametrize(
    ("group", "hands", "next_one"),
    [
        ((make(1, OTHER, Rung.PASSED), make(2, ME), make(3)), Hands.NOBODY, 3),
        ((make(1, OTHER, Rung.PASSED), make(2, ME)), Hands.MINE, 2),
        ((make(1, OTHER, Rung.PASSED), make(2, OTHER)), Hands.OTHERS, 1),
        ((make(1, ME, Rung.PASSED), make(9, ME)), Hands.ANSWERED, 9),
    ],
)  # fmt: skip
def test_a_case_of_several_alerts_lies_where_something_is_to_be_done(
    group: tuple[Alert, ...], hands: Hands, next_one: int
) -> None:
    """One alert that nobody has in hand makes the case nobody's; what is gone on with is the alert for which it lies there."""
    answered = {UUID(int=9)}
    assert list(sort_by_hands([group], ME, answered)) == [hands]
    assert find_next_of(group, hands, ME, answered).alert_id == UUID(int=next_one)


def test_what_was_given_to_me_and_not_acknowledged_is_nobodys() -> None:
    """Giving an alert away acknowledges nothing: it stands among what goes up."""
    given = replace(make(1), handler=ME)
    assert list(sort_by_hands([(given,)], ME, ())) == [Hands.NOBODY]


def test_who_has_it_in_hand_already_is_told_so_and_anybody_else_to_look_again() -> None:
    """A second acknowledgement from an old page names the true reason; a colleague's old page is told that it is old."""
    tree = AgencyTree({OFFICE: None}, {OFFICE: "office"})
    held = (RoleHeld(UUID(int=7), ME, OFFICE, Role.SUPERVISOR, NOW),)
    actor = Actor(StaffMember(ME, OFFICE, "chen.watch", "陈", NOW), held, tree, "request")
    with pytest.raises(NotAllowedNow):
        require_offer(actor, replace(make(1, ME), version=2), "acknowledge", 1)
    for alert, name in ((make(1, OTHER), "acknowledge"), (make(1, ME), "close")):
        with pytest.raises(CaseMoved):
            require_offer(actor, replace(alert, version=2), name, 1)


def test_an_alert_of_an_agency_that_was_moved_is_its_own_levels_again() -> None:
    """Acknowledged at a level that is none above the agency any more, it would lie there for ever: whoever reaches the agency now takes it up."""
    old, new = UUID(int=8), UUID(int=9)
    alert = replace(make(1, OTHER), level_agency_id=old)
    for parents, offered in (({old: None, new: None, OFFICE: new}, True), ({new: None, old: new, OFFICE: old}, False)):
        tree = AgencyTree(parents, {one: str(one) for one in parents})
        held = (RoleHeld(UUID(int=7), ME, OFFICE, Role.SUPERVISOR, NOW),)
        actor = Actor(StaffMember(ME, OFFICE, "chen.watch", "陈", NOW), held, tree, "request")
        assert ("acknowledge" in find_offers(actor, alert)) is offered
