"""Both platforms' adapters against the sandbox over real sockets, on all four merchant accounts of the demo."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from services.doors import PLATFORMS
from services.errors import LoginCodeRefused, PlatformRefused, PlatformUnreachable
from services.exposure import Direction, Outcome, request_content
from services.login_messages import PHRASES
from services.model import PlatformName, RefundState, TradeState
from tests.contract.platform_counter import ACCOUNTS, Counter, explain, log_in, make_order, open_counter, pay


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("platforms")) as made:
        yield made


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_order_is_placed_paid_and_refunded(counter: Counter, account: str) -> None:
    """On every account an order goes from absent over unpaid to paid, and its refund is the same refund when repeated."""
    platform, app, merchant = counter.parts(account)
    order = make_order(counter, account)
    told = explain(platform.name, "pay_bill")
    assert platform.query_order(merchant, order.order_no, told).state is TradeState.ABSENT
    placed = platform.place_order(app, merchant, order, told)
    again = platform.place_order(app, merchant, order, told)
    assert set(placed.client_parameters) == set(again.client_parameters)
    pay(counter, account, order, placed.client_parameters)
    paid = platform.query_order(merchant, order.order_no, told)
    assert (paid.state, paid.amount_fen, paid.order_no) == (TradeState.PAID, 8640, order.order_no)
    assert paid.paid_at is not None
    assert abs((paid.paid_at - order.created_at).total_seconds()) < 60
    refund_no = secrets.token_hex(16)
    assert platform.query_refund(merchant, order.order_no, refund_no, told).state is RefundState.ABSENT
    for _ in range(2):
        refund = platform.request_refund(merchant, order.order_no, refund_no, 8640, told)
        assert refund.state in (RefundState.REFUNDED, RefundState.PROCESSING)
        assert refund.refund_no == refund_no
    assert platform.query_refund(merchant, order.order_no, refund_no, told).amount_fen == 8640


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("whole", [True, False])
def test_money_given_back_at_the_platforms_desk_is_told_apart(counter: Counter, account: str, whole: bool) -> None:
    """Given back in full by hand, our refund is refused and the platform says so of the order; of a part it says nothing like it."""
    platform, app, merchant = counter.parts(account)
    order, told = make_order(counter, account), explain(platform.name, "pay_bill")
    pay(counter, account, order, platform.place_order(app, merchant, order, told).client_parameters)
    amount_fen = 8640 if whole else 100
    counter.control(platform.name, "control/refund", order_no=order.order_no, amount_fen=amount_fen)
    try:
        outside = platform.request_refund(merchant, order.order_no, "f" * 32, 8640, told).state is RefundState.OUTSIDE
    except (PlatformRefused, PlatformUnreachable):  # WeChat wants a minute between two refunds of one order
        outside = False
    trade = platform.query_order(merchant, order.order_no, told)
    if platform.name is PlatformName.ALIPAY:
        assert (trade.state, trade.returned_fen) == ((TradeState.REFUNDED, 8640) if whole else (TradeState.PAID, None))
    else:
        assert (trade.state, trade.returned_fen, outside) == (TradeState.REFUNDED, None, whole)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_unpaid_order_is_closed_and_stays_closed(counter: Counter, account: str) -> None:
    """Closing an unpaid order, closing it again and asking about it all say closed; closing none says absent."""
    platform, app, merchant = counter.parts(account)
    order, told = make_order(counter, account), explain(platform.name, "cancel_payment")
    assert platform.close_order(merchant, secrets.token_hex(16), told).state is TradeState.ABSENT
    platform.place_order(app, merchant, order, told)
    assert platform.query_order(merchant, order.order_no, told).state is TradeState.UNPAID
    for _ in range(2):
        assert platform.close_order(merchant, order.order_no, told).state is TradeState.CLOSED
    assert platform.query_order(merchant, order.order_no, told).state is TradeState.CLOSED


@pytest.mark.parametrize("account", ACCOUNTS)
def test_closing_or_repeating_a_paid_order_tells_that_it_is_paid(counter: Counter, account: str) -> None:
    """A close that comes too late answers paid, and placing the order again is refused."""
    platform, app, merchant = counter.parts(account)
    order, told = make_order(counter, account), explain(platform.name, "pay_bill")
    placed = platform.place_order(app, merchant, order, told)
    pay(counter, account, order, placed.client_parameters)
    assert platform.close_order(merchant, order.order_no, told).state is TradeState.PAID
    with pytest.raises(PlatformRefused):
        platform.place_order(app, merchant, order, told)


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_a_log_in_code_works_once(counter: Counter, platform: PlatformName) -> None:
    """The same person has the same id each time; a used or an unknown code is refused as such."""
    app, told = counter.apps[platform], explain(platform, "sign_in", "sign-in")
    assert log_in(counter, platform) == log_in(counter, platform) != log_in(counter, platform, "somebody else")
    code = counter.control(platform, "phone/login", app_id=app.app_id, user="citizen")["code"]
    counter.platforms[platform].identify(app, code, told)
    for refused in (code, "unknown-code-000000000000000"):
        with pytest.raises(LoginCodeRefused):
            counter.platforms[platform].identify(app, refused, told)


def test_the_verified_phone_number_is_read(counter: Counter) -> None:
    """WeChat's phone code is exchanged; Alipay's answer is verified and decrypted; both give the bare number."""
    wechat, alipay = counter.apps[PlatformName.WECHAT], counter.apps[PlatformName.ALIPAY]
    log_in(counter, PlatformName.WECHAT)
    log_in(counter, PlatformName.ALIPAY)
    code = counter.control(
        PlatformName.WECHAT, "phone/phone-code", app_id=wechat.app_id, user="citizen", phone="13800138001"
    )["code"]
    response = counter.control(
        PlatformName.ALIPAY, "phone/phone-answer", app_id=alipay.app_id, user="citizen", phone="13800138001"
    )["response"]
    for app, evidence in ((wechat, code), (alipay, response)):
        told = explain(app.platform, "prove_phone", "sign-in")
        assert counter.platforms[app.platform].read_phone(app, evidence, told) == "13800138001"


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_a_message_of_fixed_words_arrives(counter: Counter, platform: PlatformName) -> None:
    """The new-log-in message reaches the person's phone with the fixed phrase and the time."""
    app, user_id = counter.apps[platform], log_in(counter, platform)
    keys = ("thing1", "time2") if platform is PlatformName.WECHAT else ("keyword1", "keyword2")
    words = dict(zip(keys, (PHRASES[0], "2026-11-24 18:00"), strict=True))
    told = explain(platform, "new_login_message", "sign-in")
    counter.platforms[platform].send_message(app, user_id, "template_new_login", words, "pages/logins/index", told)
    url = f"{counter.sandbox.addresses[platform]}/_sandbox/phone/messages"
    found = requests.get(url, params={"app_id": app.app_id, "user": "citizen"}, timeout=10)
    assert PHRASES[0] in json.dumps(found.json(), ensure_ascii=False)


