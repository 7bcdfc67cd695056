"""Cases as appended events, and their lines on the desks. Who applies, what was entered and what an event tells are encrypted cells.

All events of a case lie in the partition of the month in which its draft was made (a case has the draft's id), so the key (agency,
case, version) holds over all months. The console's role cannot read the links to the ledger's chains; there ``NO_CHAIN`` stands for
them. Lines are read and searched in ``desk_lines.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, insert, literal, select, union, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_json, open_link, open_optional_json, seal_json, seal_link
from adapters.stores.desk_lines import SqlDeskLines
from adapters.stores.keyring import Keyring
from adapters.stores.tables.cases import case_counters, case_events, cases, desk_lines
from adapters.stores.tables.counter import mandates
from services.case_record import Case, CaseEvent, CaseRow, CaseState, DeskLine, Hand
from services.model import PlatformName

NAME, NUMBER = "case_name", "case_number"
"""Purposes of the look-up hashes: an applicant's name, their identity number or credit code."""
_CHAINS = ("chain_cipher", "principal_chain_cipher")
_PLAIN = (
    "agency_id", "case_id", "service", "mapping_version", "case_no", "app", "person_id", "login_id", "organisation_id",
    "mandate_id", "opened_by", "delivery", "received_at", "received_on", "business_on",
)  # fmt: skip


