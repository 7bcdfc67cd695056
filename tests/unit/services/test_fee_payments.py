"""Government fees: the bill is the treasury's notice, WeChat's order names it, the treasury's record decides."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.bills import read_bills
from services.errors import (
    BackEndGarbled,
    BillChanged,
    BillHasOpenOrder,
    NothingOwed,
    NoticeRefused,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
)
from services.exposure import Disclosure
from services.model import PaymentState, PlacedOrder, TradeState
from services.non_tax import read_non_tax, write_non_tax
from services.notices import accept_notice
from services.orders import PLATFORM_ORDER, find_placed, record_placed
from services.payment_replies import PaymentReply
from services.payments import cancel_payment, pay_bill, show_payment
from services.receipts import show_receipt
from tests.fake_city import Citizen
from tests.fake_fees import SERVICE, A, FakeFeePlatform, FeeCity, W

S = PaymentState
WORDS = {"notice_no", "fee_items", "department", "region"}


@pytest.fixture
def city() -> FeeCity:
    made = FeeCity()
    made.add_fine()
    return made


def pay(city: FeeCity, citizen: Citizen, key: str = "k1", **more: Any) -> PaymentReply:
    return city.pay(citizen, more.pop("platform", W), bill_no="N-1", amount_fen=20600, key=key)


def test_a_fee_is_paid_and_written_off_at_the_treasury(city: FeeCity) -> None:
    """Order amount, sum of the items and the treasury's receipt are one number, and the receipt shows the treasury's own."""
    wang = city.add_payer()
    reply = pay(city, wang)
    number = city.number_of(reply.payment_id)
    order = city.wechat.books[number].order
    assert order.non_tax is not None
    assert order.amount_fen == order.non_tax.notice.amount_fen == 20600
    assert (order.non_tax.department_code, order.non_tax.region_code) == ("104001", "110101")
    assert json.loads(reply.body)["client_parameters"]["path"].endswith(number)
    assert city.wechat.pay_fee(number)
    city.deliver()
    city.run_jobs()
    receipt = show_receipt(city.till, wang.callers[W], reply.payment_id)
    assert city.treasury.write_offs[receipt.receipt_no] == (receipt.write_off_reference, "N-1", 20600)


def test_the_law_of_the_fee_stands_in_its_records(city: FeeCity) -> None:
    """On WeChat each disclosure of the payment names the fee's law beside the service's; on Alipay, which sees no notice, it does not."""
    wang, mapping = city.add_payer(), city.till.catalogue.service(SERVICE)
    assert mapping.payment.non_tax is not None
    pay(city, wang)
    told = [disclosure for operation, disclosure in city.wechat.told if operation == "place_order"]
    assert [one.legal_basis for one in told] == [f"{mapping.legal_basis}；{mapping.payment.non_tax.legal_basis}"]
    city.treasury.bills.clear()
    city.add_fine("N-2")
    city.pay(wang, A, bill_no="N-2", amount_fen=20600, key="k2")
    assert [one.legal_basis for _, one in city.platforms[A].told] == [mapping.legal_basis]


def test_on_alipay_it_is_an_ordinary_order_and_the_same_write_off(city: FeeCity) -> None:
    """Alipay takes an order under our number; the treasury writes the notice off just the same."""
    wang = city.add_payer()
    payment_id = pay(city, wang, platform=A).payment_id
    order_no = city.order_no(payment_id)
    assert city.platforms[A].pay(order_no)
    city.deliver(A)
    city.run_jobs()
    assert city.state(payment_id) is S.WRITTEN_OFF
    assert not city.wechat.books


SPOILED: list[dict[str, Any]] = [
    {"payment_notice_no": "N-2"},
    {"items": []},
    {"items": [{"no": 1, "item_id": "1", "item_name": "罚款", "fee_fen": 20599, "overdue_fen": 0, "penalty_fen": 0}]},
    {"items": [{"no": 1, "item_id": "1", "item_name": "罚款", "fee_fen": 20600, "overdue_fen": 20601, "penalty_fen": 0}]},
    {"items": [{"no": 1, "item_id": "1", "item_name": "罚款", "fee_fen": 20600.0, "overdue_fen": 0, "penalty_fen": 0}]},
    {"items": [{"no": True, "item_id": "1", "item_name": "罚款", "fee_fen": 20600, "overdue_fen": 0, "penalty_fen": 0}]},
    {"created_on": "20261120"[:6]},
    {"created_on": None},
]  # fmt: skip


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_notice_that_is_not_the_bill_is_garbled(city: FeeCity, spoiled: dict[str, Any]) -> None:
    """Another number, items that do not add up, a surcharge above its fee, a float, no day: no order is made."""
    wang = city.add_payer()
    city.treasury.spoil = spoiled
    with pytest.raises(BackEndGarbled):
        pay(city, wang)
    assert not city.wechat.books


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=20), st.integers(-1, 1))
def test_items_and_amount_are_one_number(fees: list[int], off: int) -> None:
    """A bill is read exactly if its amount is the sum of its items, to the fen."""
    items = [
        {"no": no, "item_id": str(no), "item_name": "费", "fee_fen": fee, "overdue_fen": 0, "penalty_fen": 0}
        for no, fee in enumerate(fees, 1)
    ]
    notice = {"payment_notice_no": "N-1", "created_on": "2026-11-20", "expires_on": None, "items": items}
    bill = {"bill_no": "N-1", "period": "2026-11", "amount_fen": sum(fees) + off, "due_on": None, "notice": notice}
    if off:
        with pytest.raises(BackEndGarbled):
            read_bills({"bills": [bill]}, model="non-tax")
    else:
        (read,) = read_bills({"bills": [bill]}, model="non-tax")
        assert read.notice is not None
        assert read.amount_fen == read.notice.amount_fen == sum(fees)


def test_a_bill_of_another_model_has_no_notice(city: FeeCity) -> None:
    """The model of the mapping decides: without a notice a fee is garbled, and an ordinary bill takes none."""
    bill = {"bill_no": "N-1", "period": "2026-11", "amount_fen": 100, "due_on": None}
    with pytest.raises(BackEndGarbled):
        read_bills({"bills": [bill]}, model="non-tax")
    assert read_bills({"bills": [{**bill, "notice": {"payment_notice_no": "N-1"}}]})[0].notice is None


def test_the_notice_survives_the_store(city: FeeCity) -> None:
    """What is written of a fee is read again as it was."""
    payment_id = pay(city, city.add_payer()).payment_id
    fee = city.file(payment_id).payment.non_tax
    assert fee is not None
    assert read_non_tax(json.loads(json.dumps(write_non_tax(fee)))) == fee


def test_paid_at_a_bank_before_the_order(city: FeeCity) -> None:
    """What the treasury no longer has open is not ordered."""
    wang = city.add_payer()
    city.treasury.pay_at_hall("N-1")
    with pytest.raises(NothingOwed):
        pay(city, wang)
    assert not city.wechat.books


def test_another_amount_at_the_treasury_is_shown_first(city: FeeCity) -> None:
    """A surcharge that came meanwhile is not taken without asking."""
    wang = city.add_payer()
    city.treasury.bills["N-1"].amount_fen = 21600
    with pytest.raises(BillChanged):
        pay(city, wang)


def test_paid_at_a_bank_while_the_order_was_open(city: FeeCity) -> None:
    """The treasury's record is authoritative: it says paid already, so the money goes back, once."""
    wang = city.add_payer()
    payment_id = pay(city, wang).payment_id
    city.treasury.pay_at_hall("N-1")
    assert city.wechat.pay_fee(city.number_of(payment_id))
    city.deliver()
    city.wait_until_quiet()
    assert city.state(payment_id) is S.REFUNDED
    assert city.wechat.books[city.number_of(payment_id)].refunds == {city.file(payment_id).payment.refund_no: 20600}
    assert show_payment(city.till, wang.callers[W], payment_id).refund_reason == "already_paid"


