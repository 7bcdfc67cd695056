"""What a citizen asks of the till: pay, see, cancel, retry."""

from __future__ import annotations

import json
import threading

import pytest

from services.errors import (
    BackEndUnreachable,
    BillChanged,
    BillHasOpenOrder,
    Conflict,
    IdempotencyKeyReused,
    InputRefused,
    NotFound,
    NothingOwed,
    PaymentNotCancellable,
    PlatformOutcomeUnknown,
    PlatformRefused,
    ReceiptNotReady,
    ServiceOff,
    StoreUnavailable,
)
from services.model import PaymentState, TradeState
from services.payment_replies import PaymentReply
from services.payments import cancel_payment, list_payments, show_payment
from services.receipts import show_receipt
from tests.fake_city import A, City, W
from tests.fake_faults import KilledError

S = PaymentState


@pytest.fixture
def city() -> City:
    made = City()
    made.add_bill()
    return made


def test_a_paid_bill_is_written_off_and_has_a_receipt(city: City) -> None:
    """Order, payment, notice, write-off: the books of platform and company agree to the fen, and the receipt says so."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    assert (reply.state, reply.amount_fen) == (S.AWAITING_PAYMENT, 8640)
    assert city.platforms[W].pay(city.order_no(reply.payment_id))
    assert city.deliver() == [S.PAID]
    city.run_jobs()
    receipt = show_receipt(city.till, wang.callers[W], reply.payment_id)
    assert receipt.write_off_reference == city.gas.write_offs[receipt.receipt_no][0]
    assert (
        city.gas.write_offs[receipt.receipt_no][2]
        == city.platforms[W].orders[city.order_no(reply.payment_id)].taken_fen
    )
    assert (receipt.payer_masked, receipt.household_no_masked) == ("138****8001", "****6001")
    assert receipt.items[0].amount_fen == 8640
    assert show_payment(city.till, wang.callers[W], reply.payment_id).state is S.WRITTEN_OFF


def test_the_platform_learns_a_number_and_generic_words(city: City) -> None:
    """Neither name, address, household number, bill number nor our write-off number stands in the order."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    payment = city.file(reply.payment_id).payment
    order = city.platforms[W].orders[payment.order_no].order
    told = repr(order)
    assert order.description == "公共服务缴费"
    for secret in (
        "王小明",
        "东城区",
        "10086001",
        "G-1",
        payment.sequence_no,
        payment.bill_period,
        str(payment.payment_id),
    ):
        assert secret not in told
    assert len(payment.order_no) == 32
    assert len(payment.sequence_no) <= 40
    assert order.notify_url == "https://counter.example/v1/notices/gas-wechat"


def test_the_same_key_gives_the_same_bytes(city: City) -> None:
    """The same key and request answer with the recorded bytes, also after the payment went on; there is one order."""
    wang = city.add_citizen()
    first = city.pay(wang)
    city.platforms[W].pay(city.order_no(first.payment_id))
    city.deliver()
    city.run_jobs()
    assert city.pay(wang).body == first.body
    assert json.loads(first.body)["payment_id"] == str(first.payment_id)
    assert len(city.platforms[W].orders) == 1


@pytest.mark.parametrize("change", [{"amount_fen": 1}, {"bill_no": "G-2"}, {"platform": A}])
def test_the_same_key_with_another_request_is_refused(city: City, change: dict[str, object]) -> None:
    """A key stands for one request: another amount, bill or till needs another key."""
    wang = city.add_citizen()
    city.pay(wang)
    with pytest.raises(IdempotencyKeyReused):
        city.pay(wang, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "x" * 129, "schlüssel", "a\nb"])
def test_a_key_must_have_a_form(city: City, key: str) -> None:
    """A key is 1 to 128 printable ASCII characters."""
    with pytest.raises(InputRefused):
        city.pay(city.add_citizen(), key=key)