class SqlCaseStore:
    """``case_stores.CaseStore`` within one transaction. ``chains``: this role may read the links to the chains."""

    def __init__(self, connection: Connection, keyring: Keyring, *, chains: bool = True) -> None:
        self._connection = connection
        self._keyring = keyring
        self._chains = chains
        self._lines = SqlDeskLines(connection)

    def next_number(self, agency_id: UUID, period: str) -> int:
        """See the port. Who counts next for this agency and period waits till this transaction ends."""
        first = insert_or_update(case_counters).values(agency_id=agency_id, period=period, number=1)
        key, number = [case_counters.c.agency_id, case_counters.c.period], case_counters.c.number
        counted = first.on_conflict_do_update(index_elements=key, set_={"number": number + 1}).returning(number)
        return int(self._connection.execute(counted).scalar_one())

    def open(self, case: Case, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        row_id, ring = case.case_id, self._keyring
        cells: dict[str, Any] = {name: getattr(case, name) for name in _PLAIN}
        cells |= {"channel": str(case.channel)}
        cells["name_hash"] = ring.lookup_hash(NAME, case.applicant["name"])
        cells["number_hash"] = ring.lookup_hash(NUMBER, number_of(case))
        cells["applicant_cipher"] = seal_json(ring, _place("applicant_cipher", row_id), dict(case.applicant))
        cells["inputs_cipher"] = seal_json(ring, _place("inputs_cipher", row_id), dict(case.inputs))
        if case.agent is not None:
            cells["agent_cipher"] = seal_json(ring, _place("agent_cipher", row_id), dict(case.agent))
        cells |= self._seal_chains(row_id, case.chain_id, case.principal_chain_id)
        insert_once(self._connection, insert(cases).values(**cells))
        self.append(case.agency_id, event, lines)

    def append(self, agency_id: UUID, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        before = case_events.alias("before")
        follows = exists().where(
            before.c.agency_id == agency_id,
            before.c.case_id == event.case_id,
            before.c.version == event.version - 1,
        )
        cells = {
            "agency_id": agency_id, "case_id": event.case_id, "version": event.version, "name": event.name,
            "state": str(event.state), "hand": str(event.hand), "at": event.at, "staff_id": event.staff_id,
            "data_cipher": seal_json(self._keyring, _place_of(event.case_id, event.version), dict(event.data)),
        }  # fmt: skip
        values = [literal(value, case_events.c[name].type).label(name) for name, value in cells.items()]
        source = select(*values) if event.version == 1 else select(*values).where(follows)
        row = insert(case_events).from_select(list(cells), source).returning(case_events.c.version)
        if insert_once(self._connection, row).first() is None:
            raise ValueError("versions of a case have no gap")
        self._lines.replace(agency_id, event.case_id, lines)

    def load(self, case_id: UUID) -> CaseRow | None:
        return self._first(cases.c.case_id == case_id)

    def find_by_number(self, case_no: str) -> CaseRow | None:
        return self._first(cases.c.case_no == case_no)

    def list_of_persons(
        self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID], limit: int, before: UUID | None
    ) -> list[CaseRow]:
        """See the port. Each way to belong to them goes through its own index; the newest of all ways are read."""
        cells, theirs = cases.c, mandates.c.principal_person_id.in_(person_ids)
        ways: list[ColumnElement[bool]] = [
            cells.person_id.in_(person_ids),
            cells.organisation_id.in_(organisation_ids),
            cells.mandate_id.in_(select(mandates.c.mandate_id).where(theirs)),
        ]
        later = [cells.case_id < before] if before is not None else []
        newest = cells.case_id.desc()
        parts = [select(cells.case_id).where(way, *later).order_by(newest).limit(limit).subquery() for way in ways]
        found = union(*(select(part.c.case_id) for part in parts))
        return self._read_all(self._select().where(cells.case_id.in_(found)).order_by(newest).limit(limit))

    def list_of_numbers(self, numbers: Sequence[str], limit: int) -> list[CaseRow]:
        """See the port: under every look-up key."""
        chosen = self._select().where(cases.c.number_hash.in_(self._hash_all(NUMBER, *numbers)))
        return self._read_all(chosen.order_by(cases.c.case_id.desc()).limit(limit))

    def list_desk(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[str] = (),
        waits_for: Sequence[str] = (),
        service: str | None = None,
        claimed_by: UUID | None = None,
        unclaimed: bool = False,
        closed: bool = False,
        limit: int = 50,
        after: tuple[date, UUID] | None = None,
    ) -> list[DeskLine]:
        line = desk_lines.c
        chosen: list[ColumnElement[bool]] = [line.closed == closed]
        if states:
            chosen.append(line.state.in_([str(state) for state in states]))
        if waits_for:
            chosen.append(line.waits_for.in_(waits_for))
        if service is not None:
            chosen.append(line.service == service)
        if claimed_by is not None:
            chosen.append(line.claimed_by == claimed_by)
        if unclaimed:
            chosen.append(line.claimed_by.is_(None))
        return self._lines.list_by_urgency(agencies, chosen, limit, after)

    def load_lines(self, case_id: UUID) -> list[DeskLine]:
        return self._lines.load(case_id)

    def find_by_name(self, agencies: Sequence[UUID], name: str, limit: int) -> list[DeskLine]:
        """See the port: under every look-up key, newest receipt first."""
        return self._lines.find(agencies, desk_lines.c.name_hash.in_(self._hash_all(NAME, name)), limit)

    def find_by_number_of(self, agencies: Sequence[UUID], number: str, limit: int) -> list[DeskLine]:
        """See the port: under every look-up key, newest receipt first."""
        return self._lines.find(agencies, desk_lines.c.number_hash.in_(self._hash_all(NUMBER, number)), limit)

    def list_open(self, after: UUID | None, limit: int) -> list[CaseRow]:
        """See the port: those whose line on their own agency's desk is not closed."""
        line = desk_lines.c
        waiting = select(line.case_id).where(~line.closed, line.agency_id == line.lead_agency_id)
        if after is not None:
            waiting = waiting.where(line.case_id > after)
        page = waiting.order_by(line.case_id).limit(limit)
        return self._read_all(self._select().where(cases.c.case_id.in_(page)).order_by(cases.c.case_id))

    def assign_chains(self, agency_id: UUID, case_id: UUID, chain_id: UUID, principal_chain_id: UUID) -> None:
        mine = and_(cases.c.agency_id == agency_id, cases.c.case_id == case_id)
        cells = self._seal_chains(case_id, chain_id, principal_chain_id)
        self._connection.execute(update(cases).where(mine).values(**cells))

    def _seal_chains(self, row_id: UUID, *chains: UUID) -> dict[str, bytes | None]:
        return {
            name: seal_link(self._keyring, _place(name, row_id), chain)
            for name, chain in zip(_CHAINS, chains, strict=True)
        }

    def _hash_all(self, purpose: str, *values: str) -> list[bytes]:
        return [digest for value in values for digest in self._keyring.lookup_hashes(purpose, value)]

    def _select(self) -> Select[Any]:
        """Every column that this role may read."""
        return select(*(column for column in cases.c if self._chains or column.name not in _CHAINS))

    def _first(self, chosen: ColumnElement[bool]) -> CaseRow | None:
        found = self._read_all(self._select().where(chosen))
        return found[0] if found else None

    def _read_all(self, chosen: Select[Any]) -> list[CaseRow]:
        """Whole files in two statements, in the order of the first."""
        rows = list(self._connection.execute(chosen))
        found: dict[UUID, list[CaseEvent]] = {row.case_id: [] for row in rows}
        cells = case_events.c
        mine = and_(cells.agency_id.in_({row.agency_id for row in rows}), cells.case_id.in_(found))
        if rows:
            for event in self._connection.execute(select(case_events).where(mine).order_by(cells.version)):
                found[event.case_id].append(self._read_event(event))
        return [(self._read(row), found[row.case_id]) for row in rows]

    def _read(self, row: Row[Any]) -> Case:
        row_id, ring = row.case_id, self._keyring
        return Case(
            channel=PlatformName(row.channel),
            applicant=open_json(ring, _place("applicant_cipher", row_id), row.applicant_cipher),
            agent=open_optional_json(ring, _place("agent_cipher", row_id), row.agent_cipher),
            inputs=open_json(ring, _place("inputs_cipher", row_id), row.inputs_cipher),
            chain_id=self._read_chain(row, "chain_cipher"),
            principal_chain_id=self._read_chain(row, "principal_chain_cipher"),
            **{name: getattr(row, name) for name in _PLAIN},
        )

    def _read_chain(self, row: Row[Any], name: str) -> UUID:
        cell = getattr(row, name) if self._chains else None
        return open_link(self._keyring, _place(name, row.case_id), cell)

    def _read_event(self, row: Row[Any]) -> CaseEvent:
        data = open_json(self._keyring, _place_of(row.case_id, row.version), row.data_cipher)
        state, hand = CaseState(row.state), Hand(row.hand)
        return CaseEvent(row.case_id, row.version, row.name, state, hand, row.at, row.staff_id, data)


def number_of(case: Case) -> str:
    """The applicant's identity number or credit code; "" where a case has neither."""
    return case.applicant.get("identity_number") or case.applicant.get("credit_code") or ""


def _place(column: str, row_id: UUID) -> tuple[str, str, UUID]:
    return "cases", column, row_id


def _place_of(case_id: UUID, version: int) -> tuple[str, str, str]:
    return "case_events", "data_cipher", f"{case_id}:{version}"
