"""Who of the staff sees what of closed months: sums of their agencies, people by keepers, their own by everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.errors import NotFound, NotPermitted
from services.month_comparison import Standing
from services.month_honours import Against
from services.month_record import Account, ClosedMonth, StatisticsLeaf
from services.months import Month
from services.staffing import Actor, AgencyTree, Role, RoleHeld, StaffMember
from services.statistics_room import StatisticsRoom
from tests.case_samples import MORNING, make_case
from tests.fake_cases import FakeCaseHouse
from tests.unit.services.test_month_comparison import ANN, BEN, hold, spread

CITY, LEFT, RIGHT = (UUID(int=number) for number in (1, 2, 3))
TREE = AgencyTree({CITY: None, LEFT: CITY, RIGHT: CITY}, {CITY: "city", LEFT: "left", RIGHT: "right"})
OCTOBER = Month(2026, 10)
SEPTEMBER = OCTOBER.preceding


def make_actor(staff_id: UUID, role: Role | None, agency_id: UUID = LEFT) -> Actor:
    """Somebody with one role, or none."""
    member = StaffMember(staff_id, agency_id, "login", "名", MORNING)
    held = (RoleHeld(UUID(int=9), staff_id, agency_id, role, MORNING),) if role else ()
    return Actor(member, held, TREE, "request")


@pytest.fixture
def room() -> StatisticsRoom:
    """October 2026 closed: Ann and Ben at the left office, Ben also at the right one."""
    house = FakeCaseHouse()
    closed = ClosedMonth(CITY, str(OCTOBER), "0" * 64, UUID(int=5), {"CN": 1}, {}, MORNING)
    figures = {
        (LEFT, "licence", ANN): hold(spread(4)), (LEFT, "licence", BEN): hold(spread(9)),
        (LEFT, "licence", None): hold([20]), (RIGHT, "licence", BEN): hold(spread(3)),
    }  # fmt: skip
    with house.begin([CITY, LEFT, RIGHT]) as tx:
        assert tx.months.close(closed, figures)
    return StatisticsRoom(house)


def test_a_clerk_sees_sums_and_their_own_line(room: StatisticsRoom) -> None:
    """The sums of the office, Ann's own figures and line, and who was named."""
    ann = make_actor(ANN, Role.CLERK)
    sums = room.load_sums(ann, [OCTOBER])[str(OCTOBER)]
    assert {account: numbers["closed"] for account, numbers in sums.items()} == {(LEFT, "licence", None): 81}
    assert set(room.load_people(ann, [OCTOBER])[str(OCTOBER)]) == {(LEFT, "licence", ANN)}
    compared = room.compare(ann, [OCTOBER], LEFT, "licence")
    assert [line.manager for line in compared.lines] == [ANN]
    assert room.honour(ann, OCTOBER, LEFT).named == (ANN,)


def test_of_two_managers_neither_is_told_the_others_mean(room: StatisticsRoom) -> None:
    """No mean, no others' mean, no standing and no share of the others' time; all of them where a third held cases; keepers have them."""
    ann = make_actor(ANN, Role.CLERK)
    compared = room.compare(ann, [OCTOBER], LEFT, "licence")
    (line,) = compared.lines
    assert (compared.mean, line.others, line.standing, line.mean is None) == (None, None, Standing.TOO_FEW, False)
    assert [one.pace for one in room.honour(ann, OCTOBER, LEFT).candidates] == [None]
    kept = room.compare(make_actor(ANN, Role.HEAD), [OCTOBER], LEFT, "licence")
    assert kept.mean is not None
    assert all(one.others is not None for one in kept.lines)
    add_third(room)
    compared = room.compare(ann, [SEPTEMBER], LEFT, "licence")
    assert (compared.mean is None, compared.lines[0].others is None) == (False, False)
    assert all(one.pace is not None for one in room.honour(ann, SEPTEMBER, LEFT).candidates)


def add_third(room: StatisticsRoom) -> None:
    """September: Ann, Ben and a third at the left office."""
    assert isinstance(room.house, FakeCaseHouse)
    figures: dict[Account, Mapping[str, int]] = {
        (LEFT, "licence", one): hold(spread(days)) for one, days in ((ANN, 4), (BEN, 9), (UUID(int=33), 9))
    }
    closed = ClosedMonth(CITY, str(SEPTEMBER), "1" * 64, UUID(int=6), {"CN": 1}, {}, MORNING)
    with room.house.begin([CITY, LEFT]) as tx:
        assert tx.months.close(closed, figures)


def test_who_was_not_named_learns_why_and_nobody_elses_reasons(room: StatisticsRoom) -> None:
    """Ben sees that Ann was named and what stood against himself."""
    honour = room.honour(make_actor(BEN, Role.CLERK), OCTOBER, LEFT)
    assert {one.manager: one.against for one in honour.candidates} == {ANN: (), BEN: (Against.NOT_FASTER,)}
    assert [one.manager for one in room.honour(make_actor(ANN, Role.CLERK), OCTOBER, LEFT).candidates] == [ANN]


