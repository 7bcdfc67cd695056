"""Publishing by two people, going back by one: the same rules on PostgreSQL and on the fake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.errors import ConfigurationFault, Conflict, InputRefused, NotFound, NotPermitted, Refusal
from services.mapping_record import MappingAct
from services.model import Language
from services.staffing import Role
from tests.contract.mapping_samples import make_role
from tests.contract.offices import PEOPLE, SPARE, Offices, find_served, name_service, read_events, write_file

SENTENCE = {Language.ZH_CN: "系统维护，请明天再来。", Language.EN: "Under repair; please come back tomorrow."}


def test_two_people_publish(offices: Offices) -> None:
    """One proposes, another publishes; only then it is served, and both steps stand in the book of acts."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    li, wang = offices.actor("li"), offices.actor("wang")
    desk.propose(li, write_file(name, 2), {}, reason="新接口")
    assert find_served(offices, name) == 1
    event = desk.publish(wang, name, 2)
    assert find_served(offices, name) == 2
    assert (event.by, event.number, event.data) == (wang.member.staff_id, 3, {"widens": []})
    with offices.store.begin([offices.agency("gas")]) as tx:
        acts = tx.acts.list_acts(9, None, subject_id=name)
    assert [(act.act, act.staff_id, act.detail["version"]) for act in acts] == [
        ("mapping.publish", wang.member.staff_id, 2),
        ("mapping.propose", li.member.staff_id, 2),
        ("mapping.import", None, 1),
    ]
    assert acts[1].reason == "新接口"


def test_nobody_publishes_what_they_proposed(offices: Offices) -> None:
    """Not even somebody of the city's IT, who reaches every agency below."""
    name = name_service()
    offices.publish_first(name)
    sun = offices.actor("sun")
    offices.desk.propose(sun, write_file(name, 2), {})
    with pytest.raises(NotPermitted):
        offices.desk.publish(sun, name, 2)
    assert find_served(offices, name) == 1
    offices.desk.publish(offices.actor("li"), name, 2)
    assert find_served(offices, name) == 2


STEPS: dict[str, tuple[frozenset[str], Callable[[Offices, str, str], object]]] = {
    "propose": (
        frozenset({"li", "wang", "sun"}),
        lambda offices, who, name: offices.desk.propose(offices.actor(who), write_file(name, 9), {}),
    ),
    "publish": (
        frozenset({"li", "wang", "sun"}),
        lambda offices, who, name: offices.desk.publish(offices.actor(who), name, 2),
    ),
    "approve": (
        frozenset({"zhao", "wu"}),
        lambda offices, who, name: offices.desk.approve_privacy(offices.actor(who), name, 2),
    ),
    "refuse": (
        frozenset({"li", "wang", "sun", "zhao", "wu"}),
        lambda offices, who, name: offices.desk.refuse(offices.actor(who), name, 2, reason="依据不足"),
    ),
    "roll back": (
        frozenset({"li", "wang", "sun"}),
        lambda offices, who, name: offices.desk.roll_back(offices.actor(who), name, 0, reason="接口坏了"),
    ),
    "switch off": (
        frozenset({"li", "wang", "sun"}),
        lambda offices, who, name: offices.desk.switch_off(offices.actor(who), name, SENTENCE, reason="接口坏了"),
    ),
    "switch on": (
        frozenset({"li", "wang", "sun"}),
        lambda offices, who, name: offices.desk.switch_on(offices.actor(who), name),
    ),
    "review": (
        frozenset({"li", "wang", "sun", "zhao", "wu"}),
        lambda offices, who, name: offices.desk.review(offices.actor(who), name, 9),
    ),
}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_for_those_who_hold_its_role_there(offices: Offices, step: str, who: str) -> None:
    """IT and privacy of the agency or above it; nobody of another agency, no clerk and no administrator."""
    name = name_service()
    offices.publish_first(name)
    offices.desk.propose(None, write_file(name, 2), {})
    may, act = STEPS[step]
    try:
        act(offices, who, name)
        permitted = True
    except NotPermitted:
        permitted = False
    except Refusal:
        permitted = True
    assert permitted == (who in may)


