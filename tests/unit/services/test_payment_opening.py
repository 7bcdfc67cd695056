"""Who may open a payment: whoever the service knows well enough at that moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import AssuranceTooLow
from services.model import Assurance
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
