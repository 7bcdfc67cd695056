"""Clerks and heads read applications and people of their own agencies, with a reason, noted before anything is given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.application_files import PAGE, PersonFound, read_number
from services.console_ports import PersonKey
from services.errors import InputRefused, NotFound, NotPermitted, StoreUnavailable
from services.staff_rules import read_reason
from services.staffing import Actor, Role
from tests.fake_console import FakeApplications, FakePeople
from tests.unit.gateway.console.office import CHILD, LEFT, NUMBER, PHONE, RIGHT, ROOT, TREE, Office

REASON = "核对本人到场提交的材料"


@pytest.fixture
def office() -> Office:
    return Office()


def actor(office: Office, agency: UUID, *roles: Role) -> Actor:
    member = office.hire(agency, *roles)
    held = tuple(one for one in office.store.books.roles.values() if one.staff_id == member.staff_id)
    return Actor(member, held, TREE, "r")


@pytest.mark.parametrize("role", [Role.CLERK, Role.HEAD])
def test_a_file_is_given_with_a_reason_and_an_act(office: Office, role: Role) -> None:
    """Who read which application at which agency and why; nothing of what was in it."""
    made = office.file_application(CHILD, uuid4(), "NO-1")
    clerk = actor(office, LEFT, role)
    application, events = office.files.open_file(clerk, made.application_id, f"  {REASON}\n")
    assert (application, len(events)) == (made, 1)
    (act,) = office.store.books.acts
    assert (act.act, act.agency_id, act.staff_id, act.subject_id, act.reason) == (
        "application.read", CHILD, clerk.member.staff_id, str(made.application_id), REASON,
    )  # fmt: skip
    assert NUMBER not in str(act)


@pytest.mark.parametrize("reason", ["", "   ", "看看", "a" * 501, "\n\t\n", "\u200b" * 20])
def test_without_a_reason_nothing_is_read(office: Office, reason: str) -> None:
    """Four characters that can be seen, on one line."""
    made = office.file_application(LEFT, uuid4(), "NO-1")
    clerk = actor(office, LEFT, Role.CLERK)
    with pytest.raises(InputRefused):
        office.files.open_file(clerk, made.application_id, reason)
    with pytest.raises(InputRefused):
        office.files.search_person(clerk, PersonKey.PHONE, PHONE, reason)
    assert office.acts == []


@given(st.text(max_size=550))
def test_a_reason_is_one_visible_line_or_refused(text: str) -> None:
    """Whatever is typed: no control character reaches the book of acts."""
    try:
        told = read_reason(text)
    except InputRefused:
        return
    assert 4 <= len(told) <= 500
    assert told.isprintable()


def test_a_search_asks_the_store_the_same_for_nobody_and_for_somebody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has an account somewhere else must not show in how long the answer takes."""
    asked: list[str] = []
    for kind, name in ((FakePeople, "list_payments"), (FakeApplications, "list_of_persons")):
        real = getattr(kind, name)

        def watch(*arguments: object, real: Callable[..., object] = real, name: str = name) -> object:
            asked.append(name)
            return real(*arguments)

        monkeypatch.setattr(kind, name, watch)
    clerk = actor(office, LEFT, Role.CLERK)
    assert office.files.search_person(clerk, PersonKey.PHONE, PHONE, REASON) == PersonFound((), ())
    nobody, asked[:] = list(asked), []
    office.know(uuid4())
    assert office.files.search_person(clerk, PersonKey.PHONE, PHONE, REASON) == PersonFound((), ())
    assert asked == nobody == ["list_of_persons", "list_payments"]
    assert [act.subject_id == "" for act in office.store.books.acts] == [True, False]


def test_another_agency_s_file_is_as_absent_as_one_that_does_not_exist(office: Office) -> None:
    """The same error without an act: nobody learns whether there is one."""
    theirs = office.file_application(RIGHT, uuid4(), "NO-1").application_id
    clerk = actor(office, LEFT, Role.CLERK)
    answers = set()
    for application_id in (theirs, uuid4()):
        with pytest.raises(NotFound) as caught:
            office.files.open_file(clerk, application_id, REASON)
        answers.add((type(caught.value), str(caught.value), str(caught.value.detail)))
    assert len(answers) == 1
    assert office.acts == []


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CLERK, Role.HEAD)])
def test_other_roles_read_no_cases(office: Office, role: Role) -> None:
    """Not the administrator, not IT, not the auditor: at the root they hold no file of anybody."""
    made = office.file_application(LEFT, uuid4(), "NO-1")
    other = actor(office, ROOT, role)
    for call in (
        lambda: office.files.list_lines(other),
        lambda: office.files.open_file(other, made.application_id, REASON),
        lambda: office.files.search_person(other, PersonKey.PHONE, PHONE, REASON),
    ):
        with pytest.raises(NotPermitted):
            call()


