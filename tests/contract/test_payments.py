"""The contract of ``PaymentStore``."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.errors import NotFound, VersionTaken
from services.model import PaymentState, PlatformName
from services.non_tax import FeeItem, NonTaxOrder, PaymentNotice
from tests.contract.samples import NOW, Bench, make_event, make_payment


def test_what_was_opened_is_loaded(bench: Bench) -> None:
    """A payment comes back exactly as it was opened, with its events in order."""
    payment = make_payment(bench)
    first, second = make_event(payment, 1), make_event(payment, 2, PaymentState.PAID, amount_fen=8640)
    with bench.store.begin([bench.gas]) as tx:
        tx.payments.open(payment, first)
        tx.payments.append(bench.gas, second)
    with bench.store.begin([bench.gas]) as tx:
        assert tx.payments.load(payment.payment_id) == (payment, [first, second])
        assert tx.payments.find_by_order(payment.order_no) == (payment, [first, second])


def test_version_is_taken_once(bench: Bench) -> None:
    """A second event with the same version is refused, also in another month, and leaves nothing."""
    payment = make_payment(bench)
    with bench.store.begin([bench.gas]) as tx:
        tx.payments.open(payment, make_event(payment, 1))
    with bench.store.begin([bench.gas]) as tx:
        tx.payments.append(bench.gas, make_event(payment, 2, at=NOW))
    with pytest.raises(VersionTaken), bench.store.begin([bench.gas]) as tx:
        tx.payments.append(bench.gas, make_event(payment, 2, at=NOW + timedelta(days=45)))
    with bench.store.begin([bench.gas]) as tx:
        found = tx.payments.load(payment.payment_id)
    assert found is not None
    assert [event.version for event in found[1]] == [1, 2]


def test_simultaneous_writers_have_one_winner(bench: Bench) -> None:
    """Of many that append the same version at once, one succeeds."""
    payment = make_payment(bench)
    with bench.store.begin([bench.gas]) as tx:
        tx.payments.open(payment, make_event(payment, 1))
    outcomes: list[str] = []
    ready = threading.Barrier(6)

    def append() -> None:
        ready.wait()
        try:
            with bench.store.begin([bench.gas]) as tx:
                tx.payments.append(bench.gas, make_event(payment, 2))
            outcomes.append("won")
        except VersionTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=append) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["taken"] * 5 + ["won"]


def test_rollback_leaves_nothing(bench: Bench) -> None:
    """An exception in the block undoes all of it."""
    payment = make_payment(bench)

    def open_and_fail() -> None:
        with bench.store.begin([bench.gas]) as tx:
            tx.payments.open(payment, make_event(payment, 1))
            tx.persons.load(payment.payment_id)

    with pytest.raises(NotFound):
        open_and_fail()
    with bench.store.begin([bench.gas]) as tx:
        assert tx.payments.load(payment.payment_id) is None


def test_another_agency_sees_nothing(bench: Bench) -> None:
    """A transaction of one agency does not see another's payment, by id or by order."""
    payment = make_payment(bench)
    with bench.store.begin([bench.gas]) as tx:
        tx.payments.open(payment, make_event(payment, 1))
    with bench.store.begin([bench.water]) as tx:
        assert tx.payments.load(payment.payment_id) is None
        assert tx.payments.find_by_order(payment.order_no) is None


def test_list_is_newest_first_and_paged(bench: Bench) -> None:
    """A person's payments come newest first with all their events; a cursor goes on where the page ended."""
    person_id = make_payment(bench).person_id
    made = [make_payment(bench, person_id, NOW + timedelta(minutes=step)) for step in range(4)]
    with bench.store.begin([bench.gas]) as tx:
        for payment in made:
            tx.payments.open(payment, make_event(payment, 1))
            tx.payments.append(bench.gas, make_event(payment, 2, PaymentState.PAID))
        other = make_payment(bench)
        tx.payments.open(other, make_event(other, 1))
    with bench.store.begin(bench.all) as tx:
        page = tx.payments.list_of_persons([person_id], 3, None)
        rest = tx.payments.list_of_persons([person_id], 3, page[-1][0].payment_id)
        assert tx.payments.list_of_persons([], 3, None) == []
        assert tx.payments.list_of_persons([person_id], 3, None, PlatformName.WECHAT) == page
        assert tx.payments.list_of_persons([person_id], 3, None, PlatformName.ALIPAY) == []
    assert [payment for payment, _ in page + rest] == made[::-1]
    assert [[event.version for event in events] for _, events in page + rest] == [[1, 2]] * 4
    assert {event.payment_id for _, events in page[:1] for event in events} == {made[3].payment_id}


def test_a_payment_notice_comes_back_as_it_was(bench: Bench) -> None:
    """What an order of a government fee said is kept whole, with days and items; a payment of another kind has none."""
    items = (FeeItem(1, "103050101", "罚款", 20000), FeeItem(2, "103050102", "加处罚款", 600, 0, 600))
    for last in (date(2026, 12, 10), None):
        fee = NonTaxOrder(
            PaymentNotice(f"N{uuid4().hex[:10]}", date(2026, 11, 20), last, items), "104001", "某单位", "110101"
        )
        payment = make_payment(bench, bill_no=fee.notice.payment_notice_no, non_tax=fee)
        with bench.store.begin([bench.gas]) as tx:
            tx.payments.open(payment, make_event(payment, 1))
        with bench.store.begin([bench.gas]) as tx:
            found = tx.payments.load(payment.payment_id)
        assert found is not None
        assert found[0].non_tax == fee
