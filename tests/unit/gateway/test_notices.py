"""Notices: verified, recorded, accepted, acknowledged, in this order; a forged one is counted and nothing else."""

from __future__ import annotations

from uuid import UUID

import pytest

from gateway.metrics import NOTICES
from services.errors import NoticeRefused
from services.exposure import Direction
from services.model import Notice, PaymentState, PlatformName
from services.orders import PLATFORM_ORDER
from services.payment_events import order_claim
from tests.unit.gateway.fakes_edge import City, FakeBill, build_city

WECHAT = "/v1/notices/gas-wechat"


@pytest.fixture
def city() -> City:
    return build_city()


def open_payment(city: City, platform: PlatformName = PlatformName.WECHAT) -> tuple[str, str]:
    """A payment that waits for its notice: token, payment id."""
    gas = city.back_ends["gas-bill"]
    gas.households["10086001"] = ("王小明", "北京市朝阳区1号")
    gas.bills["G-1"] = FakeBill("10086001", 8640)
    token = city.log_in(platform)
    city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token)
    bound = city.send("POST", "/v1/households", {"service": "gas-bill", "household_no": "10086001"}, token=token).json
    bill = city.send("GET", f"/v1/households/{bound['household_id']}/bills", token=token).json["bills"][0]
    body = {"household_id": bound["household_id"], "bill_ref": bill["bill_ref"], "amount_fen": bill["amount_fen"]}
    opened = city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": "key-00001"})
    assert opened.status == 201, opened.body
    return token, opened.json["payment_id"]


def pay(city: City, platform: PlatformName = PlatformName.WECHAT) -> bytes:
    """The payer confirms; the body of the notice that the platform sends."""
    shop = city.platforms[platform]
    assert shop.pay(next(iter(shop.orders)))
    return str(len(shop.outbox) - 1).encode()


def count(result: str, platform: str = "wechat", account: str = "gas-wechat") -> float:
    return float(NOTICES.labels(platform, account, result)._value.get())


def test_a_notice_is_recorded_and_acknowledged(city: City) -> None:
    """Received from the platform, for the payment's service and persons; then the platform's own word for yes."""
    token, payment_id = open_payment(city)
    answer = city.send("POST", WECHAT, raw=pay(city))
    assert (answer.status, answer.json) == (200, {"code": "SUCCESS", "message": "成功", "errcode": 0, "errmsg": "ok"})
    (received,) = city.records(Direction.RECEIVED_FROM_PLATFORM)
    assert received.disclosure.service == "gas-bill"
    assert str(received.disclosure.subject) == payment_id
    assert len(received.disclosure.concerned) == 1
    shown = city.send("GET", f"/v1/payments/{payment_id}", token=token).json
    assert shown["state"] != PaymentState.AWAITING_PAYMENT


def test_alipay_reads_its_own_word(city: City) -> None:
    """Seven bytes, no JSON, no line end."""
    open_payment(city, PlatformName.ALIPAY)
    answer = city.send("POST", "/v1/notices/gas-alipay", raw=pay(city, PlatformName.ALIPAY))
    assert answer.body == b"success"


@pytest.mark.parametrize(
    ("path", "body"), [(WECHAT, b'{"code":"FAIL"'), ("/v1/notices/gas-alipay", b"failure")]
)  # fmt: skip
def test_a_forged_notice_is_counted_and_nothing_else(city: City, path: str, body: bytes) -> None:
    """Not recorded (no platform showed us anything), not acknowledged, counted by its reason."""
    answer = city.send("POST", path, raw=b"forged")
    assert answer.status == 400
    assert answer.body.startswith(body)
    assert city.log.records == []


def test_a_forged_notice_raises_the_counter(city: City) -> None:
    """An operator sees forgeries as a number."""
    before = count("forged")
    city.send("POST", WECHAT, raw=b"forged")
    assert count("forged") == before + 1


