"""A platform in memory with a real little ledger: orders, money taken, money given back, notices that wait to be delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from adapters.boundary import refuse_inside_transaction
from services.errors import (
    LoginCodeRefused,
    NoticeRefused,
    PlatformAccountBlocked,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)
from services.exposure import Disclosure
from services.model import (
    MerchantAccount,
    Notice,
    Order,
    PlacedOrder,
    PlatformApp,
    PlatformName,
    PlatformUser,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)
from services.platform_port import NonTaxPlace
from tests.fake_faults import Faults, Script


@dataclass
class FakeOrder:
    """One order in the platform's books."""

    account: str
    order: Order
    state: TradeState = TradeState.UNPAID
    taken_fen: int = 0
    returned_fen: int = 0
    paid_at: datetime | None = None
    refunds: dict[str, RefundState] = field(default_factory=dict)


class FakePlatform:
    """Implements ``ports.Platform``. ``script`` holds its misbehaviour, ``outbox`` the notices that it has yet to send."""

    def __init__(self, name: PlatformName, now: Callable[[], datetime], faults: Faults | None = None) -> None:
        self.name = name
        self.now = now
        self.faults = faults or Faults()
        self.script = Script()
        self.orders: dict[str, FakeOrder] = {}
        self.outbox: list[Notice] = []
        self.messages: list[tuple[str, str, Mapping[str, str]]] = []
        self.told: list[tuple[str, Disclosure]] = []
        self.refund_result = RefundState.REFUNDED

    @contextmanager
    def _call(self, operation: str, disclosure: Disclosure) -> Iterator[None]:
        refuse_inside_transaction()
        self.told.append((operation, disclosure))
        behaviour = self.script.next(operation)
        self.faults.before(operation)
        if behaviour == "timeout":
            raise PlatformOutcomeUnknown
        if behaviour == "unreachable":
            raise PlatformUnreachable
        if behaviour == "blocked":
            raise PlatformAccountBlocked(behaviour)
        if behaviour and behaviour != "timeout_after":
            raise PlatformRefused(behaviour)
        yield
        self.faults.after(operation)
        if behaviour == "timeout_after":
            raise PlatformOutcomeUnknown

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        with self._call("identify", disclosure):
            if not code.startswith("code-"):
                raise LoginCodeRefused
        return PlatformUser(code.removeprefix("code-"))

    def read_phone(self, app: PlatformApp, evidence: str, disclosure: Disclosure) -> str:
        with self._call("read_phone", disclosure):
            return evidence

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        with self._call("place_order", disclosure):
            known = self.orders.setdefault(order.order_no, FakeOrder(merchant.account, order))
            if known.order != order:
                raise PlatformRefused("ORDER_DIFFERS")
            if known.state is not TradeState.UNPAID:
                raise PlatformRefused("ORDER_" + known.state.upper())
        return PlacedOrder(f"prepay-{order.order_no}", {"package": f"prepay_id=prepay-{order.order_no}"})

    def query_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        with self._call("query_order", disclosure):
            return self.tell_trade(order_no)

    def close_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        with self._call("close_order", disclosure):
            known = self.orders.get(order_no)
            if known is not None and known.state is TradeState.UNPAID:
                known.state = TradeState.CLOSED
            found = self.tell_trade(order_no)
        return TradeStatus(order_no, found.state)

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        with self._call("request_refund", disclosure):
            known = self.orders[order_no]
            state = known.refunds.get(refund_no, RefundState.ABSENT)
            if state in (RefundState.ABSENT, RefundState.ABNORMAL):
                if known.returned_fen == known.taken_fen and self.name is PlatformName.WECHAT:
                    return RefundStatus(order_no, refund_no, RefundState.OUTSIDE)
                if amount_fen != known.taken_fen - known.returned_fen:
                    raise PlatformRefused("REFUND_AMOUNT")
                self._settle(known, refund_no, self.refund_result)
        return self.tell_refund(order_no, refund_no)

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        with self._call("query_refund", disclosure):
            return self.tell_refund(order_no, refund_no)

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        with self._call("send_message", disclosure):
            self.messages.append((user_id, template, dict(words)))

    def read_notice(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        """The body is the place of a notice in the outbox."""
        if not body.isdigit() or int(body) >= len(self.outbox):
            raise NoticeRefused("forged")
        return self.outbox[int(body)], frozenset({"order_number"})

    def tell_trade(self, order_no: str) -> TradeStatus:
        """What the books say of an order."""
        known = self.orders.get(order_no)
        if known is None:
            return TradeStatus(order_no, TradeState.ABSENT)
        if not known.taken_fen:
            return TradeStatus(order_no, known.state)
        returned = known.returned_fen if self.name is PlatformName.ALIPAY else None
        return TradeStatus(order_no, known.state, known.taken_fen, f"T{order_no[:8]}", known.paid_at, returned)

    def refund_at_desk(self, order_no: str, amount_fen: int) -> None:
        """The merchant gives money back by hand. WeChat calls the order refunded whatever the part, Alipay only if it was all."""
        known = self.orders[order_no]
        known.returned_fen += amount_fen
        if self.name is PlatformName.WECHAT or known.returned_fen == known.taken_fen:
            known.state = TradeState.REFUNDED

    def tell_refund(self, order_no: str, refund_no: str) -> RefundStatus:
        """What the books say of a refund."""
        known = self.orders.get(order_no)
        state = known.refunds.get(refund_no, RefundState.ABSENT) if known else RefundState.ABSENT
        done = known is not None and state is RefundState.REFUNDED
        return RefundStatus(
            order_no, refund_no, state, known.returned_fen if known and done else None, f"R{refund_no[:8]}"
        )

    def pay(self, order_no: str, *, amount_fen: int | None = None, although_closed: bool = False) -> bool:
        """The payer confirms on the phone. ``although_closed``: a platform that takes money for a closed order."""
        known = self.orders[order_no]
        late = known.state is TradeState.CLOSED or self.now() >= known.order.expires_at
        if known.taken_fen or (late and not although_closed):
            return False
        known.state, known.paid_at = TradeState.PAID, self.now()
        known.taken_fen = known.order.amount_fen if amount_fen is None else amount_fen
        self.notify_trade(order_no)
        return True

    def notify_trade(self, order_no: str, *, amount_fen: int | None = None) -> Notice:
        """Put a notice about an order into the outbox; ``amount_fen`` makes it lie."""
        told = self.tell_trade(order_no)
        amount = told.amount_fen if amount_fen is None else amount_fen
        trade = TradeStatus(order_no, told.state, amount, told.transaction_id, told.paid_at)
        return self._post(Notice(self._number(), self.name, self.orders[order_no].account, "trade", trade=trade))

    def finish_refunds(self, result: RefundState) -> None:
        """Refunds that are being processed end like this, and notices say so."""
        for order_no, known in self.orders.items():
            for refund_no, state in list(known.refunds.items()):
                if state is RefundState.PROCESSING:
                    self._settle(known, refund_no, result)
                    told = self.tell_refund(order_no, refund_no)
                    self._post(Notice(self._number(), self.name, known.account, "refund", refund=told))

    def _settle(self, known: FakeOrder, refund_no: str, result: RefundState) -> None:
        known.refunds[refund_no] = result
        if result is RefundState.REFUNDED:
            known.returned_fen = known.taken_fen

    def _number(self) -> str:
        return str(uuid4())

    def _post(self, notice: Notice) -> Notice:
        self.outbox.append(notice)
        return notice
