"""Whatever the people of the offices try, in whatever order: the rules hold of what was written down."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import GuitaiError
from services.mapping_record import PUTS_IN_FORCE, MappingAct, MappingEvent
from services.model import Language
from services.publication_state import former_version, read_widening
from services.staffing import Role
from tests.contract.mapping_samples import make_role
from tests.contract.offices import PEOPLE, Offices, find_served, make_fake_offices, read_events, write_file

SERVICE = "gas-rules"
SENTENCE = {Language.ZH_CN: "关", Language.EN: "Off"}
OF_PRIVACY = {MappingAct.PRIVACY_APPROVED, MappingAct.REFUSED, MappingAct.REVIEWED}
Step = tuple[str, str, int]
STEPS: dict[str, Callable[[Offices, str, int], object]] = {
    "propose": lambda city, who, number: city.desk.propose(city.actor(who), write_file(SERVICE, number), {}),
    "propose wider": lambda city, who, number: city.desk.propose(
        city.actor(who), write_file(SERVICE, number, wider=True), {}
    ),
    "approve": lambda city, who, number: city.desk.approve_privacy(city.actor(who), SERVICE, number),
    "publish": lambda city, who, number: city.desk.publish(city.actor(who), SERVICE, number),
    "refuse": lambda city, who, number: city.desk.refuse(city.actor(who), SERVICE, number, reason="接口故障"),
    "roll back": lambda city, who, number: city.desk.roll_back(city.actor(who), SERVICE, number, reason="接口故障"),
    "off": lambda city, who, _: city.desk.switch_off(city.actor(who), SERVICE, SENTENCE, reason="接口故障"),
    "on": lambda city, who, _: city.desk.switch_on(city.actor(who), SERVICE),
    "review": lambda city, who, number: city.desk.review(city.actor(who), SERVICE, number),
}
WHO = st.sampled_from([*["li", "sun", "sun", "zhao"] * 5, *PEOPLE])
OFTEN = ("propose", "propose wider", "propose wider", "approve", "approve", "publish", "publish", "roll back", "review")
ANY = st.lists(
    st.tuples(st.sampled_from([*OFTEN * 3, *sorted(STEPS)]), WHO, st.sampled_from([*[0] * 12, 1, 2, 3, 4])),
    min_size=20, max_size=40,
)  # fmt: skip
"""Steps with the number that fits (0) or any other. Sun of the city is of IT and privacy officer at once."""


def run(steps: list[Step], *, first: bool) -> Offices:
    """All of it, one after the other; what is refused is refused."""
    city = make_fake_offices()
    if first:
        city.publish_first(SERVICE)
    with city.store.begin(tuple(city.tree.parents)) as tx:
        tx.staff.grant(make_role(city.members["sun"], Role.PRIVACY), None)
    for name, who, number in steps:
        try:
            STEPS[name](city, who, number or find_number(city, name))
        except GuitaiError:
            continue
    return city


def find_number(city: Offices, step: str) -> int:
    """The number with which a step has the best chance."""
    events, state = read_events(city, SERVICE)
    if step.startswith("propose"):
        return max((event.version for event in events), default=0) + 1
    if step == "review":
        return state.to_review[0].number if state.to_review else 1
    if step == "roll back":
        return former_version(state) or 1
    return state.proposal.version if state.proposal else 1


def require_two_people(city: Offices, events: list[MappingEvent]) -> None:
    """Each published version was proposed by another person, and approved as far as it lets out more."""
    for index, event in enumerate(events):
        if event.act is not MappingAct.PUBLISHED:
            continue
        before = events[:index]
        proposal = next(one for one in reversed(before) if one.act is MappingAct.PROPOSED)
        assert proposal.version == event.version
        assert proposal.by != event.by
        approved = [one for one in before[proposal.number :] if one.act is MappingAct.PRIVACY_APPROVED]
        if read_widening(event):
            assert approved
            assert set(read_widening(event)) <= set(read_widening(approved[-1]))
            assert approved[-1].by != proposal.by


@settings(max_examples=60, deadline=None)
@given(ANY, st.booleans())
def test_whatever_they_try_the_rules_hold(steps: list[Step], first: bool) -> None:
    """Two people for what is published, the privacy officer for what widens, one of the right role for each step, an act for each."""
    city = run(steps, first=first)
    events, state = read_events(city, SERVICE)
    require_two_people(city, events)
    by_id = {member.staff_id: name for name, member in city.members.items()}
    for event in events:
        if event.by is not None:
            agency, role = PEOPLE[by_id[event.by]]
            assert agency in ("gas", "city")
            assert role in (Role.IT, Role.PRIVACY)
            if by_id[event.by] != "sun":
                assert role is Role.PRIVACY or event.act is not MappingAct.PRIVACY_APPROVED
                assert role is Role.IT or event.act in OF_PRIVACY
    reviewed = [event for event in events if event.act is MappingAct.REVIEWED]
    assert all(events[int(str(one.data["number"])) - 1].by != one.by for one in reviewed)
    served = [event.version for event in events if event.act in PUTS_IN_FORCE]
    assert find_served(city, SERVICE) == state.in_force == (served[-1] if served else None)
    proposed = [event.version for event in events if event.act in {MappingAct.PROPOSED, MappingAct.IMPORTED}]
    assert proposed == sorted(set(proposed))
    with city.store.begin(tuple(city.tree.parents)) as tx:
        assert len(tx.acts.list_acts(500, None, subject_id=SERVICE)) == len(events)


@given(ANY)
@settings(max_examples=20, deadline=None)
def test_the_state_is_the_sum_of_the_events(steps: list[Step]) -> None:
    """What was one person's alone is reviewed or waits for it."""
    city = run(steps, first=True)
    events, state = read_events(city, SERVICE)
    done = {event.number for event in events if event.act in {MappingAct.ROLLED_BACK, MappingAct.SWITCHED_OFF}}
    seen = {int(str(event.data["number"])) for event in events if event.act is MappingAct.REVIEWED}
    assert {event.number for event in state.to_review} == done - seen
    assert state.next_number == len(events) + 1
