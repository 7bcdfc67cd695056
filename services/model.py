"""The vocabulary of the counter: plain values that every room understands.

Nothing here knows Flask, a network, a driver or an SDK. Money is ``amount_fen: int``; moments are aware
datetimes in UTC and end in ``_at``; dates end in ``_on``; spans end in ``_seconds``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from services.non_tax import NonTaxOrder, PaymentNotice

JsonValue: TypeAlias = Any
"""A value as ``json.loads`` returns it: dict, list, str, int, float, bool or None."""


T = TypeVar("T")


class PlatformName(StrEnum):
    """The doors of the counter: two platforms' shops and, without a platform, the government's own (``services/doors.py``)."""

    WECHAT = "wechat"
    ALIPAY = "alipay"
    WEB = "web"
    WINDOW = "window"


class Language(StrEnum):
    """Languages of texts for citizens, the first is the default."""

    ZH_CN = "zh-CN"
    EN = "en"


class Assurance(IntEnum):
    """How well the government knows who is calling; a higher level includes the lower ones."""

    ANONYMOUS = 0
    PHONE = 1
    REAL_NAME = 2
    WINDOW = 3

    @property
    def label(self) -> str:
        """The name used in mappings and in the API: anonymous, phone, real-name, verified-at-window."""
        return ("anonymous", "phone", "real-name", "verified-at-window")[self]

    @classmethod
    def from_label(cls, label: str) -> Assurance:
        """Read a name written in a mapping; raises ``KeyError`` for any other."""
        return {level.label: level for level in cls}[label]


class MerchantMode(StrEnum):
    """Direct: the agency's own merchant number. Partner: a service provider acts for its sub-merchant."""

    DIRECT = "direct"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class PlatformApp:
    """A mini-program of ours on one platform. ``secrets`` maps a purpose to the *name* of a secret, never to its value."""

    agency_id: UUID
    app: str
    platform: PlatformName
    app_id: str
    api_url: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MerchantAccount:
    """Where one payee's money arrives on one platform. No money is pooled: each payment names exactly one.

    ``account`` is our own name for it and the last part of its notice address. ``secrets`` maps purposes to secret names.
    ``options`` holds what a platform needs beside that (serial numbers, key identifiers, certificate mode).
    """

    agency_id: UUID
    account: str
    platform: PlatformName
    app_id: str
    merchant_id: str
    mode: MerchantMode
    pay_url: str
    sub_merchant_id: str | None = None
    payee: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackEndAddress:
    """Where a back end named in a mapping lives in this environment."""

    agency_id: UUID
    name: str
    url: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlatformUser:
    """Who the platform says is calling: evidence, not a decision. ``user_id`` is the platform's own id for this app."""

    user_id: str
    union_id: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """One platform identity joined to one person. ``user_id`` is held encrypted in the store."""

    login_id: UUID
    agency_id: UUID
    person_id: UUID
    platform: PlatformName
    app: str
    user_id: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person's account. ``chain_id`` is random and stands for the person in the exposure ledger."""

    person_id: UUID
    agency_id: UUID
    chain_id: UUID
    assurance: Assurance
    created_at: datetime
    phone: str | None = None
    real_name: str | None = None
    identity_number: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who speaks in this request, through which app, how well known, in which language."""

    session_id: UUID
    person_id: UUID
    chain_id: UUID
    login_id: UUID
    app: PlatformApp
    assurance: Assurance
    agencies: tuple[UUID, ...]
    language: Language
    request_id: str


@dataclass(frozen=True, slots=True)
class Session:
    """What Redis keeps of a session: random ids only, nothing personal. ``expires_at`` comes from the clock port."""

    session_id: UUID
    person_id: UUID
    login_id: UUID
    app: str
    platform: PlatformName
    assurance: Assurance
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Household:
    """A connection of one utility (户号). ``holder_chain_id`` stands for the holder in the ledger, who may never log in."""

    household_id: UUID
    agency_id: UUID
    service: str
    household_no: str
    holder_name: str
    address: str
    holder_chain_id: UUID


@dataclass(frozen=True, slots=True)
class BillItem:
    """One line of the price breakdown, as the company computed it."""

    label: str
    amount_fen: int
    quantity: str | None = None
    unit_price: str | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What the company says is owed. ``bill_no`` is the company's; the citizen sees our own random reference."""

    bill_no: str
    period: str
    amount_fen: int
    items: tuple[BillItem, ...] = ()
    due_on: date | None = None
    notice: PaymentNotice | None = None


