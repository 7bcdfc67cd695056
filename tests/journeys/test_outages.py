"""The company or the platform is down, slow, or says nonsense, at every step; nobody pays for nothing, nothing is done twice."""

from __future__ import annotations

import pytest

from gateway.launch.loopback import Reply
from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import (
    Errand,
    bind_bill,
    enter_household,
    issue_bill,
    pick_up_phone,
    send_on_errand,
    sign_in,
)

PLATFORMS = [("wechat", "gas"), ("alipay", "water")]
BACK_END_CODES = {
    "back_end_unreachable",
    "back_end_outcome_unknown",
    "back_end_garbled",
    "service_off",
    "back_end_refused",
}
PLATFORM_CODES = {"platform_unreachable", "platform_outcome_unknown", "platform_garbled", "platform_refused"}
AT_READING = [
    "timeout",
    "server_error",
    "garbled",
    "html",
    "redirect",
    "huge",
    "batch_window",
    "truncated",
    "cut_off",
    "wrong_charset",
    "empty",
]
AT_WRITE_OFF = [
    "timeout",
    "timeout_after_commit",
    "server_error",
    "garbled",
    "html",
    "huge",
    "batch_window",
    "cut_off",
    "redirect",
]
AT_PLATFORM = ["timeout", "timeout_after_commit", "server_error", "garbled", "unsigned", "forged_signature", "unknown_serial", "html", "redirect", "huge", "empty"]  # fmt: skip


def require_plain_error(reply: Reply, codes: set[str]) -> None:
    """An error of ours with a sentence, never a stack or somebody else's words."""
    told = reply.json()
    assert reply.status in (409, 502, 503, 504), told
    assert set(told) == {"code", "message", "detail", "request_id"}
    assert told["code"] in codes
    assert told["message"]


def require_bills(city: City, errand: Errand, number: int) -> None:
    """A question that is answered: one that is not, five times in a row, would have the company left alone for a while."""
    city.pass_time(61 if number % 4 == 0 else 0)
    assert errand.phone.send("GET", f"/households/{errand.household_id}/bills").status == 200


@pytest.mark.parametrize("utility", ["gas", "water"])
def test_the_company_fails_at_lookup_and_bills(city: City, utility: str) -> None:
    """Whatever a company says instead of an answer, the citizen is told plainly, and the next attempt succeeds."""
    phone = sign_in(city, "wechat", real_name=utility == "water")
    household_no = enter_household(city, utility)
    bill = issue_bill(city, utility, household_no)
    body = {"service": f"{utility}-bill", "household_no": household_no}
    errand = bind_bill(city, phone, utility, household_no, bill)
    for number, behaviour in enumerate(AT_READING):
        city.arrange(utility, "customer", behaviour)
        require_plain_error(phone.send("POST", "/households/lookup", body), BACK_END_CODES)
        require_bills(city, errand, number)
    for number, behaviour in enumerate(AT_READING):
        city.arrange(utility, "bills", behaviour)
        require_plain_error(phone.send("GET", f"/households/{errand.household_id}/bills"), BACK_END_CODES)
        require_bills(city, errand, number)
    city.await_quiet()  # or what the worker still asks for earlier errands would be counted
    city.arrange(utility, "bills", "timeout")
    before = len(city.received())
    require_plain_error(errand.ask(), BACK_END_CODES)
    assert len(city.received()) == before
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_company_fails_at_write_off(city: City, platform: str, utility: str) -> None:
    """Whether the write-off was booked or not, and however the company says so: in the end exactly one."""
    errands = []
    for behaviour in AT_WRITE_OFF:
        errand = send_on_errand(city, platform, utility)
        errand.order()
        city.arrange(utility, "write_off", behaviour)
        errand.pay()
        errand.await_state("writing_off", "write_off_unknown", "written_off")
        errand.city.await_quiet()
        errands.append(errand)
    assert "written_off" not in {errand.state() for errand in errands}
    finish_all(city, errands, "written_off")


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_company_fails_at_the_question_too(city: City, platform: str, utility: str) -> None:
    """A write-off of which nothing is known stays unknown while the company cannot say, and is never sent again meanwhile."""
    errand = send_on_errand(city, platform, utility)
    errand.order()
    city.arrange(utility, "write_off", "timeout_after_commit")
    for behaviour in ("timeout", "server_error", "garbled", "batch_window", "html"):
        city.arrange(utility, "find_write_off", behaviour)
    errand.pay()
    errand.await_state("write_off_unknown")
    assert "正在向收款单位核实" in errand.view()["message"]
    city.converge([errand.payment_id])
    assert errand.events()[-1] == "write_off_found"
    assert "write_off_repeated" not in errand.events()
    require_balance(city, errand.payment_id)


