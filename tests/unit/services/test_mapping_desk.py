"""What staff see of mappings, within the agencies that their role reaches."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import pytest

from services.errors import NotFound, NotPermitted
from services.mapping_desk import MappingDesk
from services.mapping_reader import read_mapping
from services.mapping_record import MappingAct, MappingVersion
from services.staffing import Actor, Role
from tests.contract.offices import SPARE, VOCABULARY, Offices, make_fake_offices, write_file


@pytest.fixture
def offices() -> Offices:
    return make_fake_offices()


@pytest.fixture
def desk(offices: Offices) -> MappingDesk:
    numbers = count(1)
    return MappingDesk(offices.store, VOCABULARY, offices.clock, lambda: UUID(int=next(numbers)))


def faults_of(desk: MappingDesk, actor: Actor, content: bytes) -> list[str]:
    """What a faultless file has against being proposed by somebody."""
    mapping, faults = read_mapping("x.yaml", content, VOCABULARY)
    assert mapping is not None, faults
    return [str(fault) for fault in desk.find_place_faults(actor, "x.yaml", content, mapping)]


def test_a_list_ends_where_the_reach_ends(offices: Offices, desk: MappingDesk) -> None:
    """IT of the gas office sees the gas office's services, the city's IT all, a clerk none."""
    offices.publish_first("gas-one")
    offices.desk.import_file(write_file("water-one", 1, agency="water"), {})
    assert [line.service for line in desk.list_services(offices.actor("li"))] == ["gas-one"]
    assert [line.service for line in desk.list_services(offices.actor("chen"))] == ["water-one"]
    assert [line.service for line in desk.list_services(offices.actor("sun"))] == ["gas-one", "water-one"]
    for name in ("zhou", "feng"):
        with pytest.raises(NotPermitted):
            desk.list_services(offices.actor(name))
    with pytest.raises(NotFound):
        desk.open_service(offices.actor("chen"), "gas-one")


def test_a_service_that_is_only_proposed_is_listed(offices: Offices, desk: MappingDesk) -> None:
    """Nothing is in force; the version that waits says what it will be."""
    offices.desk.propose(offices.actor("li"), write_file("gas-new", 1), {})
    line = desk.list_services(offices.actor("wang"))[0]
    assert (line.state.in_force, line.state.proposal is not None, line.mapping is not None) == (None, True, True)


def test_what_waits_is_weighed_against_what_is_in_force(offices: Offices, desk: MappingDesk) -> None:
    """Exactly what is new, until it is approved; of a new service everything."""
    offices.publish_first("gas-one")
    offices.desk.propose(offices.actor("li"), write_file("gas-one", 2, wider=True), {})
    waiting = desk.list_waiting(offices.actor("zhao"))[0]
    assert [str(one) for one in waiting.more] == [
        f"exposure.{name}.shown_in_client.{SPARE}" for name in ("alipay", "wechat")
    ]
    assert waiting.missing == waiting.more
    offices.desk.approve_privacy(offices.actor("zhao"), "gas-one", 2)
    assert desk.list_waiting(offices.actor("zhao"))[0].missing == ()
    offices.desk.propose(offices.actor("li"), write_file("gas-two", 1), {})
    new = next(one for one in desk.list_waiting(offices.actor("zhao")) if one.line.service == "gas-two")
    assert {str(one) for one in new.more} >= {"channels.wechat", "channels.alipay"}


def test_people_of_other_agencies_are_named(offices: Offices, desk: MappingDesk) -> None:
    """The city's IT published here: the gas office knows by whom."""
    offices.publish_first("gas-one")
    offices.desk.propose(offices.actor("li"), write_file("gas-one", 2), {})
    offices.desk.publish(offices.actor("sun"), "gas-one", 2)
    file = desk.open_service(offices.actor("wang"), "gas-one")
    named = {member.login for member in file.people.values()}
    assert named == {offices.members["li"].login, offices.members["sun"].login}
    assert (file.next_version, [version.version for version in file.versions]) == (3, [2, 1])