def test_a_lost_notice_is_found_by_asking(city: FeeCity) -> None:
    """Without any notice the payment is found."""
    payment_id = pay(city, city.add_payer()).payment_id
    city.wechat.pay_fee(city.number_of(payment_id))
    city.wechat.outbox.clear()
    city.wait(31)
    assert city.state(payment_id) is S.WRITTEN_OFF


def test_a_notice_decides_nothing(city: FeeCity) -> None:
    """A notice about an unpaid order leads to a question, and the answer says unpaid."""
    payment_id = pay(city, city.add_payer()).payment_id
    city.wechat.ring(city.number_of(payment_id))
    assert city.deliver() == [S.AWAITING_PAYMENT]
    assert ("confirm_payment", city.file(payment_id).payment.agency_id, payment_id) in city.store.tables.queue
    city.run_jobs()
    assert city.names(payment_id) == ["payment_intended", "order_placed"]


def test_a_duplicate_asks_once(city: FeeCity) -> None:
    """The same notice again is acknowledged and asks nothing."""
    payment_id = pay(city, city.add_payer()).payment_id
    notice = city.wechat.ring(city.number_of(payment_id))
    city.deliver()
    city.run_jobs()
    asked = len(city.wechat.told)
    accept_notice(city.till, notice)
    city.run_jobs()
    assert len(city.wechat.told) == asked


