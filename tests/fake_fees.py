"""Government fees in memory: WeChat's non-tax platform with orders under its own numbers, a treasury, and a city that has both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from services.errors import PlatformRefused
from services.exposure import Disclosure
from services.model import (
    Assurance,
    JsonValue,
    MerchantAccount,
    MerchantMode,
    Notice,
    Order,
    PlacedOrder,
    PlatformApp,
    PlatformName,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)
from services.platform_port import NonTaxPlace
from tests.fake_back_end import FakeBackEnd, FakeBill
from tests.fake_city import AGENCIES, Citizen, City, make_directory
from tests.fake_platform import FakePlatform
from tests.fakes import FakeDirectory

SERVICE, PLATE, OFFICE = "vehicle-fines", "京A10086", "demo-vehicle-office"
W, A = PlatformName.WECHAT, PlatformName.ALIPAY


@dataclass
class FeeOrder:
    """One order in the non-tax platform's books; ``refunds``: our number to the amount."""

    order: Order
    state: TradeState = TradeState.UNPAID
    refunds: dict[str, int] = field(default_factory=dict)


class FakeFeePlatform(FakePlatform):
    """WeChat with its non-tax interface: a new order under its own number each time, no way to close, one payment for a notice.

    ``next_number``: what it calls the next order, if it errs.
    """

    fees: dict[str, FeeOrder]
    next_number: str | None = None

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        if order.non_tax is None:
            return super().place_order(app, merchant, order, disclosure)
        number = self.next_number or f"AQ{len(self.books) + 1:06d}"
        with self._call("place_order", disclosure):
            if self._paid_orders(order):
                raise PlatformRefused("232")
            self.books[number] = FeeOrder(order)
        return PlacedOrder(number, {"appId": "wx-page", "path": f"pages/pay?order_id={number}"})

    def query_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        if non_tax is None:
            return super().query_order(merchant, order_no, disclosure)
        if non_tax.platform_order is None:
            return TradeStatus(order_no, TradeState.ABSENT)
        with self._call("query_order", disclosure):
            known = self.books[non_tax.platform_order]
        fee, back = known.order.amount_fen, known.state is TradeState.REFUNDED
        return TradeStatus(order_no, known.state, fee, "T1", self.now(), fee if back else None)

    def close_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        if non_tax is None:
            return super().close_order(merchant, order_no, disclosure)
        return TradeStatus(order_no, TradeState.UNPAID if non_tax.platform_order else TradeState.ABSENT)

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        if non_tax is None or non_tax.platform_order is None:
            return super().request_refund(merchant, order_no, refund_no, amount_fen, disclosure)
        with self._call("request_refund", disclosure):
            known = self.books[non_tax.platform_order]
            if known.refunds and refund_no not in known.refunds:
                return RefundStatus(order_no, refund_no, RefundState.OUTSIDE)
            known.refunds[refund_no] = amount_fen
            known.state = TradeState.REFUNDED
        return RefundStatus(order_no, refund_no, RefundState.REFUNDED, amount_fen, "B1")

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        if non_tax is None or non_tax.platform_order is None:
            return super().query_refund(merchant, order_no, refund_no, disclosure)
        with self._call("query_refund", disclosure):
            amount = self.books[non_tax.platform_order].refunds.get(refund_no)
        state = RefundState.ABSENT if amount is None else RefundState.REFUNDED
        return RefundStatus(order_no, refund_no, state, amount, "B1")

    @property
    def books(self) -> dict[str, FeeOrder]:
        """All orders of fees, by WeChat's number."""
        if not hasattr(self, "fees"):
            self.fees = {}
        return self.fees

    def pay_fee(self, number: str) -> bool:
        """The payer confirms in WeChat's page; a notice waits."""
        known = self.books[number]
        if known.state is not TradeState.UNPAID or self._paid_orders(known.order):
            return False
        known.state = TradeState.PAID
        self.ring(number)
        return True

    def close_by_itself(self, number: str) -> None:
        """WeChat closes an unpaid order."""
        if self.books[number].state is TradeState.UNPAID:
            self.books[number].state = TradeState.CLOSED

    def ring(self, number: str, account: str = "treasury-wechat") -> Notice:
        """A notice that names an order waits to be delivered."""
        notice = Notice(str(uuid4()), self.name, account, "nontax", platform_order=number)
        self.outbox.append(notice)
        return notice

    def _paid_orders(self, order: Order) -> list[FeeOrder]:
        assert order.non_tax is not None
        number = order.non_tax.notice.payment_notice_no
        return [
            one
            for one in self.books.values()
            if one.order.non_tax and one.order.non_tax.notice.payment_notice_no == number
            if one.state in (TradeState.PAID, TradeState.REFUNDED)
        ]


