"""Notices that are duplicated, late, lost, out of order: each payment is written off once and the platform is content."""

from __future__ import annotations

import pytest

from tests.journeys.books import require_balance
from tests.journeys.city import City, await_truth, call
from tests.journeys.errands import send_on_errand
from tests.journeys.letters import catch_letter, deliver, is_accepted

PLATFORMS = [("wechat", "gas"), ("alipay", "water"), ("wechat", "water"), ("alipay", "gas")]


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_a_notice_that_comes_twice_counts_once(city: City, platform: str, utility: str) -> None:
    """A duplicate is acknowledged and changes nothing; so is one that comes again much later."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "duplicate_notice")
    errand.order_and_pay()
    errand.await_state("written_off")
    events = errand.events()
    for _ in range(2):
        assert is_accepted(
            deliver(city, catch_letter(errand, notice_id="n-again"), errand.numbers["account"]), platform
        )
    city.await_quiet()
    assert errand.events() == events
    assert events.count("payment_confirmed") == 1
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS[:2])
def test_a_lost_notice_is_asked_for(city: City, platform: str, utility: str) -> None:
    """If no notice comes, the platform is asked after half a minute, by the worker alone."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "no_notice")
    errand.order_and_pay()
    assert errand.state() == "awaiting_payment"
    city.pass_time(31)
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS[:2])
def test_a_citizen_who_looks_is_told_at_once(city: City, platform: str, utility: str) -> None:
    """Whoever looks at a payment whose notice is late has the platform asked, and sees the truth."""
    errand = send_on_errand(city, platform, utility)
    city.kill("worker")
    try:
        city.arrange(platform, "notice", "no_notice")
        errand.order_and_pay()
        city.pass_time(31)
        before = len(city.received())
        assert errand.view()["state"] == "paid"
        errand.view()
        assert len(city.received()) == before + 1
    finally:
        city.start_worker()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS[:2])
def test_a_late_notice_finds_the_bill_written_off(city: City, platform: str, utility: str) -> None:
    """The notice ten minutes later is acknowledged and changes nothing any more."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "late_notice")
    errand.order_and_pay()
    city.pass_time(31)
    errand.await_state("written_off")
    events = errand.events()
    city.pass_time(601)
    await_truth(lambda: count_waiting(city, platform) == 0, 10, "the late notice was not acknowledged")
    assert errand.events() == events
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_a_refund_notice_before_the_payment_notice(city: City, platform: str, utility: str) -> None:
    """Out of order: the refund's notice comes first, the payment's afterwards; one refund, and nothing else."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "late_notice")
    errand.order()
    city.control(utility, f"bills/{errand.bill_no}/pay-at-hall", {})
    errand.pay()
    city.pass_time(31)
    errand.await_state("refunding", "refunded")
    city.pass_time(2)
    errand.await_state("refunded")
    assert is_accepted(deliver(city, catch_letter(errand), errand.numbers["account"]), platform)
    city.pass_time(601)
    city.await_quiet()
    assert errand.state() == "refunded"
    assert errand.events().count("refund_completed") == 1
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS[:2])
def test_notices_wait_while_the_counter_is_closed(city: City, platform: str, utility: str) -> None:
    """A notice that could not be delivered comes again by the platform's published schedule and is then taken."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.arrange(platform, "query", "timeout", times=50)
    city.change("ALTER ROLE guitai_public NOLOGIN")
    city.change("REVOKE INSERT ON exposure_records FROM guitai_public")
    try:
        errand.pay()
        await_truth(lambda: failed_once(city, platform), 10, "no notice was refused")
    finally:
        city.change("GRANT INSERT ON exposure_records TO guitai_public")
        city.change("ALTER ROLE guitai_public LOGIN")
    assert errand.state() == "awaiting_payment"
    city.pass_time(241)
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


def count_waiting(city: City, platform: str) -> int:
    """How many notices wait to be sent (again)."""
    notices = call("GET", f"{city.url(platform)}/_sandbox/notices").json()
    return sum(one["state"] == "waiting" for one in notices)


def failed_once(city: City, platform: str) -> bool:
    """Whether a waiting notice was refused with 503."""
    notices = call("GET", f"{city.url(platform)}/_sandbox/notices").json()
    return any(one["state"] == "waiting" and one.get("last_status") == 503 for one in notices)
