"""Clerks' tills as appended events. The key of an event is (agency, till, version), that of a till (clerk, number): who comes second
finds it taken. The database itself refuses an event after a closing and a till before the one before is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Insert, Row, Select, and_, exists, insert, select
from sqlalchemy.exc import IntegrityError

from adapters.stores.cells import open_text, seal_text
from adapters.stores.connection import is_taken
from adapters.stores.keyring import Keyring
from adapters.stores.tables.tills import cash_till_events, cash_tills
from services.cash_till import CashTill, TillEvent, TillFile, TillState
from services.errors import VersionTaken

_NEWEST = 1


class SqlTillStore:
    """``cash_till.TillStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def open(self, till: CashTill, event: TillEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        row = insert(cash_tills).values(
            agency_id=till.agency_id, till_id=till.till_id, staff_id=till.staff_id, number=till.number,
            opened_at=till.opened_at, business_on=till.business_on,
        )  # fmt: skip
        self._write(row)
        self.append(till.agency_id, event)

    def append(self, agency_id: UUID, event: TillEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        words = None
        if event.words:
            words = seal_text(self._keyring, _place(event.till_id, event.version), event.words)
        row = insert(cash_till_events).values(
            agency_id=agency_id, till_id=event.till_id, version=event.version, name=event.name, state=event.state.value,
            at=event.at, staff_id=event.staff_id, data=dict(event.data), words_cipher=words,
        )  # fmt: skip
        self._write(row)

    def _write(self, row: Insert) -> None:
        try:
            self._connection.execute(row)
        except IntegrityError as error:
            if is_taken(error):
                raise VersionTaken from None
            raise

    def load(self, till_id: UUID) -> TillFile | None:
        return self._first(select(cash_tills).where(cash_tills.c.till_id == till_id))

    def latest_of(self, staff_id: UUID) -> TillFile | None:
        own = select(cash_tills).where(cash_tills.c.staff_id == staff_id)
        return self._first(own.order_by(cash_tills.c.number.desc()).limit(_NEWEST))

    def list_recent(self, agencies: Sequence[UUID], limit: int, before: UUID | None = None) -> list[TillFile]:
        chosen = select(cash_tills).where(cash_tills.c.agency_id.in_(agencies))
        if before is not None:
            chosen = chosen.where(cash_tills.c.till_id < before)
        return self._read(chosen.order_by(cash_tills.c.till_id.desc()).limit(limit))

    def list_counted(self, agencies: Sequence[UUID], limit: int) -> list[TillFile]:
        """See the port: tills whose last event left them counted."""
        last, later = cash_till_events.alias("last"), cash_till_events.alias("later")
        same = and_(last.c.agency_id == cash_tills.c.agency_id, last.c.till_id == cash_tills.c.till_id)
        after = and_(
            later.c.agency_id == last.c.agency_id, later.c.till_id == last.c.till_id, later.c.version > last.c.version
        )
        waits = exists().where(same, last.c.state == TillState.COUNTED.value, ~exists().where(after))
        chosen = select(cash_tills).where(cash_tills.c.agency_id.in_(agencies), waits)
        return self._read(chosen.order_by(cash_tills.c.till_id).limit(limit))

    def _first(self, chosen: Select[Any]) -> TillFile | None:
        found = self._read(chosen)
        return found[0] if found else None

    def _read(self, chosen: Select[Any]) -> list[TillFile]:
        rows = list(self._connection.execute(chosen))
        events: dict[UUID, list[TillEvent]] = {row.till_id: [] for row in rows}
        cells = cash_till_events.c
        wanted = select(cash_till_events).where(cells.till_id.in_(events)).order_by(cells.version)
        for row in self._connection.execute(wanted) if rows else ():
            events[row.till_id].append(self._read_event(row))
        return [
            TillFile(
                CashTill(row.till_id, row.agency_id, row.staff_id, row.number, row.opened_at, row.business_on),
                tuple(events[row.till_id]),
            )
            for row in rows
        ]

    def _read_event(self, row: Row[Any]) -> TillEvent:
        words = ""
        if row.words_cipher is not None:
            words = open_text(self._keyring, _place(row.till_id, row.version), row.words_cipher)
        return TillEvent(
            row.till_id, row.version, row.name, TillState(row.state), row.at, row.staff_id, row.data, words
        )


def _place(till_id: UUID, version: int) -> tuple[str, str, str]:
    return "cash_till_events", "words_cipher", f"{till_id}:{version}"