def test_a_probe_fails_without_alarm(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SIGNTEST probe is answered no, and counted apart from forgeries."""

    def probe(*_: object) -> None:
        raise NoticeRefused("forged", probe=True)

    monkeypatch.setattr(city.platforms[PlatformName.WECHAT], "read_notice", probe)
    before, forged = count("probe"), count("forged")
    assert city.send("POST", WECHAT, raw=b"x").status == 401
    assert (count("probe"), count("forged")) == (before + 1, forged)


def test_an_account_that_does_not_exist_is_not_found(city: City) -> None:
    """A notice to nobody's address is an anonymous 404."""
    answer = city.send("POST", "/v1/notices/nobody", raw=b"0")
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_a_notice_sent_to_another_account_is_refused(city: City) -> None:
    """Signed for the gas office, sent to the water office: not acknowledged, and the payment does not move."""
    token, payment_id = open_payment(city)
    answer = city.send("POST", "/v1/notices/water-wechat", raw=pay(city))
    assert answer.status == 400
    assert city.send("GET", f"/v1/payments/{payment_id}", token=token).json["state"] == "awaiting_payment"


def test_without_the_ledger_a_notice_is_not_taken(city: City) -> None:
    """What cannot be recorded is not accepted: the platform sends it again."""
    token, payment_id = open_payment(city)
    body = pay(city)
    city.guard.publication.ensure_announced()
    city.log.down = True
    assert city.send("POST", WECHAT, raw=body).status == 503
    city.log.down = False
    assert city.send("GET", f"/v1/payments/{payment_id}", token=token).json["state"] == "awaiting_payment"
    assert city.send("POST", WECHAT, raw=body).status == 200


def test_without_the_store_a_notice_is_not_acknowledged(city: City) -> None:
    """The database down is a 503 in the platform's own words, and the notice comes again."""
    open_payment(city)
    body = pay(city)
    city.store.down = True
    answer = city.send("POST", WECHAT, raw=body)
    assert (answer.status, answer.json["code"]) == (503, "FAIL")


def test_a_duplicate_is_acknowledged_and_changes_nothing(city: City) -> None:
    """The second time says the same and writes no second event."""
    _, payment_id = open_payment(city)
    body = pay(city)
    first = city.send("POST", WECHAT, raw=body)
    events = {key: len(rows) for key, rows in city.store.tables.events.items()}
    assert city.send("POST", WECHAT, raw=body).body == first.body
    assert {key: len(rows) for key, rows in city.store.tables.events.items()} == events
    assert payment_id in {str(key) for key in events}


def test_a_query_on_a_notice_is_refused(city: City) -> None:
    """Notice addresses have no query; one that has is not from a platform."""
    open_payment(city)
    assert city.send("POST", f"{WECHAT}?a=1", raw=pay(city)).status == 400


def test_a_session_changes_nothing_for_a_notice(city: City) -> None:
    """An Authorization header on a notice is not looked at."""
    token = city.log_in()
    before = len(city.log.records)
    assert city.send("POST", WECHAT, raw=b"forged", token=token).status == 400
    assert len(city.log.records) == before


def test_a_huge_notice_is_refused(city: City) -> None:
    """Over the limit is over the limit for platforms too."""
    assert city.send("POST", WECHAT, raw=b"9" * 5000).status == 413


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("wxnontaxstr=2ba37f90d155d390", 200), ("wxnontaxstr=", 400), ("wxnontaxstr=a&more=1", 400), ("more=1", 400),
        ("wxnontaxstr=%00", 400), ("wxnontaxstr=a&wxnontaxstr=b", 400),
    ],
)  # fmt: skip
def test_the_one_query_that_a_notice_may_have(city: City, query: str, status: int) -> None:
    """WeChat's non-tax platform adds a random text to the address; any other query is refused."""
    open_payment(city)
    assert city.send("POST", f"{WECHAT}?{query}", raw=pay(city)).status == status


def test_a_notice_of_a_fee_is_recorded_for_its_payment(city: City) -> None:
    """It names the platform's number alone; the payment that has it is found, its service and persons stand in the record."""
    _, payment_id = open_payment(city)
    (agency,) = {payment.agency_id for payment in city.store.tables.payments.values()}
    city.store.tables.claims[agency, PLATFORM_ORDER, order_claim("gas-wechat", "AQ1")] = UUID(payment_id)
    shop = city.platforms[PlatformName.WECHAT]
    shop.outbox += [
        Notice("n1", PlatformName.WECHAT, "gas-wechat", "nontax", platform_order="AQ1"),
        Notice("n2", PlatformName.WECHAT, "gas-wechat", "nontax", platform_order="AQ2"),
    ]
    assert city.send("POST", WECHAT, raw=b"0").status == 200
    (received,) = city.records(Direction.RECEIVED_FROM_PLATFORM)
    assert (received.disclosure.service, str(received.disclosure.subject)) == ("gas-bill", payment_id)
    assert city.send("POST", WECHAT, raw=b"1").status == 400
    assert city.records(Direction.RECEIVED_FROM_PLATFORM)[-1].disclosure.service == "notices"
