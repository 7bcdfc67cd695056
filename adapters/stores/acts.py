"""What the staff did and read: appended, never edited; nobody has the right to. The reason is encrypted: people write names into it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select

from adapters.stores.cells import open_text, seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.merging import merge_newest
from adapters.stores.tables.staff import acts
from services.staffing import Act


class SqlActStore:
    """``console_ports.ActStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def append(self, act: Act) -> None:
        """See the port."""
        self._connection.execute(
            insert(acts).values(
                agency_id=act.agency_id, act_id=act.act_id, at=act.at, staff_id=act.staff_id, act=act.act,
                subject_kind=act.subject_kind, subject_id=act.subject_id, detail=dict(act.detail),
                reason_cipher=seal_text(self._keyring, ("acts", "reason_cipher", act.act_id), act.reason),
            )
        )  # fmt: skip

    def list_acts(
        self, limit: int, before: UUID | None, *, staff_id: UUID | None = None, subject_id: str | None = None,
        act: str | None = None,
    ) -> list[Act]:  # fmt: skip
        """See the port: each agency's newest by its own part of the index, merged; so a page costs the same however many there are."""
        chosen = select(acts)
        for column, wanted in ((acts.c.staff_id, staff_id), (acts.c.subject_id, subject_id), (acts.c.act, act)):
            if wanted is not None:
                chosen = chosen.where(column == wanted)
        if before is not None:
            chosen = chosen.where(acts.c.act_id < before)
        merged = merge_newest(chosen, acts.c.agency_id, ["act_id"], limit)
        return [self._read(row) for row in self._connection.execute(merged)]

    def _read(self, row: Row[Any]) -> Act:
        reason = open_text(self._keyring, ("acts", "reason_cipher", row.act_id), row.reason_cipher)
        return Act(
            row.act_id,
            row.agency_id,
            row.at,
            row.staff_id,
            row.act,
            row.subject_kind,
            row.subject_id,
            reason,
            row.detail,
        )
