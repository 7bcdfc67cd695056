"""What the contract suites put into a store, and the stores that they run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.model import Payment, PaymentEvent, PaymentState, PlatformName, PlatformUser
from services.ports import Store

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
GAS = "gas-bill"
ACCOUNTS: Mapping[str, Any] = {
    "agencies": [
        {"slug": "city", "name": {"zh-CN": "市", "en": "City"}, "parent": None},
        {"slug": "gas", "name": {"zh-CN": "燃气", "en": "Gas"}, "parent": "city"},
        {"slug": "water", "name": {"zh-CN": "供水", "en": "Water"}, "parent": "city"},
    ],
    "apps": [
        {
            "app": "wechat-main", "agency": "city", "platform": "wechat", "app_id": "wx1", "api_url": "http://127.0.0.1:1",
            "secrets": {"app_secret": "wechat.app_secret"}, "options": {"template_new_login": "t1"},
        },
    ],
    "merchants": [
        {
            "account": "gas-wechat", "agency": "gas", "platform": "wechat", "app_id": "wx1", "merchant_id": "190001",
            "mode": "partner", "sub_merchant_id": "190002", "pay_url": "http://127.0.0.1:1", "payee": "gas-company",
            "secrets": {"private_key": "gas.key"},
        },
    ],
    "back_ends": [{"name": "gas-company", "agency": "gas", "url": "http://127.0.0.1:2"}],
}  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """A store under test and the agencies in it."""

    store: Store
    city: UUID
    gas: UUID
    water: UUID

    @property
    def all(self) -> tuple[UUID, ...]:
        """Every agency."""
        return self.city, self.gas, self.water


def make_person(bench: Bench, at: datetime = NOW) -> tuple[UUID, UUID]:
    """A new person with one login: person id, login id."""
    with bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, at)
        login, _ = tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser(f"o-{uuid4()}"), at)
    return person.person_id, login.login_id


def make_payment(bench: Bench, person_id: UUID | None = None, at: datetime = NOW, **changes: object) -> Payment:
    """A payment that no store has yet."""
    cells: dict[str, Any] = {
        "payment_id": make_id(at), "agency_id": bench.gas, "service": GAS, "mapping_version": 1,
        "person_id": person_id or make_id(at), "login_id": make_id(at), "payer_chain_id": uuid4(),
        "household_id": make_id(at), "holder_chain_id": uuid4(), "household_no": "10086001", "bill_no": "B-778",
        "bill_period": "2026-10", "amount_fen": 8640, "platform": PlatformName.WECHAT, "app": "wechat-main",
        "account": "gas-wechat", "payee": "gas-company", "order_no": uuid4().hex, "sequence_no": uuid4().hex,
        "refund_no": uuid4().hex, "description": "公用事业缴费", "created_at": at,
        "expires_at": at + timedelta(minutes=15), "business_on": date(2026, 11, 24),
    }  # fmt: skip
    return Payment(**(cells | changes))


def make_event(
    payment: Payment, version: int, state: PaymentState = PaymentState.INTENDED, at: datetime = NOW, **data: object
) -> PaymentEvent:
    """An event of a payment."""
    return PaymentEvent(payment.payment_id, version, f"step_{version}", state, at, data)


def count_up(start: datetime = NOW) -> Iterator[datetime]:
    """Moments, a second apart."""
    while True:
        yield start
        start += timedelta(seconds=1)
