"""Whose the chains of the ledger are: the links between people and chains, opened with the keys and held against the leaves.

A chain is found by its links alone, so whoever may write ``chain_links`` could give a person a second chain, or take one away; neither a citizen's
file nor the tree shows that. What is opened here stands in SQLite's own temporary tables, which are gone with the process, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from adapters.stores.cells import open_id, open_text
from adapters.stores.chains import Subject, identity_subject, person_subject
from adapters.stores.keyring import CiphertextRefused, Keyring
from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.replay_state import ReplayState
from adapters.stores.tree_pages import STEP
from services.chains import name_person
from services.leaves import read_leaf
from services.membership import list_persons

_LINKS: LiteralString = "SELECT agency_id, subject_hash, chain_cipher FROM chain_links"
_ORGANISATIONS: LiteralString = (
    "SELECT agency_id, organisation_id, chain_cipher FROM organisations WHERE chain_cipher IS NOT NULL"
)
_PERSONS: LiteralString = "SELECT agency_id, person_id, joined_into, identity_cipher FROM persons"
_WAITING: LiteralString = """
SELECT r.leaf FROM exposure_pending JOIN exposure_records r USING (agency_id, record_id) WHERE r.kind IN ('join', 'closing')
"""
_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS links (agency TEXT, subject BLOB, name BLOB, PRIMARY KEY (agency, subject)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS temp.links_name ON links (name);
CREATE TEMP TABLE IF NOT EXISTS humans (name BLOB PRIMARY KEY, agency TEXT, person TEXT, human TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS temp.humans_human ON humans (human);
CREATE TEMP TABLE IF NOT EXISTS accounts (person TEXT PRIMARY KEY, onward TEXT) WITHOUT ROWID;
DELETE FROM temp.links;
DELETE FROM temp.humans;
DELETE FROM temp.accounts;
"""
_SHARED = """
SELECT agency, subject, name FROM temp.links WHERE name IN (SELECT name FROM temp.links GROUP BY name HAVING count(*) > 1)
"""
_CLOSED = "SELECT c.chain, c.place FROM closings c WHERE EXISTS (SELECT 1 FROM temp.links l WHERE l.name = c.chain)"
_NOBODYS = """
SELECT h.name, h.length, h.first, h.last FROM heads h WHERE h.person AND NOT EXISTS (SELECT 1 FROM temp.links l WHERE l.name = h.name)
AND NOT EXISTS (SELECT 1 FROM closings c WHERE c.chain = h.name) ORDER BY h.first, h.name
"""
_SEVERAL = "SELECT human FROM temp.humans GROUP BY human HAVING count(*) > 1"
_THEIRS = """
SELECT t.name, t.agency, t.person, h.first, h.length FROM temp.humans t JOIN heads h USING (name) WHERE t.human = ?
ORDER BY h.first, t.name
"""
_NEIGHBOURS = "SELECT onward FROM joins WHERE chain = ?1 UNION SELECT chain FROM joins WHERE onward = ?1"
_STRANGE_JOINS = """
SELECT j.chain, j.onward, j.place FROM joins j JOIN temp.humans a ON a.name = j.chain JOIN temp.humans b ON b.name = j.onward
WHERE a.human <> b.human ORDER BY j.place
"""


