"""Bills at the window: held before money changes hands, taken once, written off through the same graph."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from services.cash_till import Method
from services.errors import BillChanged, BillHasOpenOrder, Conflict, InputRefused, NotFound, NothingOwed, NotPermitted
from services.model import PaymentState, PlatformName
from services.payments import cancel_payment
from services.staffing import Role
from services.window_money import Taking
from services.window_payments import NOBODY
from tests.fake_city import GAS_NO, W
from tests.fake_faults import KilledError
from tests.fake_window import CARD, CASH, Hall

S = PaymentState


@pytest.fixture
def hall() -> Hall:
    return Hall()


def rule_of(refused: pytest.ExceptionInfo[Conflict]) -> object:
    return (refused.value.detail or {}).get("rule")


def test_cash_is_taken_and_the_bill_written_off(hall: Hall) -> None:
    """Found, held, taken, written off: the company has it under our number, the till has the cash, nobody's account is in it."""
    found = hall.money.find_bills(hall.li, "gas-bill", GAS_NO)
    assert ([bill.bill_no for bill in found.bills], found.holder_name_masked) == (["G-1"], "**明")
    hall.open_till()
    file = hall.hold()
    taken = hall.take(file, taking=Taking(Method.CASH, tendered_fen=10_000))
    assert taken.state is S.PAID
    hall.city.run_jobs()
    done = hall.file(file)
    assert done.state is S.WRITTEN_OFF
    assert hall.city.gas.write_offs[done.payment.sequence_no][1:] == ("G-1", 8640)
    assert hall.own().books.expected_cash_fen == 20_000 + 8640
    assert (done.payment.platform, done.payment.person_id) == (PlatformName.WINDOW, NOBODY)
    assert ("write_off", "window") in {
        (name, str(values.get("channel"))) for name, values in hall.city.gas.calls if name == "write_off"
    }
    assert [act.act for act in hall.acts()] == [
        "window.find_bills", "till.open", "window.hold_bill", "window.take_money",
    ]  # fmt: skip


def test_no_platform_hears_of_the_window(hall: Hall) -> None:
    """From hold to write-off nothing is asked of a platform."""
    hall.open_till()
    file = hall.take(hall.hold(), taking=CARD)
    hall.city.wait_until_quiet()
    assert hall.file(file).state is S.WRITTEN_OFF
    assert not [
        step
        for step in hall.city.faults.steps
        if step in ("place_order", "query_order", "close_order", "request_refund")
    ]


def test_without_an_open_till_nothing_is_held(hall: Hall) -> None:
    """Money goes into an open till of one's own and of today, or it is not taken."""
    with pytest.raises(Conflict) as refused:
        hall.hold()
    assert rule_of(refused) == "no_till"
    hall.open_till()
    file = hall.hold()
    hall.city.clock.advance(86_400)
    with pytest.raises(Conflict) as refused:
        hall.hold()
    assert rule_of(refused) == "till_of_earlier_day"
    assert hall.file(file).state is S.INTENDED


def test_a_page_sent_twice_takes_once(hall: Hall) -> None:
    """Holding twice is one payment; taking twice is one event, one line in the till, one job."""
    hall.open_till()
    first = hall.hold()
    assert hall.hold(payment_id=first.payment.payment_id).payment == first.payment
    hall.take(first)
    hall.take(first)
    assert [event.name for event in hall.file(first).events] == ["payment_intended", "taken_at_window"]
    assert hall.own().books.cash_fen == 8640
    assert [job[0] for job in hall.city.store.tables.queue] == ["write_off_payment"]


def test_taking_again_in_another_way_is_refused(hall: Hall) -> None:
    """What was taken in cash is not taken by card as well."""
    hall.open_till()
    file = hall.take(hall.hold())
    with pytest.raises(Conflict) as refused:
        hall.take(file, taking=CARD)
    assert rule_of(refused) == "taken_already"


def test_one_bill_two_clerks(hall: Hall) -> None:
    """Of two clerks at one bill the second is told that it is being paid; nobody takes what another holds."""
    hall.open_till(), hall.open_till(hall.zhao)
    file = hall.hold()
    with pytest.raises(BillHasOpenOrder) as refused:
        hall.hold(hall.zhao)
    assert refused.value.detail is not None
    assert (refused.value.detail["platform"], refused.value.detail["closable"]) == ("window", False)
    with pytest.raises(Conflict) as taken:
        hall.take(file, hall.zhao)
    assert rule_of(taken) == "another_clerk"


