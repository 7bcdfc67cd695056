"""What happens to the money when something goes wrong: notices, write-offs, refunds, expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.errors import NoticeRefused
from services.model import Language, Notice, PaymentState, RefundState, RefundStatus, TradeState, TradeStatus
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


def pay_and_confirm(city: City, citizen: Citizen, *, amount_fen: int | None = None) -> UUID:
    payment_id = city.pay(citizen).payment_id
    city.platforms[W].pay(city.order_no(payment_id), amount_fen=amount_fen)
    return payment_id


def names(city: City, payment_id: UUID) -> list[str]:
    return [event.name for event in city.file(payment_id).events]


def books(city: City, payment_id: UUID) -> tuple[int, int, int]:
    """Taken and returned by the platform, written off by the company."""
    payment = city.file(payment_id).payment
    order = city.platforms[payment.platform].orders[payment.order_no]
    written = city.gas.write_offs.get(payment.sequence_no)
    return order.taken_fen, order.returned_fen, written[2] if written else 0


# notices


def test_a_duplicate_notice_changes_nothing(city: City, wang: Citizen) -> None:
    """The same notice twice, before and after the write-off, is acknowledged and adds no event."""
    payment_id = pay_and_confirm(city, wang)
    [notice] = city.platforms[W].outbox
    assert [city.hear(notice), city.hear(notice)] == [S.PAID, S.PAID]
    city.run_jobs()
    before = names(city, payment_id)
    assert city.hear(replace(notice, notice_id="another id")) is S.WRITTEN_OFF
    assert names(city, payment_id) == before


def test_a_notice_of_a_lower_state_comes_too_late(city: City, wang: Citizen) -> None:
    """Reordered notices do no harm: "closed" after "paid" changes nothing."""
    payment_id = pay_and_confirm(city, wang)
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
    payment_id = pay_and_confirm(city, wang)
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
    payment_id = pay_and_confirm(city, wang)
    [notice] = city.platforms[W].outbox
    city.faults.die_in(0, "before")
    with pytest.raises(KilledError):
        city.hear(notice)
    assert city.hear(notice) is S.PAID
    assert names(city, payment_id).count("payment_confirmed") == 1


def test_a_notice_that_lies_about_the_amount_is_not_believed(city: City, wang: Citizen) -> None:
    """A wrong amount in a notice never becomes a payment or a refund: the platform is asked, and its books decide."""
    payment_id = pay_and_confirm(city, wang)
    city.platforms[W].outbox.clear()
    city.hear(city.platforms[W].notify_trade(city.order_no(payment_id), amount_fen=1))
    assert city.state(payment_id) is S.AWAITING_PAYMENT
    city.run_jobs()
    assert city.state(payment_id) is S.WRITTEN_OFF
    assert books(city, payment_id) == (8640, 0, 8640)


def test_a_lie_about_an_unpaid_order_changes_nothing(city: City, wang: Citizen) -> None:
    """A notice of a payment that the platform does not know leaves the order open, and it can still be paid."""
    payment_id = city.pay(wang).payment_id
    trade = TradeStatus(city.order_no(payment_id), TradeState.PAID, 1)
    city.hear(Notice("n", W, "gas-wechat", "trade", trade=trade))
    city.run_jobs()
    assert city.state(payment_id) is S.AWAITING_PAYMENT


def test_a_wrong_amount_that_was_really_paid_goes_back(city: City, wang: Citizen) -> None:
    """If the platform really took another amount, exactly that amount is refunded and nothing is written off."""
    payment_id = pay_and_confirm(city, wang, amount_fen=8600)
    city.deliver()
    city.wait_until_quiet()
    assert books(city, payment_id) == (8600, 8600, 0)
    assert "wrong_amount_paid" in names(city, payment_id)
    assert "实付金额与账单不符" in view_payment(city.file(payment_id), Language.ZH_CN).message


def test_money_after_the_close_goes_back(city: City, wang: Citizen) -> None:
    """A notice of a payment for a closed order is refunded without asking, and the bill stays payable."""
    payment_id = city.pay(wang).payment_id
    cancel_payment(city.till, wang.callers[W], payment_id)
    city.platforms[W].pay(city.order_no(payment_id), although_closed=True)
    assert city.deliver() == [S.REFUND_DUE]
    city.run_jobs()
    assert books(city, payment_id) == (8640, 8640, 0)
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


# no notice, expiry


def test_without_a_notice_the_platform_is_asked(city: City, wang: Citizen) -> None:
    """A payment whose notice never comes is found by asking."""
    payment_id = pay_and_confirm(city, wang)
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


# the company's books


@pytest.mark.parametrize("behaviour", ["timeout", "timeout_after", "garbled"])
def test_an_unknown_write_off_is_asked_for(city: City, wang: Citizen, behaviour: str) -> None:
    """A time-out at the company is unknown: it is asked for by its number before anything is repeated, and there is one."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    city.gas.script.plan("write_off", behaviour)
    city.run_jobs()
    assert city.state(payment_id) is S.WRITE_OFF_UNKNOWN
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)
    calls = [name for name, _ in city.gas.calls]
    assert calls[:3] == ["list_bills", "write_off", "find_write_off"]
    numbers = {values["sequence_no"] for name, values in city.gas.calls if name != "list_bills"}
    assert len(numbers) == 1


