"""Who may open a payment, and from which mini-program."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import AssuranceTooLow, ServiceOff
from services.model import Assurance, PaymentState
from tests.fake_city import City, W


def test_a_payment_needs_the_level_that_the_service_asks_for_now() -> None:
    """A bound household opens no order to a caller who is not known well enough; the company is not asked."""
    city = City()
    city.add_bill()
    wang = city.add_citizen()
    wang.callers[W] = replace(wang.callers[W], assurance=Assurance.ANONYMOUS)
    with pytest.raises(AssuranceTooLow):
        city.pay(wang)
    assert city.gas.calls == []
    assert not city.store.tables.payments


def test_a_payee_without_an_account_for_this_app_cannot_be_paid_from_it() -> None:
    """The mini-program of another office: nothing is claimed, and the bill stays payable from the payee's own."""
    city = City()
    city.add_bill()
    wang = city.add_citizen()
    own = wang.callers[W]
    wang.callers[W] = replace(own, app=replace(own.app, app="second", app_id="app-second"))
    with pytest.raises(ServiceOff):
        city.pay(wang)
    wang.callers[W] = own
    assert city.pay(wang, key="k2").state is PaymentState.AWAITING_PAYMENT
