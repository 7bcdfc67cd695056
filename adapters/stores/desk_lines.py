"""The lines of cases on desks: what queues are made of. Nothing in them is decrypted, nothing personal but keyed hashes.

A queue is sorted by urgency, receipt and case within each agency's part of one index, and the parts are merged: so the first page costs
the same however many lines there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    lateral,
    literal,
    not_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from adapters.stores.tables.cases import cases, desk_lines
from services.case_graph import CLOSED
from services.case_record import CaseState, DeskLine

_FIXED = ("agency_id", "case_id", "lead_agency_id", "case_no", "received_at")
_MOVING = (
    "service", "version", "waits_for", "step", "due_on", "due_clock", "provisional", "claimed_by", "updated_at",
)  # fmt: skip
_READ = tuple(column for column in desk_lines.c if not column.name.endswith("_hash"))
_ORDER = (desk_lines.c.urgent_on, desk_lines.c.received_at, desk_lines.c.case_id)
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
NEVER = date.max
"""Sorts after every day: no clock runs."""


class SqlDeskLines:
    """Lines within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, lead_agency_id: UUID, case_id: UUID, lines: Sequence[DeskLine]) -> None:
        """Put these lines in the place of the case's lines, as far as this transaction reaches."""
        kept = [line.agency_id for line in lines]
        line = desk_lines.c
        gone = delete(desk_lines).where(line.case_id == case_id, line.lead_agency_id == lead_agency_id)
        self._connection.execute(gone.where(not_(line.agency_id.in_(kept))) if kept else gone)
        for one in lines:
            self._write(one)

    def _write(self, line: DeskLine) -> None:
        """The hashes of name and number are those of the case."""
        cells: dict[str, Any] = {name: getattr(line, name) for name in (*_FIXED, *_MOVING)}
        cells |= {"state": str(line.state), "urgent_on": line.due_on or NEVER, "closed": line.state in CLOSED}
        values = [literal(value, desk_lines.c[name].type).label(name) for name, value in cells.items()]
        mine = and_(cases.c.agency_id == line.lead_agency_id, cases.c.case_id == line.case_id)
        source = select(*values, cases.c.name_hash, cases.c.number_hash).where(mine)
        row = insert_or_update(desk_lines).from_select([*cells, "name_hash", "number_hash"], source)
        moving = {name: row.excluded[name] for name in (*_MOVING, "state", "urgent_on", "closed")}
        written = row.on_conflict_do_update(index_elements=list(desk_lines.primary_key.columns), set_=moving)
        if self._connection.execute(written.returning(desk_lines.c.version)).first() is None:
            raise ValueError("a line needs its case in the same transaction's reach")

    def list_by_urgency(
        self,
        agencies: Sequence[UUID],
        chosen: Sequence[ColumnElement[bool]],
        limit: int,
        after: tuple[date, UUID] | None,
    ) -> list[DeskLine]:
        """A page of the merged queues; a case is never split, so the page may be longer by its other lines."""
        desks = select(func.unnest(literal(list(agencies), ARRAY(desk_lines.c.agency_id.type))).label("agency_id"))
        desk = desks.subquery("desk")
        page = select(*_READ).where(desk_lines.c.agency_id == desk.c.agency_id, *chosen)
        if after is not None:
            page = page.where(tuple_(*_ORDER) > tuple_(*self._find_place(*after)))
        part = lateral(page.order_by(*_ORDER).limit(limit)).alias("part")
        order = [part.c[column.name] for column in _ORDER]
        merged = select(part).select_from(desk.join(part, true())).order_by(*order)
        return self._read_all(merged.fetch(limit, with_ties=True))

    def _find_place(self, due_on: date, case_id: UUID) -> tuple[ColumnElement[Any], ...]:
        """Where a page ended. If that line has gone: before all of its day, so that they come rather twice than never.

        Plain values: with an expression in the comparison row security would not let the index be used for it.
        """
        line = desk_lines.c
        received = self._connection.execute(select(func.min(line.received_at)).where(line.case_id == case_id)).scalar()
        return literal(due_on), literal(received or _FIRST, line.received_at.type), literal(case_id)

    def load(self, case_id: UUID) -> list[DeskLine]:
        """The lines of one case."""
        return self._read_all(select(*_READ).where(desk_lines.c.case_id == case_id).order_by(*_ORDER))

    def find(self, agencies: Sequence[UUID], chosen: ColumnElement[bool], limit: int) -> list[DeskLine]:
        """Lines of these desks, newest receipt first."""
        found = select(*_READ).where(desk_lines.c.agency_id.in_(agencies), chosen)
        newest = (desk_lines.c.received_at.desc(), desk_lines.c.case_id.desc())
        return self._read_all(found.order_by(*newest).limit(limit))

    def _read_all(self, chosen: Select[Any]) -> list[DeskLine]:
        return [_read(row) for row in self._connection.execute(chosen)]


def _read(row: Row[Any]) -> DeskLine:
    return DeskLine(state=CaseState(row.state), **{name: getattr(row, name) for name in (*_FIXED, *_MOVING)})
