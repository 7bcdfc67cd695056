"""What was taken at the window and cannot be written off is given back there, once and by another; and its papers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.errors import Conflict, InputRefused, NotFound, NotPermitted
from services.model import PaymentState
from services.orders import confirm_payment
from services.refunds import refund_payment
from services.staffing import Role
from services.window_returns import Handing
from tests.fake_window import CARD, Hall

S = PaymentState


@pytest.fixture
def hall() -> Hall:
    return Hall()


def rule_of(refused: pytest.ExceptionInfo[Conflict]) -> object:
    return (refused.value.detail or {}).get("rule")


def test_a_failed_write_off_is_given_back_here(hall: Hall) -> None:
    """The company refuses for good: the money is due, no job touches it, a colleague gives it back against a signature, once."""
    hall.open_till(), hall.open_till(hall.zhao)
    file = hall.hold()
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file)
    hall.city.wait_until_quiet()
    assert hall.file(file).state is S.REFUND_DUE
    assert [one.payment for one in hall.money.list_returns(hall.zhao)] == [file.payment]
    own = file.payment.payment_id
    with pytest.raises(InputRefused):
        hall.money.give_back(hall.zhao, own, Handing(signed=False))
    hall.money.give_back(hall.zhao, own, Handing(signed=True))
    hall.money.give_back(hall.zhao, own, Handing(signed=True))
    with pytest.raises(Conflict) as refused:
        hall.money.give_back(hall.li, own, Handing(signed=True))
    assert rule_of(refused) == "given_back_already"
    assert (hall.own().books.cash_fen, hall.own(hall.zhao).books.cash_fen) == (8640, -8640)
    assert hall.money.list_returns(hall.zhao) == []
    assert hall.hold(amount_fen=8641).state is S.INTENDED


def test_a_till_gives_no_more_cash_than_it_has(hall: Hall) -> None:
    """Cash that is not in the till is not given out of it."""
    hall.open_till(float_fen=0), hall.open_till(hall.zhao, float_fen=100)
    file = hall.hold()
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file)
    hall.city.wait_until_quiet()
    with pytest.raises(Conflict) as refused:
        hall.money.give_back(hall.zhao, file.payment.payment_id, Handing(signed=True))
    assert rule_of(refused) == "not_enough_cash"


def test_a_card_goes_back_to_the_card(hall: Hall) -> None:
    """What was paid by card is reversed at the terminal, with a reference of its own, and is no cash."""
    hall.open_till()
    file = hall.hold()
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file, taking=CARD)
    hall.city.wait_until_quiet()
    own = file.payment.payment_id
    with pytest.raises(InputRefused):
        hall.money.give_back(hall.li, own, Handing(signed=True))
    hall.money.give_back(hall.li, own, Handing(signed=True, terminal="10002001", reference="999999999999"))
    assert (hall.own().books.card_fen, hall.own().books.cash_fen) == (0, 0)


def test_asked_back_before_the_company_was_asked(hall: Hall) -> None:
    """A clerk asks, a head approves: nothing was sent, so the money is due at once, and the write-off job leaves it alone."""
    hall.open_till()
    file = hall.take(hall.hold())
    own = file.payment.payment_id
    hall.money.ask_return(hall.li, own, "交错户号")
    with pytest.raises(Conflict) as refused:
        hall.money.give_back(hall.li, own, Handing(signed=True))
    assert rule_of(refused) == "not_due"
    assert hall.money.answer_return(hall.head, own, "同意退回", approve=True).state is S.REFUND_DUE
    hall.city.run_jobs()
    assert not hall.city.gas.write_offs
    assert hall.money.give_back(hall.li, own, Handing(signed=True)).state is S.REFUNDED


@pytest.mark.parametrize("arrived", [True, False])
def test_asked_back_while_the_company_may_have_it(hall: Hall, arrived: bool) -> None:
    """Approved while a write-off may exist: the company is asked. It has it: written off. It has not: due, once no attempt is on its way."""
    hall.open_till()
    file = hall.hold()
    hall.city.gas.script.plan("write_off", "timeout_after" if arrived else "timeout")
    hall.take(file)
    hall.city.run_job()
    own = file.payment.payment_id
    assert hall.file(file).state is S.WRITE_OFF_UNKNOWN
    hall.money.ask_return(hall.li, own, "交错户号")
    assert hall.money.answer_return(hall.head, own, "同意退回", approve=True).state is S.WRITE_OFF_UNKNOWN
    hall.city.wait_until_quiet()
    assert hall.file(file).state is (S.WRITTEN_OFF if arrived else S.REFUND_DUE)
    assert len(hall.city.gas.write_offs) == arrived


def test_who_asks_or_took_does_not_approve(hall: Hall) -> None:
    """The approval takes a head who neither asked nor took the money; a refusal leaves everything as it was, and can be asked again."""
    both = hall.hire(Role.CLERK, Role.HEAD)
    hall.open_till(both)
    file = hall.take(hall.hold(both), both)
    own = file.payment.payment_id
    with pytest.raises(Conflict) as refused:
        hall.money.answer_return(hall.head, own, "同意退回", approve=True)
    assert rule_of(refused) == "nothing_asked"
    hall.money.ask_return(hall.li, own, "交错户号")
    with pytest.raises(Conflict) as refused:
        hall.money.ask_return(hall.li, own, "交错户号")
    assert rule_of(refused) == "asked_already"
    with pytest.raises(Conflict) as refused:
        hall.money.answer_return(both, own, "同意退回", approve=True)
    assert rule_of(refused) == "not_ones_own_act"
    with pytest.raises(NotPermitted):
        hall.money.answer_return(hall.zhao, own, "同意退回", approve=True)
    assert hall.money.answer_return(hall.head, own, "户号无误", approve=False).state is S.PAID
    assert hall.money.list_returns(hall.head) == []
    hall.money.ask_return(hall.li, own, "交错户号")


def test_what_is_written_off_is_not_given_back_here(hall: Hall) -> None:
    """Once the company has it, the window asks for it no more."""
    hall.open_till()
    file = hall.take(hall.hold())
    hall.city.run_jobs()
    with pytest.raises(Conflict) as refused:
        hall.money.ask_return(hall.li, file.payment.payment_id, "交错户号")
    assert rule_of(refused) == "written_off"


def test_the_paper_is_provisional_until_it_is_written_off(hall: Hall) -> None:
    """Before the write-off the paper is no receipt; after it, it has the company's reference. Unpaid there is none; the paper is found by number."""
    hall.open_till()
    held = hall.hold()
    own = held.payment.payment_id
    with pytest.raises(Conflict):
        hall.money.print_receipt(hall.li, own)
    hall.take(held)
    assert hall.money.print_receipt(hall.li, own).receipt is None
    hall.city.run_jobs()
    receipt = hall.money.print_receipt(hall.li, own).receipt
    assert receipt is not None
    assert receipt.write_off_reference == hall.city.gas.write_offs[receipt.receipt_no][0]
    assert hall.money.find_receipt(hall.zhao, f" {receipt.receipt_no} ").payment == held.payment
    with pytest.raises(NotFound):
        hall.money.find_receipt(hall.zhao, "1" * 28)
    with pytest.raises(InputRefused):
        hall.money.find_receipt(hall.zhao, "x")


@pytest.mark.parametrize("job", [refund_payment, confirm_payment])
def test_no_job_gives_back_or_asks_about_what_is_the_windows(hall: Hall, job: Callable[..., PaymentState]) -> None:
    """A job of platforms that runs for a payment of the window changes nothing and asks nobody, whatever its state."""
    hall.open_till()
    file = hall.hold()
    assert job(hall.city.till, file.payment.agency_id, file.payment.payment_id, "request-1") is S.INTENDED
    hall.city.gas.bills["G-1"].amount_fen += 1
    hall.take(file)
    hall.city.wait_until_quiet()
    assert job(hall.city.till, file.payment.agency_id, file.payment.payment_id, "request-1") is S.REFUND_DUE
    assert not [step for step in hall.city.faults.steps if "refund" in step or step == "query_order"]
