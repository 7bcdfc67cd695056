"""An order that reaches the platform after its payment ended."""

from __future__ import annotations

import pytest

from services.errors import Conflict
from services.model import PaymentState, TradeState
from services.payments import cancel_payment
from tests.fake_city import A, City, W


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
