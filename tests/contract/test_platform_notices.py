"""Notices of the sandbox, sent over real sockets and read by the adapters of all four accounts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from adapters.clock import SystemClock
from adapters.platforms.wechat import WeChatPlatform
from services.errors import NoticeRefused
from services.model import Order, PlatformName, RefundState, TradeState
from tests.contract.platform_counter import (
    ACCOUNTS,
    Counter,
    explain,
    make_order,
    open_counter,
    pay,
    place,
)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("notices")) as made:
        yield made


def pay_order(counter: Counter, account: str) -> Order:
    """A paid order whose notice has come."""
    order = make_order(counter, account)
    pay(counter, account, order, place(counter, account, order).client_parameters)
    counter.box.wait_for(order.order_no)
    return order


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_payment_and_its_refund_are_told(counter: Counter, account: str) -> None:
    """The notice of the payment and that of the refund are verified evidence with our numbers and amounts."""
    order = pay_order(counter, account)
    notice = counter.box.wait_for(order.order_no)
    assert notice.trade is not None
    assert (notice.account, notice.trade.state, notice.trade.amount_fen) == (account, TradeState.PAID, order.amount_fen)
    platform, _, merchant = counter.parts(account)
    refund_no = secrets.token_hex(16)
    told = explain(platform.name, "refund_payment")
    platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    refunded = counter.box.wait_for(order.order_no, "refund")
    assert refunded.refund is not None
    assert (refunded.refund.refund_no, refunded.refund.state) == (refund_no, RefundState.REFUNDED)
    assert refunded.refund.amount_fen == order.amount_fen
    assert platform.query_order(merchant, order.order_no, told).state is TradeState.REFUNDED


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_notice_for_one_account_is_refused_at_every_other(counter: Counter, account: str) -> None:
    """The very bytes that one account accepts are refused by the other three."""
    pay_order(counter, account)
    _, headers, body = next(letter for letter in reversed(counter.box.letters) if letter[0] == account)
    for other in ACCOUNTS:
        platform, _, merchant = counter.parts(other)
        if other == account:
            platform.read_notice(merchant, headers, body, SystemClock().now())
        else:
            with pytest.raises(NoticeRefused):
                platform.read_notice(merchant, headers, body, SystemClock().now())


FAULTS = {
    PlatformName.WECHAT: [
        "forge",
        "unsigned",
        "forged_signature",
        "unknown_serial",
        "not_hex_serial",
        "stale_signature",
        "probe",
    ],
    PlatformName.ALIPAY: ["forge", "wrong_app", "wrong_seller", "forged_signature", "unsigned", "empty_sign", "stale"],
}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_spoiled_notice_is_refused(counter: Counter, account: str) -> None:
    """Each kind of forgery is refused with a status that makes the platform send again, and nothing is read of it."""
    order = pay_order(counter, account)
    platform = counter.merchants[account].platform
    for fault in FAULTS[platform]:
        read = len(counter.box.notices)
        answer = counter.control(platform, "control/notices", order_no=order.order_no, action=fault)
        assert answer["status"] == 400, fault
        assert len(counter.box.notices) == read, fault


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_repeated_notice_has_the_same_id(counter: Counter, account: str) -> None:
    """The claim of the id in the store makes a repetition harmless."""
    order = pay_order(counter, account)
    platform = counter.merchants[account].platform
    first = counter.box.wait_for(order.order_no).notice_id
    counter.control(platform, "control/notices", order_no=order.order_no, action="resend", notice_id=first)
    assert counter.box.notices[-1].notice_id == first


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_notice_of_another_amount_says_that_amount(counter: Counter, account: str) -> None:
    """The adapter reports what was signed; that it is not the order's amount is for the services to see."""
    order = pay_order(counter, account)
    counter.control(
        counter.merchants[account].platform, "control/notices", order_no=order.order_no, action="wrong_amount"
    )
    last = counter.box.notices[-1].trade
    assert last is not None
    assert last.amount_fen is not None
    assert last.amount_fen != order.amount_fen


def test_an_empty_value_is_signed_too(counter: Counter) -> None:
    """Alipay's notice with an empty field verifies."""
    order = pay_order(counter, "gas-alipay")
    answer = counter.control(PlatformName.ALIPAY, "control/notices", order_no=order.order_no, action="empty_value")
    assert answer["status"] == 200


def test_a_second_process_reads_notices_under_certificates(counter: Counter) -> None:
    """A process that never called WeChat verifies with the encrypted certificates that another one left in the cache."""
    order = pay_order(counter, "water-wechat")
    _, headers, body = next(letter for letter in reversed(counter.box.letters) if letter[0] == "water-wechat")
    fresh = WeChatPlatform(counter.context, counter.tokens)
    notice, _ = fresh.read_notice(counter.merchants["water-wechat"], headers, body, SystemClock().now())
    assert notice.trade is not None
    assert notice.trade.order_no == order.order_no


def test_no_notice_causes_a_call(counter: Counter) -> None:
    """A refused notice under an unknown serial fetches nothing: the ledger has no new record after it."""
    order = pay_order(counter, "water-wechat")
    before = len(counter.log.records)
    for fault in ("unknown_serial", "not_hex_serial", "probe"):
        counter.control(PlatformName.WECHAT, "control/notices", order_no=order.order_no, action=fault)
    assert len(counter.log.records) == before
