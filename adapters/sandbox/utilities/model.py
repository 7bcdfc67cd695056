"""What a utility company's books hold, and the ways in which they say no.

The words are the companies', not the counter's: the emulators share no code with what talks to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RefusedBecause(StrEnum):
    """Why the books refuse. Each company says it in its own codes."""

    NO_SUCH_HOUSEHOLD = "no_such_household"
    NOTHING_OWED = "nothing_owed"
    ALREADY_PAID = "already_paid"
    AMOUNT_MISMATCH = "amount_mismatch"
    SERIAL_REUSED = "serial_reused"
    NO_SUCH_WRITE_OFF = "no_such_write_off"


class BooksRefused(Exception):
    """The books say no; ``reason`` says why. Never holds a value from a request."""

    def __init__(self, reason: RefusedBecause) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class HouseholdEntry:
    """A customer of the company. The canaries are personal data that no service ever needs: a leak test looks for them."""

    household_no: str
    name: str
    address: str
    identity_canary: str
    mobile_canary: str
    contract_canary: str


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a price breakdown, as printed: quantity and unit price are decimal text, the amount is fen."""

    label: str
    amount_fen: int
    quantity: str = ""
    unit_price: str = ""


@dataclass(frozen=True, slots=True)
class BillEntry:
    """A bill. ``period`` is YYYYMM, ``due_on`` is YYYYMMDD, ``paid_by`` is None, ``channel`` or ``hall``."""

    bill_no: str
    household_no: str
    period: str
    amount_fen: int
    due_on: str
    meter_canary: str
    paid_by: str | None = None
    lines: tuple[BillLine, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class WriteOffOrder:
    """What a channel asks: ``sequence_no`` is its serial number and the idempotency key of the write-off (销账)."""

    sequence_no: str
    household_no: str
    bill_no: str
    amount_fen: int
    paid_at: str
    channel: str


@dataclass(frozen=True, slots=True)
class WriteOffEntry:
    """A booked write-off. ``reference`` is the company's own serial number."""

    reference: str
    sequence_no: str
    household_no: str
    bill_no: str
    amount_fen: int
    paid_at: str
    channel: str
    booked_at: str
