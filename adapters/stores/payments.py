"""Payments as appended events. The key of an event is (agency, payment, version): a second writer finds it taken.

All events of a payment lie in the partition of the month in which it was opened, so the key holds over all months. Household
number, bill number, period, breakdown and notice are one encrypted cell; the chain ids of payer and holder are another, which can be erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, insert, literal, select
from sqlalchemy.exc import IntegrityError

from adapters.stores.cells import open_json, seal_json
from adapters.stores.connection import is_taken
from adapters.stores.keyring import Keyring
from adapters.stores.tables.payments import payment_events, payments
from services.errors import VersionTaken
from services.model import BillItem, Payment, PaymentEvent, PaymentState, PlatformName
from services.non_tax import read_non_tax, write_non_tax

_PLAIN = (
    "agency_id", "payment_id", "service", "mapping_version", "person_id", "login_id", "household_id", "amount_fen",
    "app", "account", "payee", "order_no", "sequence_no", "refund_no", "description", "created_at", "expires_at",
    "business_on",
)  # fmt: skip
_DETAILS = ("household_no", "bill_no", "bill_period")
_CHAINS = ("payer_chain_id", "holder_chain_id")
ERASED = UUID(int=0)
"""What stands for a chain id whose link was erased."""
PERSONAL_NAMES = frozenset({
    "address", "bill_no", "bill_period", "buyer_id", "buyer_logon_id", "holder_name", "household_no", "identity_number",
    "openid", "phone", "real_name", "user_id",
})  # fmt: skip
"""Names that may not stand in an event's data, which is not encrypted."""


class SqlPaymentStore:
    """``ports.PaymentStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def open(self, payment: Payment, event: PaymentEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``: another request opened this payment first."""
        plain = {name: getattr(payment, name) for name in _PLAIN}
        details: dict[str, Any] = {name: getattr(payment, name) for name in _DETAILS}
        details["items"] = [[item.label, item.amount_fen, item.quantity, item.unit_price] for item in payment.items]
        if payment.non_tax is not None:
            details["non_tax"] = write_non_tax(payment.non_tax)
        chains = {name: str(getattr(payment, name)) for name in _CHAINS}
        row = insert(payments).values(
            platform=str(payment.platform),
            details_cipher=seal_json(self._keyring, ("payments", "details_cipher", payment.payment_id), details),
            chains_cipher=seal_json(self._keyring, ("payments", "chains_cipher", payment.payment_id), chains),
            **plain,
        )
        try:
            self._connection.execute(row)
        except IntegrityError as error:
            if is_taken(error):
                raise VersionTaken from None
            raise
        self.append(payment.agency_id, event)

    def append(self, agency_id: UUID, event: PaymentEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``. ``ValueError`` for a gap or a personal name in data."""
        personal = PERSONAL_NAMES & event.data.keys()
        if personal:
            raise ValueError(f"the data of an event is not encrypted: {sorted(personal)} may not stand in it")
        before = payment_events.alias("before")
        follows = (  # names its columns: the console's role reads few
            select(before.c.version)
            .where(
                before.c.agency_id == agency_id,
                before.c.payment_id == event.payment_id,
                before.c.version == event.version - 1,
            )
            .exists()
        )
        cells = {
            "agency_id": agency_id, "payment_id": event.payment_id, "version": event.version, "name": event.name,
            "state": str(event.state), "at": event.at, "data": dict(event.data),
        }  # fmt: skip
        values = [literal(value, payment_events.c[name].type).label(name) for name, value in cells.items()]
        source = select(*values) if event.version == 1 else select(*values).where(follows)
        row = insert(payment_events).from_select(list(cells), source).returning(payment_events.c.version)
        try:
            written = self._connection.execute(row).first()
        except IntegrityError as error:
            if is_taken(error):
                raise VersionTaken from None
            raise
        if written is None:
            raise ValueError("versions of a payment have no gap")

    def load(self, payment_id: UUID) -> tuple[Payment, list[PaymentEvent]] | None:
        row = self._connection.execute(select(payments).where(payments.c.payment_id == payment_id)).first()
        return None if row is None else (self.read(row), self._events([row])[row.payment_id])

    def find_by_order(self, order_no: str) -> tuple[Payment, list[PaymentEvent]] | None:
        row = self._connection.execute(select(payments).where(payments.c.order_no == order_no)).first()
        return None if row is None else (self.read(row), self._events([row])[row.payment_id])

    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[tuple[Payment, list[PaymentEvent]]]:
        chosen = select(payments).where(payments.c.person_id.in_(person_ids))
        if platform is not None:
            chosen = chosen.where(payments.c.platform == str(platform))
        if before is not None:
            chosen = chosen.where(payments.c.payment_id < before)
        rows = list(self._connection.execute(chosen.order_by(payments.c.payment_id.desc()).limit(limit)))
        events = self._events(rows)
        return [(self.read(row), events[row.payment_id]) for row in rows]

    def _events(self, rows: Sequence[Row[Any]]) -> dict[UUID, list[PaymentEvent]]:
        """All events of these payments, each payment's oldest first; agency and payment are the key's first columns."""
        found: dict[UUID, list[PaymentEvent]] = {row.payment_id: [] for row in rows}
        cells = payment_events.c
        mine = and_(cells.agency_id.in_({row.agency_id for row in rows}), cells.payment_id.in_(found))
        for event in self._connection.execute(select(payment_events).where(mine).order_by(cells.version)):
            found[event.payment_id].append(read_event(event))
        return found

    def read(self, row: Row[Any]) -> Payment:
        """A row as it stands, opened."""
        place = ("payments", "details_cipher", row.payment_id)
        details = open_json(self._keyring, place, row.details_cipher)
        chains: dict[str, str] = {}
        if row.chains_cipher is not None:
            chains = open_json(self._keyring, ("payments", "chains_cipher", row.payment_id), row.chains_cipher)
        cells: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
        cells |= {name: details[name] for name in _DETAILS}
        cells["items"] = tuple(BillItem(*item) for item in details.get("items", ()))
        cells["non_tax"] = read_non_tax(details["non_tax"]) if "non_tax" in details else None
        cells |= {name: UUID(chains[name]) if name in chains else ERASED for name in _CHAINS}
        return Payment(platform=PlatformName(row.platform), **cells)


def read_event(row: Row[Any]) -> PaymentEvent:
    """A row of an event."""
    return PaymentEvent(row.payment_id, row.version, row.name, PaymentState(row.state), row.at, row.data)