def test_a_role_that_was_taken_away_does_not_count(offices: Offices) -> None:
    """The proposer must still be of IT when somebody publishes, and not be suspended."""
    for lose in ("role", "suspended"):
        name = name_service()
        offices.publish_first(name)
        li, everywhere = offices.actor("li"), tuple(offices.tree.parents)
        offices.desk.propose(li, write_file(name, 2), {})
        with offices.store.begin(everywhere) as tx:
            if lose == "role":
                tx.staff.revoke(li.roles[0].grant_id, li.member.staff_id, offices.clock.now())
            else:
                tx.staff.suspend(li.member.staff_id, None, offices.clock.now())
        with pytest.raises(Conflict):
            offices.desk.publish(offices.actor("wang"), name, 2)
        with offices.store.begin(everywhere) as tx:
            if lose == "role":
                tx.staff.grant(make_role(li.member, Role.IT), None)
            else:
                tx.staff.restore(li.member.staff_id, None, offices.clock.now())
        offices.desk.publish(offices.actor("wang"), name, 2)


def test_a_deputy_s_role_counts_for_its_time_alone(offices: Offices) -> None:
    """Whoever stands in for somebody of IT proposes under their own name; after that time nobody publishes it for them."""
    name, now = name_service(), offices.clock.now()
    offices.publish_first(name)
    held = make_role(
        offices.members["zhou"], Role.IT, now, until=now + timedelta(hours=1),
        deputising_for=offices.members["li"].staff_id,
    )  # fmt: skip
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        tx.staff.grant(held, None)
    offices.desk.propose(offices.actor("zhou"), write_file(name, 2), {})
    offices.clock.advance(3600)
    with pytest.raises(Conflict):
        offices.desk.publish(offices.actor("wang"), name, 2)
    with pytest.raises(NotPermitted):
        offices.desk.propose(offices.actor("zhou"), write_file(name, 3), {})


@pytest.mark.parametrize("lose", ["role", "suspended", "a deputy too"])
def test_a_deputy_s_proposal_ends_with_the_role_of_whom_they_stand_in_for(offices: Offices, lose: str) -> None:
    """The rule of sign-in: a deputy's role lasts while the one deputised for is active and holds it by their own right."""
    name, now, li = name_service(), offices.clock.now(), offices.actor("li")
    offices.publish_first(name)
    held = make_role(
        offices.members["zhou"], Role.IT, now, until=now + timedelta(hours=1), deputising_for=li.member.staff_id
    )
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        tx.staff.grant(held, None)
    offices.desk.propose(offices.actor("zhou"), write_file(name, 2), {})
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        if lose == "suspended":
            tx.staff.suspend(li.member.staff_id, None, now)
        else:
            tx.staff.revoke(li.roles[0].grant_id, None, now)
        if lose == "a deputy too":
            tx.staff.grant(make_role(li.member, Role.IT, now, deputising_for=offices.members["sun"].staff_id), None)
    with pytest.raises(Conflict) as refused:
        offices.desk.publish(offices.actor("wang"), name, 2)
    assert refused.value.detail == {"rule": "proposer_left"}
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        tx.staff.restore(li.member.staff_id, None, now) if lose == "suspended" else tx.staff.grant(
            make_role(li.member, Role.IT, now), None
        )
    assert offices.desk.publish(offices.actor("wang"), name, 2).version == 2


