"""Organisations, and who may act for whom. Numbers are found by keyed hash; names, numbers and proofs are encrypted cells.

An organisation's name and credit code are public: every agency sees the one row that there is of it. The console's role cannot read
the links to the ledger's chains; there ``NO_CHAIN`` stands for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_json, open_link, seal_json, seal_link
from adapters.stores.keyring import Keyring
from adapters.stores.persons import SqlPersonStore
from adapters.stores.tables.counter import mandates, organisations
from services.case_record import Mandate, MandateKind, Organisation
from services.model import JsonValue

AGENT, PRINCIPAL = "mandate_agent", "mandate_principal"
"""Purposes of the look-up hashes of the two numbers."""
_PLAIN = (
    "mandate_id", "agency_id", "organisation_id", "principal_person_id", "agent_person_id", "valid_from", "valid_until",
    "recorded_by", "recorded_at", "revoked_at", "revoked_by",
)  # fmt: skip
_CELLS = ("principal", "agent", "proof")


class SqlMandateStore:
    """``case_stores.MandateStore`` within one transaction. ``chains``: this role may read the links to the chains."""

    def __init__(self, connection: Connection, keyring: Keyring, *, chains: bool = True) -> None:
        self._connection = connection
        self._keyring = keyring
        self._chains = chains

    def record_organisation(self, organisation: Organisation) -> Organisation:
        """See the port."""
        place = ("organisations", "chain_cipher", organisation.organisation_id)
        row = insert_or_update(organisations).values(
            agency_id=organisation.agency_id, organisation_id=organisation.organisation_id,
            credit_code=organisation.credit_code, name=organisation.name, recorded_at=organisation.recorded_at,
            chain_cipher=seal_link(self._keyring, place, organisation.chain_id),
        )  # fmt: skip
        named = row.on_conflict_do_update(index_elements=["credit_code"], set_={"name": row.excluded.name})
        kept = self._connection.execute(named.returning(*self._readable(organisations))).one()
        return self._read_organisation(kept)

    def load_organisation(self, organisation_id: UUID) -> Organisation | None:
        return self._find_organisation(organisations.c.organisation_id == organisation_id)

    def find_organisation(self, credit_code: str) -> Organisation | None:
        return self._find_organisation(organisations.c.credit_code == credit_code)

    def add(self, mandate: Mandate) -> None:
        """See the port. Raises ``VersionTaken`` if the id is there; the transaction is lost then."""
        row_id, ring = mandate.mandate_id, self._keyring
        cells: dict[str, Any] = {name: getattr(mandate, name) for name in _PLAIN}
        for name in _CELLS:
            cells[f"{name}_cipher"] = seal_json(ring, _place(f"{name}_cipher", row_id), dict(getattr(mandate, name)))
        cells["principal_chain_cipher"] = seal_link(
            ring, _place("principal_chain_cipher", row_id), mandate.principal_chain_id
        )
        cells |= {"kind": str(mandate.kind), "services": list(mandate.services)}
        cells["principal_hash"] = ring.lookup_hash(PRINCIPAL, _number(mandate.principal))
        cells["agent_hash"] = ring.lookup_hash(AGENT, _number(mandate.agent))
        insert_once(self._connection, insert(mandates).values(**cells))

    def load(self, mandate_id: UUID) -> Mandate | None:
        found = self._list(mandates.c.mandate_id == mandate_id)
        return found[0] if found else None

    def revoke(self, mandate_id: UUID, by: str, at: datetime) -> bool:
        in_force = and_(mandates.c.mandate_id == mandate_id, mandates.c.revoked_at.is_(None))
        changed = update(mandates).where(in_force).values(revoked_at=at, revoked_by=by)
        return self._connection.execute(changed).rowcount == 1

    def bind_agent(self, mandate_id: UUID, person_id: UUID) -> None:
        """See the port: of one that is in force and has no account yet."""
        cells = mandates.c
        free = and_(cells.mandate_id == mandate_id, cells.agent_person_id.is_(None), cells.revoked_at.is_(None))
        self._connection.execute(update(mandates).where(free).values(agent_person_id=person_id))

    def list_of_agent(self, person_ids: Sequence[UUID]) -> list[Mandate]:
        return self._list(mandates.c.agent_person_id.in_(person_ids))

    def list_of_number(self, identity_number: str) -> list[Mandate]:
        """See the port: under every look-up key."""
        hashes = self._keyring.lookup_hashes(AGENT, identity_number)
        return self._list(and_(mandates.c.agent_hash.in_(hashes), mandates.c.agent_person_id.is_(None)))

    def list_of_principal(self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID]) -> list[Mandate]:
        cells = mandates.c
        return self._list(or_(cells.principal_person_id.in_(person_ids), cells.organisation_id.in_(organisation_ids)))

    def list_of_principal_number(self, identity_number: str) -> list[Mandate]:
        """See the port: under every look-up key."""
        return self._list(mandates.c.principal_hash.in_(self._keyring.lookup_hashes(PRINCIPAL, identity_number)))

    def find_chain(self, agency_id: UUID, identity_number: str, at: datetime) -> UUID:
        """See the port. The console's role may not."""
        return SqlPersonStore(self._connection, self._keyring).find_chain(agency_id, identity_number, at)

    def _readable(self, table: Table) -> list[Any]:
        return [column for column in table.c if self._chains or not column.name.endswith("chain_cipher")]

    def _list(self, chosen: ColumnElement[bool]) -> list[Mandate]:
        """Newest first."""
        rows = select(*self._readable(mandates)).where(chosen).order_by(mandates.c.mandate_id.desc())
        return [self._read(row) for row in self._connection.execute(rows)]

    def _find_organisation(self, chosen: ColumnElement[bool]) -> Organisation | None:
        row = self._connection.execute(select(*self._readable(organisations)).where(chosen)).first()
        return None if row is None else self._read_organisation(row)

    def _read_organisation(self, row: Row[Any]) -> Organisation:
        cell = row.chain_cipher if self._chains else None
        chain = open_link(self._keyring, ("organisations", "chain_cipher", row.organisation_id), cell)
        return Organisation(row.organisation_id, row.agency_id, row.credit_code, row.name, chain, row.recorded_at)

    def _read(self, row: Row[Any]) -> Mandate:
        cell = row.principal_chain_cipher if self._chains else None
        opened = {name: self._open(row, name) for name in _CELLS}
        return Mandate(
            kind=MandateKind(row.kind),
            principal_chain_id=open_link(self._keyring, _place("principal_chain_cipher", row.mandate_id), cell),
            services=tuple(row.services),
            **opened,
            **{name: getattr(row, name) for name in _PLAIN},
        )

    def _open(self, row: Row[Any], name: str) -> JsonValue:
        return open_json(self._keyring, _place(f"{name}_cipher", row.mandate_id), getattr(row, f"{name}_cipher"))


def _number(party: Any) -> str:
    """An identity number or a credit code."""
    return party.get("identity_number") or party.get("credit_code") or ""


def _place(column: str, row_id: UUID) -> tuple[str, str, UUID]:
    return "mandates", column, row_id