def test_a_token_that_became_invalid_is_replaced_once(counter: Counter) -> None:
    """With a token in the cache that WeChat does not know, the message goes out after one refresh."""
    app, user_id = counter.apps[PlatformName.WECHAT], log_in(counter, PlatformName.WECHAT)
    key = f"wechat-token:{app.app_id}"
    counter.tokens.save(key, "stale-token-stale-token", 100)
    told = explain(PlatformName.WECHAT, "new_login_message", "sign-in")
    words = {"thing1": PHRASES[0], "time2": "2026-11-24 18:00"}
    counter.platforms[PlatformName.WECHAT].send_message(
        app, user_id, "template_new_login", words, "pages/logins/index", told
    )
    assert counter.tokens.load(key) not in (None, "stale-token-stale-token")


def test_what_the_sandbox_received_is_what_the_ledger_says(counter: Counter) -> None:
    """Every request that the emulators kept has exactly one record over the same bytes, and no record lacks its outcome."""
    for account in ACCOUNTS:
        run_all_operations(counter, account)
    lines = (counter.sandbox.home / "received.jsonl").read_text().splitlines()
    received = sorted(content_of(json.loads(line)) for line in lines)
    sent = [(key, exposure) for key, exposure in counter.log.records if exposure.direction is Direction.SENT_TO_SERVER]
    assert sorted(exposure.content for _, exposure in sent) == received
    assert len(received) > 4 * 7
    outcomes = {record_id: outcome for record_id, outcome, _, _ in counter.log.outcomes}
    assert set(outcomes) == {key for key, _ in sent}
    assert set(outcomes.values()) == {Outcome.SENT}


def test_what_the_platforms_tell_us_is_foreseen(counter: Counter) -> None:
    """The names in every answer stand in the budget for what is received, and nothing in an answer is unlisted."""
    for account in ACCOUNTS:
        run_all_operations(counter, account)
    for _, _, _, received in counter.log.outcomes:
        assert received is not None
        told = received.disclosure
        assert told.fields <= told.budget[Direction.RECEIVED_FROM_PLATFORM], received.operation
        assert "unlisted" not in told.fields, received.operation


def run_all_operations(counter: Counter, account: str) -> None:
    """Log in, order, pay, query, close too late, refund, query the refund."""
    platform, app, merchant = counter.parts(account)
    order, told, refund_no = make_order(counter, account), explain(platform.name, "pay_bill"), secrets.token_hex(16)
    placed = platform.place_order(app, merchant, order, told)
    pay(counter, account, order, placed.client_parameters)
    platform.query_order(merchant, order.order_no, told)
    platform.close_order(merchant, order.order_no, told)
    platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    platform.query_refund(merchant, order.order_no, refund_no, told)


def content_of(line: dict[str, Any]) -> bytes:
    return request_content(line["method"], line["target"], base64.b64decode(line["body"]))
