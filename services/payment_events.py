"""A payment as a file of events, and the one way to add to it: load, decide, append with the next version, or start again.

Whatever an event causes (a job, a later question, the release of the bill) is written in the same transaction. No call to
the outside happens here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.alert_facts import CHARGING, plan_payment_fact
from services.alert_record import PlannedAlert
from services.doors import is_own
from services.errors import NotFound, PlatformGarbled, ServiceUnknown
from services.model import JsonValue, Payment, PaymentEvent, PaymentState
from services.payment_graph import ENQUEUED_ON_ENTRY, RELEASING, follow
from services.ports import ClaimStore, JobQueue, Transaction
from services.till import Till, change_file, name_cause

MONEY_EVENTS = frozenset(
    {"payment_confirmed", "paid_in_vain", "wrong_amount_paid", "refunded_outside", "taken_at_window"}
)
"""The events that say that money arrived; each holds amount_fen and paid_at, those of a platform transaction_id."""


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A payment and everything that happened to it, oldest first."""

    payment: Payment
    events: tuple[PaymentEvent, ...]

    @property
    def state(self) -> PaymentState:
        return self.events[-1].state

    def last(self, *names: str) -> PaymentEvent | None:
        """The latest event with one of these names."""
        return next((event for event in reversed(self.events) if event.name in names), None)

    def entered_at(self) -> datetime:
        """When the present state was reached; events that stay in it do not count."""
        at = self.events[-1].at
        for event in reversed(self.events):
            if event.state is not self.state:
                break
            at = event.at
        return at

    @property
    def money(self) -> PaymentEvent | None:
        """The event by which money arrived, if it did."""
        return self.last(*MONEY_EVENTS)

    @property
    def taken_fen(self) -> int:
        """How much the platform took from the payer, in fen; 0 if nothing."""
        return int(self.money.data["amount_fen"]) if self.money else 0


@dataclass(frozen=True, slots=True)
class Step:
    """What a decision wants: an event (or none), jobs at once, jobs later. ``claims``: kind → key, which this payment alone may have."""

    event: str | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    now: tuple[str, ...] = ()
    later: Mapping[str, datetime] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)


Decision = Callable[[PaymentFile], Step | None]


class EventAppender(Protocol):
    """The one thing that a step asks of payments."""

    def append(self, agency_id: UUID, event: PaymentEvent) -> None: ...


class FactPlanner(Protocol):
    """The one thing that a step asks of alerts."""

    def replan(self, case_id: UUID, planned: Sequence[PlannedAlert], now: datetime) -> None: ...


class PaymentTransaction(Protocol):
    """A transaction in which a payment goes on: a citizen's, the worker's, or the console's at the window."""

    @property
    def payments(self) -> EventAppender: ...
    @property
    def claims(self) -> ClaimStore: ...
    @property
    def jobs(self) -> JobQueue: ...
    @property
    def alerts(self) -> FactPlanner: ...


def load_file(tx: Transaction, payment_id: UUID) -> PaymentFile:
    """The payment's file; raises ``NotFound``."""
    found = tx.payments.load(payment_id)
    if found is None:
        raise NotFound
    return PaymentFile(found[0], tuple(found[1]))


def change_payment(till: Till, agency_id: UUID, payment_id: UUID, decide: Decision) -> PaymentFile:
    """Decide on the file as it is and write the step; if somebody else wrote meanwhile, decide again. Raises ``VersionTaken``, ``NotFound``."""

    def change(tx: Transaction) -> PaymentFile:
        file = load_file(tx, payment_id)
        step = decide(file)
        return file if step is None else write_step(till, tx, file, step)

    return change_file(till, agency_id, change)


def write_step(till: Till, tx: PaymentTransaction, file: PaymentFile, step: Step) -> PaymentFile:
    """Write a step and what it causes into an open transaction.

    Raises ``EdgeUnknown``, ``VersionTaken``, ``PlatformGarbled`` if another payment has what this one claims.
    """
    payment, at = file.payment, till.clock.now()
    for kind, key in step.claims.items():
        if tx.claims.take(payment.agency_id, kind, key, payment.payment_id, at) != payment.payment_id:
            raise PlatformGarbled(f"another payment has this {kind}")
    jobs = list(step.now)
    if step.event is not None:
        state = follow(file.state, step.event)
        data = {**step.data, **name_cause(till)}
        event = PaymentEvent(payment.payment_id, file.events[-1].version + 1, step.event, state, at, data)
        tx.payments.append(payment.agency_id, event)
        _tell_fees(till, tx, payment, event)
        if state is not file.state:
            jobs += list_jobs_on_entry(payment, state)
            release_bill(tx, payment, state)
        file = PaymentFile(payment, (*file.events, event))
    for task in jobs:
        tx.jobs.enqueue(task, payment.agency_id, payment.payment_id)
    for task, due_at in step.later.items():
        tx.jobs.schedule(task, payment.agency_id, payment.payment_id, due_at)
    return file


def _tell_fees(till: Till, tx: PaymentTransaction, payment: Payment, event: PaymentEvent) -> None:
    """Let supervision be told of money that was taken for what no list names. Money is written down whatever became of the list."""
    if event.name not in CHARGING:
        return
    try:
        mapping = till.catalogue.service_at(payment.service, payment.mapping_version)
    except ServiceUnknown:
        published = None
    else:
        published = mapping.fees if mapping.fees or "fees" in mapping.raw else None
    planned = plan_payment_fact(payment, event, published)
    if planned:
        tx.alerts.replan(payment.payment_id, planned, event.at)


def list_jobs_on_entry(payment: Payment, state: PaymentState) -> list[str]:
    """The job that entering a state causes; no job gives back what was taken at the window."""
    if state not in ENQUEUED_ON_ENTRY or (state is PaymentState.REFUND_DUE and is_own(payment.platform)):
        return []
    return [ENQUEUED_ON_ENTRY[state]]


def release_bill(tx: PaymentTransaction, payment: Payment, state: PaymentState) -> None:
    """Let somebody else pay the bill, if this payment ended without paying it and still holds the claim."""
    if state in RELEASING:
        tx.claims.release(payment.agency_id, "open_order", bill_claim(payment), payment.payment_id)


def order_claim(account: str, platform_order: str) -> str:
    """What stands for an order of the non-tax model at its platform: the account, and the platform's own number."""
    return f"{account}|{platform_order}"


def bill_claim(payment: Payment) -> str:
    """What must be unique among open orders of an agency: the bill, whoever pays and on whichever platform."""
    return f"{payment.service}|{payment.household_no}|{payment.bill_no}"
