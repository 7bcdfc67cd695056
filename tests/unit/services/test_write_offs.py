"""The company's books: exactly one write-off, or the money goes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.model import Language, PaymentState
from services.payment_replies import view_payment
from tests.fake_city import Citizen, City
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


@pytest.mark.parametrize("behaviour", ["timeout", "timeout_after", "garbled"])
def test_an_unknown_write_off_is_asked_for(city: City, wang: Citizen, behaviour: str) -> None:
    """A time-out at the company is unknown: it is asked for by its number before anything is repeated, and there is one."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.gas.script.plan("write_off", behaviour)
    city.run_jobs()
    assert city.state(payment_id) is S.WRITE_OFF_UNKNOWN
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)
    calls = [name for name, _ in city.gas.calls]
    assert calls[:3] == ["list_bills", "write_off", "find_write_off"]
    numbers = {values["sequence_no"] for name, values in city.gas.calls if name != "list_bills"}
    assert len(numbers) == 1


@pytest.mark.parametrize("reason", ["batch_window", "system", "not_permitted", "unreachable"])
def test_a_company_that_is_away_is_asked_again_later(city: City, wang: Citizen, reason: str) -> None:
    """A batch window or an outage puts the write-off off, at growing intervals; the money stays until it is written off."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.gas.script.plan("write_off", *[reason] * 5)
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)
    assert city.names(payment_id).count("write_off_delayed") == 5


def test_a_bill_paid_at_the_hall_meanwhile_is_refunded(city: City, wang: Citizen) -> None:
    """Paid at the company's hall between order and notice: the citizen gets the money back and reads why."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.pay_at_hall("G-1")
    city.deliver()
    city.run_jobs()
    assert city.books(payment_id) == (8640, 8640, 0)
    view = view_payment(city.file(payment_id), Language.ZH_CN)
    assert (view.state, view.refund_reason) == (S.REFUNDED, "already_paid")
    assert view.message.startswith("该账单已通过其他途径缴清。")


def test_a_bill_changed_meanwhile_is_refunded_and_can_be_paid_anew(city: City, wang: Citizen) -> None:
    """The amount changed between order and notice: refund, and the new bill is payable."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.bills["G-1"].amount_fen = 9000
    city.deliver()
    city.run_jobs()
    assert city.books(payment_id) == (8640, 8640, 0)
    assert city.pay(wang, amount_fen=9000, key="k2").amount_fen == 9000


def test_a_refusal_of_what_was_written_off_is_not_believed(city: City, wang: Citizen) -> None:
    """A company that answers "already paid" to a repeated number is asked for our write-off before any refund."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.forgetful = True
    city.deliver()
    city.gas.script.plan("write_off", "timeout_after")
    city.gas.script.plan("find_write_off", "no_such_write_off")
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)


def test_a_late_refusal_is_no_refund_without_the_question(city: City, wang: Citizen) -> None:
    """Also when the first attempt is long settled, a definite no is followed by the question: the write-off may be there."""
    payment_id = city.pay_and_confirm(wang)
    city.gas.forgetful = True
    city.deliver()
    city.gas.script.plan("write_off", "timeout_after")
    city.gas.script.plan("find_write_off", *["system"] * 8, "no_such_write_off")
    city.wait_until_quiet()
    assert "write_off_repeated" in city.names(payment_id)
    assert city.books(payment_id) == (8640, 0, 8640)


def test_no_refund_while_an_attempt_may_be_on_its_way(city: City, wang: Citizen) -> None:
    """A definite no to the second attempt is no refund while the first may still arrive: the company is asked once more later."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.gas.script.plan("write_off", "timeout", "amount_mismatch")
    city.run_jobs()
    city.wait(40)
    assert city.names(payment_id)[-2:] == ["write_off_repeated", "write_off_doubtful"]
    assert city.state(payment_id) is S.WRITE_OFF_UNKNOWN
    city.gas.bills["G-1"].amount_fen = 9000
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 8640, 0)


def test_a_write_off_of_another_amount_is_doubt(city: City, wang: Citizen) -> None:
    """Books that hold our number with another amount are no receipt: people look, and the company is asked again."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.gas.script.plan("write_off", "timeout_after")
    city.run_jobs()
    number = city.file(payment_id).payment.sequence_no
    right, city.gas.write_offs[number] = city.gas.write_offs[number], ("W000001", "G-1", 1)
    city.wait(40)
    assert city.state(payment_id) is S.WRITE_OFF_UNKNOWN
    assert city.file(payment_id).events[-1].data["reason"] == "amount_differs"
    city.gas.write_offs[number] = right
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)


def test_no_refund_while_a_write_off_may_exist(city: City, wang: Citizen) -> None:
    """However long the company cannot say whether it wrote the bill off, nothing is refunded; when it can, it decides."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.gas.script.plan("write_off", "timeout_after")
    city.run_jobs()
    city.gas.script.out_of_service = True
    for _ in range(60):
        city.wait(3600)
    assert city.state(payment_id) is S.WRITE_OFF_UNKNOWN
    assert city.books(payment_id)[1] == 0
    city.gas.script.heal()
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)


def test_a_write_off_that_never_succeeds_is_refunded(city: City, wang: Citizen) -> None:
    """A company that cannot write off for a day, and then says that it has not, gives the citizen the money back."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.gas.script.plan("write_off", *["system"] * 500)
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 8640, 0)
    given_up = city.file(payment_id).last("write_off_abandoned")
    assert given_up is not None
    assert given_up.at - city.file(payment_id).payment.created_at >= timedelta(hours=24)
    assert view_payment(city.file(payment_id), Language.EN).refund_reason == "no_answer"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(10))
def test_a_killed_worker_is_continued(city: City, wang: Citizen, step: int, moment: str) -> None:
    """Killed at any step between payment and write-off: the job runs again and ends with exactly one write-off."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.faults.die_in(step, moment)
    try:
        city.run_jobs()
    except KilledError:
        city.wait_until_quiet()
    city.faults.spare()
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)
    assert len(city.gas.write_offs) == 1


def test_a_worker_that_was_held_up_does_not_write_off_any_more(city: City, wang: Citizen) -> None:
    """An attempt that others may count as settled is not sent: the worker was stopped between its commit and its call."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    after = city.faults.after

    def stop_after_commit(step: str) -> None:
        after(step)
        if step == "commit" and city.names(payment_id)[-1] == "write_off_started":
            city.clock.advance(1000)

    city.faults.after = stop_after_commit  # type: ignore[method-assign]
    city.run_job()
    assert not city.gas.write_offs
    city.faults.after = after  # type: ignore[method-assign]
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)


def test_two_workers_on_one_job_write_off_once(city: City, wang: Citizen) -> None:
    """A job that is taken for a dead worker's while it runs is run twice and written off once."""
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.faults.interrupt_in(0, city.run_again)
    city.run_jobs()
    city.wait_until_quiet()
    assert city.books(payment_id) == (8640, 0, 8640)
    assert len(city.gas.write_offs) == 1