@pytest.mark.parametrize("role", [Role.HEAD, Role.SUPERVISOR, Role.AUDITOR])
def test_a_keeper_sees_everybody_of_their_agencies(room: StatisticsRoom, role: Role) -> None:
    """People at the left office for whoever holds the role there, at both for whoever holds it above."""
    left, city = make_actor(UUID(int=20), role), make_actor(UUID(int=20), role, CITY)
    assert len(room.load_people(left, [OCTOBER])[str(OCTOBER)]) == 3
    assert len(room.load_people(city, [OCTOBER])[str(OCTOBER)]) == 4
    assert [line.manager for line in room.compare(left, [OCTOBER], LEFT, "licence").lines] == [ANN, BEN]
    assert len(room.honour(city, OCTOBER, LEFT).candidates) == 2


def test_another_office_is_not_reached(room: StatisticsRoom) -> None:
    """Neither its comparison nor its honours; and whoever has another role sees nothing at all."""
    ann = make_actor(ANN, Role.HEAD)
    for ask in (lambda: room.compare(ann, [OCTOBER], RIGHT, "licence"), lambda: room.honour(ann, OCTOBER, RIGHT)):
        with pytest.raises(NotPermitted):
            ask()
    for stranger in (make_actor(ANN, None), make_actor(ANN, Role.IT)):
        for read in (
            room.list_months,
            lambda one: room.load_sums(one, [OCTOBER]),
            lambda one: room.load_people(one, [OCTOBER]),
        ):
            with pytest.raises(NotPermitted):
                read(stranger)


def test_a_service_that_nobody_held_is_not_found(room: StatisticsRoom) -> None:
    """Another service, or a month that was not closed."""
    head = make_actor(UUID(int=20), Role.HEAD)
    for months, service in (([OCTOBER], "other"), ([Month(2026, 9)], "licence")):
        with pytest.raises(NotFound):
            room.compare(head, months, LEFT, service)
    assert [one.month for one in room.list_months(head)] == ["2026-10"]
    assert room.load_sums(head, [Month(2026, 9)]) == {}


def add_leaf(room: StatisticsRoom, digest: str, record: int = 5) -> None:
    """The ledger says a digest of October."""
    assert isinstance(room.house, FakeCaseHouse)
    room.house.tables.counter.leaves.append((str(OCTOBER), StatisticsLeaf(UUID(int=record), digest, MORNING)))


def test_whoever_reads_sees_what_the_ledger_says(room: StatisticsRoom) -> None:
    """Of an office without the root too: no leaf, then the kept digest alone, then another one beside it."""
    ben = make_actor(BEN, Role.CLERK, RIGHT)
    closed = room.list_months(ben)
    assert (room.ask_ledger(ben, closed)[str(OCTOBER)].leaf, room.ask_ledger(ben, closed)[str(OCTOBER)].holds) == (
        False,
        False,
    )
    add_leaf(room, "0" * 64)
    assert room.ask_ledger(ben, closed)[str(OCTOBER)].holds
    add_leaf(room, "f" * 64, 6)
    said = room.ask_ledger(ben, closed)[str(OCTOBER)]
    assert (said.leaf, [leaf.digest for leaf in said.others], said.holds) == (True, ["f" * 64], False)


def test_a_leaf_of_another_record_is_not_ours(room: StatisticsRoom) -> None:
    """The digest alone is not enough: it is to stand under the record that the month names."""
    ann = make_actor(ANN, Role.CLERK)
    add_leaf(room, "0" * 64, 6)
    assert not room.ask_ledger(ann, room.list_months(ann))[str(OCTOBER)].holds


def test_the_first_closing_is_an_hour_after_the_month_of_the_first_case() -> None:
    """None without a case; it does not matter how late in the month the case came."""
    house = FakeCaseHouse()
    room, ann = StatisticsRoom(house), make_actor(ANN, Role.CLERK)
    assert room.find_first_closing(ann) is None
    case = make_case(agency_id=LEFT)
    house.tables.counter.cases[case.case_id] = replace(case, received_at=datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    assert room.find_first_closing(ann) == datetime(2026, 10, 31, 17, tzinfo=UTC)


def test_named_by_month(room: StatisticsRoom) -> None:
    """One list for the months asked for, in their order; nobody where nothing was closed; not of another office."""
    ann = make_actor(ANN, Role.CLERK)
    assert room.list_named(ann, [OCTOBER, OCTOBER.preceding], LEFT) == {"2026-10": (ANN,), "2026-09": ()}
    with pytest.raises(NotPermitted):
        room.list_named(ann, [OCTOBER], RIGHT)
