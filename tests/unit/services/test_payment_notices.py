"""What a notice, or its absence, does to a payment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import NoticeRefused
from services.model import Language, Notice, PaymentState, TradeState, TradeStatus
from services.payment_replies import view_payment
from services.payments import cancel_payment
from tests.fake_city import A, Citizen, City, W
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


def test_a_duplicate_notice_changes_nothing(city: City, wang: Citizen) -> None:
    """The same notice twice, before and after the write-off, is acknowledged and adds no event."""
    payment_id = city.pay_and_confirm(wang)
    [notice] = city.platforms[W].outbox
    assert [city.hear(notice), city.hear(notice)] == [S.PAID, S.PAID]
    city.run_jobs()
    before = city.names(payment_id)
    assert city.hear(replace(notice, notice_id="another id")) is S.WRITTEN_OFF
    assert city.names(payment_id) == before


def test_a_notice_of_a_lower_state_comes_too_late(city: City, wang: Citizen) -> None:
    """Reordered notices do no harm: "closed" after "paid" changes nothing."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    late = Notice("late", W, "gas-wechat", "trade", trade=TradeStatus(city.order_no(payment_id), TradeState.CLOSED))
    assert city.hear(late) is S.PAID


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account": "water-wechat"}, "unknown_order"),
        ({"account": "gas-alipay"}, "unknown_account"),
        ({"account": "gas-alipay", "platform": A}, "wrong_account"),
        ({"account": "nobody"}, "unknown_account"),
        ({"trade": None}, "empty_notice"),
        ({"trade": TradeStatus("0" * 32, TradeState.PAID, 8640)}, "unknown_order"),
    ],
)
def test_a_notice_that_is_not_for_this_order_is_refused(
    city: City, wang: Citizen, change: dict[str, object], reason: str
) -> None:
    """A notice for another agency's account, another platform or an unknown order is refused and changes nothing."""
    payment_id = city.pay_and_confirm(wang)
    [notice] = city.platforms[W].outbox
    with pytest.raises(NoticeRefused) as refused:
        city.hear(replace(notice, **change))  # type: ignore[arg-type]  # the fields vary
    assert refused.value.reason == reason
    assert city.state(payment_id) is S.AWAITING_PAYMENT


def test_a_notice_without_an_amount_is_refused(city: City, wang: Citizen) -> None:
    """Money without an amount is no evidence."""
    payment_id = city.pay(wang).payment_id
    bare = Notice("n", W, "gas-wechat", "trade", trade=TradeStatus(city.order_no(payment_id), TradeState.PAID))
    with pytest.raises(NoticeRefused, match="amount_missing"):
        city.hear(bare)


def test_a_refused_notice_can_come_again(city: City, wang: Citizen) -> None:
    """What dies before its commit leaves no claim: the platform's next attempt is taken in."""
    payment_id = city.pay_and_confirm(wang)
    [notice] = city.platforms[W].outbox
    city.faults.die_in(0, "before")
    with pytest.raises(KilledError):
        city.hear(notice)
    assert city.hear(notice) is S.PAID
    assert city.names(payment_id).count("payment_confirmed") == 1


def test_a_notice_that_lies_about_the_amount_is_not_believed(city: City, wang: Citizen) -> None:
    """A wrong amount in a notice never becomes a payment or a refund: the platform is asked, and its books decide."""
    payment_id = city.pay_and_confirm(wang)
    city.platforms[W].outbox.clear()
    city.hear(city.platforms[W].notify_trade(city.order_no(payment_id), amount_fen=1))
    assert city.state(payment_id) is S.AWAITING_PAYMENT
    city.run_jobs()
    assert city.state(payment_id) is S.WRITTEN_OFF
    assert city.books(payment_id) == (8640, 0, 8640)


