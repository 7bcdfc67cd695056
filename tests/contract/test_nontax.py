"""WeChat's adapter against the emulated non-tax platform over real sockets; Alipay's with the same fee, which is an ordinary order there."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from adapters.clock import SystemClock
from services.errors import (
    ExposureOverBudget,
    ExposureUndeclared,
    NoticeRefused,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
)
from services.exposure import Direction, Disclosure
from services.mapping import disclose
from services.model import Order, PlacedOrder, PlatformName, RefundState, TradeState
from services.non_tax import FeeItem, NonTaxOrder, PaymentNotice
from services.platform_port import NonTaxPlace
from tests.contract.platform_counter import AGENCY, Counter, make_order, open_counter, pay
from tests.fakes import load_catalogue

SERVICE, ACCOUNT = "vehicle-fines", "treasury-wechat"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("fees")) as made:
        told = {"account": ACCOUNT, "url": f"{made.box.root}/{ACCOUNT}"}
        made.control(PlatformName.WECHAT, "control/nontax/receiver", **told)
        yield made


def explain_fee(purpose: str = "pay_bill", platform: PlatformName = PlatformName.WECHAT) -> Disclosure:
    mapping = load_catalogue().service(SERVICE)
    return disclose(
        mapping, platform=platform, agency_id=AGENCY, account=ACCOUNT, purpose=purpose, request_id="request"
    )


def make_fee(**changes: Any) -> NonTaxOrder:
    items = (FeeItem(1, "103050101", "道路交通违法罚款", 20000), FeeItem(2, "103050102", "加处罚款", 600, 0, 600))
    notice = PaymentNotice(secrets.token_hex(10), date(2026, 11, 20), date(2026, 12, 10), items)
    made = NonTaxOrder(notice, "104001", "演示执收单位", "110101")
    return replace(made, **changes)


def order_fee(counter: Counter, fee: NonTaxOrder) -> tuple[Order, PlacedOrder, NonTaxPlace]:
    """A fee's order at WeChat, and where it is found."""
    platform, app, merchant = counter.parts(ACCOUNT)
    order = make_order(counter, ACCOUNT, amount_fen=fee.notice.amount_fen, non_tax=fee)
    placed = platform.place_order(app, merchant, order, explain_fee())
    return order, placed, NonTaxPlace(fee, app, placed.platform_order)


def test_a_fee_goes_from_unpaid_over_paid_to_given_back(counter: Counter) -> None:
    """The order is found by WeChat's number; its refund is the same one when sent again, and ends as refunded."""
    platform, _, merchant = counter.parts(ACCOUNT)
    order, placed, place = order_fee(counter, make_fee())
    assert platform.query_order(merchant, order.order_no, explain_fee(), place).state is TradeState.UNPAID
    pay(counter, ACCOUNT, order, placed.client_parameters)
    paid = platform.query_order(merchant, order.order_no, explain_fee(), place)
    assert (paid.order_no, paid.state, paid.amount_fen, paid.returned_fen) == (
        order.order_no,
        TradeState.PAID,
        20600,
        None,
    )
    assert paid.paid_at is not None
    assert abs((paid.paid_at - SystemClock().now()).total_seconds()) < 60
    told, refund_no = explain_fee("refund_payment"), secrets.token_hex(16)
    assert platform.query_refund(merchant, order.order_no, refund_no, told, place).state is RefundState.ABSENT
    for _ in range(2):
        asked = platform.request_refund(merchant, order.order_no, refund_no, 20600, told, place)
        assert (asked.order_no, asked.refund_no, asked.state) == (order.order_no, refund_no, RefundState.PROCESSING)
    time.sleep(1.2)
    done = platform.query_refund(merchant, order.order_no, refund_no, told, place)
    assert (done.state, done.amount_fen) == (RefundState.REFUNDED, 20600)
    back = platform.query_order(merchant, order.order_no, told, place)
    assert (back.state, back.returned_fen) == (TradeState.REFUNDED, 20600)
    other = platform.request_refund(merchant, order.order_no, secrets.token_hex(16), 20600, told, place)
    assert other.state is RefundState.OUTSIDE


def test_what_opens_the_page(counter: Counter) -> None:
    """The client gets what navigateToMiniProgram and openBusinessView take; the number of the order is in both."""
    _, placed, _ = order_fee(counter, make_fee())
    assert set(placed.client_parameters) == {"appId", "path", "businessType", "queryString"}
    assert placed.client_parameters["path"].endswith(f"?order_id={placed.platform_order}")


def test_an_order_nobody_heard_of_is_absent(counter: Counter) -> None:
    """Without WeChat's number nobody can open the order: absent, and no request leaves."""
    platform, app, merchant = counter.parts(ACCOUNT)
    place, before = NonTaxPlace(make_fee(), app, None), len(counter.log.records)
    number = secrets.token_hex(16)
    assert platform.query_order(merchant, number, explain_fee(), place).state is TradeState.ABSENT
    assert platform.close_order(merchant, number, explain_fee(), place).state is TradeState.ABSENT
    assert platform.query_refund(merchant, number, number, explain_fee(), place).state is RefundState.ABSENT
    with pytest.raises(PlatformRefused):
        platform.request_refund(merchant, number, number, 1, explain_fee("refund_payment"), place)
    assert len(counter.log.records) == before


