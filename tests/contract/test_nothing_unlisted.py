"""What the platforms tell us in a bill's whole life has a name in the ledger: nothing counts as something added by itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from services.doors import PLATFORMS
from services.login_messages import PAGE, PHRASES, WORD_KEYS
from services.model import PlatformName
from tests.contract.platform_counter import ACCOUNTS, Counter, explain, log_in, make_order, open_counter, pay, place


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("named")) as made:
        yield made


def received(counter: Counter) -> dict[str, frozenset[str]]:
    """Operation and names of every answer so far."""
    found: dict[str, frozenset[str]] = {}
    for _, _, _, exposure in counter.log.outcomes:
        if exposure is not None:
            names = exposure.disclosure.fields
            found[exposure.operation] = found.get(exposure.operation, frozenset()) | names
    return found


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_answer_about_a_payment_and_its_refund_is_named(counter: Counter, account: str) -> None:
    """Unpaid, paid, refunded, closed: answers and notices hold only what the reply tables list."""
    platform, _, merchant = counter.parts(account)
    told = explain(platform.name, "pay_bill")
    order, other = make_order(counter, account), make_order(counter, account)
    parameters = place(counter, account, order).client_parameters
    platform.query_order(merchant, order.order_no, told)
    pay(counter, account, order, parameters)
    assert counter.box.wait_for(order.order_no).trade is not None
    platform.query_order(merchant, order.order_no, told)
    refund_no = secrets.token_hex(16)
    platform.query_refund(merchant, order.order_no, refund_no, told)
    platform.request_refund(merchant, order.order_no, refund_no, order.amount_fen, told)
    assert counter.box.wait_for(order.order_no, "refund").refund is not None
    platform.query_refund(merchant, order.order_no, refund_no, told)
    place(counter, account, other)
    platform.close_order(merchant, other.order_no, told)
    platform.query_order(merchant, other.order_no, told)
    assert len(received(counter)) >= 6
    assert {operation for operation, names in received(counter).items() if "unlisted" in names} == set()


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_every_answer_about_a_person_is_named(counter: Counter, name: PlatformName) -> None:
    """Log-in, phone number and message."""
    app, platform, user_id = counter.apps[name], counter.platforms[name], log_in(counter, name)
    if name is PlatformName.WECHAT:
        told = {"app_id": app.app_id, "user": "citizen", "phone": "13800138001"}
        code = counter.control(name, "phone/phone-code", **told)["code"]
        platform.read_phone(app, code, explain(name, "prove_phone", "sign-in"))
    words = dict(zip(WORD_KEYS[name], (PHRASES[0], "2026-11-24 18:00"), strict=True))
    told_of = explain(name, "new_login_message", "sign-in")
    platform.send_message(app, user_id, "template_new_login", words, PAGE, told_of)
    assert {operation for operation, names in received(counter).items() if "unlisted" in names} == set()
