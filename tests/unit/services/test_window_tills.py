"""A clerk's till through the day, and what happens to it in any order."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.cash_till import Count, TillEvent, TillFile, TillState, sign_amount
from services.errors import Conflict, GuitaiError, InputRefused, NotFound, NotPermitted
from services.model import PaymentState, PlatformName
from services.payment_graph import FINAL
from services.staffing import Actor, Role, RoleHeld
from services.window_money import Taking
from services.window_returns import Handing
from tests.fake_faults import KilledError
from tests.fake_window import CARD, CASH, Hall, make_pieces

S = PaymentState
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
    for act in (
        lambda: count(hall, 20_000),
        lambda: hall.tills.explain(hall.li, closed.till.till_id, WHY),
        lambda: hall.tills.send_back(hall.head, closed.till.till_id, closed.version, "请重新清点"),
    ):
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


def test_a_failed_write_off_is_given_back_here(hall: Hall) -> None:
    """The company refuses for good: the money is due, no job touches it, a colleague gives it back against a signature, once."""
    hall.open_till(), hall.open_till(hall.zhao)
    file = hall.hold()
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file)
    hall.city.wait_until_quiet()
    assert hall.file(file).state is S.REFUND_DUE
    assert [one.payment for one in hall.money.list_returns(hall.zhao)] == [file.payment]
    own = file.payment.payment_id
    with pytest.raises(InputRefused):
        hall.money.give_back(hall.zhao, own, Handing(signed=False))
    hall.money.give_back(hall.zhao, own, Handing(signed=True))
    hall.money.give_back(hall.zhao, own, Handing(signed=True))
    with pytest.raises(Conflict) as refused:
        hall.money.give_back(hall.li, own, Handing(signed=True))
    assert rule_of(refused) == "given_back_already"
    assert (hall.own().books.cash_fen, hall.own(hall.zhao).books.cash_fen) == (8640, -8640)
    assert hall.money.list_returns(hall.zhao) == []
    assert hall.hold(amount_fen=8641).state is S.INTENDED


def test_a_till_gives_no_more_cash_than_it_has(hall: Hall) -> None:
    """Cash that is not in the till is not given out of it."""
    hall.open_till(float_fen=0), hall.open_till(hall.zhao, float_fen=100)
    file = hall.hold()
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file)
    hall.city.wait_until_quiet()
    with pytest.raises(Conflict) as refused:
        hall.money.give_back(hall.zhao, file.payment.payment_id, Handing(signed=True))
    assert rule_of(refused) == "not_enough_cash"


def test_a_card_goes_back_to_the_card(hall: Hall) -> None:
    """What was paid by card is reversed at the terminal, with a reference of its own, and is no cash."""
    hall.open_till()
    file = hall.hold()
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file, taking=CARD)
    hall.city.wait_until_quiet()
    own = file.payment.payment_id
    with pytest.raises(InputRefused):
        hall.money.give_back(hall.li, own, Handing(signed=True))
    hall.money.give_back(hall.li, own, Handing(signed=True, terminal="10002001", reference="999999999999"))
    assert (hall.own().books.card_fen, hall.own().books.cash_fen) == (0, 0)


def test_asked_back_before_the_company_was_asked(hall: Hall) -> None:
    """A clerk asks, a head approves: nothing was sent, so the money is due at once, and the write-off job leaves it alone."""
    hall.open_till()
    file = hall.take(hall.hold())
    own = file.payment.payment_id
    hall.money.ask_return(hall.li, own, "交错户号")
    with pytest.raises(Conflict) as refused:
        hall.money.give_back(hall.li, own, Handing(signed=True))
    assert rule_of(refused) == "not_due"
    assert hall.money.answer_return(hall.head, own, "同意退回", approve=True).state is S.REFUND_DUE
    hall.city.run_jobs()
    assert not hall.city.gas.write_offs
    assert hall.money.give_back(hall.li, own, Handing(signed=True)).state is S.REFUNDED


@pytest.mark.parametrize("arrived", [True, False])
def test_asked_back_while_the_company_may_have_it(hall: Hall, arrived: bool) -> None:
    """Approved while a write-off may exist: the company is asked. It has it: written off. It has not: due, once no attempt is on its way."""
    hall.open_till()
    file = hall.hold()
    hall.city.gas.script.plan("write_off", "timeout_after" if arrived else "timeout")
    hall.take(file)
    hall.city.run_job()
    own = file.payment.payment_id
    assert hall.file(file).state is S.WRITE_OFF_UNKNOWN
    hall.money.ask_return(hall.li, own, "交错户号")
    assert hall.money.answer_return(hall.head, own, "同意退回", approve=True).state is S.WRITE_OFF_UNKNOWN
    hall.city.wait_until_quiet()
    assert hall.file(file).state is (S.WRITTEN_OFF if arrived else S.REFUND_DUE)
    assert len(hall.city.gas.write_offs) == arrived


def test_who_asks_or_took_does_not_approve(hall: Hall) -> None:
    """The approval takes a head who neither asked nor took the money; a refusal leaves everything as it was, and can be asked again."""
    both = hall.hire(Role.CLERK, Role.HEAD)
    hall.open_till(both)
    file = hall.take(hall.hold(both), both)
    own = file.payment.payment_id
    with pytest.raises(Conflict) as refused:
        hall.money.answer_return(hall.head, own, "同意退回", approve=True)
    assert rule_of(refused) == "nothing_asked"
    hall.money.ask_return(hall.li, own, "交错户号")
    with pytest.raises(Conflict) as refused:
        hall.money.ask_return(hall.li, own, "交错户号")
    assert rule_of(refused) == "asked_already"
    with pytest.raises(Conflict) as refused:
        hall.money.answer_return(both, own, "同意退回", approve=True)
    assert rule_of(refused) == "not_ones_own_act"
    with pytest.raises(NotPermitted):
        hall.money.answer_return(hall.zhao, own, "同意退回", approve=True)
    assert hall.money.answer_return(hall.head, own, "户号无误", approve=False).state is S.PAID
    assert hall.money.list_returns(hall.head) == []
    hall.money.ask_return(hall.li, own, "交错户号")


def test_what_is_written_off_is_not_given_back_here(hall: Hall) -> None:
    """Once the company has it, the window asks for it no more."""
    hall.open_till()
    file = hall.take(hall.hold())
    hall.city.run_jobs()
    with pytest.raises(Conflict) as refused:
        hall.money.ask_return(hall.li, file.payment.payment_id, "交错户号")
    assert rule_of(refused) == "written_off"


def test_the_paper_is_provisional_until_it_is_written_off(hall: Hall) -> None:
    """Before the write-off the paper is no receipt; after it, it has the company's reference. Unpaid there is none; the paper is found by number."""
    hall.open_till()
    held = hall.hold()
    own = held.payment.payment_id
    with pytest.raises(Conflict):
        hall.money.print_receipt(hall.li, own)
    hall.take(held)
    assert hall.money.print_receipt(hall.li, own).receipt is None
    hall.city.run_jobs()
    receipt = hall.money.print_receipt(hall.li, own).receipt
    assert receipt is not None
    assert receipt.write_off_reference == hall.city.gas.write_offs[receipt.receipt_no][0]
    assert hall.money.find_receipt(hall.zhao, f" {receipt.receipt_no} ").payment == held.payment
    with pytest.raises(NotFound):
        hall.money.find_receipt(hall.zhao, "1" * 28)
    with pytest.raises(InputRefused):
        hall.money.find_receipt(hall.zhao, "x")