def test_there_is_no_way_to_close(counter: Counter) -> None:
    """Closing sends nothing and says unpaid; once WeChat has closed the order, the question says so."""
    platform, _, merchant = counter.parts(ACCOUNT)
    order, _, place = order_fee(counter, make_fee())
    before = len(counter.log.records)
    assert platform.close_order(merchant, order.order_no, explain_fee(), place).state is TradeState.UNPAID
    assert len(counter.log.records) == before
    counter.control(PlatformName.WECHAT, "control/nontax/close", order_id=place.platform_order)
    assert platform.query_order(merchant, order.order_no, explain_fee(), place).state is TradeState.CLOSED


def test_a_notice_paid_elsewhere_is_refused(counter: Counter) -> None:
    """WeChat does not take a second order of a notice that was paid."""
    fee = make_fee()
    _, _, place = order_fee(counter, fee)
    counter.control(PlatformName.WECHAT, "control/nontax/pay", order_id=place.platform_order)
    with pytest.raises(PlatformRefused, match="232"):
        order_fee(counter, fee)


def sent_bodies(counter: Counter, path: str) -> list[dict[str, Any]]:
    """What the sandbox itself received at a path."""
    lines = (counter.sandbox.home / "received.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return [json.loads(base64.b64decode(one["body"])) for one in told if one["target"].startswith(path)]


def test_exactly_this_leaves(counter: Counter) -> None:
    """The order holds the notice, its items, department and region, an address of ours in ``ip``, and nothing of a person but the openid."""
    fee = make_fee()
    order, placed, _ = order_fee(counter, fee)
    body = sent_bodies(counter, "/nontax/unifiedorder?")[-1]
    assert body.pop("openid") == order.user_id
    merchant = counter.merchants[ACCOUNT]
    assert body == {
        "appid": merchant.app_id, "mch_id": merchant.merchant_id, "bank_id": merchant.options["bank_id"],
        "desc": "公共服务缴费", "fee": 20600, "ip": "127.0.0.1", "payment_notice_no": fee.notice.payment_notice_no,
        "department_code": "104001", "department_name": "演示执收单位", "region_code": "110101", "scene": "miniprogram",
        "payment_notice_create_time": 1795104000, "payment_expire_date": "20261210",
        "items": [
            {"no": 1, "item_id": "103050101", "item_name": "道路交通违法罚款", "overdue": 0, "penalty": 0, "fee": 20000},
            {"no": 2, "item_id": "103050102", "item_name": "加处罚款", "overdue": 0, "penalty": 600, "fee": 600},
        ],
    }  # fmt: skip
    recorded = [one for _, one in counter.log.records if one.operation == "wechat.nontax.order"]
    sent = [one for one in recorded if one.direction is Direction.SENT_TO_SERVER][-1]
    assert {"notice_no", "fee_items", "department", "region"} <= sent.disclosure.fields
    assert placed.platform_order not in sent.content.decode()


def test_other_services_send_no_notice(counter: Counter) -> None:
    """A budget without the words of a fee lets none of them out, whatever the adapter is told."""
    platform, app, merchant = counter.parts(ACCOUNT)
    fee = make_fee()
    order = make_order(counter, ACCOUNT, amount_fen=20600, non_tax=fee)
    gas = load_catalogue().service("gas-bill")
    told = replace(explain_fee(), budget=gas.exposure[PlatformName.WECHAT])
    with pytest.raises(ExposureOverBudget):
        platform.place_order(app, merchant, order, told)
    numbers = [one["payment_notice_no"] for one in sent_bodies(counter, "/nontax/unifiedorder?")]
    assert fee.notice.payment_notice_no not in numbers


@pytest.mark.parametrize("name", ["王小明 110101199003070011", "罚款 13800138000", "卡6222021234567"])
def test_an_item_with_a_persons_number_does_not_leave(counter: Counter, name: str) -> None:
    """The name of an item is words of the catalogue; a long run of digits in it is refused at the door."""
    platform, app, merchant = counter.parts(ACCOUNT)
    fee = make_fee()
    notice = replace(fee.notice, items=(FeeItem(1, "1", name, 100),))
    order = make_order(counter, ACCOUNT, amount_fen=100, non_tax=replace(fee, notice=notice))
    with pytest.raises(ExposureUndeclared, match="item_name"):
        platform.place_order(app, merchant, order, explain_fee())


def test_an_amount_that_is_not_the_sum_does_not_leave(counter: Counter) -> None:
    """Amount, sum of items and notice are one number, or there is no order."""
    platform, app, merchant = counter.parts(ACCOUNT)
    order = make_order(counter, ACCOUNT, amount_fen=20601, non_tax=make_fee())
    with pytest.raises(PlatformRefused, match="SUM"):
        platform.place_order(app, merchant, order, explain_fee())


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("busy", PlatformOutcomeUnknown),
        ("html", PlatformGarbled),
        ("garbled", PlatformGarbled),
        ("empty", PlatformGarbled),
    ],
)
def test_an_answer_that_says_nothing(counter: Counter, behaviour: str, error: type[Exception]) -> None:
    """A busy platform leaves the outcome unknown, a broken answer is garbled; neither is believed."""
    platform, _, merchant = counter.parts(ACCOUNT)
    order, _, place = order_fee(counter, make_fee())
    told = {"operation": "nontax_query", "behaviour": behaviour}
    counter.control(PlatformName.WECHAT, "control/behaviour", **told)
    with pytest.raises(error):
        platform.query_order(merchant, order.order_no, explain_fee(), place)


