"""Alipay renews its certificate while the counter serves: played over real sockets, and nobody at our side does anything."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import pytest

from adapters.clock import SystemClock
from adapters.platforms.alipay import AlipayPlatform
from services.errors import NoticeRefused, PlatformGarbled
from services.exposure import Direction, Outcome
from services.model import Order, PlatformName, TradeState
from tests.contract.platform_counter import (
    Counter,
    explain,
    explain_keys,
    make_order,
    misbehave,
    open_counter,
    pay,
    place,
)
from tests.contract.test_platforms import content_of

ACCOUNT, DOWNLOAD = "water-alipay", "alipay.open.app.alipaycert.download"
TOLD = explain(PlatformName.ALIPAY, "pay_bill")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("rotation")) as made:
        yield made


@pytest.fixture
def counter(site: Counter) -> Counter:
    """The counter as a process has it that has just started: it knows the configured certificate and no other."""
    site.platforms[PlatformName.ALIPAY] = start_process(site)
    site.box.reasons.clear()
    site.box.letters.clear()
    return site


def start_process(counter: Counter) -> AlipayPlatform:
    return AlipayPlatform(replace(counter.context, disclose_keys=partial(explain_keys, PlatformName.ALIPAY)))


@contextmanager
def rotated(counter: Counter) -> Iterator[str]:
    """Alipay's other certificate is in force, and then the first again; gives its SN."""
    yield str(counter.control(PlatformName.ALIPAY, "control/certificate")["alipay_cert_sn"])
    counter.control(PlatformName.ALIPAY, "control/certificate")


def list_received(counter: Counter) -> list[str]:
    """The methods of all requests that the emulator kept, in order."""
    lines = (counter.sandbox.home / "received.jsonl").read_text().splitlines()
    targets = [json.loads(line)["target"] for line in lines]
    return [dict(parse_qsl(urlsplit(target).query))["method"] for target in targets]


def count_downloads(counter: Counter) -> int:
    return list_received(counter).count(DOWNLOAD)


def place_new(counter: Counter) -> tuple[Order, Mapping[str, str]]:
    """A new order and what opens the till."""
    order = make_order(counter, ACCOUNT)
    return order, place(counter, ACCOUNT, order).client_parameters


def test_a_payment_goes_through_while_the_certificate_changes(counter: Counter) -> None:
    """Ordered under the old one, paid and asked for under the new one: one download, recorded, and everything verifies."""
    platform, _, merchant = counter.parts(ACCOUNT)
    (order, parameters), before = place_new(counter), count_downloads(counter)
    with rotated(counter):
        assert platform.query_order(merchant, order.order_no, TOLD).state is TradeState.UNPAID
        pay(counter, ACCOUNT, order, parameters)
        assert counter.box.wait_for(order.order_no).trade is not None
        assert platform.query_order(merchant, order.order_no, TOLD).state is TradeState.PAID
    assert count_downloads(counter) == before + 1
    lines = (counter.sandbox.home / "received.jsonl").read_text().splitlines()
    sent = [(key, one) for key, one in counter.log.records if one.direction is Direction.SENT_TO_SERVER]
    assert sorted(one.content for _, one in sent) == sorted(content_of(json.loads(line)) for line in lines)
    key, asked = [(key, one) for key, one in sent if one.operation == DOWNLOAD][-1]
    assert (asked.disclosure.service, asked.disclosure.purpose) == ("platform-keys", "exchange_keys")
    outcome, received = next((outcome, told) for of, outcome, _, told in counter.log.outcomes if of == key)
    assert outcome is Outcome.SENT
    assert received is not None
    assert received.disclosure.fields <= received.disclosure.budget[Direction.RECEIVED_FROM_PLATFORM] - {"unlisted"}


def test_either_certificate_is_believed_while_one_replaces_the_other(counter: Counter) -> None:
    """Answers change back and forth; there is one download."""
    platform, _, merchant = counter.parts(ACCOUNT)
    (order, _), before = place_new(counter), count_downloads(counter)
    for behaviour in ("next_serial", "none", "next_serial"):
        misbehave(counter, ACCOUNT, "query", behaviour)
        assert platform.query_order(merchant, order.order_no, TOLD).state is TradeState.UNPAID
    assert count_downloads(counter) == before + 1


def test_many_at_once_share_one_download(counter: Counter) -> None:
    """Whoever comes while the certificate is fetched waits for it and is not refused."""
    platform, _, merchant = counter.parts(ACCOUNT)
    (order, _), before = place_new(counter), count_downloads(counter)
    states: list[TradeState] = []
    ready = threading.Barrier(4)

    def ask() -> None:
        ready.wait()
        states.append(platform.query_order(merchant, order.order_no, TOLD).state)

    with rotated(counter):
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert states == [TradeState.UNPAID] * 4
    assert count_downloads(counter) == before + 1


@pytest.mark.parametrize("fault", ["server_error", "garbled", "timeout", "busy", "redirect"])
def test_a_download_that_fails_leaves_a_question(counter: Counter, fault: str) -> None:
    """The answer under the unknown certificate is not believed, whatever becomes of the download."""
    platform, _, merchant = counter.parts(ACCOUNT)
    order, _ = place_new(counter)
    misbehave(counter, ACCOUNT, "certificate", fault)
    with rotated(counter), pytest.raises(PlatformGarbled):
        platform.query_order(merchant, order.order_no, TOLD)


def test_a_notice_alone_teaches_nothing(counter: Counter) -> None:
    """A process that has not met the new certificate refuses notices under it without a call; an answer teaches it."""
    platform, _, merchant = counter.parts(ACCOUNT)
    order, _ = place_new(counter)
    with rotated(counter) as serial:
        before = list_received(counter)
        for fields in ({}, {"alipay_cert_sn": serial}, {"alipay_cert_sn": "0" * 32}):
            told = {"order_no": order.order_no, "action": "resend", "fields": fields}
            assert counter.control(PlatformName.ALIPAY, "control/notices", **told)["status"] == 400
        assert counter.box.reasons == ["forged", "unknown_serial", "unknown_serial"]
        assert list_received(counter) == before
        assert platform.query_order(merchant, order.order_no, TOLD).state is TradeState.UNPAID
    letters = [letter for letter in counter.box.letters if letter[0] == ACCOUNT][:2]
    for _, headers, body in letters:
        assert platform.read_notice(merchant, headers, body, SystemClock().now())[0].trade is not None
        with pytest.raises(NoticeRefused):
            start_process(counter).read_notice(merchant, headers, body, SystemClock().now())
