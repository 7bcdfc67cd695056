"""The exposure ledger cannot take a record: nothing leaves, everybody gets the fixed 503, and afterwards all ends well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from gateway.errors import write_error
from gateway.launch.loopback import Reply
from services.model import Language
from tests.journeys.books import require_balance
from tests.journeys.city import City, await_truth
from tests.journeys.errands import Errand, pick_up_phone, send_on_errand
from tests.journeys.letters import catch_letter, deliver, is_refused

PLATFORMS = [("wechat", "gas"), ("alipay", "water")]
FIXED = write_error("exposure_unavailable", Language.ZH_CN)


@contextmanager
def revoke_inserts(city: City) -> Iterator[None]:
    """Neither the public app nor the worker may write a record."""
    city.change("REVOKE INSERT ON exposure_records FROM guitai_public, guitai_worker")
    try:
        yield
    finally:
        city.change("GRANT INSERT ON exposure_records TO guitai_public, guitai_worker")


@contextmanager
def lock_ledger(city: City) -> Iterator[None]:
    """Somebody holds the table for as long as it takes."""
    with psycopg.connect(city.stack.owner_url) as connection:
        connection.execute("LOCK TABLE exposure_records IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def try_what_a_platform_sees(errand: Errand) -> list[Reply]:
    """Requests that would show something in the app, or send something to the platform."""
    phone = pick_up_phone(errand.city, errand.phone.platform, errand.phone.person)
    code = phone.ask_platform("login", {"app_id": phone.app_id, "user": phone.person.user})["code"]
    return [
        phone.send("POST", "/sessions", {"platform": phone.platform, "app_id": phone.app_id, "code": code}),
        errand.phone.send("POST", "/identity/phone", {"evidence": errand.phone.make_phone_evidence()}),
        errand.phone.send("GET", f"/households/{errand.household_id}/bills"),
        errand.phone.send("POST", "/payments", errand.body, key=errand.key),
        errand.phone.send("GET", "/no/such/path"),
    ]


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_without_a_record_nothing_leaves(city: City, platform: str, utility: str) -> None:
    """No log-in, no order, no answer with anything in it; the fixed 503 is all that anybody sees."""
    errand = send_on_errand(city, platform, utility)
    with revoke_inserts(city):
        before = len(city.received())
        for reply in try_what_a_platform_sees(errand):
            assert (reply.status, reply.body) == (503, FIXED)
        assert len(city.received()) == before
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


def test_a_locked_ledger_is_an_unavailable_one(city: City) -> None:
    """A record that cannot be written in time counts as none."""
    errand = send_on_errand(city, "alipay", "gas")
    with lock_ledger(city):
        before = len(city.received())
        reply = errand.ask()
        assert (reply.status, reply.body) == (503, FIXED)
        assert len(city.received()) == before
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_worker_sends_nothing_either(city: City, platform: str, utility: str) -> None:
    """Without a record no question, no close and no refund goes to a platform; the write-off, which shows it nothing, does."""
    written, vain = send_on_errand(city, platform, utility), send_on_errand(city, platform, utility)
    written.order()
    vain.order()
    city.control(utility, f"bills/{vain.bill_no}/pay-at-hall", {})
    city.arrange(platform, "notice", "no_notice", times=2)
    written.pay()
    vain.pay()
    letter, account = catch_letter(written), written.numbers["account"]
    with revoke_inserts(city):
        before = len(city.received())
        assert is_refused(deliver(city, letter, account), platform, 503)
        city.pass_time(31)
        await_truth(city._is_quiet, 20, "the worker is stuck")
        assert len(city.received()) == before
        assert (written.state(), vain.state()) == ("awaiting_payment", "awaiting_payment")
    city.converge([written.payment_id, vain.payment_id])
    assert (written.state(), vain.state()) == ("written_off", "refunded")
    require_balance(city, written.payment_id, vain.payment_id)


def test_the_ledger_is_lost_before_the_refund(city: City) -> None:
    """The money is due back and the ledger is closed: the refund waits, and goes out as soon as it can be recorded."""
    errand = send_on_errand(city, "wechat", "water")
    errand.order()
    city.control("water", f"bills/{errand.bill_no}/pay-at-hall", {})
    with revoke_inserts(city):
        before = len(city.received())
        city.arrange("wechat", "notice", "no_notice")
        errand.pay()
        city.pass_time(31)
        city.await_quiet()
        assert len(city.received()) == before
    city.converge([errand.payment_id])
    assert errand.state() == "refunded"
    require_balance(city, errand.payment_id)


def test_the_ledger_is_lost_while_the_order_is_placed(city: City) -> None:
    """The order left, its record stands, its outcome could not be written: the order counts, and nothing is shown until it may be."""
    errand = send_on_errand(city, "wechat", "gas")
    city.arrange("wechat", "order", "slow", seconds=1.0)
    before = len(city.received())
    replies: list[Reply] = []
    asking = threading.Thread(target=lambda: replies.append(errand.ask()))
    asking.start()
    await_truth(lambda: len(city.received()) == before + 1, 10, "no order was placed")
    with revoke_inserts(city):
        asking.join(20)
        assert (replies[0].status, replies[0].body) == (503, FIXED)
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)
