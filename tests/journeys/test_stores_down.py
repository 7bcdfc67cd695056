"""PostgreSQL or Redis is killed at every step: a fixed 503, nothing leaves for a platform, and afterwards all ends well."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.errors import write_error
from gateway.launch.loopback import Reply
from services.model import Language
from tests.journeys.books import require_balance
from tests.journeys.city import City, await_truth
from tests.journeys.errands import Errand, pick_up_phone, send_on_errand
from tests.journeys.letters import catch_letter, deliver, is_refused

PLATFORMS = [("wechat", "gas"), ("alipay", "water")]
STORE_CODES = ("store_unavailable", "exposure_unavailable")


@contextmanager
def without_postgres(city: City) -> Iterator[None]:
    """The time in which the government store is dead."""
    city.kill_postgres()
    try:
        yield
    finally:
        city.start_postgres()


def require_fixed(reply: Reply, codes: tuple[str, ...]) -> None:
    """The fixed 503 for one of these codes, to the byte."""
    assert reply.status == 503, (reply.status, reply.body)
    assert reply.body in [write_error(code, Language.ZH_CN) for code in codes], reply.body


def try_everything(errand: Errand) -> list[Reply]:
    """Every kind of request that a citizen can make, once."""
    phone, body = errand.phone, {"service": f"{errand.utility}-bill", "household_no": errand.household_no}
    sign_in = pick_up_phone(errand.city, phone.platform, phone.person)
    code = sign_in.ask_platform("login", {"app_id": phone.app_id, "user": phone.person.user})["code"]
    return [
        sign_in.send("POST", "/sessions", {"platform": phone.platform, "app_id": phone.app_id, "code": code}),
        phone.send("POST", "/identity/phone", {"evidence": phone.make_phone_evidence()}),
        phone.send("POST", "/households/lookup", body),
        phone.send("POST", "/households", body),
        phone.send("GET", f"/households/{errand.household_id}/bills"),
        phone.send("POST", "/payments", errand.body, key=phone.make_key()),
        phone.send("GET", f"/payments/{errand.payment_id}"),
        phone.send("POST", f"/payments/{errand.payment_id}/cancel"),
        phone.send("GET", f"/payments/{errand.payment_id}/receipt"),
        phone.send("GET", "/exposure"),
        phone.send("GET", "/services"),
    ]


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_without_postgres_nothing_leaves(city: City, platform: str, utility: str) -> None:
    """Every request gets the fixed 503, a notice is not acknowledged, no byte goes to a platform; then the payment ends well."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "no_notice")
    errand.order_and_pay()
    letter, account = catch_letter(errand), errand.numbers["account"]
    with without_postgres(city):
        before = len(city.received())
        for reply in try_everything(errand):
            require_fixed(reply, STORE_CODES)
        assert is_refused(deliver(city, letter, account), platform, 503)
        city.pass_time(31)
        assert len(city.received()) == before
    await_truth(lambda: errand.phone.send("GET", "/account").status == 200, 20, "the counter does not come back")
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_postgres_dies_while_the_order_is_placed(city: City, platform: str, utility: str) -> None:
    """The platform has the order and we could not write it down: the same key finds the same order, payable once."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "order", "slow", seconds=1.5)
    replies: list[Reply] = []
    asking = threading.Thread(target=lambda: replies.append(errand.ask()))
    before = len(city.received())
    asking.start()
    await_truth(lambda: len(city.received()) == before + 1, 10, "no order was placed")
    with without_postgres(city):
        asking.join(20)
        require_fixed(replies[0], STORE_CODES)
    await_truth(lambda: errand.phone.send("GET", "/account").status == 200, 20, "the counter does not come back")
    errand.order_and_pay()
    errand.await_state("written_off")
    assert errand.list_own() == [errand.payment_id]
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_postgres_dies_while_the_company_writes_off(city: City, platform: str, utility: str) -> None:
    """The company has booked and we could not write it down: we ask, find it, and never book twice."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(utility, "write_off", "slow", seconds=1.5)
    errand.order_and_pay()
    await_truth(lambda: "write_off_started" in errand.events(), 10, "no write-off was started")
    with without_postgres(city):
        threading.Event().wait(2)
    city.converge([errand.payment_id])
    assert errand.state() == "written_off"
    require_balance(city, errand.payment_id)


