"""Administration: within one's reach, never for oneself, never beyond the rules; each change an act in its own transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import Conflict, GuitaiError, InputRefused, NotPermitted, StoreUnavailable
from services.staff_rules import CASE_ROLES
from services.staffing import Actor, Role, RoleHeld, StaffMember
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT, TREE, Office


class Hall:
    """An office with its root administrator, an administrator of the left agency, and workers everywhere."""

    def __init__(self) -> None:
        self.office = Office()
        self.root = self.office.hire(ROOT, Role.ADMINISTRATOR, login="root.admin")
        self.left = self.office.hire(LEFT, Role.ADMINISTRATOR, login="left.admin")
        self.workers = {agency: self.office.hire(agency, login=f"worker.{agency.int}") for agency in TREE.parents}
        self.desk = self.office.staff

    def actor(self, member: StaffMember) -> Actor:
        roles = tuple(held for held in self.office.store.books.roles.values() if held.staff_id == member.staff_id)
        return Actor(member, tuple(held for held in roles if held.is_in_force(self.office.clock.now())), TREE, "r")

    def grant_of(self, member: StaffMember) -> RoleHeld:
        return next(held for held in self.office.store.books.roles.values() if held.staff_id == member.staff_id)


@pytest.fixture
def hall() -> Hall:
    return Hall()


Change = Callable[[Hall, Actor, UUID], object]
CHANGES: dict[str, Change] = {
    "move": lambda hall, actor, who: hall.desk.move(actor, who, LEFT),
    "suspend": lambda hall, actor, who: hall.desk.suspend(actor, who),
    "grant": lambda hall, actor, who: hall.desk.grant(actor, who, LEFT, Role.FINANCE),
    "reset_password": lambda hall, actor, who: hall.desk.reset_password(actor, who, codes_too=True),
    "bind_subject": lambda hall, actor, who: hall.desk.bind_subject(actor, who, "somebody"),
    "set_identity": lambda hall, actor, who: hall.desk.set_identity(actor, who, "110101199003070011"),
}


def refused(call: Callable[[], object]) -> str:
    """The rule by which something is refused."""
    with pytest.raises(Conflict) as caught:
        call()
    return str((caught.value.detail or {})["rule"])


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_every_change_is_an_act_and_ends_the_person_s_sessions(hall: Hall, name: str) -> None:
    """Who, what, to whom: in the book; and whoever was signed in must sign in again."""
    worker = hall.workers[CHILD]
    browser = hall.office.enter(worker)
    CHANGES[name](hall, hall.actor(hall.left), worker.staff_id)
    act = hall.office.store.books.acts[-1]
    assert (act.act, act.staff_id, act.subject_id) == (f"staff.{name}", hall.left.staff_id, str(worker.staff_id))
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize("name", sorted(CHANGES))
@pytest.mark.parametrize("agency", [ROOT, RIGHT])
def test_nobody_out_of_reach_is_changed(hall: Hall, name: str, agency: UUID) -> None:
    """An administrator of one agency is nobody in another; somebody who does not exist is refused in the same way."""
    before = replace(hall.office.store.books)
    answers = set()
    for staff_id in (hall.workers[agency].staff_id, uuid4()):
        with pytest.raises(NotPermitted) as caught:
            CHANGES[name](hall, hall.actor(hall.left), staff_id)
        answers.add((type(caught.value), str(caught.value), str(caught.value.detail)))
    assert len(answers) == 1
    assert hall.office.store.books.members == before.members
    assert hall.office.acts == []


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_nobody_changes_themselves(hall: Hall, name: str) -> None:
    """Not even the highest administrator grants themselves a role or resets their own password here."""
    assert refused(lambda: CHANGES[name](hall, hall.actor(hall.root), hall.root.staff_id)) == "not_oneself"


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_only_an_administrator_changes_anything(hall: Hall, name: str) -> None:
    """All other roles together, at the root, change nobody."""
    other = hall.office.hire(ROOT, *(role for role in Role if role is not Role.ADMINISTRATOR))
    with pytest.raises(NotPermitted):
        CHANGES[name](hall, hall.actor(other), hall.workers[LEFT].staff_id)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_if_the_act_cannot_be_written_nothing_changes(hall: Hall, name: str) -> None:
    """Act and change are one transaction."""
    before, roles = dict(hall.office.store.books.members), dict(hall.office.store.books.roles)
    hall.office.store.acts_down = True
    with pytest.raises(StoreUnavailable):
        CHANGES[name](hall, hall.actor(hall.root), hall.workers[RIGHT].staff_id)
    assert (hall.office.store.books.members, hall.office.store.books.roles) == (before, roles)


@pytest.mark.parametrize("case_role", sorted(CASE_ROLES))
@pytest.mark.parametrize("agency", [LEFT, RIGHT])
def test_whoever_administers_handles_no_cases(hall: Hall, case_role: Role, agency: UUID) -> None:
    """In whichever agency the other role is held, and in whichever order they are granted: refused, and why."""
    clerk = hall.office.hire(LEFT, case_role, at=agency)
    root = hall.actor(hall.root)
    assert (
        refused(lambda: hall.desk.grant(root, clerk.staff_id, ROOT, Role.ADMINISTRATOR))
        == "administrator_holds_no_cases"
    )
    assert (
        refused(lambda: hall.desk.grant(root, hall.left.staff_id, agency, case_role)) == "administrator_holds_no_cases"
    )


def test_a_deputy_administrator_handles_no_cases_either(hall: Hall) -> None:
    """The rule looks through deputies in both directions."""
    clerk = hall.office.hire(LEFT, Role.CLERK)
    root, until = hall.actor(hall.root), hall.office.clock.now() + timedelta(days=3)
    held = hall.grant_of(hall.left)
    assert (
        refused(lambda: hall.desk.name_deputy(root, held.grant_id, clerk.staff_id, until))
        == "administrator_holds_no_cases"
    )


def test_the_last_administrator_of_the_root_stays(hall: Hall) -> None:
    """Not suspended, not revoked, not even by the operator; a deputy or one for a time does not count."""
    desk, now = hall.desk, hall.office.clock.now()
    rule = "last_administrator_of_the_root"
    other = hall.office.hire(ROOT)
    desk.grant(None, other.staff_id, ROOT, Role.ADMINISTRATOR, now + timedelta(days=30))
    actor = hall.actor(other)
    assert refused(lambda: desk.suspend(actor, hall.root.staff_id)) == rule
    assert refused(lambda: desk.suspend(None, hall.root.staff_id)) == rule
    assert refused(lambda: desk.revoke(None, hall.grant_of(hall.root).grant_id)) == rule
    lasting = hall.office.hire(ROOT, Role.ADMINISTRATOR)
    desk.suspend(hall.actor(lasting), hall.root.staff_id)
    assert refused(lambda: desk.suspend(None, lasting.staff_id)) == rule
    desk.restore(None, hall.root.staff_id)
    desk.suspend(None, lasting.staff_id)


def test_an_administrator_below_cannot_enter_as_somebody_who_holds_more(hall: Hall) -> None:
    """Who belongs to the lower agency but holds a role above it: resetting, binding, suspending, restoring need the reach of that role."""
    worker = hall.workers[LEFT]
    hall.office.give(worker, Role.AUDITOR, ROOT)
    left = hall.actor(hall.left)
    for change in ("reset_password", "bind_subject", "suspend"):
        with pytest.raises(NotPermitted):
            CHANGES[change](hall, left, worker.staff_id)
    hall.desk.suspend(hall.actor(hall.root), worker.staff_id)
    with pytest.raises(NotPermitted):
        hall.desk.restore(left, worker.staff_id)


def test_a_role_is_granted_where_the_administrator_reaches_only(hall: Hall) -> None:
    """One's own people get no role in somebody else's agency."""
    left = hall.actor(hall.left)
    hall.desk.grant(left, hall.workers[LEFT].staff_id, CHILD, Role.CLERK)
    for agency in (ROOT, RIGHT, uuid4()):
        with pytest.raises(NotPermitted):
            hall.desk.grant(left, hall.workers[LEFT].staff_id, agency, Role.CLERK)
    with pytest.raises(NotPermitted):
        hall.desk.move(left, hall.workers[LEFT].staff_id, RIGHT)
    assert refused(lambda: hall.desk.grant(left, hall.workers[LEFT].staff_id, CHILD, Role.CLERK)) == "role_held_already"


def test_a_deputy_gets_that_role_for_that_time(hall: Hall) -> None:
    """The same role in the same agency until the day; not longer than the role, not passed on, not to oneself, not to the suspended."""
    office, desk, root = hall.office, hall.desk, hall.actor(hall.root)
    clerk, deputy, third = office.hire(LEFT, Role.CLERK), hall.workers[LEFT], hall.workers[CHILD]
    own, now = hall.grant_of(clerk), office.clock.now()
    office.store.books.roles[own.grant_id] = own = replace(own, until=now + timedelta(days=10))

    def name(grant: RoleHeld, who: StaffMember, days: int) -> RoleHeld:
        return desk.name_deputy(root, grant.grant_id, who.staff_id, now + timedelta(days=days))

    assert refused(lambda: name(own, deputy, 11)) == "longer_than_the_role"
    assert refused(lambda: name(own, deputy, 0)) == "end_in_the_past"
    assert refused(lambda: name(own, clerk, 5)) == "no_deputy_of_oneself"
    made = name(own, deputy, 5)
    assert (made.role, made.agency_id, made.deputising_for) == (Role.CLERK, LEFT, clerk.staff_id)
    assert refused(lambda: name(made, third, 3)) == "a_deputy_names_no_deputy"
    assert refused(lambda: name(own, deputy, 5)) == "role_held_already"
    desk.suspend(root, third.staff_id)
    assert refused(lambda: name(own, third, 5)) == "suspended"
    desk.revoke(root, own.grant_id)
    assert not [
        held for held in office.store.books.roles.values() if held.staff_id == deputy.staff_id and held.is_in_force(now)
    ]
    assert office.acts.count("staff.revoke") == 2


def test_a_deputy_administrator_does_not_touch_whom_they_stand_in_for(hall: Hall) -> None:
    """Power lent is not turned against the lender, nor used on oneself."""
    office, deputy = hall.office, hall.workers[LEFT]
    hall.desk.name_deputy(
        hall.actor(hall.root),
        hall.grant_of(hall.left).grant_id,
        deputy.staff_id,
        office.clock.now() + timedelta(days=3),
    )
    actor = hall.actor(deputy)
    assert refused(lambda: hall.desk.suspend(actor, hall.left.staff_id)) == "not_whom_one_deputises_for"
    assert refused(lambda: hall.desk.grant(actor, deputy.staff_id, LEFT, Role.IT)) == "not_oneself"
    hall.desk.suspend(actor, hall.workers[CHILD].staff_id)


def test_a_new_member_has_a_one_time_password_and_nothing_else(hall: Hall) -> None:
    """The password is told once and kept as a hash; there is no role yet; a login is taken once."""
    member, password = hall.desk.add(hall.actor(hall.left), CHILD, "new.member", " 张 三 ")
    kept = hall.office.store.books.passwords[member.staff_id]
    assert kept.startswith("once;")
    assert member.name == "张 三"
    assert not hall.actor(member).roles
    assert password not in str(hall.office.store.books.acts)
    assert refused(lambda: hall.desk.add(hall.actor(hall.left), CHILD, "new.member", "李四")) == "login_taken"
    with pytest.raises(NotPermitted):
        hall.desk.add(hall.actor(hall.left), RIGHT, "other.member", "李四")


@pytest.mark.parametrize(
    ("login", "name"),
    [("ab", "n"), ("UPPER", "n"), ("with space", "n"), ("ok.login", ""), ("ok.login", "x" * 41), ("a\0b", "n")],
)
def test_a_login_and_a_name_have_a_form(hall: Hall, login: str, name: str) -> None:
    """What could not be typed or shown is refused before anything is written."""
    with pytest.raises(InputRefused):
        hall.desk.add(hall.actor(hall.left), LEFT, login, name)


def test_a_subject_belongs_to_one_person(hall: Hall) -> None:
    """Two members with one identity at the provider would be one of them."""
    root = hall.actor(hall.root)
    hall.desk.bind_subject(root, hall.workers[LEFT].staff_id, "subject")
    assert refused(lambda: hall.desk.bind_subject(root, hall.workers[RIGHT].staff_id, "subject")) == "subject_taken"
    for wrong in ("", "x" * 256, "名", "a\n"):
        with pytest.raises(InputRefused):
            hall.desk.bind_subject(root, hall.workers[RIGHT].staff_id, wrong)


def test_an_administrator_sees_their_own_reach_only(hall: Hall) -> None:
    """Members and roles of other agencies are not in the list."""
    hall.office.give(hall.workers[LEFT], Role.AUDITOR, ROOT)
    found = hall.desk.list_staff(hall.actor(hall.left))
    assert {member.agency_id for member in found.members} == {LEFT, CHILD}
    assert {held.agency_id for held in found.roles} <= {LEFT, CHILD}


Step = tuple[str, int, int, UUID, Role]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "revoke", "suspend", "restore", "move", "deputy"]),
        st.integers(0, 5), st.integers(0, 5), st.sampled_from(list(TREE.parents)), st.sampled_from(list(Role)),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_administrators_do_the_rules_hold(steps: list[Step]) -> None:
    """After any row of changes by anybody: the root has an administrator, nobody administers and handles cases, nobody is own deputy."""
    hall = Hall()
    for step in steps:
        with contextlib.suppress(GuitaiError):
            take_step(hall, *step)
        hall.office.clock.advance(1)
        require_rules(hall)


def take_step(hall: Hall, kind: str, by: int, to: int, agency: UUID, role: Role) -> None:
    """One change, by somebody who may not be allowed to make it; the suspended do nothing."""
    books, desk = hall.office.store.books, hall.desk
    people = [books.members[one.staff_id] for one in (hall.root, hall.left, *hall.workers.values())]
    actor, who = hall.actor(people[by]), people[to].staff_id
    grants = [held for held in books.roles.values() if held.staff_id == who] or [hall.grant_of(hall.root)]
    until = hall.office.clock.now() + timedelta(days=2)
    calls: dict[str, Callable[[], object]] = {
        "grant": lambda: desk.grant(actor, who, agency, role),
        "revoke": lambda: desk.revoke(actor, grants[-1].grant_id),
        "suspend": lambda: desk.suspend(actor, who),
        "restore": lambda: desk.restore(actor, who),
        "move": lambda: desk.move(actor, who, agency),
        "deputy": lambda: desk.name_deputy(actor, grants[-1].grant_id, people[(to + 1) % 6].staff_id, until),
    }
    if people[by].suspended_at is None:
        calls[kind]()


def require_rules(hall: Hall) -> None:
    """What must always be true of the organisation."""
    books, now = hall.office.store.books, hall.office.clock.now()
    held = [one for one in books.roles.values() if one.is_in_force(now)]
    assert any(
        one.role is Role.ADMINISTRATOR and one.agency_id == ROOT and books.members[one.staff_id].suspended_at is None
        for one in held
    )
    for staff_id in books.members:
        roles = {one.role for one in held if one.staff_id == staff_id}
        assert not (Role.ADMINISTRATOR in roles and roles & CASE_ROLES)
    for one in held:
        assert one.deputising_for != one.staff_id