@pytest.mark.parametrize("reason", ["batch_window", "system", "not_permitted", "unreachable"])
def test_a_company_that_is_away_is_asked_again_later(city: City, wang: Citizen, reason: str) -> None:
    """A batch window or an outage puts the write-off off, at growing intervals; the money stays until it is written off."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    city.gas.script.plan("write_off", *[reason] * 5)
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)
    assert names(city, payment_id).count("write_off_delayed") == 5


def test_a_bill_paid_at_the_hall_meanwhile_is_refunded(city: City, wang: Citizen) -> None:
    """Paid at the company's hall between order and notice: the citizen gets the money back and reads why."""
    payment_id = pay_and_confirm(city, wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.run_jobs()
    assert books(city, payment_id) == (8640, 8640, 0)
    view = view_payment(city.file(payment_id), Language.ZH_CN)
    assert (view.state, view.refund_reason) == (S.REFUNDED, "already_paid")
    assert view.message.startswith("该账单已通过其他途径缴清。")


def test_a_bill_changed_meanwhile_is_refunded_and_can_be_paid_anew(city: City, wang: Citizen) -> None:
    """The amount changed between order and notice: refund, and the new bill is payable."""
    payment_id = pay_and_confirm(city, wang)
    city.gas.bills["G-1"].amount_fen = 9000
    city.deliver()
    city.run_jobs()
    assert books(city, payment_id) == (8640, 8640, 0)
    assert city.pay(wang, amount_fen=9000, key="k2").amount_fen == 9000


def test_a_refusal_of_what_was_written_off_is_not_believed(city: City, wang: Citizen) -> None:
    """A company that answers "already paid" to a repeated number is asked for our write-off before any refund."""
    payment_id = pay_and_confirm(city, wang)
    city.gas.forgetful = True
    city.deliver()
    city.gas.script.plan("write_off", "timeout_after")
    city.gas.script.plan("find_write_off", "no_such_write_off")
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)


def test_no_refund_while_a_write_off_may_exist(city: City, wang: Citizen) -> None:
    """However long the company cannot say whether it wrote the bill off, nothing is refunded; when it can, it decides."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    city.gas.script.plan("write_off", "timeout_after")
    city.run_jobs()
    city.gas.script.out_of_service = True
    for _ in range(60):
        city.wait(3600)
    assert city.state(payment_id) is S.WRITE_OFF_UNKNOWN
    assert books(city, payment_id)[1] == 0
    city.gas.script.heal()
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)


def test_a_write_off_that_never_succeeds_is_refunded(city: City, wang: Citizen) -> None:
    """A company that cannot write off for a day, and then says that it has not, gives the citizen the money back."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    city.gas.script.plan("write_off", *["system"] * 500)
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 8640, 0)
    given_up = city.file(payment_id).last("write_off_abandoned")
    assert given_up is not None
    assert given_up.at - city.file(payment_id).payment.created_at >= timedelta(hours=24)
    assert view_payment(city.file(payment_id), Language.EN).refund_reason == "no_answer"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(10))
def test_a_killed_worker_is_continued(city: City, wang: Citizen, step: int, moment: str) -> None:
    """Killed at any step between payment and write-off: the job runs again and ends with exactly one write-off."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    city.faults.die_in(step, moment)
    try:
        city.run_jobs()
    except KilledError:
        city.wait_until_quiet()
    city.faults.spare()
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)
    assert len(city.gas.write_offs) == 1


def test_a_worker_that_was_held_up_does_not_write_off_any_more(city: City, wang: Citizen) -> None:
    """An attempt that others may count as settled is not sent: the worker was stopped between its commit and its call."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    after = city.faults.after

    def stop_after_commit(step: str) -> None:
        after(step)
        if step == "commit" and names(city, payment_id)[-1] == "write_off_started":
            city.clock.advance(1000)

    city.faults.after = stop_after_commit  # type: ignore[method-assign]
    city.run_job()
    assert not city.gas.write_offs
    city.faults.after = after  # type: ignore[method-assign]
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)


