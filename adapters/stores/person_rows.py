"""Rows of persons: reading one, holding one against a simultaneous join, and what happened to one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select

from adapters.ids import make_id
from adapters.stores.cells import open_optional
from adapters.stores.keyring import Keyring
from adapters.stores.tables.persons import person_events, persons
from services.errors import NotFound
from services.model import Assurance, JsonValue, Person


def load_row(connection: Connection, person_id: UUID) -> Row[Any]:
    """The row of a person. Raises ``NotFound``."""
    row = connection.execute(select(persons).where(persons.c.person_id == person_id)).first()
    if row is None:
        raise NotFound
    return row


def hold_person(connection: Connection, person_id: UUID) -> Row[Any]:
    """The row of the account that this person is by now, locked until the end of the transaction.

    Whoever adds something to an account holds it, so that a join cannot pass by and leave that something behind.
    """
    query = select(persons).with_for_update(key_share=True)
    while True:
        row = connection.execute(query.where(persons.c.person_id == person_id)).first()
        if row is None:
            raise NotFound
        if row.joined_into is None:
            return row
        person_id = row.joined_into


def read_person(keyring: Keyring, row: Row[Any], chain_id: UUID) -> Person:
    """A person from the row, decrypted."""
    cells = {
        name: open_optional(keyring, ("persons", name, row.person_id), getattr(row, name))
        for name in ("phone_cipher", "real_name_cipher", "identity_cipher")
    }
    return Person(
        row.person_id, row.agency_id, chain_id, Assurance(row.assurance), row.created_at,
        phone=cells["phone_cipher"], real_name=cells["real_name_cipher"], identity_number=cells["identity_cipher"],
    )  # fmt: skip


def add_event(
    connection: Connection, agency_id: UUID, person_id: UUID, name: str, at: datetime, data: Mapping[str, JsonValue]
) -> None:
    """Append what happened to an account. ``data`` holds ids and names of ours, nothing personal."""
    connection.execute(
        insert(person_events).values(
            agency_id=agency_id, event_id=make_id(at), person_id=person_id, name=name, at=at, data=dict(data)
        )
    )