def test_a_lie_about_an_unpaid_order_changes_nothing(city: City, wang: Citizen) -> None:
    """A notice of a payment that the platform does not know leaves the order open; sent twice it is one question."""
    payment_id = city.pay(wang).payment_id
    trade = TradeStatus(city.order_no(payment_id), TradeState.PAID, 1)
    for _ in range(2):
        city.hear(Notice("n", W, "gas-wechat", "trade", trade=trade))
    assert city.names(payment_id).count("amount_disputed") == 1
    city.run_jobs()
    assert city.state(payment_id) is S.AWAITING_PAYMENT


def test_a_wrong_amount_that_was_really_paid_goes_back(city: City, wang: Citizen) -> None:
    """If the platform really took another amount, exactly that amount is refunded and nothing is written off."""
    payment_id = city.pay_and_confirm(wang, amount_fen=8600)
    city.deliver()
    city.wait_until_quiet()
    assert city.books(payment_id) == (8600, 8600, 0)
    assert "wrong_amount_paid" in city.names(payment_id)
    assert "实付金额与账单不符" in view_payment(city.file(payment_id), Language.ZH_CN).message


def test_money_after_the_close_goes_back(city: City, wang: Citizen) -> None:
    """A notice of a payment for a closed order is refunded without asking, and the bill stays payable."""
    payment_id = city.pay(wang).payment_id
    cancel_payment(city.till, wang.callers[W], payment_id)
    city.platforms[W].pay(city.order_no(payment_id), although_closed=True)
    assert city.deliver() == [S.REFUND_DUE]
    city.run_jobs()
    assert city.books(payment_id) == (8640, 8640, 0)
    assert city.pay(wang, A, key="k2").state is S.AWAITING_PAYMENT


def test_a_late_payment_of_a_closed_order_does_not_touch_the_next(city: City, wang: Citizen) -> None:
    """The first order is paid after it was closed while the second is open: the first goes back, the second is written off."""
    first = city.pay(wang).payment_id
    cancel_payment(city.till, wang.callers[W], first)
    second = city.pay(wang, A, key="k2").payment_id
    city.platforms[W].pay(city.order_no(first), although_closed=True)
    city.platforms[A].pay(city.order_no(second))
    city.deliver(W)
    city.deliver(A)
    city.wait_until_quiet()
    assert (city.state(first), city.state(second)) == (S.REFUNDED, S.WRITTEN_OFF)


def test_without_a_notice_the_platform_is_asked(city: City, wang: Citizen) -> None:
    """A payment whose notice never comes is found by asking."""
    payment_id = city.pay_and_confirm(wang)
    city.platforms[W].outbox.clear()
    city.wait(31)
    assert city.state(payment_id) is S.WRITTEN_OFF


def test_questions_grow_rarer(city: City, wang: Citizen) -> None:
    """An order that nobody pays is asked about at growing intervals, then closed; the bill is free again."""
    payment_id = city.pay(wang).payment_id
    city.wait_until_quiet()
    asked = [name for name, _ in city.platforms[W].told]
    assert city.state(payment_id) is S.CLOSED
    assert 5 <= asked.count("query_order") <= 12
    assert asked.count("close_order") == 1
    assert not [kind for _, kind, _ in city.store.tables.claims if kind == "open_order"]


def test_an_order_paid_at_the_last_moment_is_paid(city: City, wang: Citizen) -> None:
    """Before an order is closed the platform is asked: what was paid is paid."""
    payment_id = city.pay(wang).payment_id
    city.clock.advance(15 * 60 - 1)
    city.platforms[W].pay(city.order_no(payment_id))
    city.platforms[W].outbox.clear()
    city.wait_until_quiet()
    assert city.state(payment_id) is S.WRITTEN_OFF
    assert "close_order" not in [name for name, _ in city.platforms[W].told]


def test_an_order_paid_while_it_is_being_closed_is_paid(city: City, wang: Citizen) -> None:
    """Between the question and the close the citizen pays: the close finds it out."""
    payment_id = city.pay(wang).payment_id
    city.faults.interrupt_in(1, lambda: city.platforms[W].pay(city.order_no(payment_id)))
    assert cancel_payment(city.till, wang.callers[W], payment_id).state is S.PAID
