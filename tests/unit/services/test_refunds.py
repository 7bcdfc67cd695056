"""The way back: whoever paid in vain is refunded once, without asking."""

from __future__ import annotations

import pytest

from services.doors import PLATFORMS
from services.errors import BillHasOpenOrder, NoticeRefused
from services.model import Notice, PaymentState, PlatformName, RefundState, RefundStatus
from tests.fake_city import Citizen, City, W
from tests.fakes import KilledError

S = PaymentState


@pytest.fixture
def city() -> City:
    made = City()
    made.add_bill()
    return made


@pytest.fixture
def wang(city: City) -> Citizen:
    return city.add_citizen()


@pytest.mark.parametrize("behaviour", ["timeout", "timeout_after", "unreachable"])
def test_an_unknown_refund_keeps_its_number(city: City, wang: Citizen, behaviour: str) -> None:
    """A refund without an answer is asked for and repeated under one number; it is made once."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.platforms[W].script.plan("request_refund", behaviour)
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 8640, 0)
    assert len(city.platforms[W].orders[city.order_no(payment_id)].refunds) == 1
    asked = [operation for operation, _ in city.platforms[W].told if "refund" in operation]
    again = [] if behaviour == "timeout_after" else ["request_refund"]
    assert asked == ["request_refund", "query_refund", *again]


@pytest.mark.parametrize("notified", [True, False])
def test_a_refund_being_processed_is_followed(city: City, wang: Citizen, notified: bool) -> None:
    """A refund that takes its time ends by its notice or by asking, and frees the bill only then."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.bills["G-1"].amount_fen = 9000
    city.platforms[W].refund_result = RefundState.PROCESSING
    city.deliver()
    city.run_jobs()
    assert city.state(payment_id) is S.REFUNDING
    city.platforms[W].finish_refunds(RefundState.REFUNDED)
    if notified:
        assert city.deliver() == [S.REFUNDED]
    city.wait_until_quiet()
    assert city.state(payment_id) is S.REFUNDED
    assert city.pay(wang, amount_fen=9000, key="k2")


def test_an_abnormal_refund_is_never_lost(city: City, wang: Citizen) -> None:
    """A refund that fails is shown as such, tried again with the same number, and ends when the platform can."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.platforms[W].refund_result = RefundState.ABNORMAL
    city.deliver()
    city.run_jobs()
    for _ in range(20):
        city.wait(7200)
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    assert city.names(payment_id).count("refund_failed") == 1
    city.platforms[W].refund_result = RefundState.PROCESSING
    city.wait(7 * 3600)
    assert city.state(payment_id) is S.REFUNDING
    city.platforms[W].finish_refunds(RefundState.REFUNDED)
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 8640, 0)


def test_a_refused_refund_is_abnormal(city: City, wang: Citizen) -> None:
    """A platform that refuses a refund (an empty merchant account) is asked again until it is filled."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.platforms[W].script.plan("request_refund", "NOT_ENOUGH")
    city.run_jobs()
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 8640, 0)


def test_a_refund_notice_that_is_not_ours_is_refused(city: City, wang: Citizen) -> None:
    """A refund under another number is not this payment's refund."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    strange = RefundStatus(city.order_no(payment_id), "f" * 32, RefundState.REFUNDED, 8640)
    with pytest.raises(NoticeRefused, match="unknown_refund"):
        city.hear(Notice("n", W, "gas-wechat", "refund", refund=strange))


def test_a_refund_of_another_amount_is_abnormal(city: City, wang: Citizen) -> None:
    """A platform that says it gave back less than it took has not refunded the payment."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.platforms[W].refund_result = RefundState.PROCESSING
    city.deliver()
    city.run_jobs()
    payment = city.file(payment_id).payment
    less = RefundStatus(payment.order_no, payment.refund_no, RefundState.REFUNDED, 1)
    assert city.hear(Notice("n", W, "gas-wechat", "refund", refund=less)) is S.REFUND_ABNORMAL


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_money_given_back_elsewhere_ends_the_payment(city: City, wang: Citizen, platform: PlatformName) -> None:
    """An order that was refunded in full at the platform's own desk is not refunded twice: it is refunded, and the bill is free."""
    payment_id = city.pay(wang, platform).payment_id
    city.platforms[platform].pay(city.order_no(payment_id))
    city.platforms[platform].refund_at_desk(city.order_no(payment_id), 8640)
    city.platforms[platform].outbox.clear()
    city.wait_until_quiet()
    assert city.state(payment_id) is S.REFUNDED
    assert city.names(payment_id)[-3:] == ["refunded_outside", "refund_started", "refund_found_outside"]
    assert city.books(payment_id) == (8640, 8640, 0)
    assert city.pay(wang, platform, key="k2")


def test_all_given_back_while_ours_was_abnormal_ends_it(city: City, wang: Citizen) -> None:
    """A refund that we could not make and that a person then made by hand needs no further trying."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.platforms[W].script.plan("request_refund", "NOT_ENOUGH")
    city.run_jobs()
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    city.platforms[W].refund_at_desk(city.order_no(payment_id), 8640)
    city.wait_until_quiet()
    assert city.names(payment_id)[-2:] == ["refund_failed", "refund_found_outside"]


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_a_part_given_back_elsewhere_stays_with_people(city: City, wang: Citizen, platform: PlatformName) -> None:
    """A part that was given back at the platform's desk is no refund of the payment: abnormal, and the bill stays claimed."""
    payment_id = city.pay(wang, platform).payment_id
    city.platforms[platform].pay(city.order_no(payment_id))
    city.gas.bills["G-1"].amount_fen = 9000
    city.deliver(platform)
    city.platforms[platform].refund_at_desk(city.order_no(payment_id), 100)
    city.run_jobs()
    for _ in range(20):
        city.wait(7200)
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    with pytest.raises(BillHasOpenOrder):
        city.pay(wang, platform, amount_fen=9000, key="k2")


def test_a_refusal_without_the_platforms_word_stays_abnormal(city: City, wang: Citizen) -> None:
    """If the platform does not answer what became of the order, a refused refund ends nothing."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.platforms[W].refund_at_desk(city.order_no(payment_id), 8640)
    city.platforms[W].script.plan("query_order", "timeout")
    city.run_jobs()
    assert city.state(payment_id) is S.REFUND_ABNORMAL


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(8))
def test_a_killed_refund_is_continued(city: City, wang: Citizen, step: int, moment: str) -> None:
    """Killed at any step of the way back: the money goes back once."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.run_job()
    city.faults.die_in(step, moment)
    try:
        city.run_jobs()
    except KilledError:
        city.faults.spare()
    city.faults.spare()
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 8640, 0)
