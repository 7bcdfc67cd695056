"""The till: the ports that payments need and nothing else, and the few numbers that are made once per payment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from services.application_record import ApplicationEvent
from services.attempts import decide_again
from services.case_record import CaseEvent
from services.catalogue import Catalogue
from services.errors import ConfigurationFault
from services.exposure import Direction, Disclosure
from services.mapping import ServiceMapping, disclose
from services.model import JsonValue, MerchantAccount, Payment, PaymentEvent, PlatformName
from services.ports import BackEnd, Clock, Directory, KeyedHash, Platform, Store, Transaction

F = TypeVar("F")
SHANGHAI_OFFSET = timedelta(hours=8)
"""China has one time zone, UTC+8, without summer time since 1992."""
NOTICE_WORD = "notice_no"
"""The word of the vocabulary for a payment notice's number: only budgets of the non-tax model have it."""


@dataclass(frozen=True, slots=True)
class Till:
    """Everything that the payment use cases touch.

    ``new_id`` gives a UUIDv7, ``random(n)`` n random bytes fit for secrets; ``keyed_hash`` is the one with which bills are
    referred to. ``public_url`` is the base of notice addresses.
    ``request_id`` is the request or job at hand (``dataclasses.replace``): events keep it, so that the jobs that they cause go on under it.
    ``write_off_hours`` bounds how long a company may fail to answer before a write-off that it says is *absent* is refunded.
    """

    store: Store
    platforms: Mapping[PlatformName, Platform]
    back_end_of: Callable[[ServiceMapping], BackEnd]
    catalogue: Catalogue
    directory: Directory
    clock: Clock
    new_id: Callable[[], UUID]
    random: Callable[[int], bytes]
    keyed_hash: KeyedHash
    public_url: str
    order_minutes: int = 15
    confirm_after_seconds: int = 30
    write_off_hours: int = 24
    request_id: str | None = None


def business_day(at: datetime) -> date:
    """The legal day of a moment in China; cut-off and accounting days go by it."""
    return (at + SHANGHAI_OFFSET).date()


def make_sequence_no(till: Till, day: date) -> str:
    """The write-off's idempotency key at the company (TranSeq, at most 40): day and 20 random digits. Also our receipt number."""
    return f"{day:%Y%m%d}{int.from_bytes(till.random(16), 'big') % 10**20:020d}"


def name_cause(till: Till) -> dict[str, JsonValue]:
    """What an event keeps of the request that caused it: its random id, if there is one."""
    return {"request_id": till.request_id} if till.request_id else {}


def find_cause(events: Sequence[PaymentEvent | ApplicationEvent | CaseEvent]) -> str | None:
    """The request to which the latest event of a payment, an application or a case goes back, through however many jobs."""
    return next((str(event.data["request_id"]) for event in reversed(events) if "request_id" in event.data), None)


def find_merchant(till: Till, payment: Payment) -> MerchantAccount:
    """The account at which this payment's order was made. Raises ``ConfigurationFault`` if it is gone."""
    merchant = till.directory.merchant_named(payment.account)
    if merchant is None:
        raise ConfigurationFault(f"merchant account {payment.account} is not configured")
    return merchant


def explain_payment(till: Till, payment: Payment, purpose: str, request_id: str) -> Disclosure:
    """Why the platform may see something of this payment: the payer acts, the holder of the household is concerned.

    Where the budget lets a government fee's notice out, the law that asks for it stands beside the service's own.
    """
    mapping = till.catalogue.service_at(payment.service, payment.mapping_version)
    told = disclose(
        mapping,
        platform=payment.platform,
        agency_id=payment.agency_id,
        account=payment.account,
        purpose=purpose,
        request_id=request_id,
        actor=payment.payer_chain_id,
        concerned=(payment.holder_chain_id,),
        subject=payment.payment_id,
    )
    terms = mapping.payment.non_tax
    if terms is None or NOTICE_WORD not in told.budget.get(Direction.SENT_TO_SERVER, ()):
        return told
    return replace(told, legal_basis=f"{told.legal_basis}；{terms.legal_basis}")


def change_file(till: Till, agency_id: UUID, change: Callable[[Transaction], F]) -> F:
    """Load, decide and write in one transaction; on ``VersionTaken`` all of it again, at most ATTEMPTS times."""

    def attempt() -> F:
        with till.store.begin((agency_id,)) as tx:
            return change(tx)

    return decide_again(attempt)


def grow_delay(since: datetime, now: datetime, *, least: float, most: float) -> datetime:
    """When to try again: half of the time already waited, within bounds, so that intervals grow without a counter."""
    waited = (now - since).total_seconds()
    return now + timedelta(seconds=max(least, min(most, waited / 2)))
