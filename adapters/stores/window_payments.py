"""Payments as the console's role may touch them: whole ones of the window through two functions, of any other where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Select, Table, Uuid, column, func, literal, select, text

from adapters.stores.keyring import Keyring
from adapters.stores.payments import SqlPaymentStore, read_event
from adapters.stores.tables.payments import payment_events, payments
from services.model import Payment, PaymentEvent, PaymentState, PlatformName
from services.window_record import OrderHead

_RECEIPT = text("SELECT guitai_window_receipt(:number)")
_RETURNS = text("SELECT guitai_window_returns(:most)")


def _select_window(name: str, table: Table, ids: Sequence[UUID]) -> Select[Any]:
    """Whole rows of the window's own among these payments, by the function that alone may read them."""
    wanted = literal(list(ids), ARRAY(Uuid()))
    cells = [column(cell.name, cell.type) for cell in table.c]
    found = getattr(func, name)(wanted).table_valued(*cells, name="found")
    return select(*(found.c[cell.name] for cell in cells))


class SqlWindowPayments:
    """``window_record.WindowPayments`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._payments = SqlPaymentStore(connection, keyring)

    def open(self, payment: Payment, event: PaymentEvent) -> None:
        """See the port; the database refuses a payment on a platform."""
        self._payments.open(payment, event)

    def append(self, agency_id: UUID, event: PaymentEvent) -> None:
        """See the port; the database refuses what is no move of the window."""
        self._payments.append(agency_id, event)

    def load(self, payment_id: UUID) -> tuple[Payment, list[PaymentEvent]] | None:
        found = self.load_many([payment_id])
        return found[0] if found else None

    def load_many(self, payment_ids: Sequence[UUID]) -> list[tuple[Payment, list[PaymentEvent]]]:
        rows = (
            list(self._connection.execute(_select_window("guitai_window_payments", payments, payment_ids)))
            if payment_ids
            else []
        )
        events: dict[UUID, list[PaymentEvent]] = {row.payment_id: [] for row in rows}
        for row in (
            self._connection.execute(_select_window("guitai_window_events", payment_events, list(events)))
            if rows
            else ()
        ):
            events[row.payment_id].append(read_event(row))
        return [(self._payments.read(row), events[row.payment_id]) for row in rows]

    def find_by_receipt(self, sequence_no: str) -> UUID | None:
        return self._connection.execute(_RECEIPT, {"number": sequence_no}).scalar()

    def find_head(self, payment_id: UUID) -> OrderHead | None:
        cells, events = payments.c, payment_events.c
        plain = select(cells.agency_id, cells.payment_id, cells.platform, cells.created_at)
        row = self._connection.execute(plain.where(cells.payment_id == payment_id)).first()
        if row is None:
            return None
        mine = select(events.state, events.version).where(
            events.agency_id == row.agency_id, events.payment_id == payment_id
        )
        last = self._connection.execute(mine.order_by(events.version.desc()).limit(1)).one()
        return OrderHead(
            row.agency_id,
            payment_id,
            PlatformName(row.platform),
            row.created_at,
            PaymentState(last.state),
            last.version,
        )

    def list_returns(self, limit: int) -> list[UUID]:
        return list(self._connection.execute(_RETURNS, {"most": limit}).scalars())
