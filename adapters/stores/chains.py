"""Links from a person, a household or an identity number to the random chain id that stands for them in the ledger.

They are encrypted and erasable. The row is found by a keyed hash of the subject, so the table alone says nothing; once the row is deleted, nobody can say any
more whom the ledger's records concern (PIPL article 47).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.cells import open_id, seal_id
from adapters.stores.keyring import Keyring
from adapters.stores.tables.persons import chain_links
from adapters.stores.uniqueness import hold_value


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose link it is: the purpose of the keyed hash, and what is hashed."""

    purpose: str
    value: str


def person_subject(person_id: UUID) -> Subject:
    """The subject of a person's link."""
    return Subject("chain", f"person|{person_id}")


def household_subject(service: str, household_no: str) -> Subject:
    """The subject of the link of a household's holder, who may never log in."""
    return Subject("chain", f"household|{service}|{household_no}")


def identity_subject(identity_number: str) -> Subject:
    """The subject of the link of a human whose number was typed, by whomever. Its hash is comparable with no other table's."""
    return Subject("chain_identity", identity_number)


class ChainLinks:
    """The links, within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def find_or_make(self, agency_id: UUID, subject: Subject, at: datetime) -> UUID:
        """The chain id of a subject; two requests that make it at once get the same."""
        found = self.find(agency_id, [subject]).get(subject)
        if found is not None:
            return found
        hold_value(self._connection, self._keyring.lookup_hashes(subject.purpose, subject.value))
        found = self.find(agency_id, [subject]).get(subject)
        if found is not None:
            return found
        digest, chain = self._keyring.lookup_hash(subject.purpose, subject.value), uuid4()
        cell = seal_id(self._keyring, ("chain_links", "chain_cipher", digest.hex()), chain)
        row = insert(chain_links).values(agency_id=agency_id, subject_hash=digest, chain_cipher=cell, created_at=at)
        if self._connection.execute(row.on_conflict_do_nothing().returning(chain_links.c.agency_id)).first():
            return chain
        return self.find(agency_id, [subject])[subject]

    def find(self, agency_id: UUID, subjects: Sequence[Subject]) -> dict[Subject, UUID]:
        """The chain ids of those subjects whose link exists."""
        by_hash = {
            digest: subject
            for subject in subjects
            for digest in self._keyring.lookup_hashes(subject.purpose, subject.value)
        }
        rows = self._connection.execute(
            select(chain_links.c.subject_hash, chain_links.c.chain_cipher).where(
                chain_links.c.agency_id == agency_id, chain_links.c.subject_hash.in_(by_hash)
            )
        )
        return {
            by_hash[digest]: open_id(self._keyring, ("chain_links", "chain_cipher", digest.hex()), cell)
            for digest, cell in rows
        }