@pytest.mark.parametrize("fault", ["acts_down", "commit_fails"])
def test_what_cannot_be_noted_is_not_given(office: Office, fault: str) -> None:
    """Neither a file nor a search."""
    made = office.file_application(LEFT, uuid4(), "NO-1")
    clerk = actor(office, LEFT, Role.CLERK)
    setattr(office.store, fault, True)
    with pytest.raises(StoreUnavailable):
        office.files.open_file(clerk, made.application_id, REASON)
    with pytest.raises(StoreUnavailable):
        office.files.search_person(clerk, PersonKey.PHONE, PHONE, REASON)


def test_a_list_has_nothing_personal_and_comes_in_pages(office: Office) -> None:
    """Newest first, own agencies and those below; the cursor goes on where the page ended."""
    for number in range(PAGE + 5):
        office.file_application(CHILD if number % 2 else LEFT, uuid4(), f"NO-{number}")
        office.clock.advance(1)
    office.file_application(RIGHT, uuid4(), "NO-theirs")
    clerk = actor(office, LEFT, Role.CLERK)
    first = office.files.list_lines(clerk)
    second = office.files.list_lines(clerk, first[-1].application_id)
    numbers = [line.application_no for line in [*first, *second]]
    assert numbers == [f"NO-{number}" for number in reversed(range(PAGE + 5))]
    assert NUMBER not in str(first)
    assert "王小明" not in str(first)


def test_a_search_finds_what_one_s_agencies_have_and_no_more(office: Office) -> None:
    """By identity number and by phone: applications and payments of the own agencies; the act names no number."""
    person = uuid4()
    office.know(person)
    for agency, name in ((LEFT, "own"), (CHILD, "below"), (RIGHT, "theirs"), (ROOT, "above")):
        office.file_application(agency, person, f"NO-{name}")
        office.pay(agency, person, f"ORDER-{name}")
    clerk = actor(office, LEFT, Role.CLERK)
    for key, value in ((PersonKey.IDENTITY_NUMBER, NUMBER), (PersonKey.PHONE, "+86 138-0013-8001")):
        found = office.files.search_person(clerk, key, value, REASON)
        assert {line.application_no for line in found.applications} == {"NO-own", "NO-below"}
        assert {payment.order_no for payment in found.payments} == {"ORDER-own", "ORDER-below"}
        act = office.store.books.acts[-1]
        assert (act.act, act.agency_id, act.subject_id, dict(act.detail)) == (
            "person.search",
            LEFT,
            str(person),
            {"by": key.value},
        )
        assert value not in str(act)


def test_a_search_stands_in_the_book_of_each_agency_that_it_searched(office: Office) -> None:
    """Two sibling agencies, two acts; a branch below one of them is its agency's, also where a role is held in both."""
    clerk = actor(office, LEFT, Role.CLERK)
    below, beside = (replace(clerk.roles[0], agency_id=agency, grant_id=uuid4()) for agency in (CHILD, RIGHT))
    for more, noted in (([below, beside], [LEFT, RIGHT]), ([below], [LEFT])):
        both = replace(clerk, roles=(*more, *clerk.roles))
        office.store.books.acts.clear()
        office.files.search_person(both, PersonKey.PHONE, PHONE, REASON)
        acts = office.store.books.acts
        assert [(act.act, act.agency_id) for act in acts] == [("person.search", agency) for agency in noted]
        assert {(act.reason, act.subject_id, act.staff_id) for act in acts} == {(REASON, "", clerk.member.staff_id)}
        assert len({act.act_id for act in acts}) == len(noted)


def test_nobody_and_somebody_of_another_agency_are_one_answer(office: Office) -> None:
    """The page cannot tell whether a person is known to the government at all."""
    person = uuid4()
    office.know(person)
    office.file_application(RIGHT, person, "NO-1")
    office.pay(RIGHT, person, "ORDER-1")
    clerk = actor(office, LEFT, Role.HEAD)
    elsewhere = office.files.search_person(clerk, PersonKey.IDENTITY_NUMBER, NUMBER, REASON)
    nobody = office.files.search_person(clerk, PersonKey.IDENTITY_NUMBER, "110101198505120029", REASON)
    assert elsewhere == nobody == PersonFound((), ())
    assert office.acts == ["person.search", "person.search"]


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        (PersonKey.IDENTITY_NUMBER, " 11010119900307001x ", "11010119900307001X"),
        (PersonKey.PHONE, "0086 13800138001", PHONE), (PersonKey.PHONE, "138 0013 8001", PHONE),
        (PersonKey.IDENTITY_NUMBER, PHONE, None), (PersonKey.PHONE, NUMBER, None), (PersonKey.PHONE, "", None),
        (PersonKey.IDENTITY_NUMBER, "' OR 1=1 --", None), (PersonKey.PHONE, "1380013800１", None), (PersonKey.PHONE, "1380013800%", None),
    ],
)  # fmt: skip
def test_a_number_has_one_form_or_is_refused(key: PersonKey, value: str, read: str | None) -> None:
    """A whole number is looked for, never a part of one."""
    if read is None:
        with pytest.raises(InputRefused):
            read_number(key, value)
    else:
        assert read_number(key, value) == read
