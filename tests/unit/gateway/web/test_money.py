"""Payments and applications of every door: seen, cancelled and receipted at the government's own."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.application_record import Application, ApplicationEvent, ApplicationState
from services.model import (
    MerchantAccount,
    MerchantMode,
    Payment,
    PaymentEvent,
    PaymentState,
    PlatformName,
)
from tests.web_door import LI, OTHER_PHONE, Browser, WebDoor

WECHAT, NUMBER = PlatformName.WECHAT, "2026110200000000000000077777"


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door whose slips are really signed."""
    return WebDoor(tmp_path)


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    """The citizen's."""
    return door.enter()


def open_payment(door: WebDoor, *more: PaymentEvent) -> UUID:
    """A payment of a gas bill in WeChat that waits for the money."""
    counter, now = door.counter, door.counter.clock.now()
    payment, directory = make_payment(door), door.directory
    directory.merchants.append(
        MerchantAccount(
            counter.agency, "gas-wechat", WECHAT, counter.wang.app.app_id, "m-1", MerchantMode.DIRECT, "http://pay",
            payee="gas-company",
        )
    )  # fmt: skip
    if counter.wang.app not in directory.apps:
        directory.apps.append(counter.wang.app)
    placed = {"platform_order": "P-1", "client_parameters": {}}
    with counter.house.begin((counter.agency,)) as tx:
        tx.payments.open(payment, PaymentEvent(payment.payment_id, 1, "intended", PaymentState.INTENDED, now))
        tx.payments.append(
            counter.agency,
            PaymentEvent(payment.payment_id, 2, "order_placed", PaymentState.AWAITING_PAYMENT, now, placed),
        )
        for event in more:
            tx.payments.append(counter.agency, event)
    return payment.payment_id


def make_payment(door: WebDoor) -> Payment:
    """Wang's payment."""
    counter, now = door.counter, door.counter.clock.now()
    return Payment(
        counter.desk.new_id(), counter.agency, "gas-bill", 1, counter.wang.person_id, counter.wang.login_id,
        counter.wang.chain_id, uuid4(), uuid4(), "10086001", "G-1", "2026-10", 8640, WECHAT, counter.wang.app.app,
        "gas-wechat", "gas-company", uuid4().hex, "2026110200000001", uuid4().hex, "燃气缴费", now,
        now + timedelta(minutes=15), now.date(),
    )  # fmt: skip


def test_a_payment_of_a_platform_stands_here(door: WebDoor, browser: Browser) -> None:
    """What was begun in WeChat is listed and opened here, by its pages and by its API."""
    payment_id = open_payment(door)
    assert "86.40" in browser.get("/payments").text
    page = browser.get(f"/payments/{payment_id}").text
    assert "微信" in page
    assert "取消订单" in page
    assert str(payment_id) in json.dumps(call(browser, "/v1/payments"))
    assert call(browser, f"/v1/payments/{payment_id}")["state"] == "awaiting_payment"


def call(browser: Browser, path: str) -> Any:
    """One question of a program with this session."""
    cookie = browser.client.get_cookie("guitai_web")
    assert cookie is not None
    reply = browser.client.get(path, headers={"Authorization": f"Bearer {cookie.value}"})
    assert reply.status_code == 200, reply.data
    return json.loads(reply.data)


def test_an_order_that_nobody_pays_is_closed_from_here(door: WebDoor, browser: Browser) -> None:
    """A platform that shut its door does not keep a bill: its order is closed, and the bill can be paid at the window."""
    payment_id = open_payment(door)
    assert browser.post(f"/payments/{payment_id}/cancel", f"/payments/{payment_id}").status_code == 303
    state = door.counter.house.tables.events[payment_id][-1].state
    assert state in (PaymentState.CLOSED, PaymentState.CLOSING)
    page = browser.get(f"/payments/{payment_id}").text
    assert "取消订单" not in page


def test_a_receipt_with_its_slip(door: WebDoor, browser: Browser) -> None:
    """Once the company has written it off; before that there is none. Its code holds on the public page."""
    assert browser.get(f"/payments/{open_payment(door)}/receipt").status_code == 409
    now = door.counter.clock.now()
    payment_id = open_payment(door)
    with door.counter.house.begin((door.counter.agency,)) as tx:
        for version, name, state, data in (
            (
                3,
                "payment_confirmed",
                PaymentState.PAID,
                {"paid_at": now.isoformat(), "amount_fen": 8640, "transaction_id": "T"},
            ),
            (4, "write_off_began", PaymentState.WRITING_OFF, {}),
            (5, "write_off_accepted", PaymentState.WRITTEN_OFF, {"reference": "R-7"}),
        ):
            tx.payments.append(door.counter.agency, PaymentEvent(payment_id, version, name, state, now, data))
    page = browser.get(f"/payments/{payment_id}/receipt")
    assert page.status_code == 200, page.text
    assert "R-7" in page.text
    assert "<svg" in page.text


@pytest.mark.parametrize("tail", ["", "/receipt"])
def test_somebody_elses_payment_is_none(door: WebDoor, tail: str) -> None:
    """Neither seen nor receipted, and not cancelled either."""
    payment_id = open_payment(door)
    stranger = door.enter(LI, OTHER_PHONE)
    assert stranger.get(f"/payments/{payment_id}{tail}").status_code == 404
    assert stranger.post(f"/payments/{payment_id}/cancel", "/").status_code == 404
    assert len(door.counter.house.tables.events[payment_id]) == 2


def test_an_application_of_a_platform_stands_here(door: WebDoor, browser: Browser) -> None:
    """What an office accepts and decides by itself is followed here too; somebody else's is none."""
    counter, now = door.counter, door.counter.clock.now()
    application = Application(
        counter.desk.new_id(), counter.agency, counter.mapping.id, 1, counter.wang.person_id, counter.wang.login_id,
        counter.wang.chain_id, WECHAT, "wechat-main", NUMBER, {"name": "王小明"}, {}, now, now.date(),
    )  # fmt: skip
    event = ApplicationEvent(application.application_id, 1, "intended", ApplicationState.INTENDED, now, {})
    with counter.house.begin((counter.agency,)) as tx:
        tx.applications.open(application, event)
    assert NUMBER in browser.get("/applications").text
    assert NUMBER in browser.get(f"/applications/{application.application_id}").text
    assert call(browser, "/v1/applications")["applications"][0]["application_no"] == NUMBER
    assert door.enter(LI, OTHER_PHONE).get(f"/applications/{application.application_id}").status_code == 404