def test_a_file_s_own_place_is_checked(offices: Offices, desk: MappingDesk) -> None:
    """Its agency must be within reach and the service's own, its number above any that was, refused ones too."""
    offices.publish_first("gas-one")
    li, sun = offices.actor("li"), offices.actor("sun")
    assert faults_of(desk, li, write_file("gas-one", 2)) == []
    assert "a number from 2 on" in faults_of(desk, li, write_file("gas-one", 1))[0]
    assert "an agency out of reach" in faults_of(desk, li, write_file("gas-one", 2, agency="water"))[0]
    assert "another agency than the service's" in faults_of(desk, sun, write_file("gas-one", 2, agency="water"))[0]
    offices.desk.propose(li, write_file("gas-one", 7), {})
    offices.desk.refuse(li, "gas-one", 7, reason="依据不足")
    told = faults_of(desk, li, write_file("gas-one", 7))[0]
    assert told.startswith(f"x.yaml:{line_of(write_file('gas-one', 7), b'version:')}: version: ")
    assert "a number from 8 on" in told


def line_of(content: bytes, start: bytes) -> int:
    """The line that begins so."""
    return next(number for number, line in enumerate(content.splitlines(), 1) if line.startswith(start))


def test_a_trial_is_noted_in_the_mapping_s_agency_or_not_made(offices: Offices, desk: MappingDesk) -> None:
    """Whatever agency the draft names, its IT alone: not the privacy officer, not another agency's IT."""
    content = write_file("gas-one", 1)
    mapping, _ = read_mapping("x.yaml", content, VOCABULARY)
    assert mapping is not None
    for name in ("zhao", "chen", "zhou"):
        with pytest.raises(NotPermitted):
            desk.note_trial(offices.actor(name), mapping, content, "核对接口")
    desk.note_trial(offices.actor("sun"), mapping, content, "核对接口")
    with offices.store.begin([offices.agency("gas")]) as tx:
        acts = [act for act in tx.acts.list_acts(9, None) if act.act == "mapping.try"]
    assert [(act.staff_id, act.reason) for act in acts] == [(offices.members["sun"].staff_id, "核对接口")]
    other, _ = read_mapping("x.yaml", write_file("gas-one", 1, agency="nowhere"), VOCABULARY)
    assert other is not None
    with pytest.raises(NotPermitted):
        desk.note_trial(offices.actor("sun"), other, content, "核对接口")


def test_a_version_is_read_once(offices: Offices, desk: MappingDesk) -> None:
    """By its digest: the same bytes give the very same mapping; without an old version everything is new."""
    offices.publish_first("gas-one")
    kept = desk.open_service(offices.actor("li"), "gas-one").versions[0]
    assert desk.show(kept).mapping is desk.show(kept).mapping
    assert desk.compare(kept, kept).diff.lines == ()
    assert desk.compare(kept, kept).more == ()
    assert desk.compare(None, kept).more != ()
    broken = MappingVersion(kept.agency_id, "gas-one", 9, b"kind: [", {}, "0" * 64, kept.made_at, None)
    assert desk.show(broken).mapping is None
    assert desk.compare(kept, broken).more == ()


def test_every_event_in_one_question(offices: Offices) -> None:
    """By service, oldest first, within the agencies of the transaction."""
    offices.publish_first("gas-one")
    offices.desk.propose(offices.actor("li"), write_file("gas-one", 2), {})
    offices.desk.import_file(write_file("water-one", 1, agency="water"), {})
    with offices.store.begin([offices.agency("gas")]) as tx:
        found = [(event.service, event.act) for event in tx.mappings.list_all_events()]
    assert found == [("gas-one", MappingAct.IMPORTED), ("gas-one", MappingAct.PROPOSED)]
    assert Role.IT in {held.role for held in offices.actor("li").roles}
