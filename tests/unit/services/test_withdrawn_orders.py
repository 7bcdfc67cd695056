"""An order that reaches the platform after its payment ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.errors import Conflict
from services.model import PaymentState, TradeState
from services.payments import cancel_payment
from tests.fake_city import A, City, W
from tests.fake_platform import FakeOrder


def test_an_order_that_comes_after_its_cancelling_is_closed() -> None:
    """Cancelled while the order was on its way: the platform's order is closed too, and nobody gets what opens its till."""
    city = City()
    city.add_bill()
    wang = city.add_citizen()
    before_the_order = 2  # list_bills calls twice: before and after its effect

    def cancel() -> None:
        (payment_id,) = city.store.tables.payments
        cancel_payment(city.till, wang.callers[W], payment_id)

    city.faults.interrupt_in(before_the_order, cancel)
    with pytest.raises(Conflict):
        city.pay(wang)
    (payment_id,) = city.store.tables.payments
    assert city.state(payment_id) is PaymentState.CLOSED
    assert city.platforms[W].orders[city.order_no(payment_id)].state is TradeState.CLOSED
    assert city.pay(wang, A, key="k2").state is PaymentState.AWAITING_PAYMENT


@pytest.fixture
def absent() -> tuple[City, UUID, FakeOrder]:
    """A cancelled order that Alipay said it did not have; it has it after all, for the payer's till was open."""
    city = City()
    city.add_bill()
    wang = city.add_citizen()
    payment_id = city.pay(wang, A).payment_id
    order = city.platforms[A].orders.pop(city.order_no(payment_id))
    cancel_payment(city.till, wang.callers[A], payment_id)
    assert city.state(payment_id) is PaymentState.CLOSED
    city.platforms[A].orders[city.order_no(payment_id)] = order
    return city, payment_id, order


def test_money_that_an_absent_order_took_is_found_without_a_notice(absent: tuple[City, UUID, FakeOrder]) -> None:
    """Absent is asked about once more after the expiry: money that arrived meanwhile goes back, though no notice ever came."""
    city, payment_id, order = absent
    city.platforms[A].pay(order.order.order_no)
    city.platforms[A].outbox.clear()
    city.wait_until_quiet()
    assert city.state(payment_id) is PaymentState.REFUNDED
    assert city.books(payment_id) == (8640, 8640, 0)


def test_an_order_that_appears_unpaid_after_all_is_closed(absent: tuple[City, UUID, FakeOrder]) -> None:
    """Nobody can pay it any more: the last question closes it at the platform."""
    city, payment_id, order = absent
    city.wait_until_quiet()
    assert (city.state(payment_id), order.state) == (PaymentState.CLOSED, TradeState.CLOSED)


def test_the_last_question_is_bounded(absent: tuple[City, UUID, FakeOrder]) -> None:
    """Answered, it is asked once; unanswered, it is repeated for a day and no longer."""
    city, _, order = absent
    del city.platforms[A].orders[order.order.order_no]
    before = [operation for operation, _ in city.platforms[A].told].count("query_order")
    city.wait_until_quiet()
    assert [operation for operation, _ in city.platforms[A].told].count("query_order") == before + 1


def test_an_unanswered_last_question_ends_after_a_day(absent: tuple[City, UUID, FakeOrder]) -> None:
    """A platform that stays away is asked every hour for a day."""
    city, payment_id, _ = absent
    ended_at = city.clock.now()
    city.platforms[A].script.out_of_service = True
    city.wait_until_quiet()
    assert city.state(payment_id) is PaymentState.CLOSED
    assert timedelta(hours=24) <= city.clock.now() - ended_at <= timedelta(hours=26)
