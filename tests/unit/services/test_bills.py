"""Bills: asked of the company each time, named by a reference of ours, believed only in the agreed shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bills import QUERIES_A_MINUTE, ask_for_bills, read_bills
from services.errors import AssuranceTooLow, BackEndGarbled, BackEndUnreachable, HouseholdNotFound, TooManyRequests
from services.model import Assurance, Household
from services.references import refer_to_bill
from tests.fakes import FakeBackEnd, FakeBill, FakeKeyedHash
from tests.unit.gateway.fakes_edge import GAS, City, build_city
from tests.unit.services.test_households import sign_in

KEYED = FakeKeyedHash()


@pytest.fixture
def city() -> City:
    city = build_city()
    gas = city.back_ends["gas-bill"]
    gas.households["10086001"] = ("王小明", "北京市朝阳区1号")
    gas.bills["G-1"] = FakeBill("10086001", 8640)
    return city


def household() -> Household:
    return Household(uuid4(), GAS, "gas-bill", "10086001", "王小明", "北京市", uuid4())


def test_bills_are_shown_with_the_companys_breakdown(city: City) -> None:
    """Amount, items and payee come from the company and the mapping; the company's number does not."""
    seen = city.desk.bills.list_bills(sign_in(city), household())
    assert seen.payee == "示范市燃气有限公司"
    assert [(one.bill.amount_fen, one.bill.items[0].label) for one in seen.bills] == [(8640, "燃气费")]
    assert "G-1" not in seen.bills[0].bill_ref


def test_a_bill_of_nothing_is_not_shown(city: City) -> None:
    """A bill of 0 fen hides itself and no other."""
    city.back_ends["gas-bill"].bills["G-0"] = FakeBill("10086001", 0)
    assert [one.bill.amount_fen for one in city.desk.bills.list_bills(sign_in(city), household()).bills] == [8640]


def test_queries_are_limited(city: City) -> None:
    """Ten queries a minute and person; the eleventh waits."""
    caller = sign_in(city)
    for _ in range(QUERIES_A_MINUTE):
        city.desk.bills.list_bills(caller, household())
    with pytest.raises(TooManyRequests):
        city.desk.bills.list_bills(caller, household())
    city.clock.advance(60)
    assert city.desk.bills.list_bills(caller, household())


def test_bills_need_the_level_that_the_service_asks_for_now(city: City) -> None:
    """A household that was bound when the service asked for less opens no bill to a caller who is not known well enough."""
    caller = replace(sign_in(city), assurance=Assurance.ANONYMOUS)
    with pytest.raises(AssuranceTooLow):
        city.desk.bills.list_bills(caller, household())
    assert [name for name, _ in city.back_ends["gas-bill"].calls if name == "list_bills"] == []


def test_nothing_owed_is_an_empty_list() -> None:
    """A company that says no in this way has answered the question."""
    back_end = FakeBackEnd()
    back_end.script.plan("list_bills", "nothing_owed")
    assert ask_for_bills(back_end, "1", "r") == ()


def test_the_companys_silence_is_not_an_empty_list() -> None:
    """Unreachable is unreachable: nobody is told that they owe nothing."""
    back_end = FakeBackEnd()
    back_end.script.plan("list_bills", "unreachable")
    with pytest.raises(BackEndUnreachable):
        ask_for_bills(back_end, "1", "r")
    with pytest.raises(HouseholdNotFound):
        ask_for_bills(FakeBackEnd(), "1", "r")


@given(st.uuids(), st.uuids(), st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_reference_is_stable_and_tells_apart(one: UUID, two: UUID, first: str, second: str) -> None:
    """The same bill of the same household has the same reference; another has another; neither shows its number."""
    made = refer_to_bill(KEYED, one, first)
    assert made == refer_to_bill(KEYED, one, first)
    assert len(made) == 32
    if (one, first) != (two, second):
        assert made != refer_to_bill(KEYED, two, second)


BILL = {"bill_no": "1", "period": "2026-10", "amount_fen": 8640, "due_on": "2026-12-10", "items": []}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"bills": None},
        {"bills": [{**BILL, "amount_fen": 86.4}]},
        {"bills": [{**BILL, "amount_fen": "8640"}]},
        {"bills": [{**BILL, "amount_fen": True}]},
        {"bills": [{**BILL, "bill_no": ""}]},
        {"bills": [{**BILL, "bill_no": 7}]},
        {"bills": [{**BILL, "due_on": "soon"}]},
        {"bills": [BILL, BILL]},
        {"bills": [{**BILL, "items": [{"label": "x"}]}]},
        {"bills": "none"},
    ],
)
def test_a_bill_of_another_shape_is_not_believed(answer: Any) -> None:
    """A float, a text, a missing field or a number that stands twice makes the whole answer garbled."""
    with pytest.raises(BackEndGarbled):
        read_bills(answer)


def test_a_bill_of_the_agreed_shape_is_read() -> None:
    """Dates become dates, absent parts stay absent."""
    (bill,) = read_bills({"bills": [{**BILL, "items": [{"label": "x", "amount_fen": -5, "quantity": 3}]}]})
    assert str(bill.due_on) == "2026-12-10"
    assert (bill.items[0].quantity, bill.items[0].unit_price) == ("3", None)
