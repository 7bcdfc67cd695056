"""Tills and payments at the window in any order of events."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.cash_till import Count, TillEvent, TillFile, TillState, sign_amount
from services.errors import GuitaiError
from services.model import PaymentState, PlatformName
from services.payment_graph import FINAL
from services.window_money import Taking
from services.window_returns import Handing
from tests.fake_faults import KilledError
from tests.fake_window import CARD, CASH, Hall, make_pieces

S = PaymentState
WHY = "点款时少一元"


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
