"""Who is affected by a breach, found by the worker: from the records of an account to chains, from chains to persons and households.

A chain's link is found by its subject only, so every link is opened once, then every account and household asked whose it is. Links and accounts
are read in pieces; kept in memory is what is affected: a chain and which fields, about 200 bytes a person. Nothing of it is stored beside a person
but the names of fields: a chain stands nowhere in clear.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from adapters.ids import first_id_of
from adapters.stores.cells import open_id, open_text
from adapters.stores.chains import Subject, household_subject, identity_subject, person_subject
from adapters.stores.exposure_counts import SETTLED
from adapters.stores.keyring import CiphertextRefused, Keyring
from adapters.stores.privacy import read_breach
from services.privacy_record import BreachAsked, HolderKind

PIECE = 2000
_NEXT = text(
    "SELECT * FROM breach_sheets WHERE found_at IS NULL AND until <= :settled ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_RECORDS = text(
    "SELECT record_id, leaf FROM exposure_records WHERE agency_id = :agency AND record_id > :after AND record_id < :until"
    " AND kind = 'exposure' AND platform = :platform ORDER BY record_id LIMIT :most"
)
_PERSONS = text("SELECT record_id, chain_id FROM exposure_persons WHERE agency_id = :agency AND record_id = ANY (:ids)")
_LINKS = text(
    "SELECT subject_hash, chain_cipher FROM chain_links WHERE agency_id = :agency AND subject_hash > :after"
    " ORDER BY subject_hash LIMIT :most"
)
_PEOPLE = text(
    "SELECT agency_id, person_id, joined_into, identity_cipher FROM persons WHERE agency_id = :agency AND person_id > :after"
    " ORDER BY person_id LIMIT :most"
)
_HOUSES = text(
    "SELECT agency_id, household_id, service, household_no_cipher FROM households WHERE agency_id = :agency"
    " AND household_id > :after ORDER BY household_id LIMIT :most"
)
_ADD = text(
    "INSERT INTO breach_holders (agency_id, sheet_id, number, kind, holder_id, holder_agency, fields)"
    " VALUES (:agency_id, :sheet_id, :number, :kind, :holder_id, :holder_agency, :fields)"
)
_DONE = text("UPDATE breach_sheets SET found_at = :at, found = CAST(:found AS jsonb) WHERE sheet_id = :sheet")
_NOBODY = UUID(int=0)
Fields = frozenset[str]


@dataclass(slots=True)
class Affected:
    """What was seen of whom: fields by chain (equal sets are one object), and numbers of records."""

    chains: dict[UUID, Fields] = field(default_factory=dict)
    fields: Counter[str] = field(default_factory=Counter)
    records: int = 0
    unattributed: int = 0
    known: dict[Fields, Fields] = field(default_factory=dict)

    def add(self, chain: UUID, seen: Fields) -> None:
        """One more record of a chain."""
        whole = self.chains.get(chain, frozenset()) | seen
        self.chains[chain] = self.known.setdefault(whole, whole)


def find_affected(connection: Connection, keyring: Keyring, now: datetime, agencies: list[UUID]) -> bool:
    """Look into the sheet that was asked first; whether there was one. The transaction must reach ``agencies``, all there are."""
    row = connection.execute(_NEXT, {"settled": now - SETTLED}).first()
    if row is None:
        return False
    asked = read_breach(row).asked
    seen = _gather(connection, asked)
    subjects = _open_links(connection, keyring, agencies, seen.chains)
    erased = len(seen.chains) - len(set(subjects.values()))
    holders, numbers = _find_holders(connection, keyring, agencies, subjects, seen.chains)
    kinds = Counter(kind for kind, _, _ in holders)
    _write_holders(connection, asked, holders)
    found = {
        "records": seen.records, "unattributed": seen.unattributed, "people": kinds[HolderKind.PERSON],
        "households": kinds[HolderKind.HOUSEHOLD], "numbers": numbers, "erased": erased, "fields": dict(seen.fields),
    }  # fmt: skip
    connection.execute(_DONE, {"at": now, "found": json.dumps(found), "sheet": asked.sheet_id})
    return True


def _gather(connection: Connection, asked: BreachAsked) -> Affected:
    seen = Affected()
    first, until = first_id_of(asked.since), first_id_of(asked.until)
    for agency in asked.agencies:
        after = UUID(int=max(first.int - 1, 0))
        while True:
            given = {"agency": agency, "after": after, "until": until, "platform": asked.platform, "most": PIECE}
            rows = connection.execute(_RECORDS, given).all()
            leaves = [(row.record_id, json.loads(bytes(row.leaf))) for row in rows]
            mine = {record: frozenset(leaf["fields"]) for record, leaf in leaves if leaf["account"] == asked.account}
            _gather_persons(connection, agency, mine, seen)
            if len(rows) < PIECE:
                break
            after = rows[-1].record_id
    return seen


def _gather_persons(connection: Connection, agency: UUID, mine: Mapping[UUID, Fields], seen: Affected) -> None:
    attributed = set()
    for record, chain in connection.execute(_PERSONS, {"agency": agency, "ids": list(mine)}):
        seen.add(chain, mine[record])
        attributed.add(record)
    for fields in mine.values():
        seen.fields.update(fields)
    seen.records += len(mine)
    seen.unattributed += len(mine) - len(attributed)


def _open_links(
    connection: Connection, keyring: Keyring, agencies: list[UUID], chains: Mapping[UUID, Fields]
) -> dict[bytes, UUID]:
    """By hash of its subject each affected chain whose link exists."""
    found: dict[bytes, UUID] = {}
    for row in _walk(connection, _LINKS, agencies, b""):
        digest = bytes(row.subject_hash)
        try:
            chain = open_id(keyring, ("chain_links", "chain_cipher", digest.hex()), bytes(row.chain_cipher))
        except CiphertextRefused:
            continue  # ``exposure verify --keyring`` names it; its chain, if affected, counts among those with nobody
        if chain in chains:
            found[digest] = chain
    return found


def _find_holders(
    connection: Connection, keyring: Keyring, agencies: list[UUID], subjects: Mapping[bytes, UUID],
    chains: Mapping[UUID, Fields],
) -> tuple[list[tuple[HolderKind, tuple[UUID, UUID], Fields]], int]:  # fmt: skip
    """Persons and households with what was seen of each, and of how many chains no more is known than a number."""
    seen: dict[tuple[HolderKind, UUID], Fields] = {}
    places: dict[UUID, UUID] = {}
    named: set[UUID] = set()

    def note(kind: HolderKind, holder: UUID, *whose: Subject) -> None:
        hashes = [digest for one in whose for digest in keyring.lookup_hashes(one.purpose, one.value)]
        for chain in {subjects[digest] for digest in hashes if digest in subjects}:
            seen[kind, holder] = seen.get((kind, holder), frozenset()) | chains[chain]
            named.add(chain)

    for row in _walk(connection, _PEOPLE, agencies, _NOBODY):
        places[row.person_id] = row.agency_id
        note(HolderKind.PERSON, row.joined_into or row.person_id, *_subjects_of(keyring, row))
    for row in _walk(connection, _HOUSES, agencies, _NOBODY):
        places[row.household_id] = row.agency_id
        place = ("households", "household_no_cipher", row.household_id)
        number = open_text(keyring, place, bytes(row.household_no_cipher))
        note(HolderKind.HOUSEHOLD, row.household_id, household_subject(row.service, number))
    holders = [(kind, (places[one], one), fields) for (kind, one), fields in sorted(seen.items(), key=lambda it: it[0])]
    return holders, len(set(subjects.values()) - named)


def _subjects_of(keyring: Keyring, row: Row[Any]) -> list[Subject]:
    whose = [person_subject(row.person_id)]
    if row.identity_cipher is not None:
        place = ("persons", "identity_cipher", row.person_id)
        whose.append(identity_subject(open_text(keyring, place, bytes(row.identity_cipher))))
    return whose


def _write_holders(
    connection: Connection, asked: BreachAsked, holders: list[tuple[HolderKind, tuple[UUID, UUID], Fields]]
) -> None:
    rows = [
        {
            "agency_id": asked.agency_id, "sheet_id": asked.sheet_id, "number": number, "kind": kind.value,
            "holder_id": holder, "holder_agency": agency, "fields": sorted(fields),
        }
        for number, (kind, (agency, holder), fields) in enumerate(holders, 1)
    ]  # fmt: skip
    for first in range(0, len(rows), PIECE):
        connection.execute(_ADD, rows[first : first + PIECE])


def _walk(connection: Connection, query: Any, agencies: list[UUID], first: bytes | UUID) -> Iterator[Row[Any]]:
    """Every row of the agencies by its key (the second column, or the first of links), piece by piece."""
    for agency in agencies:
        after: Any = first
        while True:
            rows = connection.execute(query, {"agency": agency, "after": after, "most": PIECE}).all()
            yield from rows
            if len(rows) < PIECE:
                break
            after = rows[-1][0] if isinstance(first, bytes) else rows[-1][1]