def test_two_workers_on_one_job_write_off_once(city: City, wang: Citizen) -> None:
    """A job that is taken for a dead worker's while it runs is run twice and written off once."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    city.faults.interrupt_in(0, city.run_again)
    city.run_jobs()
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 0, 8640)
    assert len(city.gas.write_offs) == 1


# the way back


@pytest.mark.parametrize("behaviour", ["timeout", "timeout_after", "unreachable"])
def test_an_unknown_refund_keeps_its_number(city: City, wang: Citizen, behaviour: str) -> None:
    """A refund without an answer is asked for and repeated under one number; it is made once."""
    payment_id = pay_and_confirm(city, wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.platforms[W].script.plan("request_refund", behaviour)
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 8640, 0)
    assert len(city.platforms[W].orders[city.order_no(payment_id)].refunds) == 1


@pytest.mark.parametrize("notified", [True, False])
def test_a_refund_being_processed_is_followed(city: City, wang: Citizen, notified: bool) -> None:
    """A refund that takes its time ends by its notice or by asking, and frees the bill only then."""
    payment_id = pay_and_confirm(city, wang)
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
    payment_id = pay_and_confirm(city, wang)
    city.gas.pay_at_hall("G-1")
    city.platforms[W].refund_result = RefundState.ABNORMAL
    city.deliver()
    city.run_jobs()
    for _ in range(20):
        city.wait(7200)
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    assert names(city, payment_id).count("refund_failed") == 1
    city.platforms[W].refund_result = RefundState.PROCESSING
    city.wait(7 * 3600)
    assert city.state(payment_id) is S.REFUNDING
    city.platforms[W].finish_refunds(RefundState.REFUNDED)
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 8640, 0)


def test_a_refused_refund_is_abnormal(city: City, wang: Citizen) -> None:
    """A platform that refuses a refund (an empty merchant account) is asked again until it is filled."""
    payment_id = pay_and_confirm(city, wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.platforms[W].script.plan("request_refund", "NOT_ENOUGH")
    city.run_jobs()
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    city.wait_until_quiet()
    assert books(city, payment_id) == (8640, 8640, 0)


def test_a_refund_notice_that_is_not_ours_is_refused(city: City, wang: Citizen) -> None:
    """A refund under another number is not this payment's refund."""
    payment_id = pay_and_confirm(city, wang)
    city.deliver()
    strange = RefundStatus(city.order_no(payment_id), "f" * 32, RefundState.REFUNDED, 8640)
    with pytest.raises(NoticeRefused, match="unknown_refund"):
        city.hear(Notice("n", W, "gas-wechat", "refund", refund=strange))


def test_a_refund_of_another_amount_is_abnormal(city: City, wang: Citizen) -> None:
    """A platform that says it gave back less than it took has not refunded the payment."""
    payment_id = pay_and_confirm(city, wang)
    city.gas.pay_at_hall("G-1")
    city.platforms[W].refund_result = RefundState.PROCESSING
    city.deliver()
    city.run_jobs()
    payment = city.file(payment_id).payment
    less = RefundStatus(payment.order_no, payment.refund_no, RefundState.REFUNDED, 1)
    assert city.hear(Notice("n", W, "gas-wechat", "refund", refund=less)) is S.REFUND_ABNORMAL


def test_money_given_back_elsewhere_is_shown_to_people(city: City, wang: Citizen) -> None:
    """An order that was refunded at the platform's own desk is not refunded twice: it stays abnormal for a person to settle."""
    payment_id = pay_and_confirm(city, wang)
    order = city.platforms[W].orders[city.order_no(payment_id)]
    order.state, order.returned_fen = TradeState.REFUNDED, order.taken_fen
    city.platforms[W].outbox.clear()
    city.wait(31)
    city.wait(7200)
    assert city.state(payment_id) is S.REFUND_ABNORMAL
    assert books(city, payment_id) == (8640, 8640, 0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(8))
def test_a_killed_refund_is_continued(city: City, wang: Citizen, step: int, moment: str) -> None:
    """Killed at any step of the way back: the money goes back once."""
    payment_id = pay_and_confirm(city, wang)
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
    assert books(city, payment_id) == (8640, 8640, 0)
