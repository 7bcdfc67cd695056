"""Accounts as the window may touch them: written, never read; the links to the ledger's chains of whoever stands there, one by one.

``docs/decisions/0121-…`` says why the console's role asks functions of the database here instead of reading tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, LargeBinary, Row, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from adapters.stores.cells import open_id, seal_text
from adapters.stores.chains import identity_subject, person_subject
from adapters.stores.connection import is_taken
from adapters.stores.keyring import Keyring
from adapters.stores.person_rows import add_event
from adapters.stores.tables.persons import persons
from adapters.stores.uniqueness import hold_value
from services.errors import Conflict, NotFound, PersonMismatch
from services.model import Assurance

_IDENTITY = "identity_number"
_KNOWN: tuple[Any, ...] = (
    persons.c.agency_id,
    persons.c.person_id,
    persons.c.identity_hash,
    persons.c.joined_into,
    persons.c.assurance,
)
_LINKS = text("SELECT subject_hash, chain_cipher FROM guitai_chain_links(:subjects)").bindparams(
    bindparam("subjects", type_=ARRAY(LargeBinary()))
)


class SqlWindowAccounts:
    """``console_ports.WindowAccounts`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def verify(self, person_id: UUID, real_name: str, identity_number: str, at: datetime) -> UUID:
        """See the port."""
        row = self._hold(person_id)
        hashes = self._keyring.lookup_hashes(_IDENTITY, identity_number)
        if row.identity_hash is not None and row.identity_hash not in hashes:
            raise PersonMismatch
        hold_value(self._connection, hashes)
        holder = select(persons.c.person_id).where(persons.c.identity_hash.in_(hashes))
        others = [one for one in self._connection.execute(holder).scalars() if one != row.person_id]
        if others:
            raise Conflict
        proven: dict[str, Any] = (
            {} if row.identity_hash is not None else self._seal(row, hashes[0], real_name, identity_number)
        )
        level = func.greatest(persons.c.assurance, int(Assurance.WINDOW))
        change = update(persons).where(persons.c.agency_id == row.agency_id, persons.c.person_id == row.person_id)
        try:
            self._connection.execute(change.values(assurance=level, **proven))
        except IntegrityError as error:
            if is_taken(error):
                raise Conflict from None
            raise
        if proven:
            add_event(self._connection, row.agency_id, row.person_id, "identity_proven", at, {})
        add_event(self._connection, row.agency_id, row.person_id, "verified_at_window", at, {})
        return UUID(str(row.person_id))

    def list_chains(self, person_ids: Sequence[UUID], identity_number: str) -> list[UUID]:
        """See the port."""
        subjects = [*map(person_subject, person_ids), identity_subject(identity_number)]
        hashes = [
            digest for subject in subjects for digest in self._keyring.lookup_hashes(subject.purpose, subject.value)
        ]
        rows = self._connection.execute(_LINKS, {"subjects": hashes})
        place = ("chain_links", "chain_cipher")
        found = [
            open_id(self._keyring, (*place, bytes(row.subject_hash).hex()), bytes(row.chain_cipher)) for row in rows
        ]
        return list(dict.fromkeys(found))

    def _hold(self, person_id: UUID) -> Row[Any]:
        """The row of the account that this one is by now, held till the end of the transaction. Raises ``NotFound``."""
        while True:
            held = select(*_KNOWN).where(persons.c.person_id == person_id).with_for_update(key_share=True)
            row = self._connection.execute(held).first()
            if row is None:
                raise NotFound
            if row.joined_into is None:
                return row
            person_id = row.joined_into

    def _seal(self, row: Row[Any], digest: bytes, real_name: str, identity_number: str) -> dict[str, bytes]:
        return {
            "identity_hash": digest,
            "real_name_cipher": seal_text(self._keyring, ("persons", "real_name_cipher", row.person_id), real_name),
            "identity_cipher": seal_text(self._keyring, ("persons", "identity_cipher", row.person_id), identity_number),
        }