def test_what_lets_out_more_takes_the_privacy_officer(offices: Offices) -> None:
    """For this very version; the refusal names what would be seen more, and no value."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    desk.propose(offices.actor("li"), write_file(name, 2, wider=True), {})
    with pytest.raises(Conflict) as refused:
        desk.publish(offices.actor("wang"), name, 2)
    widens = [f"exposure.{platform}.shown_in_client.{SPARE}" for platform in ("alipay", "wechat")]
    assert refused.value.detail == {"rule": "privacy_first", "widens": widens}
    assert desk.approve_privacy(offices.actor("zhao"), name, 2).data == {"widens": widens}
    assert find_served(offices, name) == 1
    assert desk.publish(offices.actor("wang"), name, 2).data == {"widens": widens}
    assert find_served(offices, name) == 2


def test_a_new_proposal_needs_an_approval_of_its_own(offices: Offices) -> None:
    """What was approved of the version before does not count for the next."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    desk.propose(offices.actor("li"), write_file(name, 2, wider=True), {})
    desk.approve_privacy(offices.actor("zhao"), name, 2)
    desk.propose(offices.actor("li"), write_file(name, 3, wider=True), {})
    for version in (2, 3):
        with pytest.raises(Conflict):
            desk.publish(offices.actor("wang"), name, version)
    with pytest.raises(Conflict):
        desk.approve_privacy(offices.actor("zhao"), name, 2)


def test_an_approval_is_measured_against_what_is_in_force_when_publishing(offices: Offices) -> None:
    """Approved against a wide version, published after a rollback to a narrow one: the officer is asked again."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    desk.publish_file(write_file(name, 2, wider=True), {}, reason="上线试用")
    desk.propose(offices.actor("li"), write_file(name, 3, wider=True), {})
    assert desk.approve_privacy(offices.actor("zhao"), name, 3).data == {"widens": []}
    desk.roll_back(offices.actor("li"), name, reason="接口坏了")
    with pytest.raises(Conflict):
        desk.publish(offices.actor("wang"), name, 3)
    desk.approve_privacy(offices.actor("zhao"), name, 3)
    desk.publish(offices.actor("wang"), name, 3)


def test_a_new_service_is_all_widening(offices: Offices) -> None:
    """Before anything is in force every field is more than nothing."""
    name, desk = name_service(), offices.desk
    desk.propose(offices.actor("li"), write_file(name, 1), {})
    with pytest.raises(Conflict) as refused:
        desk.publish(offices.actor("wang"), name, 1)
    assert "channels.wechat" in (refused.value.detail or {})["widens"]  # type: ignore[operator] # a list of places
    desk.approve_privacy(offices.actor("wu"), name, 1)
    desk.publish(offices.actor("wang"), name, 1)
    assert find_served(offices, name) == 1


def test_whoever_proposed_does_not_approve(offices: Offices) -> None:
    """One person with both roles is still one person."""
    name = name_service()
    offices.publish_first(name)
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        tx.staff.grant(make_role(offices.members["sun"], Role.PRIVACY), None)
    offices.desk.propose(offices.actor("sun"), write_file(name, 2, wider=True), {})
    with pytest.raises(NotPermitted):
        offices.desk.approve_privacy(offices.actor("sun"), name, 2)


def test_a_version_is_higher_than_any_before(offices: Offices) -> None:
    """Also than those that were refused: a number never means two things."""
    name, desk, li = name_service(), offices.desk, offices.actor("li")
    offices.publish_first(name, version=4)
    desk.propose(li, write_file(name, 6), {})
    desk.refuse(offices.actor("zhao"), name, 6, reason="范围太宽")
    for version in (3, 4, 5, 6):
        with pytest.raises(Conflict) as refused:
            desk.propose(li, write_file(name, version, wider=True), {})
        assert "above 6" in str(refused.value)
    desk.propose(li, write_file(name, 7), {})
    assert read_events(offices, name)[1].proposal is not None


def test_a_refused_version_is_off_the_table(offices: Offices) -> None:
    """It is refused with a reason and cannot be published any more."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    desk.propose(offices.actor("li"), write_file(name, 2), {})
    with pytest.raises(InputRefused):
        desk.refuse(offices.actor("wang"), name, 2, reason="  ")
    desk.refuse(offices.actor("wang"), name, 2, reason="缺法律依据")
    with pytest.raises(Conflict):
        desk.publish(offices.actor("wang"), name, 2)


