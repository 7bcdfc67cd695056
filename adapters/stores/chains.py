"""Links from a person or a household to the random chain id that stands for them in the ledger: encrypted, and erasable.

The row is found by a keyed hash of the subject, so the table alone says nothing; once the row is deleted, nobody can say any
more whom the ledger's records concern (PIPL article 47).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.cells import open_id, seal_id
from adapters.stores.keyring import Keyring
from adapters.stores.tables.persons import chain_links

PURPOSE = "chain"


def person_subject(person_id: UUID) -> str:
    """The subject of a person's link."""
    return f"person|{person_id}"


def household_subject(service: str, household_no: str) -> str:
    """The subject of the link of a household's holder, who may never log in."""
    return f"household|{service}|{household_no}"


class ChainLinks:
    """The links, within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def find_or_make(self, agency_id: UUID, subject: str, at: datetime) -> UUID:
        """The chain id of a subject; two requests that make it at once get the same."""
        found = self.find(agency_id, [subject]).get(subject)
        if found is not None:
            return found
        digest, chain = self._keyring.lookup_hash(PURPOSE, subject), uuid4()
        cell = seal_id(self._keyring, ("chain_links", "chain_cipher", digest.hex()), chain)
        row = insert(chain_links).values(agency_id=agency_id, subject_hash=digest, chain_cipher=cell, created_at=at)
        if self._connection.execute(row.on_conflict_do_nothing().returning(chain_links.c.agency_id)).first():
            return chain
        return self.find(agency_id, [subject])[subject]

    def find(self, agency_id: UUID, subjects: Sequence[str]) -> dict[str, UUID]:
        """The chain ids of those subjects whose link exists."""
        by_hash = {digest: subject for subject in subjects for digest in self._keyring.lookup_hashes(PURPOSE, subject)}
        rows = self._connection.execute(
            select(chain_links.c.subject_hash, chain_links.c.chain_cipher).where(
                chain_links.c.agency_id == agency_id, chain_links.c.subject_hash.in_(by_hash)
            )
        )
        return {
            by_hash[digest]: open_id(self._keyring, ("chain_links", "chain_cipher", digest.hex()), cell)
            for digest, cell in rows
        }
