"""The bill is paid at the company's hall, or changes, between order and payment notice: whoever paid in vain is refunded."""

from __future__ import annotations

import pytest

from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import send_on_errand

PAIRS = [("wechat", "gas"), ("alipay", "water"), ("wechat", "water"), ("alipay", "gas")]


@pytest.mark.parametrize(("platform", "utility"), PAIRS)
def test_a_bill_paid_at_the_hall_meanwhile_is_refunded(city: City, platform: str, utility: str) -> None:
    """Nobody has to ask: the money goes back whole, and the citizen's status says why."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.control(utility, f"bills/{errand.bill_no}/pay-at-hall", {})
    errand.pay()
    city.converge([errand.payment_id])
    told = errand.view()
    assert (told["state"], told["refund_reason"]) == ("refunded", "already_paid")
    assert "已通过其他途径缴清" in told["message"]
    assert "已退款" in told["message"]
    assert told["refunded_at"]
    assert told["write_off_reference"] is None
    assert errand.phone.send("GET", f"/payments/{errand.payment_id}/receipt").json()["code"] == "receipt_not_ready"
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PAIRS[:2])
def test_a_bill_that_changed_meanwhile_is_refunded_and_can_be_paid_anew(
    city: City, platform: str, utility: str
) -> None:
    """The company refuses the old amount, the money goes back, and the same bill can be paid with the new amount."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.control(utility, f"bills/{errand.bill_no}/amount", {"amount_fen": errand.amount_fen + 100})
    errand.pay()
    city.converge([errand.payment_id])
    told = errand.view()
    assert (told["state"], told["refund_reason"]) == ("refunded", "amount_mismatch")
    assert "金额已变更" in told["message"]
    first = errand.payment_id
    errand.again()
    assert errand.ask().json()["code"] == "bill_changed"
    errand.again()
    errand.amount_fen += 100
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, first, errand.payment_id)


def test_a_bill_paid_at_the_hall_before_the_order_is_not_ordered(city: City) -> None:
    """The company is asked once more before an order is made: what is no longer owed takes nobody's money."""
    errand = send_on_errand(city, "wechat", "gas")
    city.control("gas", f"bills/{errand.bill_no}/pay-at-hall", {})
    before = len(city.received())
    assert errand.ask().json()["code"] == "nothing_owed"
    assert len(city.received()) == before


def test_a_bill_that_changes_while_the_write_off_is_on_its_way_is_refunded(city: City) -> None:
    """The same at the very last moment: inside the company, just before the write-off is booked."""
    errand = send_on_errand(city, "alipay", "water")
    city.arrange("water", "write_off", "amount_changed")
    errand.order_and_pay()
    city.converge([errand.payment_id])
    assert errand.view()["refund_reason"] == "amount_mismatch"
    require_balance(city, errand.payment_id)


def test_a_refund_that_fails_is_tried_until_it_is_done(city: City) -> None:
    """A merchant account without money is no reason to keep the citizen's: people are told, and it is tried again."""
    errand = send_on_errand(city, "wechat", "gas")
    city.arrange("wechat", "refund", "not_enough", times=2)
    errand.order()
    city.control("gas", f"bills/{errand.bill_no}/pay-at-hall", {})
    errand.pay()
    errand.await_state("refund_abnormal")
    assert "工作人员已获知" in errand.view()["message"]
    city.converge([errand.payment_id])
    assert errand.state() == "refunded"
    require_balance(city, errand.payment_id)