class FakeTreasury(FakeBackEnd):
    """Bills that are payment notices. ``spoil`` changes what the treasury says of them."""

    spoil: Mapping[str, Any]

    def _show(self, bill_no: str, bill: FakeBill) -> JsonValue:
        penalty = min(600, bill.amount_fen // 2)
        items = [
            {
                "no": 1, "item_id": "103050101", "item_name": "道路交通违法罚款", "fee_fen": bill.amount_fen - penalty,
                "overdue_fen": 0, "penalty_fen": 0,
            },
            {
                "no": 2, "item_id": "103050102", "item_name": "加处罚款", "fee_fen": penalty, "overdue_fen": 0,
                "penalty_fen": penalty,
            },
        ]  # fmt: skip
        notice = {
            "payment_notice_no": bill_no, "created_on": "2026-11-20", "expires_on": "2026-12-10",
            "items": [item for item in items if item["fee_fen"]],
        }  # fmt: skip
        shown = {"bill_no": bill_no, "period": bill.period, "amount_fen": bill.amount_fen, "due_on": None, "items": []}
        return {**shown, "notice": {**notice, **getattr(self, "spoil", {})}}


class FeeCity(City):
    """A city whose vehicle office sends fines that are paid to the treasury."""

    def __init__(self) -> None:
        super().__init__()
        self.wechat = FakeFeePlatform(W, self.clock.now, self.faults)
        self.platforms[W] = self.wechat
        self.treasury = FakeTreasury({PLATE: ("王小明", "示范市东城区一路1号")}, faults=self.faults)
        self.companies[SERVICE] = self.treasury
        self.directory = _add_treasury(self.directory)
        self.till = replace(self.till, directory=self.directory)

    def add_fine(self, number: str = "N-1", amount_fen: int = 20600) -> str:
        """The vehicle office issues a notice."""
        self.treasury.bills[number] = FakeBill(PLATE, amount_fen, "2026-11")
        return number

    def add_payer(self, name: str = "wang") -> Citizen:
        """Somebody with a proven name who has bound the number plate."""
        gas = self.add_citizen(name)
        with self.till.store.begin(self.directory.all_agencies()) as tx:
            agency, held = self.directory.agency_id(OFFICE), self.treasury.households[PLATE]
            bound = tx.households.bind(agency, SERVICE, PLATE, *held, gas.person_id, self.clock.now())
        callers = {
            name: replace(caller, assurance=Assurance.REAL_NAME, agencies=self.directory.all_agencies())
            for name, caller in gas.callers.items()
        }
        return Citizen(gas.person_id, callers, bound)

    def number_of(self, payment_id: UUID) -> str:
        """WeChat's own number of a payment's order."""
        placed = self.file(payment_id).last("order_placed")
        assert placed is not None
        return str(placed.data["platform_order"])


def _add_treasury(directory: FakeDirectory) -> FakeDirectory:
    agencies = {slug: directory.agency_id(slug) for slug in AGENCIES} | {OFFICE: uuid4()}
    made = make_directory(agencies)
    accounts = [
        MerchantAccount(
            agencies[OFFICE], f"treasury-{app.platform}", app.platform, app.app_id, f"m-treasury-{app.platform}",
            MerchantMode.DIRECT, "http://127.0.0.1:1", payee="treasury",
        )
        for app in made.apps
    ]  # fmt: skip
    return FakeDirectory(agencies, made.apps, [*made.merchants, *accounts])
