"""The book of acts: read by auditor and privacy officer of the agencies they reach, taken out whole, each taking an act of its own."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from services.act_book import EXPORT_PAGE, PAGE, ActBook, ActFilter
from services.errors import NotPermitted, StoreUnavailable
from services.staffing import Act, Actor, Role
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT, TREE, Office


class Shelf:
    """An office with a book and acts of several agencies."""

    def __init__(self) -> None:
        self.office = Office()
        self.book = ActBook(self.office.store, self.office.clock, self.office.new_id)
        self.clerk = self.office.hire(LEFT, Role.CLERK, login="clerk.wu")

    def note(self, agency: UUID, act: str, subject: str = "s") -> None:
        self.office.clock.advance(1)
        made = Act(
            self.office.new_id(),
            agency,
            self.office.clock.now(),
            self.clerk.staff_id,
            act,
            "person",
            subject,
            "因工作需要",
        )
        self.office.store.books.acts.append(made)

    def actor(self, agency: UUID, *roles: Role) -> Actor:
        member = self.office.hire(agency, *roles)
        held = tuple(one for one in self.office.store.books.roles.values() if one.staff_id == member.staff_id)
        return Actor(member, held, TREE, "r")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.PRIVACY])
def test_acts_of_one_s_reach_newest_first(shelf: Shelf, role: Role) -> None:
    """Those of the agency and below it, of no other; in pages."""
    for number in range(PAGE + 3):
        shelf.note(CHILD if number % 2 else LEFT, f"act.{number}")
    shelf.note(RIGHT, "act.theirs")
    shelf.note(ROOT, "act.above")
    reader = shelf.actor(LEFT, role)
    first = shelf.book.list_page(reader, ActFilter())
    second = shelf.book.list_page(reader, ActFilter(), first[-1].act_id)
    assert [act.act for act in [*first, *second]] == [f"act.{number}" for number in reversed(range(PAGE + 3))]
    assert shelf.book.name_staff(first)[shelf.clerk.staff_id].login == "clerk.wu"


def test_a_filter_narrows(shelf: Shelf) -> None:
    """By who, by what, by whom it was about; a login that nobody has finds nothing."""
    shelf.note(LEFT, "application.read", "a")
    shelf.note(LEFT, "person.search", "b")
    reader = shelf.actor(LEFT, Role.AUDITOR)
    assert [act.subject_id for act in shelf.book.list_page(reader, ActFilter(act="application.read"))] == ["a"]
    assert [act.act for act in shelf.book.list_page(reader, ActFilter(subject_id="b"))] == ["person.search"]
    assert shelf.book.list_page(reader, ActFilter(staff_id=uuid4())) == []
    assert (shelf.book.find_staff("Clerk.WU"), shelf.book.find_staff("nobody")) == (shelf.clerk.staff_id, None)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AUDITOR, Role.PRIVACY)])
def test_nobody_else_reads_the_book(shelf: Shelf, role: Role) -> None:
    """Least of all those whom it is about."""
    with pytest.raises(NotPermitted):
        shelf.book.list_page(shelf.actor(ROOT, role), ActFilter())
    with pytest.raises(NotPermitted):
        shelf.book.export(shelf.actor(ROOT, role), ActFilter())


def test_an_export_is_whole_and_begins_with_itself(shelf: Shelf) -> None:
    """One line of JSON for each act, over all pages, its own taking the newest of them."""
    for number in range(EXPORT_PAGE + 7):
        shelf.note(LEFT, f"act.{number}")
    shelf.note(RIGHT, "act.theirs")
    reader = shelf.actor(LEFT, Role.AUDITOR)
    shelf.office.clock.advance(1)
    lines = [json.loads(line) for line in shelf.book.export(reader, ActFilter()).splitlines()]
    assert [line["act"] for line in lines] == [
        "acts.export",
        *(f"act.{number}" for number in reversed(range(EXPORT_PAGE + 7))),
    ]
    assert lines[1] | {"reason": "因工作需要", "staff_id": str(shelf.clerk.staff_id)} == lines[1]


def test_without_its_act_nothing_is_taken_out(shelf: Shelf) -> None:
    """What cannot be noted is not given."""
    shelf.note(LEFT, "act.1")
    shelf.office.store.acts_down = True
    with pytest.raises(StoreUnavailable):
        shelf.book.export(shelf.actor(LEFT, Role.AUDITOR), ActFilter())
