"""Two people pay one bill at the same moment, one in WeChat, one in Alipay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import Errand, send_another, send_on_errand


def race(*errands: Errand) -> tuple[Errand, Errand]:
    """Order at the same moment; the winner and the loser."""
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda errand: errand.ask(), errands))
    assert sorted(reply.status for reply in replies) == [201, 409], [reply.body for reply in replies]
    won = next(index for index, reply in enumerate(replies) if reply.status == 201)
    winner, loser = errands[won], errands[1 - won]
    winner.keep(replies[won])
    told = replies[1 - won].json()
    assert told["code"] == "bill_has_open_order"
    assert "正在" in told["message"]
    return winner, loser


@pytest.mark.parametrize("utility", ["gas", "water"])
def test_of_two_payers_at_the_same_moment_one_pays(city: City, utility: str) -> None:
    """One order per bill across platforms: the loser is told plainly, and afterwards that nothing is owed any more."""
    first = send_on_errand(city, "wechat", utility)
    winner, loser = race(first, send_another(first, "alipay"))
    winner.pay()
    winner.await_state("written_off")
    told = loser.ask()
    assert (told.status, told.json()["code"]) == (409, "nothing_owed")
    require_balance(city, winner.payment_id)


def test_after_the_winner_cancels_the_other_pays(city: City) -> None:
    """A cancelled order frees the bill at once, for the other person on the other platform."""
    first = send_on_errand(city, "wechat", "gas")
    winner, loser = race(first, send_another(first, "alipay"))
    assert winner.cancel()["state"] == "closed"
    loser.order_and_pay()
    loser.await_state("written_off")
    require_balance(city, winner.payment_id, loser.payment_id)


def test_after_the_winner_s_time_is_over_the_other_pays(city: City) -> None:
    """An order that nobody pays is closed by the clock, and the bill is free again."""
    first = send_on_errand(city, "wechat", "gas")
    winner, loser = race(first, send_another(first, "alipay"))
    assert loser.ask().status == 409
    city.pass_time(901)
    winner.await_state("closed")
    loser.order_and_pay()
    loser.await_state("written_off")
    assert winner.phone.open_till(winner.parameters or {}) not in ("requestPayment:ok", "9000")
    require_balance(city, winner.payment_id, loser.payment_id)


def test_many_presses_of_one_button_make_one_order(city: City) -> None:
    """The same Idempotency-Key at the same moment gives one payment and, once it is there, the same bytes to all."""
    errand = send_on_errand(city, "alipay", "gas")
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: errand.ask(), range(4)))
    done = [reply for reply in replies if reply.status == 201]
    assert done
    assert all(reply.status == 409 for reply in replies if reply not in done)
    assert len({reply.body for reply in done}) == 1
    assert errand.ask().body == done[0].body
    errand.keep(done[0])
    assert errand.list_own() == [errand.payment_id]
    errand.pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)