def test_a_late_notice_of_a_settled_payment_changes_nothing(city: FeeCity) -> None:
    """After the write-off a notice is acknowledged, and nothing is asked."""
    payment_id = pay(city, city.add_payer()).payment_id
    number = city.number_of(payment_id)
    city.wechat.pay_fee(number)
    city.deliver()
    city.run_jobs()
    before = city.names(payment_id)
    city.wechat.ring(number)
    assert city.deliver() == [S.WRITTEN_OFF]
    assert not city.store.tables.queue
    assert city.names(payment_id) == before


def test_a_notice_of_an_order_that_is_not_ours(city: FeeCity) -> None:
    """An unknown number, and ours at another account's address, are refused."""
    payment_id = pay(city, city.add_payer()).payment_id
    for notice in (city.wechat.ring("AQ999999"), city.wechat.ring(city.number_of(payment_id), "gas-wechat")):
        with pytest.raises(NoticeRefused, match="unknown_order"):
            accept_notice(city.till, notice)


def test_a_repeat_gives_the_order_that_was_made(city: FeeCity) -> None:
    """After a crash between order and reply the same key gives the same page: a second order would be one that we do not know."""
    wang = city.add_payer()
    first = pay(city, wang)
    for key, (payment_id, digest, _) in city.store.tables.keys.items():
        city.store.tables.keys[key] = (payment_id, digest, None)
    assert pay(city, wang).body == first.body
    assert len(city.wechat.books) == 1


def test_of_two_orders_at_one_time_one_counts(city: FeeCity) -> None:
    """The order that was recorded first is what the client gets, whoever made the later one."""
    wang = city.add_payer()
    payment_id = pay(city, wang).payment_id
    payment = city.file(payment_id).payment
    file = record_placed(city.till, payment, PlacedOrder("AQ777777", {"appId": "x", "path": "y"}))
    placed = find_placed(file)
    assert placed is not None
    assert placed.platform_order == city.number_of(payment_id) != "AQ777777"


def test_an_order_without_an_answer_can_be_made_again(city: FeeCity) -> None:
    """Nobody was given what opens the first one; the second is the payment's order."""
    wang = city.add_payer()
    city.wechat.script.plan("place_order", "timeout_after")
    with pytest.raises(PlatformOutcomeUnknown):
        pay(city, wang)
    payment_id = pay(city, wang).payment_id
    assert len(city.wechat.books) == 2
    assert city.wechat.pay_fee(city.number_of(payment_id))
    city.deliver()
    city.run_jobs()
    assert city.state(payment_id) is S.WRITTEN_OFF


def test_a_number_that_another_payment_has_is_not_believed(city: FeeCity) -> None:
    """WeChat's number belongs to one payment; given twice, it is garbled and the second payment has no order."""
    wang = city.add_payer()
    number = city.number_of(pay(city, wang).payment_id)
    city.add_fine("N-2")
    city.wechat.next_number = number
    with pytest.raises(PlatformGarbled, match=PLATFORM_ORDER):
        city.pay(wang, bill_no="N-2", amount_fen=20600, key="k2")


def test_a_cancelled_fee_waits_for_the_platform(city: FeeCity) -> None:
    """WeChat has no way to close: the payment stays closing and the notice taken, until WeChat has closed the order by itself."""
    wang = city.add_payer()
    payment_id = pay(city, wang).payment_id
    assert cancel_payment(city.till, wang.callers[W], payment_id).state is S.CLOSING
    city.wait(60)
    with pytest.raises(BillHasOpenOrder):
        pay(city, wang, key="k2")
    city.wechat.close_by_itself(city.number_of(payment_id))
    city.wait_until_quiet()
    assert city.state(payment_id) is S.CLOSED
    assert pay(city, wang, key="k3").state is S.AWAITING_PAYMENT


