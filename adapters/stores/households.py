"""Households of utilities and who has bound them. Number, holder and address are encrypted; the number is found by its hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.ids import make_id
from adapters.stores.cells import open_text, seal_text
from adapters.stores.chains import ChainLinks, Subject, household_subject
from adapters.stores.keyring import Keyring
from adapters.stores.person_rows import hold_person
from adapters.stores.tables.persons import household_bindings, households
from adapters.stores.uniqueness import hold_value
from services.errors import NotFound
from services.model import Household

_PURPOSE = "household_no"
_CELLS = ("household_no_cipher", "holder_name_cipher", "address_cipher")


class SqlHouseholdStore:
    """``ports.HouseholdStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._chains = ChainLinks(connection, keyring)

    def bind(
        self, agency_id: UUID, service: str, household_no: str, holder_name: str, address: str, person_id: UUID,
        at: datetime,
    ) -> Household:  # fmt: skip
        """See the port. The company's present name and address replace older ones."""
        holder = hold_person(self._connection, person_id)
        chain = self.find_chain(agency_id, service, household_no, at)
        hold_value(self._connection, self._keyring.lookup_hashes(_PURPOSE, f"{service}|{household_no}"))
        row = self._find(agency_id, service, household_no) or self._insert(
            agency_id, service, household_no, holder_name, address, at
        )
        self._refresh(row, holder_name, address)
        binding = insert(household_bindings).values(
            agency_id=agency_id, household_id=row.household_id, person_id=holder.person_id, bound_at=at
        )
        self._connection.execute(
            binding.on_conflict_do_update(
                index_elements=["agency_id", "household_id", "person_id"], set_={"unbound_at": None}
            )
        )
        return Household(row.household_id, agency_id, service, household_no, holder_name, address, chain)

    def unbind(self, household_id: UUID, person_id: UUID, at: datetime) -> bool:
        bound = household_bindings.c
        change = update(household_bindings).where(
            bound.household_id == household_id, bound.person_id == person_id, bound.unbound_at.is_(None)
        )
        done = self._connection.execute(change.values(unbound_at=at).returning(bound.household_id))
        return done.first() is not None

    def list_bound(self, person_id: UUID) -> list[Household]:
        query = self._bound(person_id).order_by(household_bindings.c.bound_at, households.c.household_id)
        return self._read_all(list(self._connection.execute(query)))

    def find_chain(self, agency_id: UUID, service: str, household_no: str, at: datetime) -> UUID:
        return self._chains.find_or_make(agency_id, household_subject(service, household_no), at)

    def _bound(self, person_id: UUID) -> Select[Any]:
        link = (households.c.agency_id == household_bindings.c.agency_id) & (
            households.c.household_id == household_bindings.c.household_id
        )
        query = select(households).select_from(households.join(household_bindings, link))
        return query.where(household_bindings.c.person_id == person_id, household_bindings.c.unbound_at.is_(None))

    def _find(self, agency_id: UUID, service: str, household_no: str) -> Row[Any] | None:
        hashes = self._keyring.lookup_hashes(_PURPOSE, f"{service}|{household_no}")
        query = select(households).where(
            households.c.agency_id == agency_id,
            households.c.service == service,
            households.c.household_hash.in_(hashes),
        )
        return self._connection.execute(query).first()

    def _insert(
        self, agency_id: UUID, service: str, household_no: str, holder_name: str, address: str, at: datetime
    ) -> Row[Any]:
        household_id = make_id(at)
        cells = self._seal(household_id, household_no, holder_name, address)
        row = insert(households).values(
            agency_id=agency_id, household_id=household_id, service=service, created_at=at,
            household_hash=self._keyring.lookup_hash(_PURPOSE, f"{service}|{household_no}"), **cells,
        )  # fmt: skip
        made = self._connection.execute(row.on_conflict_do_nothing().returning(households)).first()
        first = made or self._find(agency_id, service, household_no)
        if first is None:
            raise NotFound
        return first

    def _refresh(self, row: Row[Any], holder_name: str, address: str) -> None:
        if self._open(row)[1:] == (holder_name, address):
            return
        cells = self._seal(row.household_id, "", holder_name, address)
        del cells["household_no_cipher"]
        self._connection.execute(
            update(households)
            .where(households.c.agency_id == row.agency_id, households.c.household_id == row.household_id)
            .values(**cells)
        )

    def _seal(self, household_id: UUID, *texts: str) -> dict[str, bytes]:
        return {
            name: seal_text(self._keyring, ("households", name, household_id), text)
            for name, text in zip(_CELLS, texts, strict=True)
        }

    def _open(self, row: Row[Any]) -> tuple[str, str, str]:
        number, name, address = (
            open_text(self._keyring, ("households", cell, row.household_id), getattr(row, cell)) for cell in _CELLS
        )
        return number, name, address

    def _read_all(self, rows: Sequence[Row[Any]]) -> list[Household]:
        opened = [(row, self._open(row)) for row in rows]
        chains: dict[tuple[UUID, Subject], UUID] = {}
        for agency_id in {row.agency_id for row in rows}:
            subjects = [household_subject(row.service, texts[0]) for row, texts in opened if row.agency_id == agency_id]
            found = self._chains.find(agency_id, subjects)
            chains |= {(agency_id, subject): chain for subject, chain in found.items()}
        return [
            Household(row.household_id, row.agency_id, row.service, *texts, chain)
            for row, texts in opened
            if (chain := chains.get((row.agency_id, household_subject(row.service, texts[0]))))
        ]
