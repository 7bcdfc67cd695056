"""Prepaid: the payer chooses the amount within the mapping's limits; each top-up stands for itself, a double tap does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.bills import BillDesk
from services.errors import IdempotencyKeyReused, InputRefused, NothingOwed, ServiceOff
from services.mapping import PaymentTerms, ServiceMapping
from services.model import Language, PaymentState
from services.payment_replies import PaymentReply
from services.payments import pay_bill
from services.ports import BackEnd
from services.receipts import show_receipt
from tests.fake_city import CATALOGUE, Citizen, City, W
from tests.fakes import FakeLimiter

AFTER = {Language.ZH_CN: "IC 卡须写卡。", Language.EN: "Write the card at a machine."}
TERMS = PaymentTerms(amount="chosen", minimum_fen=1000, maximum_fen=50_000, step_fen=500, after=AFTER)


@pytest.fixture
def city() -> City:
    made = City()
    prepaid = replace(CATALOGUE.service("gas-bill"), payment=TERMS)
    made.till = replace(made.till, catalogue=replace(CATALOGUE, services={**CATALOGUE.services, "gas-bill": prepaid}))
    return made


def top_up(
    city: City, citizen: Citizen, amount_fen: int = 10_000, key: str = "k1", ref: str | None = None
) -> PaymentReply:
    """The citizen asks to pay this much."""
    return pay_bill(city.till, citizen.callers[W], city.household_ref(citizen), ref, amount_fen, key)


def test_a_top_up_is_paid_and_written_off_under_its_own_number(city: City) -> None:
    """No bill is asked for; the number says what it is; the receipt says what is left to do, and has no period and no lines."""
    wang = city.add_citizen()
    payment_id = top_up(city, wang).payment_id
    payment = city.file(payment_id).payment
    assert (payment.bill_no, payment.bill_period, payment.items) == (f"topup-{payment.sequence_no}", "", ())
    city.platforms[W].pay(city.order_no(payment_id))
    city.deliver()
    city.run_jobs()
    assert city.state(payment_id) is PaymentState.WRITTEN_OFF
    assert city.books(payment_id) == (10_000, 0, 10_000)
    assert [name for name, _ in city.gas.calls if name == "list_bills"] == []
    receipt = show_receipt(city.till, wang.callers[W], payment_id)
    assert (receipt.after, receipt.bill_period, receipt.items) == ("IC 卡须写卡。", "", ())


@pytest.mark.parametrize(("amount_fen", "rule"), [
    (999, "minimum"), (0, "minimum"), (-10_000, "minimum"), (50_001, "maximum"), (10**11, "maximum"), (1001, "step"), (1499, "step"),
])  # fmt: skip
def test_an_amount_outside_the_terms_is_refused(city: City, amount_fen: int, rule: str) -> None:
    """Below, above, between the steps: refused by its rule, and nothing is opened."""
    with pytest.raises(InputRefused) as caught:
        top_up(city, city.add_citizen(), amount_fen)
    assert caught.value.detail == {"amount_fen": rule}
    assert city.store.tables.payments == {}


@pytest.mark.parametrize("amount_fen", [1000, 1500, 50_000])
def test_the_limits_themselves_are_allowed(city: City, amount_fen: int) -> None:
    """Both ends and each step."""
    assert top_up(city, city.add_citizen(), amount_fen).amount_fen == amount_fen


def test_a_double_tap_is_one_top_up_and_two_keys_are_two(city: City) -> None:
    """The same key is the same payment, whatever is open; another key another one, at the same time."""
    wang = city.add_citizen()
    first = top_up(city, wang)
    assert top_up(city, wang).body == first.body
    assert top_up(city, wang, key="k2").payment_id != first.payment_id
    with pytest.raises(IdempotencyKeyReused):
        top_up(city, wang, 20_000)


def test_a_bill_s_reference_is_none_of_a_top_up(city: City) -> None:
    """And a bill cannot be paid without one."""
    wang = city.add_citizen()
    with pytest.raises(InputRefused) as caught:
        top_up(city, wang, ref="x" * 32)
    assert caught.value.detail == {"bill_ref": "not_null"}
    city.till = replace(city.till, catalogue=CATALOGUE)
    city.add_bill()
    with pytest.raises(InputRefused) as caught:
        top_up(city, wang, 8640, key="k3")
    assert caught.value.detail == {"bill_ref": "required"}
    with pytest.raises(NothingOwed):
        top_up(city, wang, 8640, key="k2", ref="x" * 32)


def test_bills_of_a_prepaid_service_are_its_terms(city: City) -> None:
    """Nothing is owed; the company is not asked."""
    wang = city.add_citizen()
    desk = BillDesk(city.till.catalogue, city.till.back_end_of, FakeLimiter(city.clock), city.till.keyed_hash)
    shown = desk.list_bills(wang.callers[W], wang.household)
    assert (shown.bills, shown.chosen) == ((), TERMS)
    assert city.gas.calls == []


def test_switched_off_nothing_new_is_opened_and_what_is_open_goes_on(city: City) -> None:
    """A payment under way is paid and written off; its own key still answers; its bills and a new one are refused with the sentence."""
    wang = city.add_citizen()
    first = top_up(city, wang)
    off = {"gas-bill": {Language.ZH_CN: "检修", Language.EN: "Maintenance"}}
    city.till = replace(city.till, catalogue=replace(city.till.catalogue, switched_off=off))
    desk = BillDesk(city.till.catalogue, city.till.back_end_of, FakeLimiter(city.clock), city.till.keyed_hash)
    with pytest.raises(ServiceOff) as caught:
        top_up(city, wang, key="k2")
    assert caught.value.detail == {"sentence": off["gas-bill"]}
    with pytest.raises(ServiceOff):
        desk.list_bills(wang.callers[W], wang.household)
    assert top_up(city, wang).body == first.body
    city.platforms[W].pay(city.order_no(first.payment_id))
    city.deliver()
    city.run_jobs()
    assert city.state(first.payment_id) is PaymentState.WRITTEN_OFF


def test_a_payment_goes_on_with_the_version_it_began_with(city: City) -> None:
    """A newer version neither writes off nor explains an older payment."""
    wang = city.add_citizen()
    payment_id = top_up(city, wang).payment_id
    older = city.till.catalogue.service("gas-bill")
    newer = replace(older, version=older.version + 1)
    asked: list[int] = []

    def find(mapping: ServiceMapping) -> BackEnd:
        asked.append(mapping.version)
        return city.gas

    services = {**city.till.catalogue.services, "gas-bill": newer}
    history = {("gas-bill", older.version): older}
    city.till = replace(
        city.till,
        catalogue=replace(CATALOGUE, services=services, history=lambda *at: history.get(at)),
        back_end_of=find,
    )
    city.platforms[W].pay(city.order_no(payment_id))
    city.deliver()
    city.run_jobs()
    assert city.state(payment_id) is PaymentState.WRITTEN_OFF
    assert set(asked) == {older.version}
