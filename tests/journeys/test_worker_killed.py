"""The worker is killed with SIGKILL between payment and write-off, and in the middle of the company's call."""

from __future__ import annotations

import pytest

from tests.journeys.books import require_balance
from tests.journeys.city import City, await_truth
from tests.journeys.errands import send_on_errand

PLATFORMS = [("wechat", "gas"), ("alipay", "water")]


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_killed_between_payment_and_write_off(city: City, platform: str, utility: str) -> None:
    """The job lies in the store: the next worker writes the bill off, once."""
    errand = send_on_errand(city, platform, utility)
    city.kill("worker")
    errand.order_and_pay()
    errand.await_state("paid")
    city.start_worker()
    errand.await_state("written_off")
    assert errand.events().count("write_off_accepted") == 1
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(
    ("behaviour", "utility"), [("slow", "gas"), ("timeout_after_commit", "water"), ("timeout", "gas")]
)
def test_killed_while_the_company_has_not_answered(city: City, behaviour: str, utility: str) -> None:
    """What the company did is asked for, never repeated blindly: written off exactly once, whether the call arrived or not."""
    errand = send_on_errand(city, "wechat", utility)
    city.arrange(utility, "write_off", behaviour, seconds=1.5)
    errand.order_and_pay()
    await_truth(lambda: "write_off_started" in errand.events(), 10, "no write-off was started")
    city.kill("worker")
    assert errand.state() == "writing_off"
    city.start_worker()
    city.converge([errand.payment_id])
    assert errand.state() == "written_off"
    require_balance(city, errand.payment_id)


def test_killed_while_the_platform_has_not_answered_a_refund(city: City) -> None:
    """The refund has one number: asked for by the next worker, it is one refund."""
    errand = send_on_errand(city, "wechat", "water")
    errand.order()
    city.control("water", f"bills/{errand.bill_no}/pay-at-hall", {})
    city.arrange("wechat", "refund", "slow", seconds=1.5)
    errand.pay()
    await_truth(lambda: "refund_started" in errand.events(), 10, "no refund was started")
    city.kill("worker")
    city.start_worker()
    city.converge([errand.payment_id])
    assert errand.state() == "refunded"
    require_balance(city, errand.payment_id)


def test_two_workers_and_one_killed(city: City) -> None:
    """Two workers share the work: with one of them killed at any moment, each bill is written off once."""
    city.start_worker()
    errands = [send_on_errand(city, platform, utility) for platform, utility in PLATFORMS * 2]
    for errand in errands:
        errand.order()
    for number, errand in enumerate(errands):
        errand.pay()
        if number == 1:
            city.kill("worker")
            city.start_worker()
    city.converge([errand.payment_id for errand in errands])
    assert {errand.state() for errand in errands} == {"written_off"}
    require_balance(city, *(errand.payment_id for errand in errands))
