"""Paying at the same moment, on every implementation of the store: claims and versions decide, not luck."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import count

import pytest

from services.errors import BillHasOpenOrder
from services.model import PaymentState
from services.notices import accept_notice
from services.orders import read_file
from services.write_offs import write_off_payment
from tests.contract.samples import Bench
from tests.fake_city import A, City, W

_numbers = count(1)


@pytest.fixture
def city(bench: Bench) -> City:
    ids = {"demo-city": bench.city, "demo-gas-office": bench.gas, "demo-water-office": bench.water}
    return City((bench.store, ids))


@pytest.fixture
def bill(city: City) -> str:
    return city.add_bill(f"C-{next(_numbers)}-{id(city)}")


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Run all of them at the same moment; what they gave, or the error that stopped them."""
    barrier, outcomes = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes.append(act())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_duplicates_at_the_same_moment_get_one_payment(city: City, bill: str) -> None:
    """Requests with one key at once end with one payment, one order and the same bytes."""
    wang = city.add_citizen(bill)
    outcomes = at_once([lambda: city.pay(wang, bill_no=bill, key=bill).body] * 5)
    assert len(outcomes) == 5
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], bytes)
    assert len(city.platforms[W].orders) == 1


def test_two_people_at_the_same_moment_get_one_order(city: City, bill: str) -> None:
    """Of several people paying one bill on both platforms at once, exactly one gets an order."""
    people = [city.add_citizen(f"{bill}-{number}") for number in range(4)]
    pairs = list(zip(people, (W, A, W, A), strict=True))
    outcomes = at_once(
        [lambda who=who, where=where: city.pay(who, where, bill_no=bill, key="same") for who, where in pairs]  # type: ignore[misc]
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BillHasOpenOrder)]
    assert len(refused) == 3, outcomes
    assert sum(len(platform.orders) for platform in city.platforms.values()) == 1


def test_notices_at_the_same_moment_confirm_once(city: City, bill: str) -> None:
    """The same notice and others of the same payment, all at once, add one event."""
    payment_id = city.pay(city.add_citizen(bill), bill_no=bill, key=bill).payment_id
    payment = read_file(city.till, city.directory.agency_id("demo-gas-office"), payment_id).payment
    city.platforms[W].pay(payment.order_no)
    [notice] = city.platforms[W].outbox
    others = [city.platforms[W].notify_trade(payment.order_no) for _ in range(2)]
    outcomes = at_once([lambda one=one: accept_notice(city.till, one) for one in (notice, notice, *others)])  # type: ignore[misc]
    assert outcomes == [PaymentState.PAID] * 4
    file = read_file(city.till, payment.agency_id, payment_id)
    assert [event.name for event in file.events].count("payment_confirmed") == 1


def test_workers_at_the_same_moment_write_off_once(city: City, bill: str) -> None:
    """One job run by several workers at once ends with one write-off."""
    payment_id = city.pay(city.add_citizen(bill), bill_no=bill, key=bill).payment_id
    agency_id = city.directory.agency_id("demo-gas-office")
    payment = read_file(city.till, agency_id, payment_id).payment
    city.platforms[W].pay(payment.order_no)
    city.deliver()
    at_once([lambda: write_off_payment(city.till, agency_id, payment_id, "request")] * 4)
    assert len(city.gas.write_offs) == 1
    file = read_file(city.till, agency_id, payment_id)
    assert file.state is PaymentState.WRITTEN_OFF
    assert file.payment.items[0].amount_fen == 8640