def test_postgres_dies_between_order_and_payment(city: City) -> None:
    """The citizen pays while our store is dead: the platform's notice comes again, or we ask, and the bill is written off."""
    errand = send_on_errand(city, "wechat", "water")
    errand.order()
    with without_postgres(city):
        errand.pay()
        threading.Event().wait(0.5)
    city.pass_time(31)
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


def test_postgres_dies_while_refunding(city: City) -> None:
    """The refund left and we could not write it down: one refund, in full."""
    errand = send_on_errand(city, "alipay", "gas")
    errand.order()
    city.control("gas", f"bills/{errand.bill_no}/pay-at-hall", {})
    city.arrange("alipay", "refund", "slow", seconds=1.5)
    errand.pay()
    await_truth(lambda: "refund_started" in errand.events(), 10, "no refund was started")
    with without_postgres(city):
        threading.Event().wait(2)
    city.converge([errand.payment_id])
    assert errand.state() == "refunded"
    require_balance(city, errand.payment_id)


def test_without_redis_nobody_gets_in_and_payments_end(city: City) -> None:
    """Sessions are gone and none can begin; a payment in flight is written off all the same; afterwards one logs in again."""
    errand = send_on_errand(city, "wechat", "gas")
    errand.order()
    city.kill_redis()
    try:
        before = len(city.received())
        for reply in try_everything(errand):
            require_fixed(reply, ("cache_unavailable",))
        assert len(city.received()) == before
        errand.pay()
        errand.await_state("written_off")
    finally:
        city.start_redis()
    reply = errand.phone.send("GET", f"/payments/{errand.payment_id}")
    assert (reply.status, reply.body) == (401, write_error("not_signed_in", Language.ZH_CN))
    errand.phone.log_in()
    assert errand.view()["state"] == "written_off"
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_public_app_is_killed_while_the_order_is_placed(city: City, platform: str, utility: str) -> None:
    """The citizen got no answer; the same key gives the same order afterwards, and it can be paid once."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "order", "slow", seconds=1.0)
    asking = threading.Thread(target=errand.ask_in_vain)
    before = len(city.received())
    asking.start()
    await_truth(lambda: len(city.received()) == before + 1, 10, "no order was placed")
    city.kill("public")
    asking.join(20)
    city.start_public()
    errand.order_and_pay()
    errand.await_state("written_off")
    assert errand.list_own() == [errand.payment_id]
    require_balance(city, errand.payment_id)


def test_the_order_ends_when_nobody_comes_back(city: City) -> None:
    """The public app was killed and the citizen went away: the worker closes the order, and the bill is free again."""
    errand = send_on_errand(city, "wechat", "gas")
    city.arrange("wechat", "order", "slow", seconds=1.0)
    asking = threading.Thread(target=errand.ask_in_vain)
    before = len(city.received())
    asking.start()
    await_truth(lambda: len(city.received()) == before + 1, 10, "no order was placed")
    city.kill("public")
    asking.join(20)
    city.start_public()
    (left,) = errand.list_own()
    city.converge([left])
    assert city.state_of(left) == "closed"
    errand.again()
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, left, errand.payment_id)


def test_postgres_that_stands_still_is_one_that_is_down(city: City) -> None:
    """A server that accepts and never answers holds nobody for long: the fixed 503, nothing leaves, and then all goes on."""
    errand = send_on_errand(city, "alipay", "gas")
    before = len(city.received())
    started = time.monotonic()
    with city.freeze_postgres():
        require_fixed(errand.ask(), STORE_CODES)
        assert time.monotonic() - started < 14
        assert len(city.received()) == before
    await_truth(lambda: errand.phone.send("GET", "/account").status == 200, 20, "the counter does not come back")
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)