def test_a_fee_paid_while_it_was_being_cancelled(city: FeeCity) -> None:
    """It is paid, and written off."""
    wang = city.add_payer()
    payment_id = pay(city, wang).payment_id
    cancel_payment(city.till, wang.callers[W], payment_id)
    assert city.wechat.pay_fee(city.number_of(payment_id))
    city.deliver()
    city.run_jobs()
    assert city.state(payment_id) is S.WRITTEN_OFF


ACTS = st.lists(
    st.sampled_from(
        ["pay", "order", "ring", "deliver", "cancel", "bank", "close", "surcharge", "work", "minute", "hour"]
    ),
    min_size=1,
    max_size=14,
)


@given(ACTS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_money_is_never_lost_or_doubled(acts: list[str]) -> None:
    """Whatever happens in whatever order: in the end each fen that WeChat took was written off once or given back once."""
    city = FeeCity()
    city.add_fine()
    wang = city.add_payer()
    for place, act in enumerate(["order", *acts]):
        _act(city, wang, act, f"k{place}")
    for number in city.wechat.books:
        city.wechat.close_by_itself(number)
    city.deliver()
    city.wait_until_quiet()
    written = {serial: fen for serial, (_, _, fen) in city.treasury.write_offs.items()}
    for payment_id, payment in city.store.tables.payments.items():
        assert payment.non_tax is not None
        assert payment.amount_fen == payment.non_tax.notice.amount_fen
        placed = find_placed(city.file(payment_id))
        order = city.wechat.books[placed.platform_order] if placed else None
        took = order is not None and order.state in (TradeState.PAID, TradeState.REFUNDED)
        back = sum(order.refunds.values()) if order else 0
        assert (payment.amount_fen if took else 0) == back + written.get(payment.sequence_no, 0)
        assert city.state(payment_id) in (S.CLOSED, S.REFUSED, S.WRITTEN_OFF, S.REFUNDED)
    assert sum(written.values()) <= max(city.treasury.bills["N-1"].amount_fen, 20600)


def _act(city: FeeCity, wang: Citizen, act: str, key: str) -> None:
    """One thing that a citizen, WeChat, a bank or time does."""
    number, bill = list(city.wechat.books)[-1:], city.treasury.bills["N-1"]
    payment_id = list(city.store.tables.payments)[-1] if city.store.tables.payments else None
    if act == "order":
        with contextlib.suppress(BillHasOpenOrder, NothingOwed, PlatformRefused):
            city.pay(wang, bill_no="N-1", amount_fen=bill.amount_fen, key=key)
    elif act == "cancel" and payment_id and city.state(payment_id) in (S.INTENDED, S.AWAITING_PAYMENT):
        cancel_payment(city.till, wang.callers[W], payment_id)
    elif act == "surcharge" and bill.paid_by is None:
        bill.amount_fen += 1000
    elif act in BY_ITSELF:
        BY_ITSELF[act](city)
    elif act in AT_WECHAT and number:
        AT_WECHAT[act](city.wechat, number[0])


BY_ITSELF: dict[str, Callable[[FeeCity], object]] = {
    "deliver": lambda city: city.deliver(),
    "bank": lambda city: city.treasury.pay_at_hall("N-1"),
    "work": lambda city: city.run_jobs(),
    "minute": lambda city: city.wait(60),
    "hour": lambda city: city.wait(3600),
}
AT_WECHAT: dict[str, Callable[[FakeFeePlatform, str], object]] = {
    "pay": FakeFeePlatform.pay_fee,
    "ring": FakeFeePlatform.ring,
    "close": FakeFeePlatform.close_by_itself,
}


def test_other_bills_have_no_notice(city: FeeCity) -> None:
    """An ordinary bill of the same city is ordered under our number, without a claim on the platform's."""
    city.add_bill()
    gas = city.add_citizen("li")
    payment_id = city.pay(gas, key="k9").payment_id
    assert city.file(payment_id).payment.non_tax is None
    assert not [kind for _, kind, _ in city.store.tables.claims if kind == PLATFORM_ORDER]
    told: Disclosure = city.wechat.told[-1][1]
    assert not WORDS & {word for words in told.budget.values() for word in words}


def test_the_same_key_with_another_fee_is_refused(city: FeeCity) -> None:
    """The key belongs to what was asked for first."""
    wang = city.add_payer()
    pay(city, wang)
    city.add_fine("N-2")
    with pytest.raises(Exception, match="idempotency_key_reused"):
        pay_bill(city.till, wang.callers[W], city.household_ref(wang), city.bill_ref(wang, "N-2"), 20600, "k1")
