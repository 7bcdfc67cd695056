"""A clerk's till through the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from services.cash_till import Count, TillFile, TillState
from services.errors import Conflict, InputRefused, NotFound, NotPermitted
from services.staffing import Actor, Role, RoleHeld
from tests.fake_window import Hall, make_pieces

WHY = "点款时少一元"


@pytest.fixture
def hall() -> Hall:
    return Hall()


def rule_of(refused: pytest.ExceptionInfo[Conflict]) -> object:
    return (refused.value.detail or {}).get("rule")


def count(hall: Hall, cash_fen: int, card_fen: int = 0, actor: Actor | None = None) -> TillFile:
    own = hall.own(actor)
    return hall.tills.count_till(
        actor or hall.li, own.till.till_id, own.version, Count(make_pieces(cash_fen), card_fen)
    )


def test_a_count_that_agrees_closes_the_till(hall: Hall) -> None:
    """Float, cash and card as the books say: closed in the same commit, with the count in it, and nobody countersigns."""
    hall.open_till()
    hall.take(hall.hold())
    closed = count(hall, 28_640)
    assert [event.name for event in closed.events[-2:]] == ["till_counted", "till_closed"]
    told = closed.events[-2].data
    assert sum(int(fen) * pieces for fen, pieces in told["pieces"].items()) == told["cash_fen"] == 28_640
    assert (closed.state, closed.sum_by_payee()) == (TillState.CLOSED, {("gas-company", "cash"): 8640})


def test_a_shortage_and_a_surplus_wait_for_a_head(hall: Hall) -> None:
    """One fen too little, one too much, or a card total that differs: the till waits, and the difference is in the book."""
    for cash, card, told in ((19_999, 0, (-1, 0)), (20_001, 0, (1, 0)), (20_000, 5, (0, 5))):
        clerk = hall.hire(Role.CLERK)
        hall.open_till(clerk)
        file = count(hall, cash, card, clerk)
        assert file.state is TillState.COUNTED
        data = file.events[-1].data
        assert (data["cash_difference_fen"], data["card_difference_fen"]) == told
    assert len(hall.tills.list_waiting(hall.head)) == 3


def test_differences_in_cash_and_card_do_not_cancel_each_other(hall: Hall) -> None:
    """Cash short by what the card is over is two differences, not none."""
    hall.open_till()
    assert count(hall, 19_000, 1_000).state is TillState.COUNTED


def test_a_difference_is_explained_and_countersigned(hall: Hall) -> None:
    """The clerk explains, a head countersigns; without the explanation nobody does, and the clerk themselves never."""
    hall.open_till()
    file = count(hall, 19_900)
    own = file.till.till_id
    with pytest.raises(Conflict) as refused:
        hall.tills.countersign(hall.head, own, file.version, "属实，同意")
    assert rule_of(refused) == "not_explained"
    file = hall.tills.explain(hall.li, own, WHY)
    closed = hall.tills.countersign(hall.head, own, file.version, "属实，同意")
    assert closed.state is TillState.CLOSED
    assert closed.events[-1].data == {"countersigned_by": str(hall.head.member.staff_id)}
    assert [act.act for act in hall.acts()][-3:] == ["till.count", "till.explain", "till.countersign"]


def test_nobody_countersigns_their_own_till(hall: Hall) -> None:
    """Somebody who is clerk and head closes their own difference neither under their own name nor as a head's deputy."""
    both = hall.hire(Role.CLERK, Role.HEAD)
    hall.open_till(both)
    file = count(hall, 19_900, 0, both)
    file = hall.tills.explain(both, file.till.till_id, WHY)
    with pytest.raises(Conflict) as refused:
        hall.tills.countersign(both, file.till.till_id, file.version, "属实，同意")
    assert rule_of(refused) == "not_ones_own_till"
    deputy = hall.hire()
    stands_in = RoleHeld(
        uuid4(), deputy.member.staff_id, hall.ids["demo-gas-office"], Role.HEAD, hall.city.clock.now(),
        deputising_for=both.member.staff_id,
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        hall.tills.countersign(replace(deputy, roles=(stands_in,)), file.till.till_id, file.version, "属实，同意")
    assert rule_of(refused) == "not_ones_own_till"
    assert hall.tills.list_waiting(both) == []


def test_a_difference_cannot_be_counted_away(hall: Hall) -> None:
    """Once counted, the clerk cannot count again; a head may have it counted again, and the first count stays in the book."""
    hall.open_till()
    file = count(hall, 19_900)
    with pytest.raises(Conflict) as refused:
        count(hall, 20_000)
    assert rule_of(refused) == "till_counted"
    hall.tills.send_back(hall.head, file.till.till_id, file.version, "请重新清点")
    closed = count(hall, 20_000)
    assert closed.state is TillState.CLOSED
    counts = [event.data["cash_difference_fen"] for event in closed.events if event.name == "till_counted"]
    assert counts == [-100, 0]


def test_an_explanation_is_of_the_last_count(hall: Hall) -> None:
    """What explained the first count explains no second one."""
    hall.open_till()
    file = count(hall, 19_900)
    file = hall.tills.explain(hall.li, file.till.till_id, WHY)
    hall.tills.send_back(hall.head, file.till.till_id, file.version, "请重新清点")
    file = count(hall, 19_800)
    with pytest.raises(Conflict) as refused:
        hall.tills.countersign(hall.head, file.till.till_id, file.version, "属实，同意")
    assert rule_of(refused) == "not_explained"


def test_closing_twice_and_taking_after_it(hall: Hall) -> None:
    """A closed till is neither counted nor explained nor filled; what comes later is the next till's."""
    hall.open_till()
    held = hall.hold()
    closed = count(hall, 20_000)
    acts: tuple[Callable[[], TillFile], ...] = (
        partial(count, hall, 20_000),
        partial(hall.tills.explain, hall.li, closed.till.till_id, WHY),
        partial(hall.tills.send_back, hall.head, closed.till.till_id, closed.version, "请重新清点"),
    )
    for act in acts:
        with pytest.raises(Conflict) as refused:
            act()
        assert rule_of(refused) == "till_closed"
    with pytest.raises(Conflict) as refused:
        hall.take(held)
    assert rule_of(refused) == "no_till"
    hall.open_till()
    hall.take(held)
    assert (hall.own().till.number, hall.own().books.cash_fen) == (2, 8640)
    assert hall.tills.show(hall.li, closed.till.till_id) == closed


def test_somebody_elses_till(hall: Hall) -> None:
    """A colleague sees no other till; a head sees it and counts it not; another agency's head does not find it."""
    till = hall.open_till().till
    with pytest.raises(NotFound):
        hall.tills.count_till(hall.zhao, till.till_id, 1, Count({}, 0))
    with pytest.raises(NotPermitted):
        hall.tills.count_till(hall.head, till.till_id, 1, Count({}, 0))
    with pytest.raises(NotFound):
        hall.tills.show(hall.hire(Role.HEAD, agency="demo-water-office"), till.till_id)
    assert hall.tills.show(hall.hire(Role.FINANCE), till.till_id).till == till
    with pytest.raises(NotPermitted):
        hall.tills.list_tills(hall.li)


def test_one_open_till_a_clerk(hall: Hall) -> None:
    """A second till is refused while the first is open or counted; the same page sent twice opens one."""
    first = hall.open_till()
    again = hall.tills.open_till(hall.li, first.till.till_id, make_pieces(20_000))
    assert again == first
    with pytest.raises(Conflict) as refused:
        hall.open_till()
    assert rule_of(refused) == "till_is_open"
    count(hall, 1)
    with pytest.raises(Conflict):
        hall.open_till()


def test_a_till_of_yesterday_is_closed_first(hall: Hall) -> None:
    """At midnight in Shanghai the till takes nothing more; it is counted, and then the next opens for the new day."""
    first = hall.open_till()
    hall.city.clock.advance(14 * 3600 - 1)  # 02:00 UTC is 10:00 in Shanghai
    held = hall.hold()
    hall.city.clock.advance(1)
    with pytest.raises(Conflict) as refused:
        hall.take(held)
    assert rule_of(refused) == "till_of_earlier_day"
    with pytest.raises(Conflict) as refused:
        hall.open_till()
    assert rule_of(refused) == "till_of_earlier_day"
    assert count(hall, 20_000).state is TillState.CLOSED
    second = hall.open_till()
    assert (second.till.business_on - first.till.business_on).days == 1
    hall.take(held)


def test_a_count_of_an_older_page_is_refused(hall: Hall) -> None:
    """Money that came after the page was shown: the count is not compared with what it could not know."""
    till = hall.open_till().till
    hall.take(hall.hold())
    with pytest.raises(Conflict) as refused:
        hall.tills.count_till(hall.li, till.till_id, 1, Count(make_pieces(20_000), 0))
    assert rule_of(refused) == "till_moved"


def test_books_that_disagree_are_our_fault(hall: Hall) -> None:
    """A line of the till without its payment's event, or of another amount, refuses the count instead of blaming the clerk."""
    hall.open_till()
    hall.take(hall.hold())
    own = hall.own().till.till_id
    kept = hall.house.drawers.events[own][-1]
    for wrong in ({"amount_fen": 8641}, {"payment_id": str(uuid4())}):
        hall.house.drawers.events[own][-1] = replace(kept, data={**kept.data, **wrong})
        with pytest.raises(Conflict) as refused:
            count(hall, 28_640)
        assert rule_of(refused) == "books_disagree"
    hall.house.drawers.events[own][-1] = kept
    assert count(hall, 28_640).state is TillState.CLOSED


def test_only_a_clerk_opens_a_till(hall: Hall) -> None:
    """A head without the clerk's role has none; an absurd float is refused."""
    with pytest.raises(NotPermitted):
        hall.open_till(hall.head)
    with pytest.raises(InputRefused):
        hall.tills.open_till(hall.li, uuid4(), {10000: 100_001})