class PaymentState(StrEnum):
    """States of a payment; the edges between them stand in ``services/payment_graph.py``."""

    INTENDED = "intended"
    AWAITING_PAYMENT = "awaiting_payment"
    REFUSED = "refused"
    CLOSING = "closing"
    CLOSED = "closed"
    PAID = "paid"
    WRITING_OFF = "writing_off"
    WRITE_OFF_UNKNOWN = "write_off_unknown"
    WRITTEN_OFF = "written_off"
    REFUND_DUE = "refund_due"
    REFUNDING = "refunding"
    REFUND_ABNORMAL = "refund_abnormal"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Payment:
    """What never changes of a payment; everything else is an event.

    ``order_no`` is random: it goes to the platform and says nothing. ``sequence_no`` is the write-off's idempotency key at the
    company (TranSeq), ``refund_no`` the refund's at the platform: each made once, before any call. ``items`` is the breakdown that
    the citizen saw, kept for the receipt (personal: encrypted at rest).
    """

    payment_id: UUID
    agency_id: UUID
    service: str
    mapping_version: int
    person_id: UUID
    login_id: UUID
    payer_chain_id: UUID
    household_id: UUID
    holder_chain_id: UUID
    household_no: str
    bill_no: str
    bill_period: str
    amount_fen: int
    platform: PlatformName
    app: str
    account: str
    payee: str
    order_no: str
    sequence_no: str
    refund_no: str
    description: str
    created_at: datetime
    expires_at: datetime
    business_on: date
    items: tuple[BillItem, ...] = ()
    non_tax: NonTaxOrder | None = None


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """One appended event: (payment_id, version) is unique, ``state`` is the state after it."""

    payment_id: UUID
    version: int
    name: str
    state: PaymentState
    at: datetime
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """What a platform is told of a payment: a random number, generic words, an amount, for a government fee its notice; no name, no address."""

    order_no: str
    description: str
    amount_fen: int
    user_id: str
    expires_at: datetime
    notify_url: str
    created_at: datetime
    non_tax: NonTaxOrder | None = None


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The platform has the order. ``client_parameters`` is exactly what ``wx.requestPayment`` or ``my.tradePay`` takes."""

    platform_order: str
    client_parameters: Mapping[str, str]


class TradeState(StrEnum):
    """A platform's answer about an order, in our words."""

    ABSENT = "absent"
    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class TradeStatus:
    """Verified evidence about one order, from a notice or a query. ``returned_fen``: given back in all, where the platform tells."""

    order_no: str
    state: TradeState
    amount_fen: int | None = None
    transaction_id: str | None = None
    paid_at: datetime | None = None
    returned_fen: int | None = None


class RefundState(StrEnum):
    """A platform's answer about a refund, in our words. Outside: all of the money went back, but not under our number."""

    ABSENT = "absent"
    PROCESSING = "processing"
    REFUNDED = "refunded"
    CLOSED = "closed"
    ABNORMAL = "abnormal"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """Verified evidence about one refund."""

    order_no: str
    refund_no: str
    state: RefundState
    amount_fen: int | None = None
    platform_refund: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A platform's notice after its signature, freshness and addressee were checked. One of the three is set.

    ``platform_order`` names an order that is worth asking about, by the platform's own number; nothing else of such a notice is believed.
    """

    notice_id: str
    platform: PlatformName
    account: str
    kind: str
    trade: TradeStatus | None = None
    refund: RefundStatus | None = None
    platform_order: str | None = None


class WriteOffState(StrEnum):
    """What the company says of a write-off (销账)."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class WriteOff:
    """A company's answer to a write-off or to the question for one. ``reference`` is the company's own serial number."""

    state: WriteOffState
    reference: str | None = None
    reason: str | None = None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What the population register says about an identity number."""

    real_name: str
    phone: str | None


def write_moment(at: datetime) -> str:
    """A moment as people are shown it, everywhere: UTC to the second with Z, 2026-11-24T08:00:00Z. ``at`` is aware."""
    return (at - (at.utcoffset() or timedelta())).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a longer list; ``next_cursor`` is None at its end."""

    items: Sequence[T]
    next_cursor: str | None = None
