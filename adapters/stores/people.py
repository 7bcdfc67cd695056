"""Whose a number is, for staff who look for a person: by keyed hash, ids only; and that person's payments, without the person."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, and_, lateral, or_, select, true

from adapters.stores.keyring import Keyring
from adapters.stores.tables.payments import payment_events, payments
from adapters.stores.tables.persons import persons
from services.console_ports import PaymentSummary, PersonKey

_COLUMNS = {PersonKey.IDENTITY_NUMBER: persons.c.identity_hash, PersonKey.PHONE: persons.c.phone_hash}


class SqlPeopleIndex:
    """``console_ports.PeopleIndex`` within one transaction; its role reads no cell of a person."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def find_persons(self, key: PersonKey, value: str) -> list[UUID]:
        """See the port. A phone number may belong to several accounts, those of one human joined and those that are not."""
        hashes = self._keyring.lookup_hashes(str(key), value)
        found = select(persons.c.person_id, persons.c.joined_into).where(_COLUMNS[key].in_(hashes))
        heads = {row.joined_into or row.person_id for row in self._connection.execute(found)}
        mine = or_(persons.c.person_id.in_(heads), persons.c.joined_into.in_(heads))
        return list(
            self._connection.execute(select(persons.c.person_id).where(mine).order_by(persons.c.person_id)).scalars()
        )

    def list_payments(self, person_ids: Sequence[UUID], limit: int) -> list[PaymentSummary]:
        """See the port."""
        cells, events = payments.c, payment_events.c
        mine = and_(events.agency_id == cells.agency_id, events.payment_id == cells.payment_id)
        last = lateral(select(events.state).where(mine).order_by(events.version.desc()).limit(1)).alias("last")
        chosen = (
            select(
                cells.agency_id, cells.payment_id, cells.service, cells.order_no, cells.amount_fen, cells.created_at, last.c.state
            )
            .join(last, true())
            .where(cells.person_id.in_(person_ids))
            .order_by(cells.payment_id.desc())
            .limit(limit)
        )  # fmt: skip
        return [
            PaymentSummary(
                row.agency_id, row.payment_id, row.service, row.order_no, row.amount_fen, row.created_at, row.state
            )
            for row in self._connection.execute(chosen)
        ]