def test_two_clerks_at_the_same_moment(hall: Hall) -> None:
    """Of two that hold one bill at once, exactly one has it."""
    hall.open_till(), hall.open_till(hall.zhao)
    outcomes: list[str] = []

    def try_to_hold(place: int) -> None:
        try:
            hall.hold((hall.li, hall.zhao)[place])
            outcomes.append("held")
        except BillHasOpenOrder:
            outcomes.append("refused")

    threads = [threading.Thread(target=try_to_hold, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", "refused"]


def test_a_bill_held_at_the_window_is_not_paid_on_the_phone(hall: Hall) -> None:
    """Before any cash is on the table the telephone is refused; let go, it may pay."""
    hall.open_till()
    file = hall.hold()
    wang = hall.city.add_citizen()
    with pytest.raises(BillHasOpenOrder):
        hall.city.pay(wang)
    hall.money.let_go(hall.li, file.payment.payment_id)
    assert hall.city.pay(wang, key="k2").state is S.AWAITING_PAYMENT


def test_an_order_on_the_phone_is_closed_before_cash_is_taken(hall: Hall) -> None:
    """The clerk asks, the worker closes the order at the platform, then the bill can be held and paid here: once."""
    hall.open_till()
    wang = hall.city.add_citizen()
    order = hall.city.pay(wang)
    with pytest.raises(BillHasOpenOrder) as refused:
        hall.hold()
    assert refused.value.detail is not None
    assert refused.value.detail["closable"] is True
    assert refused.value.detail["payment_id"] == str(order.payment_id)
    assert hall.money.ask_to_close(hall.li, order.payment_id, "市民在窗口缴费").state is S.CLOSING
    with pytest.raises(BillHasOpenOrder):
        hall.hold()
    hall.city.run_jobs()
    assert hall.money.follow_order(hall.li, order.payment_id).state is S.CLOSED
    hall.take(hall.hold())
    hall.city.run_jobs()
    assert len(hall.city.gas.write_offs) == 1


def test_an_order_that_was_paid_meanwhile_stays_paid(hall: Hall) -> None:
    """The clerk asks to close what the citizen pays at that moment: it is paid there, and nothing is owed here any more."""
    hall.open_till()
    wang = hall.city.add_citizen()
    payment_id = hall.city.pay_and_confirm(wang)
    hall.money.ask_to_close(hall.li, payment_id, "市民在窗口缴费")
    hall.city.run_jobs()
    assert hall.city.state(payment_id) is S.WRITTEN_OFF
    with pytest.raises(NothingOwed):
        hall.hold()


@pytest.mark.parametrize("state", ["written_off", "window"])
def test_only_an_unpaid_order_of_a_platform_is_closed(hall: Hall, state: str) -> None:
    """What is paid, and what a colleague holds, is closed by no clerk."""
    hall.open_till()
    if state == "window":
        payment_id = hall.hold().payment.payment_id
    else:
        payment_id = hall.city.pay_and_confirm(hall.city.add_citizen())
        hall.city.deliver()
    with pytest.raises(Conflict) as refused:
        hall.money.ask_to_close(hall.li, payment_id, "市民在窗口缴费")
    assert rule_of(refused) == "order_cannot_be_closed"


def test_the_citizen_may_still_cancel_what_a_clerk_asked_to_close(hall: Hall) -> None:
    """A clerk's request and the citizen's own are one closing."""
    wang = hall.city.add_citizen()
    order = hall.city.pay(wang)
    hall.money.ask_to_close(hall.li, order.payment_id, "市民在窗口缴费")
    assert cancel_payment(hall.city.till, wang.callers[W], order.payment_id).state is S.CLOSED


def test_a_hold_that_nobody_paid_ends_by_itself(hall: Hall) -> None:
    """A clerk who goes away leaves no bill that nobody can pay; a page that comes too late takes nothing."""
    hall.open_till()
    file = hall.hold()
    hall.city.clock.advance(hall.city.till.order_minutes * 60)
    with pytest.raises(Conflict) as refused:
        hall.take(file)
    assert rule_of(refused) == "hold_over"
    hall.city.run_jobs()
    assert hall.file(file).state is S.CLOSED
    assert hall.city.pay(hall.city.add_citizen()).state is S.AWAITING_PAYMENT


def test_the_company_is_asked_when_a_bill_is_held(hall: Hall) -> None:
    """A bill that changed or was paid at the company's hall is neither held nor taken."""
    hall.open_till()
    with pytest.raises(BillChanged):
        hall.hold(amount_fen=8641)
    hall.city.gas.pay_at_hall("G-1")
    with pytest.raises(NothingOwed):
        hall.hold()


def test_a_card_slip_stands_for_one_payment(hall: Hall) -> None:
    """The same slip of the terminal pays no second bill."""
    hall.city.add_bill("G-2", 500)
    hall.open_till()
    hall.take(hall.hold(), taking=CARD)
    second = hall.hold(bill_no="G-2", amount_fen=500)
    with pytest.raises(Conflict) as refused:
        hall.take(second, taking=CARD)
    assert rule_of(refused) == "card_slip_used"
    assert hall.file(second).state is S.INTENDED
    hall.take(second, taking=replace(CARD, reference="123456789013"))
    assert (hall.own().books.card_fen, hall.own().books.cash_fen) == (9140, 0)


@pytest.mark.parametrize(
    ("taking", "place"),
    [
        (Taking(Method.CASH, tendered_fen=8639), "tendered"),
        (Taking(Method.CASH, tendered_fen=10**9), "tendered"),
        (Taking(Method.CARD, terminal="", reference="123456789012"), "terminal"),
        (Taking(Method.CARD, terminal="10002001", reference="12 34"), "reference"),
    ],
)
def test_how_it_was_paid_is_checked(hall: Hall, taking: Taking, place: str) -> None:
    """Too little cash, and a card without what the terminal printed, are refused at their place, and nothing is taken."""
    hall.open_till()
    file = hall.hold()
    with pytest.raises(InputRefused) as refused:
        hall.take(file, taking=taking)
    assert place in (refused.value.detail or {})
    assert hall.file(file).state is S.INTENDED


@pytest.mark.parametrize(("moment", "state"), [("before", S.INTENDED), ("after", S.PAID)])
def test_killed_while_taking(hall: Hall, moment: str, state: PaymentState) -> None:
    """Killed before the commit nothing was taken; after it all of it was. The same page sent again ends in one taking either way."""
    hall.open_till()
    file = hall.hold()
    hall.city.faults.die_in(0, moment)
    with pytest.raises(KilledError):
        hall.take(file)
    assert hall.file(file).state is state
    assert hall.own().books.cash_fen == (8640 if state is S.PAID else 0)
    hall.take(file)
    hall.city.run_jobs()
    assert hall.file(file).state is S.WRITTEN_OFF
    assert hall.own().books.cash_fen == 8640


def test_the_company_is_away_at_the_write_off(hall: Hall) -> None:
    """The money is in the till and the payment waits; when the company is back the bill is written off, once."""
    hall.open_till()
    file = hall.hold()
    hall.city.gas.script.plan("write_off", "unreachable", "timeout_after", "unreachable")
    hall.take(file)
    hall.city.run_jobs()
    assert hall.file(file).state is S.WRITING_OFF
    hall.city.wait_until_quiet()
    assert hall.file(file).state is S.WRITTEN_OFF
    assert len(hall.city.gas.write_offs) == 1


def test_another_agencys_clerk_has_no_such_service_and_no_such_payment(hall: Hall) -> None:
    """A clerk of the water office neither finds a gas bill nor sees a payment of one, nor may a head take money."""
    hall.open_till()
    file = hall.hold()
    stranger = hall.hire(Role.CLERK, agency="demo-water-office")
    with pytest.raises(NotPermitted):
        hall.money.find_bills(stranger, "gas-bill", GAS_NO)
    with pytest.raises(NotFound):
        hall.money.show(stranger, file.payment.payment_id)
    with pytest.raises(NotPermitted):
        hall.money.find_bills(hall.head, "gas-bill", GAS_NO)


def test_looking_up_is_noted_before_it_is_shown(hall: Hall) -> None:
    """The book of acts says which service was looked into and how much was found, and no number of a household."""
    hall.money.find_bills(hall.li, "gas-bill", GAS_NO)
    (act,) = hall.acts()
    assert (act.act, act.detail) == ("window.find_bills", {"service": "gas-bill", "found": 1})
    assert GAS_NO not in repr(act)


def test_cash_and_tendered_are_kept(hall: Hall) -> None:
    """Without an amount tendered the exact amount was; the event keeps what it was."""
    hall.open_till()
    money = hall.take(hall.hold(), taking=CASH).money
    assert money is not None
    assert (money.data["tendered_fen"], money.data["amount_fen"]) == (8640, 8640)