def test_keys_of_two_people_are_two_keys(city: City) -> None:
    """The same key from another person is another key: the second meets the open order, not the first one's reply."""
    wang, li = city.add_citizen("wang"), city.add_citizen("li")
    city.pay(wang)
    with pytest.raises(BillHasOpenOrder):
        city.pay(li)


def test_two_people_pay_one_bill_at_the_same_moment(city: City) -> None:
    """Of two people paying one bill on the two platforms, exactly one gets an order."""
    people = [(city.add_citizen("wang"), W), (city.add_citizen("li"), A)]
    outcomes: list[object] = []

    def try_to_pay(place: int) -> None:
        try:
            outcomes.append(city.pay(*people[place]))
        except BillHasOpenOrder as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=try_to_pay, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BillHasOpenOrder", "PaymentReply"]
    assert sum(len(platform.orders) for platform in city.platforms.values()) == 1


def test_concurrent_duplicates_get_the_same_reply(city: City) -> None:
    """Requests with one key at the same moment end with one payment, one order and the same bytes."""
    wang = city.add_citizen()
    replies: list[bytes] = []
    threads = [threading.Thread(target=lambda: replies.append(city.pay(wang).body)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 4
    assert len(set(replies)) == 1
    assert len(city.platforms[W].orders) == 1


def test_a_changed_bill_is_not_paid(city: City) -> None:
    """The amount must be the bill's amount now; no order is made and the citizen learns the new one."""
    wang = city.add_citizen()
    city.gas.bills["G-1"].amount_fen = 9000
    with pytest.raises(BillChanged):
        city.pay(wang)
    assert not city.platforms[W].orders
    assert city.pay(wang, amount_fen=9000, key="k2").amount_fen == 9000


def test_a_bill_paid_at_the_hall_owes_nothing(city: City) -> None:
    """A bill that the company no longer shows is not paid again."""
    wang = city.add_citizen()
    city.gas.pay_at_hall("G-1")
    with pytest.raises(NothingOwed):
        city.pay(wang)


def test_a_written_off_bill_stays_claimed(city: City) -> None:
    """Even if the company still shows a bill that was written off, nobody pays it again."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    city.platforms[W].pay(city.order_no(reply.payment_id))
    city.deliver()
    city.run_jobs()
    city.gas.bills["G-1"].paid_by = None
    with pytest.raises(NothingOwed):
        city.pay(wang, A, key="k2")


def test_someone_elses_household_does_not_exist(city: City) -> None:
    """A household that the caller has not bound answers like one that does not exist."""
    wang, li = city.add_citizen("wang"), city.add_citizen("li")
    with city.store.begin(city.directory.all_agencies()) as tx:
        tx.households.unbind(li.household.household_id, li.person_id, city.clock.now())
    assert city.pay(wang)
    with pytest.raises(NotFound):
        city.pay(li)


def test_someone_elses_payment_does_not_exist(city: City) -> None:
    """Another citizen's payment id is not found: neither shown, nor cancelled, nor its receipt given."""
    wang, li = city.add_citizen("wang"), city.add_citizen("li")
    payment_id = city.pay(wang).payment_id
    for ask in (show_payment, cancel_payment, show_receipt):
        with pytest.raises(NotFound):
            ask(city.till, li.callers[W], payment_id)
    assert not list_payments(city.till, li.callers[W]).items
    assert [view.payment.payment_id for view in list_payments(city.till, wang.callers[A]).items] == [payment_id]


def test_payments_are_listed_in_pages(city: City) -> None:
    """Newest first, with a cursor while there may be more."""
    wang = city.add_citizen()
    made = []
    for number in range(3):
        city.add_bill(f"B-{number}")
        made.append(city.pay(wang, bill_no=f"B-{number}", key=f"k{number}").payment_id)
        city.clock.advance(1)
    page = list_payments(city.till, wang.callers[W], limit=2)
    assert [view.payment.payment_id for view in page.items] == made[:0:-1]
    rest = list_payments(city.till, wang.callers[W], before=made[1], limit=2)
    assert [view.payment.payment_id for view in rest.items] == made[:1]
    assert rest.next_cursor is None


def test_cancel_and_retry_on_the_other_platform(city: City) -> None:
    """A cancelled order is closed at the platform and frees the bill for the other one."""
    wang = city.add_citizen()
    first = city.pay(wang)
    with pytest.raises(BillHasOpenOrder):
        city.pay(wang, A, key="k2")
    assert cancel_payment(city.till, wang.callers[W], first.payment_id).state is S.CLOSED
    assert city.platforms[W].orders[city.order_no(first.payment_id)].state is TradeState.CLOSED
    assert cancel_payment(city.till, wang.callers[W], first.payment_id).state is S.CLOSED
    assert city.pay(wang, A, key="k3").state is S.AWAITING_PAYMENT


def test_a_cancelled_order_that_was_paid_is_paid(city: City) -> None:
    """Cancelling after the money was taken finds that out: the payment goes on and is written off."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    city.platforms[W].pay(city.order_no(reply.payment_id))
    assert cancel_payment(city.till, wang.callers[W], reply.payment_id).state is S.PAID
    city.run_jobs()
    assert city.state(reply.payment_id) is S.WRITTEN_OFF
    with pytest.raises(PaymentNotCancellable):
        cancel_payment(city.till, wang.callers[W], reply.payment_id)


def test_cancelling_while_the_platform_is_down_ends_later(city: City) -> None:
    """Without an answer the order stays closing and the bill claimed; the worker asks until it is closed."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    city.platforms[W].script.out_of_service = True
    assert cancel_payment(city.till, wang.callers[W], reply.payment_id).state is S.CLOSING
    city.wait(120)
    with pytest.raises(BillHasOpenOrder):
        city.pay(wang, A, key="k2")
    city.platforms[W].script.heal()
    city.wait_until_quiet()
    assert city.state(reply.payment_id) is S.CLOSED


@pytest.mark.parametrize("behaviour", ["timeout", "timeout_after", "unreachable"])
def test_an_unknown_order_is_repeated_with_the_same_number(city: City, behaviour: str) -> None:
    """When the platform gives no answer, the same key repeats the same order number: there is never a second order."""
    wang = city.add_citizen()
    city.platforms[W].script.plan("place_order", behaviour)
    with pytest.raises(Exception) as unknown:
        city.pay(wang)
    assert unknown.value.retryable  # type: ignore[attr-defined]
    reply = city.pay(wang)
    assert reply.state is S.AWAITING_PAYMENT
    assert list(city.platforms[W].orders) == [city.order_no(reply.payment_id)]


def test_an_unknown_order_without_a_retry_expires(city: City) -> None:
    """An order of which nobody heard again is closed at its end, and the bill is free."""
    wang = city.add_citizen()
    city.platforms[W].script.plan("place_order", "timeout_after")
    with pytest.raises(PlatformOutcomeUnknown):
        city.pay(wang)
    city.wait_until_quiet()
    [order] = city.platforms[W].orders.values()
    assert order.state is TradeState.CLOSED
    assert city.pay(wang, key="k2").state is S.AWAITING_PAYMENT


def test_a_refused_order_frees_the_bill_and_its_key_stays_refused(city: City) -> None:
    """A definite no ends the payment; the same key gives the same answer, a new key tries again."""
    wang = city.add_citizen()
    city.platforms[W].script.plan("place_order", "NO_AUTH")
    for _ in range(2):
        with pytest.raises(PlatformRefused, match="NO_AUTH"):
            city.pay(wang)
    assert city.pay(wang, key="k2").state is S.AWAITING_PAYMENT


def test_a_refusal_is_not_believed_when_the_order_is_there(city: City) -> None:
    """A repeated order that the platform refuses because it was paid already is paid."""
    wang = city.add_citizen()
    city.platforms[W].script.plan("place_order", "timeout_after")
    with pytest.raises(PlatformOutcomeUnknown):
        city.pay(wang)
    [order_no] = city.platforms[W].orders
    city.platforms[W].pay(order_no)
    reply = city.pay(wang)
    assert (reply.state, reply.client_parameters) == (S.PAID, {})
    city.run_jobs()
    assert city.state(reply.payment_id) is S.WRITTEN_OFF


def test_a_request_whose_order_ended_is_refused(city: City) -> None:
    """A key whose order expired before anybody got its parameters cannot be used any more."""
    wang = city.add_citizen()
    city.platforms[W].script.plan("place_order", "unreachable")
    with pytest.raises(Exception) as unreachable:
        city.pay(wang)
    assert unreachable.value.retryable  # type: ignore[attr-defined]
    city.wait_until_quiet()
    with pytest.raises(Conflict):
        city.pay(wang)
    assert not any(order.state is TradeState.UNPAID for order in city.platforms[W].orders.values())


@pytest.mark.parametrize(("behaviour", "error"), [("unreachable", BackEndUnreachable), ("batch_window", ServiceOff)])
def test_a_company_that_is_away_costs_nothing(city: City, behaviour: str, error: type[Exception]) -> None:
    """If the company cannot be asked what is owed, nothing is claimed and the same key works later."""
    wang = city.add_citizen()
    city.gas.script.plan("list_bills", behaviour)
    with pytest.raises(error):
        city.pay(wang)
    assert not city.store.tables.claims
    assert city.pay(wang).state is S.AWAITING_PAYMENT


def test_a_store_that_is_down_costs_nothing(city: City) -> None:
    """Without the store nothing is asked and nothing leaves."""
    wang = city.add_citizen()
    city.store.down = True
    with pytest.raises(StoreUnavailable):
        city.pay(wang)
    assert not city.platforms[W].told


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(8))
def test_a_killed_request_is_finished_by_the_same_key(city: City, step: int, moment: str) -> None:
    """Wherever the process dies, the same key ends with one payment and one order under one number."""
    wang = city.add_citizen()
    city.faults.die_in(step, moment)
    reply: PaymentReply | None = None
    try:
        reply = city.pay(wang)
    except KilledError:
        reply = city.pay(wang)
    city.faults.spare()
    assert reply.state is S.AWAITING_PAYMENT
    assert list(city.platforms[W].orders) == [city.order_no(reply.payment_id)]
    assert len(city.store.tables.payments) == 1
    assert city.pay(wang).body == reply.body


def test_polling_asks_the_platform_once_in_a_while(city: City) -> None:
    """When the notice is late, a screen that polls finds the payment, and does not hammer the platform."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    caller, platform = wang.callers[W], city.platforms[W]
    for _ in range(5):
        show_payment(city.till, caller, reply.payment_id)
    assert [name for name, _ in platform.told] == ["place_order"]
    city.clock.advance(30)
    for _ in range(5):
        show_payment(city.till, caller, reply.payment_id)
    assert [name for name, _ in platform.told] == ["place_order", "query_order"]
    platform.pay(city.order_no(reply.payment_id))
    city.clock.advance(30)
    assert show_payment(city.till, caller, reply.payment_id).state is S.PAID


def test_no_receipt_before_the_write_off(city: City) -> None:
    """A receipt proves a write-off, so a payment that only arrived has none."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    city.platforms[W].pay(city.order_no(reply.payment_id))
    city.deliver()
    with pytest.raises(ReceiptNotReady):
        show_receipt(city.till, wang.callers[W], reply.payment_id)


def test_every_call_names_payer_and_holder(city: City) -> None:
    """Each call to the platform is disclosed with the payer as actor, the holder as concerned, the payment as subject."""
    wang = city.add_citizen()
    reply = city.pay(wang)
    city.wait_until_quiet()
    payment = city.file(reply.payment_id).payment
    assert {name for name, _ in city.platforms[W].told} == {"place_order", "query_order", "close_order"}
    for _, told in city.platforms[W].told:
        assert (told.actor, told.concerned, told.subject) == (
            payment.payer_chain_id,
            (payment.holder_chain_id,),
            payment.payment_id,
        )