class TillMachine(RuleBasedStateMachine):
    """Any day at the window: two clerks, a head, a telephone, a company that fails, processes that die, days that pass."""

    @initialize()
    def found(self) -> None:
        self.hall = Hall()
        for number in range(2, 5):
            self.hall.city.add_bill(f"G-{number}", 100 * number)
        self.clerks = (self.hall.li, self.hall.zhao)
        self.wang = self.hall.city.add_citizen()
        self.keys = 0

    def attempt(self, act: Any) -> Any:
        try:
            return act()
        except (GuitaiError, KilledError):
            return None

    def pick(self, place: int) -> UUID | None:
        own = [one for one, row in self.hall.city.store.tables.payments.items() if row.platform is PlatformName.WINDOW]
        return own[place % len(own)] if own else None

    @rule(who=st.integers(0, 1), fen=st.integers(0, 30_000))
    def open_a_till(self, who: int, fen: int) -> None:
        self.attempt(lambda: self.hall.open_till(self.clerks[who], fen))

    @rule(who=st.integers(0, 1), bill=st.integers(1, 4), pays=st.booleans())
    def hold(self, who: int, bill: int, pays: bool) -> None:
        amount = self.hall.city.gas.bills[f"G-{bill}"].amount_fen
        file = self.attempt(lambda: self.hall.hold(self.clerks[who], bill_no=f"G-{bill}", amount_fen=amount))
        if file is not None and pays:
            self.attempt(lambda: self.hall.take(file, self.clerks[who]))

    @rule(who=st.integers(0, 1), place=st.integers(0, 9), card=st.integers(0, 4))
    def take(self, who: int, place: int, card: int) -> None:
        own = self.pick(place)
        taking = CASH if card > 2 else Taking(CARD.method, terminal=CARD.terminal, reference=f"00000000000{card}")
        if own is not None:
            self.attempt(lambda: self.hall.money.take_money(self.clerks[who], own, taking))

    @rule(who=st.integers(0, 1), place=st.integers(0, 9))
    def let_go(self, who: int, place: int) -> None:
        own = self.pick(place)
        if own is not None:
            self.attempt(lambda: self.hall.money.let_go(self.clerks[who], own))

    @rule(bill=st.integers(1, 4))
    def pay_on_the_phone(self, bill: int) -> None:
        self.keys += 1
        amount = self.hall.city.gas.bills[f"G-{bill}"].amount_fen
        reply = self.attempt(
            lambda: self.hall.city.pay(self.wang, bill_no=f"G-{bill}", amount_fen=amount, key=f"k{self.keys}")
        )
        if reply is not None:
            self.hall.city.platforms[PlatformName.WECHAT].pay(self.hall.city.order_no(reply.payment_id))

    @rule(who=st.integers(0, 1), place=st.integers(0, 9))
    def ask_back(self, who: int, place: int) -> None:
        own = self.pick(place)
        if own is not None:
            self.attempt(lambda: self.hall.money.ask_return(self.clerks[who], own, "交错户号"))

    @rule(place=st.integers(0, 9), yes=st.booleans())
    def answer(self, place: int, yes: bool) -> None:
        own = self.pick(place)
        if own is not None:
            self.attempt(lambda: self.hall.money.answer_return(self.hall.head, own, "同意退回", approve=yes))

    @rule(who=st.integers(0, 1), place=st.integers(0, 9))
    def give_back(self, who: int, place: int) -> None:
        own = self.pick(place)
        handing = Handing(signed=True, terminal="10002001", reference=f"90000000000{place}")
        if own is not None:
            self.attempt(lambda: self.hall.money.give_back(self.clerks[who], own, handing))

    @rule(who=st.integers(0, 1), wrong=st.sampled_from([0, 0, 0, -1, 100]))
    def count(self, who: int, wrong: int) -> None:
        own = self.attempt(lambda: self.hall.tills.find_own(self.clerks[who]))
        if own is None or own.state is not TillState.OPEN:
            return
        counted = Count(make_pieces(max(0, own.books.expected_cash_fen + wrong)), own.books.card_fen)
        self.attempt(lambda: self.hall.tills.count_till(self.clerks[who], own.till.till_id, own.version, counted))

    @rule(sign=st.booleans())
    def settle_differences(self, sign: bool) -> None:
        for file in self.attempt(lambda: self.hall.tills.list_waiting(self.hall.head)) or []:
            clerk = next(one for one in self.clerks if one.member.staff_id == file.till.staff_id)
            told = self.attempt(lambda file=file, clerk=clerk: self.hall.tills.explain(clerk, file.till.till_id, WHY))
            decide = self.hall.tills.countersign if sign else self.hall.tills.send_back
            if told is not None:
                self.attempt(
                    lambda decide=decide, told=told: decide(
                        self.hall.head, told.till.till_id, told.version, "属实，同意"
                    )
                )

    @rule(jobs=st.integers(1, 4), seconds=st.sampled_from([0, 60, 400, 4000, 40_000]))
    def work(self, jobs: int, seconds: int) -> None:
        self.hall.city.clock.advance(seconds)
        for _ in range(jobs):
            self.hall.city.sweep()
            if self.hall.city.store.tables.queue:
                self.attempt(self.hall.city.run_job)

    @rule(
        faults=st.lists(
            st.sampled_from(["timeout", "timeout_after", "unreachable", "amount_mismatch", "batch_window"]), max_size=3
        )
    )
    def trouble_the_company(self, faults: list[str]) -> None:
        self.hall.city.gas.script.plan("write_off", *faults)

    @rule(steps=st.integers(0, 6), moment=st.sampled_from(["before", "after"]))
    def die_soon(self, steps: int, moment: str) -> None:
        self.hall.city.faults.die_in(steps, moment)

    @invariant()
    def the_books_are_the_payments(self) -> None:
        if not hasattr(self, "hall"):
            return
        tables, lines = self.hall.city.store.tables, {}
        for till_id, events in self.hall.house.drawers.events.items():
            file = TillFile(self.hall.house.drawers.tills[till_id], tuple(events))
            for event in file.moves:
                lines[event.data["payment_id"], event.name] = (str(till_id), sign_amount(event))
            assert file.books.cash_fen + file.books.card_fen == sum(sign_amount(event) for event in file.moves)
            assert file.books.expected_cash_fen >= 0
        booked: dict[tuple[str, str], tuple[str, int]] = {}
        for one, moves in tables.events.items():
            for move in moves:
                if move.name == "taken_at_window":
                    booked[str(one), "money_taken"] = (move.data["till_id"], move.data["amount_fen"])
                if move.name == "returned_at_window":
                    booked[str(one), "money_returned"] = (move.data["till_id"], -move.data["amount_fen"])
        assert lines == booked

    @invariant()
    def nothing_follows_a_closing(self) -> None:
        if hasattr(self, "hall"):
            for events in self.hall.house.drawers.events.values():
                assert (
                    [one.name for one in events].index("till_closed") == len(events) - 1 if _is_closed(events) else True
                )

    @invariant()
    def no_bill_is_written_off_twice(self) -> None:
        if hasattr(self, "hall"):
            bills = [bill for _, bill, _ in self.hall.city.gas.write_offs.values()]
            assert len(bills) == len(set(bills))

    def teardown(self) -> None:
        if not hasattr(self, "hall"):
            return
        hall = self.hall
        hall.city.faults.spare()
        hall.city.gas.script.heal()
        hall.city.deliver()
        hall.city.wait_until_quiet()
        for one, row in hall.city.store.tables.payments.items():
            file = hall.city.file(one)
            assert file.state in FINAL | {S.REFUND_DUE}
            if row.platform is PlatformName.WINDOW:
                written = hall.city.gas.write_offs.get(row.sequence_no)
                given = file.last("returned_at_window")
                assert (written is not None) == (file.state is S.WRITTEN_OFF)
                assert (given is not None) == (file.state is S.REFUNDED)
                assert not (written and given)


def _is_closed(events: list[TillEvent]) -> bool:
    return any(one.state is TillState.CLOSED for one in events)


def test_whatever_the_order_the_books_are_takings_less_returns() -> None:
    """Any order of holding, taking, returning, counting, dying and failing: tills and payments say the same to the fen, at every moment."""
    run_state_machine_as_test(
        TillMachine,
        settings=settings(
            max_examples=int(os.environ.get("GUITAI_TEST_STORIES", "60")), stateful_step_count=40, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