def test_the_operator_s_steps_stand_in_the_books_as_nobody_s(offices: Offices) -> None:
    """By None, with a reason; what the operator publishes or takes back is reviewed by people."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    with pytest.raises(InputRefused):
        desk.publish_file(write_file(name, 2), {}, reason="")
    published = desk.publish_file(write_file(name, 2, wider=True), {}, reason="夜间紧急")
    assert published is not None
    assert (published.by, find_served(offices, name)) == (None, 2)
    assert desk.publish_file(write_file(name, 2, wider=True), {}, reason="again") is None
    desk.roll_back(None, name, reason="夜间紧急")
    assert find_served(offices, name) == 1
    with pytest.raises(Conflict):
        desk.publish_file(write_file(name, 2, wider=True), {}, reason="and again")
    with pytest.raises(NotPermitted):
        desk.review(offices.actor("li"), name, published.number)
    desk.review(offices.actor("zhao"), name, published.number)
    with offices.store.begin([offices.agency("gas")]) as tx:
        acts = tx.acts.list_acts(9, None, subject_id=name)
    assert {act.staff_id for act in acts if act.act != "mapping.review"} == {None}
    assert all(act.reason for act in acts if act.act in {"mapping.publish", "mapping.roll_back"})


def test_the_first_import_serves_and_a_later_one_proposes(offices: Offices) -> None:
    """A file that has changed without a higher version is refused; the same again changes nothing."""
    name, desk = name_service(), offices.desk
    assert desk.import_file(write_file(name, 1), {}) is MappingAct.IMPORTED
    assert desk.import_file(write_file(name, 1), {}) is None
    with pytest.raises(Conflict):
        desk.import_file(write_file(name, 1, wider=True), {})
    assert desk.import_file(write_file(name, 2), {}) is MappingAct.PROPOSED
    assert desk.import_file(write_file(name, 2), {}) is None
    assert find_served(offices, name) == 1
    desk.publish(offices.actor("li"), name, 2)
    assert find_served(offices, name) == 2


def test_a_service_stays_with_its_agency(offices: Offices) -> None:
    """Neither the other agency's IT nor the operator can take it over with a file; nor can it be given away."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    stolen = write_file(name, 2, agency="water")
    for take in (
        lambda: desk.propose(offices.actor("chen"), stolen, {}),
        lambda: desk.propose(offices.actor("sun"), stolen, {}),
        lambda: desk.publish_file(stolen, {}, reason="接口故障"),
        lambda: desk.import_file(stolen, {}),
    ):
        with pytest.raises(Conflict):
            take()
    with pytest.raises(NotPermitted):
        desk.propose(offices.actor("chen"), write_file(name, 2), {})
    assert find_served(offices, name) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id: [", "mapping.yaml:"),
        (write_file("gas-x", 1).replace(b"kind: bill", b"kind: bil"), "kind"),
        (write_file("gas-x", 1, agency="nowhere"), "agency"),
        (b"#" * 1_000_001, "bytes"),
    ],
)
def test_a_faulty_file_is_refused_by_place(offices: Offices, content: bytes, told: str) -> None:
    """And nothing of it is kept."""
    with pytest.raises(ConfigurationFault) as refused:
        offices.desk.propose(offices.actor("li"), content, {})
    assert told in str(refused.value)
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        assert tx.mappings.list_versions("gas-x") == []


def test_a_service_that_is_not_kept_is_not_found(offices: Offices) -> None:
    """Nothing can be done to it."""
    for step in ("publish", "approve", "refuse", "roll back", "switch off", "switch on", "review"):
        with pytest.raises(NotFound):
            STEPS[step][1](offices, "sun", "no-such-service")
