"""Persons and their logins. Personal fields are encrypted; an identity number is unique through its keyed hash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from adapters.ids import make_id
from adapters.stores.cells import open_text, seal_text
from adapters.stores.chain_leaves import append_join
from adapters.stores.chains import ChainLinks, identity_subject, person_subject
from adapters.stores.connection import is_taken
from adapters.stores.joining import join_persons
from adapters.stores.keyring import Keyring
from adapters.stores.logins import SqlLogins
from adapters.stores.person_rows import add_event, hold_person, load_row, read_person
from adapters.stores.tables.persons import person_events, persons
from adapters.stores.uniqueness import hold_value
from services.errors import Conflict, NotFound, PersonMismatch
from services.model import Assurance, JsonValue, Login, Person, PlatformName, PlatformUser

_IDENTITY, _PHONE = "identity_number", "phone"


class SqlPersonStore:
    """``ports.PersonStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._chains = ChainLinks(connection, keyring)
        self._logins = SqlLogins(connection, keyring)

    def find_login(self, platform: PlatformName, app: str, user_id: str) -> Login | None:
        return self._logins.find(platform, app, user_id)

    def open_person(self, agency_id: UUID, at: datetime) -> Person:
        person_id = make_id(at)
        self._connection.execute(
            insert(persons).values(
                agency_id=agency_id, person_id=person_id, assurance=int(Assurance.ANONYMOUS), created_at=at
            )
        )
        chain = self._chains.find_or_make(agency_id, person_subject(person_id), at)
        return Person(person_id, agency_id, chain, Assurance.ANONYMOUS, at)

    def add_login(
        self, person: Person, platform: PlatformName, app: str, user: PlatformUser, at: datetime
    ) -> tuple[Login, bool]:
        return self._logins.add(person, platform, app, user, at)

    def load(self, person_id: UUID) -> Person:
        """The person as it stands, also one that was joined into another. Raises ``NotFound``."""
        return self._read(load_row(self._connection, person_id))

    def load_login(self, login_id: UUID) -> Login:
        return self._logins.load(login_id)

    def list_logins(self, person_id: UUID) -> list[Login]:
        return self._logins.list_of_person(person_id)

    def record_phone(self, person_id: UUID, phone: str, at: datetime) -> None:
        row = hold_person(self._connection, person_id)
        cell = seal_text(self._keyring, ("persons", "phone_cipher", row.person_id), phone)
        self._raise(row, Assurance.PHONE, phone_cipher=cell, phone_hash=self._keyring.lookup_hash(_PHONE, phone))
        add_event(self._connection, row.agency_id, row.person_id, "phone_proven", at, {})

    def find_by_identity(self, identity_number: str) -> Person | None:
        hashes = self._keyring.lookup_hashes(_IDENTITY, identity_number)
        row = self._connection.execute(select(persons).where(persons.c.identity_hash.in_(hashes))).first()
        return None if row is None else self._read(row)

    def find_chain(self, agency_id: UUID, identity_number: str, at: datetime, *, account: bool = True) -> UUID:
        """See the port. Whoever proves the number in the same moment finds this very link, and adopts it."""
        hashes = self._keyring.lookup_hashes(_IDENTITY, identity_number) if account else []
        row = self._connection.execute(select(persons).where(persons.c.identity_hash.in_(hashes))).first()
        own = self._chains.find(row.agency_id, [person_subject(row.person_id)]) if row is not None else {}
        if own:
            return next(iter(own.values()))
        return self._chains.find_or_make(agency_id, identity_subject(identity_number), at)

    def record_identity(self, person_id: UUID, real_name: str, identity_number: str, at: datetime) -> None:
        """See the port. Raises also ``PersonMismatch`` if the person has proven another number, ``Conflict`` if it was joined."""
        row = hold_person(self._connection, person_id)
        hashes = self._keyring.lookup_hashes(_IDENTITY, identity_number)
        if row.person_id != person_id:
            raise Conflict
        if row.identity_hash is not None and row.identity_hash not in hashes:
            raise PersonMismatch
        hold_value(self._connection, hashes)
        holder = self.find_by_identity(identity_number)
        if holder is not None and holder.person_id != person_id:
            raise Conflict
        try:
            with self._connection.begin_nested():
                self._raise(
                    row, Assurance.REAL_NAME,
                    identity_hash=hashes[0],
                    real_name_cipher=seal_text(self._keyring, ("persons", "real_name_cipher", person_id), real_name),
                    identity_cipher=seal_text(self._keyring, ("persons", "identity_cipher", person_id), identity_number),
                )  # fmt: skip
        except IntegrityError as error:
            if is_taken(error):
                raise Conflict from None
            raise
        add_event(self._connection, row.agency_id, person_id, "identity_proven", at, {})
        if row.identity_hash is None:
            self._adopt_chain(row, identity_number, at)

    def _adopt_chain(self, row: Row[Any], identity_number: str, at: datetime) -> None:
        """The chain of the number is the account's from now on: an event, and a leaf that stands in both chains."""
        chain = self._chains.find_or_make(row.agency_id, identity_subject(identity_number), at)
        add_event(self._connection, row.agency_id, row.person_id, "chain_adopted", at, {})
        own = person_subject(row.person_id)
        into = self._chains.find(row.agency_id, [own]).get(own)
        if into is not None and into != chain:
            append_join(self._connection, row.agency_id, chain, into, at)

    def join(self, person_id: UUID, into: UUID, at: datetime) -> None:
        join_persons(self._connection, self._keyring, person_id, into, at)

    def hold(self, person_id: UUID) -> None:
        hold_person(self._connection, person_id)

    def revoke_login(self, login_id: UUID, at: datetime) -> None:
        self._logins.set_revoked(login_id, at, at)

    def restore_login(self, login_id: UUID, at: datetime) -> None:
        self._logins.set_revoked(login_id, None, at)

    def list_events(self, person_id: UUID, limit: int) -> list[tuple[datetime, str, Mapping[str, JsonValue]]]:
        query = (
            select(person_events.c.at, person_events.c.name, person_events.c.data)
            .where(person_events.c.person_id == person_id)
            .order_by(person_events.c.event_id.desc())
            .limit(limit)
        )
        return [(row.at, row.name, row.data) for row in self._connection.execute(query)]

    def joined_ids(self, person_id: UUID) -> list[UUID]:
        """This person first, then those that were joined into it, the oldest first."""
        query = select(persons.c.person_id).where(persons.c.joined_into == person_id).order_by(persons.c.person_id)
        return [person_id, *self._connection.execute(query).scalars()]

    def list_chains(self, person_id: UUID) -> list[UUID]:
        """See the port: the account's own first. What was seen under a number before its human came is theirs by the number."""
        query = select(persons).where((persons.c.person_id == person_id) | (persons.c.joined_into == person_id))
        found: list[UUID] = []
        for row in sorted(self._connection.execute(query), key=lambda row: (row.person_id != person_id, row.person_id)):
            subjects = [person_subject(row.person_id)]
            if row.identity_cipher is not None:
                place = ("persons", "identity_cipher", row.person_id)
                subjects.append(identity_subject(open_text(self._keyring, place, row.identity_cipher)))
            links = self._chains.find(row.agency_id, subjects)
            found += [links[subject] for subject in subjects if subject in links]
        return list(dict.fromkeys(found))

    def _raise(self, row: Row[Any], level: Assurance, **cells: bytes) -> None:
        change = update(persons).where(persons.c.agency_id == row.agency_id, persons.c.person_id == row.person_id)
        self._connection.execute(change.values(assurance=func.greatest(persons.c.assurance, int(level)), **cells))

    def _read(self, row: Row[Any]) -> Person:
        subject = person_subject(row.person_id)
        chain = self._chains.find(row.agency_id, [subject]).get(subject)
        if chain is None:
            raise NotFound  # the link was erased: nobody may act for this account any more
        return read_person(self._keyring, row, chain)
