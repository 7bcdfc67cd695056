"""Both platforms' adapters against a sandbox that misbehaves: nothing is believed that should not be, nothing happens twice."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from services.errors import (
    LoginCodeRefused,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)
from services.exposure import Outcome
from services.model import PlatformName, RefundState, TradeState
from tests.contract.platform_counter import (
    ACCOUNTS,
    Counter,
    explain,
    log_in,
    make_order,
    misbehave,
    open_counter,
    pay,
    place,
)

GENERAL = ["timeout_after_commit", "server_error", "garbled", "empty", "html", "redirect", "huge"]
WECHAT_SIGNATURES = ["unsigned", "forged_signature", "unknown_serial", "not_hex_serial", "stale_signature", "probe"]
ALIPAY_SIGNATURES = ["unsigned", "empty_sign", "forged_signature", "unknown_serial"]


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("faults")) as made:
        yield made


def signatures(account: str) -> list[str]:
    return WECHAT_SIGNATURES if account.endswith("wechat") else ALIPAY_SIGNATURES


CASES = [(account, fault) for account in ACCOUNTS for fault in [*GENERAL, *signatures(account)]]


@pytest.mark.parametrize(("account", "fault"), CASES)
def test_an_order_whose_answer_is_not_believed_is_made_once(counter: Counter, account: str, fault: str) -> None:
    """Whatever came back instead of an answer, the outcome is unknown, the same order is placed again, and it is one order."""
    platform, _, merchant = counter.parts(account)
    order = make_order(counter, account)
    misbehave(counter, account, "order", fault)
    with pytest.raises(PlatformOutcomeUnknown):
        place(counter, account, order)
    misbehave(counter, account, "query", fault)
    with pytest.raises(PlatformOutcomeUnknown):
        platform.query_order(merchant, order.order_no, explain(platform.name, "pay_bill"))
    placed = place(counter, account, order)
    pay(counter, account, order, placed.client_parameters)
    found = platform.query_order(merchant, order.order_no, explain(platform.name, "follow_payment"))
    assert (found.state, found.amount_fen) == (TradeState.PAID, order.amount_fen)


@pytest.mark.parametrize(("account", "fault"), CASES)
def test_a_refund_whose_answer_is_not_believed_is_made_once(counter: Counter, account: str, fault: str) -> None:
    """The same refund number again is the same refund, and never more than was paid."""
    platform, _, merchant = counter.parts(account)
    order, told, refund_no = (
        make_order(counter, account),
        explain(platform.name, "refund_payment"),
        secrets.token_hex(16),
    )
    pay(counter, account, order, place(counter, account, order).client_parameters)
    misbehave(counter, account, "refund", fault)
    with pytest.raises(PlatformOutcomeUnknown):
        platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    refund = platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    assert refund.state in (RefundState.REFUNDED, RefundState.PROCESSING)
    assert platform.query_refund(merchant, order.order_no, refund_no, told).amount_fen == order.amount_fen


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_silent_close_is_asked_about(counter: Counter, account: str) -> None:
    """A close without an answer is unknown; asking tells that it was closed."""
    platform, _, merchant = counter.parts(account)
    order, told = make_order(counter, account), explain(platform.name, "cancel_payment")
    place(counter, account, order)
    misbehave(counter, account, "close", "timeout_after_commit")
    with pytest.raises(PlatformOutcomeUnknown):
        platform.close_order(merchant, order.order_no, told)
    assert platform.query_order(merchant, order.order_no, told).state is TradeState.CLOSED


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_slow_answer_is_cut_off(counter: Counter, account: str) -> None:
    """Longer than the client's time is unknown, and the ledger says so."""
    order = make_order(counter, account)
    misbehave(counter, account, "order", "slow", seconds=2.5)
    before = len(counter.log.outcomes)
    with pytest.raises(PlatformOutcomeUnknown):
        place(counter, account, order)
    assert [outcome for _, outcome, _, _ in counter.log.outcomes[before:]] == [Outcome.UNKNOWN]


@pytest.mark.parametrize("account", ["gas-wechat", "water-wechat"])
def test_a_rate_limit_is_safe_to_repeat(counter: Counter, account: str) -> None:
    """429 means that nothing happened."""
    order = make_order(counter, account)
    misbehave(counter, account, "order", "frequency_limited")
    with pytest.raises(PlatformUnreachable):
        place(counter, account, order)
    assert place(counter, account, order).platform_order


def test_the_other_valid_certificate_is_believed(counter: Counter) -> None:
    """Both certificates of the list verify answers while one replaces the other."""
    platform, _, merchant = counter.parts("water-wechat")
    order, told = make_order(counter, "water-wechat"), explain(PlatformName.WECHAT, "pay_bill")
    place(counter, "water-wechat", order)
    misbehave(counter, "water-wechat", "query", "next_serial")
    assert platform.query_order(merchant, order.order_no, told).state is TradeState.UNPAID