def test_a_token_that_died_is_fetched_again_once(counter: Counter) -> None:
    """An expired token costs one more call, not the order."""
    told = {"operation": "nontax_order", "behaviour": "expired_token"}
    counter.control(PlatformName.WECHAT, "control/behaviour", **told)
    _, placed, _ = order_fee(counter, make_fee())
    assert placed.platform_order


def test_an_answer_about_another_notice_is_garbled(counter: Counter) -> None:
    """The answer must bear our notice's number."""
    platform, _, merchant = counter.parts(ACCOUNT)
    order, _, place = order_fee(counter, make_fee())
    with pytest.raises(PlatformGarbled, match="another order"):
        platform.query_order(merchant, order.order_no, explain_fee(), replace(place, order=make_fee()))


def deliver(counter: Counter, place: NonTaxPlace, action: str, **more: Any) -> tuple[int, list[str]]:
    """Have one notice sent now: the status that the letter box answered, and its new reasons of refusal."""
    before = len(counter.box.reasons)
    told = {"order_id": place.platform_order, "action": action, **more}
    answer = counter.control(PlatformName.WECHAT, "control/nontax/notices", **told)
    return answer["status"], counter.box.reasons[before:]


def test_a_notice_names_the_order_and_nothing_else(counter: Counter) -> None:
    """A sound notice gives WeChat's number to ask about; not a word of its content is taken."""
    order, placed, place = order_fee(counter, make_fee())
    pay(counter, ACCOUNT, order, placed.client_parameters)
    assert deliver(counter, place, "resend", plain={"fee": 1, "status": 5}) == (200, [])
    notice = counter.box.notices[-1]
    assert (notice.platform_order, notice.trade, notice.refund) == (place.platform_order, None, None)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("forge", "forged"), ("stale_signature", "stale"), ("garbled_data", "unreadable"),
        ("other_app", "wrong_appid"), ("probe", "probe"),
    ],
)  # fmt: skip
def test_a_notice_that_is_not_sound_is_refused(counter: Counter, action: str, reason: str) -> None:
    """Forged, stale, garbled, about another app, or a probe: refused with its reason."""
    _, _, place = order_fee(counter, make_fee())
    assert deliver(counter, place, action) == (400, [reason])


def test_a_notice_without_the_headers_is_no_notice(counter: Counter) -> None:
    """Unsigned, it goes the way of an ordinary WeChat Pay notice and fails there too."""
    _, _, place = order_fee(counter, make_fee())
    status, reasons = deliver(counter, place, "unsigned")
    assert (status, len(reasons)) == (400, 1)


def test_an_account_without_keys_reads_no_fee_notice(counter: Counter) -> None:
    """The same bytes at another account's address are refused."""
    order, placed, place = order_fee(counter, make_fee())
    pay(counter, ACCOUNT, order, placed.client_parameters)
    deliver(counter, place, "resend")
    account, headers, body = [letter for letter in counter.box.letters if letter[0] == ACCOUNT][-1]
    platform, _, merchant = counter.parts("water-wechat")
    with pytest.raises(NoticeRefused):
        platform.read_notice(merchant, headers, body, SystemClock().now())
    assert account == ACCOUNT


def test_on_alipay_a_fee_is_an_ordinary_order(counter: Counter) -> None:
    """The same fee at Alipay: number, generic words, amount; no word of the notice leaves."""
    platform, app, merchant = counter.parts("treasury-alipay")
    fee = make_fee()
    order = make_order(counter, "treasury-alipay", amount_fen=20600, non_tax=fee)
    told = explain_fee(platform=PlatformName.ALIPAY)
    placed = platform.place_order(app, merchant, order, told)
    pay(counter, "treasury-alipay", order, placed.client_parameters)
    place = NonTaxPlace(fee, app, placed.platform_order)
    assert platform.query_order(merchant, order.order_no, told, place).state is TradeState.PAID
    received = (counter.sandbox.home / "received.jsonl").read_text("utf-8").splitlines()
    alipay = [base64.b64decode(json.loads(line)["body"]).decode() for line in received if '"alipay"' in line]
    assert alipay
    for word in (fee.notice.payment_notice_no, "104001", "110101", "103050101"):
        assert not any(word in body for body in alipay)
