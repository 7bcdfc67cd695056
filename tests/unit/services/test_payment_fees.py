"""Money that is taken for what no list names: told to supervision, wherever it was taken, once, and never in the way of the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest

from services.alert_facts import FEE_OF_PAYMENT, list_charged, plan_payment_fact
from services.alert_record import PlannedAlert, Rung
from services.errors import ServiceUnknown
from services.mapping import ServiceMapping
from services.model import BillItem, Language, Payment, PaymentEvent, PaymentState
from services.non_tax import FeeItem, NonTaxOrder, PaymentNotice
from services.payment_events import PaymentFile, Step, write_step
from tests.fake_city import City
from tests.fake_fees import SERVICE, FeeCity, W
from tests.fake_window import Hall

NAMED = "道路交通违法罚款"
"""What the treasury of the tests calls its item."""


class Listed:
    """A catalogue in which one service publishes these fees; None: it is nowhere to be found."""

    def __init__(self, catalogue: Any, service: str, fees: tuple[Mapping[str, Any], ...] | None) -> None:
        self.catalogue, self.of, self.fees = catalogue, service, fees

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalogue, name)

    def service_at(self, service: str, version: int) -> ServiceMapping:
        found: ServiceMapping = self.catalogue.service_at(service, version)
        if service != self.of:
            return found
        if self.fees is None:
            raise ServiceUnknown
        return replace(found, fees=self.fees, raw={**found.raw, "fees": list(self.fees)})


def fee(name: str, amount_fen: int | None = None) -> Mapping[str, Any]:
    """An entry of a list."""
    amount = {} if amount_fen is None else {"amount_fen": amount_fen}
    return {"name": {Language.ZH_CN: name, Language.EN: "A fee"}, "legal_ground": "试", **amount}


def planned(city: City) -> list[PlannedAlert]:
    """What supervision will be told."""
    return [one for one in city.store.tables.counter.planned.values() if one.rung is Rung.FACT]


@pytest.mark.parametrize(
    ("published", "told"),
    [
        ((fee(NAMED),), False), ((fee(NAMED, 20000),), False), ((fee("道路交通违法罚款（其他）"),), True),
        ((fee(NAMED, 100),), True), ((fee("工本费"),), True), ((), True),
    ],
)  # fmt: skip
def test_a_government_fee_on_a_platform_is_held_against_the_list(published: Any, told: bool) -> None:
    """By name, and by the amount where the list has one, surcharge and penalty aside; a notice that comes twice tells once."""
    city = FeeCity()
    city.till = replace(city.till, catalogue=cast("Any", Listed(city.till.catalogue, SERVICE, published)))
    city.add_fine()
    wang = city.add_payer()
    reply = city.pay(wang, W, bill_no="N-1", amount_fen=20600, key="k1")
    assert planned(city) == []
    number = city.number_of(reply.payment_id)
    assert city.wechat.pay_fee(number)
    city.wechat.ring(number)
    city.deliver()
    city.run_jobs()
    found = planned(city)
    assert bool(found) is told
    for one in found:
        payment, events = city.store.tables.payments[reply.payment_id], city.store.tables.events[reply.payment_id]
        paid = next(event for event in events if event.name == "payment_confirmed")
        assert len(found) == 1
        assert (one.case_id, one.clock) == (payment.payment_id, f"{FEE_OF_PAYMENT}:{paid.version}")
        assert (one.agency_id, one.case_no, one.due_at) == (payment.agency_id, payment.sequence_no, paid.at)
        assert one.staff_id is None


def test_money_is_written_down_whatever_became_of_the_list() -> None:
    """A version that is nowhere to be found keeps no payment from being recorded: supervision is told."""
    city = FeeCity()
    city.add_fine()
    reply = city.pay(city.add_payer(), W, bill_no="N-1", amount_fen=20600, key="k1")
    city.wechat.pay_fee(city.number_of(reply.payment_id))
    known = city.till
    city.till = replace(known, catalogue=cast("Any", Listed(known.catalogue, SERVICE, None)))
    file = city.store.tables.payments[reply.payment_id]
    with city.till.store.begin((file.agency_id,)) as tx:
        found = tx.payments.load(reply.payment_id)
        assert found is not None
        money = {"amount_fen": 20600, "transaction_id": "T1", "paid_at": city.clock.now().isoformat()}
        after = write_step(city.till, tx, PaymentFile(found[0], tuple(found[1])), Step("payment_confirmed", money))
    assert after.state is PaymentState.PAID
    assert len(planned(city)) == 1


@pytest.mark.parametrize(("published", "told"), [(None, False), ((fee("水费"),), True), ((), True)])
def test_money_at_the_window_is_held_against_the_list(published: Any, told: bool) -> None:
    """A company's own price is no matter of a list that is not published; where there is one, it holds, and names who took the money."""
    hall = Hall()
    if published is not None:
        till = hall.money.till
        hall.money = replace(
            hall.money, till=replace(till, catalogue=cast("Any", Listed(till.catalogue, "gas-bill", published)))
        )
    hall.open_till()
    file = hall.hold()
    assert planned(hall.city) == []
    hall.take(file)
    hall.take(file)
    found = planned(hall.city)
    assert bool(found) is told
    assert [one.staff_id for one in found] == [hall.li.member.staff_id] * len(found)