class PeopleCheck:
    """The check after a replay of all leaves. ``undecided`` counts chains of which nobody can say whether their link was erased lawfully."""

    def __init__(self, connection: psycopg.Connection[Any], state: ReplayState, keyring: Keyring) -> None:
        self._connection, self._state, self._keyring = connection, state, keyring
        self._base, self._map_leaf = state.base, state.position.map_leaf
        self.undecided = 0

    def check(self) -> Iterator[LedgerFault]:
        """Every fault: links first, then chains, then people."""
        for statement in _TABLES.split(";"):
            self._base.execute(statement)
        self._read_waiting()
        yield from self._open_links()
        yield from self._name_shared()
        for chain, index in self._base.execute(_CLOSED):
            yield _fault("chain_links", chain, f"the chain was closed at index {index}, and has a link to somebody")
        yield from self._name_nobodys()
        yield from self._find_people()
        yield from self._name_second_chains()
        for chain, onward, index in self._base.execute(_STRANGE_JOINS):
            what = f"the leaf at index {index} joins it with {onward.hex()}, which is another person's"
            yield _fault("exposure_records", chain, what)

    def _read_waiting(self) -> None:
        """Joins and closings that wait for their place count too: they were written together with what they tell of."""
        for row in self._stream("waiting", _WAITING):
            body = read_leaf(bytes(row.leaf))
            names = [name_person(chain) for chain in list_persons(body)]
            if body.get("kind") == "join" and len(names) == 2:
                self._state.add_join(names[0], names[1], self._state.position.size)
            elif body.get("kind") == "closing" and names:
                self._state.add_closing(names[0], self._state.position.size)

    def _open_links(self) -> Iterator[LedgerFault]:
        for row in self._stream("links", _LINKS):
            subject = bytes(row.subject_hash)
            try:
                chain = open_id(self._keyring, ("chain_links", "chain_cipher", subject.hex()), bytes(row.chain_cipher))
            except (CiphertextRefused, ValueError):
                yield LedgerFault("chain_links", row.agency_id, None, f"the link {subject.hex()} does not open")
                continue
            values = (str(row.agency_id), subject, name_person(chain))
            self._base.execute("INSERT OR IGNORE INTO temp.links VALUES (?, ?, ?)", values)
        for row in self._stream("organisations", _ORGANISATIONS):
            own = row.organisation_id.bytes
            try:
                chain = open_id(
                    self._keyring, ("organisations", "chain_cipher", row.organisation_id), bytes(row.chain_cipher)
                )
            except (CiphertextRefused, ValueError):
                yield LedgerFault(
                    "organisations", row.agency_id, row.organisation_id, "its link to a chain does not open"
                )
                continue
            self._base.execute(
                "INSERT OR IGNORE INTO temp.links VALUES (?, ?, ?)", (str(row.agency_id), own, name_person(chain))
            )

    def _name_shared(self) -> Iterator[LedgerFault]:
        for agency, subject, name in self._base.execute(_SHARED):
            what = f"the link {subject.hex()} is not the only one to chain {name.hex()}"
            yield LedgerFault("chain_links", UUID(agency), None, what)

    def _name_nobodys(self) -> Iterator[LedgerFault]:
        """A chain that has leaves and leads to nobody was taken from somebody; before there were closing leaves it may have been erased."""
        for name, length, first, last in self._base.execute(_NOBODYS):
            if self._map_leaf is None or last < self._map_leaf:
                self.undecided += 1
                continue
            what = f"no link leads to it and no leaf closed it; {length} links, from index {first} to {last}"
            yield _fault("chain_links", name, what)

    def _find_people(self) -> Iterator[LedgerFault]:
        """Which chains are whose: an account's own and that of the number that it has proven."""
        for row in self._stream("accounts", "SELECT person_id, joined_into FROM persons"):
            onward = None if row.joined_into is None else str(row.joined_into)
            self._base.execute("INSERT OR IGNORE INTO temp.accounts VALUES (?, ?)", (str(row.person_id), onward))
        for row in self._stream("persons", _PERSONS):
            subjects = [person_subject(row.person_id)]
            if row.identity_cipher is not None:
                place = ("persons", "identity_cipher", row.person_id)
                try:
                    subjects.append(identity_subject(open_text(self._keyring, place, bytes(row.identity_cipher))))
                except (CiphertextRefused, ValueError):
                    yield LedgerFault("persons", row.agency_id, row.person_id, "the identity number does not open")
            human = self._follow(str(row.person_id))
            for name in (name for one in subjects for name in self._find_links(str(row.agency_id), one)):
                values = (name, str(row.agency_id), str(row.person_id), human)
                self._base.execute("INSERT OR IGNORE INTO temp.humans VALUES (?, ?, ?, ?)", values)

    def _find_links(self, agency: str, subject: Subject) -> list[bytes]:
        """All links of a subject, under every look-up key: there should be one."""
        found = []
        for digest in self._keyring.lookup_hashes(subject.purpose, subject.value):
            query = "SELECT name FROM temp.links WHERE agency = ? AND subject = ?"
            found += [name for (name,) in self._base.execute(query, (agency, digest))]
        return found

    def _follow(self, person: str) -> str:
        """The account that this one was joined into, at last."""
        seen = {person}
        while True:
            row = self._base.execute("SELECT onward FROM temp.accounts WHERE person = ?", (person,)).fetchone()
            if row is None or row[0] is None or row[0] in seen:
                return person
            person = row[0]
            seen.add(person)

    def _name_second_chains(self) -> Iterator[LedgerFault]:
        """All chains of a person hang together by joins, but those that began before there were join leaves."""
        for (human,) in self._base.execute(_SEVERAL):
            theirs = self._base.execute(_THEIRS, (human,)).fetchall()
            if len(theirs) < 2:
                continue
            joined = self._gather(theirs[0][0])
            for name, agency, person, first, length in theirs[1:]:
                if name in joined or self._map_leaf is None or first < self._map_leaf:
                    continue
                what = f"a further chain of this person, {name.hex()}, that no leaf joins; {length} links from index {first}"
                yield LedgerFault("chain_links", UUID(agency), UUID(person), what)

    def _gather(self, name: bytes) -> set[bytes]:
        """The chains that joins connect with this one."""
        found, waiting = {name}, [name]
        while waiting:
            for (one,) in self._base.execute(_NEIGHBOURS, (waiting.pop(),)).fetchall():
                if one not in found:
                    found.add(one)
                    waiting.append(one)
        return found

    def _stream(self, name: str, query: LiteralString) -> Iterator[Any]:
        with self._connection.cursor(name) as rows:
            rows.itersize = STEP
            yield from rows.execute(query)


def _fault(place: str, chain: bytes, what: str) -> LedgerFault:
    return LedgerFault(place, None, None, f"chain {chain.hex()}: {what}")
