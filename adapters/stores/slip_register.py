"""Which slips were revoked, and when: by their id. Why is an encrypted cell, read by nobody here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.cells import seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.tables.counter import revoked_slips


class SqlSlipRegister:
    """``case_stores.SlipRegister`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def revoke(self, agency_id: UUID, slip_id: str, reason: str, at: datetime) -> None:
        why = seal_text(self._keyring, ("revoked_slips", "reason_cipher", slip_id), reason)
        row = insert(revoked_slips).values(agency_id=agency_id, slip_id=slip_id, reason_cipher=why, revoked_at=at)
        self._connection.execute(row.on_conflict_do_nothing())

    def is_revoked(self, slip_id: str) -> bool:
        found = select(revoked_slips.c.slip_id).where(revoked_slips.c.slip_id == slip_id)
        return self._connection.execute(found).first() is not None

    def list_revoked(self) -> list[tuple[str, datetime]]:
        rows = select(revoked_slips.c.slip_id, revoked_slips.c.revoked_at)
        oldest = rows.order_by(revoked_slips.c.revoked_at, revoked_slips.c.slip_id)
        return [(row.slip_id, row.revoked_at) for row in self._connection.execute(oldest)]
