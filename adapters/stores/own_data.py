"""A citizen's copy: every row of the store that belongs to their account, with its cells opened (PIPL article 45).

Left out are keyed hashes and links to chains, which say nothing to anybody outside, who of the staff did it, and of events of cases, which the
page of a case explains, everything but name, state and moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, or_, select

from adapters.stores.connection import scoped
from adapters.stores.keyring import Keyring
from adapters.stores.rotation import ROW_IDS
from adapters.stores.tables.applications import application_events, applications
from adapters.stores.tables.cases import case_drafts, case_events, cases, stored_files
from adapters.stores.tables.consents import consent_events
from adapters.stores.tables.counter import complaints, mandates, ratings
from adapters.stores.tables.payments import payment_events, payments
from adapters.stores.tables.persons import household_bindings, households, logins, person_events, persons
from adapters.stores.tables.rights import rights_events, rights_requests
from services.model import JsonValue

_MINE: tuple[tuple[Table, str], ...] = (
    (logins, "person_id"), (person_events, "person_id"), (household_bindings, "person_id"), (consent_events, "person_id"),
    (payments, "person_id"), (applications, "person_id"), (cases, "person_id"), (case_drafts, "person_id"),
    (ratings, "person_id"), (complaints, "person_id"), (rights_requests, "person_id"),
)  # fmt: skip
_FOLLOWING: tuple[tuple[Table, str, str], ...] = (
    (payment_events, "payment_id", "payments"), (application_events, "application_id", "applications"),
    (case_events, "case_id", "cases"), (stored_files, "owner", "cases"), (rights_events, "request_id", "rights_requests"),
    (households, "household_id", "household_bindings"), (stored_files, "owner", "case_drafts"),
)  # fmt: skip
_KEY = {"cases": "case_id", "case_drafts": "draft_id", "payments": "payment_id", "applications": "application_id",
        "rights_requests": "request_id", "household_bindings": "household_id"}  # fmt: skip
_LEFT_OUT = frozenset({
    "agency_id", "user_hash", "phone_hash", "identity_hash", "household_hash", "name_hash", "number_hash", "principal_hash",
    "agent_hash", "chain_cipher", "chains_cipher", "principal_chain_cipher", "staff_id", "by_staff_id", "opened_by",
    "against", "digest", "uploaded_by", "proof_cipher",
})  # fmt: skip
_BARE_EVENTS = frozenset({"case_events", "application_events"})


class SqlOwnData:
    """``rights.OwnData`` on the public role."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._keyring = keyring

    def collect(self, person_id: UUID, agencies: Sequence[UUID]) -> Mapping[str, JsonValue]:
        """See the port: what one moment's transaction sees."""
        with scoped(self._engine, agencies) as connection:
            mine = (persons.c.person_id == person_id) | (persons.c.joined_into == person_id)
            accounts = self._read(connection, persons, mine)
            ids = [UUID(str(row["person_id"])) for row in accounts]
            found: dict[str, list[dict[str, JsonValue]]] = {"persons": accounts}
            for table, column in _MINE:
                found[table.name] = self._read(connection, table, table.c[column].in_(ids))
            party = or_(mandates.c.principal_person_id.in_(ids), mandates.c.agent_person_id.in_(ids))
            found["mandates"] = self._read(connection, mandates, party)
            for table, column, owner in _FOLLOWING:
                keys = [UUID(str(row[_KEY[owner]])) for row in found[owner]]
                found.setdefault(table.name, []).extend(self._read(connection, table, table.c[column].in_(keys)))
        return {name: list(rows) for name, rows in found.items()}

    def _read(self, connection: Connection, table: Table, chosen: ColumnElement[bool]) -> list[dict[str, JsonValue]]:
        wanted = [column for column in table.c if column.name not in _LEFT_OUT or column.primary_key]
        rows = connection.execute(select(*wanted).where(chosen).order_by(*table.primary_key.columns))
        return [self._open(table, row) for row in rows]

    def _open(self, table: Table, row: Row[Any]) -> dict[str, JsonValue]:
        opened: dict[str, JsonValue] = {}
        for name, value in row._asdict().items():
            if name in _LEFT_OUT or (table.name in _BARE_EVENTS and name.startswith("data")):
                continue
            if name.endswith("_cipher"):
                opened[name.removesuffix("_cipher")] = self._decrypt(table, name, row, value)
            else:
                opened[name] = _say(value)
        return opened

    def _decrypt(self, table: Table, name: str, row: Row[Any], value: bytes | None) -> JsonValue:
        if value is None:
            return None
        text = self._keyring.decrypt(table.name, name, ROW_IDS[table](row), value).decode()
        try:
            found = json.loads(text)
        except ValueError:
            return text
        return found if isinstance(found, dict | list) else text


def _say(value: Any) -> JsonValue:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    known: JsonValue = value
    return known
