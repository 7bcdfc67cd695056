"""The plug of a platform: one shop in which the counter stands, and all that the services ask of it.

The other ports stand in ``services/ports.py``, which gives this one too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.exposure import Disclosure
from services.model import (
    MerchantAccount,
    Notice,
    Order,
    PlacedOrder,
    PlatformApp,
    PlatformName,
    PlatformUser,
    RefundStatus,
    TradeStatus,
)
from services.non_tax import NonTaxOrder


@dataclass(frozen=True, slots=True)
class NonTaxPlace:
    """Where an order of the non-tax model is found: by the platform's own number, under the token of the app that made it.

    ``platform_order`` is None while no number of the platform is known to us: then nobody can have paid it.
    """

    order: NonTaxOrder
    app: PlatformApp
    platform_order: str | None


class Platform(Protocol):
    """One shop. Every method sends through the door and needs the disclosure that explains it. ``non_tax`` comes with every question
    about a payment of the non-tax model; a platform without an interface for those does as with any other order.

    All may raise ``PlatformRefused``, ``PlatformUnreachable``, ``PlatformOutcomeUnknown``, ``PlatformGarbled``, ``ExposureError``.
    """

    name: PlatformName

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        """Exchange a one-shot log-in code. Raises ``LoginCodeRefused``."""
        ...

    def read_phone(self, app: PlatformApp, evidence: str, disclosure: Disclosure) -> str:
        """The phone number that the platform verified. ``evidence``: WeChat's phone code, Alipay's signed and encrypted answer."""
        ...

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, disclosure: Disclosure
    ) -> PlacedOrder:
        """Make or repeat an order; the same number with the same content is the same order."""
        ...

    def query_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        """Ask what became of an order."""
        ...

    def close_order(
        self, merchant: MerchantAccount, order_no: str, disclosure: Disclosure, non_tax: NonTaxPlace | None = None
    ) -> TradeStatus:
        """Close an unpaid order. An order that turns out to be paid, absent or closed is an answer, not an error, and so is one
        that stays unpaid, where the platform closes orders of a kind only by itself.
        """
        ...

    def request_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, amount_fen: int, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        """Refund in full; the same number is the same refund. ``OUTSIDE``: refused, for all of the money went back already."""
        ...

    def query_refund(
        self, merchant: MerchantAccount, order_no: str, refund_no: str, disclosure: Disclosure,
        non_tax: NonTaxPlace | None = None,
    ) -> RefundStatus:  # fmt: skip
        """Ask what became of a refund."""
        ...

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        """Send a template or subscribe message to one user. ``template`` is the name of a secret-free option of the app."""
        ...

    def read_notice(
        self, merchant: MerchantAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Notice, frozenset[str]]:
        """Verify the raw bytes, then read them: the notice and the field names in it. Raises ``NoticeRefused``. No network."""
        ...