@pytest.mark.parametrize(
    ("fault", "state"), [("refund_abnormal", RefundState.ABNORMAL), ("refund_closed", RefundState.CLOSED)]
)
def test_a_refund_that_fails_says_so(counter: Counter, fault: str, state: RefundState) -> None:
    """A refund that WeChat cannot carry out ends abnormal or closed, never refunded."""
    platform, _, merchant = counter.parts("gas-wechat")
    order, told, refund_no = (
        make_order(counter, "gas-wechat"),
        explain(PlatformName.WECHAT, "refund_payment"),
        secrets.token_hex(16),
    )
    pay(counter, "gas-wechat", order, place(counter, "gas-wechat", order).client_parameters)
    misbehave(counter, "gas-wechat", "refund", fault)
    platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    notice = counter.box.wait_for(order.order_no, "refund")
    assert notice.refund is not None
    assert notice.refund.state is state
    assert platform.query_refund(merchant, order.order_no, refund_no, told).state is state


@pytest.mark.parametrize("account", ACCOUNTS)
def test_not_enough_money_is_a_refusal(counter: Counter, account: str) -> None:
    """The merchant's balance does not cover the refund: refused, to be tried again later."""
    platform, _, merchant = counter.parts(account)
    order, told = make_order(counter, account), explain(platform.name, "refund_payment")
    pay(counter, account, order, place(counter, account, order).client_parameters)
    misbehave(counter, account, "refund", "not_enough")
    with pytest.raises(PlatformRefused):
        platform.request_refund(merchant, order.order_no, secrets.token_hex(16), order.amount_fen, told)


@pytest.mark.parametrize("account", ["gas-alipay", "water-alipay"])
def test_a_refund_that_is_on_its_way_is_asked_about(counter: Counter, account: str) -> None:
    """``fund_change=N`` is not believed to be nothing: Alipay is asked in the same breath."""
    platform, _, merchant = counter.parts(account)
    order, told, refund_no = (
        make_order(counter, account),
        explain(platform.name, "refund_payment"),
        secrets.token_hex(16),
    )
    pay(counter, account, order, place(counter, account, order).client_parameters)
    misbehave(counter, account, "refund", "refund_pending")
    first = platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    assert first.state in (RefundState.PROCESSING, RefundState.REFUNDED)
    assert platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told).refund_no == refund_no


@pytest.mark.parametrize(
    ("platform", "operation"), [(PlatformName.WECHAT, "code2session"), (PlatformName.ALIPAY, "token")]
)
@pytest.mark.parametrize("fault", ["expired_code", "used_code"])
def test_a_bad_log_in_code_is_told_apart(counter: Counter, platform: PlatformName, operation: str, fault: str) -> None:
    """Expired and used codes are refused as codes, though Alipay does not sign that answer."""
    counter.control(platform, "control/behaviour", operation=operation, behaviour=fault)
    with pytest.raises(LoginCodeRefused):
        log_in(counter, platform)


@pytest.mark.parametrize("fault", ["unsigned", "empty_sign", "forged_signature", "unknown_serial", "html", "garbled"])
def test_nobody_is_logged_in_by_an_unverified_answer(counter: Counter, fault: str) -> None:
    """Alipay's log-in answer counts by its signature alone."""
    counter.control(PlatformName.ALIPAY, "control/behaviour", operation="token", behaviour=fault)
    with pytest.raises(PlatformGarbled):
        log_in(counter, PlatformName.ALIPAY)


def test_sign_before_the_node_verifies(counter: Counter) -> None:
    """Where the signature stands in the answer does not matter."""
    counter.control(PlatformName.ALIPAY, "control/behaviour", operation="token", behaviour="sign_first")
    assert log_in(counter, PlatformName.ALIPAY)


def test_a_country_code_may_be_a_number(counter: Counter) -> None:
    """WeChat's answers differ from its documentation."""
    app = counter.apps[PlatformName.WECHAT]
    log_in(counter, PlatformName.WECHAT)
    code = counter.control(
        PlatformName.WECHAT, "phone/phone-code", app_id=app.app_id, user="citizen", phone="13800138001"
    )["code"]
    counter.control(
        PlatformName.WECHAT, "control/behaviour", operation="phone_number", behaviour="integer_country_code"
    )
    told = explain(PlatformName.WECHAT, "prove_phone", "sign-in")
    assert counter.platforms[PlatformName.WECHAT].read_phone(app, code, told) == "13800138001"


def test_a_platform_that_is_not_there_is_unreachable(counter: Counter) -> None:
    """Nothing left, the ledger says refused, and the caller may repeat."""
    platform, _, merchant = counter.parts("gas-wechat")
    gone = type(merchant)(
        **{name: getattr(merchant, name) for name in merchant.__slots__} | {"pay_url": "http://127.0.0.1:9"}
    )
    counter.allowed.add("http://127.0.0.1:9")
    with pytest.raises(PlatformUnreachable):
        platform.query_order(gone, secrets.token_hex(16), explain(PlatformName.WECHAT, "pay_bill"))
    assert counter.log.outcomes[-1][1] is Outcome.REFUSED
