"""Payments as the window may touch them: whole ones that were taken there, of any other only how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.model import Payment, PaymentEvent, PaymentState, PlatformName


@dataclass(frozen=True, slots=True)
class OrderHead:
    """What a clerk may know of somebody's payment: where it was begun, when, how far it is, at which version."""

    agency_id: UUID
    payment_id: UUID
    platform: PlatformName
    created_at: datetime
    state: PaymentState
    version: int


class WindowPayments(Protocol):
    """Payments as the window may touch them."""

    def open(self, payment: Payment, event: PaymentEvent) -> None:
        """A payment of the window. Raises ``VersionTaken`` if it exists."""
        ...

    def append(self, agency_id: UUID, event: PaymentEvent) -> None:
        """Raises ``VersionTaken`` if (payment, version) exists."""
        ...

    def load(self, payment_id: UUID) -> tuple[Payment, list[PaymentEvent]] | None:
        """A payment of the window; None for any other."""
        ...

    def load_many(self, payment_ids: Sequence[UUID]) -> list[tuple[Payment, list[PaymentEvent]]]:
        """Those of the window among these, in no order."""
        ...

    def find_by_receipt(self, sequence_no: str) -> UUID | None:
        """The payment of the window whose receipt has this number."""
        ...

    def find_head(self, payment_id: UUID) -> OrderHead | None:
        """How far any payment is, whoever pays it."""
        ...

    def list_returns(self, limit: int) -> list[UUID]:
        """Payments of the window of which money waits to be given back, or somebody asked for it; oldest first."""
        ...