def test_a_company_that_never_answers_has_the_money_sent_back(city: City) -> None:
    """After a day without a write-off that the company itself calls absent, the citizen is refunded."""
    errand = send_on_errand(city, "wechat", "gas")
    errand.order()
    city.arrange("gas", "write_off", "batch_window", times=500)
    errand.pay()
    errand.await_state("writing_off")
    city.await_quiet()
    city.pass_time(23 * 3600)
    city.await_quiet()
    assert errand.state() == "writing_off"
    city.pass_time(3700)
    city.converge([errand.payment_id])
    errand.phone.log_in()
    told = errand.view()
    assert (told["state"], told["refund_reason"]) == ("refunded", "no_answer")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_platform_fails_at_the_order(city: City, platform: str, utility: str) -> None:
    """The same Idempotency-Key picks up the same order, whatever became of the first call; and it can be paid once."""
    errands = []
    for behaviour in AT_PLATFORM:
        errand = send_on_errand(city, platform, utility)
        city.arrange(platform, "order", behaviour)
        reply = errand.ask()
        if reply.status != 201:
            require_plain_error(reply, PLATFORM_CODES)
            if reply.json()["code"] == "platform_refused":
                errand.again()
            reply = errand.ask()
        assert reply.status == 201, (behaviour, reply.body)
        errand.keep(reply)
        errand.pay()
        errands.append(errand)
    finish_all(city, errands, "written_off")


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_platform_fails_at_the_query(city: City, platform: str, utility: str) -> None:
    """An unsigned, forged or missing answer about an order is not believed; the question is asked again."""
    errands = []
    for behaviour in AT_PLATFORM:
        errand = send_on_errand(city, platform, utility)
        city.arrange(platform, "notice", "no_notice")
        errand.order_and_pay()
        errands.append(errand)
        city.arrange(platform, "query", behaviour)
    city.pass_time(31)
    finish_all(city, errands, "written_off")


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_platform_fails_at_the_close(city: City, platform: str, utility: str) -> None:
    """An order counts as closed when the platform has said so, signed; until then its bill is not free."""
    errands = []
    for behaviour in AT_PLATFORM:
        errand = send_on_errand(city, platform, utility)
        errand.order()
        city.arrange(platform, "close", behaviour)
        assert errand.cancel()["state"] in ("closing", "closed")
        errands.append(errand)
    finish_all(city, errands, "closed")


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_the_platform_fails_at_the_refund(city: City, platform: str, utility: str) -> None:
    """However the call ended, the refund is made once and in full."""
    errands = [send_on_errand(city, platform, utility) for _ in AT_PLATFORM]
    for errand, behaviour in zip(errands, AT_PLATFORM, strict=True):
        errand.order()
        city.control(utility, f"bills/{errand.bill_no}/pay-at-hall", {})
        city.arrange(platform, "refund", behaviour)
    city.arrange(platform, "notice", "no_notice", times=2 * len(errands))
    for errand in errands:
        errand.pay()
    city.pass_time(31)
    finish_all(city, errands, "refunded")


def test_everybody_outside_is_down(city: City) -> None:
    """With companies and platforms gone altogether, the counter says so; afterwards everything in flight ends well."""
    ordered, paid = send_on_errand(city, "wechat", "gas"), send_on_errand(city, "alipay", "water")
    ordered.order()
    city.arrange("alipay", "notice", "no_notice")
    paid.order_and_pay()
    city.kill("sandbox")
    try:
        assert ordered.cancel()["state"] == "closing"
        city.pass_time(31)
        assert paid.view()["state"] == "awaiting_payment"
        other = {"service": "gas-bill", "household_no": ordered.household_no}
        told = ordered.phone.send("POST", "/households/lookup", other)
        assert (told.status, told.json()["code"]) == (503, "back_end_unreachable")
        city.await_quiet()
    finally:
        city.start_sandbox()
    city.converge([ordered.payment_id, paid.payment_id])
    assert (ordered.state(), paid.state()) == ("closed", "written_off")
    require_balance(city, ordered.payment_id, paid.payment_id)


def test_the_platforms_alone_are_down(city: City) -> None:
    """Nobody can log in or order, and is told so; what is paid is written off, what is due back waits for the platform."""
    waiting, paid, vain = (send_on_errand(city, platform, "gas") for platform in ("wechat", "alipay", "wechat"))
    phone = pick_up_phone(city, "wechat")
    code = phone.ask_platform("login", {"app_id": phone.app_id, "user": phone.person.user})["code"]
    city.kill("worker")
    for errand in (paid, vain):
        errand.order_and_pay()
        errand.await_state("paid")
    city.control("gas", f"bills/{vain.bill_no}/pay-at-hall", {})
    city.kill("sandbox")
    city.start_companies()
    try:
        told = phone.send("POST", "/sessions", {"platform": "wechat", "app_id": phone.app_id, "code": code})
        assert (told.status, told.json()["code"]) == (503, "platform_unreachable")
        told = waiting.ask()
        assert (told.status, told.json()["code"]) == (503, "platform_unreachable")
        city.start_worker()
        paid.await_state("written_off")
        vain.await_state("refunding")
        assert "退款处理中" in vain.view()["message"]
        city.await_quiet()
    finally:
        city.end_companies()
        city.start_sandbox()
    waiting.order_and_pay()
    city.converge([waiting.payment_id, vain.payment_id])
    assert (waiting.state(), vain.state()) == ("written_off", "refunded")
    require_balance(city, waiting.payment_id, paid.payment_id, vain.payment_id)


def finish_all(city: City, errands: list[Errand], state: str) -> None:
    """All of them come to this end, and the books agree."""
    ids = [errand.payment_id for errand in errands]
    city.converge(ids)
    assert {city.state_of(one) for one in ids} == {state}
    require_balance(city, *ids)