def make_payment(hall: Hall, **changes: Any) -> Payment:
    """A payment of the window with these cells."""
    hall.open_till()
    return replace(hall.hold().payment, **changes)


def tell(payment: Payment, published: Any, name: str = "taken_at_window") -> bool:
    """Whether this event of it is told."""
    event = PaymentEvent(payment.payment_id, 2, name, PaymentState.PAID, payment.created_at)
    return bool(plan_payment_fact(payment, event, published))


def test_what_is_charged_has_its_name() -> None:
    """A bill without lines is a fee without a name; lines of nothing, and an amount that the payer chose, are none."""
    payment = make_payment(Hall())
    bare = replace(payment, items=())
    assert list_charged(bare) == ({"name": "", "amount_fen": payment.amount_fen},)
    assert tell(bare, (fee("水费"),))
    assert list_charged(replace(bare, bill_period="")) == ()
    lines, payment = (BillItem("工本费", 1000), BillItem("减免", 0)), replace(payment, amount_fen=1000)
    assert list_charged(replace(payment, items=lines)) == ({"name": "工本费", "amount_fen": 1000},)
    assert not tell(replace(payment, items=lines), (fee("工本费", 1000),))
    assert tell(replace(payment, items=(*lines, BillItem("加急费", 1))), (fee("工本费", 1000),))
    assert not tell(replace(payment, items=(BillItem("加急费", 1),)), (fee("工本费"),), "return_asked")


def test_what_the_lines_leave_unexplained_is_a_fee_without_a_name() -> None:
    """A line of one yuan on the list does not cover a bill of fifty; less than the lines (a part, a deduction) is no fee of its own."""
    payment = make_payment(Hall(), items=(BillItem("工本费", 100),))
    told = [tell(replace(payment, amount_fen=fen), (fee("工本费", 100),)) for fen in (5000, 101, 100, 50)]
    assert told == [True, True, False, False]
    assert not tell(replace(payment, amount_fen=5000), None), "a company's own price"


def test_a_surcharge_is_never_more_than_what_it_stands_upon() -> None:
    """Whatever is called surcharge or penalty beyond the fee itself is a fee that no list names, whichever item it stands in."""
    payment = make_payment(Hall())

    def tell_items(*items: FeeItem) -> bool:
        return tell(replace(payment, non_tax=NonTaxOrder(_notice_of(items), "104001", "交管支队", "110101")), published)

    published = (fee("罚款", 20000), fee("检验费"))
    fine = FeeItem(1, "1", "罚款", 20000)
    assert tell_items(FeeItem(1, "1", "加急费", 5000, overdue_fen=5000)), "nothing but surcharge"
    assert tell_items(FeeItem(1, "1", "加急费", 5000, overdue_fen=2000, penalty_fen=3000))
    assert not tell_items(fine, FeeItem(2, "2", "加处罚款", 20000, penalty_fen=20000))
    assert tell_items(fine, FeeItem(2, "2", "加处罚款", 20001, penalty_fen=20001))
    assert tell_items(
        fine, FeeItem(2, "2", "检验费", 600, overdue_fen=100), FeeItem(3, "3", "加处罚款", 20500, penalty_fen=20500)
    )
    assert not tell_items(FeeItem(1, "1", "检验费", 600, overdue_fen=300))
    assert tell_items(FeeItem(1, "1", "检验费", 600, overdue_fen=301))


def test_a_bracket_says_what_a_fee_is_for_and_makes_no_other_of_it() -> None:
    """罚款（闯红灯） is 罚款; a bracket is no way round the amount, nor a fee of its own."""
    payment = make_payment(Hall())

    def with_item(name: str, fen: int) -> Payment:
        notice = _notice_of((FeeItem(1, "1", name, fen),))
        return replace(payment, non_tax=NonTaxOrder(notice, "104001", "交管支队", "110101"))

    assert not tell(with_item("罚款（闯红灯）", 20000), (fee("罚款"),))
    assert not tell(with_item("工本费（证书）", 1000), (fee("工本费", 1000),))
    assert tell(with_item("工本费（加急）", 5000), (fee("工本费", 1000),))
    assert tell(with_item("（罚款）", 20000), (fee("罚款"),))
    assert tell(with_item("罚款另加急费", 20000), (fee("罚款"),))
    assert tell(with_item("罚款（闯红灯）", 20000), None)


def _notice_of(items: tuple[FeeItem, ...]) -> PaymentNotice:
    return PaymentNotice("N-1", date(2026, 11, 20), None, items)
