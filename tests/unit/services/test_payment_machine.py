"""Any story that can happen to payments, told at random: the money always ends in the company's books or with its payer.

Platforms and the company keep real little books. Notices are late, doubled, out of order or lie; calls time out before or after
their effect; processes die at any step; two workers run the same job; the bill changes or is paid at the hall meanwhile.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.doors import PLATFORMS
from services.errors import GuitaiError
from services.model import Notice, PaymentState, PlatformName, RefundState
from services.payment_events import PaymentFile
from services.payment_graph import AT_COMPANY, FINAL, OPEN, RELEASING, START, follow
from services.payments import cancel_payment, show_payment
from tests.fake_city import City
from tests.fakes import KilledError

S = PaymentState
PLATFORM_CALLS = ("place_order", "query_order", "close_order", "request_refund", "query_refund")
PLATFORM_FAULTS = ("timeout", "timeout_after", "unreachable", "SYSTEM_ERROR")
COMPANY_CALLS = ("list_bills", "write_off", "find_write_off")
COMPANY_FAULTS = ("timeout", "timeout_after", "unreachable", "garbled", "batch_window", "system", "not_permitted")
BILLS = ("G-1", "G-2", "G-3")
places = st.integers(0, 30)


class PaymentMachine(RuleBasedStateMachine):
    """The stories."""

    @initialize(forgetful=st.booleans())
    def found_city(self, forgetful: bool) -> None:
        self.city = City()
        self.city.gas.forgetful = forgetful
        for bill_no in BILLS:
            self.city.add_bill(bill_no)
        self.people = [self.city.add_citizen("wang"), self.city.add_citizen("li")]
        self.heard: list[Notice] = []

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may be refused or die."""
        try:
            act()
        except (GuitaiError, KilledError):
            return

    def pick_payment(self, place: int) -> PaymentFile | None:
        payments = list(self.city.store.tables.payments)
        return self.city.file(payments[place % len(payments)]) if payments else None

    @rule(
        who=st.integers(0, 1),
        platform=st.sampled_from(PLATFORMS),
        bill=st.sampled_from(BILLS),
        key=st.integers(0, 2),
    )
    def ask_to_pay(self, who: int, platform: PlatformName, bill: str, key: int) -> None:
        amount = self.city.gas.bills[bill].amount_fen
        self.attempt(
            lambda: self.city.pay(
                self.people[who], platform, bill_no=bill, amount_fen=amount, key=f"{platform}-{bill}-{key}"
            )
        )

    @rule(place=places, extra=st.sampled_from([0, 0, 0, 0, 1, -1]), although_closed=st.booleans())
    def confirm_on_the_phone(self, place: int, extra: int, although_closed: bool) -> None:
        file = self.pick_payment(place)
        platform = self.city.platforms[file.payment.platform] if file else None
        if file and platform and file.payment.order_no in platform.orders:
            amount = file.payment.amount_fen + extra
            platform.pay(file.payment.order_no, amount_fen=amount, although_closed=although_closed)

    @rule(who=st.integers(0, 1), platform=st.sampled_from(PLATFORMS), bill=st.sampled_from(BILLS), heard=st.booleans())
    def pay_at_once(self, who: int, platform: PlatformName, bill: str, heard: bool) -> None:
        """The plain story: order, confirm on the phone, perhaps the notice."""
        self.ask_to_pay(who, platform, bill, 3)
        for order_no in self.city.platforms[platform].orders:
            self.city.platforms[platform].pay(order_no)
        if heard:
            self.deliver_a_notice(0, False)

    @rule(jobs=st.integers(1, 6), seconds=st.sampled_from([0, 0, 40, 400, 4000]))
    def work_for_a_while(self, jobs: int, seconds: int) -> None:
        self.city.clock.advance(seconds)
        for _ in range(jobs):
            self.run_a_job(0)

    @rule(place=places, again=st.booleans())
    def deliver_a_notice(self, place: int, again: bool) -> None:
        outbox = self.heard if again else [note for each in self.city.platforms.values() for note in each.outbox]
        if not outbox:
            return
        notice = outbox[place % len(outbox)]
        if not again:
            self.city.platforms[notice.platform].outbox.remove(notice)
        self.heard.append(notice)
        self.attempt(lambda: self.city.hear(notice))

    @rule(place=places)
    def deliver_a_lie(self, place: int) -> None:
        file = self.pick_payment(place)
        platform = self.city.platforms[file.payment.platform] if file else None
        if file and platform and file.payment.order_no in platform.orders:
            notice = platform.notify_trade(file.payment.order_no, amount_fen=1)
            self.attempt(lambda: self.city.hear(notice))

    @rule(place=places)
    def cancel(self, place: int) -> None:
        file = self.pick_payment(place)
        for person in self.people:
            if file and person.person_id == file.payment.person_id:
                caller = person.callers[file.payment.platform]
                self.attempt(partial(cancel_payment, self.city.till, caller, file.payment.payment_id))

    @rule(place=places)
    def look(self, place: int) -> None:
        file = self.pick_payment(place)
        for person in self.people:
            if file and person.person_id == file.payment.person_id:
                caller = person.callers[file.payment.platform]
                self.attempt(partial(show_payment, self.city.till, caller, file.payment.payment_id))

    @rule(place=places)
    def run_a_job(self, place: int) -> None:
        self.city.sweep()
        if self.city.store.tables.queue:
            self.attempt(lambda: self.city.run_job(place % len(self.city.store.tables.queue)))

    @rule(seconds=st.sampled_from([1, 40, 200, 400, 1000, 100_000]))
    def let_time_pass(self, seconds: int) -> None:
        self.city.clock.advance(seconds)

    @rule(bill=st.sampled_from(BILLS), really=st.integers(0, 4))
    def pay_at_the_hall(self, bill: str, really: int) -> None:
        if not really:
            self.city.gas.pay_at_hall(bill)

    @rule(bill=st.sampled_from(BILLS), really=st.integers(0, 4))
    def change_the_bill(self, bill: str, really: int) -> None:
        if not really and self.city.gas.bills[bill].paid_by is None:
            self.city.gas.bills[bill].amount_fen += 100

    @rule(
        platform=st.sampled_from(PLATFORMS),
        call=st.sampled_from(PLATFORM_CALLS),
        faults=st.lists(st.sampled_from(PLATFORM_FAULTS), min_size=1, max_size=3),
    )
    def trouble_a_platform(self, platform: PlatformName, call: str, faults: list[str]) -> None:
        self.city.platforms[platform].script.plan(call, *faults)

    @rule(
        call=st.sampled_from(("write_off", "write_off", *COMPANY_CALLS)),
        faults=st.lists(st.sampled_from(COMPANY_FAULTS), min_size=1, max_size=3),
    )
    def trouble_the_company(self, call: str, faults: list[str]) -> None:
        self.city.gas.script.plan(call, *faults)

    @rule(result=st.sampled_from([RefundState.REFUNDED, RefundState.PROCESSING, RefundState.ABNORMAL]))
    def change_how_refunds_go(self, result: RefundState) -> None:
        for platform in self.city.platforms.values():
            platform.refund_result = result

    @rule(platform=st.sampled_from(PLATFORMS), result=st.sampled_from([RefundState.REFUNDED, RefundState.ABNORMAL]))
    def finish_refunds(self, platform: PlatformName, result: RefundState) -> None:
        self.city.platforms[platform].finish_refunds(result)

    @rule(steps=st.integers(0, 12), moment=st.sampled_from(["before", "after"]))
    def die_soon(self, steps: int, moment: str) -> None:
        self.city.faults.die_in(steps, moment)

    @rule(place=places)
    def refund_at_the_platforms_desk(self, place: int) -> None:
        """The merchant gives all of it back by hand: not what is being written off, nor what a word on its way would have written off."""
        file = self.pick_payment(place)
        platform = self.city.platforms[file.payment.platform] if file else None
        order = platform.orders.get(file.payment.order_no) if file and platform else None
        if file is None or platform is None or order is None or not order.taken_fen:
            return
        ours_is_under_way = {*order.refunds.values()} - {RefundState.ABNORMAL}
        if file.state in AT_COMPANY | {S.PAID, S.WRITTEN_OFF} or order.returned_fen or ours_is_under_way:
            return
        platform.refund_at_desk(file.payment.order_no, order.taken_fen)
        for notices in (platform.outbox, self.heard) if file.state in OPEN else ():
            notices[:] = [one for one in notices if one.trade is None or one.trade.order_no != file.payment.order_no]

    @rule(calls=st.integers(0, 4), place=places, what=st.sampled_from(["run_again", "deliver", "pay", "cancel", "job"]))
    def interrupt_soon(self, calls: int, place: int, what: str) -> None:
        acts: dict[str, Callable[[], object]] = {
            "run_again": lambda: self.attempt(self.city.run_again),
            "deliver": lambda: self.deliver_a_notice(place, False),
            "pay": lambda: self.confirm_on_the_phone(place, 0, False),
            "cancel": lambda: self.cancel(place),
            "job": lambda: self.run_a_job(place),
        }
        self.city.faults.interrupt_in(calls, acts[what])

    @invariant()
    def one_open_order_per_bill(self) -> None:
        tables = self.city.store.tables
        holding = Counter(
            tables.payments[one].bill_no
            for one, events in tables.events.items()
            if self.may_pay_the_bill(events[-1].state)
        )
        assert all(count == 1 for count in holding.values())

    @staticmethod
    def may_pay_the_bill(state: PaymentState) -> bool:
        return state not in RELEASING | {S.REFUND_DUE, S.REFUNDING, S.REFUND_ABNORMAL}

    @invariant()
    def events_follow_the_graph(self) -> None:
        for events in self.city.store.tables.events.values():
            assert (events[0].name, events[0].state) == (START, S.INTENDED)
            assert [event.version for event in events] == list(range(1, len(events) + 1))
            for before, after in pairwise(events):
                assert follow(before.state, after.name) is after.state

    @invariant()
    def no_bill_is_written_off_twice(self) -> None:
        bills = Counter(bill for _, bill, _ in self.city.gas.write_offs.values())
        assert all(count == 1 for count in bills.values())

    @invariant()
    def nothing_is_written_off_and_refunded(self) -> None:
        for payment in self.city.store.tables.payments.values():
            order = self.city.platforms[payment.platform].orders.get(payment.order_no)
            assert not (order and order.returned_fen and payment.sequence_no in self.city.gas.write_offs)

    def teardown(self) -> None:
        """Let everything work again and time pass: then the books must agree."""
        city = self.city
        city.faults.spare()
        city.gas.script.heal()
        for platform in city.platforms.values():
            platform.script.heal()
            platform.refund_result = RefundState.REFUNDED
            platform.finish_refunds(RefundState.REFUNDED)
            for notice in [*platform.outbox, *self.heard]:
                self.attempt(partial(city.hear, notice))
        city.wait_until_quiet()
        for payment_id in city.store.tables.payments:
            self.check_books(city.file(payment_id))

    def check_books(self, file: PaymentFile) -> None:
        payment, state = file.payment, file.state
        order = self.city.platforms[payment.platform].orders.get(payment.order_no)
        taken = order.taken_fen if order else 0
        returned = order.returned_fen if order else 0
        written = self.city.gas.write_offs.get(payment.sequence_no)
        assert state in FINAL
        assert file.taken_fen == taken
        if state is S.WRITTEN_OFF:
            assert written is not None
            assert (written[2], returned) == (taken, 0)
        else:
            assert written is None
            assert returned == taken
            assert (state is S.REFUNDED) == (taken > 0)
        claims = self.city.store.tables.claims
        held = [owner for (_, kind, _), owner in claims.items() if kind == "open_order"]
        assert (payment.payment_id in held) == (state is S.WRITTEN_OFF)


def test_any_story_ends_with_the_books_in_agreement() -> None:
    """Whatever happens in whatever order: money taken means exactly one write-off or a full refund, and nothing else."""
    run_state_machine_as_test(
        PaymentMachine,
        settings=settings(
            max_examples=int(os.environ.get("GUITAI_TEST_STORIES", "100")),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
