"""Cancel and try again, on the same and on the other platform; time that runs out; money that comes too late."""

from __future__ import annotations

import pytest

from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import Errand, bind_bill, send_on_errand, sign_in

PLATFORMS = [("wechat", "gas"), ("alipay", "water")]
_CLOSE = """
INSERT INTO payment_events (agency_id, payment_id, version, name, state, at, data)
SELECT agency_id, payment_id, version + 1, 'order_closed', 'closed', at, '{"source": "query"}'::jsonb
FROM payment_events WHERE payment_id = %s ORDER BY version DESC LIMIT 1
"""


def move_to_other_platform(errand: Errand) -> Errand:
    """The same person with the same bill, in the other platform's app."""
    other = {"wechat": "alipay", "alipay": "wechat"}[errand.phone.platform]
    phone = sign_in(errand.city, other, errand.phone.person, real_name=errand.utility == "water")
    return bind_bill(errand.city, phone, errand.utility, errand.household_no, (errand.bill_no, errand.amount_fen))


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_cancel_and_retry_on_the_same_platform(city: City, platform: str, utility: str) -> None:
    """A cancelled order can no longer be paid, and a new one can; cancelling twice is cancelling once."""
    errand = send_on_errand(city, platform, utility)
    reply = errand.ask()
    errand.keep(reply)
    assert errand.cancel()["state"] == "closed"
    assert errand.cancel()["state"] == "closed"
    assert errand.phone.open_till(errand.parameters or {}) not in ("requestPayment:ok", "9000")
    assert errand.ask().body == reply.body
    first = errand.payment_id
    errand.again()
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, first, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_cancel_and_retry_on_the_other_platform(city: City, platform: str, utility: str) -> None:
    """The same person pays the same bill in the other app after cancelling here."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    other = move_to_other_platform(errand)
    assert other.ask().json()["code"] == "bill_has_open_order"
    assert errand.cancel()["state"] == "closed"
    other.order_and_pay()
    other.await_state("written_off")
    require_balance(city, errand.payment_id, other.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_what_was_paid_cannot_be_cancelled(city: City, platform: str, utility: str) -> None:
    """Cancelling finds out at the platform that the money came, and then the bill is written off."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "no_notice")
    errand.order_and_pay()
    assert errand.cancel()["state"] in ("paid", "writing_off", "written_off")
    errand.await_state("written_off")
    assert (
        errand.phone.send("POST", f"/payments/{errand.payment_id}/cancel").json()["code"] == "payment_not_cancellable"
    )
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_an_order_expires_by_the_clock(city: City, platform: str, utility: str) -> None:
    """Fifteen minutes after the order it is closed on both sides, nothing was taken, and the citizen is told so."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.pass_time(14 * 60)
    city.await_quiet()
    assert errand.state() == "awaiting_payment"
    city.pass_time(61)
    errand.await_state("closed")
    assert "未扣款" in errand.view()["message"]
    assert errand.phone.open_till(errand.parameters or {}) not in ("requestPayment:ok", "9000")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_a_payment_in_the_last_moment_counts(city: City, platform: str, utility: str) -> None:
    """Paid before the end, told after it: whoever paid in time has paid."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.pass_time(14 * 60 + 50)
    city.arrange(platform, "notice", "late_notice")
    errand.pay()
    city.pass_time(30)
    errand.await_state("written_off")
    city.pass_time(600)
    city.await_quiet()
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_a_notice_after_close_is_refunded(city: City, platform: str, utility: str) -> None:
    """Should money arrive for an order that we hold for closed, it goes back without asking."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.arrange(platform, "notice", "late_notice")
    errand.pay()
    # our store is told that the order is closed, as by a platform that closed and took the money in the same moment
    city.change(_CLOSE, errand.payment_id)
    city.pass_time(601)
    city.converge([errand.payment_id])
    city.await_quiet()
    errand.await_state("refunded")
    told = errand.view()
    assert told["refund_reason"] == "paid_in_vain"
    assert "订单已关闭" in told["message"]
    require_balance(city, errand.payment_id)


def test_while_the_platform_does_not_answer_the_order_is_closing(city: City) -> None:
    """The citizen is told that the order is being cancelled, and it is closed as soon as the platform answers."""
    errand = send_on_errand(city, "wechat", "water")
    errand.order()
    city.arrange("wechat", "query", "timeout", times=2)
    assert errand.cancel()["state"] == "closing"
    city.converge([errand.payment_id])
    assert errand.state() == "closed"
    require_balance(city, errand.payment_id)
